//! `log`: lines of a module in the operator's log, bounded, with control characters made visible.

use crate::sandbox::bindings::haproxy::module::log::{Host, Level};
use crate::sandbox::limits;
use crate::sandbox::state::CallState;
use crate::visible::visible;

impl Host for CallState {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        if !self.meter.may_log() {
            return Ok(());
        }
        let tool = self
            .authority
            .as_ref()
            .map_or("describe", |authority| authority.request.tool.as_str());
        let module = &*self.module;
        let message = visible(&message, limits::LOG_LINE_CHARACTERS);
        match level {
            Level::Error => tracing::error!(target: "module", module, tool, "{message}"),
            Level::Warn => tracing::warn!(target: "module", module, tool, "{message}"),
            Level::Info => tracing::info!(target: "module", module, tool, "{message}"),
            Level::Debug => tracing::debug!(target: "module", module, tool, "{message}"),
        }
        Ok(())
    }
}
