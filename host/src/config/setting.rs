//! The table of settings: what each is called as a flag, in the environment and in the file, and which values it takes.

use std::fmt;

/// One thing that can be set. The same value is written in the same words wherever it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// What the instance is called in answers and logs.
    Name,
    /// Host name or address of the Runtime API over TCP.
    Host,
    /// Port of the Runtime API over TCP.
    Port,
    /// Which kind of door leads to the Runtime API: TCP (any family, IPv4, IPv6) or a Unix socket.
    RuntimeMode,
    /// Path of the Runtime API's Unix socket.
    RuntimeSocket,
    /// The whole door in one value; overrides mode, host and port.
    RuntimeUrl,
    /// How long one command may take, in whole seconds.
    RuntimeTimeout,
    /// The master process's socket (`haproxy -S`).
    MasterSocket,
    /// Whether there is a statistics page.
    StatsEnabled,
    /// Address of the statistics page.
    StatsUrl,
    /// How long one request to a page may take, in whole seconds.
    StatsTimeout,
    /// Who we are on the pages.
    StatsUser,
    /// The password for the pages. It has no flag: what a program is started with, everybody on the machine can read.
    StatsPassword,
    /// The file with the password for the pages.
    StatsPasswordFile,
    /// Who signs the certificates of the pages.
    StatsCaFile,
    /// Our own certificate for the pages.
    StatsClientCert,
    /// The private key of our own certificate.
    StatsClientKey,
    /// Address of the Prometheus exporter.
    MetricsUrl,
    /// Where statistics are read from first.
    StatisticsFrom,
    /// HAProxy's configuration, as far as it may be read.
    HaproxyConfig,
    /// HAProxy's logs, as far as they may be read.
    HaproxyLog,
    /// The most that any tool may do.
    Access,
    /// Which sets of tools are listed.
    Toolsets,
    /// Which single tools are listed.
    Tools,
    /// Which tools are never listed.
    ExcludeTools,
    /// The file that gets a line for each change and each refusal.
    AuditFile,
    /// How clients reach this server.
    Transport,
    /// The least important log line that is still written.
    LogLevel,
}

/// One row of the table.
struct Row {
    setting: Setting,
    /// Long flag without its dashes.
    flag: Option<&'static str>,
    environment: Option<&'static str>,
    /// Key in the file, without its table.
    key: &'static str,
    /// The values that are accepted, as a sentence without its verb.
    accepted: &'static str,
}

const PAGE: &str = "an HTTP or HTTPS URL that ends with the page's path, such as `http://127.0.0.1:8404/stats` or \
                    `http://127.0.0.1:8404/haproxy?stats`, or with a password `https://user:password@host:port/path`";

const METRICS: &str = "an HTTP or HTTPS URL that ends with the exporter's path, such as `http://127.0.0.1:8404/metrics`";

