//! Guests that try to cross every limit, through the real door: the binary, with `--module`, over standard streams.
//!
//! - `site`: a server with modules, and a HAProxy behind it
//! - `limits`: what one call may use up; one test for each constant of `host/src/sandbox/limits.rs` is here, in `places`
//!   (what calls share) or in `loaded` (what a module may need from the start); `named` sees to it that none is forgotten
//! - `asking`: who HAProxy is and what it can do, asked too often and with too much
//! - `ending`: guests that end abnormally, and what goes on meanwhile
//! - `writes`: every wording of a write; HAProxy's own state is the judge
//! - `replies`: replies that are not closed, not read, or read oddly
//! - `answers`: results and errors that are not what was promised
//! - `transactions`: guests that leave something open in HAProxy, called with a grant that no module from a file has
//! - `cancelling`: callers who give up on guests that do not hear
//! - `loading`: modules that cannot be loaded, and what is said of it
//! - `logged`: the operator's log, and who can write lines of it
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
mod asking;
mod builtin;
mod cancelling;
mod ending;
mod limits;
mod loaded;
mod loading;
mod logged;
mod named;
mod places;
mod reaching;
mod replies;
mod site;
mod starting;
mod transactions;
mod wasi;
mod writes;
