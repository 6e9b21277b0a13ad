//! One call: a fresh instance, its limits, and what became of it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wasmtime::{Error, Store, Trap};

use super::bindings::FullModule;
use super::bindings::exports::haproxy::module::tools::{self, ToolError};
use super::bindings::haproxy::module::types::HostError;
use super::engine::GuestRuns;
use super::error::{CallError, Ended, Failure};
use super::interfaces::invocation::Request;
use super::interfaces::runtime::shown;
use super::limits::{self, Limits};
use super::load::Linked;
use super::state::{Authority, CallState};
use crate::visible::visible;

/// Characters of a module's message and hint.
const MESSAGE_CHARACTERS: usize = 2_000;

/// Bytes of the `details` of a module's failure; larger ones are left out, and the message says so.
const DETAILS_BYTES: usize = 64 * 1024;

/// What a tool answered, unchecked but for its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// JSON text.
    pub structured: String,
    /// For a person; may be empty.
    pub text: String,
}

/// A store for one call, with everything that limits it.
pub(super) fn store(linked: &Linked, state: CallState) -> Store<CallState> {
    let mut store = Store::new(linked.pre.engine(), state);
    store.limiter(|state| &mut state.meter.memory);
    store.set_hostcall_fuel(limits::HOST_CALL_BYTES);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| context.data_mut().meter.cpu.tick());
    store
}

/// Runs one call of a module.
pub(super) async fn run(
    linked: &Linked,
    module: Arc<str>,
    authority: Authority,
    _running: GuestRuns,
) -> Result<CallResult, CallError> {
    let cancel = authority.request.cancel.clone();
    let tool = authority.request.tool.clone();
    let limit = authority.request.wall_clock;
    let leaves_open = authority.request.leaves_open;
    let acts = authority.request.acts.clone();
    let instance = Arc::clone(&authority.request.doors.runtime);
    let authority = Arc::new(authority);
    let state = CallState::new(Arc::clone(&module), Limits::CALL, Some(authority));
    let transactions = state.transactions.clone();
    let deadline = state.deadline;
    let printed = state.printed.clone();

    let cpu = state.meter.cpu.clone();
    let guest = cpu.measure(async {
        let mut store = store(linked, state);
        let outcome = guest(linked, &mut store).await;
        let meter = &store.data().meter;
        if meter.log_dropped > 0 {
            tracing::warn!(
                module = &*module,
                tool,
                dropped = meter.log_dropped,
                "log lines over the limit of a call were dropped"
            );
        }
        tracing::debug!(
            module = &*module,
            tool,
            cpu_us = meter.cpu.used().as_micros(),
            host_calls = meter.host_calls,
            reply_bytes = meter.reply_bytes,
            "call ended"
        );
        outcome
    });
    let result = tokio::select! {
        biased;
        result = guest => result,
        () = tokio::time::sleep_until(deadline) => Err(Ended::WallClock { limit }.into()),
        () = grace(&cancel) => Err(CallError::Cancelled),
    };
    printed.log(&module, &tool);
    let changes = acts.record().sent_in_all;
    let result = match result {
        // Whoever gave up does not want the consequences of it as the answer, and does not hear what was left open.
        Err(_) if cancel.is_cancelled() => Err(CallError::Cancelled),
        Ok(_) if leaves_open && cancel.is_cancelled() => Err(CallError::Cancelled),
        Err(CallError::Ended(ended)) if changes > 0 => {
            Err(CallError::EndedAfterChanges { ended, changes })
        }
        other => other,
    };
    if !(leaves_open && result.is_ok()) {
        transactions.abandon(&instance, &acts).await;
    }
    result
}

/// Ends once the caller gave up and the guest had its time to return.
async fn grace(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(limits::CANCEL_GRACE).await;
}

