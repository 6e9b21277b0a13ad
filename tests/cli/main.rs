//! The commands for people, on real HAProxy: what they print, where, and their exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says so on stderr"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and look at what these leave behind"
)]

/// `call`: answers, refusals, exit codes, and arguments as people write them.
mod call;
/// `completions`.
mod completions;
/// `demo`, and that nothing of it is left.
mod demo;
/// On a terminal: widths, colours, progress.
mod terminal;
/// `tools`, and which of them are served.
mod tools;

use std::process::{Command, Output, Stdio};

/// The program with nothing of the tester's own environment in it.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Ran {
    Ran::new(&program().args(arguments).output().unwrap())
}

/// What a program printed and how it ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Ended with this code and an error that begins so, which has a hint.
    #[track_caller]
    fn refused(&self, code: i32, message: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(
            self.stderr.contains(&format!("error: {message}")),
            "{self:?}"
        );
        assert!(self.stderr.contains("\nhint: "), "{self:?}");
    }
}
