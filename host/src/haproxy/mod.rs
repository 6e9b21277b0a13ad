//! The wire: HAProxy's Runtime API over Unix sockets, TCP and the master's socket.
//!
//! It knows nothing of modules or of MCP, decides nothing, and says nothing to HAProxy but what a
//! [`Permit`](crate::policy::Permit) holds.
//!
//! # Layout, from the bytes to their meaning
//! - [`endpoint`]: where HAProxy listens, as written and as typed
//! - [`dial`]: the only place that opens a socket
//! - `request`: a permitted command → the line that goes out
//! - `stream`: bytes that come in, under a deadline, a limit and a cancellation
//! - `frame`: bytes → the reply's text, and whether all of it came
//! - `verdict`: text → success or refusal, with a stable code
//! - `reply`: what a caller reads
//! - `client`: one command on one connection, from start to end
//! - `batch`: many small changes on one line
//! - `turn`: whose turn it is, where HAProxy has transactions
//! - `identity`: which HAProxy it is, and what it can do
//! - [`pages`]: the statistics page and the exporter, over HTTP
//! - [`reach`]: what connecting comes to, address by address
//! - `error`: every way in which all this fails
//!
//! Source of the protocol's facts: HAProxy Management Guide, sections 9.3 ("Unix Socket commands") and 9.4
//! ("Master CLI"); where the guide is silent, what 2.6, 3.0, 3.2 and 3.4 were seen to do, which the tests repeat.

mod batch;
mod client;
pub mod dial;
pub mod endpoint;
mod error;
mod frame;
mod identity;
pub mod pages;
pub mod reach;
mod reply;
mod request;
mod stream;
mod turn;
mod verdict;

pub use batch::{Batch, BatchError, NotSilent};
pub use client::{Bounds, MAX_CONNECTIONS, RuntimeApi, Timeouts};
pub use dial::DialError;
pub use endpoint::{AddressFamily, Door, Endpoint, EndpointError};
pub use error::{ExecuteError, WireError};
pub use identity::Identity;
pub use reply::Reply;
pub use turn::{Moment, Turn, Turns};
