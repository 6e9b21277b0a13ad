//! The flags of `serve`. They are taken as text: the settings judge them, so that a wrong value reads the same
//! wherever it was written.

use crate::config::{Environment, Layer, Setting, Sources};
use clap::Args;
use std::path::PathBuf;

/// One flag for each setting. The help names the variable as well; clap does not read it, because the settings must
/// know where a value came from.
#[derive(Debug, Default, Args)]
#[command(next_line_help = true)]
pub(super) struct Flags {
    #[arg(long, value_name = "PATH", help_heading = WHERE)]
    #[arg(
        help = "Unix socket of the Runtime API, as in `stats socket /path`\n[env: HAPROXY_RUNTIME_SOCKET]"
    )]
    runtime_socket: Option<String>,

    #[arg(long, value_name = "HOST", help_heading = WHERE)]
    #[arg(
        help = "Host name or address of the Runtime API over TCP\n[env: HAPROXY_HOST] [default: 127.0.0.1]"
    )]
    host: Option<String>,

    #[arg(long, value_name = "PORT", help_heading = WHERE, allow_hyphen_values = true)]
    #[arg(help = "Port of the Runtime API over TCP\n[env: HAPROXY_PORT] [default: 9999]")]
    port: Option<String>,

    #[arg(long, value_name = "URL", help_heading = WHERE)]
    #[arg(
        help = "The Runtime API as tcp://host:port or unix:///path, instead of the above\n[env: HAPROXY_RUNTIME_URL]"
    )]
    runtime_url: Option<String>,

    #[arg(long, value_name = "MODE", help_heading = WHERE)]
    #[arg(
        help = "Kind of connection: tcp, tcp4, tcp6 or unix; normally not needed\n[env: HAPROXY_RUNTIME_MODE]"
    )]
    runtime_mode: Option<String>,

    #[arg(long, value_name = "SECONDS", help_heading = WHERE, allow_hyphen_values = true)]
    #[arg(
        help = "Whole seconds that one command may take\n[env: HAPROXY_RUNTIME_TIMEOUT] [default: 10]"
    )]
    runtime_timeout: Option<String>,

    #[arg(long, value_name = "PATH", help_heading = WHERE)]
    #[arg(help = "\
Socket of the master process, as in `haproxy -W -S /path`: a path or tcp://host:port
Commands go through it where none of the above is given
[env: HAPROXY_MASTER_SOCKET]")]
    master_socket: Option<String>,

    #[arg(long, value_name = "URL", help_heading = PAGE)]
    #[arg(help = "\
The statistics page, as in `stats uri`; if no Runtime API is given, it is all that is asked
[env: HAPROXY_STATS_URL] [default: http://127.0.0.1:8404/stats where nothing is given]")]
    stats_url: Option<String>,

    #[arg(long, value_name = "BOOLEAN", help_heading = PAGE)]
    #[arg(help = "\
true: there is a statistics page, at its usual address if no other is given; false: there is none
[env: HAPROXY_STATS_ENABLED]")]
    stats_enabled: Option<String>,

    #[arg(long, value_name = "SECONDS", help_heading = PAGE, allow_hyphen_values = true)]
    #[arg(
        help = "Whole seconds that one request to a page may take\n[env: HAPROXY_STATS_TIMEOUT] [default: 5]"
    )]
    stats_timeout: Option<String>,

    #[arg(long, value_name = "NAME", help_heading = PAGE)]
    #[arg(help = "\
