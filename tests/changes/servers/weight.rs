//! Weights, at once and step by step; and the limit of connections.

use haproxy_mcp_testkit::{Haproxy, newest, until};
use serde_json::{Value, json};

use super::{column, operate, with};
use crate::cases::{Case, Site, serve};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            succeeds: |_| json!({ "backend": "be_app", "server": "app1", "weight": 17 }),
            seen: |site| weight(&site.haproxy),
            refused: |_| json!({ "backend": "be_app", "server": "app9", "weight": 17 }),
            ..operate("set_weight")
        },
        Case {
            succeeds: |_| json!({ "backend": "be_app", "server": "app1", "weight": 20, "steps": 2, "interval_seconds": 1 }),
            seen: |site| weight(&site.haproxy),
            refused: |_| json!({ "backend": "be_app", "server": "app9", "weight": 17 }),
            ..operate("ramp_weight")
        },
        Case {
            succeeds: |_| json!({ "backend": "be_app", "server": "app1", "maxconn": 7 }),
            seen: |site| column(&site.haproxy, "be_app", "app1", "slim"),
            refused: |_| json!({ "backend": "be_app", "server": "app9", "maxconn": 7 }),
            ..operate("set_maxconn_server")
        },
    ]
}

fn weight(haproxy: &Haproxy) -> String {
    haproxy.raw_text("get weight be_app/app1")
}

/// Waits until `app1` has another weight than the configured one, and gives what HAProxy says of it.
fn first_step(haproxy: &Haproxy) -> String {
    until("the first step", || match weight(haproxy) {
        text if text.contains("100 (initial 100)") => Err(text),
        text => Ok(text),
    })
}

fn ramp(more: &Value) -> Value {
    let mut arguments =
        json!({ "backend": "be_app", "server": "app1", "weight": 0, "interval_seconds": 1 });
    arguments
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    arguments
}

