//! Waiting for something by asking for it.

use std::time::{Duration, Instant};

/// How long anything in the tests may take to come about on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Asks `probe` again until it answers, at most [`DEADLINE`]; then panics with `what` and what was last seen.
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match probe() {
            Ok(value) => return value,
            Err(seen) => assert!(
                start.elapsed() < DEADLINE,
                "waited {DEADLINE:?} for {what}; last seen: {seen}"
            ),
        }
        // Between two questions only: nothing is assumed to have happened meanwhile.
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
