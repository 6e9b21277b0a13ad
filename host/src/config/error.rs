//! What can be wrong with settings. Every message names the setting, where it was written, and the value.

use super::{Origin, Setting, Written};
use crate::visible::visible;
use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

/// Longest value that a message repeats, in characters: a certificate pasted into the wrong variable fills no screen.
const SHOWN_CHARACTERS: usize = 100;

/// Why the server does not start with these settings. [`ConfigError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that its setting does not take.
    #[error("invalid `{setting}`, from {origin}: {shown}")]
    InvalidValue {
        /// The setting.
        setting: Setting,
        /// Where the value was written.
        origin: Origin,
        /// The value in backticks, made safe to print.
        shown: String,
    },
    /// A value that is not UTF-8.
    #[error("`{setting}` is not UTF-8, from {origin}: {shown}")]
    NotText {
        /// The setting.
        setting: Setting,
        /// Where the value was written.
        origin: Origin,
        /// The value in backticks, with what is not text replaced.
        shown: String,
    },
    /// A way of serving that exists, but not in this build.
    #[error("this build serves stdio only, but {origin} asks for: {shown}")]
    TransportNotServed {
        /// Where the value was written.
        origin: Origin,
        /// The value in backticks.
        shown: String,
    },
    /// A Unix socket is asked for, and none is named.
    #[error("no socket is named for `runtime_mode`, from {origin}: `unix`")]
    SocketMissing {
        /// Where the mode was written.
        origin: Origin,
    },
    /// Two settings of one source lead to different doors.
    #[error(
        "two doors are given, from {first_origin} and {second_origin}: {first_shown}, {second_shown}"
    )]
    TwoDoors {
        /// Where the first was written.
        first_origin: Origin,
        /// The first door in backticks.
        first_shown: String,
        /// Where the second was written.
        second_origin: Origin,
        /// The second door in backticks.
        second_shown: String,
    },
    /// An IPv4 address under `tcp6`, or the other way round.
    #[error(
        "{host_origin} gives an address that `runtime_mode`, from {mode_origin}, excludes: {shown}"
    )]
    FamilyExcluded {
        /// Where the address was written.
        host_origin: Origin,
        /// Where the mode was written.
        mode_origin: Origin,
        /// The address in backticks.
        shown: String,
    },
    /// The settings file is named by a path that depends on the current folder.
    #[error("the settings file's path is relative, from {origin}: `{}`", path.display())]
    FileRelative {
        /// Where the path was written.
        origin: Origin,
        /// The path.
        path: PathBuf,
    },
    /// A settings file was named and is not there.
    #[error("the settings file does not exist, from {origin}: `{}`", path.display())]
    FileMissing {
        /// Where the path was written.
        origin: Origin,
        /// The path.
        path: PathBuf,
    },
    /// The settings file is there and cannot be read.
    #[error("cannot read the settings file `{}`: {source}", path.display())]
    FileUnreadable {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A folder, a device or a pipe where the settings file should be.
    #[error("the settings file is not a regular file: `{}`", path.display())]
    FileNotRegular {
        /// The path.
        path: PathBuf,
    },
    /// Others than its owner may write the settings file, and so could widen what is granted.
    #[error("the settings file may be written by others than its owner, mode {mode:04o}: `{}`", path.display())]
    FileWritable {
        /// The path.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// The settings file belongs to somebody who is neither root nor the user who runs the server.
    #[error("the settings file belongs to another user, uid {owner}: `{}`", path.display())]
    FileForeign {
        /// The path.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
    },
    /// The settings file is larger than any settings.
    #[error("the settings file is larger than {limit} bytes: `{}`", path.display())]
    FileTooLarge {
        /// The path.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The settings file is not UTF-8.
    #[error("the settings file is not UTF-8: `{}:{line}`", path.display())]
    FileNotText {
        /// The path.
        path: PathBuf,
        /// The line of the first byte that is not text.
        line: usize,
    },
    /// A key that is not a setting: more likely a typing error than something to ignore.
    #[error("unknown key {key} in the settings file: `{}:{line}`", path.display())]
    UnknownKey {
        /// The key in backticks.
        key: String,
        /// The path.
        path: PathBuf,
        /// The line of the key.
        line: usize,
        /// The keys that stand at this place.
        accepted: Vec<&'static str>,
    },
    /// The settings file is not TOML, or a value has another type than its setting.
    #[error("cannot understand the settings file at `{}:{line}`: {message}", path.display())]
    FileSyntax {
        /// The path.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What the parser said, on one line.
        message: String,
    },
}

impl ConfigError {
    pub(super) fn invalid(setting: Setting, written: &Written) -> Self {
        Self::InvalidValue {
            setting,
            origin: written.origin.clone(),
            shown: shown(&written.text),
        }
    }

    pub(super) fn not_text(setting: Setting, origin: Origin, value: &OsStr) -> Self {
        Self::NotText {
            setting,
            origin,
            shown: shown(&value.to_string_lossy()),
        }
    }

    pub(super) fn two_doors(first: &Written, second: &Written) -> Self {
        Self::TwoDoors {
            first_origin: first.origin.clone(),
            first_shown: shown(&first.text),
            second_origin: second.origin.clone(),
            second_shown: shown(&second.text),
        }
    }

    /// What to do about it, as a sentence without a capital letter and final period.
    pub fn hint(&self) -> String {
        match self {
            Self::InvalidValue {
                setting: Setting::Port,
                origin: Origin::Environment(_),
                shown,
            } if shown.starts_with("`tcp://") => {
                // https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
                format!(
                    "Kubernetes sets this variable for a service named `haproxy`; set `enableServiceLinks: false` in \
                     the pod, or give {}",
                    Setting::Port.accepted()
                )
            }
            Self::InvalidValue { setting, .. } | Self::NotText { setting, .. } => {
                format!("give {}", setting.accepted())
            }
            Self::TransportNotServed { .. } => "set it to `stdio`, or leave it out".to_owned(),
            Self::SocketMissing { .. } => {
                let socket = Setting::RuntimeSocket;
                format!(
                    "name the socket with {}: {}",
                    socket.everywhere(),
                    socket.accepted()
                )
            }
            Self::TwoDoors { .. } => {
                "keep the one that leads to the HAProxy you mean, and leave the other out"
                    .to_owned()
            }
            Self::FamilyExcluded { .. } => {
                "`tcp4` takes IPv4 addresses, `tcp6` takes IPv6 addresses, `tcp` takes both"
                    .to_owned()
            }
            Self::FileRelative { .. } => {
                "give an absolute path: the current folder may be one that somebody else \
                                          filled, and its files must not decide what is granted"
                    .to_owned()
            }
            Self::FileMissing { .. } => {
                "create it, or leave the setting out to use the usual places".to_owned()
            }
            Self::FileUnreadable { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                "let the user who runs this server read it, or name another file with `--config`"
                    .to_owned()
            }
            Self::FileUnreadable { .. } => {
                "check the file, or name another one with `--config`".to_owned()
            }
            Self::FileNotRegular { .. } => {
                "name a regular file with `--config` or `HAPROXY_MCP_CONFIG`".to_owned()
            }
            Self::FileWritable { .. } => {
                "take the right to write from group and others: `chmod go-w` on this file"
                    .to_owned()
            }
            Self::FileForeign { .. } => {
                "the file must belong to root or to the user who runs this server".to_owned()
            }
            Self::FileTooLarge { .. } => "this is probably not the file that was meant".to_owned(),
            Self::FileNotText { .. } => "save the file as UTF-8".to_owned(),
            Self::UnknownKey { accepted, .. } => {
                let keys: Vec<String> = accepted.iter().map(|key| format!("`{key}`")).collect();
                format!("keys known at this place: {}", keys.join(", "))
            }
            Self::FileSyntax { .. } => {
                "the file is TOML: `key = \"text\"`, `key = 10`, and a table as `[instance]`"
                    .to_owned()
            }
        }
    }
}

/// A value in backticks that may be printed: one line, limited in length, and without the credentials that somebody may
/// have put before the `@` of a URL.
pub(super) fn shown(value: &str) -> String {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), value),
    };
    let printable = match rest.rsplit_once('@') {
        Some((before, after)) if !scheme.is_empty() || before.contains(':') => {
            format!("{scheme}***@{after}")
        }
        _ => value.to_owned(),
    };
    // A backtick would end the quotation.
    format!(
        "`{}`",
        visible(&printable, SHOWN_CHARACTERS).replace('`', "\\u{60}")
    )
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn credentials_are_not_shown() {
        for value in [
            "tcp://admin:s3cret@lb:9999",
            "tcp://s3cret@lb",
            "admin:s3cret@lb:9999",
            "tcp://a:s3cret/@@lb",
        ] {
            let text = shown(value);
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.contains("lb"), "{text}");
        }
    }

    #[test]
    fn a_value_stays_on_one_short_line() {
        assert_eq!(shown("a\nb\u{1b}[31m\0"), r"`a\u{a}b\u{1b}[31m\u{0}`");
        let long = shown(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), 100 + "``…".chars().count());
    }

    #[test]
    fn a_path_is_shown_whole() {
        assert_eq!(shown("unix@/run/haproxy.sock"), "`unix@/run/haproxy.sock`");
        assert_eq!(shown("it's \"here\""), "`it's \"here\"`");
    }
}
