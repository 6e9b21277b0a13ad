//! What lies at a path, who owns it, and what this process may do with it.

use std::fs::{FileType, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use serde::Serialize;

use super::system::Account;

/// Facts about a path.
#[derive(Debug, Serialize)]
pub(super) struct PathAccess {
    path: String,
    /// `socket`, `file`, `folder`, `device`, `pipe`; `absent` where there is nothing; `dangling-link` where there is a
    /// link to nothing; `hidden` where a folder does not let us see it.
    kind: &'static str,
    /// Where the path is a link: what it points to, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Account>,
    /// In octal digits: `0660`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// Whether this process may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<bool>,
    /// Whether this process may write it, which connecting to a socket needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<bool>,
    /// The first folder on the way that does not let this process pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Stop>,
    /// Who this process is.
    process: Own,
}

/// A folder that does not let a process pass.
#[derive(Debug, Serialize)]
struct Stop {
    path: String,
    /// `absent`, `not-a-folder`, `denied`.
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
}

/// The user and the groups of this process.
#[derive(Debug, Serialize)]
struct Own {
    user: Account,
    /// The first is the process's own, the others are those that it is in besides.
    groups: Vec<Account>,
}

impl PathAccess {
    /// Looks at a path, without opening what lies there.
    pub(super) fn of(path: &Path) -> Self {
        let nothing = |kind, stopped_at| Self {
            path: path.display().to_string(),
            kind,
            link_to: None,
            owner: None,
            group: None,
            mode: None,
            read: None,
            write: None,
            stopped_at,
            process: Own::of_process(),
        };
        if let Some(stop) = Stop::on_the_way_to(path) {
            let kind = if stop.why == "denied" {
                "hidden"
            } else {
                "absent"
            };
            return nothing(kind, Some(stop));
        }
        let Ok(itself) = std::fs::symlink_metadata(path) else {
            return nothing("absent", None);
        };
        let link_to = itself
            .is_symlink()
            .then(|| std::fs::read_link(path).ok())
            .flatten();
        let target = std::fs::metadata(path);
        // A link's own way may be shut, too.
        let stopped_at = match (&link_to, &target) {
            (Some(link), Err(_)) => Stop::on_the_way_to(&beside(path, link)),
            _ => None,
        };
        let link_to = link_to.map(|link| link.display().to_string());
        let Ok(target) = target else {
            return Self {
                link_to,
                ..nothing("dangling-link", stopped_at)
            };
        };
        Self {
            link_to,
            owner: Some(Account::user(target.uid())),
            group: Some(Account::group(target.gid())),
            mode: Some(mode(&target)),
            read: Some(may(path, Access::READ_OK)),
            write: Some(may(path, Access::WRITE_OK)),
            ..nothing(kind(target.file_type()), None)
        }
    }
}

impl Stop {
    /// The first folder above `path` that this process cannot pass.
    fn on_the_way_to(path: &Path) -> Option<Self> {
        let folders: Vec<&Path> = path.ancestors().skip(1).collect();
        folders.into_iter().rev().find_map(Self::at)
    }

    fn at(folder: &Path) -> Option<Self> {
        let stop = |why| Self {
            path: folder.display().to_string(),
            why,
            owner: None,
            group: None,
            mode: None,
        };
        let found = match std::fs::metadata(folder) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Some(stop("denied"));
            }
            Err(_) => return Some(stop("absent")),
        };
        let why = if !found.is_dir() {
            "not-a-folder"
        } else if may(folder, Access::EXEC_OK) {
            return None;
        } else {
            "denied"
        };
        Some(Self {
            owner: Some(Account::user(found.uid())),
            group: Some(Account::group(found.gid())),
            mode: Some(mode(&found)),
            ..stop(why)
        })
    }
}

impl Own {
    fn of_process() -> Self {
        let own = rustix::process::getegid().as_raw();
        let further = rustix::process::getgroups().unwrap_or_default();
        let further = further.into_iter().map(rustix::fs::Gid::as_raw);
        let mut groups: Vec<u32> = vec![own];
        groups.extend(further.filter(|group| *group != own));
        Self {
            user: Account::user(rustix::process::geteuid().as_raw()),
            groups: Account::groups(&groups),
        }
    }
}

/// Whether this process may, in the name of its effective user.
fn may(path: &Path, access: Access) -> bool {
    accessat(CWD, path, access, AtFlags::EACCESS).is_ok()
}

/// Where a link leads that lies at `path`.
fn beside(path: &Path, link: &Path) -> PathBuf {
    path.parent()
        .map_or_else(|| link.to_owned(), |folder| folder.join(link))
}

fn mode(found: &Metadata) -> String {
    format!("{:04o}", found.mode() & 0o7777)
}

fn kind(found: FileType) -> &'static str {
    if found.is_socket() {
        "socket"
    } else if found.is_file() {
        "file"
    } else if found.is_dir() {
        "folder"
    } else if found.is_fifo() {
        "pipe"
    } else {
        "device"
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    #![expect(
        clippy::disallowed_methods,
        reason = "a test makes what it looks at by itself"
    )]

    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use serde_json::Value;

    use super::*;

    fn facts(path: &Path) -> Value {
        serde_json::to_value(PathAccess::of(path)).unwrap()
    }

    #[test]
    fn what_lies_there_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let _listener = UnixListener::bind(at("socket")).unwrap();
        std::fs::write(at("file"), "").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        symlink("socket", at("link")).unwrap();
        symlink("nowhere/at/all", at("dangling")).unwrap();
        for (name, kind) in [
            ("socket", "socket"),
            ("file", "file"),
            ("folder", "folder"),
            ("link", "socket"),
            ("dangling", "dangling-link"),
            ("none", "absent"),
            ("none/none", "absent"),
            ("file/none", "absent"),
        ] {
            assert_eq!(facts(&at(name))["kind"], kind, "{name}");
        }
        assert_eq!(facts(&at("link"))["link_to"], "socket");
        assert_eq!(facts(&at("none"))["stopped_at"], Value::Null);
        assert_eq!(facts(&at("none/none"))["stopped_at"]["why"], "absent");
        assert_eq!(facts(&at("file/none"))["stopped_at"]["why"], "not-a-folder");
        let stopped = &facts(&at("dangling"))["stopped_at"];
        assert_eq!(stopped["path"], at("nowhere").to_str().unwrap());
    }

    #[test]
    fn who_owns_it_and_what_we_may_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        let facts = facts(&path);
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(facts["owner"]["id"], own);
        assert_eq!(facts["process"]["user"]["id"], own);
        assert_eq!(
            (&facts["read"], &facts["write"]),
            (&true.into(), &true.into())
        );
        let mode = u32::from_str_radix(facts["mode"].as_str().unwrap(), 8).unwrap();
        assert_eq!(mode & 0o700, 0o700);
    }
}
