//! The log: whoever reads it, or does not.

use std::time::{Duration, Instant};

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Haproxy, guests, newest, scripted};
use serde_json::json;

use crate::program;

/// Fills standard error and what waits for it: about 10 kB of log a call.
fn flood(server: &McpServer, calls: usize) {
    for _ in 0..calls {
        let flood = json!({ "what": "log", "times": 100 });
        server.call("hostile__flood", flood).answer();
    }
}

#[test]
fn a_client_that_does_not_read_the_log_is_served() {
    let haproxy = Haproxy::start(&newest());
    let server = program()
        .haproxy(&haproxy)
        .module(&guests::path("hostile"))
        .unread_stderr()
        .start();
    server.initialize();
    flood(&server, 30);
    assert_eq!(server.request("ping", json!({})).result(), &json!({}));
    let info = server.call("show_info", json!({}));
    assert!(
        info.answer().to_string().contains(&haproxy.info("Pid")),
        "{}",
        info.message
    );
    // Nor does its end wait for a reader.
    let left = Instant::now();
    let ended = server.shutdown_unread();
    let took = left.elapsed();
    assert!(ended.success(), "{ended:?}");
    assert!(took < Duration::from_secs(3), "the end took {took:?}");
}

#[test]
fn what_was_not_read_in_time_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = program()
        .socket(&scripted::nowhere(folder.path()))
        .module(&guests::path("hostile"))
        .unread_stderr()
        .start();
    server.initialize();
    let calls = 200;
    flood(&server, calls);
    server.read_stderr();
    let log = server.wait_for_stderr(" lines of the log are missing here");
    let missing: usize = log
        .lines()
        .find_map(|line| {
            line.strip_suffix(
                " lines of the log are missing here: standard error was not read in time",
            )
        })
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("no number in the log:\n{log}"));
    let whole = server.shutdown().stderr;
    let written = whole.matches("again").count();
    assert_eq!(written + missing, calls * 100, "{written} written");
    assert!(
        whole
            .lines()
            .all(|line| line.contains(" INFO ") || line.contains(" WARN ")),
        "a broken line in:\n{whole}"
    );
}

/// What was logged last is there when the program has ended.
#[test]
fn the_end_of_the_log_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let server = program()
        .socket(&scripted::nowhere(folder.path()))
        .args(["--log-level", "debug"])
        .start();
    server.initialize();
    let ended = server.shutdown();
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(last.contains("the client left"), "{}", ended.stderr);
}

/// What a request carries stands in no log, not even in the most talkative one.
#[test]
fn the_log_does_not_tell_requests() {
    let folder = tempfile::tempdir().unwrap();
    let server = program()
        .socket(&scripted::nowhere(folder.path()))
        .args(["--log-level", "trace"])
        .start();
    server.initialize();
    let called = server.call("list_servers", json!({ "backend": "s3cret-of-a-call" }));
    assert!(!called.code().is_empty());
    let list = json!({ "x": "s3cret-of-a-list" });
    server.request("tools/list", list).result();
    server.send_line("s3cret-of-garbage");
    server.send_line(r#"{"jsonrpc":"2.0","method":"ping","params":"s3cret-of-a-notification"}"#);
    server.request("ping", json!({})).result();
    let log = server.shutdown().stderr;
    assert!(!log.contains("s3cret"), "{log}");
    // Both are heard, as far as they may be.
    assert!(log.contains(" INFO serve_inner: rmcp::service: "), "{log}");
    assert!(log.contains("DEBUG"), "{log}");
}
