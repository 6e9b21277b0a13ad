//! Odd keys, other names, pages, and sockets of a low level.

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::{Value, json};

use crate::cases::has_shape;
use crate::expected::{agree, rows, text};
use crate::{program, serve};

/// Keys of every odd kind, a set that is compared in two ways, patterns that stand in the configuration.
fn odd(binary: &haproxy_mcp_testkit::Binary) -> Haproxy {
    let virtual_map = if binary.at_least(3, 0) {
        "    http-request set-header x-virtual %[path,map(virt@names)]\n"
    } else {
        ""
    };
    Haproxy::builder(binary)
        .file(
            "odd.map",
            "plain one\nwith;semicolon two\nback\\slash three\n<< four\n\"quoted\" five\nd\u{e9}j\u{e0} six\n\
             spaces in its value\ntwice first\ntwice second\n",
        )
        .file("nets.map", "10.0.0.0/8 lan\n2001:db8::/32 documentation\n")
        .file("nets.acl", "192.0.2.0/24\n2001:db8::/32\n")
        .with(&format!(
            "frontend fe_mapped
    bind unix@mapped.sock
    acl nets src -f nets.acl
    acl inline path_end .inline
    http-request deny if nets or inline
    http-request set-header x-odd %[path,map(odd.map)]
    http-request set-header x-begins %[path,map_beg(odd.map)]
    http-request set-header x-net %[src,map_ip(nets.map)]
{virtual_map}    default_backend be_app
"
        ))
        .start()
}

/// The number of a set, as HAProxy lists it.
fn number(haproxy: &Haproxy, word: &str, part: &str) -> String {
    let list = haproxy.raw_text(&format!("show {word}"));
    let line = list.lines().find(|line| line.contains(part));
    let line = line.unwrap_or_else(|| panic!("no `{part}` in\n{list}"));
    format!("#{}", line.split(' ').next().unwrap())
}

