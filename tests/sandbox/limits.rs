//! What one call may use up: a test for each constant of `host/src/sandbox/limits.rs` that is about it, with its name.
//! Those of what calls share are in `places`, those of what a module may need from the start in `loaded`; `named` sees
//! to it that none is forgotten.

use std::time::Duration;

use haproxy_mcp::mcp::LINE_VALUES;
use haproxy_mcp::sandbox::limits::{
    ARGUMENT_BYTES, COMMANDS, CONCURRENT_FOREIGN_CALLS, CPU, HANDLES, HOST_CALL_BYTES, HOST_CALLS,
    HOST_CALLS_GRACE, LOG_LINE_CHARACTERS, LOG_LINES, MEMORY_BYTES, PRINTED_BYTES,
    PROGRESS_INTERVAL, RANDOM_BYTES, READ_BYTES, REPLY_BYTES, RESULT_BYTES, TEXT_CHARACTERS,
    WALL_CLOCK,
};
use haproxy_mcp_testkit::{Gate, Haproxy, ScriptedSocket, Step, guests, newest};
use serde_json::{Value, json};

use crate::site::{
    LATE, NOWHERE, alone, before, builder, call, goes_on, hostile, hostile_alone, milliseconds,
    started, still_asks,
};

#[test]
fn memory_bytes() {
    let server = hostile_alone();
    goes_on(&server);
    let (before, _) = server.memory();
    let ended = call(&server, "memory", json!({}));
    assert_eq!(ended.code(), "memory-limit");
    assert!(
        ended.error()["message"]
            .as_str()
            .unwrap()
            .contains(&MEMORY_BYTES.to_string())
    );
    let (after, most) = server.memory();
    let limit = MEMORY_BYTES as u64;
    assert!(
        most - before < limit + limit / 2,
        "{before} before, {most} at most"
    );
    assert!(
        after < before + limit / 4,
        "{before} before, {after} after: the memory was not given back"
    );
    goes_on(&server);
}

#[test]
fn cpu() {
    let server = hostile_alone();
    let ended = call(&server, "spin", json!({}));
    assert_eq!(ended.code(), "cpu-limit");
    assert!(
        ended.error()["message"]
            .as_str()
            .unwrap()
            .contains(&milliseconds(CPU))
    );
    assert!(ended.took >= CPU, "ended after {:?}", ended.took);
    assert!(ended.took < CPU + LATE, "ended after {:?}", ended.took);
    goes_on(&server);
}

/// Longer than a guest may compute.
const LONGER: Duration = CPU.saturating_add(Duration::from_secs(1));

#[test]
fn cpu_does_not_count_waiting() {
    let server = started(
        builder().socket(NOWHERE.as_ref()),
        &[guests::path("hostile"), guests::path("wasi")],
    );
    let wait = json!({ "milliseconds": LONGER.as_millis() });
    for (tool, done) in [("hostile__sleep", "to"), ("wasi__sleep", "waited")] {
        let waited = server.call(tool, wait.clone());
        assert!(waited.answer()[done].is_u64(), "{tool}");
        assert!(waited.took >= LONGER, "{tool}: {:?}", waited.took);
    }
}

#[test]
fn cpu_does_not_count_waiting_for_haproxy() {
    let gate = Gate::new();
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::Wait(gate.clone()),
        Step::send("\nName: HAProxy\n\n"),
    ]);
    let server = started(builder().socket(&socket.path()), &[guests::path("hostile")]);
    let asking = server.begin("hostile__say", json!({ "words": ["show", "info"] }));
    assert!(server.finish_within(asking, LONGER).is_none());
    gate.open();
    let reply = server.finish(asking);
    let reply = reply.answer()["reply"].as_str().unwrap();
    assert!(reply.starts_with("Name: HAProxy"), "{reply}");
}

