use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::json;

use crate::cases::{Case, Site, serve};

/// A site with a `defaults` section that has a name.
fn web(binary: &Binary) -> Site {
    let sections = "
defaults web
    mode http
    balance roundrobin
    timeout connect 2s
    timeout server 10s
defaults still
    mode tcp
    balance source
    timeout connect 2s
    timeout server 10s
";
    let haproxy = Haproxy::builder(binary).with(sections).start();
    Site {
        haproxy,
        files: None,
        master: false,
    }
}

/// A case from HAProxy 3.4 on.
fn of(tool: &'static str) -> Case {
    Case {
        tool,
        access: "operate",
        site: web,
        succeeds: |_| json!({ "backend": "be_app" }),
        seen: |site| seen(&site.haproxy, "be_app"),
        refused: |_| json!({ "backend": "be_ap" }),
        because: "not-found",
        since: Some((3, 4)),
    }
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            site: |binary| {
                let site = web(binary);
                site.haproxy.raw("unpublish backend be_app");
                site
            },
            ..of("publish_backend")
        },
        of("unpublish_backend"),
        Case {
            access: "admin",
            succeeds: |_| json!({ "name": "be_new", "from": "web" }),
            seen: |site| seen(&site.haproxy, "be_new"),
            // there is one of this name
            refused: |_| json!({ "name": "be_app", "from": "web" }),
            because: "rejected",
            ..of("add_backend")
        },
        Case {
            access: "admin",
            site: |binary| {
                let site = web(binary);
                site.haproxy.raw("add backend be_new from web");
                site
            },
            succeeds: |_| json!({ "name": "be_new" }),
            seen: |site| seen(&site.haproxy, "be_new"),
            // it is published
            refused: |_| json!({ "name": "be_empty" }),
            because: "rejected",
            ..of("del_backend")
        },
    ]
}

/// The status of a backend, as the statistics have it; empty where there is none.
fn seen(haproxy: &Haproxy, backend: &str) -> String {
    let statistics = haproxy.raw_text("show stat -1 2 -1");
    let mut lines = statistics.lines();
    let header = lines.next().unwrap();
    let place = header
        .split(',')
        .position(|column| column == "status")
        .unwrap();
    lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .find(|row| row[0] == backend)
        .map(|row| row[place].to_owned())
        .unwrap_or_default()
}

