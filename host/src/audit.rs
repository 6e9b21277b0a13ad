//! The audit: one line of JSON for each change in HAProxy and for each refusal, whatever the log level.
//!
//! Lines go to standard error with the log, or to a file of their own. Standard error has no reader that must read:
//! where it is left unread, lines can be lost, and the log says how many. A file keeps all of them, or the call says
//! that it was not recorded; it is opened for each line, so that one that was moved away is begun anew.
//!
//! ```json
//! {"audit":"change","time":"2026-11-24T03:12:09.412345Z","principal":"stdio","tool":"set_weight","module":"servers",
//!  "digest":"sha256:…","instance":"haproxy","commands":["set server be_app/app1 weight 10"],
//!  "before":{"weight":100},"after":{"weight":10},"verdict":"done"}
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::log;
use crate::sandbox::Record;

/// Where lines go.
#[derive(Debug)]
pub struct Audit(Place);

#[derive(Debug)]
enum Place {
    StandardError,
    File {
        path: PathBuf,
        /// Whether its last line may have been written in part.
        torn: Mutex<bool>,
    },
}

/// Why there is no audit file.
#[derive(Debug, thiserror::Error)]
#[error("the audit file cannot be opened for appending: `{}`: {source}", path.display())]
pub struct AuditError {
    path: PathBuf,
    source: io::Error,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It was done, and read back.
    Done,
    /// It has no answer: the code that clients see.
    Failed(&'a str),
}

/// Who did what, by which means.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Who asked: `stdio` for whoever started this process.
    pub principal: &'a str,
    /// The tool, as clients name it.
    pub tool: &'a str,
    /// The module, as the operator names it.
    pub module: &'a str,
    /// SHA-256 of the component, with `sha256:` in front.
    pub digest: &'a str,
    /// The operator's name for the HAProxy.
    pub instance: &'a str,
    /// What was sent and what was refused.
    pub record: &'a Record,
    /// What the tool read before and after.
    pub before: Option<&'a Value>,
    /// See `before`.
    pub after: Option<&'a Value>,
    /// What became of it.
    pub verdict: Verdict<'a>,
    /// Why, where it was refused or failed.
    pub reason: Option<&'a str>,
}

impl Audit {
    /// Lines go to standard error.
    pub fn to_standard_error() -> Self {
        Self(Place::StandardError)
    }

    /// Lines are appended to this file, which is made where there is none, for its owner's eyes only.
    ///
    /// # Errors
    /// Where that is not possible now.
    pub fn to_file(path: &Path) -> Result<Self, AuditError> {
        open(path).map_err(|source| AuditError {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self(Place::File {
            path: path.to_owned(),
            torn: Mutex::new(false),
        }))
    }

    /// Records a call, where there is something to record: a change, or a refusal.
    ///
    /// # Errors
    /// Where the line could not be written to its file; a sentence for whoever asked.
    pub fn record(&self, event: &Event<'_>) -> Result<(), String> {
        let denied = matches!(event.verdict, Verdict::Failed("denied"));
        if event.record.is_empty() && !denied {
            return Ok(());
        }
        self.write(&line(event))
    }

    fn write(&self, line: &str) -> Result<(), String> {
        match &self.0 {
            Place::StandardError => {
                log::raw(line);
                Ok(())
            }
            Place::File { path, torn } => {
                let mut torn = torn.lock().unwrap_or_else(PoisonError::into_inner);
                append(path, line, &mut torn).map_err(|error| {
                    let text = format!(
                        "the audit file cannot be written: `{}`: {error}",
                        path.display()
                    );
                    tracing::error!("{text}");
                    log::raw(line);
                    text
                })
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only place that opens the audit file; the path is the operator's"
)]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// Writes a line at the end, and none behind half of another.
fn append(path: &Path, line: &str, torn: &mut bool) -> io::Result<()> {
    let mut file = open(path)?;
    if *torn {
        file.write_all(b"\n")?;
    }
    *torn = true;
    file.write_all(line.as_bytes())?;
    *torn = false;
    Ok(())
}

/// The event as one line, with its line feed.
fn line(event: &Event<'_>) -> String {
    let record = event.record;
    let kind = if record.sent_in_all > 0 {
        "change"
    } else {
        "refusal"
    };
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| {
        line.insert(key.to_owned(), value);
    };
    put("audit", kind.into());
    put("time", now().into());
    put("principal", event.principal.into());
    put("tool", event.tool.into());
    put("module", event.module.into());
    put("digest", event.digest.into());
    put("instance", event.instance.into());
    let commands = record.sent.iter().map(|sent| {
        if sent.failed {
            json!({ "command": sent.command, "failed": true })
        } else {
            sent.command.clone().into()
        }
    });
    put("commands", Value::Array(commands.collect()));
    left_out(
        &mut put,
        "commands_left_out",
        record.sent_in_all,
        record.sent.len(),
    );
    if record.refused_in_all > 0 {
        let refused = record
            .refused
            .iter()
            .map(|(asked, code)| json!({ "asked": asked, "reason": code }));
        put("refused", Value::Array(refused.collect()));
        left_out(
            &mut put,
            "refused_left_out",
            record.refused_in_all,
            record.refused.len(),
        );
    }
    if let Some(before) = event.before {
        put("before", before.clone());
    }
    if let Some(after) = event.after {
        put("after", after.clone());
    }
    match event.verdict {
        Verdict::Done => put("verdict", "done".into()),
        Verdict::Failed(code) => put("verdict", code.into()),
    }
    if let Some(reason) = event.reason {
        put("reason", reason.into());
    }
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    text
}

fn left_out(put: &mut impl FnMut(&str, Value), key: &str, in_all: u64, kept: usize) {
    let left_out = in_all.saturating_sub(kept as u64);
    if left_out > 0 {
        put(key, left_out.into());
    }
}

/// RFC 3339, in UTC.
fn now() -> String {
    let mut text = String::new();
    // A clock that cannot be read is no reason to keep quiet.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::sandbox::Sent;

    fn event<'a>(record: &'a Record, verdict: Verdict<'a>) -> Event<'a> {
        Event {
            principal: "stdio",
            tool: "set_weight",
            module: "servers",
            digest: "sha256:00",
            instance: "haproxy",
            record,
            before: None,
            after: None,
            verdict,
            reason: None,
        }
    }

    fn read(event: &Event<'_>) -> Value {
        let line = line(event);
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn a_change_has_its_commands_and_what_was_left_out() {
        let record = Record {
            sent: vec![
                Sent {
                    command: "set server b/s weight 1\u{a}x".to_owned(),
                    failed: false,
                },
                Sent {
                    command: "set server b/s weight 2".to_owned(),
                    failed: true,
                },
            ],
            sent_in_all: 9,
            ..Record::default()
        };
        let line = read(&event(&record, Verdict::Done));
        assert_eq!(line["audit"], "change");
        assert_eq!(line["verdict"], "done");
        assert_eq!(
            line["commands"][1],
            json!({ "command": "set server b/s weight 2", "failed": true })
        );
        assert_eq!(line["commands_left_out"], 7);
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line.get("refused").is_none());
    }

    #[test]
    fn a_refusal_says_what_was_asked_and_why() {
        let record = Record {
            refused: vec![(
                "shutdown sessions server b/s".to_owned(),
                "above-tool-access",
            )],
            refused_in_all: 1,
            ..Record::default()
        };
        let line = read(&event(&record, Verdict::Failed("denied")));
        assert_eq!(line["audit"], "refusal");
        assert_eq!(line["verdict"], "denied");
        assert_eq!(line["refused"][0]["reason"], "above-tool-access");
    }
}
