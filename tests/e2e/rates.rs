use std::time::Duration;

use haproxy_mcp_testkit::{Haproxy, newest, until};
use serde_json::{Value, json};

use crate::cases::{Case, all_succeed, has_shape};
use crate::expected::{Check, agree, rows, text};
use crate::oracle::Object;
use crate::{busy, serve};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            tool: "top",
            succeeds: json!({ "by": "errors" }),
            still: json!({ "by": "errors" }),
            refused: json!({ "by": "errors", "proxy": "be_ap" }),
            because: ("not-found", "/proxy"),
            since: None,
        },
        Case {
            tool: "sample_stat",
            succeeds: json!({ "seconds": 1 }),
            still: json!({ "seconds": 1 }),
            refused: json!({ "seconds": 1, "counters": ["stot", "scur"] }),
            because: ("invalid-argument", "/counters/1"),
            since: None,
        },
        Case {
            tool: "dump_stats_file",
            succeeds: json!({}),
            still: json!({}),
            refused: json!({ "filepath": "/tmp/file" }),
            because: ("invalid-argument", "/filepath"),
            since: Some((3, 0)),
        },
    ]
}

/// Compares the answer of one of these tools; false where the tool is none of them.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    match tool {
        "top" => top(check, arguments, answer),
        "sample_stat" => sample_stat(check, arguments, answer),
        "dump_stats_file" => dump_stats_file(check, answer),
        _ => return false,
    }
    true
}

fn number(object: &Object, name: &str) -> i128 {
    object
        .fields
        .get(name)
        .and_then(super::oracle::Typed::number)
        .unwrap_or(0)
}

fn top(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let columns: &[&str] = match arguments["by"].as_str() {
        Some("errors") => &["hrsp_5xx", "econ", "eresp", "ereq"],
        Some("queue") => &["qcur"],
        Some("response_time") => &["rtime"],
        Some("sessions") => &["scur"],
        other => panic!("nobody has written down what is worst by {other:?}"),
    };
    let kinds: Vec<&str> = match (arguments["type"].as_str(), arguments["by"].as_str()) {
        (Some(kind), _) => vec![kind],
        (None, Some("queue")) => vec!["backend", "server"],
        _ => vec!["server"],
    };
    let score = |object: &Object| {
        columns
            .iter()
            .map(|name| number(object, name))
            .sum::<i128>()
    };
    let compared: Vec<&Object> = check
        .before
        .statistics
        .iter()
        .filter(|object| kinds.contains(&object.kind()))
        .filter(|object| {
            arguments
                .get("proxy")
                .is_none_or(|proxy| *proxy == json!(object.text("pxname")))
        })
        .collect();
    let objects = compared.len() as u64;
    let mut expected: Vec<(i128, (String, String))> = compared
        .iter()
        .filter(|object| score(object) > 0)
        .map(|object| (score(object), object.name()))
        .collect();
    expected.sort_by_key(|(score, _)| -score);
    let scores: Vec<i128> = expected.iter().map(|(score, _)| *score).collect();
    let said: Vec<i128> = rows(answer)
        .map(|row| row["score"].as_u64().map_or(-1, i128::from))
        .filter(|score| *score > 0)
        .collect();
    let limit = arguments["limit"].as_u64().unwrap_or(10);
    let limit = usize::try_from(limit).unwrap();
    check.same("scores", said, scores.into_iter().take(limit).collect());
    check.same(
        "what was compared",
        answer["totals"]["objects"].as_u64(),
        Some(objects),
    );
    for row in rows(answer) {
        let (proxy, name) = (text(row, "pxname"), text(row, "svname"));
        let Some(span) = check.span(&proxy, &name) else {
            continue;
        };
        let mut columns = row.clone();
        let said = columns.remove("score");
        let kind = columns.remove("type");
        check.fields(&columns, &span);
        let found = check
            .before
            .statistics
            .iter()
            .find(|object| object.name() == (proxy.clone(), name.clone()));
        check.same("type", kind, found.map(|object| json!(object.kind())));
        check.same(
            "score",
            said,
            found.map(|object| json!(u64::try_from(score(object)).unwrap())),
        );
    }
}

