//! `shutdown_sessions_server` through the statistics page, which counts the sessions of a server and names none of them.

use haproxy_asking::{act_on_page, row_of_page};
use haproxy_mcp_sdk::{Call, Change, Failure, Pages};

use crate::of_server::{Arguments, Count, until_ended};

/// What the page counts of a server's sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// At this moment (`scur`).
    now: u64,
    /// Since the start (`stot`).
    ever: u64,
}

impl Counted {
    /// Reads it, or says which names are near.
    pub(crate) fn read(pages: Pages, of: &Arguments) -> Result<Self, Failure> {
        let row = row_of_page(pages, &of.backend, &of.server, &["scur", "stot"])?;
        Ok(Self {
            now: row.number("scur").unwrap_or_default(),
            ever: row.number("stot").unwrap_or_default(),
        })
    }

    /// How many there are now, and how many of these were there at an earlier moment: at most as many as there are, all of
    /// which may be new; at least as many as are not made up for by those that came since.
    fn since(self, before: Self) -> Left {
        // a count that went back began anew, and says nothing
        let came = self.ever.checked_sub(before.ever);
        Left {
            at_most: self.now.min(before.now),
            at_least: came.map_or(0, |came| self.now.saturating_sub(came)),
            now: self.now,
        }
    }
}

/// How many of the sessions that were there are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    at_most: u64,
    at_least: u64,
    now: u64,
}

/// Ends them. That none is left that was there is seen where there is a moment without any: a new one looks like an old one.
pub(crate) fn shut_down(
    call: &Call<'_>,
    of: &Arguments,
    there: Counted,
) -> Result<Change<Count>, Failure> {
    let pages = call.pages();
    act_on_page(pages, "shutdown", &of.backend, &of.server)?;
    let before = Count::all(there.now);
    let look = || Ok(Counted::read(pages, of)?.since(there));
    let after = until_ended(call, || {
        look().map(|left| Count {
            sessions: left.now,
            left: left.at_most,
        })
    })?;
    if after.left == 0 {
        return Change::confirmed(before, after, true, &of.wanted());
    }
    let left = look()?;
    let after = Count {
        sessions: left.now,
        left: left.at_least,
    };
    if left.at_least > 0 {
        return Change::confirmed(before, after, false, &of.wanted());
    }
    let seen = serde_json::json!({
        "reason": "not-shown",
        "before": { "sessions": before.sessions },
        "after": { "sessions": after.sessions },
    });
    Err(Failure::not_applied(format!(
        "the statistics page says that it did it, and does not show whether it is so: `{}` has {} sessions, which may all \
         be new",
        of.path(),
        left.now
    ))
    .hint(
        "take the server out of service first (drain_server, disable_server), so that no new ones come; or give HAProxy's \
         Runtime API (HAPROXY_RUNTIME_URL), which names them",
    )
    .details(seen.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_old_as_far_as_new_ones_do_not_explain_them() {
        let before = Counted { now: 5, ever: 100 };
        for (now, ever, at_most, at_least) in [
            (0, 100, 0, 0),
            // none came: those that are there are old
            (5, 100, 5, 5),
            (2, 100, 2, 2),
            // some of them may be new, others cannot be
            (5, 103, 5, 2),
            (7, 102, 5, 5),
            // all of them may be new
            (3, 103, 3, 0),
            (3, 200, 3, 0),
            // HAProxy started anew
            (3, 7, 3, 0),
        ] {
            let left = Counted { now, ever }.since(before);
            assert_eq!(
                (left.at_most, left.at_least),
                (at_most, at_least),
                "{now} of {ever}"
            );
        }
    }
}