/// What the host does for a guest is the guest's: here, taking over lists of words that it refuses.
#[test]
fn cpu_counts_work_of_the_host() {
    let server = hostile_alone();
    let flood = json!({ "what": "supports-too-many", "times": HOST_CALLS });
    let ended = call(&server, "flood", flood);
    assert_eq!(ended.code(), "cpu-limit");
    assert!(ended.took < CPU + LATE, "ended after {:?}", ended.took);
    goes_on(&server);
}

/// It really takes that long, so that nextest starts it first. Calls that wait for a place meanwhile are under the same
/// limit.
#[test]
fn wall_clock() {
    let server = started(
        builder()
            .socket(NOWHERE.as_ref())
            .deadline(WALL_CLOCK + LATE * 3),
        &[guests::path("wasi")],
    );
    let for_ever = json!({ "milliseconds": 3_600_000 });
    let calls = vec![("wasi__sleep", for_ever); CONCURRENT_FOREIGN_CALLS as usize * 2];
    let ended = server.call_concurrently(&calls);
    let (within, waiting) = ended.split_at(CONCURRENT_FOREIGN_CALLS as usize);
    for ended in within {
        assert_eq!(ended.code(), "wall-clock-limit");
        assert!(
            ended.error()["message"]
                .as_str()
                .unwrap()
                .contains(&milliseconds(WALL_CLOCK))
        );
    }
    for ended in waiting {
        // The places come free in the moment in which their own time is over.
        assert!(
            ["busy", "wall-clock-limit"].contains(&ended.code()),
            "{}",
            ended.message
        );
    }
    for ended in &ended {
        assert!(ended.took >= WALL_CLOCK, "ended after {:?}", ended.took);
        assert!(
            ended.took < WALL_CLOCK + LATE,
            "ended after {:?}",
            ended.took
        );
    }
    assert_eq!(server.call("wasi__fine", json!({})).answer(), &json!({}));
}

/// The host does not begin a wait that would cross it.
#[test]
fn wall_clock_of_a_known_wait() {
    let server = hostile_alone();
    let wait = WALL_CLOCK + Duration::from_secs(1);
    let refused = call(
        &server,
        "sleep",
        json!({ "milliseconds": wait.as_millis() }),
    );
    assert_eq!(refused.code(), "exhausted");
    assert_eq!(refused.error()["details"]["reason"], "wall-clock");
    assert!(refused.took < LATE, "refused after {:?}", refused.took);
}

#[test]
fn host_calls() {
    let (haproxy, server) = hostile();
    let flood = json!({ "what": "supports", "times": HOST_CALLS * 2, "patience": 0 });
    let answer = call(&server, "flood", flood);
    assert_eq!(answer.answer()["done"], HOST_CALLS);
    assert_eq!(answer.answer()["told"], "exhausted:host-calls");
    still_asks(&server, &haproxy);
}

#[test]
fn host_calls_grace() {
    let (haproxy, server) = hostile();
    let flood = |patience: Value| {
        let flood = json!({ "what": "supports", "times": HOST_CALLS * 2, "patience": patience });
        call(&server, "flood", flood)
    };
    let heard = flood(json!(HOST_CALLS_GRACE - 1));
    assert_eq!(heard.answer()["refused"], HOST_CALLS_GRACE);
    let deaf = flood(json!(HOST_CALLS_GRACE));
    assert_eq!(deaf.code(), "host-call-limit");
    assert_eq!(flood(Value::Null).code(), "host-call-limit");
    still_asks(&server, &haproxy);
}

#[test]
fn commands() {
    let (haproxy, server) = hostile();
    let flood = json!({ "what": "execute", "times": COMMANDS * 2, "patience": 0 });
    let answer = call(&server, "flood", flood);
    assert_eq!(answer.answer()["done"], COMMANDS);
    assert_eq!(answer.answer()["told"], "exhausted:commands");
    still_asks(&server, &haproxy);
}

