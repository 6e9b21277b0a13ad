//! What the statistics page shows of one server, and what of it is certain.
//!
//! The page has no state of its own for a server, as `show servers state` has, but its status: the first of maintenance by
//! the server that it tracks, for want of an address, or as asked for; then what its checks say, where `DRAIN` takes the
//! place of `UP`. The columns of a check are there while it is enabled and not paused, as it is in maintenance. All of it
//! was measured on 2.6, 3.0, 3.2 and 3.4.

use haproxy_asking::{Row, admin_state, row_of_page};
use haproxy_mcp_sdk::{Failure, Pages};

use crate::named::Named;
use crate::seen::{Asked, Checked, Operational, Service, not_shown};

const COLUMNS: &[&str] = &[
    "status",
    "tracked",
    "throttle",
    "chkfail",
    "check_status",
    "check_health",
    "agent_status",
    "agent_health",
    "agent_rise",
];

/// One server.
pub(crate) struct Shown(Row);

impl Shown {
    /// Reads it, or says which names are near.
    pub(crate) fn read(pages: Pages, named: &Named) -> Result<Self, Failure> {
        row_of_page(pages, &named.backend, &named.server, COLUMNS).map(Self)
    }

    pub(crate) fn status(&self) -> &str {
        self.0.text("status")
    }

    /// The columns themselves.
    pub(crate) fn row(&self) -> &Row {
        &self.0
    }

    fn begins(&self, word: &str) -> bool {
        self.status().split(' ').next() == Some(word)
    }

    fn tracks(&self) -> bool {
        !self.0.text("tracked").is_empty()
    }

    /// Whether it is in maintenance for any reason.
    pub(crate) fn in_maintenance(&self) -> bool {
        self.begins("MAINT")
    }

    /// What was asked of it at run time, where that is certain. Being put into maintenance ends draining.
    pub(crate) fn asked(&self) -> Option<Asked> {
        let names = admin_state::of_status(self.status(), self.tracks())?;
        match names.first().map(String::as_str) {
            None => Some(Asked::Ready),
            Some("fmaint") => Some(Asked::Maint),
            Some("fdrain") => Some(Asked::Drain),
            Some(_) => None,
        }
    }

    pub(crate) fn operational(&self) -> Operational {
        if self.begins("DOWN") || self.in_maintenance() {
            Operational::Down
        } else if self.begins("NOLB") {
            Operational::Stopping
        } else if self.begins("DRAIN") {
            Operational::UpOrStarting
        } else if self.0.number("throttle").is_some() {
            Operational::Starting
        } else if self.begins("UP") || self.status() == "no check" {
            Operational::Up
        } else {
            Operational::Unknown
        }
    }

    /// Whether its health check runs.
    pub(crate) fn health_check(&self) -> Checked {
        if !self.0.text("check_status").is_empty() {
            Checked::Enabled
        } else if self.tracks() || self.status() == "no check" {
            // one that tracks another has no check of its own
            Checked::NotEnabled
        } else if self.begins("UP") {
            // without a check it would be `no check`: it is paused
            Checked::Enabled
        } else {
            Checked::NotShown
        }
    }

    /// The same, after its check was to be disabled.
    pub(crate) fn health_check_after(&self, before: Checked) -> Checked {
        match self.health_check() {
            Checked::NotEnabled if before == Checked::Enabled => Checked::Disabled,
            // Outside of maintenance nothing pauses a check, so that it does not run any more.
            Checked::NotShown if before == Checked::Enabled && !self.in_maintenance() => {
                Checked::Disabled
            }
            other => other,
        }
    }

    /// Whether its agent is asked, in maintenance as well.
    pub(crate) fn agent_check(&self) -> Checked {
        if self.0.text("agent_status").is_empty() {
            Checked::NotEnabled
        } else {
            Checked::Enabled
        }
    }

    /// Whether a health check or an agent says what it is, also where that waits for the end of maintenance: the column
    /// `chkfail` is there nevertheless (2.6 to 3.4).
    fn is_checked(&self) -> bool {
        self.0.number("chkfail").is_some() || self.agent_check() == Checked::Enabled
    }

    /// Whether the page would show this state; else the refusal.
    pub(crate) fn would_show(&self, wanted: Asked, path: &str) -> Result<(), Failure> {
        let status = self.status();
        if self.in_maintenance() && self.asked().is_none() {
            return Err(not_shown(
                format!(
                    "`{path}` is in maintenance for another reason (status `{status}`), behind which the statistics page \
                     does not show what is asked of it at run time: nothing was changed"
                ),
                "that needs HAProxy's Runtime API; or end the other reason first: of the server that it tracks, or of the \
                 name that does not resolve",
            ));
        }
        if wanted == Asked::Drain && self.tracks() && self.asked().is_some() {
            return Err(not_shown(
                format!(
                    "the statistics page does not show whether a server that tracks another is drained itself: `{path}` \
                     tracks `{}`; nothing was changed",
                    self.0.text("tracked")
                ),
                "drain the server that it tracks, which drains this one too, or take this one out with disable_server and \
                 back in with enable_server, which the page shows",
            ));
        }
        // Out of maintenance it comes as its checks find it.
        if wanted == Asked::Drain && self.in_maintenance() && self.is_checked() {
            return Err(not_shown(
                format!(
                    "the statistics page does not show whether a server that is down is drained, as one that is checked may \
                     be right after maintenance: `{path}` is `{status}`; nothing was changed"
                ),
                "in maintenance it gets no new sessions in any case: enable_server takes it out, and once get_server shows it \
                 up, it can be drained",
            ));
        }
        if wanted != Asked::Maint && self.asked().is_none() {
            return Err(not_shown(
                format!(
                    "the statistics page does not show whether a server of this status is drained: `{path}` is \
                     `{status}`; nothing was changed"
                ),
                "disable_server and then enable_server end draining, and the page shows both; a server that is down gets no \
                 new sessions in any case",
            ));
        }
        Ok(())
    }
}

impl From<&Shown> for Service {
    fn from(shown: &Shown) -> Self {
        Self {
            state: shown.asked(),
            operational: shown.operational(),
            admin_state: admin_state::of_status(shown.status(), shown.tracks()),
        }
    }
}
