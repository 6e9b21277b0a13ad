//! Guests that end abnormally. Each is one typed error; what else runs goes on.

use haproxy_mcp::sandbox::limits::CPU;
use haproxy_mcp_testkit::guests;
use serde_json::json;

use crate::site::{alone, call, goes_on, hostile, hostile_alone, still_asks};

#[test]
fn a_trap_is_one_error() {
    let server = hostile_alone();
    for how in ["panic", "unreachable", "out-of-bounds"] {
        let ended = call(&server, "trap", json!({ "how": how }));
        assert_eq!(ended.code(), "module-trapped", "{how}");
        // What went wrong inside is for the log.
        let shown = ended.error().to_string();
        assert!(
            !shown.contains("wasm") && !shown.contains("unreachable"),
            "{shown}"
        );
        goes_on(&server);
    }
    let log = server.shutdown().stderr;
    assert!(
        log.contains("hostile") && log.contains("unreachable"),
        "{log}"
    );
}

#[test]
fn recursion_is_one_error() {
    let server = hostile_alone();
    assert_eq!(call(&server, "recurse", json!({})).code(), "module-trapped");
    goes_on(&server);
}

#[test]
fn a_handle_cannot_be_forged() {
    let (haproxy, server) = hostile();
    for kind in ["reply", "instance"] {
        for handle in [0, 1, 2, 3, 100, u32::MAX] {
            let forged = call(
                &server,
                "forge_handle",
                json!({ "kind": kind, "handle": handle }),
            );
            assert_eq!(forged.code(), "module-trapped", "{kind} {handle}");
        }
    }
    still_asks(&server, &haproxy);
}

/// All kinds of trouble at once, and tools that are none of it among them.
#[test]
fn one_guests_trouble_is_its_own() {
    let (haproxy, server) = hostile();
    still_asks(&server, &haproxy);
    let calls = [
        ("hostile__spin", json!({})),
        ("hostile__spin", json!({})),
        ("hostile__spin", json!({})),
        ("hostile__memory", json!({})),
        ("hostile__fine", json!({})),
        ("hostile__trap", json!({ "how": "panic" })),
        ("hostile__recurse", json!({})),
        ("show_info", json!({})),
        (
            "hostile__flood",
            json!({ "what": "sleep", "times": 1_000_000 }),
        ),
        (
            "hostile__hoard",
            json!({ "what": "instances", "count": 1_000_000 }),
        ),
        (
            "hostile__hand_over",
            json!({ "what": "log", "bytes": 8_000_000 }),
        ),
        ("hostile__result", json!({ "bytes": 2_000_000 })),
        ("list_backends", json!({})),
        (
            "hostile__say",
            json!({ "words": ["clear", "counters", "all"] }),
        ),
    ];
    let answers = server.call_concurrently(&calls);
    let codes: Vec<String> = calls
        .iter()
        .zip(&answers)
        .map(|((tool, _), response)| {
            let code = response.result()["structuredContent"]["code"].as_str();
            let code = code.filter(|_| response.result()["isError"] == true);
            format!("{tool}: {}", code.unwrap_or("answered"))
        })
        .collect();
    insta::assert_snapshot!(codes.join("\n"));
    // The tools that are none of it did not wait for any of those that spin.
    let mut fine = 0;
    for ((tool, _), response) in calls.iter().zip(&answers) {
        if ["hostile__fine", "show_info", "list_backends"].contains(tool) {
            assert!(response.took < CPU / 2, "{tool}: {:?}", response.took);
            fine += 1;
        }
    }
    assert_eq!(fine, 3);
    still_asks(&server, &haproxy);
}

/// Many in a row leave nothing behind.
#[test]
fn trouble_leaves_nothing_behind() {
    let server = hostile_alone();
    let round = || {
        for _ in 0..20 {
            assert_eq!(
                call(&server, "trap", json!({ "how": "panic" })).code(),
                "module-trapped"
            );
            assert_eq!(call(&server, "memory", json!({})).code(), "memory-limit");
        }
    };
    round();
    let (before, _) = server.memory();
    round();
    round();
    let (after, _) = server.memory();
    assert!(
        after < before + 16 * 1024 * 1024,
        "{before} bytes before, {after} after"
    );
    goes_on(&server);
}

#[test]
fn two_modules_do_not_meet() {
    let server = alone(&[
        guests::path("hostile"),
        guests::behaving("described", "plain"),
    ]);
    let answers = server.call_concurrently(&[
        ("hostile__memory", json!({})),
        ("described__fine", json!({})),
        ("hostile__trap", json!({ "how": "unreachable" })),
        ("described__fine", json!({})),
    ]);
    assert_eq!(answers[0].code(), "memory-limit");
    assert_eq!(answers[1].answer(), &json!({ "fine": true }));
    assert_eq!(answers[2].code(), "module-trapped");
    assert_eq!(answers[3].answer(), &json!({ "fine": true }));
}

/// The same guests, spoken to without a handshake.
#[test]
fn without_a_handshake() {
    let server = crate::site::builder()
        .socket(crate::site::NOWHERE.as_ref())
        .module(&guests::path("hostile"))
        .start();
    server.stateless();
    assert_eq!(
        call(&server, "trap", json!({ "how": "panic" })).code(),
        "module-trapped"
    );
    assert_eq!(call(&server, "spin", json!({})).code(), "cpu-limit");
    goes_on(&server);
}
