//! What the tools about the logs must answer, by what the raw socket says: errors, events, messages of the start.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use haproxy_mcp_testkit::{Haproxy, newest, until};
use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::process::{case, compare, lines, paged};
use crate::{busy, program, serve};

/// The commands whose replies are compared.
pub(crate) const COMMANDS: [&str; 3] = ["show errors", "show events", "show startup-logs"];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "show_errors",
            json!({}),
            json!({ "proxy": "be_ap" }),
            ("not-found", "/proxy"),
        ),
        case(
            "show_events",
            json!({}),
            json!({ "ring": "buf1" }),
            ("not-found", "/ring"),
        ),
        paged("show_startup_logs", json!({})),
    ]
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, answer: &Value) -> bool {
    let before = check.before;
    let lines = |command, which| lines(before, command, which);
    match tool {
        "show_errors" => {
            let total = lines("show errors", |line| line.starts_with("Total")).remove(0);
            let total = total
                .rsplit_once(" : ")
                .and_then(|(_, total)| total.parse().ok());
            check.same("captured", answer["captured"].as_u64(), total);
            let heads = lines("show errors", |line| line.starts_with('['));
            let said: Vec<String> = rows(answer)
                .map(|row| {
                    format!(
                        "[{}] {} {}",
                        text(row, "time"),
                        text(row, "side"),
                        text(row, "proxy")
                    )
                })
                .collect();
            let heads: Vec<String> = heads
                .iter()
                .filter_map(|line| line.split_once(" (#").map(|(head, _)| head.to_owned()))
                .collect();
            check.same("the errors", said, heads);
        }
        "show_events" => {
            let said = lines("show events", |line| line.starts_with("    "));
            let rows: Vec<String> = rows(answer)
                .map(|row| {
                    let [name, kind, description] =
                        ["name", "type", "description"].map(|name| text(row, name));
                    format!(
                        "    {name:<10} : type={kind}, {} dropped, {description}",
                        row["dropped"]
                    )
                })
                .collect();
            check.same("the sinks", rows, said);
        }
        "show_startup_logs" => {
            let said = lines("show startup-logs", |line| line.starts_with('['));
            check.same(
                "matched",
                answer["matched"].as_u64(),
                Some(said.len() as u64),
            );
            for (row, line) in rows(answer).zip(&said) {
                let head = format!("[{}]", text(row, "level").to_uppercase());
                let message = text(row, "message");
                let message = message.trim_end_matches('…');
                check.same(
                    "the message",
                    line.starts_with(&head) && line.contains(message),
                    true,
                );
            }
        }
        _ => return false,
    }
    true
}

