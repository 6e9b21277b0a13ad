//! The command line: `haproxy-mcp`, its subcommands and its exit codes.

mod flags;
pub mod serve;

use crate::config::{ConfigError, Environment, Settings};
use crate::log;
use clap::{Parser, Subcommand};
use flags::Flags;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// The command line as typed.
#[derive(Debug, Parser)]
#[command(
    name = "haproxy-mcp",
    version,
    about = "An MCP server for HAProxy: an AI assistant inspects it and, as far as you allow, operates it",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    next_line_help = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP on standard input and output; the same as no subcommand
    Serve(Flags),
}

const EXAMPLES: &str = "\
Examples:
  HAProxy has `stats socket /var/run/haproxy/admin.sock mode 660 level admin`:
    haproxy-mcp --runtime-socket /var/run/haproxy/admin.sock
  HAProxy has `stats socket ipv4@127.0.0.1:9999 level admin` (the default):
    haproxy-mcp
  HAProxy runs with `-W -S /run/haproxy-master.sock`, and there is no other socket:
    haproxy-mcp --master-socket /run/haproxy-master.sock
  Allow day-to-day changes such as draining a server:
    haproxy-mcp --runtime-socket /var/run/haproxy/admin.sock --access operate

In an MCP client's configuration:
  {\"mcpServers\": {\"haproxy\": {\"command\": \"haproxy-mcp\",
    \"args\": [\"--runtime-socket\", \"/var/run/haproxy/admin.sock\"]}}}

Flags come before environment variables, and these before the settings file. The file is the one of
--config, else of HAPROXY_MCP_CONFIG, else haproxy-mcp/config.toml in $XDG_CONFIG_HOME (or ~/.config),
else /etc/haproxy-mcp/config.toml. The log goes to standard error.

Exit codes: 0 the client has gone, 1 the server failed, 2 wrong usage or settings.";

/// Wrong usage or settings: what clap uses too.
const EXIT_USAGE: u8 = 2;

/// Runs the program with `arguments`, the first of which is its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => return report_usage(&answer),
    };
    let flags = match cli.command {
        Some(Command::Serve(flags)) => flags,
        None => cli.flags,
    };
    let settings = match Settings::load(flags.into_sources(environment)) {
        Ok(settings) => settings,
        Err(error) => return report_settings(&error),
    };
    if let Err(error) = log::start(settings.log_level) {
        report(&error.to_string(), None);
        return ExitCode::FAILURE;
    }
    start(settings)
}

/// One thread: what costs time is waiting for HAProxy.
fn start(settings: Settings) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            report(&format!("the runtime cannot be started: {error}"), None);
            return ExitCode::FAILURE;
        }
    };
    let served = runtime.block_on(serve::run(settings));
    // A thread may still wait for standard input, where that is not a pipe; nobody waits for it.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error.to_string(), error.hint().as_deref());
            if error.is_usage() {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Help and version, which were asked for, go to standard output; mistakes go to standard error.
fn report_usage(answer: &clap::Error) -> ExitCode {
    // Nobody reads the stream that is closed, so there is nobody to tell.
    let _ = answer.print();
    ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(EXIT_USAGE))
}

fn report_settings(error: &ConfigError) -> ExitCode {
    report(&error.to_string(), Some(&error.hint()));
    ExitCode::from(EXIT_USAGE)
}

/// Writes an error once, in the form of all messages of this program.
fn report(message: &str, hint: Option<&str>) {
    let mut text = format!("error: {message}\n");
    if let Some(hint) = hint {
        text.push_str("hint: ");
        text.push_str(hint);
        text.push('\n');
    }
    // If standard error is closed, the exit code is all that is left to say it.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
