//! How much a command may change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much a command may change: each level includes the ones before it.
///
/// These are not HAProxy's own levels (`user`, `operator`, `admin`): until 3.4 its level `user` may edit maps
/// and ACLs, so a socket's level is no promise that nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Changes nothing.
    Read,
    /// Day-to-day work on what exists: state, weight, health, single entries of maps and tables, sessions.
    Operate,
    /// What exists and where traffic goes: servers and their addresses, whole maps, certificates, limits.
    Admin,
}

impl Access {
    /// All levels, lowest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Operate, Self::Admin];

    /// The level as it is written in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an access level (`read`, `operate` or `admin`): {0:?}")]
pub struct UnknownAccess(pub String);

impl FromStr for Access {
    type Err = UnknownAccess;

    fn from_str(text: &str) -> Result<Self, UnknownAccess> {
        Self::ALL
            .into_iter()
            .find(|access| access.as_str() == text)
            .ok_or_else(|| UnknownAccess(text.to_owned()))
    }
}
