//! Caches: `show_cache`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use haproxy_mcp_testkit::{Haproxy, until};
use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::serve;
use crate::topology::{case, compare, furnished};

pub(super) fn cases() -> Vec<Case> {
    vec![case(
        "show_cache",
        json!({}),
        json!({ "cache": "none" }),
        ("not-found", "/cache"),
    )]
}

/// Caches: their entries counted, or the entries of one.
pub(super) fn check(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let read = |reply: &str| {
        let mut caches: Vec<(String, Vec<String>)> = Vec::new();
        for line in reply.lines().filter(|line| !line.is_empty()) {
            if line.contains(" hash:") {
                caches.last_mut().expect("a cache").1.push(line.to_owned());
            } else {
                let name = line.split(' ').nth(1).expect("a name").to_owned();
                caches.push((name, Vec::new()));
            }
        }
        caches
    };
    let caches = read(&check.before.replies["show cache"]);
    let value = |line: &str, name: &str| -> u64 {
        let start = line.find(&format!("{name}:")).expect("a field") + name.len() + 1;
        line[start..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .expect("a number")
    };
    if let Some(wanted) = arguments["cache"].as_str() {
        let (_, entries) = caches
            .iter()
            .find(|(name, _)| name == wanted)
            .expect("the cache");
        let said: BTreeSet<(String, Option<u64>)> = rows(answer)
            .map(|row| (text(row, "hash"), row["size"].as_u64()))
            .collect();
        let expected = entries
            .iter()
            .map(|line| (value(line, "hash").to_string(), Some(value(line, "size"))))
            .collect();
        check.same("entries", said, expected);
        check.same(
            "matched",
            answer["matched"].as_u64(),
            Some(entries.len() as u64),
        );
        return;
    }
    let said: Vec<(String, Option<u64>, Option<u64>)> = rows(answer)
        .map(|row| {
            (
                text(row, "cache"),
                row["entries"].as_u64(),
                row["bytes"].as_u64(),
            )
        })
        .collect();
    let expected: Vec<(String, Option<u64>, Option<u64>)> = caches
        .iter()
        .map(|(name, entries)| {
            let bytes = entries.iter().map(|line| value(line, "size")).sum();
            (name.clone(), Some(entries.len() as u64), Some(bytes))
        })
        .collect();
    check.same("caches", said, expected);
}

/// Visits until the cache holds an answer. HAProxy does not keep one while another thread holds the cache; 3.0 keeps one
/// for all three.
fn fill(haproxy: &Haproxy) {
    until("an entry in the cache", || {
        for page in ["/one", "/two", "/three?a=b"] {
            visit(haproxy, page);
        }
        let cached = haproxy.raw_text("show cache");
        if cached.contains(" hash:") {
            Ok(())
        } else {
            Err(cached)
        }
    });
}

/// A request whose answer goes into the cache.
fn visit(haproxy: &Haproxy, page: &str) {
    let mut socket = UnixStream::connect(haproxy.folder().join("cached.sock")).unwrap();
    let request = format!("GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

haproxy_mcp_testkit::on_each_version! {
    fn they_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = furnished(binary);
        fill(&haproxy);
        let server = serve(&haproxy);
        let cached = server.call("show_cache", json!({ "cache": "pages" }));
        assert!(cached.answer()["matched"].as_u64() > Some(0), "{}", cached.message);
        compare(&haproxy, &server, &[
            ("show_cache", json!({})),
            ("show_cache", json!({ "cache": "unused" })),
            ("show_cache", json!({ "cache": "pages" })),
        ]);
    }
}
