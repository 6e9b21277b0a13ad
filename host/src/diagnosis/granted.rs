//! The files of the configuration and of the log.

use serde::Serialize;

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
pub(super) async fn look(files: &Granted, artefact: Artefact) -> Facts {
    let paths = files.look(artefact).await;
    let one = |granted: files::PathFacts| One {
        access: (!granted.readable).then(|| PathAccess::of(&granted.granted)),
        granted,
    };
    Facts {
        paths: paths.into_iter().map(one).collect(),
    }
}
