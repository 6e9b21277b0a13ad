//! `get_weight` and `set_weight`.

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Outcome};
use haproxy_replies::weight;
use serde::{Deserialize, Serialize};

use crate::named::Named;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    backend: String,
    server: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    weight: u64,
}

/// What HAProxy says of it.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Weight {
    weight: u64,
    initial: u64,
}

#[derive(Serialize)]
struct Answer<'a, T: Serialize> {
    backend: &'a str,
    server: &'a str,
    #[serde(flatten)]
    about: T,
}

fn read(instance: &Instance, named: &Named) -> Result<Weight, Failure> {
    let reply = named.ask(instance, &["get", "weight", &named.path()])?;
    let weight = weight::read(reply.as_bytes()).map_err(Failure::unparsable)?;
    Ok(Weight {
        weight: weight.current,
        initial: weight.initial,
    })
}

pub(crate) fn get_weight(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Which { backend, server } = call.arguments()?;
    let named = Named { backend, server };
    let weight = read(&call.instance(), &named)?;
    let line = format!(
        "{}: weight {} (configured {})",
        named.path(),
        weight.weight,
        weight.initial
    );
    let answer = Answer {
        backend: &named.backend,
        server: &named.server,
        about: weight,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

pub(crate) fn set_weight(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        weight,
    } = call.arguments()?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let number = weight.to_string();
    let change = Change::made(
        || read(&instance, &named),
        |_| {
            named
                .ask(&instance, &["set", "server", &path, "weight", &number])
                .map(drop)
        },
        |after| after.weight == weight,
        &format!("weight {weight} of `{path}`"),
    )?;
    let line = format!(
        "{path}: weight {} → {}",
        change.before.weight, change.after.weight
    );
    let answer = Answer {
        backend: &named.backend,
        server: &named.server,
        about: change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
