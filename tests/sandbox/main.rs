//! Guests that try to cross every limit, through the real door: the binary, with `--module`, over standard streams.
//!
//! - `site`: a server with modules, and a HAProxy behind it
//! - `limits`: one test for each constant of `host/src/sandbox/limits.rs`; `named` sees to it that none is forgotten
//! - `ending`: guests that end abnormally, and what goes on meanwhile
//! - `writes`: every wording of a write; HAProxy's own state is the judge
//! - `replies`: replies that are not closed, not read, or read oddly
//! - `answers`: results and errors that are not what was promised
//! - `cancelling`: callers who give up on guests that do not hear
//! - `loading`: modules that cannot be loaded, and what is said of it
//! - `starting`: code that runs before any call
//! - `wasi`: modules as a stock toolchain makes them
//! - `builtin`: what the modules of the binary import
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test opens files and sockets itself"
)]

mod answers;
mod builtin;
mod cancelling;
mod ending;
mod limits;
mod loading;
mod named;
mod replies;
mod site;
mod starting;
mod wasi;
mod writes;
