//! Maps and ACLs: single entries, prepared versions, whole contents.

use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, newest};
use serde_json::{Value, json};

use crate::cases::{Case, Site, program, serve};

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

/// A map of addresses, a map of numbers, an ACL of addresses, and a map that is compared in two ways.
fn typed(binary: &Binary) -> Site {
    let haproxy = Haproxy::builder(binary)
        .file("nets.map", "10.0.0.0/8 lan\n")
        .file("numbers.map", "5 five\n")
        .file("nets.acl", "192.0.2.0/24\n")
        .file("two.map", "plain one\n")
        .with(
            "frontend fe_mapped
    bind unix@mapped.sock
    http-request deny if { src -f nets.acl }
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
            let error = response.error();
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

    /// From the first to the last step, one call each.
    fn a_version_is_filled_looked_at_and_committed(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let live = listed(&site.haproxy, "map hosts.map");
        let made = server.call("prepare_map", json!({ "map": "hosts.map" }));
        assert_eq!(made.answer()["version"], json!(1));
        assert_eq!(made.answer()["after"], json!({ "curr_ver": 0, "next_ver": 1 }));
        assert!(made.answer()["next"].as_str().unwrap().contains("commit_map with version 1"));
        // It would empty the map.
        let empty = server.call("commit_map", json!({ "map": "hosts.map", "version": 1 }));
        assert_eq!(error(&empty)["code"], json!("invalid-argument"));
        for (key, value) in [("one.test", "be_app"), ("one.test", "be_tcp"), ("two.test", "be_app")] {
            let arguments = json!({ "map": "hosts.map", "key": key, "value": value, "version": 1 });
            server.call("add_map", arguments).answer();
        }
        // What only a prepared version has is not set and not deleted there (2.6 and 3.0 would).
        for (tool, arguments) in [
            ("set_map", json!({ "map": "hosts.map", "key": "one.test", "value": "v" })),
            ("del_map", json!({ "map": "hosts.map", "key": "one.test" })),
        ] {
            assert_eq!(error(&server.call(tool, arguments))["code"], json!("not-found"));
        }
        let shown = server.call("show_map", json!({ "map": "hosts.map", "version": 1 }));
        assert_eq!(shown.answer()["matched"], json!(3));
        let same = json!({ "map": "hosts.map", "version": 1, "content": "two.test be_app\none.test be_app\none.test be_tcp" });
        assert_eq!(server.call("diff_map", same).answer()["same"], json!(true));
        assert_eq!(listed(&site.haproxy, "map hosts.map"), live, "nothing is live yet");
        let done = server.call("commit_map", json!({ "map": "hosts.map", "version": 1 }));
        assert_eq!(done.answer()["before"], json!({ "curr_ver": 0, "entries": 2 }));
        assert_eq!(done.answer()["after"], json!({ "curr_ver": 1, "entries": 3 }));
        assert_eq!(listed(&site.haproxy, "map hosts.map"), ["one.test be_app", "one.test be_tcp", "two.test be_app"]);
        // HAProxy would take entries for a version that is gone, and lose them.
        server.call("prepare_map", json!({ "map": "hosts.map" })).answer();
        for version in [1, 3, 4_294_967_295_u32] {
            for (tool, further) in [
                ("commit_map", json!({})),
                ("clear_map", json!({})),
                ("show_map", json!({})),
                ("diff_map", json!({ "content": "k v" })),
                ("add_map", json!({ "key": "k", "value": "v" })),
            ] {
                let mut arguments = further.clone();
                arguments["map"] = json!("hosts.map");
                arguments["version"] = json!(version);
                let response = server.call(tool, arguments.clone());
                let error = error(&response);
                assert_eq!(error["code"], json!("not-found"), "{tool} {arguments}: {error}");
                assert_eq!(error["details"]["argument"], json!("/version"), "{tool} {arguments}: {error}");
            }
        }
        let emptied = server.call("commit_map", json!({ "map": "hosts.map", "version": 2, "allow_empty": true }));
        assert_eq!(emptied.answer()["after"]["entries"], json!(0));
        // With an empty live map 3.4, too, drops a version that is cleared.
        server.call("prepare_map", json!({ "map": "hosts.map" })).answer();
        server.call("add_map", json!({ "map": "hosts.map", "key": "k", "value": "v", "version": 3 })).answer();
        let cleared = server.call("clear_map", json!({ "map": "hosts.map", "version": 3 }));
        assert_eq!(cleared.answer()["before"], json!({ "entries": 1 }), "{}", cleared.message);
        assert_eq!(cleared.answer()["after"], json!({ "entries": 0 }));
    }

    fn a_version_of_an_acl_is_committed_and_an_older_one_is_not(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        for version in [1, 2] {
            let made = server.call("prepare_acl", json!({ "acl": "blocked.acl" }));
            assert_eq!(made.answer()["version"], json!(version));
            let key = format!("/version/{version}");
            server.call("add_acl", json!({ "acl": "blocked.acl", "key": key, "version": version })).answer();
        }
        let done = server.call("commit_acl", json!({ "acl": "blocked.acl", "version": 2 }));
        assert_eq!(done.answer()["after"], json!({ "curr_ver": 2, "entries": 1 }));
        let old = server.call("commit_acl", json!({ "acl": "blocked.acl", "version": 1 }));
        assert_eq!(error(&old)["code"], json!("not-found"));
        assert_eq!(listed(&site.haproxy, "acl blocked.acl"), ["/version/2"]);
    }

    /// Abandoning leaves the live map alone, whether or not HAProxy drops the version at once.
    fn abandoning_touches_nothing_that_is_live(binary: &Binary) {
        let site = prepared(binary);
        let server = serve(&site, "admin");
        for (tool, arguments, what) in [
            ("clear_map", json!({ "map": "hosts.map", "version": 1 }), "map hosts.map"),
            ("clear_acl", json!({ "acl": "blocked.acl", "version": 1 }), "acl blocked.acl"),
        ] {
            let live = listed(&site.haproxy, what);
            let response = server.call(tool, arguments);
            assert_eq!(listed(&site.haproxy, what), live);
            let (word, name) = what.split_once(' ').unwrap();
            let left = listed(&site.haproxy, &format!("{word} @1 {name}"));
            if left.is_empty() {
                assert_eq!(response.answer()["after"], json!({ "entries": 0 }));
            } else {
                // 3.4.7 takes the command and keeps the version.
                let error = error(&response);
                assert_eq!(error["code"], json!("not-applied"), "{error}");
                assert!(error["hint"].as_str().unwrap().contains("next commit drops it"), "{error}");
            }
        }
    }

    fn a_whole_content_replaces_another(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        let content = "# two names for one map\r\n\r\nplain\ttwo\r\nplain three\n  value with; \\ and <<  \n\nlast one";
        let name = number(&site.haproxy, "map", "two.map");
        let replaced = server.call("replace_map", json!({ "map": name, "content": content }));
        let answer = replaced.answer();
        assert_eq!(answer["before"], json!({ "curr_ver": 0, "entries": 1 }), "{answer}");
        assert_eq!(answer["after"], json!({ "curr_ver": 1, "entries": 4 }), "{answer}");
        assert_eq!((&answer["comments"], &answer["blank"], &answer["duplicates"]), (&json!(1), &json!(2), &json!(1)));
        let expected = ["plain two", "plain three", "value with; \\ and <<", "last one"];
        assert_eq!(listed(&site.haproxy, "map two.map"), expected);
        let many: String = (0..2_000).map(|n| format!("key-{n} the value {n}\n")).collect();
        let replaced = server.call("replace_map", json!({ "map": "two.map", "content": many }));
        assert_eq!(replaced.answer()["after"], json!({ "curr_ver": 2, "entries": 2_000 }));
        assert_eq!(listed(&site.haproxy, "map two.map").join("\n") + "\n", many);
        let keys: String = (0..2_000).map(|n| format!("/path/{n};with \\ all\n")).collect();
        let replaced = server.call("replace_acl", json!({ "acl": "blocked.acl", "content": keys }));
        assert_eq!(replaced.answer()["after"], json!({ "curr_ver": 1, "entries": 2_000 }));
        assert_eq!(listed(&site.haproxy, "acl blocked.acl").join("\n") + "\n", keys);
        assert!(server.stderr().contains(r#""verdict":"done""#), "{}", server.stderr());
        assert!(!server.stderr().contains("taken back"), "{}", server.stderr());
    }

    fn through_a_master_contents_are_replaced_too(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let server = program("admin").arg("--master-socket").arg(haproxy.master_socket()).start();
        server.stateless();
        let map: String = (0..1_500).map(|n| format!("key-{n} value {n}\n")).collect();
        server.call("replace_map", json!({ "map": "hosts.map", "content": map })).answer();
        assert_eq!(listed(&haproxy, "map hosts.map").join("\n") + "\n", map);
        let acl: String = (0..1_500).map(|n| format!("/path/{n}\n")).collect();
        server.call("replace_acl", json!({ "acl": "blocked.acl", "content": acl })).answer();
        assert_eq!(listed(&haproxy, "acl blocked.acl").join("\n") + "\n", acl);
        let refused = server.call("replace_map", json!({ "map": "#999", "content": "k v" }));
        assert_eq!(error(&refused)["code"], json!("not-found"));
    }

    /// Calls of one server wait for each other; two servers meet in HAProxy. Whatever happens, the map is one whole
    /// content, and who was told that his is live was right at that moment.
    fn two_who_replace_the_same_never_mix(binary: &Binary) {
        let site = Site::usual(binary);
        let one = serve(&site, "admin");
        let other = serve(&site, "admin");
        let content = |who: &str| -> String {
            (0..1_200).map(|n| format!("{who}-{n}.test the value of {who}\n")).collect()
        };
        let call = |who: &str| json!({ "map": "hosts.map", "content": content(who) });
        let pending: Vec<(&McpServer, _)> = [(&one, "a"), (&other, "b"), (&one, "c")]
            .map(|(server, who)| (server, server.begin("replace_map", call(who))))
            .into();
        let outcomes: Vec<Response> = pending.into_iter().map(|(server, pending)| server.finish(pending)).collect();
        for outcome in &outcomes {
            if outcome.result()["isError"] == json!(true) {
                let code = outcome.code();
                assert!(["rejected", "not-applied", "not-found"].contains(&code), "{}", outcome.message);
            }
        }
        assert!(outcomes.iter().any(|outcome| outcome.result()["isError"] != json!(true)), "{outcomes:?}");
        let live = listed(&site.haproxy, "map hosts.map").join("\n") + "\n";
        assert!(["a", "b", "c"].iter().any(|who| content(who) == live), "{live}");
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

    /// Up to 3.3 a socket of any level may write maps; since 3.4 it takes level admin.
    fn a_low_level_of_the_socket_is_told(binary: &Binary) {
        for level in ["user", "operator"] {
            let site = Site {
                haproxy: Haproxy::builder(binary).admin_level(level).start(),
                files: None,
                master: false,
            };
            let server = serve(&site, "admin");
            for case in cases() {
                // It would have to be prepared first.
                if case.tool.starts_with("commit") {
                    continue;
                }
                let response = server.call(case.tool, (case.succeeds)(&site));
                if binary.at_least(3, 4) {
                    let error = error(&response);
                    assert_eq!(error["code"], json!("rejected"), "{}: {error}", case.tool);
                    assert!(error["hint"].as_str().unwrap().contains("level admin"), "{}: {error}", case.tool);
                } else if response.result()["isError"] == json!(true) {
                    // What an earlier tool deleted.
                    assert_eq!(response.code(), "not-found", "{}: {}", case.tool, response.message);
                }
            }
        }
    }

    /// A worker that is replaced takes its prepared versions along.
    fn after_a_restart_nothing_is_prepared(binary: &Binary) {
        let mut site = Site::usual(binary);
        let server = serve(&site, "admin");
        server.call("prepare_map", json!({ "map": "hosts.map" })).answer();
        site.haproxy.restart();
        let response = server.call("commit_map", json!({ "map": "hosts.map", "version": 1, "allow_empty": true }));
        assert_eq!(error(&response)["code"], json!("not-found"), "{}", response.message);
        let map = listed(&site.haproxy, "map hosts.map");
        assert_eq!(map, ["www.example.test be_app", "shop.example.test shop"]);
    }
}

fn server_count(haproxy: &Haproxy, key: &str) -> usize {
    let start = format!("{key} ");
    let map = listed(haproxy, "map hosts.map");
    map.iter().filter(|entry| entry.starts_with(&start)).count()
}

const LIST: &str = "\n# id (file) description\n4 (m) pattern loaded from file 'm' used by map at file 'h.cfg' line 7. curr_ver=0 next_ver=0 entry_cnt=1\n\n";

/// The answer to an entry, or to many, that HAProxy took.
const TAKEN: &str = "\n\n";

/// A HAProxy that answers these, one on each connection, and does `then` on every further one.
fn answering(answers: &[&str], then: Vec<Step>) -> ScriptedSocket {
    let each = answers.iter().enumerate().map(|(place, answer)| {
        let mut steps = vec![Step::ReadLine];
        // The fourth command has a payload, which an empty line ends.
        if place == 3 {
            steps.push(Step::expect("one two\n"));
            steps.push(Step::ReadLine);
        }
        steps.push(Step::send(answer));
        steps
    });
    ScriptedSocket::unix_each(each.collect(), then)
}

/// HAProxy goes away at each step of a replacement: that is told, and no success is claimed. What was prepared is taken
/// back, unless a commit is on its way: the version may be the live one by then.
#[test]
fn a_worker_that_goes_away_in_the_middle_is_no_success() {
    let whole = [
        LIST,
        "\n0x1 k v\n\n",
        PREPARED,
        TAKEN,
        "\n0x2 one two\n\n",
        TAKEN,
    ];
    for answered in 1..=whole.len() {
        let socket = answering(
            &whole[..answered],
            vec![Step::ReadLine, Step::send("\n"), Step::Close],
        );
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("replace_map", json!({ "map": "m", "content": "one two" }));
        // Before it has read a payload, the other side resets the connection.
        assert_eq!(
            response.code(),
            "interrupted",
            "after {answered} answers: {}",
            response.message
        );
        if answered >= 2 {
            server.wait_for_stderr(r#""audit":"change""#);
        }
        let sent = socket.received().join("");
        let clears = sent.contains("clear map @1 m");
        assert_eq!(
            clears,
            (3..5).contains(&answered),
            "after {answered} answers: {sent}"
        );
    }
}

const PREPARED: &str = "\n[6]: New version created: 1\n\n";

/// What HAProxy took and did not do is not reported as done.
#[test]
fn what_is_not_read_back_is_not_claimed() {
    let start = [LIST, "\n0x1 k v\n\n", PREPARED, TAKEN];
    let next = LIST.replace("curr_ver=0 next_ver=0", "curr_ver=1 next_ver=1");
    for (further, message) in [
        // Cut, as 3.4.7 cuts a long payload.
        (vec!["\n\n"], "line 1 is missing"),
        (
            vec!["\n0x2 one tree\n\n"],
            "in place of line 1 it has `one tree`",
        ),
        (
            vec!["\n0x2 one two\n0x4 five six\n\n"],
            "it has `five six` besides",
        ),
        (
            vec!["\n0x2 one two\n\n", TAKEN, "\n0x1 k v\n\n", LIST],
            "in place of line 1 it has `k v`",
        ),
        (
            vec![
                "\n0x2 one two\n\n",
                TAKEN,
                "\n0x2 one two\n0x9 a b\n\n",
                &next,
            ],
            "it has `a b` besides",
        ),
        (
            vec!["\n0x2 one two\n\n", TAKEN, "\n0x2 one two\n\n", LIST],
            "version 1 with 1 entries",
        ),
    ] {
        let answers = [&start[..], &further[..]].concat();
        let socket = answering(&answers, vec![Step::ReadLine, Step::send(TAKEN)]);
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("replace_map", json!({ "map": "m", "content": "one two" }));
        let error = error(&response);
        assert_eq!(error["code"], json!("not-applied"), "{error}");
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{error}"
        );
        let sent = socket.received().join("");
        assert_eq!(
            sent.contains("commit map @1 m"),
            further.len() > 1,
            "{sent}"
        );
    }
    // A single entry, too.
    let then = vec![Step::ReadLine, Step::send("\n0x1 k v\n\n")];
    for (tool, arguments) in [
        ("add_map", json!({ "map": "m", "key": "new", "value": "v" })),
        ("set_map", json!({ "map": "m", "key": "k", "value": "w" })),
        ("del_map", json!({ "map": "m", "key": "k" })),
        ("clear_map", json!({ "map": "m" })),
    ] {
        let socket = answering(&["\n0x1 k v\n\n", TAKEN], then.clone());
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call(tool, arguments);
        assert_eq!(
            response.code(),
            "not-applied",
            "{tool}: {}",
            response.message
        );
    }
}

#[test]
fn a_commit_that_another_came_before_says_so() {
    let site = Site::usual(&newest());
    let server = serve(&site, "admin");
    let refused = "\n[3]: Version number out of range.\n\n";
    let answers = [
        LIST,
        "\n0x1 k v\n\n",
        "\n[6]: New version created: 1\n\n",
        "\n\n",
        "\n0x2 one two\n\n",
        refused,
    ];
    let socket = answering(&answers, vec![Step::ReadLine, Step::send(TAKEN)]);
    let scripted = program("admin").socket(&socket.path()).start();
    scripted.stateless();
    let response = scripted.call("replace_map", json!({ "map": "m", "content": "one two" }));
    let error = error(&response);
    assert_eq!(error["code"], json!("rejected"), "{error}");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("nothing of this content is live"),
        "{error}"
    );
    // On a real one, a version that was dropped in the meantime.
    site.haproxy.raw("prepare map hosts.map");
    site.haproxy.raw("prepare map hosts.map");
    site.haproxy.raw("commit map @2 hosts.map");
    let response = server.call(
        "commit_map",
        json!({ "map": "hosts.map", "version": 1, "allow_empty": true }),
    );
    assert_eq!(response.code(), "not-found");
}
