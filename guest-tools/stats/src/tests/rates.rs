//! Two samples and what grew between them, up to the answer; only the waiting is missing.

use std::time::Duration;

use haproxy_replies::stat::ObjectType;
use serde_json::{Value, json};

use super::{RUNTIME, VERSIONS, made, read, reply};
use crate::counters::Counters;
use crate::plan::{Filter, Scope};
use crate::rates::{First, Plan, Second};
use crate::sample::{Process, Restart, Sample};

const COLUMNS: &str = "pxname,svname,type,status,scur,qcur,stot,hrsp_5xx,econ";
const PROXIES: [ObjectType; 2] = [ObjectType::Frontend, ObjectType::Backend];

/// Everything, sorted by `stot`.
pub(super) fn plan<'a>() -> Plan<'a> {
    Plan {
        scope: Scope {
            proxy: None,
            types: &PROXIES,
        },
        filter: Filter::new(None),
        counters: Counters {
            asked: None,
            sort: "stot",
        },
        limit: 10,
    }
}

const PROCESS: Process = Process {
    pid: 7,
    uptime_sec: 100,
};

/// The answer for two samples that were taken so many milliseconds apart, and its line.
fn sampled(
    plan: &Plan<'_>,
    replies: [&[u8]; 2],
    milliseconds: u64,
    restart: Option<Restart>,
) -> (Value, String) {
    let first = read(replies[0], First::new(plan, false)).unwrap();
    let second = Second::new(plan, &first, restart.is_some());
    let second = read(replies[1], second).unwrap();
    let sample = Sample {
        said: &RUNTIME,
        elapsed: Duration::from_millis(milliseconds),
        counters: &first.counters,
        changes: &second.finish(),
        restart,
        budget: None,
    };
    let (structured, line) = sample.write().unwrap();
    (serde_json::from_str(&structured).unwrap(), line)
}

/// The same for these rows, four seconds apart.
fn grown(plan: &Plan<'_>, before: &[&str], after: &[&str]) -> Value {
    let replies = [made(COLUMNS, before), made(COLUMNS, after)];
    sampled(plan, [&replies[0], &replies[1]], 4_000, None).0
}

fn order(answer: &Value) -> Vec<&str> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| row["pxname"].as_str().unwrap())
        .collect()
}

#[test]
fn what_grew_is_told_in_all_and_per_second() {
    let answer = grown(
        &plan(),
        &["be,BACKEND,1,UP,3,0,100,7,"],
        &["be,BACKEND,1,UP,4,1,160,7,2"],
    );
    assert_eq!(
        answer["rows"],
        json!([{
            "pxname": "be", "svname": "BACKEND", "type": "backend", "status": "UP", "scur": 4, "qcur": 1,
            // what did not grow is left out, and so is what was not counted before
            "deltas": { "stot": 60 },
            "rates": { "stot": 15.0 },
        }])
    );
    assert_eq!(
        answer["totals"],
        json!({ "backend": { "rows": 1, "deltas": { "stot": 60 }, "rates": { "stot": 15.0 } } })
    );
    assert_eq!(
        (&answer["seconds"], &answer["matched"]),
        (&json!(4.0), &json!(1))
    );
    for absent in ["restart", "resets", "gone", "left_out"] {
        assert_eq!(answer.get(absent), None, "{answer}");
    }
}

#[test]
fn a_rate_has_three_places_and_goes_by_the_time_that_passed() {
    let replies = [
        made(COLUMNS, &["be,BACKEND,1,UP,0,0,0,0,0"]),
        made(COLUMNS, &["be,BACKEND,1,UP,0,0,10,1,0"]),
    ];
    for (milliseconds, stot, errors) in [
        (3_000, 3.333, 0.333),
        (3_001, 3.332, 0.333),
        (500, 20.0, 2.0),
        (30_000, 0.333, 0.033),
        // no time at all is taken for a millisecond
        (0, 10_000.0, 1_000.0),
    ] {
        let (answer, line) = sampled(&plan(), [&replies[0], &replies[1]], milliseconds, None);
        let rates = &answer["rows"][0]["rates"];
        assert_eq!(*rates, json!({ "stot": stot, "hrsp_5xx": errors }));
        assert_eq!(*rates, answer["totals"]["backend"]["rates"]);
        assert!(
            line.ends_with(&format!("backends: {stot} sessions/s")),
            "{line}"
        );
    }
}

