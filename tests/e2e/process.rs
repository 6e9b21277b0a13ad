//! What the tools about the process and its logs must answer, by what the raw socket says.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use haproxy_mcp_testkit::{Haproxy, newest, until};
use serde_json::{Map, Value, json};

use crate::cases::{Case, has_shape};
use crate::expected::{Check, agree, rows, text};
use crate::{busy, program, serve};

/// The commands whose replies are compared.
pub(crate) const COMMANDS: [&str; 11] = [
    "show version",
    "show activity",
    "show threads",
    "show pools",
    "show cli sockets",
    "debug counters show",
    "help",
    "show errors",
    "show events",
    "show startup-logs",
    "acme status",
];

/// A cursor that belongs to no call.
const CURSOR: &str = "0000000000000000.1.-";

pub(crate) fn cases() -> Vec<Case> {
    let case = |tool, still, refused, because| Case {
        tool,
        succeeds: json!({}),
        still,
        refused,
        because,
        since: None,
    };
    let cursor = || json!({ "cursor": CURSOR });
    let wrong_cursor = ("invalid-argument", "/cursor");
    vec![
        // Without arguments there is nothing to refuse.
        case("show_version", json!({}), json!(null), ("", "")),
        case(
            "show_activity",
            json!({ "fields": ["pool_fail", "conn_dead", "poll_exp", "accq_full"] }),
            json!({ "fields": ["ctxsww"] }),
            ("invalid-argument", "/fields/0"),
        ),
        case(
            "show_threads",
            json!({ "fields": ["stuck", "prof"] }),
            json!({ "fields": ["prof", "stuk"] }),
            ("invalid-argument", "/fields/1"),
        ),
        case(
            "show_pools",
            json!({ "filter": "fcgi_conn" }),
            cursor(),
            wrong_cursor,
        ),
        case("show_cli_sockets", json!({}), cursor(), wrong_cursor),
        Case {
            // 3.1, and the later patch releases of 3.0 that are tested here.
            since: Some((3, 0)),
            ..case("debug_counters", json!({}), cursor(), wrong_cursor)
        },
        case(
            "help",
            json!({}),
            json!({ "command": "show stt" }),
            ("not-found", "/command"),
        ),
        Case {
            succeeds: json!({ "text": "hello" }),
            ..case(
                "echo",
                json!({ "text": "hello" }),
                json!({ "text": "Unknown command" }),
                ("invalid-argument", "/text"),
            )
        },
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
        case("show_startup_logs", json!({}), cursor(), wrong_cursor),
        Case {
            since: Some((3, 2)),
            ..case("show_acme_status", json!({}), cursor(), wrong_cursor)
        },
    ]
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
#[expect(clippy::too_many_lines, reason = "one arm for each tool")]
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    let lines = |command: &str, which: fn(&str) -> bool| -> Vec<String> {
        check.before.replies[command]
            .lines()
            .filter(|line| !line.is_empty() && which(line))
            .map(str::to_owned)
            .collect()
    };
    let all = |_: &str| true;
    match tool {
        "show_version" => {
            let said = lines("show version", all);
            check.same(
                "version",
                answer["version"].as_str(),
                said.first().map(String::as_str),
            );
            let release = answer["release"].as_str().unwrap_or("?");
            check.same("release", said[0].starts_with(&format!("{release}.")), true);
        }
        "show_activity" => activity(check, arguments, answer),
        "show_threads" => {
            let said = lines("show threads", |line| line.contains("Thread "));
            check.same(
                "matched",
                answer["matched"].as_u64(),
                Some(said.len() as u64),
            );
            for (row, line) in rows(answer).zip(&said) {
                let number = format!("Thread {} ", row["thread"]);
                check.same("the thread", line.contains(&number), true);
            }
            // Nothing is stuck in a HAProxy that answers.
            check.same("stuck", answer["totals"]["stuck"].as_u64(), Some(0));
            check.same(
                "details",
                rows(answer).any(|row| row.contains_key("lines")),
                false,
            );
        }
        "show_pools" => pools(check, arguments, answer),
        "show_cli_sockets" => {
            let said = lines("show cli sockets", |line| !line.starts_with('#'));
            let rows: Vec<String> = rows(answer)
                .map(|row| joined(row, &["socket", "level", "processes"]))
                .collect();
            check.same("the sockets", rows, said);
        }
        "debug_counters" => {
            let mut said = lines("debug counters show", |line| !line.starts_with("Count"));
            let mut rows: Vec<String> = rows(answer).map(counter).collect();
            for line in &mut said {
                *line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            said.sort();
            rows.sort();
            check.same("the counters", rows, said);
        }
        "help" => {
            let said = lines("help", |line| line.starts_with("  "));
            check.same(
                "matched",
                answer["matched"].as_u64(),
                Some(said.len() as u64),
            );
            for (row, line) in rows(answer).zip(&said) {
                let (usage, does) = line.split_once(": ").unwrap_or_default();
                check.same("the usage", text(row, "usage").as_str(), usage.trim());
                check.same("what it does", text(row, "does").as_str(), does.trim());
            }
        }
        "echo" => {
            let has = lines("help", |line| line.starts_with("  echo "));
            check.same("answered", &answer["answered"], &json!(true));
            if has.is_empty() {
                let version = lines("show version", all).remove(0);
                check.same("by", &answer["by"], &json!("show version"));
                let note = answer["note"].as_str().unwrap_or_default().to_owned();
                check.same(
                    "the note",
                    note.contains(&version) && note.contains("3.1"),
                    true,
                );
            } else {
                check.same("by", &answer["by"], &json!("echo"));
                check.same("received", &answer["received"], &arguments["text"]);
                check.same("same", &answer["same"], &json!(true));
            }
        }
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
        "show_acme_status" => {
            let said = lines("acme status", |line| !line.starts_with('#'));
            check.same(
                "matched",
                answer["matched"].as_u64(),
                Some(said.len() as u64),
            );
        }
        _ => return false,
    }
    true
}

fn joined(row: &Map<String, Value>, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| text(row, name))
        .collect::<Vec<_>>()
        .join(" ")
}

