//! A module that misbehaves before any call: when it is instantiated, when it describes itself, or in what it says of
//! itself.

mod behaviour;
mod starting;
mod telling;

use haproxy_mcp_sdk::bindings;
use haproxy_mcp_sdk::bindings::exports::haproxy::module::tools::{
    Guest, ModuleDescription, ToolError,
};
use haproxy_mcp_sdk::bindings::haproxy::module::invocation::{Outcome, Request};

struct Described;

impl Guest for Described {
    fn describe() -> ModuleDescription {
        telling::describe(behaviour::word())
    }

    fn call(_request: &Request) -> Result<Outcome, ToolError> {
        Ok(Outcome::new(&telling::answer(behaviour::word())))
    }
}

bindings::export!(Described with_types_in bindings);