haproxy_mcp_testkit::on_each_version! {
    fn a_ramp_goes_up_and_down_in_equal_steps(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let response = server.call("ramp_weight", ramp(&json!({ "weight": 40, "steps": 3 })));
        let answer = response.answer();
        assert_eq!(answer["weights"], json!([80, 60, 40]), "{answer}");
        assert_eq!(answer["reached"], json!(true), "{answer}");
        assert_eq!(answer["before"], json!({ "weight": 100, "initial": 100 }), "{answer}");
        assert_eq!(answer["after"], json!({ "weight": 40, "initial": 100 }), "{answer}");
        assert!(answer.get("stopped").is_none(), "{answer}");
        let again = server.call("ramp_weight", ramp(&json!({ "weight": 40 })));
        assert_eq!(again.answer()["weights"], json!([]), "{}", again.message);
        assert_eq!(again.answer()["changed"], json!(false), "{}", again.message);
        let up = server.call("ramp_weight", ramp(&json!({ "weight": 256, "steps": 1 })));
        assert_eq!(up.answer()["weights"], json!([256]), "{}", up.message);
        assert_eq!(weight(&site.haproxy).trim(), "256 (initial 100)");
    }

    fn a_ramp_stops_when_errors_rise(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let arguments = ramp(&json!({ "steps": 4, "interval_seconds": 5, "max_errors": 2 }));
        let call = server.begin("ramp_weight", arguments);
        let step = first_step(&site.haproxy);
        // Both servers get some of them.
        for _ in 0..12 {
            assert_eq!(site.haproxy.get("/fail"), 500);
        }
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!(answer["reached"], json!(false), "{answer}");
        assert_eq!(answer["stopped"]["weight"], json!(75), "{answer}");
        assert_eq!(answer["stopped"]["max_errors"], json!(2), "{answer}");
        assert!(answer["stopped"]["errors"]["hrsp_5xx"].as_u64() > Some(2), "{answer}");
        assert_eq!(answer["weights"], json!([75]), "{answer}");
        assert_eq!(answer["after"]["weight"], json!(75), "{answer}");
        assert!(response.texts()[0].contains("stopped at weight 75, short of 0"), "{:?}", response.texts());
        assert_eq!(weight(&site.haproxy), step);
    }

    /// One that is down makes no errors any more.
    fn a_ramp_stops_when_the_server_goes_down(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        site.haproxy.raw("disable health be_app/app1");
        let arguments = ramp(&json!({ "weight": 200, "steps": 4, "interval_seconds": 5 }));
        let call = server.begin("ramp_weight", arguments.clone());
        let step = first_step(&site.haproxy);
        site.haproxy.raw("set server be_app/app1 health down");
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!(answer["reached"], json!(false), "{answer}");
        assert_eq!(answer["weights"], json!([125]), "{answer}");
        assert_eq!(answer["stopped"]["weight"], json!(125), "{answer}");
        assert_eq!(answer["stopped"]["operational"], "down", "{answer}");
        assert!(response.texts()[0].contains("short of 200: it is down"), "{:?}", response.texts());
        assert_eq!(weight(&site.haproxy), step);
        // One that was down before is not told from others.
        let mut arguments = arguments;
        arguments["interval_seconds"] = json!(1);
        let response = server.call("ramp_weight", arguments);
        assert_eq!(response.answer()["reached"], json!(true), "{}", response.message);
    }

    fn a_ramp_bears_a_few_errors(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let arguments = ramp(&json!({ "weight": 50, "steps": 2, "interval_seconds": 5, "max_errors": 1000 }));
        let call = server.begin("ramp_weight", arguments);
        first_step(&site.haproxy);
        for _ in 0..6 {
            assert_eq!(site.haproxy.get("/fail"), 500);
        }
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!(answer["reached"], json!(true), "{answer}");
        assert!(answer["errors"]["hrsp_5xx"].as_u64() > Some(0), "{answer}");
    }

    fn a_ramp_does_not_argue_with_somebody_else(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let call = server.begin("ramp_weight", ramp(&json!({ "steps": 4, "interval_seconds": 5 })));
        first_step(&site.haproxy);
        site.haproxy.raw("set server be_app/app1 weight 33");
        let response = server.finish(call);
        let error = response.error();
        assert_eq!(error["code"], "not-applied", "{error}");
        assert_eq!(error["details"]["set"]["weight"], json!(75), "{error}");
        assert_eq!(error["details"]["after"]["weight"], json!(33), "{error}");
        assert_eq!(weight(&site.haproxy).trim(), "33 (initial 100)");
    }

    fn a_balancing_that_takes_no_weights_is_told(binary: &Binary) {
        let site = with(binary, "backend be_static\n    balance source\n    server s1 127.0.0.1:1\n");
        let server = serve(&site, "operate");
        let arguments = json!({ "backend": "be_static", "server": "s1", "weight": 5 });
        let response = server.call("set_weight", arguments);
        let error = response.error();
        assert_eq!(error["code"], "rejected", "{error}");
        assert_eq!(error["details"]["reason"], "not-supported", "{error}");
        assert!(error["hint"].is_string(), "{error}");
    }

    fn a_limit_of_0_is_none(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let mut was = 100;
        for maxconn in [0, 2_147_483_647, 1, 1] {
            let arguments = json!({ "backend": "be_app", "server": "app1", "maxconn": maxconn });
            let response = server.call("set_maxconn_server", arguments);
            let answer = response.answer();
            assert_eq!(answer["before"], json!({ "maxconn": was }), "{answer}");
            assert_eq!(answer["after"], json!({ "maxconn": maxconn }), "{answer}");
            assert_eq!(answer["changed"], json!(was != maxconn), "{answer}");
            let limit = column(&site.haproxy, "be_app", "app1", "slim");
            assert_eq!(limit, if maxconn == 0 { String::new() } else { maxconn.to_string() });
            was = maxconn;
        }
    }
}

#[test]
fn a_ramp_that_would_never_end_is_refused() {
    let site = Site::usual(&newest());
    let server = serve(&site, "operate");
    let arguments = ramp(&json!({ "steps": 100, "interval_seconds": 600 }));
    let response = server.call("ramp_weight", arguments);
    let error = response.error();
    assert_eq!(error["code"], "invalid-argument", "{error}");
    assert_eq!(error["details"]["argument"], "/interval_seconds", "{error}");
    assert_eq!(weight(&site.haproxy).trim(), "100 (initial 100)");
}
