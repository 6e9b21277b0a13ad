//! The command line: `haproxy-mcp`, its subcommands and its exit codes.

mod arguments;
mod call;
mod completions;
mod demo;
mod doctor;
mod flags;
mod screen;
mod serve;
mod signals;
mod table;
mod text;
mod tools;
mod waiting;

use crate::config::{ConfigError, Environment, LogLevel, Settings, Sources};
use crate::log;
use clap::{CommandFactory, Parser, Subcommand};
use flags::{DemoFlags, Flags};
use screen::Screen;
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
    /// List the tools that a client would get
    #[command(next_line_help = true, mut_arg("transport", |flag| flag.hide(true)))]
    Tools {
        /// How they are written
        #[arg(long, value_enum, default_value = "table")]
        format: tools::Format,
        #[command(flatten)]
        flags: Flags,
    },
    /// Call one tool by hand and print its answer
    #[command(next_line_help = true, after_help = CALL_EXAMPLES)]
    #[command(mut_arg("transport", |flag| flag.hide(true)))]
    #[command(mut_arg("toolsets", |flag| flag.hide(true)), mut_arg("tools", |flag| flag.hide(true)))]
    Call {
        /// The tool; `haproxy-mcp tools --toolsets all` lists all of them
        #[arg(index = 1)]
        tool: String,
        /// Its arguments; a list is `key=a,b`
        #[arg(index = 2, value_name = "KEY=VALUE")]
        words: Vec<String>,
        /// All arguments as one JSON object instead
        #[arg(
            long,
            value_name = "JSON",
            conflicts_with = "words",
            allow_hyphen_values = true
        )]
        args: Option<String>,
        /// How the answer is written: on a terminal as a table, elsewhere as JSON, unless it is said here
        #[arg(long, value_enum)]
        format: Option<call::Format>,
        #[command(flatten)]
        flags: Flags,
    },
    /// Find out why HAProxy cannot be reached: what is wrong with each configured way to it, and what mends it
    #[command(next_line_help = true, after_help = DOCTOR_EXAMPLES)]
    #[command(mut_arg("transport", |flag| flag.hide(true)), mut_arg("modules", |flag| flag.hide(true)))]
    #[command(mut_arg("toolsets", |flag| flag.hide(true)), mut_arg("tools", |flag| flag.hide(true)))]
    #[command(mut_arg("exclude_tools", |flag| flag.hide(true)), mut_arg("audit_file", |flag| flag.hide(true)))]
    Doctor {
        /// For programs: what the tool `doctor` answers, as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// Try it without a HAProxy of your own: starts one for the time, with visitors, and serves MCP for it
    #[command(next_line_help = true, after_help = DEMO_EXAMPLES)]
    Demo(DemoFlags),
    /// Print the script that completes this command line in a shell
    #[command(after_help = COMPLETION_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const CALL_EXAMPLES: &str = "\
Examples:
  haproxy-mcp call show_info
  haproxy-mcp call list_servers backend=be_app --runtime-socket /var/run/haproxy/admin.sock
  haproxy-mcp call show_stat --args '{\"type\": \"server\", \"fields\": [\"status\", \"scur\"]}' --format json

Exit codes: 0 an answer, 1 the tool or HAProxy refused, 2 wrong usage, arguments or settings.
With --format json a refusal is {\"error\": {\"code\", \"message\", \"hint\", \"details\"}}; in either format it is told on
standard error, too.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  haproxy-mcp doctor
  haproxy-mcp doctor --runtime-socket /run/haproxy/admin.sock --haproxy-config /etc/haproxy/haproxy.cfg
  haproxy-mcp doctor --stats-url http://127.0.0.1:8404/stats --json | jq -r '.findings[].id'

With --haproxy-config it compares HAProxy's configuration with where it was told to look, and names lines.

Exit codes: 0 all is well, warnings included; 1 a problem; 2 wrong usage or settings.";

const DEMO_EXAMPLES: &str = "\
For Claude Code:
  claude mcp add haproxy -- haproxy-mcp demo

HAProxy must be installed. It runs as long as this command does, on sockets in a folder of its own, and neither
the settings file nor the environment is read. Try changes, too, with --access operate.";

const COMPLETION_EXAMPLES: &str = "\
Examples:
  bash: haproxy-mcp completions bash > ~/.local/share/bash-completion/completions/haproxy-mcp
  zsh:  haproxy-mcp completions zsh > \"${fpath[1]}/_haproxy-mcp\"
  fish: haproxy-mcp completions fish > ~/.config/fish/completions/haproxy-mcp.fish";

const EXAMPLES: &str = "\
Examples:
  No HAProxy at hand, just to see it:
    haproxy-mcp demo
  HAProxy has `stats socket /var/run/haproxy/admin.sock mode 660 level admin`:
    haproxy-mcp --runtime-socket /var/run/haproxy/admin.sock
  HAProxy has `stats socket ipv4@127.0.0.1:9999 level admin` (the default):
    haproxy-mcp
  HAProxy runs with `-W -S /run/haproxy-master.sock`, and there is no other socket:
    haproxy-mcp --master-socket /run/haproxy-master.sock
  Allow day-to-day changes such as draining a server:
    haproxy-mcp --runtime-socket /var/run/haproxy/admin.sock --access operate
  Ask a question yourself, without any assistant:
    haproxy-mcp call list_backends --runtime-socket /var/run/haproxy/admin.sock

In an MCP client's configuration:
  {\"mcpServers\": {\"haproxy\": {\"command\": \"haproxy-mcp\",
    \"args\": [\"--runtime-socket\", \"/var/run/haproxy/admin.sock\"]}}}

Flags come before environment variables, and these before the settings file. The file is the one of
--config, else of HAPROXY_MCP_CONFIG, else haproxy-mcp/config.toml in $XDG_CONFIG_HOME (or ~/.config),
else /etc/haproxy-mcp/config.toml. The log goes to standard error.

Exit codes: 0 the client has gone, 1 the server failed, 2 wrong usage or settings.
Each command has its own --help.";

/// Wrong usage or settings: what clap uses too.
const EXIT_USAGE: u8 = 2;

/// An error that is told to a person at the end.
trait Problem: std::error::Error {
    /// What to do about it.
    fn hint(&self) -> Option<String>;

    /// Whether what was given on the command line is the cause.
    fn is_usage(&self) -> bool;
}

/// Runs the program with `arguments`, the first of which is its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => return report_usage(&answer),
    };
    let screen = Screen::new(&environment);
    match cli.command.unwrap_or(Command::Serve(cli.flags)) {
        Command::Serve(flags) => run(flags.into_sources(environment), async |settings| {
            serve::run(settings).await.map(|()| ExitCode::SUCCESS)
        }),
        Command::Tools { format, flags } => run(by_hand(flags, environment), async |settings| {
            tools::run(settings, format, screen)
                .await
                .map(|()| ExitCode::SUCCESS)
        }),
        Command::Call {
            tool,
            words,
            args,
            format,
            flags,
        } => run(by_hand(flags, environment), async |settings| {
            let request = call::Request {
                tool,
                words,
                json: args,
                format,
            };
            call::run(settings, request, screen).await
        }),
        Command::Doctor { json, flags } => run(by_hand(flags, environment), async |settings| {
            doctor::run(settings, json, screen).await
        }),
        Command::Demo(flags) => {
            let folders = environment.programs();
            let (sources, program) = flags.into_sources();
            run(sources, async |settings| {
                demo::run(settings, program, &folders, screen)
                    .await
                    .map(|()| ExitCode::SUCCESS)
            })
        }
        Command::Completions { shell } => match completions::run(shell, Cli::command()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => report_problem(&error),
        },
    }
}

/// What a person asks for by hand needs no log of what went well.
fn by_hand(flags: Flags, environment: Environment) -> Sources {
    Sources {
        default_log_level: LogLevel::Warn,
        ..flags.into_sources(environment)
    }
}

/// Runs `command` under the settings of these sources. One thread: what costs time is waiting for HAProxy.
fn run<E: Problem>(
    sources: Sources,
    command: impl AsyncFnOnce(Settings) -> Result<ExitCode, E>,
) -> ExitCode {
    let settings = match Settings::load(sources) {
        Ok(settings) => settings,
        Err(error) => return report_settings(&error),
    };
    let log = match log::start(settings.log_level) {
        Ok(log) => log,
        Err(error) => {
            report(&error.to_string(), None);
            return ExitCode::FAILURE;
        }
    };
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
    let ended = runtime.block_on(command(settings));
    // A thread may still wait for standard input, where that is not a pipe; nobody waits for it.
    runtime.shutdown_background();
    // What was logged stands before what is reported of the end.
    drop(log);
    match ended {
        Ok(code) => code,
        Err(error) => report_problem(&error),
    }
}

fn report_problem(error: &impl Problem) -> ExitCode {
    report(&error.to_string(), error.hint().as_deref());
    if error.is_usage() {
        ExitCode::from(EXIT_USAGE)
    } else {
        ExitCode::FAILURE
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
