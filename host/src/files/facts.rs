//! What is to be said of the granted files, for whoever finds out why one of them cannot be read.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::fs::{Metadata, MetadataExt};
use serde::Serialize;

use super::error::{FileError, shown};
use super::listing::{self, Listed};
use super::opening::{folder_of, granted_folder, kind, open_listed, within};
use crate::facts::Trouble;
use crate::policy::Artefact;

/// Files of a folder that are tried.
const MOST_TRIED: usize = 200;

/// Files that cannot be read, of which each is named.
const MOST_NAMED: usize = 20;

/// Facts about a granted path. What could not be found out is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PathFacts {
    /// As it was granted, safe to look at.
    pub path: String,
    /// The same, to look for.
    #[serde(skip)]
    pub granted: PathBuf,
    /// Whether there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// `file`, `folder`, `link` (one that leads outside), `socket`, `pipe`, `device`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The number of the user who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<u32>,
    /// The number of its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// In octal digits: `0640`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Whether this process may read it: it was opened; of a folder, its list.
    pub readable: bool,
    /// Bytes of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Seconds since it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_seconds_ago: Option<u64>,
    /// How many files a folder has that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// What is wrong with files of a folder; the first 20 of the first 200 files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

impl From<&FileError> for Trouble {
    fn from(error: &FileError) -> Self {
        Self::new(error.code(), error, error.hint())
    }
}

impl PathFacts {
    /// What there is to say of these.
    pub(super) fn of_all(artefact: Artefact, granted: &[PathBuf]) -> Vec<Self> {
        let path = |path: &PathBuf| Self::of(artefact, path);
        granted.iter().map(path).collect()
    }

    /// Of a path of which nothing was to be seen for so long.
    pub(super) fn unseen(path: &Path, after: Duration) -> Self {
        let facts = Self::named(path);
        let error = FileError::OutOfTime {
            path: facts.path.clone(),
            after,
        };
        Self {
            trouble: Some(Trouble::from(&error)),
            ..facts
        }
    }

    fn named(path: &Path) -> Self {
        Self {
            path: shown(path),
            granted: path.to_owned(),
            ..Self::default()
        }
    }

    fn of(artefact: Artefact, path: &Path) -> Self {
        let facts = Self::named(path);
        match granted_folder(path) {
            Ok(folder) => {
                let found = folder.dir_metadata().ok();
                facts
                    .with(found.as_ref())
                    .with_list(artefact, listing::in_folder(artefact, path, folder))
            }
            Err(_) => facts.of_file(artefact, path),
        }
    }

    /// What the system says of it.
    fn with(self, found: Option<&Metadata>) -> Self {
        let Some(found) = found else {
            return self;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let changed = u64::try_from(found.mtime()).unwrap_or(0);
        Self {
            exists: Some(true),
            kind: kind(found).strip_prefix("a "),
            owner: Some(found.uid()),
            group: Some(found.gid()),
            mode: Some(format!("{:04o}", found.mode() & 0o7777)),
            size: found.is_file().then(|| found.len()),
            changed_seconds_ago: Some(now.saturating_sub(changed)),
            ..self
        }
    }

    fn with_list(self, artefact: Artefact, list: Result<Vec<Listed>, FileError>) -> Self {
        let list = match list {
            Ok(list) => list,
            Err(error) => {
                return Self {
                    trouble: Some(Trouble::from(&error)),
                    ..self
                };
            }
        };
        let troubles = list
            .iter()
            .take(MOST_TRIED)
            .filter_map(|listed| open_listed(artefact, listed).err())
            .take(MOST_NAMED);
        Self {
            readable: true,
            files: Some(list.len()),
            troubles: troubles.map(|error| Trouble::from(&error)).collect(),
            ..self
        }
    }

    fn of_file(self, artefact: Artefact, path: &Path) -> Self {
        let folder = folder_of(artefact, path);
        let seen = folder.as_ref().ok().and_then(|(folder, name)| {
            let found = folder.metadata(name);
            found.or_else(|_| folder.symlink_metadata(name)).ok()
        });
        let opened = folder.and_then(|(folder, name)| within(artefact, path, &folder, name));
        let facts = self.with(seen.as_ref());
        match opened {
            Ok(_) => Self {
                readable: true,
                ..facts
            },
            Err(error) => Self {
                exists: match &error {
                    FileError::NotFound { .. } => Some(facts.exists.unwrap_or(false)),
                    _ => facts.exists,
                },
                trouble: Some(Trouble::from(&error)),
                ..facts
            },
        }
    }
}
