//! A change in HAProxy: read before, made, and read back. HAProxy's command line has no status, and takes some commands
//! without doing them; so nothing counts as done that was not seen.

use serde::Serialize;

use crate::failure::Failure;

/// A change that holds: what was asked for is what was read back. Part of an answer as `before`, `after`, `changed` and
/// `holds`.
#[derive(Debug, Clone, Serialize)]
pub struct Change<T> {
    /// What HAProxy said before.
    pub before: T,
    /// What HAProxy said afterwards.
    pub after: T,
    /// Whether the two differ.
    pub changed: bool,
    /// Whether what was read back is what was asked for; there is no answer where it is not.
    pub holds: bool,
}

impl<T: Serialize + PartialEq> Change<T> {
    /// A change whose `after` was read back. `holds` says whether it is what was asked for, and `what` names that:
    /// "weight 10 of `be/s1`".
    ///
    /// # Errors
    /// [`Failure::NotApplied`] with `before` and `after` where it is not.
    pub fn confirmed(before: T, after: T, holds: bool, what: &str) -> Result<Self, Failure> {
        let changed = before != after;
        let change = Self {
            before,
            after,
            changed,
            holds,
        };
        if holds {
            return Ok(change);
        }
        Err(Failure::not_applied(format!(
            "HAProxy took the command, but what it says afterwards is not what was asked for: {what}"
        ))
        .hint(
            "compare `before` and `after`: somebody else may have changed it at the same time, or HAProxy may not do this \
             for what it is configured to be",
        )
        .details(serde_json::to_string(&change)?))
    }

    /// Reads, acts, reads back. `act` gets what was read before; `holds` compares what was read back with what was
    /// asked for.
    ///
    /// # Errors
    /// Whatever reading or acting returns, and as [`Change::confirmed`]. Where HAProxy was lost in the middle, reading
    /// back is not tried: the failure says that the outcome is not known.
    pub fn made(
        read: impl Fn() -> Result<T, Failure>,
        act: impl FnOnce(&T) -> Result<(), Failure>,
        holds: impl FnOnce(&T) -> bool,
        what: &str,
    ) -> Result<Self, Failure> {
        let before = read()?;
        act(&before)?;
        let after = read()?;
        let holds = holds(&after);
        Self::confirmed(before, after, holds, what)
    }
}
