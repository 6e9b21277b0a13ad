//! `set_maxconn_server`: how many connections a server gets at once.

use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Named, admin};
use crate::seen::made;

const SET_MAXCONN: Need = admin(&["set", "maxconn", "server"]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    maxconn: u64,
}

/// Its limit; 0 for none.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Limit {
    maxconn: u64,
}

/// As the statistics have it: HAProxy leaves the column empty where there is none.
fn read(instance: &Instance, named: &Named, id: &str) -> Result<Limit, Failure> {
    let row = named.row(instance, id, &["slim"])?;
    Ok(Limit {
        maxconn: row.number("slim").unwrap_or_default(),
    })
}

pub(crate) fn set_maxconn_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        maxconn,
    } = call.arguments()?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let id = named.seen(&instance)?.id;
    let number = maxconn.to_string();
    let change = made(
        call,
        || read(&instance, &named, &id),
        |_| named.ask(&instance, &SET_MAXCONN, &[&number]).map(drop),
        |after| after.maxconn == maxconn,
        &format!("maxconn {maxconn} of `{path}`"),
    )?;
    let line = format!(
        "{path}: maxconn {} → {}",
        change.before.maxconn, change.after.maxconn
    );
    Ok(Outcome::of(&named.answer(change))?.text(line))
}
