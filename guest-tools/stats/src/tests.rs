//! The whole way from arguments to the answer, on what real ones answered; only the command is missing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its fixtures"
)]

mod counters;
mod ranking;
mod rates;

use std::path::Path;

use haproxy_asking::SaidBy;
use haproxy_replies::stat::{Consumer, StatReader};
use serde_json::Value;

use crate::answer;
use crate::error::TableError;
use crate::query::Arguments;
use crate::table::Table;

const VERSIONS: [&str; 4] = ["2.6", "3.0", "3.2", "3.4"];

/// Where the answers of these tests are from.
const RUNTIME: SaidBy = SaidBy {
    source: "runtime",
    note: None,
};

fn reply(version: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/replies");
    std::fs::read(fixtures.join(version).join("show_stat.txt")).unwrap()
}

/// A reply with these columns and rows.
fn made(columns: &str, rows: &[&str]) -> Vec<u8> {
    let mut reply = format!("# {columns},\n");
    for row in rows {
        reply.push_str(row);
        reply.push_str(",\n");
    }
    reply.into_bytes()
}

/// Reads a whole reply.
fn read<C: Consumer<Error = TableError>>(reply: &[u8], consumer: C) -> Result<C, TableError> {
    let mut reader = StatReader::new(consumer);
    reader.push(reply)?;
    reader.finish()
}

fn answer(reply: &[u8], arguments: &str) -> Result<Value, TableError> {
    let query = serde_json::from_str::<Arguments>(arguments)
        .unwrap()
        .query()
        .unwrap();
    let table = read(reply, Table::new(&query))?.finish();
    let (structured, line) = answer::write(&query, &table, &RUNTIME).unwrap();
    assert!(line.len() < 300, "{line}");
    Ok(serde_json::from_str(&structured).unwrap())
}

fn names(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            format!(
                "{}/{}",
                row["pxname"].as_str().unwrap(),
                row["svname"].as_str().unwrap()
            )
        })
        .collect()
}

/// All rows as the reply has them: the column by name, of the line by place.
fn plain(reply: &[u8]) -> Vec<std::collections::BTreeMap<String, String>> {
    let text = String::from_utf8(reply.to_vec()).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.next().unwrap()[2..].split(',').collect();
    lines
        .map(|line| {
            names
                .iter()
                .zip(line.split(','))
                .map(|(name, field)| ((*name).to_owned(), field.to_owned()))
                .collect()
        })
        .collect()
}

#[test]
fn the_default_answer_is_short_and_says_what_is_missing() {
    for version in VERSIONS {
        let reply = reply(version);
        let answer = answer(&reply, "{}").unwrap();
        assert_eq!(answer["rows"].as_array().unwrap().len(), 20, "{version}");
        assert_eq!(answer["matched"], plain(&reply).len(), "{version}");
        assert!(
            answer["next_cursor"].is_string()
                && answer["left_out"]["columns"].as_u64().unwrap() > 100,
            "{version}"
        );
        let size = answer.to_string().len();
        assert!(size < 7_000, "{version}: {size} characters");
    }
}

#[test]
fn totals_are_the_sums_of_each_type() {
    for version in VERSIONS {
        let reply = reply(version);
        let answer = answer(&reply, r#"{"limit":1,"fields":["sessions","errors"]}"#).unwrap();
        for (kind, number) in [
            ("frontend", "0"),
            ("backend", "1"),
            ("server", "2"),
            ("listener", "3"),
        ] {
            let rows: Vec<_> = plain(&reply)
                .into_iter()
                .filter(|row| row["type"] == number)
                .collect();
            let totals = &answer["totals"][kind];
            assert_eq!(totals["rows"], rows.len(), "{version} {kind}");
            for column in ["scur", "stot", "bin", "hrsp_2xx", "econ", "cli_abrt"] {
                let values: Vec<u64> = rows
                    .iter()
                    .filter_map(|row| row[column].parse().ok())
                    .collect();
                let expected = if values.is_empty() {
                    Value::Null
                } else {
                    values.iter().sum::<u64>().into()
                };
                assert_eq!(totals[column], expected, "{version} {kind} {column}");
            }
        }
        assert_eq!(answer["totals"]["server"]["smax"], Value::Null, "{version}");
    }
}

#[test]
fn all_columns_are_as_haproxy_wrote_them() {
    for version in VERSIONS {
        let reply = reply(version);
        let answer = answer(&reply, r#"{"fields":["all"],"limit":500}"#).unwrap();
        assert_eq!(answer["left_out"], Value::Null, "{version}");
        let plain = plain(&reply);
        for (row, expected) in answer["rows"].as_array().unwrap().iter().zip(&plain) {
            let expected: std::collections::BTreeMap<_, _> = expected
                .iter()
                .filter(|(name, field)| !field.is_empty() && *name != "-")
                .map(|(name, field)| (name.clone(), field.clone()))
                .collect();
            let row: std::collections::BTreeMap<_, _> = row
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| {
                    (
                        name.clone(),
                        value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned),
                    )
                })
                .collect();
            assert_eq!(row, expected, "{version}");
        }
    }
}