#[test]
fn a_counter_that_went_back_is_a_reset_of_its_object_alone() {
    let before = ["a,BACKEND,1,UP,0,0,100,5,5", "b,BACKEND,1,UP,0,0,100,5,5"];
    let after = ["a,BACKEND,1,UP,0,0,900,4,9", "b,BACKEND,1,UP,0,0,101,5,5"];
    let replies = [made(COLUMNS, &before), made(COLUMNS, &after)];
    let (answer, line) = sampled(&plan(), [&replies[0], &replies[1]], 1_000, None);
    assert_eq!(answer["resets"], 1);
    assert_eq!(answer["restart"], Value::Null);
    // nothing is known of how much it grew, so that it comes last
    assert_eq!(order(&answer), ["b", "a"]);
    let reset = &answer["rows"][1];
    assert_eq!((reset.get("deltas"), reset.get("rates")), (None, None));
    assert_eq!(reset["note"], "counters began anew between the samples");
    assert_eq!(
        answer["totals"]["backend"],
        json!({ "rows": 2, "deltas": { "stot": 1 }, "rates": { "stot": 1.0 } })
    );
    assert!(line.contains("of 1 the counters began anew"), "{line}");
}

#[test]
fn after_a_restart_nothing_has_grown_whatever_the_counters_say() {
    let replies = [
        made(COLUMNS, &["a,BACKEND,1,UP,0,0,10,0,0"]),
        made(
            COLUMNS,
            &["a,BACKEND,1,UP,0,0,90,0,0", "new,BACKEND,1,UP,0,0,5,0,0"],
        ),
    ];
    let restart = Restart {
        before: PROCESS,
        after: Process {
            pid: 8,
            uptime_sec: 1,
        },
    };
    let (answer, line) = sampled(&plan(), [&replies[0], &replies[1]], 1_000, Some(restart));
    assert_eq!(
        answer["restart"],
        json!({ "before": { "pid": 7, "uptime_sec": 100 }, "after": { "pid": 8, "uptime_sec": 1 } })
    );
    assert_eq!(answer["resets"], 1);
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!((row.get("deltas"), row.get("rates")), (None, None), "{row}");
    }
    assert_eq!(
        answer["totals"]["backend"],
        json!({ "rows": 2, "deltas": {}, "rates": {} })
    );
    assert!(
        line.contains("restarted in between (process 8 after 7): no rates"),
        "{line}"
    );
}

#[test]
fn a_restart_is_another_process_or_an_age_that_went_back() {
    let later = |pid, uptime_sec| PROCESS.restarted(Process { pid, uptime_sec });
    assert!(!later(7, 100) && !later(7, 105));
    assert!(later(8, 105));
    // in a container each process has the same number
    assert!(later(7, 99));
}

#[test]
fn objects_come_and_go() {
    let answer = grown(
        &plan(),
        &[
            "stays,BACKEND,1,UP,0,0,1,0,0",
            "gone,BACKEND,1,UP,0,0,1,0,0",
        ],
        &[
            "new,BACKEND,1,UP,0,0,500,0,0",
            "stays,BACKEND,1,UP,0,0,2,0,0",
        ],
    );
    assert_eq!(order(&answer), ["stays", "new"]);
    let new = &answer["rows"][1];
    assert_eq!(new["note"], "appeared between the samples");
    assert_eq!((new.get("deltas"), new.get("rates")), (None, None));
    assert_eq!((&answer["gone"], answer.get("resets")), (&json!(1), None));
    assert_eq!(answer["totals"]["backend"]["deltas"], json!({ "stot": 1 }));
}