haproxy_mcp_testkit::on_each_version! {
    fn frontends_pass_over_a_backend_that_is_not_published(binary: &Binary) {
        if !binary.at_least(3, 4) {
            return;
        }
        let site = web(binary);
        let server = serve(&site, "operate");
        for (tool, published, status) in [
            ("unpublish_backend", false, 503),
            ("unpublish_backend", false, 503),
            ("publish_backend", true, 200),
            ("publish_backend", true, 200),
        ] {
            let response = server.call(tool, json!({ "backend": "be_app" }));
            let answer = response.answer();
            assert_eq!(answer["after"]["published"], json!(published), "{answer}");
            assert_eq!(seen(&site.haproxy, "be_app").contains("UNPUB"), !published);
            assert_eq!(site.haproxy.get("/x"), status, "{answer}");
        }
    }

    fn a_backend_comes_with_a_server_and_goes(binary: &Binary) {
        if !binary.at_least(3, 4) {
            return;
        }
        let site = web(binary);
        let server = serve(&site, "admin");
        let arguments = json!({ "name": "be:new-1.x_Y", "from": "web", "mode": "tcp", "guid": "a-guid" });
        let response = server.call("add_backend", arguments);
        let answer = response.answer();
        assert_eq!(answer["before"], json!(null), "{answer}");
        assert_eq!(answer["after"]["published"], json!(false), "{answer}");
        assert_eq!(answer["after"]["mode"], "tcp", "{answer}");
        let which = json!({ "backend": "be:new-1.x_Y" });
        let named = json!({ "name": "be:new-1.x_Y" });
        server
            .call("add_server", json!({ "backend": "be:new-1.x_Y", "name": "s1", "addr": "127.0.0.1:1", "ready": true }))
            .answer();
        server.call("publish_backend", which.clone()).answer();
        let refused = |reason: &str, hint: &str| {
            let response = server.call("del_backend", named.clone());
            let error = response.error();
            assert_eq!(error["details"]["reason"], reason, "{error}");
            assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
            assert_ne!(seen(&site.haproxy, "be:new-1.x_Y"), "");
        };
        refused("still-published", "unpublish_backend");
        server.call("unpublish_backend", which).answer();
        refused("in-use", "del_server");
        server.call("del_server", json!({ "backend": "be:new-1.x_Y", "name": "s1" })).answer();
        let response = server.call("del_backend", named.clone());
        let answer = response.answer();
        assert_eq!(answer["after"], json!(null), "{answer}");
        // HAProxy may tell along what it had said to others.
        let said = answer["said"].as_str().unwrap();
        assert!(said.ends_with("Backend deleted."), "{answer}");
        assert!(!said.contains("\\u{a}"), "{answer}");
        assert_eq!(seen(&site.haproxy, "be:new-1.x_Y"), "");
        assert_eq!(server.call("del_backend", named).code(), "not-found");
    }

    fn what_haproxy_refuses_says_what_to_do(binary: &Binary) {
        if !binary.at_least(3, 4) {
            return;
        }
        let site = web(binary);
        let server = serve(&site, "admin");
        site.haproxy.raw("unpublish backend shop_be");
        for (tool, arguments, reason) in [
            ("add_backend", json!({ "name": "be_new", "from": "nosuch" }), "no-such-defaults"),
            ("add_backend", json!({ "name": "be_app", "from": "web" }), "already-exists"),
            ("add_backend", json!({ "name": "fe_http", "from": "web" }), "already-exists"),
            ("add_backend", json!({ "name": "be/new", "from": "web" }), "invalid-argument"),
            ("add_backend", json!({ "name": "#7", "from": "web" }), "invalid-argument"),
            // the configuration names it
            ("del_backend", json!({ "name": "shop_be" }), "in-use"),
        ] {
            let response = server.call(tool, arguments);
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{error}");
            assert_eq!(error["details"]["reason"], reason, "{error}");
            assert!(error["hint"].is_string(), "{error}");
        }
        assert_eq!(seen(&site.haproxy, "be_new"), "");
        assert_ne!(seen(&site.haproxy, "shop_be"), "");
        for name in ["#5", "5", "-1", "be_nosuch"] {
            for (tool, argument) in [("unpublish_backend", "backend"), ("del_backend", "name")] {
                let response = server.call(tool, json!({ argument: name }));
                assert_eq!(response.code(), "not-found", "{tool} {name}: {}", response.message);
            }
        }
    }

    /// Its balancing takes no servers at run time, and HAProxy says so with its success.
    fn a_backend_whose_balancing_is_static_is_added(binary: &Binary) {
        if !binary.at_least(3, 4) {
            return;
        }
        let site = web(binary);
        let server = serve(&site, "admin");
        let response = server.call("add_backend", json!({ "name": "be_still", "from": "still" }));
        let answer = response.answer();
        assert_eq!(answer["after"]["mode"], "tcp", "{answer}");
        assert!(answer["said"].as_str().unwrap().contains("New backend registered"), "{answer}");
        assert_ne!(seen(&site.haproxy, "be_still"), "");
    }

    fn before_3_4_the_configuration_is_the_way(binary: &Binary) {
        if binary.at_least(3, 4) {
            return;
        }
        let site = web(binary);
        let server = serve(&site, "admin");
        for (tool, arguments) in [
            ("publish_backend", json!({ "backend": "be_app" })),
            ("unpublish_backend", json!({ "backend": "be_app" })),
            ("add_backend", json!({ "name": "be_new", "from": "web" })),
            ("del_backend", json!({ "name": "be_empty" })),
        ] {
            let response = server.call(tool, arguments);
            let error = response.error();
            assert_eq!(error["code"], "unsupported", "{tool}: {error}");
            assert_eq!(error["details"]["since"], "3.4", "{tool}: {error}");
            assert!(error["hint"].as_str().unwrap().contains("reload"), "{tool}: {error}");
        }
    }

    fn sockets_of_lower_levels_change_no_backend(binary: &Binary) {
        if !binary.at_least(3, 4) {
            return;
        }
        for level in ["operator", "user"] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let site = Site { haproxy, files: None, master: false };
            let server = serve(&site, "admin");
            for (tool, arguments) in [
                ("unpublish_backend", json!({ "backend": "be_app" })),
                ("add_backend", json!({ "name": "be_new", "from": "web" })),
                ("del_backend", json!({ "name": "be_empty" })),
            ] {
                let response = server.call(tool, arguments);
                let error = response.error();
                assert_eq!(error["details"]["reason"], "permission-denied", "{tool}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("level admin"), "{tool}: {error}");
            }
        }
    }
}
