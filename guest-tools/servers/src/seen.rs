//! What `show servers state` says of one server, as far as the tools need it.

use std::net::IpAddr;
use std::time::Duration;

use haproxy_asking::admin_state;
use haproxy_mcp_sdk::{Call, Change, Detail, Failure};
use haproxy_replies::servers_state::{ServerState, ServersStateError};
use serde::{Deserialize, Serialize};

/// Put into maintenance at run time.
pub(crate) const FORCED_MAINTENANCE: u64 = 0x01;
/// Drained at run time.
const FORCED_DRAIN: u64 = 0x08;
/// Whatever reason for maintenance there is: asked for, inherited, or a name that does not resolve.
const MAINTENANCE: u64 = 0x01 | 0x02 | 0x20;

/// Bits of `srv_check_state` and `srv_agent_state`.
const CONFIGURED: u64 = 0x02;
const ENABLED: u64 = 0x04;

/// One server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// HAProxy's number of it within its backend.
    pub(crate) id: String,
    pub(crate) addr: Option<IpAddr>,
    pub(crate) port: u64,
    pub(crate) fqdn: Option<String>,
    /// None where it has no settings for TLS at all.
    pub(crate) ssl: Option<bool>,
    admin: u64,
    pub(crate) operational: Operational,
    pub(crate) weight: u64,
    pub(crate) check_health: u64,
    check: u64,
    agent: u64,
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operational {
    /// It gets no sessions.
    Down,
    /// It comes up slowly.
    Starting,
    /// It works.
    Up,
    /// It takes only sessions that persist.
    Stopping,
    /// It works, or comes up slowly: where only the statistics page says it, of one that is drained.
    #[serde(rename = "up-or-starting")]
    UpOrStarting,
    /// A number or a word that this module does not know.
    Unknown,
}

/// What was asked of a server at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Asked {
    Ready,
    Drain,
    Maint,
}

/// Whether there is a check, and whether it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Checked {
    Enabled,
    Disabled,
    NotConfigured,
    /// Disabled or not configured: the statistics page does not tell which.
    NotEnabled,
    /// Where the statistics page does not show it.
    NotShown,
}

impl Seen {
    /// Reads a line of `show servers state`.
    pub(crate) fn of(state: &ServerState<'_>) -> Result<Self, ServersStateError> {
        let text = |name: &str| {
            let field = state
                .field(name)
                .filter(|field| !matches!(*field, b"" | b"-"));
            field.map(|field| String::from_utf8_lossy(field).into_owned())
        };
        Ok(Self {
            id: String::from_utf8_lossy(state.require("srv_id")?).into_owned(),
            addr: text("srv_addr").and_then(|text| text.parse().ok()),
            port: state.number("srv_port")?,
            fqdn: text("srv_fqdn"),
            ssl: match state.field("srv_use_ssl") {
                Some(b"1") => Some(true),
                Some(b"0") => Some(false),
                _ => None,
            },
            admin: state.number("srv_admin_state")?,
            operational: match state.require("srv_op_state")? {
                b"0" => Operational::Down,
                b"1" => Operational::Starting,
                b"2" => Operational::Up,
                b"3" => Operational::Stopping,
                _ => Operational::Unknown,
            },
            weight: state.number("srv_uweight")?,
            check_health: state.number("srv_check_health")?,
            check: state.number("srv_check_state")?,
            agent: state.number("srv_agent_state")?,
        })
    }

    /// What was asked of it at run time. It can be in maintenance or drained for other reasons besides.
    pub(crate) fn asked(&self) -> Asked {
        if self.admin & FORCED_MAINTENANCE != 0 {
            Asked::Maint
        } else if self.admin & FORCED_DRAIN != 0 {
            Asked::Drain
        } else {
            Asked::Ready
        }
    }

    /// Whether it is in maintenance for any reason.
    pub(crate) fn in_maintenance(&self) -> bool {
        self.admin & MAINTENANCE != 0
    }

    /// Whether it has a health check, and whether that runs.
    pub(crate) fn health_check(&self) -> Checked {
        Checked::of(self.check)
    }

    /// Whether it has an agent check, and whether that runs.
    pub(crate) fn agent_check(&self) -> Checked {
        Checked::of(self.agent)
    }
}

