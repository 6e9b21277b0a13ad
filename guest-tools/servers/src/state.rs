//! `set_server_state`, `enable_server` and `disable_server`: in and out of service.

use haproxy_asking::{Origin, to_change};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;

use crate::named::{Action, Named, SET_SERVER};
use crate::page::Shown;
use crate::seen::{Asked, Operational, Service, Verdict, judged};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    state: Asked,
}

pub(crate) fn set_server_state(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        state,
    } = call.arguments()?;
    set(call, &Named { backend, server }, state)
}

pub(crate) fn enable_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    set(call, &call.arguments()?, Asked::Ready)
}

pub(crate) fn disable_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    set(call, &call.arguments()?, Asked::Maint)
}

impl Asked {
    /// What has HAProxy do it.
    pub(crate) fn action(self) -> Action {
        let (further, page): (&[&str], &str) = match self {
            Self::Ready => (&["state", "ready"], "ready"),
            Self::Drain => (&["state", "drain"], "drain"),
            Self::Maint => (&["state", "maint"], "maint"),
        };
        Action {
            need: &SET_SERVER,
            further,
            page,
        }
    }

    /// Whether it is so.
    pub(crate) fn judge(self, after: &Service) -> Verdict {
        match after.state {
            Some(state) => Verdict::of(state == self),
            None => Verdict::NotShown,
        }
    }
}

/// Whether it is in service, before this is asked of it: refused where what comes of it would not be seen.
pub(crate) fn before(origin: &Origin, named: &Named, wanted: Asked) -> Result<Service, Failure> {
    if let Origin::Page(pages) = origin {
        let shown = Shown::read(*pages, named)?;
        shown.would_show(wanted, &named.path())?;
        return Ok(Service::from(&shown));
    }
    named.service(origin)
}

fn set(call: &Call<'_>, named: &Named, wanted: Asked) -> Result<Outcome, Failure> {
    let path = named.path();
    let (before, origin) = to_change(call, |origin| before(origin, named, wanted))?;
    named.act(&origin, wanted.action())?;
    let left_maintenance = before.state == Some(Asked::Maint) && wanted == Asked::Ready;
    let read = || {
        let mut after = named.service(&origin)?;
        // The page does not show whether one that is down is drained; one that came out of maintenance is not.
        if left_maintenance
            && after.state.is_none()
            && after.admin_state.is_none()
            && after.operational != Operational::UpOrStarting
        {
            after.state = Some(Asked::Ready);
        }
        Ok(after)
    };
    let what = format!("state {} of `{path}`", wanted.word());
    let change = judged(call, before, read, |after| wanted.judge(after), &what)?;
    let mut line = format!("{path}: {} → {}", change.before.word(), change.after.word());
    if let Some(admin) = &change.after.admin_state
        && !admin.is_empty()
    {
        line = format!("{line} ({})", admin.join(", "));
    }
    let line = origin.line(line);
    Ok(Outcome::of(&named.answer_on_service(&origin, change))?.text(line))
}
