//! Stick tables: entries one by one, and whole tables.

/// Keys that HAProxy would take for others, and data that it would cut or pass over.
mod arguments;
/// Entries that are in use, two clients at once, a HAProxy that goes away.
mod circumstances;
/// Filters, sorting and pages; a table of 100,000 entries.
mod reading;

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::json;

use crate::cases::{Case, Site, serve};

pub(crate) fn cases() -> Vec<Case> {
    let seen = |site: &Site| remembered(&site.haproxy, "be_app");
    let set = Case {
        tool: "set_table_entry",
        access: "operate",
        site: Site::usual,
        succeeds: |_| json!({ "table": "be_app", "key": "192.0.2.7", "data": [{ "type": "gpc0", "value": 5 }] }),
        seen,
        refused: |_| json!({ "table": "be_app", "key": "192.0.2.7", "data": [{ "type": "gpc1", "value": 5 }] }),
        because: "invalid-argument",
        since: None,
    };
    let filled = |binary: &Binary| {
        let site = Site::usual(binary);
        for key in ["192.0.2.7", "192.0.2.8"] {
            site.haproxy
                .raw(&format!("set table be_app key {key} data.gpc0 3"));
        }
        site
    };
    let clear = Case {
        tool: "clear_table_entry",
        site: filled,
        succeeds: |_| json!({ "table": "be_app", "key": "192.0.2.7" }),
        refused: |_| json!({ "table": "be_app", "key": "192.0.2.9" }),
        because: "not-found",
        ..set.clone()
    };
    let clear_all = Case {
        tool: "clear_table",
        access: "admin",
        succeeds: |_| json!({ "table": "be_app" }),
        refused: |_| json!({ "table": "be_ap" }),
        ..clear.clone()
    };
    vec![set, clear, clear_all]
}

/// A table for each type of key, and one of arrays.
const TABLES: &str = "
backend t_ip
    stick-table type ip size 1k expire 10m store gpc0,gpt0,gpc0_rate(10s),bytes_in_cnt,server_id
backend t_ipv6
    stick-table type ipv6 size 1k expire 10m store gpc0,gpt0
backend t_integer
    stick-table type integer size 1k expire 10m store gpc0
backend t_string
    stick-table type string len 16 size 1k expire 10m store gpc0
backend t_binary
    stick-table type binary len 4 size 1k expire 10m store gpc0
backend t_array
    stick-table type ip size 1k expire 10m store gpc(3),gpt(2),gpc_rate(2,10s)
backend t_names
    stick-table type ip size 1k expire 10m store server_key,gpc0
backend t_full
    stick-table type ip size 2 nopurge store gpc0
";

fn site(binary: &Binary) -> Site {
    with(binary, "")
}

/// The tables, and these sections.
fn with(binary: &Binary, sections: &str) -> Site {
    Site {
        haproxy: Haproxy::builder(binary)
            .config(&format!("{TABLES}{sections}"))
            .start(),
        files: None,
        master: false,
    }
}

fn started(binary: &Binary) -> (Site, McpServer) {
    let site = site(binary);
    let server = serve(&site, "admin");
    (site, server)
}

/// What a table remembers by HAProxy's own word, without what time changes: `key=192.0.2.7 gpt0=0 gpc0=3`.
fn remembered(haproxy: &Haproxy, table: &str) -> String {
    let kept = |word: &&str| {
        let name = word.split('=').next().unwrap_or_default();
        !matches!(name, "use" | "exp" | "shard")
            && !name.contains("rate")
            && !name.starts_with("0x")
    };
    let reply = haproxy.raw_text(&format!("show table {table}"));
    let mut entries: Vec<String> = reply
        .lines()
        .filter(|line| line.starts_with("0x"))
        .map(|line| line.split(' ').filter(kept).collect::<Vec<_>>().join(" "))
        .collect();
    entries.sort_unstable();
    entries.join("\n")
}
