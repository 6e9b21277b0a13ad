//! Every way in which there is nothing to read.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use crate::facts::seconds;
use crate::policy::Artefact;
use crate::visible::visible;

/// The most characters of a path or a name that are shown.
const MAX_SHOWN: usize = 300;

/// The most names of other files that a hint holds.
const MAX_NAMES: usize = 10;

/// Why there is no file, or no more of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// The operator granted no such files.
    #[error("no `{artefact}` files are granted")]
    NotConfigured {
        /// Which were asked for.
        artefact: Artefact,
    },
    /// None of the granted files has this name.
    #[error("no such file in `{artefact}`: `{name}`")]
    UnknownName {
        /// Where it was looked for.
        artefact: Artefact,
        /// What was asked for.
        name: String,
        /// Names that there are.
        known: Vec<String>,
    },
    /// There is nothing at the path.
    #[error("there is no file at `{path}`")]
    NotFound {
        /// Where it was looked for.
        path: String,
    },
    /// This process may not read it, or not enter a folder on the way to it.
    #[error("no permission to read `{path}`")]
    PermissionDenied {
        /// Which artefact it belongs to.
        artefact: Artefact,
        /// What was to be read.
        path: String,
        /// The effective user of this process.
        user: u32,
    },
    /// It is something else than a regular file.
    #[error("`{path}` is no regular file: {kind}")]
    NotAFile {
        /// What was to be read.
        path: String,
        /// What it is: `a folder`, `a socket`, `a pipe`, `a device`.
        kind: &'static str,
    },
    /// It is a link, or behind one, that leads out of the granted folder.
    #[error("`{path}` is a link that leads outside of what was granted")]
    LeadsOutside {
        /// What was to be read.
        path: String,
    },
    /// A configuration that is larger than any that HAProxy could be meant to read.
    #[error("`{path}` is larger than {limit} bytes: {size}")]
    TooLarge {
        /// What was to be read.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A folder holds more than one could mean to grant.
    #[error("`{path}` holds more than {limit} files")]
    TooManyFiles {
        /// The folder.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// It was cut off, or replaced by something shorter, after it had been opened.
    #[error("`{name}` was cut off while it was read, at byte {position}")]
    CutOff {
        /// Its name.
        name: String,
        /// How far it had been read.
        position: u64,
    },
    /// As much was read as the caller allowed, and nothing of it may be given on.
    #[error("nothing to give on within the {allowed} bytes that may still be read of `{name}`")]
    Exhausted {
        /// Its name.
        name: String,
        /// How many bytes were allowed.
        allowed: u64,
    },
    /// The disk, or the share of a network, did not answer in time.
    #[error("looking at `{path}` was not done within {}", seconds(.after))]
    OutOfTime {
        /// What was to be read or looked at.
        path: String,
        /// How long it took until then.
        after: Duration,
    },
    /// Something else that the system says.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// What was to be read.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl FileError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured { .. } => "not-configured",
            Self::UnknownName { .. } | Self::NotFound { .. } => "not-found",
            Self::PermissionDenied { .. } => "permission-denied",
            Self::NotAFile { .. } => "not-a-file",
            Self::LeadsOutside { .. } => "leads-outside",
            Self::TooLarge { .. } => "too-large",
            Self::TooManyFiles { .. } => "too-many-files",
            Self::CutOff { .. } => "interrupted",
            Self::Exhausted { .. } => "file-bytes",
            Self::OutOfTime { .. } => "total-timeout",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotConfigured { artefact } => {
                let (setting, example) = match artefact {
                    Artefact::Config => ("HAPROXY_CONFIG_PATH", "/etc/haproxy/haproxy.cfg"),
                    Artefact::Log => ("HAPROXY_LOG_PATH", "/var/log/haproxy.log"),
                };
                format!("the operator grants them with `{setting}`: `{setting}={example}`")
            }
            Self::UnknownName { known, .. } if known.is_empty() => {
                "there are no files in what was granted; of a folder of `config`, only names that end in `.cfg` count"
                    .to_owned()
            }
            Self::UnknownName { known, .. } => {
                let shown: Vec<String> = known
                    .iter()
                    .take(MAX_NAMES)
                    .map(|name| format!("`{name}`"))
                    .collect();
                let more = known.len().saturating_sub(MAX_NAMES);
                let more = match more {
                    0 => String::new(),
                    more => format!(", and {more} more"),
                };
                format!("use a name from the list: {}{more}", shown.join(", "))
            }
            Self::NotFound { path } => format!(
                "see `ls -l {path}` on the machine of this server; in a container the file's folder must be mounted"
            ),
            Self::PermissionDenied {
                artefact,
                path,
                user,
            } => {
                let group = match artefact {
                    Artefact::Config => {
                        "give the file to a group of that user (`chgrp GROUP` and `chmod g+r`)"
                    }
                    Artefact::Log => {
                        "let that user be in the file's group, on Debian most often `adm` (`usermod -aG adm USER`), and start this server anew"
                    }
                };
                format!(
                    "this server runs as user {user}, who may not read it: {group}, or `setfacl -m u:{user}:r {path}`; each folder of the path must let that user pass (`namei -l {path}`)"
                )
            }
            Self::NotAFile { .. } => {
                "grant a regular file, or the folder that has it".to_owned()
            }
            Self::LeadsOutside { path } => format!(
                "grant the file that it leads to (`readlink -f {path}`); links within a granted folder work where they are relative"
            ),
            Self::TooLarge { .. } => {
                "see whether this is HAProxy's configuration; no part of it is read".to_owned()
            }
            Self::TooManyFiles { .. } => "grant its files one by one, or a smaller folder".to_owned(),
            Self::CutOff { .. } => {
                "it may just have been rotated, or written anew: open it again".to_owned()
            }
            Self::Exhausted { .. } => {
                "its lines are longer than a log's: read its end, or see what writes it".to_owned()
            }
            Self::OutOfTime { .. } => {
                "see whether the disk answers, or the share of a network: `timeout 5 ls -l` with the file's path".to_owned()
            }
            Self::Unreadable { .. } => return None,
        })
    }

    /// Whether the file was cut off while it was read.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::CutOff { .. })
    }

    /// Whether the time was up.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::OutOfTime { .. })
    }

    /// Whether it was the caller's limit that ended it.
    pub fn is_exhaustion(&self) -> bool {
        matches!(self, Self::Exhausted { .. })
    }

    /// What the system said of a path.
    pub(super) fn of_system(artefact: Artefact, path: &Path, error: &io::Error) -> Self {
        let path = shown(path);
        match (error.kind(), error.raw_os_error()) {
            // Nothing, or a part of the path that should be a folder is none.
            (ErrorKind::NotFound | ErrorKind::NotADirectory, _) => Self::NotFound { path },
            // cap-std's own, for a path that leads outside: no error of the system.
            (ErrorKind::PermissionDenied, None) => Self::LeadsOutside { path },
            (ErrorKind::PermissionDenied, Some(_)) => Self::PermissionDenied {
                artefact,
                path,
                user: rustix::process::geteuid().as_raw(),
            },
            _ => Self::Unreadable {
                path,
                reason: error.to_string(),
            },
        }
    }

    /// A name that no file has.
    pub(super) fn unknown(artefact: Artefact, name: &str, known: Vec<String>) -> Self {
        Self::UnknownName {
            artefact,
            name: visible(name, MAX_SHOWN).into_owned(),
            known,
        }
    }
}

/// A path, safe to look at.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy(), MAX_SHOWN).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that runs as root is refused nothing, so that the mapping is tested by itself.
    #[test]
    fn what_the_system_says_is_told_apart() {
        let of = |error: &io::Error| {
            FileError::of_system(Artefact::Log, Path::new("/var/log/haproxy.log"), error)
        };
        for (errno, code) in [
            (2, "not-found"),
            (13, "permission-denied"),
            (1, "permission-denied"),
            (20, "not-found"),
            (40, "unreadable"),
            (5, "unreadable"),
        ] {
            let error = of(&io::Error::from_raw_os_error(errno));
            assert_eq!(error.code(), code, "errno {errno}: {error}");
        }
        let outside = io::Error::new(ErrorKind::PermissionDenied, "outside");
        assert_eq!(of(&outside).code(), "leads-outside");
        let denied = of(&io::Error::from_raw_os_error(13));
        assert!(denied.hint().is_some_and(|hint| {
            hint.contains("usermod -aG adm") && hint.contains("r /var/log/haproxy.log")
        }));
    }
}
