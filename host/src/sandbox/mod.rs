//! Runs modules: WebAssembly components that can do what they were granted, within limits, and nothing else.
//!
//! - A fresh instance for each call; nothing of a guest outlives its call.
//! - What a module imports is all that it can reach, and only what was granted is linked ([`load`]).
//! - Every limit is on by default ([`limits`]).
//! - A guest's trouble is one typed error ([`CallError`]); other calls go on meanwhile.

mod acts;
mod artifact;
mod bindings;
mod call;
mod engine;
mod error;
mod interfaces;
pub mod limits;
mod load;
mod meter;
mod module;
mod printed;
pub(crate) mod resident;
mod state;
mod transactions;

pub use acts::{Acts, Record, Sent};
pub use call::CallResult;
pub use error::{CallError, Ended, Failure, LoadError};
pub use module::{Module, Sandbox};
pub use state::{CallRequest, Progress, ProgressSink};
