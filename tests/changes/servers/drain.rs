//! Out of service without breaking what is under way.

use haproxy_mcp_testkit::until;
use serde_json::{Value, json};

use super::held::Held;
use super::{change, field, operate};
use crate::cases::{Case, Site, serve};

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        succeeds: |_| json!({ "backend": "be_app", "server": "app1", "timeout_seconds": 20, "maint": true }),
        ..operate("drain_server")
    }]
}

fn held(more: &Value) -> Value {
    let mut arguments = json!({ "backend": "be_held", "server": "h1" });
    arguments
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    arguments
}

/// Waits until HAProxy has this administrative state for the server.
fn comes_to(site: &Site, bits: &str) {
    until("the state of the server to change", || {
        match field(&site.haproxy, "be_held", "h1", "srv_admin_state") {
            state if state == bits => Ok(()),
            state => Err(state),
        }
    });
}

haproxy_mcp_testkit::on_each_version! {
    fn it_waits_for_the_last_session(binary: &Binary) {
        let mut held_session = Held::start(binary);
        let server = serve(&held_session.site, "operate");
        let call = server.begin("drain_server", held(&json!({ "timeout_seconds": 60, "maint": true })));
        comes_to(&held_session.site, "8");
        let told = until("a report of progress", || {
            let told = server.notifications("notifications/progress");
            told.last().cloned().ok_or_else(|| "none".to_owned())
        });
        assert!(told["message"].as_str().unwrap().contains("1 session left"), "{told}");
        assert_eq!(told["total"], json!(60.0), "{told}");
        held_session.end();
        let response = server.finish(call);
        let answer = response.answer();
        let (before, after) = change(answer);
        assert_eq!(before["state"], "ready", "{answer}");
        assert_eq!(after["state"], "maint", "{answer}");
        assert_eq!(answer["drained"], json!(true), "{answer}");
        assert_eq!(answer["left"]["sessions"], json!(0), "{answer}");
        assert_eq!(field(&held_session.site.haproxy, "be_held", "h1", "srv_admin_state"), "1");
    }

    fn it_says_what_is_left_when_the_time_is_over(binary: &Binary) {
        let held_session = Held::start(binary);
        let server = serve(&held_session.site, "operate");
        for seconds in [0, 1] {
            let response = server.call("drain_server", held(&json!({ "timeout_seconds": seconds, "maint": true })));
            let answer = response.answer();
            assert_eq!(answer["drained"], json!(false), "{answer}");
            assert_eq!(answer["left"]["sessions"], json!(1), "{answer}");
            assert_eq!(answer["waited_seconds"], json!(seconds), "{answer}");
            // It is not put into maintenance with a session.
            assert_eq!(answer["after"]["state"], "drain", "{answer}");
            assert!(response.texts()[0].contains("still has 1 session"), "{:?}", response.texts());
        }
        assert_eq!(field(&held_session.site.haproxy, "be_held", "h1", "srv_admin_state"), "8");
    }

    fn one_in_maintenance_stays_there(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let arguments = json!({ "backend": "be_app", "server": "app_maint" });
        let response = server.call("drain_server", arguments);
        let answer = response.answer();
        assert_eq!(answer["changed"], json!(false), "{answer}");
        assert_eq!(answer["drained"], json!(true), "{answer}");
        assert_eq!(answer["after"]["state"], "maint", "{answer}");
        assert_eq!(field(&site.haproxy, "be_app", "app_maint", "srv_admin_state"), "5");
    }

    fn somebody_else_may_put_it_back(binary: &Binary) {
        let held_session = Held::start(binary);
        let site = &held_session.site;
        let server = serve(site, "operate");
        let call = server.begin("drain_server", held(&json!({ "timeout_seconds": 60 })));
        comes_to(site, "8");
        site.haproxy.raw("set server be_held/h1 state ready");
        let response = server.finish(call);
        let error = response.error();
        assert_eq!(error["code"], "not-applied", "{error}");
        assert_eq!(error["details"]["after"]["state"], "ready", "{error}");
    }

    fn giving_up_leaves_it_draining(binary: &Binary) {
        let held_session = Held::start(binary);
        let site = &held_session.site;
        let server = serve(site, "operate");
        let call = server.begin("drain_server", held(&json!({ "timeout_seconds": 600 })));
        comes_to(site, "8");
        server.cancel(call);
        server.wait_for_stderr(r#""audit":"change""#);
        assert_eq!(field(&site.haproxy, "be_held", "h1", "srv_admin_state"), "8");
    }

    fn a_haproxy_that_ends_meanwhile_is_told(binary: &Binary) {
        let mut held_session = Held::start(binary);
        let server = serve(&held_session.site, "operate");
        let call = server.begin("drain_server", held(&json!({ "timeout_seconds": 60 })));
        comes_to(&held_session.site, "8");
        held_session.site.haproxy.stop();
        let response = server.finish(call);
        assert!(["unreachable", "interrupted"].contains(&response.code()), "{}", response.message);
    }
}
