//! Who may say what to HAProxy: the table of commands, the decision, grants, permits, and the bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test writes its own files"
)]

mod defaults;
mod grants;
mod help;
mod pages;
mod permits;
mod refusals;
mod samples;
mod spellings;
mod table;
mod wire;
mod words;
