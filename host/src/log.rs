//! The log: lines on standard error. Standard output belongs to the protocol.
//!
//! Nobody has to read it. Lines wait in a queue of [`QUEUE_BYTES`] for a thread of their own, so that a client that
//! leaves standard error unread holds nothing up; lines that find no room are counted, and their number is told in the
//! line that comes after them.
//!
//! At `debug` and below, libraries say more, too, but never those that speak to others: they would print whole requests,
//! and what a request carries may be secret.

use crate::config::LogLevel;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Bytes of lines that wait to be written.
pub const QUEUE_BYTES: usize = 1024 * 1024;

/// How long the end of the program waits for lines that were not written yet.
pub const LAST_WAIT: Duration = Duration::from_millis(200);

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It was started before in this process.
    #[error("the log is started twice: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// There is no thread for it.
    #[error("the log has no thread: {0}")]
    Thread(#[from] io::Error),
}

/// Libraries that have requests in their hands, or headers: heard up to `info` at every level.
const TALKATIVE: [&str; 6] = ["rmcp", "reqwest", "hyper", "hyper_util", "h2", "rustls"];

/// Starts writing the log. At `info` and `debug`, libraries are heard one level less than this server; those of
/// [`TALKATIVE`] up to `info` at every level.
pub fn start(level: LogLevel) -> Result<Log, LogError> {
    let (ours, libraries) = match level {
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::INFO),
        LogLevel::Trace => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    let queue = Arc::new(Queue::default());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Entry(Arc::clone(&queue)))
        .with_ansi(io::stderr().is_terminal());
    let filter = Targets::new()
        .with_default(libraries)
        .with_target(env!("CARGO_CRATE_NAME"), ours)
        // What modules say for the operator.
        .with_target("module", ours)
        .with_targets(TALKATIVE.map(|name| (name, libraries.min(LevelFilter::INFO))));
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .try_init()?;
    // A second start was refused above.
    let _ = STARTED.set(Arc::clone(&queue));
    let writing = Arc::clone(&queue);
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || writing.write_to(&mut io::stderr()))?;
    Ok(Log(queue))
}

/// The queue of the log that was started, for lines that are none of `tracing`.
static STARTED: OnceLock<Arc<Queue>> = OnceLock::new();

/// Writes a line as it is, whatever the level; `line` ends with a line feed. Nothing happens where there is no log.
pub fn raw(line: &str) {
    if let Some(queue) = STARTED.get() {
        queue.push(line.as_bytes());
    }
}

/// The log that was started. Dropped, it waits until everything is written, but no longer than [`LAST_WAIT`].
#[derive(Debug)]
#[must_use]
pub struct Log(Arc<Queue>);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.wait_until_written(LAST_WAIT);
    }
}

/// Lines on their way to the thread that writes them.
#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// There is nothing left to write.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    /// Of all of `lines`.
    bytes: usize,
    /// Lines that found no room after the last one in `lines`.
    lost: u64,
    /// A line was taken out and is not written yet.
    is_writing: bool,
}

#[derive(Debug)]
struct Line {
    text: Vec<u8>,
    /// Lines that were lost before this one.
    lost: u64,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, text: &[u8]) {
        let mut state = self.lock();
        if state.bytes.saturating_add(text.len()) > QUEUE_BYTES {
            state.lost += 1;
            return;
        }
        state.bytes += text.len();
        let lost = std::mem::take(&mut state.lost);
        state.lines.push_back(Line {
            text: text.to_vec(),
            lost,
        });
        drop(state);
        self.filled.notify_one();
    }

    /// The next line, and how many were lost before it; an empty line where none came after those that were lost.
    fn next(&self) -> Line {
        let mut state = self.lock();
        state.is_writing = false;
        loop {
            let line = state.lines.pop_front().or_else(|| {
                let lost = std::mem::take(&mut state.lost);
                (lost > 0).then(|| Line {
                    text: Vec::new(),
                    lost,
                })
            });
            if let Some(line) = line {
                state.bytes = state.bytes.saturating_sub(line.text.len());
                state.is_writing = true;
                return line;
            }
            self.written.notify_all();
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write_to(&self, out: &mut impl Write) -> ! {
        loop {
            let Line { text, lost } = self.next();
            // If standard error is closed, there is nobody to tell.
            if lost > 0 {
                let _ = out.write_all(notice(lost).as_bytes());
            }
            let _ = out.write_all(&text);
        }
    }

    fn wait_until_written(&self, at_most: Duration) {
        let is_busy =
            |state: &mut State| state.is_writing || !state.lines.is_empty() || state.lost > 0;
        drop(
            self.written
                .wait_timeout_while(self.lock(), at_most, is_busy),
        );
    }
}

/// In the form of the other lines.
fn notice(lost: u64) -> String {
    let mut line = String::new();
    // A `String` takes everything, and a clock before 1970 is no reason to keep quiet.
    let _ = SystemTime.format_time(&mut Writer::new(&mut line));
    let _ = writeln!(
        line,
        "  WARN {}: {lost} lines of the log are missing here: standard error was not read in time",
        module_path!()
    );
    line
}

/// What a line is written to. `tracing-subscriber` writes each line at once.
struct Entry(Arc<Queue>);

impl<'a> MakeWriter<'a> for Entry {
    type Writer = &'a Entry;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Entry {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.push(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// Takes what the writing thread would write now.
    fn written(queue: &Queue) -> Vec<(u64, String)> {
        let is_filled = |queue: &Queue| {
            let state = queue.lock();
            !state.lines.is_empty() || state.lost > 0
        };
        let mut written = Vec::new();
        while is_filled(queue) {
            let Line { text, lost } = queue.next();
            written.push((lost, String::from_utf8(text).unwrap()));
        }
        written
    }

    #[test]
    fn what_finds_no_room_is_counted_where_it_is_missing() {
        let queue = Queue::default();
        let half = "x".repeat(QUEUE_BYTES / 2);
        for _ in 0..5 {
            queue.push(half.as_bytes());
        }
        assert_eq!(queue.lock().bytes, QUEUE_BYTES);
        assert_eq!(queue.next().text.len(), half.len());
        queue.push(b"after");
        queue.push(b"and after");
        assert_eq!(
            written(&queue),
            [
                (0, half.clone()),
                (3, "after".to_owned()),
                (0, "and after".to_owned())
            ]
        );
        assert_eq!(queue.lock().bytes, 0);
    }

    #[test]
    fn what_is_missing_in_the_end_is_told_too() {
        let queue = Queue::default();
        queue.push("x".repeat(QUEUE_BYTES).as_bytes());
        queue.push(b"no room");
        queue.push(b"no room");
        let written = written(&queue);
        assert_eq!(written.last().unwrap(), &(2, String::new()));
        assert!(notice(2).contains(" 2 lines "), "{}", notice(2));
    }

    #[test]
    fn the_end_waits_for_a_reader_but_not_for_ever() {
        let queue = Arc::new(Queue::default());
        queue.wait_until_written(Duration::from_mins(10));
        queue.push(b"unread");
        queue.wait_until_written(Duration::from_millis(1));
        assert_eq!(queue.lock().lines.len(), 1);
        let writing = Arc::clone(&queue);
        std::thread::spawn(move || writing.write_to(&mut io::sink()));
        queue.wait_until_written(Duration::from_mins(10));
        assert_eq!(queue.lock().lines.len(), 0);
    }
}
