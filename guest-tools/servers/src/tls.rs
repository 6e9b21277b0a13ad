//! `set_server_ssl`: whether HAProxy speaks TLS to a server.

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Named, SET_SERVER};
use crate::seen::made;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    ssl: bool,
}

/// None where the server has no settings for TLS.
#[derive(Clone, PartialEq, Serialize)]
struct Tls {
    ssl: Option<bool>,
}

pub(crate) fn set_server_ssl(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        ssl,
    } = call.arguments()?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let word = if ssl { "on" } else { "off" };
    let change = made(
        call,
        || {
            let ssl = named.seen(&instance)?.ssl;
            Ok(Tls { ssl })
        },
        |_| named.ask(&instance, &SET_SERVER, &["ssl", word]).map(drop),
        |after| after.ssl == Some(ssl),
        &format!("ssl {word} of `{path}`"),
    )?;
    let line = format!("{path}: TLS {word}");
    Ok(Outcome::of(&named.answer(change))?.text(line))
}
