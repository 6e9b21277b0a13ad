//! Which file is read.

use haproxy_mcp_sdk::{Call, Failure};
use haproxy_replies::log_lines::{Line, LogReader};
use haproxy_replies::names::Suggestion;

use super::when::{Peek, moment};

/// Bytes at the end of a file that say by which clock it is written.
const PEEKED: u64 = 16 * 1024;

/// Files of a folder that are looked at for the one that was changed last.
const LOOKED_AT: usize = 500;

/// Ends of names of files that are no text.
const COMPRESSED: [&str; 6] = [".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip"];

/// The file that is read.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) name: String,
    /// The other files of the log.
    pub(super) others: Vec<String>,
}

impl Chosen {
    /// The file of this name; else the one that was changed last.
    pub(super) fn of(call: &Call<'_>, name: Option<&str>) -> Result<Self, Failure> {
        let names = call.files("log").names()?;
        let name = match (name, names.as_slice()) {
            (Some(name), _) => {
                if !names.iter().any(|known| known == name) {
                    return Err(no_such_file(name, &names));
                }
                if is_compressed(name) {
                    return Err(Failure::invalid_argument(format!(
                        "the file is compressed: `{name}`"
                    ))
                    .hint("only files of text can be read here: unpack a copy in the same folder")
                    .argument("/file"));
                }
                name.to_owned()
            }
            (None, [only]) => only.clone(),
            (None, _) => changed_last(call, &names)?,
        };
        let others = names.into_iter().filter(|other| *other != name).collect();
        Ok(Self { name, others })
    }

    /// What the end of the file says of its clock.
    pub(super) fn peek(&self, call: &Call<'_>) -> Result<Peek, Failure> {
        let file = call.files("log").open_tail(&self.name, PEEKED)?;
        let modified = i64::try_from(file.modified()).unwrap_or(i64::MAX);
        let mut last = None;
        let mut reader = LogReader::default();
        // What cannot be read here is told by the search itself.
        let _ = file.for_each(|chunk| {
            reader.push(chunk, |line| {
                last = moment(&Line::read(line.bytes), modified).or(last);
            });
            Ok(())
        });
        reader.finish(|line| last = moment(&Line::read(line.bytes), modified).or(last));
        Ok(Peek { last, modified })
    }
}

fn is_compressed(name: &str) -> bool {
    COMPRESSED.iter().any(|end| name.ends_with(end))
}

fn no_such_file(name: &str, names: &[String]) -> Failure {
    let suggestion = Suggestion::among(name, names);
    Failure::not_found(format!("the log has no such file: `{name}`"))
        .hint(suggestion.hint("the folder of the log is empty"))
        .argument_among("/file", suggestion.names())
}

fn changed_last(call: &Call<'_>, names: &[String]) -> Result<String, Failure> {
    let mut last: Option<(u64, &String)> = None;
    let mut unreadable = None;
    let texts = names.iter().filter(|name| !is_compressed(name));
    for name in texts.take(LOOKED_AT) {
        match call.files("log").open_tail(name, 0) {
            Ok(file) => {
                let modified = file.modified();
                if last.is_none_or(|(latest, _)| modified > latest) {
                    last = Some((modified, name));
                }
            }
            Err(failure) => unreadable = Some(failure),
        }
    }
    match (last, unreadable) {
        (Some((_, name)), _) => Ok(name.clone()),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(Failure::not_found("the folder of the log has no file of text")
            .hint("HAProxy itself writes no files: a syslog daemon does, for `log` lines of its configuration; grant its file with `HAPROXY_LOG_PATH`")),
    }
}
