//! HAProxy's log.

use std::fmt::Write as _;

use crate::config::unreadable;
use crate::facts::Facts;
use crate::finding::{Finding, counted, lines, since};

/// Seconds without a line from which on a log is spoken of: a week, which no HAProxy that serves somebody is silent for.
const OLD: u64 = 7 * 86_400;

/// What there is to say of the log.
pub(crate) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts
        .paths
        .iter()
        .filter_map(|granted| unreadable(&facts.door, granted))
        .collect();
    if !findings.is_empty() {
        return findings;
    }
    let granted = || facts.paths.iter();
    let files: u64 = granted().map(|path| path.files.unwrap_or(1)).sum();
    let newest = granted().filter_map(|path| path.changed_seconds_ago).min();
    // The sizes of a folder's files are not known.
    let is_empty = granted().all(|path| path.size == Some(0) || path.files == Some(0));
    let bytes: u64 = granted().filter_map(|path| path.size).sum();
    let mut saw = counted(files, "file");
    if is_empty {
        saw.push_str(", and nothing in it");
    } else if bytes > 0 {
        let _ = write!(saw, " with {}", counted(bytes, "byte"));
    }
    if let Some(age) = newest.filter(|_| !is_empty) {
        let _ = write!(saw, ", last written {} ago", since(age));
    }
    let door = &facts.door;
    findings.push(if is_empty {
        Finding::warning(door, "log-empty", saw)
            .why("HAProxy logs nothing, logs elsewhere, or the log was rotated just now")
            .mend("in `global`: `log /dev/log local0`, in `defaults`: `log global` and `option httplog`; and the syslog of this machine must write `local0` to this file")
    } else if newest.is_some_and(|age| age >= OLD) {
        Finding::warning(door, "log-old", saw)
            .why("what is read of it is of that time: HAProxy serves nobody since, logs elsewhere, or the log goes on in another file")
            .mend(lines([
                "give the file that is written now in `HAPROXY_LOG_PATH` (`ls -lt` shows which of a folder)",
                "where none is: `log global` in `defaults` and `log` in `global` say where HAProxy logs to, and the syslog of this machine must write that to a file",
            ]))
    } else {
        Finding::ok(door, "reads", saw)
    });
    findings
}
