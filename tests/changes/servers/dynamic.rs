//! Servers that come and go at run time.

use haproxy_mcp_testkit::{Binary, Haproxy, until};
use serde_json::{Value, json};

use super::held::Held;
use super::{column, field, operate, state_of, with};
use crate::cases::{Case, Site, program, serve};

/// Three servers that nothing refers to, and two of which one does.
fn many(binary: &Binary) -> Site {
    let haproxy = Haproxy::builder(binary)
        .servers(3)
        .with("backend be_track\n    server first 127.0.0.1:1 check\n    server second 127.0.0.1:1 track first\n")
        .start();
    Site {
        haproxy,
        files: None,
        master: false,
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            access: "admin",
            succeeds: |_| json!({ "backend": "be_app", "name": "new", "addr": "127.0.0.1", "port": 81 }),
            seen: |site| state_of(&site.haproxy, "be_app", "new"),
            // there is one of this name
            refused: |_| json!({ "backend": "be_app", "name": "app1", "addr": "127.0.0.1:81" }),
            because: "rejected",
            ..operate("add_server")
        },
        Case {
            access: "admin",
            site: many,
            succeeds: |_| json!({ "backend": "be_many", "name": "s2" }),
            seen: |site| state_of(&site.haproxy, "be_many", "s2"),
            // another one tracks it
            refused: |_| json!({ "backend": "be_track", "name": "first" }),
            because: "rejected",
            ..operate("del_server")
        },
    ]
}

fn add(more: &Value) -> Value {
    let mut arguments = json!({ "backend": "be_app", "name": "new", "addr": "127.0.0.1:81" });
    arguments
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    arguments
}

