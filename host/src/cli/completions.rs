//! `haproxy-mcp completions SHELL`: what the user's shell completes.

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::call::CallError;
use super::screen;
use crate::catalogue::Catalogue;

/// Prints the script. Names of tools are those of this binary.
pub(super) fn run(shell: Shell, command: clap::Command) -> Result<(), CallError> {
    // clap wants names that live for ever; this process prints one script and ends.
    let names: Vec<&'static str> = Catalogue::builtin_names()?
        .into_iter()
        .map(|name| &*name.leak())
        .collect();
    let mut command = command.mut_subcommand("call", |call| {
        call.mut_arg("tool", |tool| {
            tool.value_parser(PossibleValuesParser::new(names))
        })
    });
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    Ok(screen::print(&String::from_utf8_lossy(&script))?)
}
