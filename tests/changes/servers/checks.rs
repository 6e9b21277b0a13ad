//! Health checks and agent checks: whether they run, and what they found.

use haproxy_mcp_testkit::Binary;
use haproxy_mcp_testkit::topology::ODD_BACKEND;
use serde_json::json;

use super::{change, column, field, operate, state_of, with};
use crate::cases::{Case, Site, serve};

/// A server whose agent does not answer, which changes nothing, and is asked again in an hour.
fn agent(binary: &Binary) -> Site {
    with(
        binary,
        // without the first line all first checks would be spread over that hour
        "global\n    max-spread-checks 100ms\nbackend be_agent\n    server a1 127.0.0.1:1 agent-check agent-port 1 agent-inter 1h\n",
    )
}

pub(super) fn cases() -> Vec<Case> {
    let of_agent = |tool| Case {
        site: agent,
        succeeds: |_| json!({ "backend": "be_agent", "server": "a1" }),
        seen: |site| field(&site.haproxy, "be_agent", "a1", "srv_agent_state"),
        refused: |_| json!({ "backend": "be_app", "server": "app_maint2" }),
        ..operate(tool)
    };
    vec![
        Case {
            site: |binary| {
                let site = Site::usual(binary);
                site.haproxy.raw("disable health be_app/app1");
                site
            },
            seen: |site| field(&site.haproxy, "be_app", "app1", "srv_check_state"),
            // it has no health check
            refused: |_| json!({ "backend": ODD_BACKEND, "server": "api.1" }),
            because: "rejected",
            ..operate("enable_health")
        },
        operate("disable_health"),
        Case {
            succeeds: |_| json!({ "backend": ODD_BACKEND, "server": "api.1", "health": "down" }),
            seen: |site| state_of(&site.haproxy, ODD_BACKEND, "api.1"),
            refused: |_| json!({ "backend": "be_app", "server": "app9", "health": "down" }),
            ..operate("set_server_health")
        },
        Case {
            site: |binary| {
                let site = agent(binary);
                site.haproxy.raw("disable agent be_agent/a1");
                site
            },
            // it has no agent
            refused: |_| json!({ "backend": "be_app", "server": "app1" }),
            because: "rejected",
            ..of_agent("enable_agent")
        },
        of_agent("disable_agent"),
        Case {
            succeeds: |_| json!({ "backend": "be_agent", "server": "a1", "agent": "down" }),
            seen: |site| column(&site.haproxy, "be_agent", "a1", "status"),
            // it has no agent
            refused: |_| json!({ "backend": "be_app", "server": "app1", "agent": "down" }),
            because: "rejected",
            ..of_agent("set_server_agent")
        },
    ]
}

haproxy_mcp_testkit::on_each_version! {
    fn a_server_has_the_health_that_it_is_given(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        for (health, operational, bits) in
            [("down", "down", "0"), ("stopping", "stopping", "3"), ("up", "up", "2"), ("up", "up", "2")]
        {
            let arguments = json!({ "backend": ODD_BACKEND, "server": "api.1", "health": health });
            let response = server.call("set_server_health", arguments);
            let (_, after) = change(response.answer());
            assert_eq!(after["operational"], operational, "{after}");
            assert_eq!(after["check"], "not-configured", "{after}");
            assert_eq!(field(&site.haproxy, ODD_BACKEND, "api.1", "srv_op_state"), bits);
        }
    }

    /// It would come out of maintenance up, whatever was said of its health there.
    fn in_maintenance_there_is_no_health_to_set(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        for (backend, name) in [("be_app", "app_maint"), (ODD_BACKEND, "api.1")] {
            site.haproxy.raw(&format!("set server {backend}/{name} state maint"));
            for health in ["down", "stopping", "up"] {
                let before = state_of(&site.haproxy, backend, name);
                let arguments = json!({ "backend": backend, "server": name, "health": health });
                let response = server.call("set_server_health", arguments);
                let error = response.error();
                assert_eq!(error["code"], "rejected", "{error}");
                assert_eq!(error["details"]["reason"], "in-maintenance", "{error}");
                assert!(error["hint"].as_str().unwrap().contains("set_server_state"), "{error}");
                assert_eq!(state_of(&site.haproxy, backend, name), before);
            }
        }
        let log = server.stderr();
        assert!(!log.contains("set server"), "HAProxy was asked: {log}");
    }

    fn a_server_that_tracks_has_no_health_of_its_own(binary: &Binary) {
        let site = with(
            binary,
            "backend be_track\n    server first 127.0.0.1:1 check\n    server second 127.0.0.1:1 track first\n",
        );
        let server = serve(&site, "operate");
        let arguments = json!({ "backend": "be_track", "server": "second", "health": "down" });
        let response = server.call("set_server_health", arguments);
        let error = response.error();
        assert_eq!(error["details"]["reason"], "tracking", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("tracks"), "{error}");
    }

    fn what_is_not_configured_cannot_be_started_and_need_not_be_stopped(binary: &Binary) {
        let site = agent(binary);
        let server = serve(&site, "operate");
        let which = json!({ "backend": ODD_BACKEND, "server": "api.1" });
        for (kind, key) in [("health", "check"), ("agent", "agent")] {
            let response = server.call(&format!("enable_{kind}"), which.clone());
            let error = response.error();
            assert_eq!(error["details"]["reason"], "not-configured", "{error}");
            let response = server.call(&format!("disable_{kind}"), which.clone());
            let answer = response.answer();
            assert_eq!(answer["changed"], json!(false), "{answer}");
            assert_eq!(answer["after"][key], "not-configured", "{answer}");
        }
    }

    fn an_agent_is_up_or_down_also_in_maintenance(binary: &Binary) {
        let site = agent(binary);
        let server = serve(&site, "operate");
        for maintenance in [false, true] {
            if maintenance {
                site.haproxy.raw("set server be_agent/a1 state maint");
            }
            for (agent, health) in [("down", "0"), ("up", "1")] {
                let arguments = json!({ "backend": "be_agent", "server": "a1", "agent": agent });
                let response = server.call("set_server_agent", arguments);
                let (_, after) = change(response.answer());
                assert_eq!(after["agent_health"].to_string(), health, "{after}");
                assert_eq!(column(&site.haproxy, "be_agent", "a1", "agent_health"), health);
            }
        }
        site.haproxy.raw("disable agent be_agent/a1");
        let arguments = json!({ "backend": "be_agent", "server": "a1", "agent": "down" });
        let response = server.call("set_server_agent", arguments);
        let error = response.error();
        assert_eq!(error["details"]["reason"], "not-configured", "{error}");
    }
}