async fn guest(linked: &Linked, store: &mut Store<CallState>) -> Result<CallResult, CallError> {
    let instance = linked
        .pre
        .instantiate_async(&mut *store)
        .await
        .map_err(|error| ended(store, &error))?;
    let module = FullModule::new(&mut *store, &instance).map_err(|error| ended(store, &error))?;
    let request = store
        .data_mut()
        .keep(Request)
        .map_err(|error| ended(store, &error))?;
    let answer = module
        .haproxy_module_tools()
        .call_call(&mut *store, request)
        .await
        .map_err(|error| ended(store, &error))?;
    let outcome =
        answer.map_err(|error| CallError::Tool(Box::new(failure(error, store.data()))))?;
    let outcome = store
        .data_mut()
        .resources
        .delete(outcome)
        .map_err(|error| CallError::Unusable(error.to_string()))?;
    if outcome.structured.len() > store.data().meter.limits.result_bytes {
        return Err(CallError::ResultTooLarge);
    }
    Ok(CallResult {
        structured: outcome.structured,
        text: outcome.text,
    })
}

/// What an abnormal end means; the details go to the log.
fn ended(store: &Store<CallState>, error: &Error) -> CallError {
    let ended = why(error);
    let state = store.data();
    // Names of functions are the module's own words.
    let details = format!("{error:#}");
    let details = visible(&details, limits::LOG_LINE_CHARACTERS);
    tracing::warn!(module = &*state.module, "module ended: {ended}: {details}");
    ended.into()
}

/// Which limit an error of wasmtime stands for.
pub(super) fn why(error: &Error) -> Ended {
    if let Some(ended) = error.downcast_ref::<Ended>() {
        return *ended;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::AllocationTooLarge) => Ended::HostCallBytes {
            limit: limits::HOST_CALL_BYTES,
        },
        // wasmtime has no type of its own for it, and puts the guest's stack in front of its words.
        _ if error
            .chain()
            .any(|cause| cause.to_string().contains("fuel allocated for hostcalls")) =>
        {
            Ended::HostCallBytes {
                limit: limits::HOST_CALL_BYTES,
            }
        }
        _ => Ended::Trapped,
    }
}

/// A tool's own account of its failure, in the shape that clients see.
fn failure(error: ToolError, state: &CallState) -> Failure {
    let (code, failure) = match error {
        ToolError::Host(error) => return host_failure(&error, state),
        ToolError::InvalidArgument(failure) => ("invalid-argument", failure),
        ToolError::NotFound(failure) => ("not-found", failure),
        ToolError::Rejected(failure) => ("rejected", failure),
        ToolError::NotApplied(failure) => ("not-applied", failure),
        ToolError::Unsupported(failure) => ("unsupported", failure),
        ToolError::Unparsable(failure) => ("unparsable", failure),
        ToolError::Other(failure) => ("failed", failure),
    };
    let tools::Failure {
        message,
        hint,
        details,
    } = failure;
    let mut message = visible(&message, MESSAGE_CHARACTERS).into_owned();
    let details = if details.len() > DETAILS_BYTES {
        message.push_str(" (details left out: too large)");
        None
    } else {
        match serde_json::from_str(&details) {
            Ok(serde_json::Value::Object(object)) if object.is_empty() => None,
            Ok(serde_json::Value::Object(object)) => Some(object),
            _ => {
                message.push_str(" (details left out: not a JSON object)");
                None
            }
        }
    };
    Failure {
        code: code.to_owned(),
        message,
        hint: hint.map(|hint| visible(&hint, MESSAGE_CHARACTERS).into_owned()),
        details,
    }
}

/// A failure of the host that the tool passes on: in the host's own words. One that the host did not give is the
/// tool's: a module cannot have the operator raise its access, or the model give up, by making a refusal up.
fn host_failure(error: &HostError, state: &CallState) -> Failure {
    let failure = shown(error);
    match state.told(&failure.code, &failure.message) {
        Some(told) => told.clone(),
        None => Failure {
            code: "failed".to_owned(),
            message: format!(
                "the module reports `{}`, which the host did not tell it: {}",
                failure.code, failure.message
            ),
            hint: None,
            details: None,
        },
    }
}
