//! HAProxy's pages over HTTP: the statistics page and the Prometheus exporter.
//!
//! - [`door`]: where a page is, who we are there, whom we trust

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

pub use door::{ClientCertificate, Credentials, PageDoor, PageUrl, PageUrlError};