/// Sends these bytes to the frontend, and reads what comes.
fn send(haproxy: &Haproxy, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(haproxy.http_address()).unwrap();
    connection
        .set_read_timeout(Some(haproxy_mcp_testkit::DEADLINE))
        .unwrap();
    connection.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // HAProxy may close before it has read all.
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// What must never come out.
const SECRETS: [&str; 6] = [
    "s3cr3t-cookie",
    "s3cr3t-basic",
    "s3cr3t-api-key",
    "s3cr3t-query",
    "s3cr3t-folded",
    "s3cr3t-url",
];

/// A HAProxy that has captured a request that it cannot parse, full of secrets.
fn with_secrets(binary: &haproxy_mcp_testkit::Binary) -> Haproxy {
    let haproxy = Haproxy::start(binary);
    let padding = "p".repeat(300);
    let bad = format!(
        "GET http://me:s3cr3t-url@shop.example/x?token=s3cr3t-query&page=2 HTTP/1.1\r\nHost: shop.example\r\n\
         Cookie: {padding}=1; session=s3cr3t-cookie\r\nAuthorization: Basic s3cr3t-basic\r\n\ts3cr3t-folded\r\n\
         X-Api-Key: s3cr3t-api-key\r\nBad Header: 1\r\n\r\n"
    );
    let answer = send(&haproxy, bad.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    haproxy
}

haproxy_mcp_testkit::on_each_version! {
    fn answers_about_the_logs_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        compare(&haproxy, &serve(&haproxy), &[
            ("show_errors", json!({})),
            ("show_events", json!({})),
            ("show_startup_logs", json!({})),
        ]);
    }

    /// Of a captured request the secrets stay with the host, whoever reads it; the rest is there.
    fn secrets_of_a_captured_request_do_not_come_out(binary: &Binary) {
        let haproxy = with_secrets(binary);
        let raw = haproxy.raw_text("show errors");
        for secret in SECRETS {
            let joined: String = raw.lines().map(|line| line.get(9..).unwrap_or_default()).collect();
            assert!(joined.contains(secret), "HAProxy has not captured `{secret}`: {raw}");
        }
        let server = program()
            .haproxy(&haproxy)
            .module(&haproxy_mcp_testkit::guests::path("hostile"))
            .args(["--log-level", "trace"])
            .start();
        server.stateless();
        for arguments in [json!({}), json!({ "proxy": "fe_http" }), json!({ "type": "request" })] {
            let response = server.call("show_errors", arguments);
            let row = rows(response.answer()).next().expect("an error").clone();
            assert_eq!((text(&row, "proxy").as_str(), text(&row, "what").as_str()), ("fe_http", "invalid request"));
            assert_eq!(response.answer()["matched"], json!(1));
            let lines: Vec<&str> = row["lines"].as_array().unwrap().iter().filter_map(|line| line["text"].as_str()).collect();
            assert!(lines[0].starts_with("GET http://[redacted]@shop.example/x?token=[redacted]&page=2 HTTP/1.1"), "{lines:?}");
            for wanted in ["Host: shop.example\\r\\n", "Cookie:[redacted]\\r\\n", "Authorization:[redacted]\\r\\n", "Bad Header: 1\\r\\n"] {
                assert!(lines.contains(&wanted), "no `{wanted}` in {lines:?}");
            }
            let error = row["lines"].as_array().unwrap().iter().find(|line| line["error"] == json!(true));
            assert_eq!(error.and_then(|line| line["text"].as_str()), Some("Bad Header: 1\\r\\n"), "{row:?}");
            let said = response.message.to_string();
            assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
        }
        assert_eq!(server.call("show_errors", json!({ "type": "response" })).answer()["matched"], json!(0));
        assert_eq!(server.call("show_errors", json!({ "proxy": "be_empty" })).answer()["matched"], json!(0));
        // A module of somebody else is not even let near it.
        let refused = server.call("hostile__say", json!({ "words": ["show", "errors"] }));
        assert_eq!(refused.code(), "denied", "{}", refused.message);
        let logged = server.stderr();
        assert!(SECRETS.iter().all(|secret| !logged.contains(secret)), "{logged}");
    }

    /// From 3.2 on HAProxy warns of a word that is empty, and quotes the whole line for it; 3.4 does not start then.
    fn a_line_of_the_configuration_that_is_quoted_shows_no_password(binary: &Binary) {
        if binary.at_least(3, 4) {
            return;
        }
        let haproxy = Haproxy::builder(binary).page("    stats auth admin:s3cretpw \"\"").start();
        let raw = haproxy.raw_text("show startup-logs");
        assert_eq!(raw.contains("s3cretpw"), binary.at_least(3, 2), "{raw}");
        let server = serve(&haproxy);
        let answer = server.call("show_startup_logs", json!({ "limit": 100 })).answer().to_string();
        assert!(!answer.contains("s3cretpw"), "{answer}");
        assert_eq!(answer.contains("admin:[redacted]"), binary.at_least(3, 2), "{answer}");
    }

    fn lines_of_a_ring_come_newest_last_and_without_secrets(binary: &Binary) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("logged.sock");
        let haproxy = Haproxy::builder(binary).with(&logged(&socket)).start();
        for number in 0..40 {
            visit(&socket, &format!("/visit-{number}?api_key=s3cr3t-query&page={number}"));
        }
        let server = serve(&haproxy);
        let listed = server.call("show_events", json!({ "filter": "visits" }));
        let ring = json!({ "name": "visits", "type": "buffer", "dropped": 0, "description": "lines of visits" });
        assert_eq!(listed.answer()["rows"], json!([ring]));

        // HAProxy writes a line when a visit has ended, which is after the visitor has his answer.
        until("all lines to be written", || {
            let lines = haproxy.raw_text("show events visits");
            if lines.lines().filter(|line| line.contains("/visit-")).count() == 40 { Ok(()) } else { Err(lines) }
        });
        let raw: Vec<String> = haproxy
            .raw_text("show events visits")
            .lines()
            .filter_map(|line| line.strip_prefix("<134>"))
            .map(|line| line.replace("s3cr3t-query", "[redacted]"))
            .collect();
        assert_eq!(raw.len(), 40, "{raw:?}");
        let said = |arguments: Value| -> (Vec<String>, Value) {
            let response = server.call("show_events", arguments);
            assert!(!response.message.to_string().contains("s3cr3t"), "{}", response.message);
            let severe = rows(response.answer()).all(|row| text(row, "severity") == "info");
            assert!(severe, "{}", response.message);
            (rows(response.answer()).map(|row| text(row, "text")).collect(), response.answer().clone())
        };
        let (lines, answer) = said(json!({ "ring": "visits", "limit": 500 }));
        assert_eq!(lines, raw);
        assert_eq!((&answer["matched"], answer.get("left_out")), (&json!(40), None));
        let (lines, answer) = said(json!({ "ring": "visits" }));
        assert!(lines.len() <= 20 && raw.ends_with(&lines), "{lines:?}");
        assert_eq!(answer["left_out"]["lines"], json!(40 - lines.len()));
        assert!(answer.to_string().len() < 7_000, "{answer}");
        let (lines, _) = said(json!({ "ring": "visits", "limit": 3 }));
        assert_eq!(lines, raw[37..]);
        let (lines, answer) = said(json!({ "ring": "visits", "filter": "VISIT-7?" }));
        assert_eq!((lines.len(), &answer["matched"]), (1, &json!(1)));
        assert!(lines[0].contains("GET /visit-7?api_key=[redacted]&page=7 HTTP/1.1"), "{lines:?}");
    }
}

/// A ring, and a frontend on a Unix socket whose visits are written there.
fn logged(socket: &Path) -> String {
    format!(
        "
ring visits
    description \"lines of visits\"
    format rfc3164
    maxlen 1200
    size 65532
frontend fe_logged
    mode http
    log ring@visits local0
    option httplog
    bind unix@{}
    default_backend be_app
",
        socket.display()
    )
}

fn visit(socket: &Path, path: &str) {
    let mut connection = UnixStream::connect(socket).unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_sink_without_lines_is_told_from_an_empty_ring() {
    let haproxy = busy(&newest());
    let server = serve(&haproxy);
    let empty = server.call("show_events", json!({ "ring": "buf0" }));
    assert_eq!(
        empty.answer(),
        &json!({ "ring": "buf0", "rows": [], "matched": 0 })
    );
    let refused = server.call("show_events", json!({ "ring": "stdout" }));
    assert_eq!(refused.code(), "invalid-argument", "{}", refused.message);
    assert_eq!(refused.error()["details"]["argument"], json!("/ring"));
}
