//! The settings file: where it lies, whether it may be trusted, and its text turned into a [`Layer`].
//! It is the only place that reads settings from disk.
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
//! ```

use super::environment::{CONFIG_FILE, Environment};
use super::{ConfigError, Layer, Origin, Setting, error};
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
const DOCUMENT_KEYS: [&str; 7] = [
    "access",
    "toolsets",
    "tools",
    "exclude_tools",
    "transport",
    "log_level",
    "instance",
];

/// Keys of `[instance]`, for the hint about an unknown one.
const INSTANCE_KEYS: [&str; 8] = [
    "name",
    "host",
    "port",
    "runtime_mode",
    "runtime_socket",
    "runtime_url",
    "runtime_timeout",
    "master_socket",
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
        return match text(&path)? {
            Some(text) => parse(&path, &text),
            None => Err(ConfigError::FileMissing { origin, path }),
        };
    }
    let user = environment
        .user_folder()
        .map(|folder| folder.join(USER_FILE));
    for path in user.iter().map(PathBuf::as_path).chain([system]) {
        if let Some(text) = text(path)? {
            return parse(path, &text);
        }
    }
    Ok(Layer::new())
}

/// The text of a file that may be trusted; `None` where there is none.
fn text(path: &Path) -> Result<Option<String>, ConfigError> {
    let unreadable = |source| ConfigError::FileUnreadable {
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
                path: path.to_owned(),
            });
        }
        Ok(_) => {}
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the owner of the settings file"
    )]
    let file = File::open(path).map_err(unreadable)?;
    // Of the open file, not of the path: the path may lead elsewhere by now.
    let found = file.metadata().map_err(unreadable)?;
    trusted(
        path,
        found.uid(),
        found.mode(),
        rustix::process::geteuid().as_raw(),
    )?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(ConfigError::FileTooLarge {
            path: path.to_owned(),
            limit: FILE_BYTES,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let line = line_of(error.as_bytes(), error.utf8_error().valid_up_to());
            Err(ConfigError::FileNotText {
                path: path.to_owned(),
                line,
            })
        }
    }
}

/// A file decides what tools may do, so only its user and root may have a say in it.
fn trusted(path: &Path, owner: u32, mode: u32, user: u32) -> Result<(), ConfigError> {
    if owner != 0 && owner != user {
        return Err(ConfigError::FileForeign {
            path: path.to_owned(),
            owner,
        });
    }
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(ConfigError::FileWritable {
            path: path.to_owned(),
            mode: mode & 0o7777,
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
            key: error::shown(key),
            path,
            line,
            accepted,
        };
    }
    let sentence = error.message().lines().collect::<Vec<_>>().join(", ");
    let message = visible(&sentence, MESSAGE_CHARACTERS).into_owned();
    ConfigError::FileSyntax {
        path,
        line,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, trusted};
    use std::path::Path;

    #[test]
    fn only_root_and_the_user_may_have_a_say() {
        let judge = |owner, mode| trusted(Path::new("/f"), owner, mode, 1000);
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
