//! What to do about each refusal.

use super::error::FileKind;
use super::{ConfigError, Origin, Setting};
use std::io;

impl ConfigError {
    /// What to do about it, as a sentence without a capital letter and final period.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::InvalidValue {
                setting,
                origin,
                shown,
            } => return of_value(*setting, origin, shown),
            Self::NotText { setting, .. } => return give(*setting),
            Self::SocketMissing { .. } => return name_with("socket", Setting::RuntimeSocket),
            Self::FileMissing { kind, .. } => return of_missing(*kind),
            Self::FileUnreadable { kind, source, .. } => return of_unreadable(*kind, source),
            Self::FileNotRegular { kind, .. } => {
                let (flag, variable) = places(*kind);
                return format!("name a regular file with `{flag}` or `{variable}`");
            }
            Self::UnknownKey { accepted, .. } => {
                let keys: Vec<String> = accepted.iter().map(|key| format!("`{key}`")).collect();
                return format!("keys known at this place: {}", keys.join(", "));
            }
            Self::PasswordExposed { kind, .. } => return of_exposed(*kind),
            Self::PageMissing { setting, .. } => {
                let page = name_with("page", Setting::StatsUrl);
                return format!("{page}; or leave `{setting}` out");
            }
            Self::CredentialsIncomplete { setting, .. } => return of_incomplete(*setting),
            Self::CredentialsDiffer { setting, .. } => {
                return format!("take them out of the URL, or leave `{setting}` out");
            }
            Self::CertificateMissing { .. } => {
                return format!(
                    "name the certificate with {}; the key may be left out where both are in one file",
                    Setting::StatsClientCert.everywhere()
                );
            }
            Self::TransportNotServed { .. } => "set it to `stdio`, or leave it out",
            Self::TwoDoors { .. } => {
                "keep the one that leads to the HAProxy you mean, and leave the other out"
            }
            Self::FamilyExcluded { .. } => {
                "`tcp4` takes IPv4 addresses, `tcp6` takes IPv6 addresses, `tcp` takes both"
            }
            Self::FileRelative { .. } => {
                "give an absolute path: the current folder may be one that somebody else filled, and its files must \
                 not decide what is granted"
            }
            Self::FileWritable { .. } => {
                "take the right to write from group and others: `chmod go-w` on this file"
            }
            Self::FileForeign { .. } => {
                "the file must belong to root or to the user who runs this server"
            }
            Self::FileTooLarge { .. } => "this is probably not the file that was meant",
            Self::FileNotText { .. } => "save the file as UTF-8",
            Self::FileSyntax { .. } => {
                "the file is TOML: `key = \"text\"`, `key = 10`, and a table as `[instance]`"
            }
            Self::PasswordUnusable { .. } => {
                "put the password alone into it, on one line; a line feed at its end is not part of it"
            }
            Self::TwoPasswords { .. } => "keep one of them, and leave the other out",
        };
        hint.to_owned()
    }
}

fn give(setting: Setting) -> String {
    format!("give {}", setting.accepted())
}

fn name_with(what: &str, setting: Setting) -> String {
    format!(
        "name the {what} with {}: {}",
        setting.everywhere(),
        setting.accepted()
    )
}

/// About a value that its setting does not take; `shown` is what is said of the value.
fn of_value(setting: Setting, origin: &Origin, shown: &str) -> String {
    let give = give(setting);
    match setting {
        Setting::Port
            if matches!(origin, Origin::Environment(_)) && shown.starts_with("`tcp://") =>
        {
            // https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
            format!(
                "Kubernetes sets this variable for a service named `haproxy`; set `enableServiceLinks: false` in the \
                 pod, or {give}"
            )
        }
        Setting::StatsUrl | Setting::MetricsUrl if shown.contains([';', '?', '#']) => format!(
            "end the address with its path, this server adds `;csv` and the like itself; {give}"
        ),
        Setting::StatsUrl | Setting::MetricsUrl if shown.contains("***") => format!(
            "write `@` in a user or a password as `%40`, `/` as `%2F`, `?` as `%3F`, `#` as `%23`, or give them apart \
             as `{}` and `{}`; {give}",
            Setting::StatsUser,
            Setting::StatsPassword
        ),
        _ => give,
    }
}

fn of_missing(kind: FileKind) -> String {
    match kind {
        FileKind::Settings => "create it, or leave the setting out to use the usual places",
        FileKind::Password => {
            "create it with the password alone in it, readable by the user who runs this server"
        }
    }
    .to_owned()
}

fn of_unreadable(kind: FileKind, source: &io::Error) -> String {
    let (flag, _) = places(kind);
    if source.kind() == io::ErrorKind::PermissionDenied {
        format!("let the user who runs this server read it, or name another file with `{flag}`")
    } else {
        format!("check the file, or name another one with `{flag}`")
    }
}

fn of_exposed(kind: FileKind) -> String {
    let elsewhere = match kind {
        FileKind::Settings => "keep the password in a file of its own, see `stats_password_file`",
        FileKind::Password => {
            "give a mount of secrets such a mode (`defaultMode: 0440` in Kubernetes, `mode: 0440` in Docker services)"
        }
    };
    format!("take the right to read from others: `chmod o-r` on this file; or {elsewhere}")
}

/// About one half of credentials.
fn of_incomplete(half: Setting) -> String {
    match half {
        Setting::StatsUser => format!(
            "give the password with {}, or in a file with {}",
            Setting::StatsPassword.everywhere(),
            Setting::StatsPasswordFile.everywhere()
        ),
        _ => format!("name the user with {}", Setting::StatsUser.everywhere()),
    }
}

/// The flag and the variable that name a file.
fn places(kind: FileKind) -> (&'static str, &'static str) {
    match kind {
        FileKind::Settings => ("--config", "HAPROXY_MCP_CONFIG"),
        FileKind::Password => ("--stats-password-file", "HAPROXY_STATS_PASSWORD_FILE"),
    }
}
