//! Files by name, and the look at the doors: what of them a module may have. The only place that makes a [`FilePermit`]
//! or a [`LookPermit`].

use std::fmt;

use super::access::Access;
use super::decide::Refusal;
use super::grant::Authority;
use super::page::not_granted;
use super::words::Malformed;
use crate::visible::visible;

/// The most characters of a name that are shown.
const MAX_SHOWN: usize = 200;

/// What an operator may let modules read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Artefact {
    /// HAProxy's configuration.
    Config,
    /// What HAProxy logs.
    Log,
}

impl Artefact {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Config, Self::Log];

    /// Its name in the contract and in a grant.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Log => "log",
        }
    }

    /// The artefact of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|artefact| artefact.as_str() == name)
    }
}

impl fmt::Display for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Leave to list the files of an artefact, or to read one of them.
#[must_use = "a permit does nothing until it is used"]
#[derive(Debug)]
pub struct FilePermit {
    artefact: Artefact,
}

impl FilePermit {
    /// Which artefact.
    pub const fn artefact(&self) -> Artefact {
        self.artefact
    }
}

/// Whether the files of this artefact may be listed and read.
///
/// # Errors
/// [`Refusal::Malformed`] where there is no such artefact, [`Refusal::Denied`] where this authority may not.
pub fn decide_file(authority: &Authority<'_>, artefact: &str) -> Result<FilePermit, Refusal> {
    let asked = Artefact::named(artefact).ok_or_else(|| Malformed::UnknownArtefact {
        artefact: visible(artefact, MAX_SHOWN).into_owned(),
    })?;
    if authority.module.files.contains(&asked) {
        Ok(FilePermit { artefact: asked })
    } else {
        Err(not_granted("files", asked.as_str()))
    }
}

/// Leave to look at the configured doors.
#[must_use = "a permit does nothing until it is used"]
#[derive(Debug)]
pub struct LookPermit {
    ceiling: Access,
}

impl LookPermit {
    /// The most that the server allows any tool: what a door has to be good for.
    pub const fn ceiling(&self) -> Access {
        self.ceiling
    }
}

/// Whether the configured doors may be looked at.
///
/// # Errors
/// [`Refusal::Denied`] where this authority may not.
pub fn decide_look(authority: &Authority<'_>) -> Result<LookPermit, Refusal> {
    if authority.module.diagnostics {
        Ok(LookPermit {
            ceiling: authority.server,
        })
    } else {
        Err(not_granted("diagnostics", "diagnostics"))
    }
}
