//! `show proc`, on the master's socket: the master, its workers and its programs.
//!
//! # References
//! HAProxy Management Guide, section 9.4.1, "show proc". Columns stand between spaces, and a value may be wider than
//! its column. Measured besides:
//! - The master's `<reloads>` says how many failed: `2 [failed: 1]`. Those of a worker count the reloads since it began.
//! - Up to 3.0 `# programs` is there without any program; from 3.3 on HAProxy has none.
//! - From 3.2 on a reload that failed moves the worker that still serves to `# old workers`, and `# workers` is empty;
//!   the master's `@1` goes on to mean that worker. The youngest old one has the fewest reloads.
//! - 3.2 counts the uptime of a program from 1970 on until the first reload.
//! - `debug` adds columns from 3.1 on and is not refused before.

use std::borrow::Cow;

use crate::value::{Kind, Value, unsigned};

/// Why the processes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessesError {
    /// The first line is no header.
    #[error("the processes do not start with `#<PID>` and the names of more columns: `{line}`")]
    NotProcesses {
        /// The start of the first line.
        line: String,
    },
    /// The header lacks a column that is needed.
    #[error("the processes have no column: `{name}`")]
    MissingColumn {
        /// Its name.
        name: &'static str,
    },
    /// A line is no process.
    #[error("line {line} of the processes is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: u64,
        /// Its start.
        text: String,
    },
    /// The reply ends within a line.
    #[error("the processes end within a line")]
    Truncated,
}

/// A process.
#[derive(Debug, Clone, PartialEq)]
pub struct Process<'a> {
    /// What HAProxy lists it under: `workers`, `old workers`, `programs`, `old programs`; none for the master.
    pub group: Option<Cow<'a, str>>,
    /// Its number in the system.
    pub pid: u64,
    /// `master`, `worker`, or the name of a program.
    pub kind: Cow<'a, str>,
    /// Reloads since it began.
    pub reloads: Option<u64>,
    /// How many of them failed, of the master.
    pub failed_reloads: Option<u64>,
    /// Since when it runs, in seconds.
    pub uptime: Option<u64>,
    /// The version of HAProxy; none for a program.
    pub version: Option<Cow<'a, str>>,
    /// What other versions add.
    pub others: Vec<(String, Value<'a>)>,
}

/// Reads a whole reply.
pub fn read(reply: &[u8]) -> Result<Vec<Process<'_>>, ProcessesError> {
    if !reply.is_empty() && !reply.ends_with(b"\n") {
        return Err(ProcessesError::Truncated);
    }
    let mut lines = (1_u64..)
        .zip(reply.split(|byte| *byte == b'\n'))
        .filter(|(_, line)| !line.trim_ascii().is_empty());
    let (_, header) = lines.next().unwrap_or_default();
    let columns = columns(header)?;
    let mut group = None;
    let mut processes = Vec::new();
    for (number, line) in lines {
        if let Some(name) = line.strip_prefix(b"# ") {
            group = Some(String::from_utf8_lossy(name.trim_ascii()));
            continue;
        }
        let process = process(&columns, line).ok_or_else(|| ProcessesError::Unexpected {
            line: number,
            text: crate::excerpt(line),
        })?;
        processes.push(Process {
            group: group.clone(),
            ..process
        });
    }
    Ok(processes)
}

/// `#<PID>          <type>          <reloads>       <uptime>        <version>`
fn columns(header: &[u8]) -> Result<Vec<String>, ProcessesError> {
    let not_processes = || ProcessesError::NotProcesses {
        line: crate::excerpt(header),
    };
    let text = header.strip_prefix(b"#<").ok_or_else(not_processes)?;
    let columns: Vec<String> = text
        .split(|byte| *byte == b'<')
        .filter_map(|rest| rest.split(|byte| *byte == b'>').next())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    for name in ["PID", "type"] {
        if !columns.iter().any(|other| other == name) {
            return Err(ProcessesError::MissingColumn { name });
        }
    }
    Ok(columns)
}

/// `16538           master          1 [failed: 0]   0d00h00m26s     2.6.12-1+deb12u4`
fn process<'a>(columns: &[String], line: &'a [u8]) -> Option<Process<'a>> {
    let mut failed = None;
    let mut words = Vec::with_capacity(columns.len());
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix(b"[failed: ") {
            let (count, tail) = tail.split_at_checked(memchr::memchr(b']', tail)?)?;
            failed = unsigned(count);
            rest = tail.get(1..)?.trim_ascii_start();
            continue;
        }
        let end = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(end)?;
        words.push(word);
        rest = tail.trim_ascii_start();
    }
    if words.len() > columns.len() {
        return None;
    }
    let text = |word: &'a [u8]| String::from_utf8_lossy(word);
    let (mut pid, mut kind) = (None, None);
    let mut process = Process {
        group: None,
        pid: 0,
        kind: Cow::Borrowed(""),
        reloads: None,
        failed_reloads: failed,
        uptime: None,
        version: None,
        others: Vec::new(),
    };
    for (name, word) in columns.iter().zip(words) {
        match name.as_str() {
            "PID" => pid = unsigned(word),
            "type" => kind = Some(text(word)),
            "reloads" => process.reloads = unsigned(word),
            "uptime" => process.uptime = crate::dates::span(word),
            "version" => process.version = (word != b"-").then(|| text(word)),
            _ => process
                .others
                .push((name.clone(), Value::read(word, Kind::Number))),
        }
    }
    process.pid = pid?;
    process.kind = kind?;
    Some(process)
}
