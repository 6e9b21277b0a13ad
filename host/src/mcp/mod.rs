//! The Model Context Protocol, both eras: 2025-11-25 and before, with a handshake, and 2026-07-28, without.

mod lines;
mod repeated;
mod reply;
mod server;
pub mod stdio;
mod transport;
mod verdict;

pub use lines::{LINE_BYTES, LINE_VALUES};
pub use repeated::repeated_key;
pub use reply::error_object;
pub use server::Server;
