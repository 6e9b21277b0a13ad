//! In and out of service.

use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step};
use serde_json::json;

use super::{change, field, operate, state_of, with};
use crate::cases::{Case, Site, program, serve};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            succeeds: |_| json!({ "backend": "be_app", "server": "app1", "state": "drain" }),
            refused: |_| json!({ "backend": "be_ap", "server": "app1", "state": "drain" }),
            ..operate("set_server_state")
        },
        Case {
            succeeds: |_| json!({ "backend": "be_app", "server": "app_maint" }),
            seen: |site| state_of(&site.haproxy, "be_app", "app_maint"),
            ..operate("enable_server")
        },
        operate("disable_server"),
    ]
}

haproxy_mcp_testkit::on_each_version! {
    fn a_server_goes_from_each_state_to_each_other(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let bits = |state| match state {
            "ready" => "0",
            "drain" => "8",
            _ => "1",
        };
        let mut was = "ready";
        for wanted in ["maint", "drain", "drain", "maint", "ready", "drain", "ready", "ready"] {
            let arguments = json!({ "backend": "be_app", "server": "app2", "state": wanted });
            let response = server.call("set_server_state", arguments);
            let answer = response.answer();
            let (before, after) = change(answer);
            assert_eq!(before["state"], was, "{answer}");
            assert_eq!(after["state"], wanted, "{answer}");
            assert_eq!(answer["changed"], json!(was != wanted), "{answer}");
            assert_eq!(field(&site.haproxy, "be_app", "app2", "srv_admin_state"), bits(wanted), "{answer}");
            was = wanted;
        }
    }

    fn a_server_that_tracks_another_stays_out_of_service_with_it(binary: &Binary) {
        let site = with(
            binary,
            "backend be_track\n    server first 127.0.0.1:1 check\n    server second 127.0.0.1:1 track first\n",
        );
        let server = serve(&site, "operate");
        server.call("disable_server", json!({ "backend": "be_track", "server": "first" })).answer();
        let response = server.call("enable_server", json!({ "backend": "be_track", "server": "second" }));
        let (_, after) = change(response.answer());
        assert_eq!(after["state"], "ready");
        assert_eq!(after["operational"], "down");
        assert_eq!(after["admin_state"], json!(["imaint"]), "{after}");
    }

    fn a_socket_of_a_lower_level_is_named_as_what_is_in_the_way(binary: &Binary) {
        for level in ["operator", "user"] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let site = Site { haproxy, files: None, master: false };
            let server = serve(&site, "operate");
            let response = server.call("disable_server", json!({ "backend": "be_app", "server": "app1" }));
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{error}");
            assert_eq!(error["details"]["reason"], "permission-denied", "{error}");
            assert!(error["hint"].as_str().unwrap().contains("level admin"), "{error}");
            assert_eq!(field(&site.haproxy, "be_app", "app1", "srv_admin_state"), "0");
        }
    }

    fn two_who_change_one_server_both_read_back(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let call = |state: &str| ("set_server_state", json!({ "backend": "be_app", "server": "app1", "state": state }));
        for _ in 0..10 {
            let responses = server.call_concurrently(&[call("drain"), call("maint")]);
            // Each holds, or says that it does not: whoever came last has what it asked for.
            let last = field(&site.haproxy, "be_app", "app1", "srv_admin_state");
            for (response, bits) in responses.iter().zip(["8", "1"]) {
                if response.result()["isError"] == json!(true) {
                    let error = response.error();
                    assert_eq!(error["code"], "not-applied", "{error}");
                    assert!(error["details"]["after"].is_object(), "{error}");
                    assert_ne!(last, bits, "it holds after all: {error}");
                }
            }
            assert!(last == "8" || last == "1", "{last}");
        }
    }
}

/// One answer for each connection: what `show servers state` says, and then as it is told.
const STATE: &str = "\n1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
    srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state \
    bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr \
    srv_agent_port\n5 be_app 1 app1 127.0.0.1 2 0 100 100 1 15 3 1 6 0 0 0 - 80 - 0 0 - - 0\n\n";

#[test]
fn what_is_taken_and_not_done_is_no_success() {
    // The answer to `set server … state maint` is empty, as that of one who does it.
    let state = vec![Step::ReadLine, Step::send(STATE)];
    let socket = ScriptedSocket::unix_each(
        vec![state.clone(), vec![Step::ReadLine, Step::send("\n\n")]],
        state,
    );
    let server = program("operate").socket(&socket.path()).start();
    server.stateless();
    let response = server.call(
        "disable_server",
        json!({ "backend": "be_app", "server": "app1" }),
    );
    let error = response.error();
    assert_eq!(error["code"], "not-applied", "{error}");
    assert_eq!(error["details"]["before"]["state"], "ready", "{error}");
    assert_eq!(error["details"]["after"]["state"], "ready", "{error}");
    assert_eq!(error["details"]["holds"], json!(false), "{error}");
}

#[test]
fn a_worker_that_goes_away_in_the_middle_is_told() {
    // It goes away when it gets the command; and when it has done it, before it is asked what became of it.
    for acts in [
        vec![Step::Reset],
        vec![Step::ReadLine, Step::Close],
        vec![Step::ReadLine, Step::send("\n\n")],
    ] {
        let socket = ScriptedSocket::unix_each(
            vec![vec![Step::ReadLine, Step::send(STATE)], acts],
            vec![Step::ReadLine, Step::Close],
        );
        let server = program("operate").socket(&socket.path()).start();
        server.stateless();
        let arguments = json!({ "backend": "be_app", "server": "app1" });
        let response = server.call("disable_server", arguments);
        let error = response.error();
        assert_eq!(error["code"], "interrupted", "{error}");
        assert!(error["hint"].is_string(), "{error}");
    }
}
