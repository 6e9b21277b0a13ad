//! `publish_backend` and `unpublish_backend`: whether frontends may send sessions to a backend.

use haproxy_mcp_sdk::{Call, Change, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Seen, admin, ask, seen};

const PUBLISH: Need = admin(&["publish", "backend"]);
const UNPUBLISH: Need = admin(&["unpublish", "backend"]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    #[serde(flatten)]
    change: Change<Seen>,
}

pub(crate) fn publish_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &PUBLISH, true)
}

pub(crate) fn unpublish_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &UNPUBLISH, false)
}

fn switch(call: &Call<'_>, need: &Need, published: bool) -> Result<Outcome, Failure> {
    let Wanted { backend } = call.arguments()?;
    let instance = call.instance();
    let change = Change::made(
        || seen(&instance, &backend),
        |_| ask(&instance, need, &backend, &[]).map(drop),
        |after| after.published == published,
        &format!("`{} {backend}`", need.command.join(" ")),
    )?;
    let line = format!(
        "backend {backend}: {} → {}",
        change.before.status, change.after.status
    );
    let answer = Answer {
        backend: &backend,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