haproxy_mcp_testkit::on_each_version! {
    fn they_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = odd(binary);
        let server = serve(&haproxy);
        for (tool, arguments) in [
            ("show_map", json!({})),
            ("show_map", json!({ "map": "hosts.map" })),
            ("get_map", json!({ "map": "hosts.map", "key": "www.example.test" })),
            ("get_map", json!({ "map": "hosts.map", "key": "nobody.test" })),
            ("diff_map", json!({ "map": "hosts.map", "content": "www.example.test be_app\nshop.example.test other\nnew be_tcp\n" })),
            ("diff_map", json!({ "map": "hosts.map", "content": "shop.example.test shop\n# c\n\nwww.example.test be_app" })),
            ("show_acl", json!({})),
            ("show_acl", json!({ "acl": "blocked.acl" })),
            ("get_acl", json!({ "acl": "blocked.acl", "key": "/secret" })),
            ("get_acl", json!({ "acl": "blocked.acl", "key": "/nothing" })),
        ] {
            agree(&haproxy, &format!("{tool} {arguments}"), || {
                let answer = server.call(tool, arguments.clone()).answer().clone();
                vec![(tool.to_owned(), arguments.clone(), answer)]
            });
        }
    }

    fn a_set_has_other_names(binary: &Binary) {
        let haproxy = odd(binary);
        let server = serve(&haproxy);
        let listed = |tool: &str, word: &str, name: &str| {
            let answer = server.call(tool, json!({ word: name }));
            answer.answer()["rows"].clone()
        };
        assert_eq!(listed("show_map", "map", &number(&haproxy, "map", "(odd.map)")), listed("show_map", "map", "odd.map"));
        assert_eq!(listed("show_acl", "acl", &number(&haproxy, "acl", "(nets.acl)")), listed("show_acl", "acl", "nets.acl"));
        let inline = number(&haproxy, "acl", "acl 'path_end'");
        assert_eq!(listed("show_acl", "acl", &inline), json!([{ "key": ".inline" }]));
        if binary.at_least(3, 0) {
            assert_eq!(listed("show_map", "map", "virt@names"), json!([]));
        }
        // A map is no ACL, and a number is one of a kind.
        for (tool, arguments, pointer) in [
            ("show_map", json!({ "map": "nets.acl" }), "/map"),
            ("show_acl", json!({ "acl": "odd.map" }), "/acl"),
            ("show_map", json!({ "map": inline }), "/map"),
            ("show_map", json!({ "map": "#999" }), "/map"),
            ("show_map", json!({ "map": "@1" }), "/map"),
            ("get_map", json!({ "map": "@1", "key": "k" }), "/map"),
            ("diff_map", json!({ "map": "@1", "content": "k v" }), "/map"),
            ("show_map", json!({ "map": "hosts.map", "version": 1 }), "/version"),
        ] {
            let response = server.call(tool, arguments.clone());
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("not-found"), "{tool} {arguments}: {error}");
            assert_eq!(error["details"]["argument"], json!(pointer), "{tool} {arguments}: {error}");
        }
    }

    fn odd_keys_are_found_and_listed(binary: &Binary) {
        let haproxy = odd(binary);
        let server = serve(&haproxy);
        let odd = server.call("show_map", json!({ "map": "odd.map" }));
        let said: Vec<(String, String)> = rows(odd.answer()).map(|row| (text(row, "key"), text(row, "value"))).collect();
        let expected = [
            ("plain", "one"), ("with;semicolon", "two"), ("back\\slash", "three"), ("<<", "four"), ("\"quoted\"", "five"),
            ("d\u{e9}j\u{e0}", "six"), ("spaces", "in its value"), ("twice", "first"), ("twice", "second"),
        ];
        assert_eq!(said, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        for (key, value) in &expected[..8] {
            let answer = server.call("get_map", json!({ "map": "odd.map", "key": key }));
            let answer = answer.answer();
            assert_eq!(answer["lookups"].as_array().unwrap().len(), 2, "{answer}");
            assert_eq!(answer["lookups"][0]["value"], json!(value), "{key}: {answer}");
            assert_eq!(answer["lookups"][0]["key"], json!(key), "{answer}");
        }
        for (tool, arguments, entry) in [
            ("get_map", json!({ "map": "nets.map", "key": "10.1.2.3" }), "10.0.0.0/8"),
            ("get_map", json!({ "map": "nets.map", "key": "2001:db8::7" }), "2001:db8::/32"),
            ("get_acl", json!({ "acl": "nets.acl", "key": "2001:db8::7" }), "2001:db8::/32"),
        ] {
            let answer = server.call(tool, arguments);
            assert_eq!(answer.answer()["lookups"][0]["key"], json!(entry), "{}", answer.message);
        }
        let none = server.call("get_acl", json!({ "acl": "nets.acl", "key": "no address" }));
        assert_eq!(none.answer()["found"], json!(false));
    }

    /// Duplicates are told, and a key's values are compared without their order.
    fn a_difference_counts_duplicates(binary: &Binary) {
        let haproxy = odd(binary);
        let server = serve(&haproxy);
        let diff = |content: &str| {
            let answer = server.call("diff_map", json!({ "map": "odd.map", "content": content, "filter": "twice" }));
            answer.answer().clone()
        };
        let same = diff("twice second\ntwice first");
        assert_eq!(same["rows"], json!([]), "{same}");
        assert_eq!(same["totals"]["duplicates"], json!(1), "{same}");
        assert_eq!(same["totals"]["unchanged"], json!(2), "{same}");
        assert_eq!(same["totals"]["removed"], json!(7), "{same}");
        assert_eq!(same["same"], json!(false));
        let fewer = diff("twice second");
        assert_eq!(fewer["rows"], json!([{ "change": "removed", "key": "twice", "present": "first" }]), "{fewer}");
        let more = diff("twice third\ntwice first\ntwice fourth");
        assert_eq!(
            more["rows"],
            json!([
                { "change": "changed", "key": "twice", "present": "second", "wanted": "third" },
                { "change": "added", "key": "twice", "wanted": "fourth" },
            ]),
            "{more}"
        );
    }

    /// Before 3.4 any socket may read and write maps; since then it takes one of level admin, and that is said.
    fn a_socket_of_a_low_level_is_named(binary: &Binary) {
        for level in ["user", "operator"] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let server = serve(&haproxy);
            for (tool, arguments) in [
                ("show_map", json!({})),
                ("show_map", json!({ "map": "hosts.map" })),
                ("get_map", json!({ "map": "hosts.map", "key": "k" })),
                ("diff_map", json!({ "map": "hosts.map", "content": "k v" })),
                ("show_acl", json!({})),
                ("get_acl", json!({ "acl": "blocked.acl", "key": "k" })),
            ] {
                let response = server.call(tool, arguments);
                if binary.at_least(3, 4) {
                    let error = response.error();
                    has_shape(error);
                    assert_eq!(error["code"], json!("rejected"), "{tool}: {error}");
                    assert!(error["hint"].as_str().unwrap().contains("level admin"), "{tool}: {error}");
                } else {
                    assert!(response.answer().is_object());
                }
            }
        }
    }
}

