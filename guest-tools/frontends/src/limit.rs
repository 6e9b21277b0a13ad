//! `set_maxconn_frontend`: how many connections a frontend takes at once.

use haproxy_mcp_sdk::{Call, Change, Failure, Need, Outcome};
use serde::Deserialize;

use crate::named::{Named, admin};

const SET_MAXCONN: Need = admin(&["set", "maxconn", "frontend"]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    frontend: String,
    maxconn: u64,
}

pub(crate) fn set_maxconn_frontend(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted { frontend, maxconn } = call.arguments()?;
    let named = Named { frontend };
    let what = format!("maxconn {maxconn} of `{}`", named.frontend);
    let instance = call.instance();
    let change = Change::made(
        || named.seen(&instance),
        |_| named.ask(&instance, &SET_MAXCONN, &[&maxconn.to_string()]),
        |after| after.maxconn == maxconn,
        &what,
    )?;
    let line = format!(
        "frontend {}: maxconn {} → {}",
        named.frontend, change.before.maxconn, change.after.maxconn
    );
    named.answer(&change, line)
}
