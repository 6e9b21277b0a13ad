//! `haproxy-mcp doctor` in front of set-ups that are broken on purpose: each must name the cause, and what mends it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says so on stderr"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and break what these look at"
)]

/// The Runtime API by TCP.
mod addresses;
/// The configuration and the log.
mod files;
/// All is well.
mod healthy;
/// Exit codes, JSON, colours, secrets.
mod output;
/// The statistics page and the exporter.
mod pages;
/// Sockets that take connections and do not answer.
mod silent;
/// The Runtime API by a Unix socket, and the master's socket.
mod sockets;
/// The page by TLS.
mod tls;

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with nothing of the tester's own environment in it.
fn program() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_haproxy-mcp")))
}

fn clean(mut command: Command) -> Command {
    command.env_clear().stdin(Stdio::null());
    command
}

/// Has it look, with these flags.
fn doctor(flags: &[&str]) -> Seen {
    looked(program().args(["doctor", "--json"]).args(flags))
}

fn looked(command: &mut Command) -> Seen {
    Seen::new(&command.output().unwrap())
}

/// What was found.
#[derive(Debug)]
struct Seen {
    code: Option<i32>,
    answer: Value,
}

impl Seen {
    fn new(output: &Output) -> Self {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let answer = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {text:?} {output:?}"));
        Self {
            code: output.status.code(),
            answer,
        }
    }

    fn findings(&self) -> &[Value] {
        self.answer["findings"].as_array().unwrap()
    }

    /// What was found about a door by this name.
    #[track_caller]
    fn finding(&self, door: &str, id: &str) -> Finding<'_> {
        let is_it = |finding: &&Value| finding["door"] == door && finding["id"] == id;
        match self.findings().iter().find(is_it) {
            Some(finding) => Finding(finding),
            None => panic!("no `{id}` about `{door}`: {self:#?}"),
        }
    }

    /// A problem of this name, which is why it ends with 1.
    #[track_caller]
    fn problem(&self, door: &str, id: &str) -> Finding<'_> {
        let finding = self.finding(door, id);
        assert_eq!(finding.0["verdict"], "problem", "{self:#?}");
        assert_eq!(
            (&self.answer["verdict"], self.code),
            (&"problem".into(), Some(1)),
            "{self:#?}"
        );
        finding
    }

    /// The only problem that there is, of this name.
    #[track_caller]
    fn only_problem(&self, door: &str, id: &str) -> Finding<'_> {
        let problems = self.findings().iter();
        let problems = problems.filter(|finding| finding["verdict"] == "problem");
        assert_eq!(problems.count(), 1, "{self:#?}");
        self.problem(door, id)
    }

    /// A warning of this name, and nothing worse, so that it ends with 0.
    #[track_caller]
    fn warning(&self, door: &str, id: &str) -> Finding<'_> {
        let finding = self.finding(door, id);
        assert_eq!(finding.0["verdict"], "warning", "{self:#?}");
        assert_eq!(
            (&self.answer["verdict"], self.code),
            (&"warning".into(), Some(0)),
            "{self:#?}"
        );
        finding
    }

    /// Nothing worth a word.
    #[track_caller]
    fn all_is_well(&self) {
        assert_eq!(
            (&self.answer["verdict"], self.code),
            (&"ok".into(), Some(0)),
            "{self:#?}"
        );
    }
}

/// One thing that was found.
#[derive(Debug, Clone, Copy)]
struct Finding<'a>(&'a Value);

impl Finding<'_> {
    /// One of the lines that mend it is, or has, this text.
    #[track_caller]
    fn mend(self, text: &str) -> Self {
        let lines = self.mends();
        assert!(
            lines.iter().any(|line| line.contains(text)),
            "`{text}` is not what mends it: {:#}",
            self.0
        );
        self
    }

    fn mends(self) -> Vec<String> {
        let lines = self.0["mend"].as_array();
        lines
            .into_iter()
            .flatten()
            .map(|line| line.as_str().unwrap().to_owned())
            .collect()
    }

    /// The setting in its mend, such as `HAPROXY_RUNTIME_SOCKET=/run/a.sock`.
    #[track_caller]
    fn setting(self, name: &str) -> (String, String) {
        let lines = self.mends();
        let found = lines
            .iter()
            .find_map(|line| line.split(name).nth(1)?.strip_prefix('='));
        let value = found.unwrap_or_else(|| panic!("no `{name}` in {:#}", self.0));
        let end = value.find(['`', ' ']).unwrap_or(value.len());
        (name.to_owned(), value[..end].to_owned())
    }

    /// What was seen has this text.
    #[track_caller]
    fn saw(self, text: &str) -> Self {
        assert!(
            self.0["saw"].as_str().unwrap().contains(text),
            "`{text}` was not seen: {:#}",
            self.0
        );
        self
    }
}

/// The same program with other settings: what was advised.
fn with(settings: &[(String, String)]) -> Seen {
    looked(
        program()
            .args(["doctor", "--json"])
            .envs(settings.iter().cloned()),
    )
}
