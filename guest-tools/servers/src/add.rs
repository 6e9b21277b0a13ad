//! `add_server`: a server that comes at run time.

use std::net::{IpAddr, SocketAddr};

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use serde::Serialize;

use crate::address::Address;
use crate::keywords::Wanted;
use crate::named::{Named, SET_SERVER, admin};
use crate::seen::{Asked, Checked, Seen, Service, confirmed};

const ADD_SERVER: Need = admin(&["add", "server"]);
const DEL_SERVER: Need = admin(&["del", "server"]);
const ENABLE_HEALTH: Need = admin(&["enable", "health"]);
const ENABLE_AGENT: Need = admin(&["enable", "agent"]);

/// What HAProxy has made of it.
#[derive(Debug, PartialEq, Serialize)]
struct Added {
    #[serde(flatten)]
    service: Service,
    addr: Option<IpAddr>,
    port: u64,
    weight: u64,
    /// 0 for none.
    maxconn: u64,
    backup: bool,
    ssl: bool,
    check: Checked,
    agent: Checked,
}

#[derive(Serialize)]
struct Answered {
    #[serde(flatten)]
    change: Change<Option<Added>>,
    /// What HAProxy said besides that it did it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Added {
    fn read(instance: &Instance, named: &Named, seen: &Seen) -> Result<Self, Failure> {
        let row = named.row(instance, &seen.id, &["slim", "bck"])?;
        Ok(Self {
            service: Service::from(seen),
            addr: seen.addr,
            port: seen.port,
            weight: seen.weight,
            maxconn: row.number("slim").unwrap_or_default(),
            backup: row.number("bck") == Some(1),
            ssl: seen.ssl == Some(true),
            check: seen.health_check(),
            agent: seen.agent_check(),
        })
    }

    /// Whether it is what was asked for.
    fn is(&self, wanted: &Wanted, address: SocketAddr) -> bool {
        let state = if wanted.ready {
            Asked::Ready
        } else {
            Asked::Maint
        };
        self.addr == Some(address.ip())
            && self.port == u64::from(address.port())
            && self.service.state == Some(state)
            && wanted.weight.is_none_or(|weight| self.weight == weight)
            && wanted.maxconn.is_none_or(|maxconn| self.maxconn == maxconn)
            && (self.backup || !wanted.backup)
            && (self.ssl || !wanted.ssl)
            && (self.check != Checked::NotConfigured || !wanted.check)
            && (!wanted.ready || ![self.check, self.agent].contains(&Checked::Disabled))
    }
}

pub(crate) fn add_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let wanted: Wanted = call.arguments()?;
    let address = Address::with_port(&wanted.addr, wanted.port)?;
    let keywords = wanted.keywords()?;
    let named = Named {
        backend: wanted.backend.clone(),
        server: wanted.name.clone(),
    };
    let (instance, path) = (call.instance(), named.path());
    let read = || match named.find(&instance)? {
        None => Ok(None),
        Some(seen) => Added::read(&instance, &named, &seen).map(Some),
    };
    let before = read()?;
    let place = address.to_string();
    let words: Vec<&str> = std::iter::once(place.as_str())
        .chain(keywords.iter().map(String::as_str))
        .collect();
    let said = named
        .ask(&instance, &ADD_SERVER, &words)
        .map_err(|failure| match failure.rejection() {
            Some("invalid-argument" | "rejected") => failure.hint(
                "HAProxy's words say what it does not take: fewer keywords for a server that is added than for one of \
                 its configuration, and each version others. Leave it out, or use the configuration and \
                 reload_haproxy",
            ),
            _ => failure,
        })?;
    let notes = notes(&said);
    let served = || -> Result<Change<Option<Added>>, Failure> {
        if wanted.ready {
            put_into_service(&instance, &named)?;
        }
        confirmed(
            call,
            before,
            read,
            |after| {
                after
                    .as_ref()
                    .is_some_and(|after| after.is(&wanted, address))
            },
            &format!("`{path}` as it was to be added"),
        )
    };
    let change = served().map_err(|failure| take_back(&instance, &named, failure))?;
    let mut line = format!("{path} was added at {place}");
    if let Some(after) = &change.after {
        line = format!(
            "{line}: {}, health check {}",
            after.service.word(),
            after.check.words()
        );
    }
    Ok(Outcome::of(&named.answer(Answered { change, notes }))?.text(line))
}

/// HAProxy adds a server in maintenance, its checks configured and not running.
fn put_into_service(instance: &Instance, named: &Named) -> Result<(), Failure> {
    let seen = named.seen(instance)?;
    if seen.health_check() == Checked::Disabled {
        named.ask(instance, &ENABLE_HEALTH, &[])?;
    }
    if seen.agent_check() == Checked::Disabled {
        named.ask(instance, &ENABLE_AGENT, &[])?;
    }
    named.ask(instance, &SET_SERVER, &["state", Asked::Ready.word()])?;
    Ok(())
}

/// Removes what is not as it was to be, and says so with what went wrong.
fn take_back(instance: &Instance, named: &Named, failure: Failure) -> Failure {
    // HAProxy or the caller is gone: nothing can be taken back, and what the host says is what matters.
    if matches!(failure, Failure::Host(_)) {
        return failure;
    }
    let removed = named
        .ask(instance, &SET_SERVER, &["state", Asked::Maint.word()])
        .and_then(|_| named.ask(instance, &DEL_SERVER, &[]));
    match removed {
        Ok(_) => failure.note("the server was removed again"),
        Err(_) => {
            failure.note("the server is there, and could not be removed again: see get_server")
        }
    }
}

/// The lines of the reply that are not its success.
fn notes(said: &str) -> Vec<String> {
    said.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains("New server registered."))
        .map(str::to_owned)
        .collect()
}
