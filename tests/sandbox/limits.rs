//! One test for each constant of `host/src/sandbox/limits.rs`, with its name. `named` compares the two lists.

use std::fs::File;
use std::time::{Duration, Instant};

use haproxy_mcp::sandbox::limits::{
    CANCEL_GRACE, COMMANDS, CONCURRENT_CALLS, CORE_INSTANCES, CPU, DESCRIBE_CPU,
    DESCRIBE_WALL_CLOCK, HANDLES, HOST_CALL_BYTES, HOST_CALLS, HOST_CALLS_GRACE,
    LOG_LINE_CHARACTERS, LOG_LINES, MEMORIES, MEMORY_BYTES, MODULE_FILE_BYTES, PRINTED_BYTES,
    PROGRESS_INTERVAL, RANDOM_BYTES, READ_BYTES, REPLY_BYTES, RESULT_BYTES, TABLES,
    TEXT_CHARACTERS, WALL_CLOCK,
};
use haproxy_mcp_testkit::{Haproxy, guests, newest};
use serde_json::{Value, json};

use crate::site::{
    NOWHERE, alone, before, builder, call, goes_on, hostile, hostile_alone, refusal, started,
    still_asks,
};

/// What a busy machine may add to a time that a limit sets.
const LATE: Duration = Duration::from_secs(10);

fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

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
fn memory_bytes_from_the_start() {
    insta::assert_snapshot!(refusal(&guests::component("large-memory")));
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

#[test]
fn cpu_does_not_count_waiting() {
    let server = hostile_alone();
    let longer = CPU + Duration::from_millis(500);
    let waited = call(
        &server,
        "sleep",
        json!({ "milliseconds": longer.as_millis() }),
    );
    assert!(waited.answer()["to"].is_u64());
    assert!(waited.took >= longer);
}

#[test]
fn wall_clock() {
    let server = started(
        builder()
            .socket(NOWHERE.as_ref())
            .deadline(WALL_CLOCK + LATE * 3),
        &[guests::path("wasi"), guests::path("hostile")],
    );
    let started = Instant::now();
    let for_ever = server.begin("wasi__sleep", json!({ "milliseconds": 3_600_000 }));
    goes_on(&server);
    assert!(
        started.elapsed() < LATE,
        "a guest that waits kept another from answering"
    );
    let ended = server.finish(for_ever);
    assert_eq!(ended.code(), "wall-clock-limit");
    assert!(
        ended.error()["message"]
            .as_str()
            .unwrap()
            .contains(&milliseconds(WALL_CLOCK))
    );
    assert!(ended.took >= WALL_CLOCK, "ended after {:?}", ended.took);
    assert!(
        ended.took < WALL_CLOCK + LATE,
        "ended after {:?}",
        ended.took
    );
    goes_on(&server);
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
fn cancel_grace() {
    let server = hostile_alone();
    goes_on(&server);
    let deaf: Vec<_> = (0..CONCURRENT_CALLS)
        .map(|_| server.begin("hostile__stay", json!({})))
        .collect();
    let next = server.begin("hostile__fine", json!({}));
    // Every place is taken: nothing but the end of a deaf call lets it in.
    assert!(server.finish_within(next, CANCEL_GRACE * 4).is_none());
    let gave_up = Instant::now();
    for call in deaf {
        server.cancel(call);
    }
    assert_eq!(server.finish(next).answer(), &json!({ "fine": true }));
    let late = gave_up.elapsed();
    assert!(
        late < CANCEL_GRACE + LATE,
        "ended {late:?} after the callers had given up"
    );
    goes_on(&server);
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

#[test]
fn text_characters() {
    let server = hostile_alone();
    let answer = call(
        &server,
        "text",
        json!({ "characters": TEXT_CHARACTERS * 3 }),
    );
    assert_eq!(answer.texts()[0], "x".repeat(TEXT_CHARACTERS));
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

#[test]
fn concurrent_calls() {
    let server = hostile_alone();
    let calls =
        vec![("hostile__sleep", json!({ "milliseconds": 300 })); CONCURRENT_CALLS as usize + 8];
    let spans: Vec<(u64, u64)> = server
        .call_concurrently(&calls)
        .iter()
        .map(|response| {
            let answer = response.answer();
            (
                answer["from"].as_u64().unwrap(),
                answer["to"].as_u64().unwrap(),
            )
        })
        .collect();
    let most = spans
        .iter()
        .map(|(at, _)| {
            spans
                .iter()
                .filter(|(from, to)| from <= at && at < to)
                .count()
        })
        .max()
        .unwrap();
    assert!(most <= CONCURRENT_CALLS as usize, "{most} calls at once");
    assert!(most > CONCURRENT_CALLS as usize / 2, "{most} calls at once");
}

/// A component with so many instances of one core module.
fn instances(of: &str, count: u32) -> String {
    let mut text = format!("(component (core module $code {of})\n");
    for _ in 0..count {
        text.push_str("(core instance (instantiate $code))\n");
    }
    text.push(')');
    text
}

#[test]
fn core_instances() {
    let many = instances("", CORE_INSTANCES + 1);
    insta::assert_snapshot!(refusal(&guests::written("many-instances", &many)));
}

/// Memories come from a pool that all calls share: one component must not take them all.
#[test]
fn memories() {
    let many = instances("(memory 1)", MEMORIES + 1);
    insta::assert_snapshot!(refusal(&guests::written("many-memories", &many)));
}

/// Tables, too.
#[test]
fn tables() {
    let many = instances("(table 1 funcref)", TABLES + 1);
    insta::assert_snapshot!(refusal(&guests::written("many-tables", &many)));
}

#[test]
fn table_elements() {
    insta::assert_snapshot!(refusal(&guests::component("large-table")));
    // What grows only later is refused there: the module traps if its table grew, and is refused for having no
    // `describe` otherwise.
    let grows = r"(component
        (core module $code
            (table $t 1 funcref)
            (func $grow
                (if (i32.ne (table.grow $t (ref.null func) (i32.const 60000)) (i32.const -1))
                    (then unreachable)))
            (start $grow))
        (core instance (instantiate $code)))";
    insta::assert_snapshot!(refusal(&guests::written("growing-table", grows)));
}

#[test]
fn module_file_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    // Empty but for its length: it takes no room.
    File::create(&path)
        .unwrap()
        .set_len(MODULE_FILE_BYTES + 1)
        .unwrap();
    insta::assert_snapshot!(refusal(&path));
}

#[test]
fn describe_cpu() {
    for word in ["spin-describe", "spin-start"] {
        let started = Instant::now();
        let refusal = refusal(&guests::behaving("described", word));
        assert!(refusal.contains("computed for longer"), "{refusal}");
        assert!(refusal.contains(&milliseconds(DESCRIBE_CPU)), "{refusal}");
        assert!(
            started.elapsed() < DESCRIBE_CPU + LATE,
            "{word}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn describe_wall_clock() {
    let started = Instant::now();
    let refusal = refusal(&guests::behaving("wasi", "sleep-describe"));
    assert!(refusal.contains("took longer"), "{refusal}");
    assert!(
        refusal.contains(&milliseconds(DESCRIBE_WALL_CLOCK)),
        "{refusal}"
    );
    assert!(
        started.elapsed() < DESCRIBE_WALL_CLOCK + LATE,
        "{:?}",
        started.elapsed()
    );
}

/// While guests spin, others get the thread at each tick.
#[test]
fn tick() {
    let server = hostile_alone();
    goes_on(&server);
    let spinning: Vec<_> = (0..3)
        .map(|_| server.begin("hostile__spin", json!({})))
        .collect();
    let meanwhile = call(&server, "fine", json!({}));
    assert_eq!(meanwhile.answer(), &json!({ "fine": true }));
    assert!(
        meanwhile.took < CPU / 2,
        "answered after {:?}",
        meanwhile.took
    );
    for spinning in spinning {
        let ended = server.finish(spinning);
        assert_eq!(ended.code(), "cpu-limit");
        // Each had its own time: three on one thread take three times as long.
        assert!(ended.took < CPU * 3 + LATE, "ended after {:?}", ended.took);
    }
    goes_on(&server);
}