/// What grew lies between nothing and all that grew from before the first sample to after the second.
fn sample_stat(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let seconds = answer["seconds"].as_f64().unwrap_or(0.0);
    let asked = arguments["seconds"].as_f64().unwrap_or(5.0);
    if !(asked..asked + 5.0).contains(&seconds) {
        check.wrong(format!(
            "{asked} seconds were asked for, and it took {seconds}"
        ));
    }
    check.same("restart", answer.get("restart"), None);
    let kinds: Vec<&str> = arguments["type"]
        .as_str()
        .map_or(vec!["frontend", "backend"], |kind| vec![kind]);
    let wanted = |object: &&Object| {
        kinds.contains(&object.kind())
            && arguments
                .get("proxy")
                .is_none_or(|proxy| *proxy == json!(object.text("pxname")))
    };
    let count = check.before.statistics.iter().filter(wanted).count() as u64;
    check.same("matched", answer["matched"].as_u64(), Some(count));
    for row in rows(answer) {
        let (proxy, name) = (text(row, "pxname"), text(row, "svname"));
        let Some(span) = check.span(&proxy, &name) else {
            continue;
        };
        for (counter, grown) in crate::expected::object(&row["deltas"]) {
            let (before, after) = (&span.before[counter], &span.after[counter]);
            let most = before
                .number()
                .zip(after.number())
                .map_or(-1, |(before, after)| after - before);
            let said = grown.as_u64().map_or(-1, i128::from);
            if said < 1 || said > most {
                check.wrong(format!(
                    "{counter} of {proxy}/{name} grew by {said}, by HAProxy at most {most}"
                ));
            }
            let rate = row["rates"][counter].as_f64().unwrap_or(-1.0);
            if (rate - said.to_string().parse::<f64>().unwrap() / seconds).abs()
                > 0.01 * rate.max(1.0)
            {
                check.wrong(format!(
                    "{counter} of {proxy}/{name}: {said} in {seconds} s is not {rate}/s"
                ));
            }
        }
    }
}

/// Section, name and counters of one object.
type Counted = (String, String, Vec<(String, String)>);

fn dump_stats_file(check: &mut Check<'_>, answer: &Value) {
    let (before, after) = (
        check.before.replies["dump stats-file"].clone(),
        check.after.replies["dump stats-file"].clone(),
    );
    let read = |reply: &str| -> Vec<Counted> {
        let (mut section, mut header) = (String::new(), Vec::new());
        let mut objects = Vec::new();
        for line in reply.lines().filter(|line| !line.is_empty()) {
            let words = |line: &str| -> Vec<String> {
                line.trim_end_matches(',')
                    .split(',')
                    .map(str::to_owned)
                    .collect()
            };
            if let Some((name, columns)) =
                line.strip_prefix('#').and_then(|line| line.split_once(' '))
            {
                (section, header) = (name.to_owned(), words(columns));
            } else {
                let values = words(line);
                let pairs = header.iter().cloned().zip(values.clone()).skip(1).collect();
                objects.push((section.clone(), values[0].clone(), pairs));
            }
        }
        objects
    };
    let (before, after) = (read(&before), read(&after));
    let said: Vec<(String, String)> = rows(answer)
        .map(|row| (text(row, "section"), text(row, "guid")))
        .collect();
    let expected = before
        .iter()
        .map(|(section, guid, _)| (section.clone(), guid.clone()))
        .collect();
    check.same("objects", said, expected);
    check.same("a note", answer.get("note").is_some(), before.is_empty());
    for ((row, (_, guid, one)), (_, _, other)) in rows(answer).zip(&before).zip(&after) {
        for (name, value) in row
            .iter()
            .filter(|(name, _)| !["section", "guid"].contains(&name.as_str()))
        {
            let find = |fields: &[(String, String)]| {
                fields
                    .iter()
                    .find(|(other, _)| other == name)
                    .and_then(|(_, value)| value.parse::<i128>().ok())
            };
            let said = value
                .as_number()
                .and_then(|said| said.to_string().parse::<i128>().ok());
            match (find(one), said, find(other)) {
                (Some(one), Some(said), Some(other))
                    if (one.min(other)..=one.max(other)).contains(&said) => {}
                wrong => check.wrong(format!(
                    "{name} of {guid} is not between before and after: {wrong:?}"
                )),
            }
        }
    }
}