/// Who HAProxy is has to be asked, too: that is a command like others.
#[test]
fn commands_that_ask_who_haproxy_is() {
    let (haproxy, server) = hostile();
    for what in ["version", "supports"] {
        let flood = |times: u32| {
            let flood = json!({ "what": "execute", "times": times, "then": what });
            call(&server, "flood", flood).answer()["then"].clone()
        };
        assert_eq!(flood(COMMANDS - 1), Value::Null, "{what}");
        assert_eq!(flood(COMMANDS), "exhausted:commands", "{what}");
    }
    still_asks(&server, &haproxy);
}

#[test]
fn reply_bytes() {
    let haproxy = Haproxy::builder(&newest()).servers(10_000).start();
    let server = before(&haproxy, &[guests::path("hostile")]);
    let once = call(
        &server,
        "read",
        json!({ "words": ["show", "stat"], "max": READ_BYTES }),
    );
    let once = once.answer()["bytes"].as_u64().unwrap();
    let times = REPLY_BYTES / once;
    let read = |times: u64| {
        let read = json!({ "words": ["show", "stat"], "max": READ_BYTES, "times": times });
        call(&server, "read", read)
    };
    // The counters in the table grow, and it with them: so not the very last round.
    let within = read(times - 1);
    assert!(within.answer()["bytes"].as_u64().unwrap() >= once * (times - 2));
    let ended = read(times + 2);
    assert_eq!(ended.code(), "exhausted");
    assert_eq!(ended.error()["details"]["reason"], "reply-bytes");
    still_asks(&server, &haproxy);
}

#[test]
fn read_bytes() {
    let haproxy = Haproxy::builder(&newest()).servers(5_000).start();
    let server = before(&haproxy, &[guests::path("hostile")]);
    let answer = call(
        &server,
        "read",
        json!({ "words": ["show", "stat"], "max": u32::MAX }),
    );
    let largest = answer.answer()["largest"].as_u64().unwrap();
    assert!(largest <= READ_BYTES as u64, "{largest} bytes in one read");
    assert!(answer.answer()["bytes"].as_u64().unwrap() > READ_BYTES as u64);
}

#[test]
fn result_bytes() {
    let server = hostile_alone();
    let within = call(&server, "result", json!({ "bytes": RESULT_BYTES }));
    assert!(within.answer()["filling"].is_array());
    for bytes in [RESULT_BYTES + 1, 3 * RESULT_BYTES] {
        let beyond = call(&server, "result", json!({ "bytes": bytes }));
        assert_eq!(beyond.code(), "result-too-large");
        assert!(
            beyond.error()["message"]
                .as_str()
                .unwrap()
                .contains(&RESULT_BYTES.to_string())
        );
    }
    goes_on(&server);
}

/// A hidden character is three bytes as the module gives it, and nine as a client sees it.
#[test]
fn result_bytes_of_what_is_shown() {
    let server = hostile_alone();
    let result = |bytes: usize| {
        let hidden = "\u{202e}".repeat(100);
        call(&server, "result", json!({ "bytes": bytes, "of": hidden }))
    };
    let within = result(RESULT_BYTES / 4);
    let shown = within.answer().to_string();
    assert!(shown.len() > RESULT_BYTES / 2 && shown.len() <= RESULT_BYTES);
    assert_eq!(result(RESULT_BYTES / 2).code(), "result-too-large");
    goes_on(&server);
}

/// Refused before anything is done with them: neither long nor with much memory.
#[test]
fn argument_bytes() {
    let server = hostile_alone();
    goes_on(&server);
    let around = json!({ "filling": "" }).to_string().len();
    let filled = |bytes: usize| json!({ "filling": "x".repeat(bytes - around) });
    call(&server, "fine", filled(ARGUMENT_BYTES)).answer();
    let beyond = call(&server, "fine", filled(ARGUMENT_BYTES + 1));
    assert_eq!(beyond.code(), "invalid-argument");
    let message = beyond.error()["message"].as_str().unwrap();
    assert!(message.contains(&ARGUMENT_BYTES.to_string()), "{message}");
}

