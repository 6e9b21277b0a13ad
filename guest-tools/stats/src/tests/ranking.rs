//! The worst ones, from the statistics to the answer.

use haproxy_replies::stat::ObjectType;
use serde_json::{Value, json};

use super::{RUNTIME, VERSIONS, made, plain, read, reply};
use crate::plan::Scope;
use crate::ranking::{By, Ranking};

const COLUMNS: &str =
    "pxname,svname,type,status,qcur,qmax,scur,smax,hrsp_5xx,econ,eresp,ereq,wretr,rtime,ttime";
const SERVERS: &[ObjectType] = &[ObjectType::Server];

/// A server of `be` with these values; zero where none is given.
fn server(name: &str, values: &[(&str, u64)]) -> String {
    let value = |column: &str| match column {
        "pxname" => "be".to_owned(),
        "svname" => name.to_owned(),
        "type" => "2".to_owned(),
        "status" => "UP".to_owned(),
        _ => values
            .iter()
            .find(|(other, _)| *other == column)
            .map_or(0, |(_, value)| *value)
            .to_string(),
    };
    COLUMNS.split(',').map(value).collect::<Vec<_>>().join(",")
}

/// The answer, and its line.
fn top(by: By, types: &[ObjectType], limit: usize, reply: &[u8]) -> (Value, String) {
    let scope = Scope { proxy: None, types };
    let ranking = read(reply, Ranking::new(by, scope, limit)).unwrap();
    let (structured, line) = ranking.write(&RUNTIME).unwrap();
    (serde_json::from_str(&structured).unwrap(), line)
}

fn of(by: By, rows: &[String]) -> Value {
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    top(by, SERVERS, 10, &made(COLUMNS, &rows)).0
}

