//! Settings on disk: where the settings file lies and whether it may be trusted; and the password file. It is the only
//! place that reads settings from disk.
//!
//! Both must be regular files that belong to root or to the user who runs the server, and that nobody else may write. A
//! file with a password in it must not be readable by everybody, unless it lies in a folder that not everybody may enter.
//! It may be readable by its group: that is how systemd and container platforms hand out secrets.

use super::document::{self, line_of};
use super::environment::{CONFIG_FILE, Environment};
use super::error::FileKind;
use super::{ConfigError, Layer, Origin, shown, value};
use crate::secret::Secret;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The system's settings file, read where neither a flag nor the environment names one and the user has none.
pub const SYSTEM_FILE: &str = "/etc/haproxy-mcp/config.toml";

/// The user's settings file, below the user's configuration folder.
const USER_FILE: &str = "haproxy-mcp/config.toml";

/// Largest settings file in bytes: whatever is larger was not written by a person.
const FILE_BYTES: u64 = 1024 * 1024;

/// Permission bits that let others than the owner write: whoever can write the file can widen what is granted.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Permission bit that lets everybody read a file.
const READABLE_BY_ALL: u32 = 0o004;

/// Permission bit that lets everybody through a folder.
const ENTERED_BY_ALL: u32 = 0o001;

/// The permission bits of a mode, without the kind of file.
const PERMISSIONS: u32 = 0o7777;

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
    let layer = document::parse(path, &text(FileKind::Settings, path, bytes)?)?;
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
    if mode & READABLE_BY_ALL == 0 || folders(path).any(|folder| folder & ENTERED_BY_ALL == 0) {
        return Ok(());
    }
    Err(ConfigError::PasswordExposed {
        kind,
        path: path.to_owned(),
        mode: mode & PERMISSIONS,
    })
}

/// The modes of the folders that lead to a file, links followed.
fn folders(path: &Path) -> impl Iterator<Item = u32> {
    let real = fs::canonicalize(path).unwrap_or_default();
    let folders: Vec<PathBuf> = real.ancestors().skip(1).map(Path::to_owned).collect();
    folders
        .into_iter()
        .filter_map(|folder| Some(fs::metadata(folder).ok()?.mode()))
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
