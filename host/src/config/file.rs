//! Settings on disk: where the settings file lies, whether it may be trusted, and its text turned into a [`Layer`]; and
//! the password file. It is the only place that reads settings from disk.
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
//!
//! Both must be regular files that belong to root or to the user who runs the server, and that nobody else may write. A
//! file with a password in it must not be readable by everybody, unless it lies in a folder that not everybody may enter.
//! It may be readable by its group: that is how systemd and container platforms hand out secrets.

use super::environment::{CONFIG_FILE, Environment};
use super::error::FileKind;
use super::{ConfigError, Layer, Origin, Setting, shown, value};
use crate::secret::Secret;
use crate::visible::visible;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// The system's settings file, read where neither a flag nor the environment names one and the user has none.
pub const SYSTEM_FILE: &str = "/etc/haproxy-mcp/config.toml";

/// The user's settings file, below the user's configuration folder.
const USER_FILE: &str = "haproxy-mcp/config.toml";

/// Largest settings file in bytes: whatever is larger was not written by a person.
const FILE_BYTES: u64 = 1024 * 1024;

/// Longest sentence of the parser that is repeated, in characters: it may quote the file.
const MESSAGE_CHARACTERS: usize = 300;

/// Permission bits that let others than the owner write: whoever can write the file can widen what is granted.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Permission bit that lets everybody read a file.
const READABLE_BY_ALL: u32 = 0o004;

/// Permission bit that lets everybody through a folder.
const ENTERED_BY_ALL: u32 = 0o001;

/// The permission bits of a mode, without the kind of file.
const PERMISSIONS: u32 = 0o7777;

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

/// What the first file that is there says: the one of the flag, else of the environment, else the user's, else the
/// system's. A file that was named must be there.
pub(super) fn layer(
    flag: Option<&Path>,
    environment: &Environment,
    system: &Path,
) -> Result<Layer, ConfigError> {
    let named = match (flag, environment.config_file()) {
        (Some(path), _) => Some((path.to_owned(), Origin::Flag("config"))),
        (None, Some(path)) => Some((path, Origin::Environment(CONFIG_FILE))),
        (None, None) => None,
    };
    if let Some((path, origin)) = named {
        if !path.is_absolute() {
            return Err(ConfigError::FileRelative { origin, path });
        }
        return match settings(&path)? {
            Some(layer) => Ok(layer),
            None => Err(ConfigError::FileMissing {
                kind: FileKind::Settings,
                origin,
                path,
            }),
        };
    }
    let user = environment
        .user_folder()
        .map(|folder| folder.join(USER_FILE));
    for path in user.iter().map(PathBuf::as_path).chain([system]) {
        if let Some(layer) = settings(path)? {
            return Ok(layer);
        }
    }
    Ok(Layer::new())
}

/// The text of a settings file that may be trusted; `None` where there is none.
fn settings(path: &Path) -> Result<Option<Layer>, ConfigError> {
    let Some(Content { bytes, mode }) = content(FileKind::Settings, path, FILE_BYTES)? else {
        return Ok(None);
    };
    let layer = parse(path, &text(FileKind::Settings, path, bytes)?)?;
    if layer
        .all()
        .any(|written| shown::holds_password(written.setting, &written.text))
    {
        unexposed(FileKind::Settings, path, mode)?;
    }
    Ok(Some(layer))
}

/// The password in the file at `path`, which `origin` names: its text without the line feed at its end.
pub(super) fn password(path: &Path, origin: &Origin) -> Result<Secret, ConfigError> {
    let kind = FileKind::Password;
    let Some(Content { bytes, mode }) = content(kind, path, value::PASSWORD_BYTES as u64)? else {
        return Err(ConfigError::FileMissing {
            kind,
            origin: origin.clone(),
            path: path.to_owned(),
        });
    };
    unexposed(kind, path, mode)?;
    let text = text(kind, path, bytes)?;
    let line = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(&text);
    value::password(line).ok_or_else(|| ConfigError::PasswordUnusable {
        path: path.to_owned(),
        what: if line.is_empty() {
            "is empty"
        } else {
            "holds more than one line, or a control character"
        },
    })
}

