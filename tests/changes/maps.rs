//! Maps and ACLs: single entries, prepared versions, whole contents.

mod circumstances;
mod contents;
mod entries;
mod versions;

use haproxy_mcp_testkit::mcp::Response;
use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::{Value, json};

use crate::cases::{Case, Site};

/// HAProxy with a version of each set prepared, one entry in it.
fn prepared(binary: &Binary) -> Site {
    let site = Site::usual(binary);
    for command in [
        "prepare map hosts.map",
        "add map @1 hosts.map prepared.test be_tcp",
        "prepare acl blocked.acl",
        "add acl @1 blocked.acl /prepared",
    ] {
        site.haproxy.raw(command);
    }
    site
}

fn map(site: &Site) -> String {
    site.haproxy.raw_text("show map hosts.map")
}

fn acl(site: &Site) -> String {
    site.haproxy.raw_text("show acl blocked.acl")
}

pub(crate) fn cases() -> Vec<Case> {
    let entry_of_map = Case {
        tool: "add_map",
        access: "operate",
        site: Site::usual,
        succeeds: |_| json!({ "map": "hosts.map", "key": "new.test", "value": "be_tcp" }),
        seen: map,
        refused: |_| json!({ "map": "host.map", "key": "new.test", "value": "be_tcp" }),
        because: "not-found",
        since: None,
    };
    let entry_of_acl = Case {
        tool: "add_acl",
        succeeds: |_| json!({ "acl": "blocked.acl", "key": "/new" }),
        seen: acl,
        refused: |_| json!({ "acl": "blocked", "key": "/new" }),
        ..entry_of_map.clone()
    };
    let of_map = Case {
        access: "admin",
        refused: |_| json!({ "map": "host.map" }),
        ..entry_of_map.clone()
    };
    let of_acl = Case {
        access: "admin",
        refused: |_| json!({ "acl": "blocked" }),
        ..entry_of_acl.clone()
    };
    vec![
        Case {
            tool: "set_map",
            succeeds: |_| json!({ "map": "hosts.map", "key": "shop.example.test", "value": "be_tcp" }),
            refused: |_| json!({ "map": "hosts.map", "key": "nobody.test", "value": "be_tcp" }),
            ..entry_of_map.clone()
        },
        Case {
            tool: "del_map",
            succeeds: |_| json!({ "map": "hosts.map", "key": "shop.example.test" }),
            refused: |_| json!({ "map": "hosts.map", "key": "nobody.test" }),
            ..entry_of_map.clone()
        },
        entry_of_map,
        Case {
            tool: "clear_map",
            succeeds: |_| json!({ "map": "hosts.map" }),
            ..of_map.clone()
        },
        Case {
            tool: "prepare_map",
            succeeds: |_| json!({ "map": "hosts.map" }),
            seen: |site| site.haproxy.raw_text("show map"),
            ..of_map.clone()
        },
        Case {
            tool: "commit_map",
            site: prepared,
            succeeds: |_| json!({ "map": "hosts.map", "version": 1 }),
            refused: |_| json!({ "map": "hosts.map", "version": 2 }),
            ..of_map.clone()
        },
        Case {
            tool: "replace_map",
            succeeds: |_| json!({ "map": "hosts.map", "content": "# all\none.test be_app\ntwo.test be_tcp\n" }),
            refused: |_| json!({ "map": "host.map", "content": "one.test be_app" }),
            ..of_map
        },
        Case {
            tool: "del_acl",
            succeeds: |_| json!({ "acl": "blocked.acl", "key": "/secret" }),
            refused: |_| json!({ "acl": "blocked.acl", "key": "/nothing" }),
            ..entry_of_acl.clone()
        },
        entry_of_acl,
        Case {
            tool: "clear_acl",
            succeeds: |_| json!({ "acl": "blocked.acl" }),
            ..of_acl.clone()
        },
        Case {
            tool: "prepare_acl",
            succeeds: |_| json!({ "acl": "blocked.acl" }),
            seen: |site| site.haproxy.raw_text("show acl"),
            ..of_acl.clone()
        },
        Case {
            tool: "commit_acl",
            site: prepared,
            succeeds: |_| json!({ "acl": "blocked.acl", "version": 1 }),
            refused: |_| json!({ "acl": "blocked.acl", "version": 2 }),
            ..of_acl.clone()
        },
        Case {
            tool: "replace_acl",
            succeeds: |_| json!({ "acl": "blocked.acl", "content": "# all\n/one\n/two\n" }),
            refused: |_| json!({ "acl": "blocked", "content": "/one" }),
            ..of_acl
        },
    ]
}

/// What HAProxy itself lists, without the addresses of the entries.
fn listed(haproxy: &Haproxy, what: &str) -> Vec<String> {
    let text = haproxy.raw_text(&format!("show {what}"));
    assert!(!text.contains("Unknown"), "{text}");
    text.lines()
        .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()))
        .collect()
}

/// A map of addresses, a map of numbers, an ACL of addresses and an empty one, and a map that is compared in two ways.
fn typed(binary: &Binary) -> Site {
    let haproxy = Haproxy::builder(binary)
        .file("nets.map", "10.0.0.0/8 lan\n")
        .file("numbers.map", "5 five\n")
        .file("nets.acl", "192.0.2.0/24\n")
        .file("empty.acl", "")
        .file("two.map", "plain one\n")
        .with(
            "frontend fe_mapped
    bind unix@mapped.sock
    http-request deny if { src -f nets.acl } or { path -f empty.acl }
    http-request set-header x-net %[src,map_ip(nets.map)]
    http-request set-header x-number %[hdr_cnt(host),map_int(numbers.map)]
    http-request set-header x-two %[path,map(two.map)]
    http-request set-header x-begins %[path,map_beg(two.map)]
    default_backend be_app
",
        )
        .start();
    Site {
        haproxy,
        files: None,
        master: false,
    }
}

fn error(response: &Response) -> &Value {
    let error = response.error();
    assert!(error["hint"].is_string(), "no hint: {error}");
    error
}

fn number(haproxy: &Haproxy, word: &str, file: &str) -> String {
    let list = haproxy.raw_text(&format!("show {word}"));
    let line = list
        .lines()
        .find(|line| line.contains(&format!("({file})")));
    format!("#{}", line.expect("the set").split(' ').next().unwrap())
}
