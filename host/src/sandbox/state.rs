//! What the host keeps of one call while a guest runs.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wasmtime::Error;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::acts::Acts;
use super::bindings::haproxy::module::types::{HostError, Problem};
use super::error::{Ended, Failure};
use super::interfaces::runtime::shown;
use super::limits::{self, Limits};
use super::meter::Meter;
use super::printed::Printed;
use super::transactions::Transactions;
use crate::doors::Doors;
use crate::haproxy::Identity;
use crate::policy::{self, Access, Grant};

/// Failures of the host that are kept for a tool to pass on.
const TOLD: usize = 16;

/// Where progress reports go.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: u32,
    /// Steps in all; 0 where nobody knows.
    pub total: u32,
    /// For a person.
    pub message: String,
}

/// A call of a tool, as the catalogue found and checked it.
pub struct CallRequest {
    /// The tool's name in its module.
    pub tool: String,
    /// The validated arguments, written anew by the host.
    pub arguments: String,
    /// The access that the tool declares.
    pub access: Access,
    /// The server's ceiling.
    pub ceiling: Access,
    /// The HAProxy that the call is about.
    pub doors: Arc<Doors>,
    /// When the call must have ended, the wait for a place among the calls that run at once included.
    pub deadline: Instant,
    /// How long that is from its start.
    pub wall_clock: Duration,
    /// Cancelled when the caller gives up.
    pub cancel: CancellationToken,
    /// Where progress goes; none where the caller did not ask for it.
    pub progress: Option<ProgressSink>,
    /// Whether what a successful call opened in HAProxy stays open, as the tool declares.
    pub leaves_open: bool,
    /// Where it is noted what the call does.
    pub acts: Acts,
}

/// What a call may speak with. A module that is being described has none of it.
pub(super) struct Authority {
    pub(super) request: CallRequest,
    pub(super) grant: Arc<Grant>,
}

impl Authority {
    /// What `policy` asks for.
    pub(super) fn speaks_with(&self) -> policy::Authority<'_> {
        policy::Authority {
            server: self.request.ceiling,
            module: &self.grant,
            tool: self.request.access,
        }
    }
}

/// One call, as host functions see it.
pub(super) struct CallState {
    /// The module's key, for the log.
    pub(super) module: Arc<str>,
    pub(super) meter: Meter,
    pub(super) authority: Option<Arc<Authority>>,
    pub(super) deadline: Instant,
    pub(super) resources: ResourceTable,
    /// Who the instance is, once the guest asked.
    pub(super) identity: Option<Arc<Identity>>,
    /// What the call has open in HAProxy.
    pub(super) transactions: Transactions,
    /// Whether a reply of HAProxy is open.
    pub(super) open_reply: bool,
    /// Whether a page is open.
    pub(super) open_page: bool,
    /// How many files are open.
    pub(super) open_files: u32,
    /// The failures of the host that the guest was told, the last [`TOLD`] of them, with the hints that the contract has no
    /// room for. A tool can pass on these and no others; not only the last, since it may try another way to HAProxy and
    /// then tell why the first one failed.
    told: Vec<Failure>,
    pub(super) last_progress: Option<Instant>,
    pub(super) printed: Printed,
    /// Made when a guest first touches WASI: built-in modules never do.
    wasi: Option<WasiCtx>,
}

impl CallState {
    pub(super) fn new(module: Arc<str>, limits: Limits, authority: Option<Arc<Authority>>) -> Self {
        let deadline = authority.as_ref().map_or_else(
            || Instant::now() + limits.wall_clock,
            |authority| authority.request.deadline,
        );
        let began = authority
            .as_ref()
            .map(|authority| authority.request.doors.runtime.turns().now())
            .unwrap_or_default();
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(limits::HANDLES);
        Self {
            module,
            meter: Meter::new(limits),
            authority,
            deadline,
            resources,
            identity: None,
            transactions: Transactions::since(began),
            open_reply: false,
            open_page: false,
            open_files: 0,
            told: Vec::new(),
            last_progress: None,
            printed: Printed::default(),
            wasi: None,
        }
    }

    /// Counts a call of a host function that waits or that makes the host keep something.
    ///
    /// # Errors
    /// The outer one ends a guest that does not stop asking; the inner one tells it to.
    pub(super) fn count_host_call(&mut self) -> wasmtime::Result<Result<(), HostError>> {
        self.meter.host_calls = self.meter.host_calls.saturating_add(1);
        let limit = self.meter.limits.host_calls;
        if self.meter.host_calls > limit.saturating_add(limits::HOST_CALLS_GRACE) {
            return Err(Error::new(Ended::HostCalls { limit }));
        }
        if self.meter.host_calls > limit {
            let message = format!("the call has used up its host calls: {limit}");
            return Ok(Err(self.exhausted("host-calls", message)));
        }
        if self.cancelled() {
            return Ok(Err(HostError::Cancelled));
        }
        Ok(Ok(()))
    }

    /// Notes what the guest is told, as clients see it should the tool pass it on.
    pub(super) fn note_told(&mut self, failure: Failure) {
        self.told
            .retain(|told| (&told.code, &told.message) != (&failure.code, &failure.message));
        if self.told.len() >= TOLD {
            self.told.remove(0);
        }
        self.told.push(failure);
    }

    /// What the guest was told in these words, or the last of this code where it was told nothing in these words.
    pub(super) fn told(&self, code: &str, message: &str) -> Option<&Failure> {
        let of_code = || self.told.iter().rev().filter(|told| told.code == code);
        of_code()
            .find(|told| told.message == message)
            .or_else(|| of_code().next())
    }

    /// A limit was reached and the guest may still answer.
    pub(super) fn exhausted(&mut self, code: &str, message: String) -> HostError {
        let error = HostError::Exhausted(Problem {
            code: code.to_owned(),
            message,
        });
        self.note_told(shown(&error));
        error
    }

    pub(super) fn cancelled(&self) -> bool {
        self.authority
            .as_ref()
            .is_some_and(|authority| authority.request.cancel.is_cancelled())
    }

    pub(super) fn cancel_token(&self) -> CancellationToken {
        self.authority
            .as_ref()
            .map(|authority| authority.request.cancel.clone())
            .unwrap_or_default()
    }

    /// Keeps a resource for the guest.
    pub(super) fn keep<T: Send + 'static>(&mut self, resource: T) -> wasmtime::Result<Resource<T>> {
        self.resources.push(resource).map_err(|_full| {
            Error::new(Ended::Handles {
                limit: limits::HANDLES,
            })
        })
    }

    /// Milliseconds since the Unix epoch; 0 on a machine whose clock stands before it.
    pub(super) fn wall_milliseconds() -> u64 {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()
            .and_then(|since| u64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let printed = &self.printed;
        let wasi = self.wasi.get_or_insert_with(|| {
            // The defaults: no arguments, no environment, no folders, sockets that refuse. Clock and random are there.
            WasiCtx::builder()
                .stdout(printed.stream())
                .stderr(printed.stream())
                .max_random_size(limits::RANDOM_BYTES)
                .build()
        });
        WasiCtxView {
            ctx: wasi,
            table: &mut self.resources,
        }
    }
}
