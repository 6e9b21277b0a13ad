//! Callers who give up on guests that do not hear, and on those that do.

use std::time::{Duration, Instant};

use haproxy_mcp::sandbox::limits::{CANCEL_GRACE, CPU};
use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step, guests};
use serde_json::json;

use crate::site::{builder, call, goes_on, hostile_alone, started};

#[test]
fn a_guest_that_spins_is_cancelled() {
    let server = hostile_alone();
    goes_on(&server);
    let spinning = server.begin("hostile__spin", json!({}));
    goes_on(&server);
    server.cancel(spinning);
    // The answer, where there is one at all, is that the call was cancelled.
    if let Some(answer) = server.finish_within(spinning, CPU * 2) {
        assert!(
            answer.message.to_string().contains("cancelled"),
            "{}",
            answer.message
        );
    }
    goes_on(&server);
}

#[test]
fn a_guest_that_waits_is_cancelled() {
    let server = hostile_alone();
    for tool in ["hostile__stay", "hostile__heed"] {
        let waiting = server.begin(tool, json!({}));
        goes_on(&server);
        server.cancel(waiting);
        if let Some(answer) = server.finish_within(waiting, CANCEL_GRACE * 4) {
            assert!(
                answer.message.to_string().contains("cancelled"),
                "{tool}: {}",
                answer.message
            );
        }
        goes_on(&server);
    }
}

/// Cancelling reaches the socket: the connection to HAProxy ends.
#[test]
fn a_silent_haproxy_is_left() {
    let reached = Gate::new();
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::Reached(reached.clone()),
        Step::Hang,
    ]);
    let server = started(builder().socket(&socket.path()), &[guests::path("hostile")]);
    let asking = server.begin("hostile__say", json!({ "words": ["show", "info"] }));
    reached.pass();
    assert_eq!(socket.open_now(), 1);
    let gave_up = Instant::now();
    server.cancel(asking);
    haproxy_mcp_testkit::until("the connection to end", || match socket.open_now() {
        0 => Ok(()),
        open => Err(format!("{open} connections")),
    });
    assert!(
        gave_up.elapsed() < Duration::from_secs(5),
        "{:?}",
        gave_up.elapsed()
    );
    goes_on(&server);
}

#[test]
fn cancelling_what_is_not_there() {
    let server = hostile_alone();
    server.notify("notifications/cancelled", json!({ "requestId": 4711 }));
    server.notify("notifications/cancelled", json!({ "requestId": "spin" }));
    let done = server.begin("hostile__fine", json!({}));
    server.finish(done).answer();
    server.cancel(done);
    goes_on(&server);
    assert_eq!(
        call(&server, "fine", json!({})).answer(),
        &json!({ "fine": true })
    );
}

/// A client that leaves does not wait for its guests.
#[test]
fn leaving_while_guests_run() {
    let server = hostile_alone();
    goes_on(&server);
    let _waiting = server.begin("hostile__stay", json!({}));
    let _spinning = server.begin("hostile__spin", json!({}));
    goes_on(&server);
    let left = Instant::now();
    let ended = server.shutdown();
    assert!(
        left.elapsed() < Duration::from_secs(10),
        "{:?}",
        left.elapsed()
    );
    assert!(
        ended.status.success(),
        "{:?}\n{}",
        ended.status,
        ended.stderr
    );
}
