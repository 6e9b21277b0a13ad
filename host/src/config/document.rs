//! The settings file's text turned into a [`Layer`].
//!
//! ```toml
//! access = "read"
//! toolsets = ["default"]
//! exclude_tools = "show_errors"
//! audit_file = "/var/log/haproxy-mcp/audit.jsonl"
//! transport = "stdio"
//! log_level = "info"
//!
//! [instance]
//! name = "haproxy"
//! runtime_socket = "/var/run/haproxy/admin.sock"
//! runtime_timeout = 10
//! stats_url = "https://lb1.example:8404/stats"
//! stats_user = "monitor"
//! stats_password_file = "/etc/haproxy-mcp/stats-password"
//! haproxy_config = ["/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d"]
//! ```

use super::{ConfigError, Layer, Origin, Setting, shown};
use crate::visible::visible;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;

/// Longest sentence of the parser that is repeated, in characters: it may quote the file.
const MESSAGE_CHARACTERS: usize = 300;

/// The file's own shape. It has the tables and keys of one instance; a list of instances will be `[[instances]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    access: Option<Spanned<String>>,
    toolsets: Option<Spanned<List>>,
    tools: Option<Spanned<List>>,
    exclude_tools: Option<Spanned<List>>,
    audit_file: Option<Spanned<String>>,
    transport: Option<Spanned<String>>,
    log_level: Option<Spanned<String>>,
    instance: Option<Table>,
}

/// Keys of `[instance]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instance {
    name: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    port: Option<Spanned<Whole>>,
    runtime_mode: Option<Spanned<String>>,
    runtime_socket: Option<Spanned<String>>,
    runtime_url: Option<Spanned<String>>,
    runtime_timeout: Option<Spanned<Whole>>,
    master_socket: Option<Spanned<String>>,
    stats_enabled: Option<Spanned<Switch>>,
    stats_url: Option<Spanned<String>>,
    stats_timeout: Option<Spanned<Whole>>,
    stats_user: Option<Spanned<String>>,
    stats_password: Option<Spanned<String>>,
    stats_password_file: Option<Spanned<String>>,
    stats_ca_file: Option<Spanned<String>>,
    stats_client_cert: Option<Spanned<String>>,
    stats_client_key: Option<Spanned<String>>,
    metrics_url: Option<Spanned<String>>,
    statistics_from: Option<Spanned<String>>,
    haproxy_config: Option<Spanned<List>>,
    haproxy_log: Option<Spanned<List>>,
}

/// `[instance]` as a table and nothing else: serde would also fill a struct from an array, by position.
struct Table(Instance);

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TableVisitor;

        impl<'de> Visitor<'de> for TableVisitor {
            type Value = Table;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one table `[instance]`")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table, A::Error> {
                Instance::deserialize(MapAccessDeserializer::new(map)).map(Table)
            }
        }

        deserializer.deserialize_map(TableVisitor)
    }
}

/// A whole number as text, written with or without quotation marks. Whether it is in range is judged with all other
/// values, so that the refusal is the same everywhere.
struct Whole(String);

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor;

        impl Visitor<'_> for WholeVisitor {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number.to_string()))
            }

            fn visit_i128<E>(self, number: i128) -> Result<Whole, E> {
                Ok(Whole(number.to_string()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Whole, E> {
                Ok(Whole(text.to_owned()))
            }
        }

        deserializer.deserialize_any(WholeVisitor)
    }
}

/// A switch as text: a boolean, or one of its words in quotation marks. Whether it is one of them is judged with all
/// other values.
struct Switch(String);

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchVisitor;

        impl Visitor<'_> for SwitchVisitor {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true` or `false`")
            }

            fn visit_bool<E>(self, switch: bool) -> Result<Switch, E> {
                Ok(Switch(switch.to_string()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Switch, E> {
                Ok(Switch(text.to_owned()))
            }
        }

        deserializer.deserialize_any(SwitchVisitor)
    }
}

/// Names as text with commas between, written like that or as an array. Whether they are names is judged with all other
/// values.
struct List(String);

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = List;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of names, or names with commas between")
            }

            fn visit_str<E>(self, text: &str) -> Result<List, E> {
                Ok(List(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(List(names.join(",")))
            }
        }

        deserializer.deserialize_any(ListVisitor)
    }
}

/// Keys outside of any table, for the hint about an unknown one.
const DOCUMENT_KEYS: [&str; 8] = [
    "access",
    "toolsets",
    "tools",
    "exclude_tools",
    "audit_file",
    "transport",
    "log_level",
    "instance",
];

/// Keys of `[instance]`, for the hint about an unknown one.
const INSTANCE_KEYS: [&str; 21] = [
    "name",
    "host",
    "port",
    "runtime_mode",
    "runtime_socket",
    "runtime_url",
    "runtime_timeout",
    "master_socket",
    "stats_enabled",
    "stats_url",
    "stats_timeout",
    "stats_user",
    "stats_password",
    "stats_password_file",
    "stats_ca_file",
    "stats_client_cert",
    "stats_client_key",
    "metrics_url",
    "statistics_from",
    "haproxy_config",
    "haproxy_log",
];

