//! What a call has used up so far.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use wasmtime::{Error, ResourceLimiter, UpdateDeadline};

use super::error::Ended;
use super::limits::Limits;

/// The time that a guest has the thread: what passes while its future is polled. The host's own work for it counts;
/// waiting does not, whether for HAProxy, for a clock of WASI, or for other calls.
#[derive(Clone)]
pub(super) struct CpuMeter {
    start: Instant,
    limit: Duration,
    /// Nanoseconds of polls that have ended.
    used: Arc<AtomicU64>,
    /// When the poll that is going on began: nanoseconds since `start`.
    polled: Arc<AtomicU64>,
}

impl CpuMeter {
    fn new(limit: Duration) -> Self {
        Self {
            start: Instant::now(),
            limit,
            used: Arc::default(),
            polled: Arc::default(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Time so far; asked while the guest's future is polled.
    pub(super) fn used(&self) -> Duration {
        let polling = self
            .now()
            .saturating_sub(self.polled.load(Ordering::Relaxed));
        Duration::from_nanos(self.used.load(Ordering::Relaxed).saturating_add(polling))
    }

    /// At a tick: ends the guest, or lets others run before it goes on.
    pub(super) fn tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.used() > self.limit {
            return Err(Error::new(Ended::Cpu { limit: self.limit }));
        }
        // Not `UpdateDeadline::Yield`, which wakes itself at once: sockets and timers would be looked at only after
        // many turns.
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(tokio::task::yield_now()),
        ))
    }

    /// The guest's future, measured.
    pub(super) fn measure<F: Future>(&self, guest: F) -> Measured<F> {
        Measured {
            meter: self.clone(),
            guest: Box::pin(guest),
        }
    }
}

/// A future whose polls are timed.
pub(super) struct Measured<F> {
    meter: CpuMeter,
    guest: Pin<Box<F>>,
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let begun = self.meter.now();
        self.meter.polled.store(begun, Ordering::Relaxed);
        let polled = self.guest.as_mut().poll(context);
        let took = self.meter.now().saturating_sub(begun);
        self.meter.used.fetch_add(took, Ordering::Relaxed);
        polled
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
    pub(super) file_bytes: u64,
    pub(super) log_lines: u32,
    /// Lines that were not written, being over the limit.
    pub(super) log_dropped: u32,
}

impl Meter {
    /// Whether one more line of this call may go to the log.
    pub(super) fn may_log(&mut self) -> bool {
        if self.log_lines < super::limits::LOG_LINES {
            self.log_lines += 1;
            return true;
        }
        self.log_dropped = self.log_dropped.saturating_add(1);
        false
    }

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
            file_bytes: 0,
            log_lines: 0,
            log_dropped: 0,
        }
    }
}
