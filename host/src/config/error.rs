//! What can be wrong with settings. Every message names the setting, where it was written, and the value.

use super::shown::{shown, shown_of};
use super::{Origin, Setting, Written};
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Which of the files that are read at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The settings file.
    Settings,
    /// The file of `stats_password_file`.
    Password,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings => "settings file",
            Self::Password => "password file",
        })
    }
}

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
    /// A file was named and is not there.
    #[error("the {kind} does not exist, from {origin}: `{}`", path.display())]
    FileMissing {
        /// Which file.
        kind: FileKind,
        /// Where the path was written.
        origin: Origin,
        /// The path.
        path: PathBuf,
    },
    /// The file is there and cannot be read.
    #[error("cannot read the {kind} `{}`: {source}", path.display())]
    FileUnreadable {
        /// Which file.
        kind: FileKind,
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A folder, a device or a pipe where the file should be.
    #[error("the {kind} is not a regular file: `{}`", path.display())]
    FileNotRegular {
        /// Which file.
        kind: FileKind,
        /// The path.
        path: PathBuf,
    },
    /// Others than its owner may write the file, and so could widen what is granted, or say who we are.
    #[error("the {kind} may be written by others than its owner, mode {mode:04o}: `{}`", path.display())]
    FileWritable {
        /// Which file.
        kind: FileKind,
        /// The path.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// The file belongs to somebody who is neither root nor the user who runs the server.
    #[error("the {kind} belongs to another user, uid {owner}: `{}`", path.display())]
    FileForeign {
        /// Which file.
        kind: FileKind,
        /// The path.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
    },
    /// The file is larger than what belongs into it.
    #[error("the {kind} is larger than {limit} bytes: `{}`", path.display())]
    FileTooLarge {
        /// Which file.
        kind: FileKind,
        /// The path.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is not UTF-8.
    #[error("the {kind} is not UTF-8: `{}:{line}`", path.display())]
    FileNotText {
        /// Which file.
        kind: FileKind,
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
    /// A file with a password in it may be read by every user of the machine.
    #[error("the {kind} holds a password and may be read by every user, mode {mode:04o}: `{}`", path.display())]
    PasswordExposed {
        /// Which file.
        kind: FileKind,
        /// The path.
        path: PathBuf,
        /// The permission bits.
        mode: u32,
    },
    /// What the password file holds is no password.
    #[error("the password file {what}: `{}`", path.display())]
    PasswordUnusable {
        /// The path.
        path: PathBuf,
        /// What is wrong with the content, without any of it.
        what: &'static str,
    },
    /// A setting of pages, and there is no page.
    #[error("`{setting}`, from {origin}, is for a page, and no page is configured")]
    PageMissing {
        /// The setting.
        setting: Setting,
        /// Where it was written.
        origin: Origin,
    },
    /// A user without a password, or a password without a user.
    #[error("`{setting}`, from {origin}, is given without {}", if *setting == Setting::StatsUser { "a password" } else { "a user" })]
    CredentialsIncomplete {
        /// The half that is there.
        setting: Setting,
        /// Where it was written.
        origin: Origin,
    },
    /// One source gives a password and a file with one.
    #[error("two passwords are given, from {first_origin} and {second_origin}")]
    TwoPasswords {
        /// Where the password was written.
        first_origin: Origin,
        /// Where the file was named.
        second_origin: Origin,
    },
    /// A URL says that we are somebody else, or have another password, than the settings beside it say.
    #[error("`{url}`, from {url_origin}, has another {what} in it than `{setting}`, from {origin}")]
    CredentialsDiffer {
        /// The setting with the URL.
        url: Setting,
        /// Where the URL was written.
        url_origin: Origin,
        /// `user` or `password`.
        what: &'static str,
        /// The setting beside it.
        setting: Setting,
        /// Where that was written.
        origin: Origin,
    },
    /// A private key without its certificate.
    #[error("`stats_client_key`, from {origin}, is given without `stats_client_cert`")]
    CertificateMissing {
        /// Where the key was named.
        origin: Origin,
    },
}

impl ConfigError {
    pub(super) fn invalid(written: &Written) -> Self {
        Self::InvalidValue {
            setting: written.setting,
            origin: written.origin.clone(),
            shown: shown_of(written.setting, &written.text),
        }
    }

    pub(super) fn not_text(setting: Setting, origin: Origin, value: &OsStr) -> Self {
        Self::NotText {
            setting,
            origin,
            shown: shown_of(setting, &value.to_string_lossy()),
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
}
