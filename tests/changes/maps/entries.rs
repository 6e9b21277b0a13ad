//! Entries one by one.

use haproxy_mcp_testkit::Haproxy;
use serde_json::{Value, json};

use crate::cases::{Site, serve};
use crate::maps::{error, listed, typed};

haproxy_mcp_testkit::on_each_version! {
    fn adding_never_replaces_setting_changes_all_deleting_leaves_none(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let call = |tool: &str, further: Value| {
            let mut arguments = json!({ "map": "hosts.map", "key": "twice.test" });
            arguments.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
            server.call(tool, arguments).answer().clone()
        };
        let first = call("add_map", json!({ "value": "be one" }));
        assert_eq!(first["before"], json!({ "entries": 0, "values": [] }), "{first}");
        let second = call("add_map", json!({ "value": "be_two" }));
        assert_eq!(second["after"], json!({ "entries": 2, "values": ["be one", "be_two"] }), "{second}");
        // HAProxy takes the first.
        let found = server.call("get_map", json!({ "map": "hosts.map", "key": "twice.test" }));
        assert_eq!(found.answer()["lookups"][0]["value"], json!("be one"));
        let set = call("set_map", json!({ "value": "both" }));
        assert_eq!(set["after"], json!({ "entries": 2, "values": ["both", "both"] }), "{set}");
        let again = call("set_map", json!({ "value": "both" }));
        assert_eq!(again["changed"], json!(false), "{again}");
        for value in ["three", "four"] {
            call("add_map", json!({ "value": value }));
        }
        let deleted = call("del_map", json!({}));
        assert_eq!(deleted["before"]["entries"], json!(4), "{deleted}");
        assert_eq!(deleted["after"], json!({ "entries": 0, "values": [] }), "{deleted}");
        assert_eq!(listed(&site.haproxy, "map hosts.map"), ["www.example.test be_app", "shop.example.test shop"]);

        let list = json!({ "acl": "blocked.acl", "key": "/twice" });
        server.call("add_acl", list.clone()).answer();
        let second = server.call("add_acl", list.clone());
        assert_eq!(second.answer()["after"], json!({ "entries": 2 }));
        let deleted = server.call("del_acl", list);
        assert_eq!(deleted.answer()["after"], json!({ "entries": 0 }));
        assert_eq!(listed(&site.haproxy, "acl blocked.acl"), ["/blocked", "/secret"]);
    }

    fn keys_and_values_reach_haproxy_as_they_are(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "operate");
        let odd = [
            ("with;semicolon", "a;b"), ("back\\slash", "c\\d"), ("<<", "<< payload"), ("\"quoted\"", "'value' of words"),
            ("d\u{e9}j\u{e0}", "\u{263a}"), ("#5", "#6"), ("@1", "@2"), ("-", " led by a space"), ("trailed", "by a space "),
        ];
        for (key, value) in odd {
            let arguments = json!({ "map": "two.map", "key": key, "value": "before" });
            server.call("add_map", arguments).answer();
            let set = server.call("set_map", json!({ "map": "two.map", "key": key, "value": value }));
            assert_eq!(set.answer()["after"]["values"], json!([value]), "{}", set.message);
            let last = listed(&site.haproxy, "map two.map").pop();
            assert_eq!(last.as_deref(), Some(format!("{key} {value}").as_str()));
            server.call("del_map", json!({ "map": "two.map", "key": key })).answer();
            assert_eq!(listed(&site.haproxy, "map two.map"), ["plain one"]);
        }
        for key in ["/with space", "/a;b", "/a\\b", "<<", "/trailed "] {
            let arguments = json!({ "acl": "blocked.acl", "key": key });
            server.call("add_acl", arguments.clone()).answer();
            assert_eq!(listed(&site.haproxy, "acl blocked.acl").pop().as_deref(), Some(key));
            server.call("del_acl", arguments).answer();
        }
        // What HAProxy would take for something else, or not at all.
        for (tool, arguments, code) in [
            ("add_map", json!({ "map": "two.map", "key": "a b", "value": "v" }), "invalid-argument"),
            ("set_map", json!({ "map": "two.map", "key": "#0x1", "value": "v" }), "invalid-argument"),
            ("del_map", json!({ "map": "two.map", "key": "#0x7f0000000000" }), "invalid-argument"),
            ("add_map", json!({ "map": "two.map", "key": "a\tb", "value": "v" }), "malformed"),
            ("add_map", json!({ "map": "two.map", "key": "a", "value": "v\nw" }), "malformed"),
            ("add_acl", json!({ "acl": "blocked.acl", "key": "#0x1" }), "invalid-argument"),
            ("del_acl", json!({ "acl": "blocked.acl", "key": "/a\n/b" }), "not-found"),
            ("add_map", json!({ "map": "@1", "key": "a", "value": "v" }), "not-found"),
        ] {
            let response = server.call(tool, arguments.clone());
            assert_eq!(error(&response)["code"], json!(code), "{tool} {arguments}: {}", response.message);
        }
        assert_eq!(listed(&site.haproxy, "map two.map"), ["plain one"]);
        assert_eq!(listed(&site.haproxy, "acl blocked.acl"), ["/blocked", "/secret"]);
    }

    fn haproxy_refuses_what_is_no_address_or_number(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        for (tool, arguments, word) in [
            ("add_map", json!({ "map": "nets.map", "key": "10.0.0.0/40", "value": "v" }), "10.0.0.0/40"),
            ("add_map", json!({ "map": "nets.map", "key": "localhost", "value": "v" }), "localhost"),
            ("add_map", json!({ "map": "numbers.map", "key": "six", "value": "v" }), "six"),
            ("add_acl", json!({ "acl": "nets.acl", "key": "2001:db8::/129" }), "2001:db8::/129"),
        ] {
            let response = server.call(tool, arguments.clone());
            let error = error(&response);
            assert_eq!(error["code"], json!("rejected"), "{tool} {arguments}: {error}");
            assert!(error["message"].as_str().unwrap().contains(word), "{tool} {arguments}: {error}");
        }
        server.call("add_map", json!({ "map": "nets.map", "key": "2001:db8::/32", "value": "six" })).answer();
        let found = server.call("get_map", json!({ "map": "nets.map", "key": "2001:db8::9" }));
        assert_eq!(found.answer()["lookups"][0]["value"], json!("six"));
        // In a whole content, the line is named and nothing is changed.
        for (tool, arguments, what, line) in [
            ("replace_map", json!({ "map": "nets.map", "content": "# nets\n192.0.2.0/24 a\n2001:db8::/48 b\n\nnowhere c\n10.0.0.0/8 d\n" }), "map nets.map", 5),
            ("replace_acl", json!({ "acl": "nets.acl", "content": "192.0.2.0/24\n\nnowhere\n10.0.0.0/8\n" }), "acl nets.acl", 3),
        ] {
            let before = listed(&site.haproxy, what);
            let response = server.call(tool, arguments);
            let error = error(&response);
            assert_eq!(error["code"], json!("rejected"), "{error}");
            assert_eq!(error["details"]["line"], json!(line), "{error}");
            assert_eq!(error["details"]["key"], json!("nowhere"), "{error}");
            assert!(error["hint"].as_str().unwrap().contains("nothing was changed"), "{error}");
            assert_eq!(listed(&site.haproxy, what), before);
        }
    }

    /// One command deletes them all up to 3.2, and one of them in 3.4.
    fn thousands_of_one_key_are_deleted_too(binary: &Binary) {
        let content = format!("before v\n{}after v\n", "same v\n".repeat(5_000));
        let site = Site {
            haproxy: Haproxy::builder(binary)
                .file("many.map", &content)
                .with("backend be_mapped\n    http-request set-header x %[path,map(many.map)]\n")
                .start(),
            files: None,
            master: false,
        };
        let server = serve(&site, "operate");
        let deleted = server.call("del_map", json!({ "map": "many.map", "key": "same" }));
        let answer = deleted.answer();
        assert_eq!((&answer["before"]["entries"], &answer["after"]["entries"]), (&json!(5_000), &json!(0)), "{answer}");
        assert_eq!(answer["before"]["values"].as_array().map(Vec::len), Some(10));
        assert_eq!(listed(&site.haproxy, "map many.map"), ["before v", "after v"]);
    }

    fn two_who_add_the_same_key_both_see_it(binary: &Binary) {
        let site = Site::usual(binary);
        let servers = [serve(&site, "operate"), serve(&site, "operate")];
        for round in 0..5 {
            let key = format!("round-{round}.test");
            let pending = servers.each_ref().map(|server| {
                server.begin("add_map", json!({ "map": "hosts.map", "key": key, "value": "same" }))
            });
            for (server, pending) in servers.iter().zip(pending) {
                assert_eq!(server.finish(pending).answer()["holds"], json!(true));
            }
            let found = server_count(&site.haproxy, &key);
            assert_eq!(found, 2);
        }
    }
}

fn server_count(haproxy: &Haproxy, key: &str) -> usize {
    let start = format!("{key} ");
    let map = listed(haproxy, "map hosts.map");
    map.iter().filter(|entry| entry.starts_with(&start)).count()
}
