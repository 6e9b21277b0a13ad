//! The engine of all guests: memory from a pool, and a clock that interrupts who spins.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wasmtime::{Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits;

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
        // A slot gives its pages back after a call: an idle server is small.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0)
        .max_unused_warm_slots(2);
    let mut config = haproxy_mcp_engine::configuration(None)?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
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
