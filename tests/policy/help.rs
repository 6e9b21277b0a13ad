//! The table against what HAProxy itself lists. A HAProxy that lists a command which is not in the table fails
//! here: add its row, or name it as never granted.
//!
//! `tests/fixtures/help/<version>.txt` is what `help` prints on a socket of level `admin`, `…-expert.txt` the
//! same after `expert-mode on; experimental-mode on`, `…-master.txt` that of the master's socket; from 2.6.12,
//! 3.0.11, 3.2.26 and 3.4.7.

use haproxy_mcp::policy::{COMMANDS, CommandSpec, Door, MASTER, Release};

struct Version {
    release: Release,
    worker: &'static str,
    expert: &'static str,
    master: &'static str,
}

macro_rules! version {
    ($major:literal, $minor:literal, $name:literal) => {
        Version {
            release: Release {
                major: $major,
                minor: $minor,
            },
            worker: include_str!(concat!("../fixtures/help/", $name, ".txt")),
            expert: include_str!(concat!("../fixtures/help/", $name, "-expert.txt")),
            master: include_str!(concat!("../fixtures/help/", $name, "-master.txt")),
        }
    };
}

const VERSIONS: [Version; 4] = [
    version!(2, 6, "2.6"),
    version!(3, 0, "3.0"),
    version!(3, 2, "3.2"),
    version!(3, 4, "3.4"),
];

/// The words of each line of `help` up to its first argument.
fn listed(help: &str) -> Vec<Vec<&str>> {
    let commands: Vec<Vec<&str>> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .map(|line| {
            line.split(' ')
                .take_while(|word| !word.starts_with(['<', '[', '{', '(', ':', '@']))
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
        })
        .filter(|words| !words.is_empty())
        .collect();
    assert!(commands.len() > 5, "no commands in: {help}");
    commands
}

/// Whether the row is one of the command that `help` lists with these words.
fn is_row_of(spec: &CommandSpec, words: &[&str]) -> bool {
    // `help` of 2.6 prints `new ssl crlfile`; the command is `new ssl crl-file` there as well.
    let words: Vec<&str> = words
        .iter()
        .map(|word| if *word == "crlfile" { "crl-file" } else { word })
        .collect();
    // What a worker has by the same name says whom it means.
    let path = spec.path.strip_prefix(&[MASTER]).unwrap_or(spec.path);
    path.starts_with(&words)
        // A row that is never granted stands for all that begins like it: `debug dev` for `debug dev panic`.
        || (spec.access().is_none() && words.starts_with(spec.path))
}

/// Fails when the text of `help` lists a command of which the table knows nothing.
pub(crate) fn assert_known(help: &str, version: &str) {
    for words in listed(help) {
        assert!(
            COMMANDS.iter().any(|spec| is_row_of(spec, &words)),
            "HAProxy {version} lists `{}`, which is in no row",
            words.join(" ")
        );
    }
}

#[test]
fn every_command_that_haproxy_lists_is_known() {
    for version in VERSIONS {
        for help in [version.worker, version.expert, version.master] {
            assert_known(help, &version.release.to_string());
        }
    }
}

/// `help` does not list these, or not in every build.
const UNLISTED: &[&[&str]] = &[
    &["help"],
    &["expert-mode"],
    &["experimental-mode"],
    &["mcli-debug-mode"],
    &["prompt"],
    &["add", "ssl", "ech"],
    &["del", "ssl", "ech"],
    &["set", "ssl", "ech"],
    &["show", "ssl", "ech"],
];

#[test]
fn every_row_is_listed_from_its_first_version_on() {
    for version in VERSIONS {
        let worker = [listed(version.worker), listed(version.expert)].concat();
        let master = listed(version.master);
        for spec in COMMANDS
            .iter()
            .filter(|spec| !UNLISTED.contains(&spec.path))
        {
            let listed = match spec.door {
                Door::Worker => &worker,
                Door::Master => &master,
            };
            let lists = listed.iter().any(|words| is_row_of(spec, words));
            assert!(
                lists || spec.since > version.release,
                "HAProxy {} does not list `{spec}`, which is there since {}",
                version.release,
                spec.since
            );
        }
    }
}

#[test]
fn no_row_is_listed_before_its_first_version() {
    for version in VERSIONS {
        let worker = listed(version.worker);
        for words in &worker {
            let rows: Vec<_> = COMMANDS
                .iter()
                .filter(|spec| is_row_of(spec, words))
                .collect();
            assert!(
                rows.iter().any(|spec| spec.since <= version.release),
                "HAProxy {} lists `{}`; the table has it from {:?} on",
                version.release,
                words.join(" "),
                rows.iter().map(|spec| spec.since.to_string()).min()
            );
        }
    }
}