/// The environment's names are those of the HAProxy MCP server that people already run, where it has the setting.
const TABLE: [Row; 28] = [
    Row {
        setting: Setting::Name,
        flag: None,
        environment: None,
        key: "name",
        accepted: "1 to 64 letters, digits, `.`, `_` or `-`, such as `haproxy`",
    },
    Row {
        setting: Setting::Host,
        flag: Some("host"),
        environment: Some("HAPROXY_HOST"),
        key: "host",
        accepted: "a host name or an IP address without a port, such as `127.0.0.1`, `lb1.example` or `::1`",
    },
    Row {
        setting: Setting::Port,
        flag: Some("port"),
        environment: Some("HAPROXY_PORT"),
        key: "port",
        accepted: "a whole number from 1 to 65535, such as `9999`",
    },
    Row {
        setting: Setting::RuntimeMode,
        flag: Some("runtime-mode"),
        environment: Some("HAPROXY_RUNTIME_MODE"),
        key: "runtime_mode",
        accepted: "one of `tcp`, `tcp4`, `tcp6`, `unix`",
    },
    Row {
        setting: Setting::RuntimeSocket,
        flag: Some("runtime-socket"),
        environment: Some("HAPROXY_RUNTIME_SOCKET"),
        key: "runtime_socket",
        accepted: "an absolute path of at most 107 bytes, such as `/var/run/haproxy/admin.sock`",
    },
    Row {
        setting: Setting::RuntimeUrl,
        flag: Some("runtime-url"),
        environment: Some("HAPROXY_RUNTIME_URL"),
        key: "runtime_url",
        accepted: "`unix:///path`, `tcp://host:port`, `tcp4://host:port` or `tcp6://host:port`, such as \
                   `unix:///var/run/haproxy/admin.sock` or `tcp://[::1]:9999`",
    },
    Row {
        setting: Setting::RuntimeTimeout,
        flag: Some("runtime-timeout"),
        environment: Some("HAPROXY_RUNTIME_TIMEOUT"),
        key: "runtime_timeout",
        accepted: "whole seconds without a unit, from 1 to 3600, such as `10`",
    },
    Row {
        setting: Setting::MasterSocket,
        flag: Some("master-socket"),
        environment: Some("HAPROXY_MASTER_SOCKET"),
        key: "master_socket",
        accepted: "an absolute path of at most 107 bytes, `unix:///path` or `tcp://host:port`, such as \
                   `/run/haproxy-master.sock`",
    },
    Row {
        setting: Setting::StatsEnabled,
        flag: Some("stats-enabled"),
        environment: Some("HAPROXY_STATS_ENABLED"),
        key: "stats_enabled",
        accepted: "`true` or `false` (`1`, `0`, `yes`, `no`, `on` and `off` are taken, too)",
    },
    Row {
        setting: Setting::StatsUrl,
        flag: Some("stats-url"),
        environment: Some("HAPROXY_STATS_URL"),
        key: "stats_url",
        accepted: PAGE,
    },
    Row {
        setting: Setting::StatsTimeout,
        flag: Some("stats-timeout"),
        environment: Some("HAPROXY_STATS_TIMEOUT"),
        key: "stats_timeout",
        accepted: "whole seconds without a unit, from 1 to 3600, such as `5`",
    },
    Row {
        setting: Setting::StatsUser,
        flag: Some("stats-user"),
        environment: Some("HAPROXY_STATS_USER"),
        key: "stats_user",
        accepted: "at most 256 bytes without a colon and without control characters, such as `monitor`",
    },
    Row {
        setting: Setting::StatsPassword,
        flag: None,
        environment: Some("HAPROXY_STATS_PASSWORD"),
        key: "stats_password",
        accepted: "at most 4096 bytes without control characters",
    },
    Row {
        setting: Setting::StatsPasswordFile,
        flag: Some("stats-password-file"),
        environment: Some("HAPROXY_STATS_PASSWORD_FILE"),
        key: "stats_password_file",
        accepted: "an absolute path, such as `/etc/haproxy-mcp/stats-password`",
    },
    Row {
        setting: Setting::StatsCaFile,
        flag: Some("stats-ca-file"),
        environment: Some("HAPROXY_STATS_CA_FILE"),
        key: "stats_ca_file",
        accepted: "an absolute path of a PEM file, such as `/etc/haproxy-mcp/ca.pem`",
    },
    Row {
        setting: Setting::StatsClientCert,
        flag: Some("stats-client-cert"),
        environment: Some("HAPROXY_STATS_CLIENT_CERT"),
        key: "stats_client_cert",
        accepted: "an absolute path of a PEM file, such as `/etc/haproxy-mcp/client.pem`",
    },
    Row {
        setting: Setting::StatsClientKey,
        flag: Some("stats-client-key"),
        environment: Some("HAPROXY_STATS_CLIENT_KEY"),
        key: "stats_client_key",
        accepted: "an absolute path of a PEM file, such as `/etc/haproxy-mcp/client.key`",
    },
    Row {
        setting: Setting::MetricsUrl,
        flag: Some("metrics-url"),
        environment: Some("HAPROXY_METRICS_URL"),
        key: "metrics_url",
        accepted: METRICS,
    },
    Row {
        setting: Setting::StatisticsFrom,
        flag: Some("statistics-from"),
        environment: Some("HAPROXY_STATISTICS_FROM"),
        key: "statistics_from",
        accepted: "`runtime` or `page`",
    },
    Row {
        setting: Setting::HaproxyConfig,
        flag: Some("haproxy-config"),
        environment: Some("HAPROXY_CONFIG_PATH"),
        key: "haproxy_config",
        accepted: "absolute paths of files or folders with commas between, such as `/etc/haproxy/haproxy.cfg` or \
                   `/etc/haproxy/haproxy.cfg,/etc/haproxy/conf.d`",
    },
    Row {
        setting: Setting::HaproxyLog,
        flag: Some("haproxy-log"),
        environment: Some("HAPROXY_LOG_PATH"),
        key: "haproxy_log",
        accepted: "absolute paths of files or folders with commas between, such as `/var/log/haproxy.log`",
    },
    Row {
        setting: Setting::Access,
        flag: Some("access"),
        environment: Some("HAPROXY_MCP_ACCESS"),
        key: "access",
        accepted: "one of `read`, `operate`, `admin`",
    },
    Row {
        setting: Setting::Toolsets,
        flag: Some("toolsets"),
        environment: Some("HAPROXY_MCP_TOOLSETS"),
        key: "toolsets",
        accepted: "names of toolsets with commas between, such as `default`, `all` or `default,stats`",
    },
    Row {
        setting: Setting::Tools,
        flag: Some("tools"),
        environment: Some("HAPROXY_MCP_TOOLS"),
        key: "tools",
        accepted: "names of tools with commas between, such as `show_info` or `show_info,show_stat`",
    },
    Row {
        setting: Setting::ExcludeTools,
        flag: Some("exclude-tools"),
        environment: Some("HAPROXY_MCP_EXCLUDE_TOOLS"),
        key: "exclude_tools",
        accepted: "names of tools with commas between, such as `show_info` or `show_info,show_stat`",
    },
    Row {
        setting: Setting::AuditFile,
        flag: Some("audit-file"),
        environment: Some("HAPROXY_MCP_AUDIT_FILE"),
        key: "audit_file",
        accepted: "an absolute path, such as `/var/log/haproxy-mcp/audit.jsonl`",
    },
    Row {
        setting: Setting::Transport,
        flag: Some("transport"),
        environment: Some("MCP_TRANSPORT"),
        key: "transport",
        accepted: "`stdio`",
    },
    Row {
        setting: Setting::LogLevel,
        flag: Some("log-level"),
        environment: Some("LOG_LEVEL"),
        key: "log_level",
        accepted: "one of `error`, `warn`, `info`, `debug`, `trace`",
    },
];

