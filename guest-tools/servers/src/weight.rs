//! `get_weight` and `set_weight`.

use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use haproxy_replies::weight;
use serde::{Deserialize, Serialize};

use crate::named::{Named, SET_SERVER};
use crate::seen::made;

const GET_WEIGHT: Need = Need {
    command: &["get", "weight"],
    since: None,
    level: None,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    weight: u64,
}

/// What HAProxy says of it.
#[derive(Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Weight {
    pub(crate) weight: u64,
    pub(crate) initial: u64,
}

pub(crate) fn read(instance: &Instance, named: &Named) -> Result<Weight, Failure> {
    let reply = named.ask(instance, &GET_WEIGHT, &[])?;
    let weight = weight::read(reply.as_bytes()).map_err(Failure::unparsable)?;
    Ok(Weight {
        weight: weight.current,
        initial: weight.initial,
    })
}

/// Sets it; HAProxy answers nothing.
pub(crate) fn set(instance: &Instance, named: &Named, weight: u64) -> Result<(), Failure> {
    let words = ["weight", &weight.to_string()];
    named.ask(instance, &SET_SERVER, &words).map(drop)
}

pub(crate) fn get_weight(call: &Call<'_>) -> Result<Outcome, Failure> {
    let named: Named = call.arguments()?;
    let weight = read(&call.instance(), &named)?;
    let line = format!(
        "{}: weight {} (configured {})",
        named.path(),
        weight.weight,
        weight.initial
    );
    Ok(Outcome::of(&named.answer(weight))?.text(line))
}

pub(crate) fn set_weight(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        weight,
    } = call.arguments()?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let change = made(
        call,
        || read(&instance, &named),
        |_| set(&instance, &named, weight),
        |after| after.weight == weight,
        &format!("weight {weight} of `{path}`"),
    )?;
    let line = format!(
        "{path}: weight {} → {}",
        change.before.weight, change.after.weight
    );
    Ok(Outcome::of(&named.answer(change))?.text(line))
}
