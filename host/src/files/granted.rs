//! What was granted, by the names that modules use.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::error::FileError;
use super::facts::PathFacts;
use super::listing::Listing;
use super::opening;
use super::reading::OpenFile;
use crate::policy::{Artefact, FilePermit};

/// The files and folders that the operator granted. Having it opens nothing.
#[derive(Debug)]
pub struct Granted {
    config: Arc<[PathBuf]>,
    log: Arc<[PathBuf]>,
}

impl Granted {
    /// These files and folders, each list in the order in which HAProxy gets them (`-f`).
    pub fn new(config: Vec<PathBuf>, log: Vec<PathBuf>) -> Self {
        Self {
            config: config.into(),
            log: log.into(),
        }
    }

    /// Whether there is anything of this artefact.
    pub fn has(&self, artefact: Artefact) -> bool {
        !self.of(artefact).is_empty()
    }

    /// The names of its files, in the order in which HAProxy reads those of `config`.
    ///
    /// # Errors
    /// [`FileError::NotConfigured`], and what keeps a granted folder from being read.
    pub async fn names(&self, permit: &FilePermit) -> Result<Vec<String>, FileError> {
        let artefact = permit.artefact();
        let listing = self.on(artefact, move |granted| Listing::of(artefact, granted));
        let listing = listing.await?;
        match listing.incomplete {
            Some(error) => Err(error),
            None => Ok(listing.files.into_iter().map(|file| file.name).collect()),
        }
    }

    /// Opens one of its files, at its beginning.
    ///
    /// # Errors
    /// As [`Self::names`], and what keeps the file from being read.
    pub async fn open(&self, permit: &FilePermit, name: &str) -> Result<OpenFile, FileError> {
        self.open_from(permit, name, None).await
    }

    /// Opens one of its files so that reading begins at the first line that starts in its last `bytes` bytes.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_tail(
        &self,
        permit: &FilePermit,
        name: &str,
        bytes: u64,
    ) -> Result<OpenFile, FileError> {
        self.open_from(permit, name, Some(bytes)).await
    }

    /// What there is to say of its files, also of those that cannot be read. No content is in it.
    pub async fn look(&self, artefact: Artefact) -> Vec<PathFacts> {
        let facts = self.on(artefact, move |granted| {
            PathFacts::of_all(artefact, granted)
        });
        facts.await.unwrap_or_default()
    }

    /// The same, where the disk did not answer `after` so long.
    pub(crate) fn unseen(&self, artefact: Artefact, after: Duration) -> Vec<PathFacts> {
        let unseen = |path: &PathBuf| PathFacts::unseen(path, after);
        self.of(artefact).iter().map(unseen).collect()
    }

    async fn open_from(
        &self,
        permit: &FilePermit,
        name: &str,
        last: Option<u64>,
    ) -> Result<OpenFile, FileError> {
        let (artefact, name) = (permit.artefact(), name.to_owned());
        self.on(artefact, move |granted| {
            opening::open(artefact, granted, &name, last)
        })
        .await?
    }

    fn of(&self, artefact: Artefact) -> &Arc<[PathBuf]> {
        match artefact {
            Artefact::Config => &self.config,
            Artefact::Log => &self.log,
        }
    }

    /// Does something with the granted paths.
    async fn on<T: Send + 'static>(
        &self,
        artefact: Artefact,
        work: impl FnOnce(&[PathBuf]) -> T + Send + 'static,
    ) -> Result<T, FileError> {
        let granted = Arc::clone(self.of(artefact));
        if granted.is_empty() {
            return Err(FileError::NotConfigured { artefact });
        }
        blocking(move || work(&granted))
            .await
            .ok_or_else(|| FileError::Unreadable {
                path: artefact.as_str().to_owned(),
                reason: "looking for files was given up".to_owned(),
            })
    }
}

/// Waits for work that may wait for a disk. `None` where it was given up, because the server ends.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
