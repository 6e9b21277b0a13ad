//! HAProxy's log.

use crate::config::unreadable;
use crate::facts::Facts;
use crate::finding::{Finding, counted, since};

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
    let age = newest.map_or_else(String::new, |age| {
        format!(", last written {} ago", since(age))
    });
    if is_empty {
        findings.push(
            Finding::warning(&facts.door, "log-empty", format!("{}, and nothing in it", counted(files, "file")))
                .why("HAProxy logs nothing, logs elsewhere, or the log was rotated just now")
                .mend("in `global`: `log /dev/log local0`, in `defaults`: `log global` and `option httplog`; and the syslog of this machine must write `local0` to this file"),
        );
    } else {
        findings.push(Finding::ok(
            &facts.door,
            "reads",
            if bytes > 0 {
                format!(
                    "{} with {}{age}",
                    counted(files, "file"),
                    counted(bytes, "byte")
                )
            } else {
                format!("{}{age}", counted(files, "file"))
            },
        ));
    }
    findings
}
