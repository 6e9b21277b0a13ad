//! Two samples from the page, which does not say which process answers.

use haproxy_mcp_testkit::{newest, until};
use serde_json::json;

use super::{busy, serve};

haproxy_mcp_testkit::on_each_version! {
    fn what_grew_is_told(binary: &Binary) {
        let haproxy = busy(binary, "");
        let server = serve(&haproxy);
        let call = server.begin("sample_stat", json!({ "seconds": 2, "type": "server", "proxy": "be_app" }));
        until("the first sample", || {
            let told = server.notifications("notifications/progress");
            if told.is_empty() { Err("no progress".to_owned()) } else { Ok(()) }
        });
        haproxy.traffic(8);
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!(answer["source"], "page", "{answer}");
        assert_eq!(answer["totals"]["server"]["deltas"]["stot"], json!(6), "{answer}");
        assert_eq!(answer.get("resets"), None, "{answer}");
        assert_eq!(answer.get("restart"), None, "{answer}");
        assert!(answer["note"].as_str().unwrap().contains("restart"), "{answer}");
    }
}

#[test]
fn a_restart_shows_where_counters_went_back() {
    let mut haproxy = busy(&newest(), "");
    haproxy.traffic(40);
    let server = serve(&haproxy);
    let call = server.begin(
        "sample_stat",
        json!({ "seconds": 3, "counters": ["hrsp_5xx"], "sort": "hrsp_5xx", "proxy": "be_app" }),
    );
    until("the first sample", || {
        let told = server.notifications("notifications/progress");
        if told.is_empty() {
            Err("no progress".to_owned())
        } else {
            Ok(())
        }
    });
    haproxy.restart();
    // more errors than before, so that the counter that was asked for grew
    for _ in 0..7 {
        assert_eq!(haproxy.get("/fail"), 500);
    }
    let response = server.finish(call);
    let answer = response.answer();
    assert_eq!(answer["resets"], json!(1), "{answer}");
    assert_eq!(answer["rows"][0].get("rates"), None, "{answer}");
    assert!(
        answer["rows"][0]["note"].as_str().unwrap().contains("anew"),
        "{answer}"
    );
}
