//! HAProxy's pages over HTTP: the statistics page and the Prometheus exporter.
//!
//! # Layout, from the address to the content
//! - [`door`]: where a page is, who we are there, whom we trust
//! - `client`: what is asked of the configured pages: content, actions
//! - `agent`: one request on one connection
//! - `names`: names of hosts
//! - [`trust`]: files of certificates → how TLS is spoken
//! - `credentials`: our name and password in a request, and their traces in a content
//! - [`answer`]: status, headers and first bytes → what was asked for, or not
//! - `body`: the content as it comes, under a deadline, a limit and a cancellation
//! - `verdict`: what the page says of an action
//! - `facts`: what a page is like; `certificate`: what its certificate says
//! - [`connect`], [`handshake`], `error`: every way in which all this fails; `fault`: what the HTTP library says of it;
//!   `trial`: what it does not say
//!
//! # On the wire
//! | what | request | answer |
//! |---|---|---|
//! | statistics | `GET PATH;csv;norefresh;…` | 200, and text that begins with `# pxname` |
//! | metrics | `GET PATH?scope=…` | 200, and text that begins with `# HELP haproxy_` |
//! | an action | `POST PATH` with `s=SERVER&…&action=…&b=BACKEND` | 303 to `PATH;st=VERDICT`, which is not followed |
//!
//! HTTP/1.1, or HTTP/2 where a page with TLS offers it. Nothing is taken from the environment (no proxy), kept (no
//! cookies, no connections, no TLS sessions) or told (no referer). What sends on is followed three times at most, and
//! to no other origin. No encoding is offered, and none accepted.
//!
//! Sources: HAProxy Configuration Manual, `stats enable`, `stats uri`, `stats admin`; Management Guide, section 9.1;
//! where they are silent, what 2.6, 3.0, 3.2 and 3.4 were seen to do, which the tests repeat.

mod agent;
pub mod answer;
mod body;
mod certificate;
mod client;
pub mod connect;
mod credentials;
pub mod door;
mod error;
mod facts;
mod fault;
pub mod handshake;
mod names;
mod trial;
pub mod trust;
mod verdict;

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

pub use agent::MAX_REDIRECTS;
pub use answer::AnswerError;
pub use body::Body;
pub use client::Pages;
pub use connect::ConnectError;
pub use credentials::MIN_PASSWORD_BYTES;
pub use door::{ClientCertificate, Credentials, PageDoor, PageUrl, PageUrlError};
pub use error::{ActError, PageError};
pub use facts::{CertificateFacts, PageFacts};
pub use handshake::HandshakeError;
pub use trust::{TrustError, TrustFile};
