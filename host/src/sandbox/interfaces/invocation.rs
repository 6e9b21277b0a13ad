//! `invocation`: what was asked, and what is answered.

use wasmtime::component::Resource;

use crate::sandbox::bindings::haproxy::module::invocation::{Host, HostOutcome, HostRequest};
use crate::sandbox::limits;
use crate::sandbox::state::CallState;

/// What was asked: it stands in the call's state, so that the handle holds nothing.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Request;

/// What is answered.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Outcome {
    pub structured: String,
    pub text: String,
}

impl Host for CallState {}

impl HostRequest for CallState {
    async fn tool(&mut self, _request: Resource<Request>) -> wasmtime::Result<String> {
        Ok(self
            .authority
            .as_ref()
            .map(|authority| authority.request.tool.clone())
            .unwrap_or_default())
    }

    async fn arguments(&mut self, _request: Resource<Request>) -> wasmtime::Result<String> {
        Ok(self
            .authority
            .as_ref()
            .map(|authority| authority.request.arguments.clone())
            .unwrap_or_default())
    }

    async fn cancelled(&mut self, _request: Resource<Request>) -> wasmtime::Result<bool> {
        Ok(CallState::cancelled(self))
    }

    async fn drop(&mut self, request: Resource<Request>) -> wasmtime::Result<()> {
        self.resources.delete(request)?;
        Ok(())
    }
}

impl HostOutcome for CallState {
    async fn new(&mut self, structured: String) -> wasmtime::Result<Resource<Outcome>> {
        self.meter.memory.keep(structured.len())?;
        self.keep(Outcome {
            structured,
            text: String::new(),
        })
    }

    async fn add_text(&mut self, outcome: Resource<Outcome>, text: String) -> wasmtime::Result<()> {
        let kept = &mut self.resources.get_mut(&outcome)?.text;
        let room = limits::TEXT_CHARACTERS.saturating_sub(kept.chars().count());
        if room > 0 {
            if !kept.is_empty() {
                kept.push('\n');
            }
            kept.extend(text.chars().take(room));
        }
        Ok(())
    }

    async fn drop(&mut self, outcome: Resource<Outcome>) -> wasmtime::Result<()> {
        let outcome = self.resources.delete(outcome)?;
        self.meter.memory.release(outcome.structured.len());
        Ok(())
    }
}
