//! HAProxy's pages over HTTP: the statistics page and the Prometheus exporter.
//!
//! - [`door`]: where a page is, who we are there, whom we trust

mod client;
pub mod door;

/// Where statistics are read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The Runtime API.
    #[default]
    Runtime,
    /// The statistics page.
    Page,
}

impl Source {
    /// Its name in the contract and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Page => "page",
        }
    }
}

pub use client::{ActError, Body, PageError, Pages};
pub use door::{ClientCertificate, Credentials, PageDoor, PageUrl, PageUrlError};
