//! Frontends and backends, servers one by one, and what they use, compared with what the raw socket says.

mod backends;
mod caches;
mod frontends;
mod proxy;
mod resolvers_peers;
mod servers;
pub(crate) mod things;

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Binary, Haproxy, newest};
use serde_json::{Value, json};

use crate::cases::{Case, all_succeed, has_shape};
use crate::expected::{Check, agree, rows, text};
use crate::topology::things::table;
use crate::{busy, serve};

/// What is asked of the raw socket besides the statistics.
pub(crate) const COMMANDS: [&str; 7] = [
    "show backend",
    "show servers state",
    "show servers conn",
    "show resolvers",
    "show peers",
    "show cache",
    "dump stats-file",
];

pub(crate) fn cases() -> Vec<Case> {
    [
        frontends::cases(),
        backends::cases(),
        servers::cases(),
        resolvers_peers::cases(),
        caches::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A case whose call also answers the same on a HAProxy where nothing moves.
fn case(
    tool: &'static str,
    succeeds: Value,
    refused: Value,
    because: (&'static str, &'static str),
) -> Case {
    Case {
        tool,
        still: succeeds.clone(),
        succeeds,
        refused,
        because,
        since: None,
    }
}

/// Compares the answer of one of these tools; false where the tool is none of them.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    let everything = arguments["fields"] == json!(["all"]);
    match tool {
        "list_frontends" => frontends::list_frontends(check, answer),
        "show_frontend" => frontends::show_frontend(check, answer),
        "show_backend" => backends::show_backend(check, answer),
        "get_backend" => backends::get_backend(check, answer),
        "show_servers_state" => table(
            check,
            "show servers state",
            servers::states,
            arguments["backend"].as_str(),
            answer,
            everything,
        ),
        "show_servers_conn" => table(
            check,
            "show servers conn",
            servers::connections,
            arguments["backend"].as_str(),
            answer,
            everything,
        ),
        "show_resolvers" => table(
            check,
            "show resolvers",
            resolvers_peers::nameservers,
            arguments["resolvers"].as_str(),
            answer,
            true,
        ),
        "show_peers" => table(
            check,
            "show peers",
            resolvers_peers::peers,
            arguments["peers"].as_str(),
            answer,
            false,
        ),
        "show_cache" => caches::check(check, arguments, answer),
        _ => return false,
    }
    true
}

/// Makes these calls, and compares each answer with what the raw socket says before and after it.
fn compare(haproxy: &Haproxy, server: &McpServer, calls: &[(&str, Value)]) {
    for (tool, arguments) in calls {
        agree(haproxy, &format!("{tool} {arguments}"), || {
            let answer = server.call(tool, arguments.clone()).answer().clone();
            vec![((*tool).to_owned(), arguments.clone(), answer)]
        });
    }
}

/// Resolvers that nobody answers, peers that are not there, a cache that a visit fills.
fn furnished(binary: &Binary) -> Haproxy {
    let haproxy = Haproxy::builder(binary)
        .with(
            "
global
    localpeer me
peers group
    peer me unix@me.peer.sock
    peer absent 127.0.0.1:1
    table seen type ip size 100 expire 1m store http_req_cnt
    table marked type string size 100 expire 1m store gpc0
peers other_group
    peer me unix@me2.peer.sock
resolvers names
    nameserver first 127.0.0.1:1
    nameserver second 127.0.0.1:2
    timeout resolve 200ms
    timeout retry 200ms
cache pages
    total-max-size 1
    max-age 60
cache unused
    total-max-size 1
frontend fe_cached
    bind unix@cached.sock
    http-request cache-use pages
    http-response set-header cache-control max-age=60
    http-response cache-store pages
    default_backend be_app
backend be_resolved
    server resolved nowhere.invalid:80 resolvers names init-addr none
",
        )
        .start();
    haproxy.traffic(8);
    haproxy
}

haproxy_mcp_testkit::on_each_version! {
    fn unknown_names_have_near_ones(binary: &Binary) {
        let haproxy = furnished(binary);
        let server = serve(&haproxy);
        for (tool, arguments, near) in [
            ("show_frontend", json!({ "frontend": "fe_htpp" }), "fe_http"),
            ("show_frontend", json!({ "frontend": "be_app" }), "fe_"),
            ("get_backend", json!({ "backend": "be_apps" }), "be_app"),
            ("get_backend", json!({ "backend": "#1" }), "be_"),
            ("show_servers_state", json!({ "backend": "be_apps" }), "be_app"),
            ("show_servers_conn", json!({ "backend": "be_apps" }), "be_app"),
            ("show_servers_conn", json!({ "backend": "#2" }), "be_"),
            ("show_resolvers", json!({ "resolvers": "name" }), "names"),
            ("show_peers", json!({ "peers": "grup" }), "group"),
            ("show_cache", json!({ "cache": "page" }), "pages"),
        ] {
            let response = server.call(tool, arguments.clone());
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("not-found"), "{tool} {arguments}: {error}");
            assert!(error["hint"].as_str().unwrap_or_default().contains(near), "{tool} {arguments}: {error}");
        }
        all_succeed(&server);
    }

    /// Before 3.3 a frontend and a backend may have one name; HAProxy's own selection then finds only the first.
    fn a_frontend_and_a_backend_that_share_a_name_are_told_apart(binary: &Binary) {
        if binary.at_least(3, 3) {
            let haproxy = Haproxy::start(binary);
            assert!(!haproxy.raw_text("show backend").lines().any(|name| name == "shop"), "it allows it again");
            return;
        }
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        compare(&haproxy, &server, &[
            ("show_frontend", json!({ "frontend": "shop" })),
            ("get_backend", json!({ "backend": "shop" })),
            ("show_stat", json!({ "proxy": "shop", "fields": ["all"] })),
            ("show_stat", json!({ "proxy": "shop", "type": "backend", "fields": ["all"] })),
            ("show_stat", json!({ "proxy": "shop", "type": "frontend" })),
            ("list_servers", json!({ "backend": "shop" })),
            ("get_server", json!({ "backend": "shop", "server": "cart" })),
            ("show_servers_state", json!({ "backend": "shop" })),
            ("show_servers_conn", json!({ "backend": "shop" })),
        ]);
        let shop = server.call("show_stat", json!({ "proxy": "shop" }));
        let kinds: Vec<String> = rows(shop.answer()).map(|row| text(row, "svname")).collect();
        assert_eq!(kinds, ["FRONTEND", "cart", "BACKEND"]);
        let sampled = server.call("sample_stat", json!({ "proxy": "shop", "seconds": 1 }));
        assert_eq!(sampled.answer()["matched"], json!(2), "{}", sampled.message);
    }
}

