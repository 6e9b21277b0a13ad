//! The files of the configuration and of the log.

use std::path::PathBuf;

use serde::Serialize;

use super::Look;
use super::path::PathAccess;
use crate::files::{self, Granted};
use crate::policy::Artefact;

/// Facts about what was granted.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// In its order.
    paths: Vec<One>,
}

/// A file or a folder.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    granted: files::PathFacts,
    /// What lies there and who may use it, where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<PathAccess>,
}

/// Of an artefact.
pub(super) async fn look(files: &Granted, artefact: Artefact, look: &Look<'_>) -> Facts {
    let Some(granted) = look.hold(files.look(artefact)).await else {
        let unseen = files.unseen(artefact, look.begun.elapsed());
        return Facts::of(unseen, Vec::new());
    };
    let unreadable: Vec<PathBuf> = granted
        .iter()
        .filter(|granted| !granted.readable)
        .map(|granted| granted.granted.clone())
        .collect();
    let accesses = look.see(move || unreadable.iter().map(|path| PathAccess::of(path)).collect());
    let accesses = accesses.await.unwrap_or_default();
    Facts::of(granted, accesses)
}

impl Facts {
    /// What was granted, and the accesses to what of it cannot be read, as far as there are any.
    fn of(granted: Vec<files::PathFacts>, accesses: Vec<PathAccess>) -> Self {
        let mut accesses = accesses.into_iter();
        let one = |granted: files::PathFacts| One {
            access: if granted.readable {
                None
            } else {
                accesses.next()
            },
            granted,
        };
        Self {
            paths: granted.into_iter().map(one).collect(),
        }
    }
}