fn counter(row: &Map<String, Value>) -> String {
    let function = match text(row, "function") {
        function if function.is_empty() => function,
        function => format!("{function}():"),
    };
    let line = format!(
        "{} {} {function} {}",
        row["count"],
        joined(row, &["type", "location"]),
        text(row, "condition")
    );
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Counters move on: what is said lies between what was and what is.
fn activity(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let value = |reply: &str, name: &str| -> Option<String> {
        let line = reply
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
        Some(line.split(" [").next().unwrap_or_default().to_owned())
    };
    let (before, after) = (
        check.before.replies["show activity"].clone(),
        check.after.replies["show activity"].clone(),
    );
    let fields = answer["fields"].as_object().cloned().unwrap_or_default();
    for (name, said) in &fields {
        let (Some(one), Some(other)) = (value(&before, name), value(&after, name)) else {
            check.wrong(format!("`{name}` is no counter"));
            continue;
        };
        let number = |text: &str| text.parse::<f64>().ok();
        let agrees = match (number(&one), number(&other), said.as_f64()) {
            (Some(one), Some(other), Some(said)) => {
                (one.min(other)..=one.max(other)).contains(&said)
            }
            // `1 (1..2)`: any thread may answer
            _ => said.is_string(),
        };
        check.same(
            &format!("{name}: {said}, and by HAProxy {one} to {other}"),
            agrees,
            true,
        );
    }
    let all = before.lines().filter(|line| !line.is_empty()).count();
    let left_out = answer["left_out"]["fields"].as_u64().unwrap_or_default();
    check.same(
        "the number of counters",
        fields.len() as u64 + left_out,
        all as u64,
    );
    if arguments.get("per_thread").is_some() {
        check.same("threads", &answer["threads"], &json!(2));
        let whole = answer["per_thread"].as_object().is_some_and(|values| {
            values.len() > 20
                && values
                    .values()
                    .all(|values| values.as_array().is_some_and(|values| values.len() == 2))
        });
        check.same("the values of each thread", whole, true);
    }
}

fn pools(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let filter = arguments["filter"].as_str().unwrap_or_default();
    let listed = |reply: &str| -> Vec<(String, u64)> {
        reply
            .lines()
            .filter_map(|line| line.strip_prefix("  - Pool "))
            .filter_map(|line| {
                let (name, rest) = line.split_once(" (")?;
                let bytes = rest.split_once(" allocated (")?.1.split_once(' ')?.0;
                Some((name.to_owned(), bytes.parse().ok()?))
            })
            .filter(|(name, _)| name.contains(filter))
            .collect()
    };
    let before = listed(&check.before.replies["show pools"]);
    let after = listed(&check.after.replies["show pools"]);
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(before.len() as u64),
    );
    check.same("pools", &answer["totals"]["pools"], &json!(before.len()));
    let mut previous = u64::MAX;
    for row in rows(answer) {
        let name = text(row, "name");
        let bytes = row["allocated_bytes"].as_u64().unwrap_or_default();
        let sizes: Vec<u64> = before
            .iter()
            .chain(&after)
            .filter(|(pool, _)| *pool == name)
            .map(|(_, bytes)| *bytes)
            .collect();
        let (low, high) = (sizes.iter().min().copied(), sizes.iter().max().copied());
        let between = low.is_some_and(|low| bytes >= low) && high.is_some_and(|high| bytes <= high);
        check.same(
            &format!("{name}: {bytes} bytes, and by HAProxy {sizes:?}"),
            between,
            true,
        );
        check.same("the order", bytes <= previous, true);
        previous = bytes;
    }
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
    fn answers_about_the_process_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let mut calls: Vec<(&str, Value)> = vec![
            ("show_version", json!({})),
            ("show_activity", json!({})),
            ("show_activity", json!({ "fields": ["all"], "per_thread": true })),
            ("show_activity", json!({ "fields": ["ctxsw", "date_now"] })),
            ("show_threads", json!({})),
            ("show_pools", json!({})),
            ("show_pools", json!({ "limit": 500 })),
            ("show_pools", json!({ "filter": "h2" })),
            ("show_cli_sockets", json!({})),
            ("help", json!({})),
            ("help", json!({ "limit": 500 })),
            ("echo", json!({ "text": "two  words; `and` \"more\" \\ << é" })),
            ("show_errors", json!({})),
            ("show_events", json!({})),
            ("show_startup_logs", json!({})),
        ];
        if binary.at_least(3, 0) {
            calls.push(("debug_counters", json!({})));
        }
        if binary.at_least(3, 2) {
            calls.push(("show_acme_status", json!({})));
        }
        for (tool, arguments) in calls {
            agree(&haproxy, tool, || {
                let response = server.call(tool, arguments.clone());
                let size = response.answer().to_string().len();
                assert!(arguments["limit"].is_u64() || size < 7_000, "{tool} {arguments}: {size} characters");
                vec![(tool.to_owned(), arguments.clone(), response.answer().clone())]
            });
        }
    }

    fn a_version_without_the_command_says_since_when_it_is_there(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let server = serve(&haproxy);
        for (tool, since, has) in [
            ("show_acme_status", "3.2", binary.at_least(3, 2)),
            ("debug_counters", "3.1", binary.at_least(3, 0)),
        ] {
            let response = server.call(tool, json!({}));
            if has {
                assert!(response.answer().is_object(), "{}", response.message);
                continue;
            }
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("unsupported"), "{error}");
            assert_eq!(error["details"]["since"], json!(since), "{error}");
            let message = error["message"].as_str().unwrap_or_default();
            assert!(message.contains(since) && message.contains(&haproxy.info("Version")), "{error}");
        }
    }

    /// The level of the socket is the operator's choice; what is missing and where it is set is said.
    fn a_socket_below_the_level_of_a_command_says_which_it_takes(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).admin_level("user").start();
        let server = serve(&haproxy);
        let mut calls = vec![
            ("show_errors", json!({}), "operator"),
            ("show_events", json!({ "ring": "buf0" }), "operator"),
            ("show_startup_logs", json!({}), "operator"),
        ];
        if binary.at_least(3, 0) {
            calls.push(("show_activity", json!({}), "operator"));
            calls.push(("debug_counters", json!({}), "operator"));
        }
        if binary.at_least(3, 2) {
            calls.push(("show_acme_status", json!({}), "admin"));
        }
        for (tool, arguments, level) in calls {
            let response = server.call(tool, arguments);
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("rejected"), "{tool}: {error}");
            assert_eq!(error["details"]["reason"], json!("permission-denied"), "{tool}: {error}");
            let hint = error["hint"].as_str().unwrap_or_default();
            assert!(hint.contains(&format!("level `{level}`")), "{tool}: {error}");
        }
        for tool in ["show_version", "show_pools", "show_threads", "show_cli_sockets", "show_events", "help"] {
            assert!(server.call(tool, json!({})).answer().is_object(), "{tool}");
        }
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
