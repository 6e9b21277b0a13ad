//! Who HAProxy is and what it can do, asked too often and with too much.

use haproxy_mcp_testkit::{Haproxy, guests, newest};
use serde_json::json;

use crate::site::{AT_ONCE, before, call, hostile, hostile_alone, still_asks};

/// Connections that HAProxy has taken so far.
fn connections(haproxy: &Haproxy) -> u64 {
    haproxy.info("CumConns").parse().unwrap()
}

/// The answer is kept for the rest of the call.
#[test]
fn who_haproxy_is_is_asked_once_in_a_call() {
    // With its Runtime API alone: connections to other frontends would be counted, too.
    let haproxy = Haproxy::builder(&newest())
        .config("backend be_quiet")
        .start();
    let server = before(&haproxy, &[guests::path("hostile")]);
    for what in ["version", "supports"] {
        let flood = |times: u32| {
            let flood = json!({ "what": what, "times": times });
            let answer = call(&server, "flood", flood).answer().clone();
            assert_eq!(answer["done"], times, "{what}: {answer}");
        };
        // The first time, `help` is asked, too.
        flood(1);
        let earlier = connections(&haproxy);
        flood(3_000);
        let once = connections(&haproxy);
        // One of the two is the question after their number.
        assert_eq!(once - earlier, 2, "{what}");
        flood(1);
        flood(1);
        let again = connections(&haproxy);
        assert_eq!(again - once, 3, "{what}");
    }
    still_asks(&server, &haproxy);
}

/// No command has so many words: nobody needs to be asked, nor anything searched.
#[test]
fn a_command_of_too_many_words_is_none() {
    let server = hostile_alone();
    let asking = server.begin("hostile__supports", json!({ "words": [], "more": 80_000 }));
    let ping = server.request("ping", json!({}));
    assert_eq!(ping.result(), &json!({}));
    assert!(ping.took < AT_ONCE, "answered after {:?}", ping.took);
    let refused = server.finish(asking);
    assert_eq!(refused.code(), "malformed");
    assert_eq!(refused.error()["details"]["reason"], "too-long");
    assert!(refused.took < AT_ONCE, "refused after {:?}", refused.took);
}

#[test]
fn the_largest_command_is_asked_after() {
    let (haproxy, server) = hostile();
    let supports = |words: &[&str], more: usize| {
        call(&server, "supports", json!({ "words": words, "more": more }))
    };
    assert_eq!(supports(&["show", "info"], 62).answer()["supported"], true);
    assert_eq!(supports(&["show", "info"], 63).code(), "malformed");
    let long = "x".repeat(15_000);
    assert_eq!(supports(&[&long], 0).answer()["supported"], false);
    assert_eq!(supports(&[&long], 1).code(), "malformed");
    still_asks(&server, &haproxy);
}