#[test]
fn the_busiest_come_first_and_of_two_alike_haproxys_first() {
    let rows = |stot: [u64; 5]| -> Vec<String> {
        ["a", "b", "c", "d", "e"]
            .iter()
            .zip(stot)
            .map(|(name, stot)| format!("{name},BACKEND,1,UP,0,0,{stot},0,0"))
            .collect()
    };
    let (before, after) = (rows([0, 50, 3, 0, 9]), rows([2, 50, 13, 2, 8]));
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let whole = grown(&plan(), &before, &after);
    // c grew by 10, a and d by 2, b by nothing, e went back
    assert_eq!(order(&whole), ["c", "a", "d", "b", "e"]);
    let short = grown(&Plan { limit: 2, ..plan() }, &before, &after);
    assert_eq!(order(&short), ["c", "a"]);
    assert_eq!(
        (&short["matched"], &short["left_out"]["rows"]),
        (&json!(5), &json!(3))
    );
    assert_eq!(short["totals"], whole["totals"]);
    assert_eq!(whole["totals"]["backend"]["deltas"], json!({ "stot": 14 }));
}

#[test]
fn rows_end_where_there_is_no_room() {
    let rows: Vec<String> = (0..40)
        .map(|number| format!("be_{number},BACKEND,1,UP,0,0,{number},0,0"))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let all = made(COLUMNS, &rows);
    let plan = Plan {
        limit: 40,
        ..plan()
    };
    let first = read(&all, First::new(&plan, false)).unwrap();
    let second = read(&all, Second::new(&plan, &first, false)).unwrap();
    let sample = Sample {
        said: &RUNTIME,
        elapsed: Duration::from_secs(1),
        counters: &first.counters,
        changes: &second.finish(),
        restart: None,
        budget: Some(1_000),
    };
    let answer: Value = serde_json::from_str(&sample.write().unwrap().0).unwrap();
    let shown = answer["rows"].as_array().unwrap().len();
    assert!((2..40).contains(&shown) && answer["rows"].to_string().len() < 1_000);
    assert_eq!(answer["left_out"]["rows"], 40 - shown);
}

#[test]
fn types_names_and_the_filter_choose_in_both_samples() {
    let before = [
        "web,FRONTEND,0,OPEN,0,0,10,0,0",
        "web,s1,2,UP,0,0,10,0,0",
        "web,BACKEND,1,UP,0,0,10,0,0",
        "other,BACKEND,1,UP,0,0,10,0,0",
    ];
    let after = [
        "web,FRONTEND,0,OPEN,0,0,11,0,0",
        "web,s1,2,UP,0,0,12,0,0",
        "web,BACKEND,1,UP,0,0,13,0,0",
        "other,BACKEND,1,UP,0,0,14,0,0",
    ];
    let rows = |plan: Plan<'_>| -> Vec<(String, u64)> {
        let answer = grown(&plan, &before, &after);
        assert_eq!(answer.get("gone"), None, "{answer}");
        let rows = answer["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| {
                let names = ["pxname", "svname"].map(|name| row[name].as_str().unwrap());
                (names.join("/"), row["deltas"]["stot"].as_u64().unwrap())
            })
            .collect()
    };
    let expect = |rows: &[(&str, u64)]| -> Vec<(String, u64)> {
        rows.iter()
            .map(|(name, grown)| ((*name).to_owned(), *grown))
            .collect()
    };
    assert_eq!(
        rows(plan()),
        expect(&[
            ("other/BACKEND", 4),
            ("web/BACKEND", 3),
            ("web/FRONTEND", 1)
        ])
    );
    let scope = |types| Scope {
        proxy: Some("web"),
        types,
    };
    assert_eq!(
        rows(Plan {
            scope: scope(&[ObjectType::Server]),
            ..plan()
        }),
        expect(&[("web/s1", 2)])
    );
    assert_eq!(
        rows(Plan {
            scope: scope(&PROXIES),
            ..plan()
        }),
        expect(&[("web/BACKEND", 3), ("web/FRONTEND", 1)])
    );
    assert_eq!(
        rows(Plan {
            filter: Filter::new(Some("B/FRONT")),
            ..plan()
        }),
        expect(&[("web/FRONTEND", 1)])
    );
}