/// The text of a settings file as a layer.
pub(super) fn parse(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let document: Document = toml::from_str(text).map_err(|error| refusal(path, text, &error))?;
    let shared = Arc::new(path.to_owned());
    let mut layer = Layer::new();
    let mut note = |setting, value: Option<(Range<usize>, String)>| {
        if let Some((span, value)) = value {
            layer.set(
                setting,
                value,
                Origin::File {
                    path: Arc::clone(&shared),
                    line: line_of(text.as_bytes(), span.start),
                },
            );
        }
    };
    let instance = document
        .instance
        .map(|Table(instance)| instance)
        .unwrap_or_default();
    note(Setting::Access, written(document.access));
    note(Setting::Toolsets, written(document.toolsets));
    note(Setting::Tools, written(document.tools));
    note(Setting::ExcludeTools, written(document.exclude_tools));
    note(Setting::AuditFile, written(document.audit_file));
    note(Setting::Transport, written(document.transport));
    note(Setting::LogLevel, written(document.log_level));
    note(Setting::Name, written(instance.name));
    note(Setting::Host, written(instance.host));
    note(Setting::Port, written(instance.port));
    note(Setting::RuntimeMode, written(instance.runtime_mode));
    note(Setting::RuntimeSocket, written(instance.runtime_socket));
    note(Setting::RuntimeUrl, written(instance.runtime_url));
    note(Setting::RuntimeTimeout, written(instance.runtime_timeout));
    note(Setting::MasterSocket, written(instance.master_socket));
    note(Setting::StatsEnabled, written(instance.stats_enabled));
    note(Setting::StatsUrl, written(instance.stats_url));
    note(Setting::StatsTimeout, written(instance.stats_timeout));
    note(Setting::StatsUser, written(instance.stats_user));
    note(Setting::StatsPassword, written(instance.stats_password));
    let password_file = written(instance.stats_password_file);
    note(Setting::StatsPasswordFile, password_file);
    note(Setting::StatsCaFile, written(instance.stats_ca_file));
    note(
        Setting::StatsClientCert,
        written(instance.stats_client_cert),
    );
    note(Setting::StatsClientKey, written(instance.stats_client_key));
    note(Setting::MetricsUrl, written(instance.metrics_url));
    note(Setting::StatisticsFrom, written(instance.statistics_from));
    note(Setting::HaproxyConfig, written(instance.haproxy_config));
    note(Setting::HaproxyLog, written(instance.haproxy_log));
    Ok(layer)
}

fn written<T: ToString>(value: Option<Spanned<T>>) -> Option<(Range<usize>, String)> {
    value.map(|value| (value.span(), value.into_inner().to_string()))
}

/// The line of the byte at `offset`, counted from 1.
pub(super) fn line_of(text: &[u8], offset: usize) -> usize {
    text.iter()
        .take(offset)
        .fold(1, |line, byte| line + usize::from(*byte == b'\n'))
}

fn refusal(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let path = path.to_owned();
    let span = error.span().unwrap_or_default();
    let line = line_of(text.as_bytes(), span.start);
    // serde has no kind for this, only the sentence; `unknown_keys_are_named_with_their_line` holds it to that.
    if let Some(rest) = error.message().strip_prefix("unknown field `") {
        let key = rest.split('`').next().unwrap_or_default();
        let known_in_instance = rest.contains("`runtime_mode`");
        let accepted = if known_in_instance {
            INSTANCE_KEYS.to_vec()
        } else {
            DOCUMENT_KEYS.to_vec()
        };
        return ConfigError::UnknownKey {
            key: shown::shown(key),
            path,
            line,
            accepted,
        };
    }
    let sentence = without_value(error.message())
        .lines()
        .collect::<Vec<_>>()
        .join(", ");
    let message = visible(&sentence, MESSAGE_CHARACTERS).into_owned();
    ConfigError::FileSyntax {
        path,
        line,
        message,
    }
}

/// What serde says of a value of the wrong type, without the value: a password may be written where none belongs.
fn without_value(message: &str) -> String {
    let quotation = ["string \"", "integer `", "floating point `", "character `"];
    let quoted = quotation
        .iter()
        .filter_map(|begin| Some(message.find(begin)? + begin.len()))
        .min();
    match (quoted, message.rfind(", expected ")) {
        (Some(begin), Some(end)) if begin <= end => {
            let (kind, expected) = (message.get(..begin), message.get(end..));
            let kind = kind.unwrap_or_default().trim_end_matches(['"', '`', ' ']);
            format!("{kind}{}", expected.unwrap_or_default())
        }
        _ => message.to_owned(),
    }
}
