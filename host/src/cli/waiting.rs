//! What a person sees while something takes more than a second: one line on standard error that is written over, and
//! gone in the end.

use std::io::{self, Write};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::screen::Screen;
use super::text;

/// Whoever waits no longer than this is told nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time between two states of the line.
const INTERVAL: Duration = Duration::from_millis(250);

/// To the start of the line, and away with what stands there.
const CLEAR: &str = "\r\u{1b}[K";

/// Waits for `work`, and says so on a terminal; `state` is what is known of how far it is.
pub(super) async fn shown<T>(
    screen: &Screen,
    what: &str,
    state: watch::Receiver<String>,
    work: impl Future<Output = T>,
) -> T {
    tokio::pin!(work);
    let Some(width) = screen.progress else {
        return work.await;
    };
    let start = Instant::now();
    let mut ticks = tokio::time::interval_at(start + PATIENCE, INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut written = false;
    let done = loop {
        tokio::select! {
            biased;
            done = &mut work => break done,
            _ = ticks.tick() => {
                let seconds = start.elapsed().as_secs();
                let mut line = format!("{what}: {seconds} s");
                let state = state.borrow();
                if !state.is_empty() {
                    line.push_str(", ");
                    line.push_str(&state);
                }
                // The last column stays free: some terminals begin a new line there.
                write(&format!("{CLEAR}{}", text::cut(&line, width.saturating_sub(1))));
                written = true;
            }
        }
    };
    if written {
        write(CLEAR);
    }
    done
}

fn write(text: &str) {
    let mut out = io::stderr().lock();
    // It is only about waiting: whoever does not see it waits all the same.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
