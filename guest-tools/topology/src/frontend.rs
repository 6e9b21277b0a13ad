//! `show_frontend`: one frontend, and its listeners.

use haproxy_asking::SaidBy;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::stat::ObjectType;
use serde::{Deserialize, Serialize};

use crate::columns::{is_zero, number, text, written};
use crate::proxy::{self, Kind, Proxy};

/// A frontend, with the columns that its listeners have.
pub(crate) const FRONTEND: Kind = Kind {
    proxy: ObjectType::Frontend,
    member: ObjectType::Listener,
    columns: &[
        "svname", "status", "scur", "smax", "slim", "stot", "bin", "bout", "dreq", "ereq", "addr",
    ],
    healthy: true,
    hint: "list_frontends lists the frontends, list_backends the backends",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneFrontend {
    frontend: String,
}

/// The tool.
pub(crate) fn show_frontend(call: &Call<'_>) -> Result<Outcome, Failure> {
    let OneFrontend { frontend } = call.arguments()?;
    let (proxy, origin) = proxy::read(call, &frontend, FRONTEND)?;
    let (structured, line) = answer(&frontend, &proxy, &origin.said(None))?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

/// The frontend, and a line for a person.
pub(crate) fn answer(
    name: &str,
    proxy: &Proxy<'_>,
    said: &SaidBy,
) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct One<'a, S: Serialize, L: Serialize> {
        frontend: &'a str,
        status: &'a str,
        stat: S,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        listeners: Vec<L>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<LeftOut>,
        #[serde(flatten)]
        said: &'a SaidBy,
    }
    #[derive(Serialize)]
    struct LeftOut {
        columns: usize,
        #[serde(skip_serializing_if = "is_zero")]
        listeners: u64,
        hint: &'static str,
    }
    let fields = proxy.fields.as_deref().unwrap_or_default();
    let status = text(fields, "status");
    let one = One {
        frontend: name,
        status,
        stat: written(fields, &["status"]),
        listeners: proxy
            .members
            .iter()
            .map(|listener| written(listener, &[]))
            .collect(),
        left_out: (proxy.hidden > 0 || proxy.further > 0).then_some(LeftOut {
            columns: proxy.hidden,
            listeners: proxy.further,
            hint: "show_stat with proxy and fields [\"all\"] shows the counters of TLS, HTTP/1, HTTP/2 and QUIC; \
                with type \"listener\" all listeners",
        }),
        said,
    };
    let line = format!(
        "frontend {name} is {status}: {} of {} sessions, {} new ones in the last second",
        number(fields, "scur"),
        number(fields, "slim"),
        number(fields, "rate"),
    );
    Ok((serde_json::to_string(&one)?, line))
}