fn pages(server: &McpServer, tool: &str, arguments: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut arguments = arguments.clone();
    loop {
        let response = server.call(tool, arguments.clone());
        let answer = response.answer();
        all.extend(answer["rows"].as_array().unwrap().clone());
        match answer.get("next_cursor") {
            Some(cursor) => arguments["cursor"] = cursor.clone(),
            None => return all,
        }
    }
}

#[test]
fn a_large_map_is_paged_and_small_by_default() {
    let many: Vec<String> = (0..1_000)
        .map(|n| format!("host-{n}.example.test be_{n}\n"))
        .collect();
    let haproxy = Haproxy::builder(&newest())
        .file("many.map", &many.concat())
        .with("backend be_mapped\n    http-request set-header x %[path,map(many.map)]\n")
        .start();
    let server = serve(&haproxy);
    let first = server.call("show_map", json!({ "map": "many.map" }));
    assert!(
        first.answer().to_string().len() < 7_000,
        "{}",
        first.message
    );
    assert_eq!(first.answer()["matched"], json!(1_000));
    let key = |row: &Value| row["key"].as_str().unwrap().to_owned();
    let all = pages(
        &server,
        "show_map",
        &json!({ "map": "many.map", "limit": 300 }),
    );
    assert_eq!(
        all.iter().map(key).collect::<Vec<_>>(),
        (0..1_000)
            .map(|n| format!("host-{n}.example.test"))
            .collect::<Vec<_>>()
    );
    let some = pages(
        &server,
        "show_map",
        &json!({ "map": "many.map", "filter": "BE_99" }),
    );
    assert_eq!(some.len(), 11, "{some:?}");
    let diff = json!({ "map": "many.map", "content": "only this", "limit": 400 });
    let differences = pages(&server, "diff_map", &diff);
    assert_eq!(differences.len(), 1_001);
    assert_eq!(differences[1_000]["change"], json!("added"));
    let small = server.call(
        "diff_map",
        json!({ "map": "many.map", "content": "only this" }),
    );
    assert!(
        small.answer().to_string().len() < 7_000,
        "{}",
        small.message
    );
}

/// Text that HAProxy cannot be told over its Runtime API is refused before it is asked.
#[test]
fn a_content_that_cannot_be_said_is_refused_with_its_line() {
    let haproxy = Haproxy::start(&newest());
    let server = program().haproxy(&haproxy).start();
    server.stateless();
    for (content, line) in [
        ("a b\nc\n", json!(2)),
        ("a b\n  # comment\n", json!(2)),
        ("a b\tc", json!(1)),
        ("# nothing\n\n", json!(null)),
    ] {
        let response = server.call(
            "diff_map",
            json!({ "map": "hosts.map", "content": content }),
        );
        let error = response.error();
        has_shape(error);
        assert_eq!(
            error["code"],
            json!("invalid-argument"),
            "{content:?}: {error}"
        );
        assert_eq!(error["details"]["line"], line, "{content:?}: {error}");
    }
}