/// Nearly two million elements in one line: each would take some thirty bytes, several times, before anybody could say
/// that they are too many.
#[test]
fn argument_bytes_of_a_long_list() {
    let server = hostile_alone();
    goes_on(&server);
    let (before, _) = server.memory();
    let list = Value::Array(vec![json!(1); 1_900_000]);
    let refused = server.call("show_info", json!({ "fields": list }));
    let (code, message) = refused.protocol_error();
    assert_eq!(code, -32600);
    assert!(
        message.contains(&format!("{LINE_VALUES} values")),
        "{message}"
    );
    assert!(refused.took < LATE * 2, "{:?}", refused.took);
    // The line itself, as it came.
    let (_, most) = server.memory();
    let megabytes = most.saturating_sub(before) >> 20;
    assert!(megabytes < 24, "{megabytes} MB more");
    goes_on(&server);
}

#[test]
fn text_characters() {
    let server = hostile_alone();
    let answer = call(
        &server,
        "text",
        json!({ "characters": TEXT_CHARACTERS * 3 }),
    );
    assert_eq!(answer.texts()[0], "x".repeat(TEXT_CHARACTERS));
    // Of all lines together, as they are shown.
    let lines = "\u{202e}abc\n".repeat(TEXT_CHARACTERS / 5);
    let many = call(
        &server,
        "answer",
        json!({ "structured": "{}", "text": lines }),
    );
    let shown = many.texts()[0];
    assert!(shown.starts_with("\\u{202e}abc\n"), "{shown}");
    assert_eq!(shown.chars().count(), TEXT_CHARACTERS);
}

#[test]
fn host_call_bytes() {
    let (haproxy, server) = hostile();
    for what in ["log", "progress", "outcome", "one-word", "payload"] {
        let hand_over = |bytes: usize| {
            call(
                &server,
                "hand_over",
                json!({ "what": what, "bytes": bytes }),
            )
        };
        hand_over(HOST_CALL_BYTES / 2).answer();
        let beyond = hand_over(HOST_CALL_BYTES + 1);
        assert_eq!(beyond.code(), "host-call-bytes-limit", "{what}");
    }
    // What a list costs the host is counted, not its letters alone.
    let words = json!({ "what": "many-words", "bytes": HOST_CALL_BYTES / 16 });
    assert_eq!(
        call(&server, "hand_over", words).code(),
        "host-call-bytes-limit"
    );
    still_asks(&server, &haproxy);
}

#[test]
fn log_lines() {
    let server = hostile_alone();
    call(&server, "log", json!({ "lines": LOG_LINES * 50 })).answer();
    goes_on(&server);
    let log = server.shutdown().stderr;
    let last = LOG_LINES - 1;
    assert!(
        log.contains(&format!("line-{last}:")),
        "the last line within the limit"
    );
    assert!(
        !log.contains(&format!("line-{LOG_LINES}:")),
        "the first line beyond it"
    );
    let dropped: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("dropped"))
        .collect();
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert!(
        dropped[0].contains(&format!("dropped={}", LOG_LINES * 49)),
        "{dropped:?}"
    );
}

/// What the host says of each refused command is a line of the call, too.
#[test]
fn log_lines_of_refusals() {
    let server = hostile_alone();
    let flood = call(
        &server,
        "flood",
        json!({ "what": "denied", "times": 5_000 }),
    );
    assert_eq!(flood.answer()["refused"], 5_000);
    // A further call has lines of its own.
    call(&server, "flood", json!({ "what": "denied", "times": 1 })).answer();
    let log = server.shutdown().stderr;
    let of = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert_eq!(of("refused: "), LOG_LINES as usize + 1);
    assert_eq!(of("dropped="), 1);
    let dropped = COMMANDS - LOG_LINES;
    assert_eq!(of(&format!("dropped={dropped}")), 1, "{log}");
}

