//! The engine of all guests: memory from a pool, and a clock that interrupts who spins.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wasmtime::{Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::artifact::InPlace;
use super::limits;

/// Bytes from the start of a memory that stay with its place after a call. Stack, static data and the first allocations
/// of a built-in module fit: its stack is small for this (`guest-tools/.cargo/config.toml`).
const KEPT_MEMORY_BYTES: usize = 320 * 1024;

/// Bytes of a table that stay with its place after a call: 1,024 entries.
const KEPT_TABLE_BYTES: usize = 8 * 1024;

/// Makes the engine. Instances come from a pool, so that a fresh one for each call costs microseconds.
pub(super) fn engine() -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(limits::CONCURRENT_CALLS)
        .total_stacks(limits::CONCURRENT_CALLS)
        .total_core_instances(limits::CONCURRENT_CALLS * limits::CORE_INSTANCES)
        .total_memories(limits::CONCURRENT_CALLS * limits::MEMORIES)
        .total_tables(limits::CONCURRENT_CALLS * limits::TABLES)
        .max_core_instances_per_component(limits::CORE_INSTANCES)
        .max_memories_per_component(limits::MEMORIES)
        .max_tables_per_component(limits::TABLES)
        .max_memory_size(limits::MEMORY_BYTES)
        .table_elements(limits::TABLE_ELEMENTS)
        // What a small call has written to is overwritten after it, and not given back: page faults would cost more.
        // wasmtime could find out which pages those are (`pagemap_scan`), but takes one that was swapped out for a
        // clean one, and so shows it to the next guest (https://github.com/bytecodealliance/wasmtime/pull/14357).
        .linear_memory_keep_resident(KEPT_MEMORY_BYTES)
        .table_keep_resident(KEPT_TABLE_BYTES)
        .max_unused_warm_slots(2);
    let mut config = haproxy_mcp_engine::configuration(None)?;
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .with_custom_code_memory(Some(Arc::new(InPlace)));
    Engine::new(&config)
}

/// Advances the engine's epoch every [`limits::TICK`] while a guest runs, and sleeps while none does.
pub(super) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    guests: usize,
    over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can panic while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticker {
    /// Starts the thread that ticks; it ends when the ticker is dropped.
    pub(super) fn start(engine: Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let ticker = Self {
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                loop {
                    let mut state = shared.lock();
                    while state.guests == 0 && !state.over {
                        state = shared
                            .changed
                            .wait(state)
                            .unwrap_or_else(PoisonError::into_inner);
                    }
                    if state.over {
                        return;
                    }
                    drop(state);
                    std::thread::sleep(limits::TICK);
                    engine.increment_epoch();
                }
            })?;
        Ok(ticker)
    }

    /// Ticks until what this returns is dropped.
    pub(super) fn guest(&self) -> GuestRuns {
        self.shared.lock().guests += 1;
        self.shared.changed.notify_one();
        GuestRuns(Arc::clone(&self.shared))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.changed.notify_one();
    }
}

/// While it lives, a guest may be running.
pub(super) struct GuestRuns(Arc<Shared>);

impl Drop for GuestRuns {
    fn drop(&mut self) {
        self.0.lock().guests -= 1;
    }
}
