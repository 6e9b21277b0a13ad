use std::time::Duration;

use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step, until};
use serde_json::json;

use crate::cases::{cases, listed};
use crate::program;

/// A client that gives up sets HAProxy free: the connection ends at once, long before any deadline.
#[test]
fn giving_up_reaches_the_socket() {
    for case in cases() {
        let asked = Gate::new();
        let socket = ScriptedSocket::unix(vec![
            Step::ReadLine,
            Step::Reached(asked.clone()),
            Step::Hang,
        ]);
        let server = program()
            .socket(&socket.path())
            .args(["--runtime-timeout", "600"])
            .start();
        server.initialize();
        let call = server.begin(case.tool, case.succeeds);
        asked.pass();
        assert_eq!(socket.open_now(), 1, "{}", case.tool);
        server.cancel(call);
        until("the connection to end", || match socket.open_now() {
            0 => Ok(()),
            open => Err(format!("{open} open; the log:\n{}", server.stderr())),
        });
        // The server goes on, and says nothing to a request that was taken back.
        assert_eq!(listed(&server).len(), cases().len());
        assert!(
            server.finish_within(call, Duration::ZERO).is_none(),
            "{}: it was answered",
            case.tool
        );
        assert_eq!(socket.connections(), 1, "{}: it asked again", case.tool);
    }
}

/// Cancelling what is over, or never was, does nothing.
#[test]
fn giving_up_on_nothing_is_harmless() {
    let socket = ScriptedSocket::unix(vec![Step::Close]);
    let server = program().socket(&socket.path()).start();
    server.initialize();
    let call = server.begin("show_info", json!({}));
    let id = call.id();
    assert_eq!(server.finish(call).code(), "interrupted");
    for id in [json!(id), json!(9_999), json!("never"), json!(null)] {
        server.notify("notifications/cancelled", json!({ "requestId": id }));
    }
    assert_eq!(listed(&server).len(), cases().len());
}
