//! What the tools about the process must answer, by what the raw socket says.

use haproxy_mcp_testkit::Haproxy;
use haproxy_mcp_testkit::mcp::McpServer;
use serde_json::{Map, Value, json};

use crate::cases::{Case, has_shape};
use crate::expected::{Check, Moment, agree, rows, text};
use crate::{busy, serve};

/// The commands whose replies are compared.
pub(crate) const COMMANDS: [&str; 9] = [
    "show version",
    "show activity",
    "show threads",
    "show pools",
    "show cli sockets",
    "debug counters show",
    "help",
    "acme status",
    "get var proc.site",
];

pub(crate) fn cases() -> Vec<Case> {
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
        paged("show_pools", json!({ "filter": "fcgi_conn" })),
        paged("show_cli_sockets", json!({})),
        Case {
            // 3.1, and the later patch releases of 3.0 that are tested here.
            since: Some((3, 0)),
            ..paged("debug_counters", json!({}))
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
        Case {
            since: Some((3, 2)),
            ..paged("show_acme_status", json!({}))
        },
        Case {
            succeeds: json!({ "name": "proc.site" }),
            ..case(
                "get_var",
                json!({ "name": "proc.site" }),
                json!({ "name": "proc.sites" }),
                ("not-found", "/name"),
            )
        },
    ]
}

/// A tool that succeeds without arguments.
pub(crate) fn case(
    tool: &'static str,
    still: Value,
    refused: Value,
    because: (&'static str, &'static str),
) -> Case {
    Case {
        tool,
        succeeds: json!({}),
        still,
        refused,
        because,
        since: None,
    }
}

/// Such a tool, which refuses a cursor that belongs to no call.
pub(crate) fn paged(tool: &'static str, still: Value) -> Case {
    let refused = json!({ "cursor": "0000000000000000.1.-" });
    case(tool, still, refused, ("invalid-argument", "/cursor"))
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    let before = check.before;
    let lines = |command, which| lines(before, command, which);
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
        "get_var" => variable(check, answer),
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

/// The lines of a reply that are not empty, of those that are meant.
pub(crate) fn lines(said: &Moment, command: &str, which: fn(&str) -> bool) -> Vec<String> {
    said.replies[command]
        .lines()
        .filter(|line| !line.is_empty() && which(line))
        .map(str::to_owned)
        .collect()
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

/// `proc.site: type=str value=<testsite>`
fn variable(check: &mut Check<'_>, answer: &Value) {
    let [name, kind, value] =
        ["name", "type", "value"].map(|key| answer[key].as_str().unwrap_or("?"));
    let said = lines(check.before, "get var proc.site", |_| true);
    let written = vec![format!("{name}: type={kind} value=<{value}>")];
    check.same("the variable", written, said);
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

/// Makes these calls, and compares each answer with what the raw socket says; without a limit it is short.
pub(crate) fn compare(haproxy: &Haproxy, server: &McpServer, calls: &[(&str, Value)]) {
    for (tool, arguments) in calls {
        agree(haproxy, tool, || {
            let response = server.call(tool, arguments.clone());
            let size = response.answer().to_string().len();
            assert!(
                arguments["limit"].is_u64() || size < 7_000,
                "{tool} {arguments}: {size} characters"
            );
            vec![(
                (*tool).to_owned(),
                arguments.clone(),
                response.answer().clone(),
            )]
        });
    }
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
            ("get_var", json!({ "name": "proc.site" })),
        ];
        if binary.at_least(3, 0) {
            calls.push(("debug_counters", json!({})));
        }
        if binary.at_least(3, 2) {
            calls.push(("show_acme_status", json!({})));
        }
        compare(&haproxy, &server, &calls);
    }

    fn variables_have_their_types(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("global\n    set-var proc.number int(-42)\n    set-var proc.truth bool(true)\n    set-var proc.address ipv6(2001:db8::7)\n    set-var proc.text str(\"a>b c\")\n")
            .start();
        let server = serve(&haproxy);
        for (name, kind, value) in [
            ("proc.number", "sint", json!(-42)),
            ("proc.truth", "bool", json!(true)),
            ("proc.address", "ipv6", json!("2001:db8::7")),
            ("proc.text", "str", json!("a>b c")),
        ] {
            let response = server.call("get_var", json!({ "name": name }));
            assert_eq!(*response.answer(), json!({ "name": name, "type": kind, "value": value }));
        }
        for name in ["proc.nothing", "sess.x", "nothing"] {
            assert_eq!(server.call("get_var", json!({ "name": name })).code(), "not-found", "{name}");
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
            ("get_var", json!({ "name": "proc.site" }), "operator"),
            ("show_sess", json!({}), "operator"),
            ("show_sess", json!({ "session": "0x1" }), "operator"),
            ("show_table", json!({ "table": "be_app" }), "operator"),
            ("get_table_entry", json!({ "table": "be_app", "key": "192.0.2.7" }), "operator"),
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
}
