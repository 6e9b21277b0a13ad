//! Files that the operator granted: which there are and what they are called, what can be opened and what cannot, how
//! they are read while others change them, and that no secret of a configuration comes out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test makes its own files"
)]

mod facts;
mod folder;
mod kinds;
mod links;
mod names;
mod order;
mod permissions;
mod reading;
mod rotation;
mod secrets;
mod splitting;