User of the page, as in `stats auth`
The password comes from HAPROXY_STATS_PASSWORD or a file, never from a flag
[env: HAPROXY_STATS_USER]")]
    stats_user: Option<String>,

    #[arg(long, value_name = "FILE", help_heading = PAGE)]
    #[arg(
        help = "File with the password alone in it, by its absolute path\n[env: HAPROXY_STATS_PASSWORD_FILE]"
    )]
    stats_password_file: Option<String>,

    #[arg(long, value_name = "FILE", help_heading = PAGE)]
    #[arg(
        help = "Who signs the certificate of an https page, in PEM, instead of the system's authorities\n[env: HAPROXY_STATS_CA_FILE]"
    )]
    stats_ca_file: Option<String>,

    #[arg(long, value_name = "FILE", help_heading = PAGE)]
    #[arg(
        help = "Client certificate in PEM, where the page wants one\n[env: HAPROXY_STATS_CLIENT_CERT]"
    )]
    stats_client_cert: Option<String>,

    #[arg(long, value_name = "FILE", help_heading = PAGE)]
    #[arg(
        help = "Its private key in PEM, if that is in another file\n[env: HAPROXY_STATS_CLIENT_KEY]"
    )]
    stats_client_key: Option<String>,

    #[arg(long, value_name = "URL", help_heading = PAGE)]
    #[arg(
        help = "The Prometheus exporter\n[env: HAPROXY_METRICS_URL] [default: /metrics beside the statistics page]"
    )]
    metrics_url: Option<String>,

    #[arg(long, value_name = "SOURCE", help_heading = PAGE)]
    #[arg(
        help = "Who is asked first for statistics where both are given: runtime or page\n[env: HAPROXY_STATISTICS_FROM] [default: runtime]"
    )]
    statistics_from: Option<String>,

    #[arg(long, value_name = "PATH,…", help_heading = FILES)]
    #[arg(help = "\
HAProxy's configuration, which tools may then read: files and folders, by absolute paths
Passwords and keys in it are hidden from them
[env: HAPROXY_CONFIG_PATH]")]
    haproxy_config: Option<String>,

    #[arg(long, value_name = "PATH,…", help_heading = FILES)]
    #[arg(
        help = "HAProxy's logs, which tools may then read: files and folders, by absolute paths\n[env: HAPROXY_LOG_PATH]"
    )]
    haproxy_log: Option<String>,

    #[arg(long, value_name = "LEVEL", help_heading = WHAT)]
    #[arg(help = "\
read: changes nothing
operate: also changes the state of what exists, such as draining a server
admin: also adds, removes and redirects
[env: HAPROXY_MCP_ACCESS] [default: read]")]
    access: Option<String>,

    #[arg(long, value_name = "NAME,…", help_heading = WHICH)]
    #[arg(help = "\
List the tools of these sets; `all` has every tool, `default` those that answer most questions
[env: HAPROXY_MCP_TOOLSETS] [default: default]")]
    toolsets: Option<String>,

    #[arg(long, value_name = "NAME,…", help_heading = WHICH)]
    #[arg(help = "\
List these tools: they alone, or besides those of --toolsets
[env: HAPROXY_MCP_TOOLS]")]
    tools: Option<String>,

    #[arg(long, value_name = "NAME,…", help_heading = WHICH)]
    #[arg(help = "\
Never list these tools, whatever else is said
[env: HAPROXY_MCP_EXCLUDE_TOOLS]")]
    exclude_tools: Option<String>,

    #[arg(long = "module", value_name = "FILE", help_heading = WHAT)]
    #[arg(help = "Load a tool module under development, with read access only; may be repeated")]
    modules: Vec<PathBuf>,

    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    #[arg(help = "\
Append a line of JSON for each change and each refusal to this file, by its absolute path, instead of the log
[env: HAPROXY_MCP_AUDIT_FILE]")]
    audit_file: Option<String>,

    #[arg(long, value_name = "TRANSPORT", help_heading = HOW)]
    #[arg(help = "How clients reach this server: stdio\n[env: MCP_TRANSPORT] [default: stdio]")]
    transport: Option<String>,

    #[arg(long, value_name = "LEVEL", help_heading = HOW)]
    #[arg(
        help = "Least important log line: error, warn, info, debug or trace\n[env: LOG_LEVEL] [default: info; warn for `tools` and `call`]"
    )]
    log_level: Option<String>,

    #[arg(long, value_name = "FILE", help_heading = HOW)]
    #[arg(help = "Settings file, by its absolute path\n[env: HAPROXY_MCP_CONFIG]")]
    config: Option<PathBuf>,
}

