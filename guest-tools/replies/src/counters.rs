//! `debug counters`: how often marked places of HAProxy's code were passed.

/// Why the counters could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountersError {
    /// The first line is not the header.
    #[error("the list of counters does not start with `Count`: `{line}`")]
    NotCounters {
        /// The start of the first line.
        line: String,
    },
    /// A line without a count, a type or a place.
    #[error("a counter lacks its count, type or place: `{line}`")]
    NotACounter {
        /// The start of the line.
        line: String,
    },
}

/// One counter: `3  CNT sock.c:907 sock_conn_check(): "1" [Removing …]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// How often the place was passed.
    pub count: u64,
    /// `BUG` (should never happen), `CHK` (tolerated), `CNT` (harmless), `GLT` (a glitch of a client or server).
    pub kind: String,
    /// File and line: `sock.c:907`.
    pub location: String,
    /// The function.
    pub function: String,
    /// Condition and comment, and whether it is stopped.
    pub condition: String,
}

/// Reads a whole reply, in HAProxy's order. Some versions leave out the header where there is no counter.
pub fn read(reply: &[u8]) -> Result<Vec<Counter>, CountersError> {
    let text = String::from_utf8_lossy(reply);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    match lines.next() {
        None => return Ok(Vec::new()),
        Some(header) if header.starts_with("Count ") => {}
        Some(other) => {
            return Err(CountersError::NotCounters {
                line: crate::excerpt(other.as_bytes()),
            });
        }
    }
    lines
        .map(|line| {
            counter(line).ok_or_else(|| CountersError::NotACounter {
                line: crate::excerpt(line.as_bytes()),
            })
        })
        .collect()
}

fn counter(line: &str) -> Option<Counter> {
    let (count, rest) = line.split_once(' ')?;
    let (kind, rest) = rest.trim_start().split_once(' ')?;
    let (location, rest) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
    let (function, condition) = rest.split_once("(): ").unwrap_or(("", rest));
    Some(Counter {
        count: count.parse().ok()?,
        kind: kind.to_owned(),
        location: location.to_owned(),
        function: function.to_owned(),
        condition: condition.to_owned(),
    })
}
