//! `haproxy-mcp completions SHELL`: what the user's shell completes.

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::call::CallError;
use super::screen;
use crate::catalogue::Catalogue;

/// Prints the script. Names of tools are those of this binary.
pub(super) fn run(shell: Shell, command: clap::Command) -> Result<(), CallError> {
    let names: Vec<&'static str> = Catalogue::builtin_names().collect();
    let mut command = command.mut_subcommand("call", |call| {
        call.mut_arg("tool", |tool| {
            tool.value_parser(PossibleValuesParser::new(names))
        })
    });
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    // In its script for bash, clap_complete 4.6 writes the hyphen of a program's name in one way where a subcommand is
    // looked for and in another where it is defined, so that nothing after a subcommand would be completed:
    // https://github.com/clap-rs/clap/issues/6421
    let script = String::from_utf8_lossy(&script).replace("haproxy__subcmd__mcp", "haproxy__mcp");
    Ok(screen::print(&script)?)
}