/// The flags of `demo`, which has a HAProxy of its own and so is not told where one is.
#[derive(Debug, Default, Args)]
pub(super) struct DemoFlags {
    /// HAProxy's program; otherwise the one in `PATH` or the system's folders
    #[arg(long, value_name = "PATH")]
    haproxy: Option<PathBuf>,
    /// What tools may do: read, operate or admin [default: read]
    #[arg(long, value_name = "LEVEL")]
    access: Option<String>,
    /// Which sets of tools there are: `all`, `default`, or names [default: default]
    #[arg(long, value_name = "NAME,…")]
    toolsets: Option<String>,
    /// Least important log line: error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl DemoFlags {
    /// These flags and nothing else: what was set for another HAProxy is not meant for this one. And HAProxy's program.
    pub(super) fn into_sources(self) -> (Sources, Option<PathBuf>) {
        let mut flags = Layer::new();
        flags.set_flag(Setting::Access, self.access);
        flags.set_flag(Setting::Toolsets, self.toolsets);
        flags.set_flag(Setting::LogLevel, self.log_level);
        let sources = Sources {
            flags,
            system_file: PathBuf::new(),
            ..Sources::default()
        };
        (sources, self.haproxy)
    }
}

const WHERE: &str = "Where HAProxy is";
const PAGE: &str = "Statistics page";
const FILES: &str = "Files";
const WHAT: &str = "What tools may do";
const WHICH: &str = "Which tools there are";
const HOW: &str = "How the server runs";

impl Flags {
    /// These flags above `environment` and the settings file.
    pub(super) fn into_sources(self, environment: Environment) -> Sources {
        let mut flags = Layer::new();
        flags.set_flag(Setting::RuntimeSocket, self.runtime_socket);
        flags.set_flag(Setting::Host, self.host);
        flags.set_flag(Setting::Port, self.port);
        flags.set_flag(Setting::RuntimeUrl, self.runtime_url);
        flags.set_flag(Setting::RuntimeMode, self.runtime_mode);
        flags.set_flag(Setting::RuntimeTimeout, self.runtime_timeout);
        flags.set_flag(Setting::MasterSocket, self.master_socket);
        flags.set_flag(Setting::StatsUrl, self.stats_url);
        flags.set_flag(Setting::StatsEnabled, self.stats_enabled);
        flags.set_flag(Setting::StatsTimeout, self.stats_timeout);
        flags.set_flag(Setting::StatsUser, self.stats_user);
        flags.set_flag(Setting::StatsPasswordFile, self.stats_password_file);
        flags.set_flag(Setting::StatsCaFile, self.stats_ca_file);
        flags.set_flag(Setting::StatsClientCert, self.stats_client_cert);
        flags.set_flag(Setting::StatsClientKey, self.stats_client_key);
        flags.set_flag(Setting::MetricsUrl, self.metrics_url);
        flags.set_flag(Setting::StatisticsFrom, self.statistics_from);
        flags.set_flag(Setting::HaproxyConfig, self.haproxy_config);
        flags.set_flag(Setting::HaproxyLog, self.haproxy_log);
        flags.set_flag(Setting::Access, self.access);
        flags.set_flag(Setting::Toolsets, self.toolsets);
        flags.set_flag(Setting::Tools, self.tools);
        flags.set_flag(Setting::ExcludeTools, self.exclude_tools);
        flags.set_flag(Setting::AuditFile, self.audit_file);
        flags.set_flag(Setting::Transport, self.transport);
        flags.set_flag(Setting::LogLevel, self.log_level);
        Sources {
            flags,
            config_file: self.config,
            modules: self.modules,
            environment,
            ..Sources::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::Flags;
    use crate::config::Environment;
    use clap::{Args, Command, FromArgMatches};
    use std::path::PathBuf;

    #[test]
    fn modules_are_kept_in_their_order() {
        let arguments = ["haproxy-mcp", "--module", "/b.wasm", "--module", "a.wasm"];
        let matches = Flags::augment_args(Command::new("haproxy-mcp"))
            .try_get_matches_from(arguments)
            .unwrap();
        let sources = Flags::from_arg_matches(&matches)
            .unwrap()
            .into_sources(Environment::default());
        assert_eq!(
            sources.modules,
            [PathBuf::from("/b.wasm"), PathBuf::from("a.wasm")]
        );
    }
}
