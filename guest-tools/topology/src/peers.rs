//! `show_peers`: whom stick tables are shared with.

use haproxy_listing::{Fields as Written, Selection};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::peers::{self, Peer, Section};
use haproxy_replies::value::Value;
use serde::Serialize;

use crate::arguments::{self, Asked};
use haproxy_asking::no_such;

const SUMMARY: &[&str] = &[
    "addr",
    "app_state",
    "learn_state",
    "last_status",
    "last_hdshk",
    "reconnect",
    "heartbeat",
    "tx_hbt",
    "rx_hbt",
    "no_hbt",
    "new_conn",
    "proto_err",
    "coll",
    "appctx.state",
];

/// The tables of a peer, which are no field of HAProxy's.
const TABLES: &str = "tables";

/// The tool.
pub(crate) fn show_peers(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let reply = call.instance().ask(&["show", "peers"])?.bytes()?;
    let sections = peers::read(&reply).map_err(Failure::unparsable)?;
    answer(&asked, &sections)
}

struct Row<'a> {
    section: &'a str,
    peer: &'a Peer<'a>,
    selection: &'a Selection,
}

impl Serialize for Row<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a, F: Serialize, T: Serialize> {
            peers: &'a str,
            peer: &'a str,
            role: &'a [String],
            shared_tables: usize,
            #[serde(flatten)]
            fields: F,
            #[serde(skip_serializing_if = "Option::is_none")]
            tables: Option<Vec<T>>,
        }
        let selection = self.selection;
        Shown {
            peers: self.section,
            peer: &self.peer.id,
            role: &self.peer.role,
            shared_tables: self.peer.tables.len(),
            fields: fields(&self.peer.fields, move |name| selection.shows(name)),
            tables: selection.shows(TABLES).then(|| {
                self.peer
                    .tables
                    .iter()
                    .map(|table| fields(table, |_| true))
                    .collect()
            }),
        }
        .serialize(serializer)
    }
}

fn fields<'a>(
    fields: &'a [(String, Value<'a>)],
    shown: impl Fn(&str) -> bool + Clone + 'a,
) -> Written<impl Iterator<Item = (&'a str, Value<'a>)> + Clone> {
    Written(
        fields
            .iter()
            .filter(move |(name, _)| shown(name))
            .map(|(name, value)| (name.as_str(), value.clone())),
    )
}

/// All peers that matched; `connected` are those with an established session.
#[derive(Debug, Default, Serialize)]
struct Totals {
    peers: u64,
    remote: u64,
    connected: u64,
}

fn answer(asked: &Asked, sections: &[Section<'_>]) -> Result<Outcome, Failure> {
    let part = asked.part("show_peers")?;
    let mut selection = asked.selection(SUMMARY);
    if let Some(wanted) = &asked.within
        && sections.iter().all(|section| section.id != *wanted)
    {
        let names = sections.iter().map(|section| &section.id);
        return Err(no_such("peers section", "/peers", wanted, names));
    }
    let found: Vec<(&str, &Peer<'_>)> = sections
        .iter()
        .filter(|section| {
            asked
                .within
                .as_ref()
                .is_none_or(|wanted| section.id == *wanted)
        })
        .flat_map(|section| section.peers.iter().map(|peer| (section.id.as_str(), peer)))
        .collect();
    for (_, peer) in &found {
        selection.learn(
            peer.fields
                .iter()
                .map(|(name, _)| name.as_str())
                .chain([TABLES]),
        );
    }
    let rows: Vec<Row<'_>> = found
        .into_iter()
        .filter(|(section, peer)| part.holds([&*format!("{section}/{}", peer.id)]))
        .map(|(section, peer)| Row {
            section,
            peer,
            selection: &selection,
        })
        .collect();
    let mut totals = Totals::default();
    for row in &rows {
        totals.peers += 1;
        totals.remote += u64::from(row.peer.role.iter().any(|role| role == "remote"));
        totals.connected += u64::from(is_connected(row.peer));
    }
    let written = part.write(&part.of(rows))?;
    let what = format!(
        "peers; over all {} of {} remote ones connected",
        totals.connected, totals.remote
    );
    arguments::list(written, &totals, Some(&selection), &what)
}

/// `last_status=ESTA`: the last thing that happened is that the session was established.
fn is_connected(peer: &Peer<'_>) -> bool {
    matches!(peer.field("last_status"), Some(Value::Text(status)) if status == "ESTA")
}
