//! Nameservers and peers: `show_resolvers`, `show_peers`.

use std::collections::BTreeMap;

use haproxy_mcp_testkit::until;
use serde_json::json;

use crate::cases::Case;
use crate::serve;
use crate::topology::things::Things;
use crate::topology::{case, compare, furnished};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "show_resolvers",
            json!({}),
            json!({ "resolvers": "none" }),
            ("not-found", "/resolvers"),
        ),
        case(
            "show_peers",
            json!({}),
            json!({ "peers": "none" }),
            ("not-found", "/peers"),
        ),
    ]
}

pub(super) fn nameservers(reply: &str) -> Things {
    let (mut section, mut server) = (String::new(), String::new());
    let mut things = Things::new();
    for line in reply.lines() {
        if let Some(name) = line.strip_prefix("Resolvers section ") {
            name.clone_into(&mut section);
        } else if let Some(name) = line.trim_start().strip_prefix("nameserver ") {
            name.trim_end_matches(':').clone_into(&mut server);
            let names = [("resolvers", &section), ("nameserver", &server)];
            let names = names.map(|(key, name)| (key.to_owned(), name.clone()));
            things.insert(format!("{section}/{server}"), BTreeMap::from(names));
        } else if let Some((name, count)) = line.split_once(':') {
            let server = things
                .get_mut(&format!("{section}/{server}"))
                .expect("a nameserver");
            server.insert(name.trim().to_owned(), count.trim().to_owned());
        }
    }
    things
}

pub(super) fn peers(reply: &str) -> Things {
    let value = |line: &str, name: &str| {
        line.split_whitespace().find_map(|word| {
            word.strip_prefix(name)?
                .strip_prefix('=')
                .map(str::to_owned)
        })
    };
    let mut things = Things::new();
    let (mut section, mut peer) = (String::new(), String::new());
    for line in reply.lines() {
        if line.starts_with("0x") {
            section = value(line, "id").expect("a section's name");
        } else if line.starts_with("  0x") {
            let id = value(line, "id").expect("a peer's name");
            let (name, role) = id.trim_end_matches(')').split_once('(').expect("a role");
            peer = format!("{section}/{name}");
            let start = [
                ("peers", section.as_str()),
                ("peer", name),
                ("role", role),
                ("tables", "0"),
                ("table names", ""),
            ];
            things.insert(
                peer.clone(),
                start
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            );
        }
        let Some(fields) = things.get_mut(&peer) else {
            continue;
        };
        if let Some(table) = line.trim_start().strip_prefix("table:") {
            let table = value(table, "id").expect("a table's name");
            let known = fields["table names"].clone();
            fields.insert(
                "table names".to_owned(),
                if known.is_empty() {
                    table
                } else {
                    format!("{known},{table}")
                },
            );
            let count = fields["tables"].parse::<u64>().unwrap() + 1;
            fields.insert("tables".to_owned(), count.to_string());
        } else if fields["tables"] == "0" {
            let scope = if line.contains("appctx:") {
                "appctx."
            } else {
                ""
            };
            for name in [
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
                "state",
                "flags",
            ] {
                let scope = if name == "state" { scope } else { "" };
                if let Some(value) = value(line, name) {
                    fields.entry(format!("{scope}{name}")).or_insert(value);
                }
            }
        }
    }
    things
}

haproxy_mcp_testkit::on_each_version! {
    fn they_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = furnished(binary);
        let server = serve(&haproxy);
        until("questions to the nameservers", || {
            let sent = server.call("show_resolvers", json!({ "resolvers": "names" }));
            if sent.answer()["totals"]["sent"].as_u64() > Some(0) { Ok(()) } else { Err(sent.message.to_string()) }
        });
        compare(&haproxy, &server, &[
            ("show_resolvers", json!({})),
            ("show_resolvers", json!({ "resolvers": "names" })),
            ("show_peers", json!({})),
            ("show_peers", json!({ "peers": "group", "fields": ["summary", "tables"] })),
        ]);
    }
}