haproxy_mcp_testkit::on_each_version! {
    fn a_server_comes_into_service_with_its_checks(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let origin = site.haproxy.origins()[0].address();
        let response = server.call("add_server", add(&json!({
            "addr": origin.to_string(), "ready": true, "check": true, "inter_ms": 200, "rise": 1, "fall": 2,
            "weight": 30, "maxconn": 40, "backup": false, "options": ["agent-check", "agent-port", "1", "agent-inter", "1h"],
        })));
        let answer = response.answer();
        assert_eq!(answer["before"], json!(null), "{answer}");
        let after = &answer["after"];
        assert_eq!(after["state"], "ready", "{answer}");
        assert_eq!(after["admin_state"], json!([]), "{answer}");
        assert_eq!(after["check"], "enabled", "{answer}");
        assert_eq!(after["agent"], "enabled", "{answer}");
        assert_eq!((&after["weight"], &after["maxconn"]), (&json!(30), &json!(40)), "{answer}");
        assert_eq!(after["port"], json!(origin.port()), "{answer}");
        let haproxy = &site.haproxy;
        assert_eq!(field(haproxy, "be_app", "new", "srv_admin_state"), "0");
        assert_eq!(field(haproxy, "be_app", "new", "srv_check_state"), "6");
        assert_eq!(field(haproxy, "be_app", "new", "srv_agent_state"), "22");
        assert_eq!(column(haproxy, "be_app", "new", "slim"), "40");
        // Its checks do run.
        until("a check of the new server", || match column(haproxy, "be_app", "new", "check_status").as_str() {
            "L7OK" => Ok(()),
            other => Err(other.to_owned()),
        });
    }

    fn a_server_is_added_in_maintenance_unless_asked(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        for (name, addr, port, seen) in [
            ("six", "[2001:db8::7]:8080", None, "2001:db8::7"),
            ("six.b", "2001:db8::7", Some(8080), "2001:db8::7"),
            // a name like another, and one that is a word of HAProxy's
            ("a:b-C_1", "127.0.0.7:8080", Some(8080), "127.0.0.7"),
            ("help", "127.0.0.7", Some(8080), "127.0.0.7"),
        ] {
            let mut arguments = add(&json!({ "name": name, "addr": addr, "check": true }));
            if let Some(port) = port {
                arguments["port"] = json!(port);
            }
            let response = server.call("add_server", arguments);
            let answer = response.answer();
            assert_eq!(answer["after"]["addr"], seen, "{answer}");
            assert_eq!(answer["after"]["state"], "maint", "{answer}");
            assert_eq!(answer["after"]["check"], "disabled", "{answer}");
            assert_eq!(field(&site.haproxy, "be_app", name, "srv_addr"), seen);
            assert_eq!(field(&site.haproxy, "be_app", name, "srv_port"), "8080");
            assert_eq!(field(&site.haproxy, "be_app", name, "srv_admin_state"), "1");
        }
    }

    fn what_haproxy_would_take_for_something_else_does_not_reach_it(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let before = site.haproxy.raw_text("show servers state be_app").lines().count();
        for (more, argument) in [
            (json!({ "addr": "help" }), "/addr"),
            (json!({ "addr": "localhost:80" }), "/addr"),
            (json!({ "addr": "127.0.0.1" }), "/port"),
            (json!({ "addr": "127.0.0.1:0" }), "/port"),
            (json!({ "addr": "2001:db8::7:80" }), "/port"),
            (json!({ "addr": "127.0.0.1:80", "port": 81 }), "/port"),
            (json!({ "addr": "0.0.0.0:80" }), "/addr"),
            (json!({ "name": "a/b" }), "/name"),
            (json!({ "name": "a b" }), "/name"),
            (json!({ "options": ["alpn", "h2", "enabled"] }), "/options/2"),
            (json!({ "options": ["weight", "abc"] }), "/options/0"),
        ] {
            let response = server.call("add_server", add(&more));
            let error = response.error();
            assert_eq!(error["code"], "invalid-argument", "{more}: {error}");
            assert_eq!(error["details"]["argument"], argument, "{more}: {error}");
            assert!(error["hint"].is_string(), "{more}: {error}");
        }
        assert_eq!(site.haproxy.raw_text("show servers state be_app").lines().count(), before);
    }

    fn what_haproxy_refuses_leaves_nothing(binary: &Binary) {
        let site = with(binary, "backend be_static\n    balance source\n    server s1 127.0.0.1:1\n");
        let server = serve(&site, "admin");
        for (more, code, reason) in [
            (json!({ "options": ["bogus"] }), "rejected", "invalid-argument"),
            (json!({ "options": ["resolvers", "names"] }), "rejected", "invalid-argument"),
            (json!({ "options": ["track", "be_app/nosuch"] }), "rejected", "rejected"),
            (json!({ "ssl": true, "verify": "required", "ca_file": "nosuch.pem" }), "rejected", "rejected"),
            (json!({ "backend": "be_static" }), "rejected", "not-supported"),
            (json!({ "backend": "be_ap" }), "not-found", ""),
            (json!({ "backend": "#5" }), "not-found", ""),
        ] {
            let response = server.call("add_server", add(&more));
            let error = response.error();
            assert_eq!(error["code"], code, "{more}: {error}");
            if !reason.is_empty() {
                assert_eq!(error["details"]["reason"], reason, "{more}: {error}");
            }
            let hint = error["hint"].as_str().unwrap();
            // There is no such server to look at.
            assert!(!hint.contains("how the server is set"), "{more}: {error}");
        }
        assert_eq!(state_of(&site.haproxy, "be_app", "new"), "");
        assert_eq!(state_of(&site.haproxy, "be_static", "new"), "");
    }

    /// HAProxy raises the limit to the keyword's, and is content.
    fn a_server_that_is_not_as_asked_for_is_removed_again(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        for ready in [false, true] {
            let arguments = add(&json!({ "maxconn": 10, "options": ["minconn", "50"], "ready": ready }));
            let response = server.call("add_server", arguments);
            let error = response.error();
            assert_eq!(error["code"], "not-applied", "{error}");
            assert_eq!(error["details"]["after"]["maxconn"], json!(50), "{error}");
            assert!(error["message"].as_str().unwrap().ends_with("the server was removed again"), "{error}");
            assert_eq!(state_of(&site.haproxy, "be_app", "new"), "");
        }
    }

    fn a_server_that_others_refer_to_goes_on_serving(binary: &Binary) {
        let site = many(binary);
        let server = serve(&site, "admin");
        let arguments = json!({ "backend": "be_track", "name": "first" });
        for (command, bits) in [("ready", "0"), ("drain", "8"), ("maint", "1")] {
            site.haproxy.raw(&format!("set server be_track/first state {command}"));
            let response = server.call("del_server", arguments.clone());
            let error = response.error();
            assert_eq!(error["details"]["reason"], "in-use", "{error}");
            assert_eq!(field(&site.haproxy, "be_track", "first", "srv_admin_state"), bits);
        }
        // It was not even put into maintenance for a moment: that would have been its last change.
        let event = server.wait_for_stderr(r#""verdict":"rejected""#);
        assert!(!event.contains("state maint"), "{event}");
    }

    fn a_server_goes_when_its_last_session_does(binary: &Binary) {
        let mut held = Held::start(binary);
        let server = serve(&held.site, "admin");
        let call = server.begin("del_server", json!({ "backend": "be_held", "name": "h1", "timeout_seconds": 60 }));
        let told = until("a report of progress", || {
            let told = server.notifications("notifications/progress");
            told.last().cloned().ok_or_else(|| "none".to_owned())
        });
        assert!(told["message"].as_str().unwrap().contains("1 session left"), "{told}");
        assert_eq!(field(&held.site.haproxy, "be_held", "h1", "srv_admin_state"), "1");
        held.end();
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!(answer["before"]["state"], "ready", "{answer}");
        assert_eq!(answer["after"], json!(null), "{answer}");
        assert_eq!(state_of(&held.site.haproxy, "be_held", "h1"), "");
    }

    fn a_server_with_sessions_gets_its_state_back(binary: &Binary) {
        let held = Held::start(binary);
        let server = serve(&held.site, "admin");
        for (state, bits) in [("ready", "0"), ("drain", "8"), ("maint", "1")] {
            held.site.haproxy.raw(&format!("set server be_held/h1 state {state}"));
            let arguments = json!({ "backend": "be_held", "name": "h1", "timeout_seconds": 1 });
            let response = server.call("del_server", arguments);
            let error = response.error();
            assert_eq!(error["code"], "not-applied", "{error}");
            assert_eq!(error["details"]["left"]["sessions"], json!(1), "{error}");
            let message = error["message"].as_str().unwrap();
            assert_eq!(message.ends_with(&format!("it is {state} again")), state != "maint", "{error}");
            assert!(error["hint"].as_str().unwrap().contains("shutdown_sessions_server"), "{error}");
            assert_eq!(field(&held.site.haproxy, "be_held", "h1", "srv_admin_state"), bits);
        }
    }

    /// HAProxy takes a server out of maintenance up.
    fn a_server_with_sessions_gets_its_health_back(binary: &Binary) {
        let held = Held::start(binary);
        let server = serve(&held.site, "admin");
        for (health, bits) in [("down", "0"), ("stopping", "3"), ("up", "2")] {
            held.site.haproxy.raw(&format!("set server be_held/h1 health {health}"));
            let arguments = json!({ "backend": "be_held", "name": "h1", "timeout_seconds": 0 });
            let response = server.call("del_server", arguments);
            let error = response.error();
            assert_eq!(error["code"], "not-applied", "{error}");
            assert!(error["message"].as_str().unwrap().ends_with("it is ready again"), "{error}");
            assert_eq!(field(&held.site.haproxy, "be_held", "h1", "srv_op_state"), bits, "{error}");
        }
    }

    fn a_haproxy_that_ends_while_a_session_is_waited_for_is_told(binary: &Binary) {
        let mut held = Held::start(binary);
        let server = serve(&held.site, "admin");
        let call = server.begin("del_server", json!({ "backend": "be_held", "name": "h1" }));
        until("the server to be in maintenance", || {
            match field(&held.site.haproxy, "be_held", "h1", "srv_admin_state").as_str() {
                "1" => Ok(()),
                other => Err(other.to_owned()),
            }
        });
        held.site.haproxy.stop();
        let response = server.finish(call);
        assert!(["unreachable", "interrupted"].contains(&response.code()), "{}", response.message);
    }

    /// Whose socket closes nothing by itself, and on 2.6 gives no severities.
    fn a_server_comes_and_goes_through_the_master_alone(binary: &Binary) {
        let mut held = Held::with_master(binary);
        let server = program("admin")
            .arg("--master-socket")
            .arg(held.site.haproxy.master_socket())
            .start();
        server.stateless();
        server.call("add_server", add(&json!({ "ready": true, "check": true }))).answer();
        assert_eq!(field(&held.site.haproxy, "be_app", "new", "srv_admin_state"), "0");
        let refused = server.call("add_server", add(&json!({})));
        assert_eq!(refused.error()["details"]["reason"], "already-exists", "{}", refused.message);
        let named = json!({ "backend": "be_held", "name": "h1", "timeout_seconds": 60 });
        let call = server.begin("del_server", named);
        until("the server to be in maintenance", || {
            match field(&held.site.haproxy, "be_held", "h1", "srv_admin_state").as_str() {
                "1" => Ok(()),
                other => Err(other.to_owned()),
            }
        });
        held.end();
        server.finish(call).answer();
        assert_eq!(state_of(&held.site.haproxy, "be_held", "h1"), "");
    }

    fn a_server_comes_and_goes_and_comes(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        for _ in 0..3 {
            server.call("add_server", add(&json!({ "ready": true }))).answer();
            assert_eq!(field(&site.haproxy, "be_app", "new", "srv_admin_state"), "0");
            server.call("del_server", json!({ "backend": "be_app", "name": "new" })).answer();
            assert_eq!(state_of(&site.haproxy, "be_app", "new"), "");
        }
        let response = server.call("del_server", json!({ "backend": "be_app", "name": "new" }));
        assert_eq!(response.code(), "not-found", "{}", response.message);
    }

    fn sockets_of_lower_levels_add_and_remove_nothing(binary: &Binary) {
        for level in ["operator", "user"] {
            let haproxy = Haproxy::builder(binary).admin_level(level).servers(1).start();
            let site = Site { haproxy, files: None, master: false };
            let server = serve(&site, "admin");
            for (tool, arguments) in [
                ("add_server", add(&json!({}))),
                ("del_server", json!({ "backend": "be_many", "name": "s1" })),
                ("set_server_addr", json!({ "backend": "be_many", "server": "s1", "addr": "127.0.0.1" })),
                ("set_maxconn_server", json!({ "backend": "be_many", "server": "s1", "maxconn": 5 })),
                ("enable_health", json!({ "backend": "be_many", "server": "s1" })),
                ("drain_server", json!({ "backend": "be_many", "server": "s1" })),
                ("ramp_weight", json!({ "backend": "be_many", "server": "s1", "weight": 5 })),
            ] {
                let response = server.call(tool, arguments);
                let error = response.error();
                assert_eq!(error["details"]["reason"], "permission-denied", "{tool}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("level admin"), "{tool}: {error}");
            }
            assert_eq!(state_of(&site.haproxy, "be_app", "new"), "");
            assert_eq!(field(&site.haproxy, "be_many", "s1", "srv_admin_state"), "0");
        }
    }
}
