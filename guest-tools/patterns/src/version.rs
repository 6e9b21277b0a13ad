//! The versions of a set: the one that is live, and those that were prepared.

use haproxy_mcp_sdk::Failure;
use serde::Serialize;

use crate::set::{self, Set};

/// What HAProxy says of the versions of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// The version that is live.
    pub curr_ver: u32,
    /// The version that was prepared last, or the live one.
    pub next_ver: u32,
}

impl Versions {
    /// The versions of a set.
    pub fn of(set: &Set<'_>) -> Result<Self, Failure> {
        let mut found = None;
        set::each(set.kind, set.instance, |other| {
            if set.is(&other) {
                let number = |name| other.number(name).and_then(|number| number.try_into().ok());
                found = Some(number("curr_ver").zip(number("next_ver")));
            }
        })?;
        match found {
            None => Err(set.unknown()?),
            Some(None) => Err(Failure::unparsable(format!(
                "the list of {}s names no version: `{}`",
                set.kind.noun, set.name
            ))),
            Some(Some((curr_ver, next_ver))) => Ok(Self { curr_ver, next_ver }),
        }
    }

    /// Whether a version was prepared, and neither committed nor dropped by a commit. One that was abandoned counts:
    /// HAProxy itself does not tell it from an empty one. Numbers begin anew after the largest.
    pub fn has_prepared(self, version: u32) -> bool {
        let ahead = version.wrapping_sub(self.curr_ver);
        ahead > 0 && ahead <= self.next_ver.wrapping_sub(self.curr_ver)
    }

    /// The same, as a failure about the argument `version`.
    pub fn require(self, set: &Set<'_>, version: u32) -> Result<(), Failure> {
        if self.has_prepared(version) {
            return Ok(());
        }
        let (noun, word, name) = (set.kind.noun, set.kind.word, set.name);
        let hint = if version == self.curr_ver {
            format!("version {version} is the live one: leave `version` out")
        } else if self.curr_ver == self.next_ver {
            format!("no version is prepared: prepare_{word} makes one")
        } else {
            format!(
                "prepared versions are between {} and {}: show_{word} without {word} lists them",
                self.curr_ver.wrapping_add(1),
                self.next_ver
            )
        };
        let details = serde_json::json!({
            "argument": "/version",
            "curr_ver": self.curr_ver,
            "next_ver": self.next_ver,
        });
        Err(Failure::not_found(format!(
            "{noun} `{name}` has no prepared version: {version}"
        ))
        .hint(hint)
        .details(details.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_version_is_between_the_live_one_and_the_last() {
        for (curr_ver, next_ver, prepared, others) in [
            (0, 0, &[][..], &[0, 1, u32::MAX][..]),
            (2, 4, &[3, 4], &[0, 1, 2, 5, u32::MAX]),
            // Numbers begin anew.
            (u32::MAX - 1, 1, &[u32::MAX, 0, 1], &[u32::MAX - 1, 2]),
        ] {
            let versions = Versions { curr_ver, next_ver };
            for version in prepared {
                assert!(versions.has_prepared(*version), "{versions:?} {version}");
            }
            for version in others {
                assert!(!versions.has_prepared(*version), "{versions:?} {version}");
            }
        }
    }
}
