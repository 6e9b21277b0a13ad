//! Code that runs before any call: when a module is instantiated, and when it describes itself.

use haproxy_mcp_testkit::{Haproxy, guests, newest};
use serde_json::json;

use crate::site::{alone, before, refusal};

#[test]
fn what_ends_before_it_is_loaded() {
    let said: Vec<String> = [
        "trap-start",
        "memory-start",
        "trap-describe",
        "memory-describe",
        "flood-describe",
        "hoard-describe",
        "huge-description",
        "inconstant",
    ]
    .iter()
    .map(|word| {
        format!(
            "{word}\n{}\n",
            refusal(&guests::behaving("described", word))
        )
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// It waits until it is called: then it is the call's own trouble.
#[test]
fn a_start_function_that_spins_when_called() {
    let server = alone(&[
        guests::behaving("described", "spin-start-of-call"),
        guests::path("hostile"),
    ]);
    let spinning = server.begin("described__fine", json!({}));
    crate::site::goes_on(&server);
    assert_eq!(server.finish(spinning).code(), "cpu-limit");
    crate::site::goes_on(&server);
}

#[test]
fn a_description_gets_nothing_from_the_host() {
    let haproxy = Haproxy::start(&newest());
    let commands = haproxy.info("CumReq");
    let server = before(&haproxy, &[guests::behaving("described", "ask-describe")]);
    let listed = server.request("tools/list", json!({}));
    let tools = listed.result()["tools"].as_array().unwrap();
    let tool = tools
        .iter()
        .find(|tool| tool["name"] == "described__fine")
        .unwrap();
    let told = tool["description"].as_str().unwrap();
    assert!(told.starts_with("name \"\": ["), "{told}");
    assert_eq!(told.matches("Denied").count(), 4, "{told}");
    assert!(!told.contains("Ok("), "{told}");
    // Nobody asked HAProxy meanwhile, but for this test.
    let now: u64 = haproxy.info("CumReq").parse().unwrap();
    assert!(
        now <= commands.parse::<u64>().unwrap() + 1,
        "{commands} requests before, {now} now"
    );
}

#[test]
fn a_start_function_cannot_write() {
    let haproxy = Haproxy::start(&newest());
    let server = before(&haproxy, &[guests::behaving("described", "write-start")]);
    assert_eq!(
        server.call("described__fine", json!({})).answer(),
        &json!({ "fine": true })
    );
    let states = haproxy.raw_text("show servers state be_app");
    let app1 = states.lines().find(|line| line.contains(" app1 ")).unwrap();
    assert_eq!(app1.split(' ').nth(6), Some("0"), "srv_admin_state: {app1}");
    let log = server.shutdown().stderr;
    assert!(log.contains("refused"), "{log}");
}
