//! `progress`: how far a call is, for whoever waits.

use tokio::time::Instant;

use crate::sandbox::bindings::haproxy::module::progress::Host;
use crate::sandbox::limits;
use crate::sandbox::state::{CallState, Progress};
use crate::visible::visible;

/// Characters of a progress message.
const MESSAGE_CHARACTERS: usize = 200;

impl Host for CallState {
    async fn report(&mut self, done: u32, total: u32, message: String) -> wasmtime::Result<()> {
        let Some(sink) = self
            .authority
            .as_ref()
            .and_then(|authority| authority.request.progress.clone())
        else {
            return Ok(());
        };
        let now = Instant::now();
        if self
            .last_progress
            .is_some_and(|last| now - last < limits::PROGRESS_INTERVAL)
        {
            return Ok(());
        }
        self.last_progress = Some(now);
        sink(Progress {
            done,
            total,
            message: visible(&message, MESSAGE_CHARACTERS).into_owned(),
        });
        Ok(())
    }
}
