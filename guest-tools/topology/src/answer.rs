//! The answers, as JSON text.

use haproxy_listing::{Cursor, Fields, Kept, Pages, Rows};
use haproxy_replies::value::Value;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::list::List;
use crate::server::{State, Statistics};
use crate::servers::{Server, Totals};

#[derive(Serialize)]
struct Listed<'a, T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<&'a str>,
    rows: Box<RawValue>,
    matched: u64,
    totals: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A page of backends, and how many rows it has.
pub(crate) fn list<R: Serialize, T: Serialize>(
    list: &List,
    pages: &Pages<R>,
    totals: &T,
) -> serde_json::Result<(String, usize)> {
    write(None, list, pages, totals)
}

/// A page of the servers of a backend, and how many rows it has.
pub(crate) fn servers(
    backend: &str,
    list: &List,
    pages: &Pages<Server>,
    totals: &Totals,
) -> serde_json::Result<(String, usize)> {
    write(Some(backend), list, pages, totals)
}

fn write<R: Serialize, T: Serialize>(
    backend: Option<&str>,
    list: &List,
    pages: &Pages<R>,
    totals: &T,
) -> serde_json::Result<(String, usize)> {
    let mut rows = Rows::default();
    let mut end: Option<&Kept<R>> = None;
    for kept in &pages.rows {
        if !rows.add(&kept.row)? {
            break;
        }
        end = Some(kept);
    }
    let shown = rows.count();
    let more = pages.more || shown < pages.rows.len();
    let next = end.filter(|_| more).map(|last| Cursor {
        key: last.key.clone(),
        ordinal: last.ordinal,
    });
    let listed = Listed {
        backend,
        rows: rows.finish()?,
        matched: pages.matched,
        totals,
        next_cursor: next.map(|cursor| cursor.write(list.fingerprint)),
    };
    Ok((serde_json::to_string(&listed)?, shown))
}

/// One server, and a line for a person.
pub(crate) fn server(
    backend: &str,
    server: &str,
    state: &State,
    statistics: &Statistics<'_>,
) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct One<'a, S: Serialize, T: Serialize> {
        backend: &'a str,
        server: &'a str,
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        addr: Option<&'a str>,
        admin_state: &'a [String],
        stat: S,
        state: T,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<LeftOut>,
    }
    #[derive(Serialize)]
    struct LeftOut {
        columns: usize,
        hint: &'static str,
    }
    let fields = statistics.fields.as_deref().unwrap_or_default();
    let status = match fields.iter().find(|(name, _)| name == "status") {
        Some((_, Value::Text(status))) => status,
        _ => "",
    };
    let one = One {
        backend,
        server,
        status,
        addr: state.address.as_deref(),
        admin_state: &state.admin,
        stat: Fields(fields.iter().filter(|(name, _)| name != "status").map(|(name, value)| (name.as_str(), value.clone()))),
        state: Fields(state.fields.iter().map(|(name, value)| (name.as_str(), value.clone()))),
        left_out: (statistics.hidden > 0).then_some(LeftOut {
            columns: statistics.hidden,
            hint: "show_stat with proxy, server and fields [\"all\"] shows the counters of TLS, HTTP/1, HTTP/2 and QUIC",
        }),
    };
    let mut line = format!("{backend}/{server} is {status}");
    if let Some(address) = &state.address {
        line = format!("{line} at {address}");
    }
    if !state.admin.is_empty() {
        line = format!("{line} ({})", state.admin.join(", "));
    }
    Ok((serde_json::to_string(&one)?, line))
}
