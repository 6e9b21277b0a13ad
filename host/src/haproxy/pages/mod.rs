//! HAProxy's pages over HTTP: the statistics page and the Prometheus exporter.
//!
//! - [`door`]: where a page is, who we are there, whom we trust

pub mod door;

pub use door::{ClientCertificate, Credentials, PageDoor, PageUrl, PageUrlError};