/// Without a limit an answer stays about 2,000 tokens, of four characters each, and says what is not in it.
#[test]
fn a_default_answer_is_small_and_says_what_is_left_out() {
    let haproxy = Haproxy::builder(&newest()).servers(700).start();
    let server = serve(&haproxy);
    for (tool, arguments) in [
        ("show_servers_state", json!({})),
        ("show_servers_state", json!({ "fields": ["all"] })),
        ("show_servers_conn", json!({ "fields": ["all"] })),
        ("get_backend", json!({ "backend": "be_many" })),
        ("get_backend", json!({ "backend": "be_app" })),
        ("show_frontend", json!({ "frontend": "fe_http" })),
        ("top", json!({ "by": "sessions" })),
        ("sample_stat", json!({ "seconds": 1, "type": "server" })),
    ] {
        let response = server.call(tool, arguments.clone());
        let answer = response.answer();
        let size = answer.to_string().len();
        assert!(size <= 7_000, "{tool} {arguments}: {size} characters");
        let rows = answer["rows"].as_array().map_or(0, Vec::len) as u64;
        if answer["matched"]
            .as_u64()
            .is_some_and(|matched| matched > rows)
        {
            let left_out = answer["left_out"]["rows"].is_u64();
            assert!(
                answer["next_cursor"].is_string() || left_out,
                "{tool} {arguments}: {answer}"
            );
        }
    }
}
