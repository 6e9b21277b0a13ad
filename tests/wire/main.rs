//! The wire, from outside: every way in which a reply can end, on a socket that follows a script; and real HAProxy
//! in four versions, compared with what its raw socket says.
//!
//! Time is tokio's and paused wherever a deadline is to pass, so that nothing waits for one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's"
)]

mod asking;
mod batch;
mod connections;
mod deadlines;
mod endings;
mod errors;
mod identity;
mod looks;
mod master;
mod pages;
mod unreachable;
mod versions;
