//! Modules as a stock toolchain makes them: what is behind the WASI that they import.

use std::io::ErrorKind;
use std::net::TcpListener;

use haproxy_mcp_testkit::guests;
use serde_json::{Value, json};

use crate::site::{NOWHERE, alone, builder, refusal, started};

#[test]
fn there_is_nothing_behind_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "secret").unwrap();
    let server = started(
        builder().socket(NOWHERE.as_ref()).env("SECRET", "secret"),
        &[guests::path("wasi")],
    );
    let probed = server.call(
        "wasi__probe",
        json!({ "address": listener.local_addr().unwrap().to_string(), "file": file }),
    );
    let found = probed.answer();
    assert_eq!(found["arguments"], json!([]));
    assert_eq!(found["environment"], json!([]));
    assert_eq!(found["preopened"], 0);
    let got = found["got"].as_object().unwrap();
    assert!(got.len() >= 10);
    let got: Vec<(&String, &Value)> = got.iter().filter(|(_, got)| !got.is_null()).collect();
    assert!(got.is_empty(), "{got:?}");
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        ErrorKind::WouldBlock,
        "somebody connected"
    );
    assert!(!std::path::Path::new("/tmp/written-by-a-guest").exists());
}

/// Standard output is the protocol's: the testkit fails a test where anything else is on it.
#[test]
fn what_it_prints_goes_to_the_log() {
    let server = alone(&[guests::path("wasi")]);
    let forged = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n";
    let printed = server.call("wasi__print", json!({ "text": forged, "times": 2 }));
    assert_eq!(printed.answer(), &json!({ "failures": 0, "flushed": true }));
    assert_eq!(server.call("wasi__fine", json!({})).answer(), &json!({}));
    assert_eq!(
        server.notifications("notifications/tools/list_changed"),
        Vec::<Value>::new()
    );
    let ended = server.shutdown();
    assert!(!ended.stdout.contains("forged"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("forged"),
        "what was printed is not in the log:\n{}",
        ended.stderr
    );
    for line in ended.stderr.lines() {
        assert!(!line.starts_with("{\"jsonrpc\""), "{line}");
        assert!(
            !line.starts_with("2026-01-01") && !line.starts_with(" line"),
            "{line}"
        );
    }
    assert!(!ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
}

#[test]
fn what_it_prints_while_it_is_loaded_goes_to_the_log() {
    let server = alone(&[guests::behaving("wasi", "print-describe")]);
    assert_eq!(server.call("wasi__fine", json!({})).answer(), &json!({}));
    let ended = server.shutdown();
    assert!(!ended.stdout.contains("forged"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("forged"),
        "what was printed is not in the log:\n{}",
        ended.stderr
    );
}

/// Standard input is the client's.
#[test]
fn it_reads_no_input() {
    let server = alone(&[guests::path("wasi")]);
    let reading = server.begin("wasi__read_input", json!({}));
    let fine = server.begin("wasi__fine", json!({}));
    assert_eq!(
        server.finish(reading).answer(),
        &json!({ "bytes": 0, "error": null })
    );
    assert_eq!(server.finish(fine).answer(), &json!({}));
}

#[test]
fn it_cannot_end_the_server() {
    let server = alone(&[guests::path("wasi")]);
    assert_eq!(
        server.call("wasi__exit", json!({})).code(),
        "module-trapped"
    );
    assert_eq!(server.call("wasi__fine", json!({})).answer(), &json!({}));
    let refusal = refusal(&guests::behaving("wasi", "exit-describe"));
    assert!(refusal.contains("ended abnormally"), "{refusal}");
}

#[test]
fn a_description_may_not_be_random() {
    let refusal = refusal(&guests::behaving("wasi", "random-describe"));
    assert!(refusal.contains("differently each time"), "{refusal}");
}
