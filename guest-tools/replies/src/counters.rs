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

/// Reads a whole reply, in HAProxy's order. Some versions leave out the header where there is no counter; all repeat it
/// within a reply that is longer than HAProxy's buffer.
pub fn read(reply: &[u8]) -> Result<Vec<Counter>, CountersError> {
    let text = String::from_utf8_lossy(reply);
    let is_header = |line: &str| line.starts_with("Count ");
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    if let Some(first) = lines().next()
        && !is_header(first)
    {
        return Err(CountersError::NotCounters {
            line: crate::excerpt(first.as_bytes()),
        });
    }
    lines()
        .filter(|line| !is_header(line))
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
