//! `clock`: time, and waiting within the call's deadline.

use std::sync::LazyLock;
use std::time::{Duration, Instant as StdInstant};

use tokio::time::Instant;

use crate::sandbox::bindings::haproxy::module::clock::Host;
use crate::sandbox::bindings::haproxy::module::types::HostError;
use crate::sandbox::interfaces::runtime::denied_while_describing;
use crate::sandbox::state::CallState;

/// The arbitrary point that `monotonic` counts from: the same for all calls, so that a guest learns nothing of the
/// machine's uptime.
static START: LazyLock<StdInstant> = LazyLock::new(StdInstant::now);

impl Host for CallState {
    async fn monotonic(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    async fn wall(&mut self) -> wasmtime::Result<u64> {
        Ok(CallState::wall_milliseconds())
    }

    async fn sleep(&mut self, milliseconds: u32) -> wasmtime::Result<Result<(), HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        if self.authority.is_none() {
            return Ok(Err(denied_while_describing("sleep")));
        }
        let end = Instant::now() + Duration::from_millis(u64::from(milliseconds));
        if end >= self.deadline {
            let message =
                format!("the wait would end after the call's deadline: {milliseconds} ms");
            return Ok(Err(self.exhausted("wall-clock", message)));
        }
        let cancel = self.cancel_token();
        Ok(tokio::select! {
            () = tokio::time::sleep_until(end) => Ok(()),
            () = cancel.cancelled() => Err(HostError::Cancelled),
        })
    }
}
