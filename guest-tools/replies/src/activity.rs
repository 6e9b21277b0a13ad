//! `show activity`: what each thread has done since the process started.

use crate::value::{Kind, Value};

/// Why the counters could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActivityError {
    /// There is no line.
    #[error("the list of activity is empty")]
    Empty,
    /// A line that is no `name: value`.
    #[error("line {line} of the list of activity is no `name: value`: `{text}`")]
    NotACounter {
        /// The number of the line, from 1.
        line: usize,
        /// Its start.
        text: String,
    },
}

/// One line: `ctxsw: 14344 [ 3247 11097 ]`, or `date_now: 1795341438.783465`.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter<'a> {
    /// HAProxy's own name.
    pub name: &'a str,
    /// The total or average over all threads, or the only value.
    pub total: Value<'a>,
    /// The value of each thread, first thread first; empty where HAProxy gives only one value.
    pub threads: Vec<Value<'a>>,
}

/// Reads a whole reply, in HAProxy's order, unknown counters included.
pub fn read(reply: &[u8]) -> Result<Vec<Counter<'_>>, ActivityError> {
    let mut counters = Vec::new();
    for (index, line) in reply.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        counters.push(counter(line).ok_or_else(|| ActivityError::NotACounter {
            line: index + 1,
            text: crate::excerpt(line),
        })?);
    }
    if counters.is_empty() {
        Err(ActivityError::Empty)
    } else {
        Ok(counters)
    }
}

fn counter(line: &[u8]) -> Option<Counter<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, rest) = line.split_once(": ")?;
    if name.is_empty() || name.contains(' ') {
        return None;
    }
    let value = |text: &'_ str| Value::read(text.as_bytes(), Kind::Number).into_owned();
    let (total, threads) = match rest.split_once(" [") {
        Some((total, threads)) => (total, threads.strip_suffix(']')?),
        None => (rest, ""),
    };
    Some(Counter {
        name,
        total: value(total),
        threads: threads.split_ascii_whitespace().map(value).collect(),
    })
}