/// What was read of a file.
struct Content {
    bytes: Vec<u8>,
    /// The file's permission bits.
    mode: u32,
}

/// The content of a file that may be trusted; `None` where there is none.
fn content(kind: FileKind, path: &Path, limit: u64) -> Result<Option<Content>, ConfigError> {
    let unreadable = |source| ConfigError::FileUnreadable {
        kind,
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
        // Before it is opened: opening a pipe would wait for its writer.
        Ok(found) if !found.is_file() => {
            return Err(ConfigError::FileNotRegular {
                kind,
                path: path.to_owned(),
            });
        }
        Ok(_) => {}
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the owner of the settings on disk"
    )]
    let file = File::open(path).map_err(unreadable)?;
    // Of the open file, not of the path: the path may lead elsewhere by now.
    let found = file.metadata().map_err(unreadable)?;
    trusted(
        kind,
        path,
        found.uid(),
        found.mode(),
        rustix::process::geteuid().as_raw(),
    )?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(ConfigError::FileTooLarge {
            kind,
            path: path.to_owned(),
            limit,
        });
    }
    Ok(Some(Content {
        bytes,
        mode: found.mode(),
    }))
}

fn text(kind: FileKind, path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| ConfigError::FileNotText {
        kind,
        path: path.to_owned(),
        line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
    })
}

/// A password is kept from those whom nobody chose. A group is chosen (services and containers are given theirs); a
/// file that everybody may read is well where a folder above it lets nobody else in.
fn unexposed(kind: FileKind, path: &Path, mode: u32) -> Result<(), ConfigError> {
    if mode & READABLE_BY_ALL == 0 || is_shut_off(path) {
        return Ok(());
    }
    Err(ConfigError::PasswordExposed {
        kind,
        path: path.to_owned(),
        mode: mode & PERMISSIONS,
    })
}

/// Whether one of the folders that lead to the file, links followed, may be entered by its owner and group only.
fn is_shut_off(path: &Path) -> bool {
    let Ok(real) = fs::canonicalize(path) else {
        return false;
    };
    real.ancestors()
        .skip(1)
        .any(|folder| fs::metadata(folder).is_ok_and(|found| found.mode() & ENTERED_BY_ALL == 0))
}

/// A file decides what tools may do, or who we are, so only its user and root may have a say in it.
fn trusted(
    kind: FileKind,
    path: &Path,
    owner: u32,
    mode: u32,
    user: u32,
) -> Result<(), ConfigError> {
    if owner != 0 && owner != user {
        return Err(ConfigError::FileForeign {
            kind,
            path: path.to_owned(),
            owner,
        });
    }
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(ConfigError::FileWritable {
            kind,
            path: path.to_owned(),
            mode: mode & PERMISSIONS,
        });
    }
    Ok(())
}

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
fn line_of(text: &[u8], offset: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use super::{ConfigError, FileKind, trusted};
    use std::path::Path;

    #[test]
    fn only_root_and_the_user_may_have_a_say() {
        let judge = |owner, mode| trusted(FileKind::Settings, Path::new("/f"), owner, mode, 1000);
        for (owner, mode) in [
            (0, 0o100_644),
            (1000, 0o100_600),
            (1000, 0o100_644),
            (0, 0o100_444),
        ] {
            assert!(judge(owner, mode).is_ok(), "{owner} {mode:o}");
        }
        for mode in [0o100_664, 0o100_646, 0o100_622, 0o100_666, 0o100_777] {
            assert!(
                matches!(judge(1000, mode), Err(ConfigError::FileWritable { .. })),
                "{mode:o}"
            );
            assert!(
                matches!(judge(0, mode), Err(ConfigError::FileWritable { .. })),
                "{mode:o}"
            );
        }
        for owner in [1, 999, 1001, 65534] {
            assert!(
                matches!(
                    judge(owner, 0o100_600),
                    Err(ConfigError::FileForeign { .. })
                ),
                "{owner}"
            );
        }
    }
}