#[test]
fn sums_do_not_run_over() {
    let most = u64::MAX;
    let rows = [
        format!("a,BACKEND,1,UP,0,0,{most},0,0"),
        format!("b,BACKEND,1,UP,0,0,{most},0,0"),
    ];
    let answer = grown(
        &plan(),
        &["a,BACKEND,1,UP,0,0,0,0,0", "b,BACKEND,1,UP,0,0,0,0,0"],
        &[&rows[0], &rows[1]],
    );
    assert_eq!(answer["totals"]["backend"]["deltas"]["stot"], most);
    assert_eq!(order(&answer), ["a", "b"]);
}

#[test]
fn nothing_grew_where_nothing_happened() {
    for version in VERSIONS {
        let reply = reply(version);
        let (answer, _) = sampled(&plan(), [&reply, &reply], 1_000, None);
        assert!(answer["matched"].as_u64() > Some(10), "{version}");
        for row in answer["rows"].as_array().unwrap() {
            assert_eq!(
                (&row["deltas"], &row["rates"]),
                (&json!({}), &json!({})),
                "{version}"
            );
        }
        for kind in ["frontend", "backend"] {
            assert_eq!(answer["totals"][kind]["deltas"], json!({}), "{version}");
        }
        assert_eq!(
            (answer.get("resets"), answer.get("gone")),
            (None, None),
            "{version}"
        );
    }
}

/// The statistics page does not say which process answers.
#[test]
fn rows_alone_tell_a_restart_where_they_can() {
    const WATCHED: &str = "pxname,svname,type,status,scur,qcur,stot,bin,bout,chkdown,lastchg";
    let plan = Plan {
        counters: Counters {
            asked: Some(&[]),
            sort: "stot",
        },
        ..plan()
    };
    for (before, after, resets, restarted) in [
        // it went on
        (
            [
                "a,BACKEND,1,UP,0,0,5,10,10,1,100",
                "b,BACKEND,1,UP,0,0,0,0,0,0,100",
            ],
            [
                "a,BACKEND,1,UP,0,0,9,20,20,1,104",
                "b,BACKEND,1,UP,0,0,1,1,1,0,104",
            ],
            0,
            false,
        ),
        // what was not asked for went back, of one
        (
            [
                "a,BACKEND,1,UP,0,0,5,90,90,1,100",
                "b,BACKEND,1,UP,0,0,0,0,0,0,100",
            ],
            [
                "a,BACKEND,1,UP,0,0,9,20,20,0,104",
                "b,BACKEND,1,UP,0,0,1,1,1,0,104",
            ],
            1,
            false,
        ),
        // nothing went back, but all of them have their state anew
        (
            [
                "a,BACKEND,1,UP,0,0,5,10,10,0,100",
                "b,BACKEND,1,UP,0,0,0,0,0,0,100",
            ],
            [
                "a,BACKEND,1,UP,0,0,9,20,20,0,3",
                "b,BACKEND,1,UP,0,0,1,1,1,0,3",
            ],
            0,
            true,
        ),
        // one of them was down meanwhile, and the other is in another state
        (
            [
                "a,BACKEND,1,UP,0,0,5,10,10,0,100",
                "b,BACKEND,1,UP,0,0,0,0,0,0,100",
            ],
            [
                "a,BACKEND,1,UP,0,0,9,20,20,1,3",
                "b,BACKEND,1,DOWN,0,0,1,1,1,1,3",
            ],
            0,
            false,
        ),
        // frontends do not say since when
        (
            [
                "a,FRONTEND,0,OPEN,0,0,5,10,10,,",
                "b,FRONTEND,0,OPEN,0,0,0,0,0,,",
            ],
            [
                "a,FRONTEND,0,OPEN,0,0,9,20,20,,",
                "b,FRONTEND,0,OPEN,0,0,1,1,1,,",
            ],
            0,
            false,
        ),
    ] {
        let (before, after) = (made(WATCHED, &before), made(WATCHED, &after));
        let first = read(&before, First::new(&plan, true)).unwrap();
        let second = read(&after, Second::new(&plan, &first, false)).unwrap();
        let text = String::from_utf8_lossy(&after);
        assert_eq!(second.looks_restarted(), restarted, "{text}");
        assert_eq!(second.finish().resets, resets, "{text}");
    }
}