/// Names and scores, in their order.
fn order(answer: &Value) -> Vec<(&str, u64)> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            (
                row["svname"].as_str().unwrap(),
                row["score"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn errors_of_all_kinds_are_added_up_and_the_worst_come_first() {
    let answer = of(
        By::Errors,
        &[
            server("one", &[("hrsp_5xx", 3)]),
            server(
                "all",
                &[("hrsp_5xx", 1), ("econ", 2), ("eresp", 3), ("ereq", 4)],
            ),
            server("four", &[("econ", 4)]),
        ],
    );
    assert_eq!(order(&answer), [("all", 10), ("four", 4), ("one", 3)]);
    assert_eq!(answer["by"], "errors");
    assert_eq!(answer["totals"], json!({ "objects": 3, "score": 17 }));
    assert_eq!(
        answer["rows"][0],
        json!({
            "pxname": "be", "svname": "all", "type": "server", "score": 10, "status": "UP",
            "hrsp_5xx": 1, "econ": 2, "eresp": 3, "ereq": 4, "wretr": 0,
        })
    );
}

/// However near two scores are, the second number decides only where they are the same.
#[test]
fn of_two_alike_the_second_number_decides_and_then_haproxys_order() {
    for (by, first, second) in [
        (By::Errors, "econ", "wretr"),
        (By::Queue, "qcur", "qmax"),
        (By::ResponseTime, "rtime", "ttime"),
        (By::Sessions, "scur", "smax"),
    ] {
        let answer = of(
            by,
            &[
                server("two", &[(first, 2), (second, 900)]),
                server("three", &[(first, 3), (second, 3)]),
                server("early", &[(first, 7), (second, 8)]),
                server("late", &[(first, 7), (second, 8)]),
                server("more", &[(first, 7), (second, 9)]),
            ],
        );
        assert_eq!(
            order(&answer),
            [
                ("more", 7),
                ("early", 7),
                ("late", 7),
                ("three", 3),
                ("two", 2)
            ],
            "{by:?}"
        );
    }
}

#[test]
fn large_numbers_keep_their_order() {
    let (most, half) = (u64::MAX, u64::MAX / 2);
    let answer = of(
        By::Sessions,
        &[
            server("small", &[("scur", 1), ("smax", most)]),
            server("half", &[("scur", half - 1), ("smax", most)]),
            server("more", &[("scur", half), ("smax", 0)]),
        ],
    );
    assert_eq!(
        order(&answer),
        [("more", half), ("half", half - 1), ("small", 1)]
    );
    let answer = of(
        By::Errors,
        &[
            server("few", &[("econ", 1)]),
            server("over", &[("econ", most), ("eresp", most)]),
        ],
    );
    assert_eq!(order(&answer), [("over", most), ("few", 1)]);
    assert_eq!(answer["totals"]["score"], most);
}

#[test]
fn none_is_listed_that_has_none() {
    let idle = [server("a", &[("wretr", 5), ("smax", 9)]), server("b", &[])];
    for by in [By::Errors, By::Sessions, By::ResponseTime] {
        let answer = of(by, &idle);
        assert_eq!(
            (&answer["rows"], &answer["matched"]),
            (&json!([]), &json!(0)),
            "{by:?}"
        );
        assert_eq!(answer["totals"]["objects"], 2, "{by:?}");
        assert_eq!(answer.get("left_out"), None, "{by:?}");
    }
    // values that HAProxy does not have count for nothing
    let (answer, line) = top(
        By::Errors,
        SERVERS,
        10,
        &made(COLUMNS, &["be,a,2,UP,,,,,,,,,,,"]),
    );
    assert_eq!(
        (&answer["rows"], &answer["totals"]),
        (&json!([]), &json!({ "objects": 1, "score": 0 }))
    );
    assert_eq!(line, "0 of 0 that have errors, of 1 in all");
}

#[test]
fn a_queue_that_was_full_once_counts_after_all_that_are_now() {
    let answer = of(
        By::Queue,
        &[
            server("never", &[]),
            server("once", &[("qmax", 50)]),
            server("now", &[("qcur", 1), ("qmax", 1)]),
            server("often", &[("qmax", 70)]),
        ],
    );
    assert_eq!(order(&answer), [("now", 1), ("often", 0), ("once", 0)]);
    assert_eq!(answer["totals"], json!({ "objects": 4, "score": 1 }));
}

#[test]
fn the_limit_is_on_the_rows_and_not_on_what_is_counted() {
    let rows: Vec<String> = (0..30_u64)
        .map(|number| server(&format!("s{number}"), &[("scur", number * 7 % 30)]))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (answer, line) = top(By::Sessions, SERVERS, 3, &made(COLUMNS, &rows));
    assert_eq!(
        order(&answer)
            .iter()
            .map(|(_, score)| *score)
            .collect::<Vec<_>>(),
        [29, 28, 27]
    );
    // one of the thirty has no session
    assert_eq!(
        (&answer["matched"], &answer["left_out"]["rows"]),
        (&json!(29), &json!(26))
    );
    assert_eq!(answer["totals"], json!({ "objects": 30, "score": 435 }));
    assert_eq!(
        line,
        "3 of 29 that have sessions, of 30 in all; worst is be/s17 with 29 sessions"
    );
}

#[test]
fn times_are_not_added_up() {
    let rows = [
        server("slow", &[("rtime", 900)]),
        server("fast", &[("rtime", 2)]),
    ];
    let answer = of(By::ResponseTime, &rows);
    assert_eq!(order(&answer), [("slow", 900), ("fast", 2)]);
    assert_eq!(answer["totals"], json!({ "objects": 2 }));
}

#[test]
fn only_the_types_and_the_proxy_that_were_asked_for_are_compared() {
    let reply = made(
        COLUMNS,
        &[
            "fe,FRONTEND,0,OPEN,,,5,5,0,,,1,,,",
            "be,s1,2,UP,0,0,3,3,0,1,0,,0,0,0",
            "be,BACKEND,1,UP,4,4,3,3,0,1,0,,0,0,0",
            "other,s1,2,UP,0,0,9,9,0,0,0,,0,0,0",
        ],
    );
    let names = |types: &[ObjectType], proxy| -> Vec<String> {
        let scope = Scope { proxy, types };
        let ranking = read(&reply, Ranking::new(By::Sessions, scope, 10)).unwrap();
        let answer: Value = serde_json::from_str(&ranking.write(&RUNTIME).unwrap().0).unwrap();
        let rows = answer["rows"].as_array().unwrap();
        assert_eq!(answer["totals"]["objects"], rows.len());
        rows.iter()
            .map(|row| {
                format!(
                    "{}/{}",
                    row["pxname"].as_str().unwrap(),
                    row["svname"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert_eq!(names(SERVERS, None), ["other/s1", "be/s1"]);
    assert_eq!(names(SERVERS, Some("be")), ["be/s1"]);
    assert_eq!(
        names(&[ObjectType::Frontend, ObjectType::Backend], None),
        ["fe/FRONTEND", "be/BACKEND"]
    );
    assert_eq!(names(SERVERS, Some("none")), [""; 0]);
}

#[test]
fn real_statistics_are_ranked_as_a_plain_sort_does_it() {
    for version in VERSIONS {
        let reply = reply(version);
        for (by, first, second) in [
            (
                By::Errors,
                ["hrsp_5xx", "econ", "eresp", "ereq"].as_slice(),
                "wretr",
            ),
            (By::ResponseTime, &["rtime"], "ttime"),
            (By::Sessions, &["scur"], "smax"),
        ] {
            let (answer, _) = top(by, SERVERS, 500, &reply);
            let mut expected: Vec<(u64, u64, String)> = plain(&reply)
                .into_iter()
                .filter(|row| row["type"] == "2")
                .map(|row| {
                    let number = |name: &str| row[name].parse().unwrap_or(0_u64);
                    let score = first.iter().map(|name| number(name)).sum();
                    (
                        score,
                        number(second),
                        format!("{}/{}", row["pxname"], row["svname"]),
                    )
                })
                .filter(|(score, _, _)| *score > 0)
                .collect();
            expected.sort_by_key(|(score, then, _)| std::cmp::Reverse((*score, *then)));
            let said: Vec<(u64, String)> = answer["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    let names = ["pxname", "svname"].map(|name| row[name].as_str().unwrap());
                    (row["score"].as_u64().unwrap(), names.join("/"))
                })
                .collect();
            let expected: Vec<(u64, String)> = expected
                .into_iter()
                .map(|(score, _, name)| (score, name))
                .collect();
            assert_eq!(said, expected, "{version} {by:?}");
        }
    }
}
