//! `set_server_state`, `enable_server` and `disable_server`: in and out of service.

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;

use crate::named::{Named, SET_SERVER};
use crate::seen::{Asked, Service, made};

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

fn set(call: &Call<'_>, named: &Named, wanted: Asked) -> Result<Outcome, Failure> {
    let (instance, path) = (call.instance(), named.path());
    let change = made(
        call,
        || Ok(Service::from(&named.seen(&instance)?)),
        |_| {
            let words = ["state", wanted.word()];
            named.ask(&instance, &SET_SERVER, &words).map(drop)
        },
        |after| after.state == wanted,
        &format!("state {} of `{path}`", wanted.word()),
    )?;
    let mut line = format!(
        "{path}: {} → {}",
        change.before.state.word(),
        change.after.state.word()
    );
    if !change.after.admin_state.is_empty() {
        line = format!("{line} ({})", change.after.admin_state.join(", "));
    }
    Ok(Outcome::of(&named.answer(change))?.text(line))
}
