//! The binary: parse, start, exit code.

use haproxy_mcp::{cli, config::Environment};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(std::env::args_os(), Environment::of_process())
}
