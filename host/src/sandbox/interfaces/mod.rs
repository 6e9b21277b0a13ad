//! The host's side of each interface of the contract: convert, count, ask `policy` or the wire, convert back.

mod clock;
mod diagnostics;
mod files;
pub(in crate::sandbox) mod invocation;
mod log;
pub(in crate::sandbox) mod pages;
mod progress;
pub(in crate::sandbox) mod reply;
pub(in crate::sandbox) mod runtime;

use super::bindings::haproxy::module::types;

impl types::Host for super::state::CallState {}