#[test]
fn pages_hold_each_row_once() {
    let reply = reply("3.4");
    for arguments in [
        r#""type":"server""#,
        r#""type":"server","sort":"stot""#,
        r#""sort":"status","order":"asc""#,
        r#""sort":"weight""#,
    ] {
        let whole = names(&answer(&reply, &format!(r#"{{{arguments},"limit":500}}"#)).unwrap());
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = answer(&reply, &format!(r#"{{{arguments},"limit":7{cursor}}}"#)).unwrap();
            assert_eq!(page["matched"], whole.len());
            paged.extend(names(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!(r#","cursor":"{next}""#),
                None => break,
            }
        }
        assert_eq!(paged, whole, "{arguments}");
    }
}

#[test]
fn rows_are_sorted_by_numbers_as_numbers() {
    let answer = answer(
        &reply("3.4"),
        r#"{"sort":"stot","type":"server","limit":500,"fields":["stot"]}"#,
    )
    .unwrap();
    let sorted: Vec<u64> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["stot"].as_u64().unwrap())
        .collect();
    assert!(sorted.is_sorted_by(|one, next| one >= next), "{sorted:?}");
    assert!(sorted[0] > 9, "{sorted:?}");
}

#[test]
fn names_and_types_narrow_the_rows() {
    let reply = reply("3.0");
    for (arguments, expected) in [
        (
            r#"{"proxy":"be_down"}"#,
            vec!["be_down/d1", "be_down/d2", "be_down/BACKEND"],
        ),
        (
            r#"{"proxy":"be_down","type":"server"}"#,
            vec!["be_down/d1", "be_down/d2"],
        ),
        (r#"{"server":"d1"}"#, vec!["be_down/d1"]),
        (r#"{"filter":"DOWN/d"}"#, vec!["be_down/d1", "be_down/d2"]),
        (r#"{"proxy":"be_dow"}"#, vec![]),
        (
            r#"{"proxy":"fe_http","type":"listener"}"#,
            vec!["fe_http/http1", "fe_http/uxsock"],
        ),
    ] {
        assert_eq!(
            names(&answer(&reply, arguments).unwrap()),
            expected,
            "{arguments}"
        );
    }
    let none = answer(&reply, r#"{"filter":"nothing has this"}"#).unwrap();
    assert_eq!(
        (&none["matched"], &none["totals"]),
        (&0.into(), &serde_json::json!({}))
    );
}

#[test]
fn a_column_that_does_not_exist_is_an_error_with_near_ones() {
    for (arguments, wanted, at) in [
        (r#"{"fields":["summary","scurr"]}"#, "scur", "/fields/1"),
        (r#"{"sort":"sumary"}"#, "summary", "/sort"),
        (r#"{"fields":["trafic"]}"#, "traffic", "/fields/0"),
    ] {
        let error = answer(&reply("2.6"), arguments).unwrap_err();
        let TableError::NoSuchColumn { pointer, near, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            (pointer.as_str(), near[0].as_str()),
            (at, wanted),
            "{arguments}"
        );
        assert!(error.hint().unwrap().contains(wanted));
    }
    // a group that has columns of newer versions is no error
    assert!(answer(&reply("2.6"), r#"{"fields":["traffic"]}"#).is_ok());
}

#[test]
fn a_reply_without_a_needed_column_names_it() {
    let error = answer(b"# pxname,svname,status,\na,b,UP,\n", "{}").unwrap_err();
    assert_eq!(error.to_string(), "the statistics have no column: `type`");
}

/// 500 rows with all columns would be more than the host takes.
#[test]
fn an_answer_that_is_full_goes_on_at_its_last_row() {
    let mut reply = reply("3.4");
    let row = plain(&reply).len();
    let line = String::from_utf8(reply.clone())
        .unwrap()
        .lines()
        .find(|line| line.starts_with("be_app,app1"))
        .unwrap()
        .to_owned();
    reply.truncate(reply.len() - 1);
    for _ in 0..1_000 {
        reply.extend_from_slice(line.as_bytes());
        reply.push(b'\n');
    }
    let first = answer(&reply, r#"{"fields":["all"],"limit":500}"#).unwrap();
    let shown = names(&first).len();
    assert!(shown < 500 && first.to_string().len() < 220_000, "{shown}");
    let second = answer(
        &reply,
        &format!(
            r#"{{"fields":["all"],"limit":500,"cursor":{}}}"#,
            first["next_cursor"]
        ),
    )
    .unwrap();
    assert_eq!(second["matched"], row + 1_000);
    assert!(names(&second).iter().all(|name| name == "be_app/app1"));
}
