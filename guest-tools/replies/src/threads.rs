//! `show threads`: what each thread does at this moment.

use crate::value::{Kind, Value};

/// Why the threads could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the list of threads does not start with a thread: `{line}`")]
pub struct ThreadsError {
    /// The start of the first line.
    pub line: String,
}

/// One thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Whether it is the one that answers.
    pub answering: bool,
    /// Its group and its number therein: `1/2`.
    pub place: Option<&'a str>,
    /// `name=value` of the lines on its state, in HAProxy's order; those of `cpu_ns:` are named `cpu_ns_poll` and so
    /// on.
    pub fields: Vec<(String, Value<'a>)>,
    /// The other lines: current task, stream, locks, call trace.
    pub lines: Vec<String>,
}

/// Reads a whole reply. What it says of a thread differs from version to version: only the number is certain.
pub fn read(reply: &[u8]) -> Result<Vec<Thread<'_>>, ThreadsError> {
    let mut threads: Vec<Thread<'_>> = Vec::new();
    for line in reply.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        if let Some(thread) = thread(line) {
            threads.push(thread);
            continue;
        }
        let Some(thread) = threads.last_mut() else {
            return Err(ThreadsError {
                line: crate::excerpt(line),
            });
        };
        let Ok(text) = std::str::from_utf8(line) else {
            thread
                .lines
                .push(String::from_utf8_lossy(line).trim().to_owned());
            continue;
        };
        let text = text.trim();
        if let Some((place, rest)) = place(text) {
            thread.place = Some(place);
            thread.fields.extend(fields(rest, ""));
        } else if let Some(rest) = text.strip_prefix("cpu_ns: ") {
            thread.fields.extend(fields(rest, "cpu_ns_"));
        } else {
            thread.lines.push(text.to_owned());
        }
    }
    if threads.is_empty() {
        return Err(ThreadsError {
            line: String::new(),
        });
    }
    Ok(threads)
}

/// `* Thread 1 : id=0x7ff2f7f83440 act=1 …`
fn thread(line: &[u8]) -> Option<Thread<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let (mark, rest) = line.split_once("Thread ")?;
    if !mark.chars().all(|mark| matches!(mark, ' ' | '*' | '>')) {
        return None;
    }
    let (number, rest) = rest.split_once(" : ")?;
    Some(Thread {
        number: number.trim().parse().ok()?,
        answering: mark.contains('*'),
        place: None,
        fields: fields(rest, "").collect(),
        lines: Vec::new(),
    })
}

/// `1/2    stuck=0 …`
fn place(line: &str) -> Option<(&str, &str)> {
    let (place, rest) = line.split_once(' ')?;
    let (group, number) = place.split_once('/')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(group) && digits(number)).then_some((place, rest))
}

fn fields<'a>(text: &'a str, prefix: &str) -> impl Iterator<Item = (String, Value<'a>)> {
    text.split_ascii_whitespace().filter_map(move |word| {
        let (name, value) = word.split_once('=')?;
        Some((
            format!("{prefix}{name}"),
            Value::read(value.as_bytes(), Kind::Number),
        ))
    })
}
