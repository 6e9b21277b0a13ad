//! Replies that are not closed, not read, or read oddly.

use haproxy_mcp_testkit::McpServer;
use serde_json::json;

use crate::site::{call, goes_on, hostile, still_asks};

#[test]
fn one_reply_at_a_time() {
    let (haproxy, server) = hostile();
    let answer = call(&server, "ask_again", json!({}));
    let answer = answer.answer();
    assert_eq!(answer["while_open"], "exhausted:open-replies");
    assert_eq!(answer["while_read"], "exhausted:open-replies");
    assert_eq!(answer["after"], json!(null));
    assert!(answer["read"].as_u64().unwrap() > 100);
    still_asks(&server, &haproxy);
}

/// Sockets of the server, as the kernel counts them.
fn sockets(server: &McpServer) -> usize {
    let folder = format!("/proc/{}/fd", server.pid());
    std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

#[test]
fn what_a_guest_left_open_is_closed() {
    let (haproxy, server) = hostile();
    still_asks(&server, &haproxy);
    let before = sockets(&server);
    for _ in 0..30 {
        assert_eq!(
            call(&server, "leak", json!({})).answer(),
            &json!({ "leaked": true })
        );
    }
    assert_eq!(sockets(&server), before);
    still_asks(&server, &haproxy);
}

#[test]
fn reading_byte_by_byte_gives_the_same() {
    let (haproxy, server) = hostile();
    let read = |max: u32| {
        let read = json!({ "words": ["show", "servers", "state"], "max": max });
        call(&server, "read", read).answer().clone()
    };
    let (bytewise, whole) = (read(1), read(1_000_000));
    assert_eq!(bytewise["largest"], 1);
    assert_eq!(bytewise["reads"], bytewise["bytes"]);
    let difference = bytewise["bytes"].as_i64().unwrap() - whole["bytes"].as_i64().unwrap();
    // The seconds since a server's last change may have become one digit longer.
    assert!(difference.abs() < 20, "{bytewise} and {whole}");
    still_asks(&server, &haproxy);
}

#[test]
fn reading_nothing_is_an_error() {
    let (haproxy, server) = hostile();
    let nothing = call(
        &server,
        "read",
        json!({ "words": ["show", "info"], "max": 0 }),
    );
    assert_eq!(nothing.code(), "malformed");
    still_asks(&server, &haproxy);
}

#[test]
fn what_is_not_counted_is_computing() {
    let (_haproxy, server) = hostile();
    for what in ["clock", "log", "outcome"] {
        let flood = json!({ "what": what, "times": u32::MAX });
        assert_eq!(call(&server, "flood", flood).code(), "cpu-limit", "{what}");
        goes_on(&server);
    }
}
