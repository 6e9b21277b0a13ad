//! What a call has used up so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::{Error, ResourceLimiter, UpdateDeadline};

use super::error::Ended;
use super::limits::Limits;

/// The time that a guest computes. It stands still while the guest waits for the host, and while other calls have
/// the thread.
pub(super) struct CpuMeter {
    start: Instant,
    used: Duration,
    limit: Duration,
    /// When the guest last got the thread: nanoseconds since `start`. Shared with the future that yields.
    since: Arc<AtomicU64>,
}

impl CpuMeter {
    fn new(limit: Duration) -> Self {
        Self {
            start: Instant::now(),
            used: Duration::ZERO,
            limit,
            since: Arc::default(),
        }
    }

    fn now(start: Instant) -> u64 {
        u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The guest is about to wait.
    pub(super) fn pause(&mut self) {
        let now = Self::now(self.start);
        let since = self.since.swap(now, Ordering::Relaxed);
        self.used += Duration::from_nanos(now.saturating_sub(since));
    }

    /// The guest goes on.
    pub(super) fn resume(&self) {
        self.since.store(Self::now(self.start), Ordering::Relaxed);
    }

    /// Computing time so far.
    pub(super) fn used(&mut self) -> Duration {
        self.pause();
        self.used
    }

    /// At a tick: ends the guest or lets others run before it goes on.
    pub(super) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.pause();
        if self.used > self.limit {
            return Err(Error::new(Ended::Cpu { limit: self.limit }));
        }
        let (since, start) = (Arc::clone(&self.since), self.start);
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                since.store(Self::now(start), Ordering::Relaxed);
            }),
        ))
    }
}

/// Memory of all memories and tables of a call.
pub(super) struct MemoryMeter {
    bytes: usize,
    limit: usize,
    table_elements: usize,
}

impl MemoryMeter {
    /// Counts what the host is about to keep for the guest.
    pub(super) fn keep(&mut self, bytes: usize) -> wasmtime::Result<()> {
        let total = self.bytes.saturating_add(bytes);
        if total > self.limit {
            return Err(Error::new(Ended::Memory { limit: self.limit }));
        }
        self.bytes = total;
        Ok(())
    }

    /// The host keeps so much no longer.
    pub(super) fn release(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // An error ends the guest at once and by its name; `false` would make it abort somewhere, somehow.
        self.keep(desired.saturating_sub(current))?;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements)
    }

    fn instances(&self) -> usize {
        super::limits::CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        super::limits::CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        super::limits::CORE_INSTANCES as usize
    }
}

/// Everything that is counted of one call.
pub(super) struct Meter {
    pub(super) limits: Limits,
    pub(super) cpu: CpuMeter,
    pub(super) memory: MemoryMeter,
    pub(super) host_calls: u32,
    pub(super) commands: u32,
    pub(super) reply_bytes: u64,
    pub(super) log_lines: u32,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            cpu: CpuMeter::new(limits.cpu),
            memory: MemoryMeter {
                bytes: 0,
                limit: limits.memory_bytes,
                table_elements: super::limits::TABLE_ELEMENTS,
            },
            host_calls: 0,
            commands: 0,
            reply_bytes: 0,
            log_lines: 0,
        }
    }
}
