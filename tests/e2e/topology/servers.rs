//! Servers as HAProxy saves them, and the connections to them: `show_servers_state`, `show_servers_conn`.

use std::collections::BTreeMap;

use haproxy_mcp_testkit::topology::ODD_BACKEND;
use serde_json::json;

use crate::cases::Case;
use crate::serve;
use crate::topology::things::Things;
use crate::topology::{case, compare, furnished};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "show_servers_state",
            json!({ "backend": "be_app" }),
            json!({ "backend": "be_ap" }),
            ("not-found", "/backend"),
        ),
        case(
            "show_servers_conn",
            json!({}),
            json!({ "fields": ["used_cur", "used"] }),
            ("invalid-argument", "/fields/1"),
        ),
    ]
}

pub(super) fn states(reply: &str) -> Things {
    let mut lines = reply.lines().skip(1);
    let header: Vec<&str> = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .expect("a header")
        .split(' ')
        .collect();
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let words: BTreeMap<String, String> = header
                .iter()
                .zip(line.split(' '))
                .map(|(name, word)| ((*name).to_owned(), word.to_owned()))
                .collect();
            (format!("{}/{}", words["be_name"], words["srv_name"]), words)
        })
        .collect()
}

pub(super) fn connections(reply: &str) -> Things {
    let mut lines = reply.lines();
    let header = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .expect("a header");
    let header = header
        .replace("bkname/svname", "bkname svname")
        .replace("bkid/svid", "bkid svid");
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("two words");
            let line = format!(
                "{} {}",
                name.replacen('/', " ", 1),
                rest.replacen('/', " ", 1)
            );
            let mut words: BTreeMap<String, String> = header
                .split(' ')
                .zip(line.split(' '))
                .map(|(name, word)| (name.to_owned(), word.to_owned()))
                .collect();
            words.remove("-");
            (name.to_owned(), words)
        })
        .collect()
}

haproxy_mcp_testkit::on_each_version! {
    fn they_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = furnished(binary);
        compare(&haproxy, &serve(&haproxy), &[
            ("show_servers_state", json!({})),
            ("show_servers_state", json!({ "fields": ["all"], "limit": 500 })),
            ("show_servers_state", json!({ "backend": "be_app", "fields": ["all"] })),
            ("show_servers_state", json!({ "backend": "be_empty" })),
            ("show_servers_conn", json!({})),
            ("show_servers_conn", json!({ "fields": ["all"], "limit": 500 })),
            ("show_servers_conn", json!({ "backend": ODD_BACKEND, "fields": ["all"] })),
        ]);
    }
}