/// Sections with a `guid`, which 2.6 does not know.
const GUIDS: &str = "
.if version_atleast(3.0)
frontend fe_guid
    guid fe:guid
    bind unix@guid.sock
    default_backend be_guid
backend be_guid
    guid be:guid
    server s1 127.0.0.1:1 guid server:guid
.endif
";

haproxy_mcp_testkit::on_each_version! {
    fn the_worst_are_those_of_the_raw_socket(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        for arguments in [
            json!({ "by": "errors" }),
            json!({ "by": "errors", "type": "frontend" }),
            json!({ "by": "errors", "type": "backend", "limit": 1 }),
            json!({ "by": "queue" }),
            json!({ "by": "response_time" }),
            json!({ "by": "sessions", "type": "frontend" }),
            json!({ "by": "sessions", "proxy": "be_app" }),
        ] {
            agree(&haproxy, &format!("top {arguments}"), || {
                vec![("top".to_owned(), arguments.clone(), server.call("top", arguments.clone()).answer().clone())]
            });
        }
        let worst = server.call("top", json!({ "by": "errors", "type": "backend" }));
        assert_eq!(worst.answer()["rows"][0]["pxname"], json!("be_app"), "{}", worst.message);
        assert_eq!(worst.answer()["rows"][0]["hrsp_5xx"], json!(3), "{}", worst.message);
    }

    fn a_sample_is_what_happened_meanwhile(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let arguments = json!({ "seconds": 1, "limit": 500 });
        agree(&haproxy, "sample_stat", || {
            let call = server.begin("sample_stat", arguments.clone());
            first_sample(&server, call.id());
            haproxy.traffic(12);
            vec![("sample_stat".to_owned(), arguments.clone(), server.finish(call).answer().clone())]
        });
        let call = server.begin("sample_stat", json!({ "seconds": 2, "proxy": "fe_http", "counters": ["hrsp_2xx", "hrsp_5xx"], "sort": "hrsp_5xx" }));
        first_sample(&server, call.id());
        haproxy.traffic(3);
        assert_eq!(haproxy.get("/fail"), 500);
        let response = server.finish(call);
        let row = &response.answer()["rows"][0];
        assert_eq!(row["deltas"], json!({ "hrsp_2xx": 3, "hrsp_5xx": 1 }), "{}", response.message);
        assert_eq!(response.answer()["totals"]["frontend"]["deltas"], row["deltas"], "{}", response.message);
        let reports = reports(&server, call.id());
        assert!(reports.windows(2).all(|pair| pair[0]["progress"].as_f64() < pair[1]["progress"].as_f64()), "{reports:?}");
        assert!(reports.iter().all(|report| report["total"] == json!(2.0)), "{reports:?}");
        assert!(reports.len() >= 2, "{reports:?}");
    }

    fn a_restart_between_the_samples_is_told(binary: &Binary) {
        let mut haproxy = busy(binary);
        let server = serve(&haproxy);
        // It may be sampled before it is up again, which is an error that says so.
        let (before, response) = until("a sample with a restart in it", || {
            let call = server.begin("sample_stat", json!({ "seconds": 2 }));
            first_sample(&server, call.id());
            let before = haproxy.info("Pid");
            haproxy.restart();
            let response = server.finish(call);
            if response.result()["isError"] == json!(true) {
                Err(response.code().to_owned())
            } else {
                Ok((before, response))
            }
        });
        let answer = response.answer();
        assert_eq!(answer["restart"]["before"]["pid"].to_string(), before, "{}", response.message);
        assert_eq!(answer["restart"]["after"]["pid"].to_string(), haproxy.info("Pid"), "{}", response.message);
        for row in rows(answer) {
            assert!(row.get("rates").is_none() && row.get("deltas").is_none(), "{row:?}");
            assert!(!text(row, "note").is_empty(), "{row:?}");
        }
        assert!(response.texts()[0].contains("restarted"), "{}", response.message);
    }

    fn counters_that_are_cleared_between_the_samples_are_told(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let call = server.begin("sample_stat", json!({ "seconds": 1, "proxy": "fe_http" }));
        first_sample(&server, call.id());
        haproxy.raw("clear counters all");
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!((&answer["resets"], answer.get("restart")), (&json!(1), None), "{}", response.message);
        let row = &answer["rows"][0];
        assert!(row.get("rates").is_none() && row["note"].is_string(), "{}", response.message);
    }

    fn the_file_of_statistics_is_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).with(GUIDS).start();
        let server = serve(&haproxy);
        if !binary.at_least(3, 0) {
            let response = server.call("dump_stats_file", json!({}));
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("unsupported"), "{error}");
            assert!(error["hint"].as_str().unwrap_or_default().contains("3.0"), "{error}");
            return;
        }
        for arguments in [json!({}), json!({ "fields": ["all"] })] {
            agree(&haproxy, &format!("dump_stats_file {arguments}"), || {
                let answer = server.call("dump_stats_file", arguments.clone()).answer().clone();
                vec![("dump_stats_file".to_owned(), arguments.clone(), answer)]
            });
        }
        let response = server.call("dump_stats_file", json!({ "filter": "SERVER", "fields": ["stot"] }));
        assert_eq!(response.answer()["rows"], json!([{ "section": "be", "guid": "server:guid", "stot": 0 }]));
        let unknown = server.call("dump_stats_file", json!({ "fields": ["stot", "sto"] }));
        assert_eq!(unknown.error()["details"]["argument"], json!("/fields/1"));
        assert_eq!(std::fs::read_dir(haproxy.folder()).unwrap().filter(|file| {
            file.as_ref().is_ok_and(|file| file.file_name().to_string_lossy().contains("stats"))
        }).count(), 0);
        all_succeed(&server);
    }
}

/// The progress that was reported for a call.
fn reports(server: &haproxy_mcp_testkit::mcp::McpServer, token: i64) -> Vec<Value> {
    server
        .notifications("notifications/progress")
        .into_iter()
        .filter(|report| report["progressToken"] == json!(token))
        .collect()
}

/// Waits until the first sample of a call was taken: it says so.
fn first_sample(server: &haproxy_mcp_testkit::mcp::McpServer, token: i64) {
    until("the first sample", || {
        if reports(server, token).is_empty() {
            Err(server.stderr())
        } else {
            Ok(())
        }
    });
}

/// A client that gives up while the tool waits is obeyed at once, not after the wait.
#[test]
fn giving_up_ends_the_wait_between_the_samples() {
    let haproxy = busy(&newest());
    let server = serve(&haproxy);
    let call = server.begin("sample_stat", json!({ "seconds": 30 }));
    first_sample(&server, call.id());
    server.cancel(call);
    let asked = haproxy.info("CumReq");
    all_succeed(&server);
    assert!(
        server.finish_within(call, Duration::from_secs(1)).is_none(),
        "it was answered"
    );
    let reported = reports(&server, call.id()).len();
    assert!(reported < 10, "it went on: {reported} reports; {asked}");
}