#[test]
fn log_line_characters() {
    let server = hostile_alone();
    let too_much = json!({
        "lines": 1,
        "characters": LOG_LINE_CHARACTERS * 10,
        "text": "\u{1b}[31m\r\nforged \u{202e}",
    });
    call(&server, "log", too_much).answer();
    let log = server.shutdown().stderr;
    let line = log.lines().find(|line| line.contains("line-0:")).unwrap();
    let kept = line.chars().filter(|character| *character == 'x').count();
    assert!(kept <= LOG_LINE_CHARACTERS, "{kept} characters");
    assert!(kept > LOG_LINE_CHARACTERS / 2, "{kept} characters");
    assert!(
        !log.contains('\u{1b}') && !log.contains('\u{202e}'),
        "{line}"
    );
    assert!(!log.lines().any(|line| line.starts_with("forged")), "{log}");
}

#[test]
fn printed_bytes() {
    let server = alone(&[guests::path("wasi")]);
    let print = json!({ "text": "printed ", "times": PRINTED_BYTES });
    assert_eq!(server.call("wasi__print", print).answer()["failures"], 0);
    let log = server.shutdown().stderr;
    let kept = log.matches("printed ").count() * "printed ".len();
    assert!(kept <= PRINTED_BYTES + 100, "{kept} bytes");
    assert!(kept > PRINTED_BYTES / 2, "{kept} bytes in:\n{log}");
}

/// Random bytes are made by the host, on the thread that all share.
#[test]
fn random_bytes() {
    let server = alone(&[guests::path("wasi")]);
    let random = |bytes: u64| server.call("wasi__random", json!({ "bytes": bytes }));
    assert_eq!(random(RANDOM_BYTES).answer()["got"], RANDOM_BYTES);
    for bytes in [RANDOM_BYTES + 1, 64 << 20, 1 << 40] {
        assert_eq!(random(bytes).code(), "module-trapped", "{bytes}");
    }
    assert_eq!(server.call("wasi__fine", json!({})).answer(), &json!({}));
}

#[test]
fn progress_interval() {
    let server = hostile_alone();
    let answer = call(&server, "progress", json!({ "times": 500, "pause": 1 }));
    let milliseconds = answer.answer()["milliseconds"].as_u64().unwrap();
    let reports = server.notifications("notifications/progress");
    let most = u128::from(milliseconds) / PROGRESS_INTERVAL.as_millis() + 1;
    assert!(
        !reports.is_empty() && reports.len() as u128 <= most,
        "{} in {milliseconds} ms",
        reports.len()
    );
    for report in reports {
        let message = report["message"].as_str().unwrap();
        assert!(message.chars().count() <= 220, "{message}");
        assert!(!message.contains(['\u{1b}', '\u{202e}']), "{message}");
    }
}

#[test]
fn handles() {
    let server = hostile_alone();
    for what in ["outcomes", "instances"] {
        let hoard = |count: usize| call(&server, "hoard", json!({ "what": what, "count": count }));
        // The request is one, and the outcome.
        assert_eq!(hoard(HANDLES - 2).answer()["kept"], HANDLES - 2);
        assert_eq!(hoard(HANDLES + 1).code(), "handle-limit");
    }
    goes_on(&server);
}

/// What the host keeps for a guest is as bounded as what the guest keeps itself.
#[test]
fn handles_of_large_outcomes() {
    let server = hostile_alone();
    goes_on(&server);
    let (before, _) = server.memory();
    let ended = call(
        &server,
        "hoard",
        json!({ "what": "large-outcomes", "count": 900 }),
    );
    assert_eq!(ended.code(), "memory-limit");
    let (_, most) = server.memory();
    assert!(
        most - before < 3 * MEMORY_BYTES as u64,
        "{before} bytes before, {most} at most"
    );
    goes_on(&server);
}
