//! What the tests stand on: real HAProxy in four versions, sockets that follow a script, small web servers.
//!
//! # Layout
//! - [`binaries`]: which HAProxy versions are here, and a test body run on each of them
//! - [`certificates`]: certificates, made when they are wanted
//! - [`checked`]: HAProxy's verdict on a configuration
//! - [`haproxy`]: one running HAProxy with a topology like a real site's
//! - [`topology`]: the configuration text behind it
//! - [`origin`]: the web servers behind HAProxy
//! - [`generated`]: files that the program or a test writes, and that are committed
//! - [`guests`]: modules that misbehave, compiled from `tests/guests`
//! - [`mcp`]: a client that speaks MCP to a server over its standard streams
//! - [`scripted`]: a socket that does what a test tells it, step by step
//! - [`matrix`]: which tool was seen to do what on which version
//! - [`schemas`]: what a tool's input schema refuses
//! - [`verbatim`]: HAProxy with a configuration just as it is written
//! - [`ran`]: the exact versions that a test run has used, kept for its report
//!
//! Everything is plain threads and blocking calls: a test may use any runtime, or none. Nothing here sleeps to
//! wait for something; what must be waited for is asked again until a deadline, and a missed deadline panics with
//! what is known. Each process started here is ended by its own number when its value is dropped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, and says so on stderr"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test starts programs and opens sockets itself"
)]

pub mod binaries;
pub mod certificates;
pub mod checked;
pub mod generated;
pub mod guests;
pub mod haproxy;
pub mod matrix;
pub mod mcp;
pub mod origin;
pub mod ran;
pub mod schemas;
pub mod scripted;
pub mod topology;
pub mod verbatim;
mod wait;

pub use binaries::{Binary, newest, versions};
pub use haproxy::{Haproxy, HaproxyBuilder};
pub use mcp::McpServer;
pub use origin::Origin;
pub use scripted::{Gate, ScriptedSocket, Step};
pub use wait::{DEADLINE, until};
