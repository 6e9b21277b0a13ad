//! What is read of one server: its weight, compared with what the raw socket says.

use haproxy_mcp_testkit::topology::ODD_BACKEND;
use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, agree};
use crate::{busy, serve};

pub(crate) fn cases() -> Vec<Case> {
    let of = json!({ "backend": "be_app", "server": "app1" });
    vec![Case {
        tool: "get_weight",
        succeeds: of.clone(),
        still: of,
        refused: json!({ "backend": "be_app", "server": "app11" }),
        because: ("not-found", "/server"),
        since: None,
    }]
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    if tool != "get_weight" {
        return false;
    }
    let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    let (backend, server) = (text("backend"), text("server"));
    let state = check.before.states[&backend][&server].clone();
    for (key, field) in [("weight", "srv_uweight"), ("initial", "srv_iweight")] {
        let said = answer[key].to_string();
        check.same(key, said, state[field].clone());
    }
    for key in ["backend", "server"] {
        check.same(key, &answer[key], &arguments[key]);
    }
    true
}

haproxy_mcp_testkit::on_each_version! {
    fn weights_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        for (backend, name, weight) in [
            ("be_app", "app1", "100"),
            ("be_app", "app1", "0"),
            ("be_app", "app1", "256"),
            ("be_app", "app2", "50%"),
            ("be_app", "app_maint", "7"),
            (ODD_BACKEND, "api:2", "1"),
        ] {
            haproxy.raw(&format!("set server {backend}/{name} weight {weight}"));
            let arguments = json!({ "backend": backend, "server": name });
            agree(&haproxy, &format!("get_weight {arguments}"), || {
                let answer = server.call("get_weight", arguments.clone()).answer().clone();
                vec![("get_weight".to_owned(), arguments.clone(), answer)]
            });
        }
    }

    /// Names that HAProxy takes for its own numbers, and names that do not exist.
    fn a_name_is_a_name(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        for (backend, name, argument) in [
            ("#5", "app1", "/backend"),
            ("be_app", "#1", "/server"),
            ("be_app/app1", "x", "/backend"),
            ("be_ap", "app1", "/backend"),
            ("be_app", "app1/", "/server"),
            ("be_app", "app", "/server"),
            ("fe_http", "app1", "/backend"),
        ] {
            let arguments = json!({ "backend": backend, "server": name });
            let response = server.call("get_weight", arguments);
            let error = response.error();
            assert_eq!(error["code"], "not-found", "{backend} {name}: {error}");
            assert_eq!(error["details"]["argument"], argument, "{backend} {name}: {error}");
            assert!(error["hint"].is_string(), "{error}");
        }
    }
}