impl Setting {
    /// Every setting, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.setting)
    }

    /// The long flag without its dashes, if the setting has one.
    pub fn flag(self) -> Option<&'static str> {
        self.row().flag
    }

    /// The name of the environment variable, if the setting has one.
    pub fn environment(self) -> Option<&'static str> {
        self.row().environment
    }

    /// The key in the settings file, without the table it stands in.
    pub fn key(self) -> &'static str {
        self.row().key
    }

    /// The accepted values, for hints and documentation.
    pub fn accepted(self) -> &'static str {
        self.row().accepted
    }

    /// Whether the value must not be seen at all. A URL may hold credentials, too, but is shown without them.
    pub fn is_secret(self) -> bool {
        self == Self::StatsPassword
    }

    /// All the places where this can be set, for advice: ``flag `--port`, environment variable `HAPROXY_PORT` or ...``.
    pub fn everywhere(self) -> String {
        let mut places = Vec::new();
        if let Some(flag) = self.flag() {
            places.push(format!("`--{flag}`"));
        }
        if let Some(name) = self.environment() {
            places.push(format!("`{name}`"));
        }
        places.push(format!("`{}` in the settings file", self.key()));
        let last = places.pop().unwrap_or_default();
        if places.is_empty() {
            last
        } else {
            format!("{} or {last}", places.join(", "))
        }
    }

    fn row(self) -> &'static Row {
        // A discriminant is an index of the table: `the_table_is_in_the_order_of_the_settings` keeps it so.
        &TABLE[self as usize]
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::{Setting, TABLE};
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_in_the_order_of_the_settings() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(
                row.setting as usize, index,
                "{:?} is out of place",
                row.setting
            );
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let unique = |names: Vec<&str>| names.len() == names.iter().collect::<BTreeSet<_>>().len();
        assert!(
            unique(Setting::all().filter_map(Setting::flag).collect()),
            "a flag is given twice"
        );
        assert!(
            unique(Setting::all().filter_map(Setting::environment).collect()),
            "a variable is given twice"
        );
        assert!(
            unique(Setting::all().map(Setting::key).collect()),
            "a key is given twice"
        );
    }
}
