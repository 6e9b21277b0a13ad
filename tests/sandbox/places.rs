//! What calls share: places, the one thread, and the threads on which results are checked. A test for each constant of
//! `host/src/sandbox/limits.rs` that is about it, with its name.

use std::time::{Duration, Instant};

use haproxy_mcp::sandbox::limits::{
    CANCEL_GRACE, CHECK, CONCURRENT_CALLS, CONCURRENT_CHECKS, CONCURRENT_FOREIGN_CALLS, CPU,
};
use haproxy_mcp_testkit::{Haproxy, McpServer, guests, newest, until};
use serde_json::json;

use crate::site::{AT_ONCE, LATE, alone, before, call, goes_on, hostile_alone};

#[test]
fn cancel_grace() {
    let server = hostile_alone();
    goes_on(&server);
    let deaf: Vec<_> = (0..CONCURRENT_FOREIGN_CALLS)
        .map(|_| server.begin("hostile__stay", json!({})))
        .collect();
    until_all_run(&server);
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
        late < CANCEL_GRACE * 10,
        "ended {late:?} after the callers had given up"
    );
    goes_on(&server);
}

/// Places are counted over all modules. Those of modules from files are taken; each further call of a built-in tool
/// takes two seconds.
#[test]
fn concurrent_calls() {
    let haproxy = Haproxy::start(&newest());
    let server = before(&haproxy, &[guests::path("hostile")]);
    fill(&server, CONCURRENT_FOREIGN_CALLS);
    // The first call of a built-in module loads it.
    server.call("sample_stat", json!({ "seconds": 1 })).answer();
    let left = (CONCURRENT_CALLS - CONCURRENT_FOREIGN_CALLS) as usize;
    let seconds = 2;
    let calls = vec![("sample_stat", json!({ "seconds": seconds })); left + 4];
    let mut took: Vec<Duration> = server
        .call_concurrently(&calls)
        .iter()
        .map(|response| {
            response.answer();
            response.took
        })
        .collect();
    took.sort_unstable();
    let once = Duration::from_secs(seconds);
    assert!(took[left] >= once * 2, "more than {left} at once: {took:?}");
    assert!(took[left - 1] < once * 4, "one after another: {took:?}");
}

/// Begins so many calls of a module from a file that take nearly a minute, and waits until all of its places are taken.
fn fill(server: &McpServer, calls: u32) {
    for _ in 0..calls {
        // The first report is given at once.
        let long = json!({ "times": 2, "pause": 50_000 });
        let _runs = server.begin("hostile__progress", long);
    }
    until_all_run(server);
}

/// Waits until all places for modules from files are taken, by calls that report once when they begin.
fn until_all_run(server: &McpServer) {
    until("calls that run", || {
        match server.notifications("notifications/progress").len() {
            running if running >= CONCURRENT_FOREIGN_CALLS as usize => Ok(()),
            running => Err(format!("{running} calls")),
        }
    });
}

#[test]
fn concurrent_foreign_calls() {
    let haproxy = Haproxy::start(&newest());
    let server = before(&haproxy, &[guests::path("hostile")]);
    let calls = CONCURRENT_FOREIGN_CALLS as usize + 4;
    let calls = vec![("hostile__sleep", json!({ "milliseconds": 300 })); calls];
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
    let limit = CONCURRENT_FOREIGN_CALLS as usize;
    assert!(most <= limit, "{most} calls at once");
    assert!(most > limit / 2, "{most} calls at once");

    // However many of them wait, built-in tools have a place.
    fill(&server, CONCURRENT_CALLS * 2);
    for _ in 0..3 {
        let info = server.call("show_info", json!({}));
        info.answer();
        assert!(info.took < AT_ONCE, "answered after {:?}", info.took);
    }
}

/// Schemas that follow all rules for schemas, and that take far longer to check: of results, and of arguments.
#[test]
fn check() {
    for (word, arguments, code) in [
        ("slow-check", json!({}), "result-check-limit"),
        (
            "slow-arguments",
            json!({ "texts": vec![restless(4_000); 15] }),
            "argument-check-limit",
        ),
    ] {
        let haproxy = Haproxy::start(&newest());
        let server = before(&haproxy, &[guests::behaving("described", word)]);
        server.call("show_info", json!({})).answer();
        let slow = server.begin("described__fine", arguments);
        let mut meanwhile = 0;
        let slow = loop {
            let info = server.call("show_info", json!({}));
            info.answer();
            assert!(info.took < AT_ONCE, "{word}: {:?}", info.took);
            if let Some(slow) = server.finish_within(slow, Duration::from_millis(1)) {
                break slow;
            }
            meanwhile += 1;
        };
        assert_eq!(slow.code(), code);
        assert!(slow.took >= CHECK, "{word}: {:?}", slow.took);
        assert!(slow.took < CHECK + LATE, "{word}: {:?}", slow.took);
        assert!(meanwhile > 1, "{word}: {meanwhile} calls meanwhile");
        // The check still goes on; a client that leaves does not wait for it.
        let left = Instant::now();
        server.shutdown();
        assert!(left.elapsed() < AT_ONCE, "{word}: {:?}", left.elapsed());
    }
}

/// Letters without a period, in which the states of an engine for patterns do not soon come back.
fn restless(letters: usize) -> String {
    let mut state = 1_u32;
    (0..letters)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 31 == 0 { 'a' } else { 'b' }
        })
        .collect()
}

/// Each check has a thread, also when its caller does not wait any more.
#[test]
fn concurrent_checks() {
    let server = alone(&[
        guests::behaving("described", "slow-check"),
        guests::path("hostile"),
    ]);
    goes_on(&server);
    let before = threads(&server);
    let calls = vec![("described__fine", json!({})); CONCURRENT_FOREIGN_CALLS as usize];
    for ended in server.call_concurrently(&calls) {
        // Those that find no place for the check of their arguments end there.
        let code = ended.code();
        assert!(
            ["result-check-limit", "argument-check-limit"].contains(&code),
            "{code}"
        );
    }
    let after = threads(&server);
    let limit = CONCURRENT_CHECKS as usize;
    assert!(
        after <= before + limit,
        "{before} threads before, {after} after"
    );
}

/// The threads of the server's process.
fn threads(server: &McpServer) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", server.pid()))
        .unwrap()
        .count()
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
