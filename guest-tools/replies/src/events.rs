//! `show events`: the sinks of events, and the lines of a ring.

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::unsigned;

/// Why events could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// The first line is not the one that the list of sinks begins with.
    #[error("the list of event sinks does not start with `Supported events sinks`: `{line}`")]
    NotSinks {
        /// The start of the first line.
        line: String,
    },
    /// A line of the list of sinks that names none.
    #[error("a line of the list of event sinks is no `name : type=…, …`: `{line}`")]
    NotASink {
        /// The start of the line.
        line: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the ring is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the lines of the ring end within a line")]
    Truncated,
}

impl From<TooLong> for EventsError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// Where events go: `myring     : type=buffer, 0 dropped, My local buffer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// `buffer` for a ring in memory, whose lines can be read; `fd` for a file descriptor.
    pub kind: String,
    /// Events that had no room.
    pub dropped: Option<u64>,
    /// What the configuration says of it.
    pub description: String,
}

/// Reads the list of sinks.
pub fn sinks(reply: &[u8]) -> Result<Vec<Sink>, EventsError> {
    let text = String::from_utf8_lossy(reply);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    if !first.starts_with("Supported events sinks") {
        return Err(EventsError::NotSinks {
            line: crate::excerpt(first.as_bytes()),
        });
    }
    lines
        .map(|line| {
            sink(line).ok_or_else(|| EventsError::NotASink {
                line: crate::excerpt(line.as_bytes()),
            })
        })
        .collect()
}

fn sink(line: &str) -> Option<Sink> {
    let (name, rest) = line
        .trim()
        .split_once(" : type=")
        .or_else(|| line.trim().split_once(": type="))?;
    let mut parts = rest.splitn(3, ", ");
    let kind = parts.next()?.to_owned();
    let dropped = parts.next()?.strip_suffix(" dropped")?;
    Some(Sink {
        name: name.trim_end().to_owned(),
        kind,
        dropped: unsigned(dropped.as_bytes()),
        description: parts.next().unwrap_or_default().to_owned(),
    })
}

/// One line of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Facility and severity, from `<134>` at its start (RFC 5424, section 6.2.1).
    pub priority: Option<u8>,
    /// The rest.
    pub text: &'a [u8],
}

impl Event<'_> {
    /// The name of the severity (RFC 5424, table 2), as HAProxy's configuration writes it.
    pub fn severity(&self) -> Option<&'static str> {
        severity(self.priority?)
    }
}

/// The name of the severity in a priority.
pub(crate) fn severity(priority: u8) -> Option<&'static str> {
    const NAMES: [&str; 8] = [
        "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
    ];
    NAMES.get(usize::from(priority % 8)).copied()
}

/// Reads the lines of a ring chunk by chunk.
#[derive(Debug, Default)]
pub struct EventsReader {
    lines: Lines,
}

impl EventsReader {
    /// The next bytes of the reply; hands each line that is not empty to `event`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut event: impl FnMut(Event<'_>),
    ) -> Result<(), EventsError> {
        self.lines.push(chunk, |line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                event(split(line));
            }
            Ok(())
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), EventsError> {
        if self.lines.whole() {
            Ok(())
        } else {
            Err(EventsError::Truncated)
        }
    }
}

fn split(line: &[u8]) -> Event<'_> {
    let with_priority = || {
        let rest = line.strip_prefix(b"<")?;
        let end = rest.iter().position(|byte| *byte == b'>')?;
        let (digits, text) = rest.split_at_checked(end)?;
        let priority = unsigned(digits).filter(|priority| *priority < 192)?;
        Some(Event {
            priority: u8::try_from(priority).ok(),
            text: text.get(1..)?,
        })
    };
    with_priority().unwrap_or(Event {
        priority: None,
        text: line,
    })
}