impl Checked {
    fn of(bits: u64) -> Self {
        if bits & CONFIGURED == 0 {
            Self::NotConfigured
        } else if bits & ENABLED == 0 {
            Self::Disabled
        } else {
            Self::Enabled
        }
    }
}

impl Checked {
    /// For a person.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::NotConfigured => "not configured",
            Self::NotEnabled => "not enabled",
            Self::NotShown => "not shown",
        }
    }
}

impl Operational {
    /// For a person.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::UpOrStarting => "up or starting",
            Self::Unknown => "in a state that is not known",
        }
    }

    /// Whether it gets new sessions.
    pub(crate) fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::Starting | Self::UpOrStarting)
    }
}

impl Asked {
    /// HAProxy's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Drain => "drain",
            Self::Maint => "maint",
        }
    }
}

/// Whether a server is in service, as answers show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Service {
    /// None where the statistics page does not show it, as all that is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Asked>,
    pub(crate) operational: Operational,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin_state: Option<Vec<String>>,
}

impl Service {
    /// Its state, for a person.
    pub(crate) fn word(&self) -> &'static str {
        match self.state {
            Some(state) => state.word(),
            None => self.operational.word(),
        }
    }
}

impl From<&Seen> for Service {
    fn from(seen: &Seen) -> Self {
        Self {
            state: Some(seen.asked()),
            operational: seen.operational,
            admin_state: Some(admin_state::names(seen.admin)),
        }
    }
}

/// How long a change is looked for that HAProxy says it made, and the time between: it applies some of them a moment
/// later, in a task of its own.
const LOOKS: Duration = Duration::from_millis(500);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// What was read back says that what was asked for is so, that it is not, or nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    Fails,
    /// The statistics page does not show it.
    NotShown,
}

impl Verdict {
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// Reads, acts, and reads back until what was asked for is there, for half a second at most.
pub(crate) fn made<T: Serialize + PartialEq>(
    call: &Call<'_>,
    read: impl Fn() -> Result<T, Failure>,
    act: impl FnOnce(&T) -> Result<(), Failure>,
    holds: impl Fn(&T) -> bool,
    what: &str,
) -> Result<Change<T>, Failure> {
    let before = read()?;
    act(&before)?;
    confirmed(call, before, read, holds, what)
}

/// The second half of [`made`], for what was done since `before` was read.
pub(crate) fn confirmed<T: Serialize + PartialEq>(
    call: &Call<'_>,
    before: T,
    read: impl Fn() -> Result<T, Failure>,
    holds: impl Fn(&T) -> bool,
    what: &str,
) -> Result<Change<T>, Failure> {
    judged(call, before, read, |after| Verdict::of(holds(after)), what)
}

/// The same, where what is read back may not show it. A change that was not seen is no success: the caller learns what the
/// page said and what it showed. [`not_shown`] is for what is known beforehand not to be seen.
pub(crate) fn judged<T: Serialize + PartialEq>(
    call: &Call<'_>,
    before: T,
    read: impl Fn() -> Result<T, Failure>,
    judge: impl Fn(&T) -> Verdict,
    what: &str,
) -> Result<Change<T>, Failure> {
    let since = call.monotonic();
    let mut after = read()?;
    while judge(&after) != Verdict::Holds && call.monotonic().saturating_sub(since) < LOOKS {
        call.sleep(BETWEEN_LOOKS)?;
        after = read()?;
    }
    match judge(&after) {
        Verdict::NotShown => {
            let seen =
                serde_json::json!({ "reason": "not-shown", "before": before, "after": after });
            Err(Failure::not_applied(format!(
                "HAProxy took the change, as its statistics page says, and the page does not show whether it is in effect: \
                 {what}"
            ))
            .hint(
                "do not repeat it: look at it through HAProxy's Runtime API, or with get_server once its status is another",
            )
            .details(seen.to_string()))
        }
        verdict => Change::confirmed(before, after, verdict == Verdict::Holds, what),
    }
}

/// The refusal of a change whose outcome the statistics page would not show: nothing was changed.
pub(crate) fn not_shown(message: String, hint: &str) -> Failure {
    Failure::Rejected(
        "not-shown".to_owned(),
        Detail {
            message,
            hint: Some(hint.to_owned()),
            details: serde_json::json!({ "reason": "not-shown" }).to_string(),
        },
    )
}
