//! Maps and ACLs, which are read alike: what they are, and what they hold, compared with what the raw socket says.

mod reading;

use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::process::paged;

/// The commands whose replies are compared.
pub(crate) const COMMANDS: [&str; 8] = [
    "show map",
    "show map hosts.map",
    "get map hosts.map www.example.test",
    "get map hosts.map nobody.test",
    "show acl",
    "show acl blocked.acl",
    "get acl blocked.acl /secret",
    "get acl blocked.acl /nothing",
];

pub(crate) fn cases() -> Vec<Case> {
    let of = |tool, set: &str, name: &str, further: Value| {
        let with = |name: &str| {
            let mut arguments = further.clone();
            arguments[set] = json!(name);
            arguments
        };
        Case {
            tool,
            succeeds: with(name),
            still: with(name),
            refused: with(&name[1..]),
            because: ("not-found", if set == "map" { "/map" } else { "/acl" }),
            since: None,
        }
    };
    vec![
        paged("show_map", json!({})),
        of(
            "get_map",
            "map",
            "hosts.map",
            json!({ "key": "www.example.test" }),
        ),
        of(
            "diff_map",
            "map",
            "hosts.map",
            json!({ "content": "www.example.test be_app\nnew be_tcp\n" }),
        ),
        paged("show_acl", json!({})),
        of("get_acl", "acl", "blocked.acl", json!({ "key": "/secret" })),
    ]
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    match tool {
        "show_map" => show(check, "map", arguments, answer),
        "show_acl" => show(check, "acl", arguments, answer),
        "get_map" => get(check, "map", arguments, answer),
        "get_acl" => get(check, "acl", arguments, answer),
        "diff_map" => diff(check, arguments, answer),
        _ => return false,
    }
    true
}

/// The sets, or the entries of one.
fn show(check: &mut Check<'_>, word: &str, arguments: &Value, answer: &Value) {
    let name = arguments[word].as_str();
    let command = match name {
        None => format!("show {word}"),
        Some(name) => format!("show {word} {name}"),
    };
    let reply = check.before.replies[command.as_str()].clone();
    let lines = || {
        reply
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    let said: Vec<String> = rows(answer)
        .map(|row| match name {
            Some(_) if word == "map" => format!("{} {}", text(row, "key"), text(row, "value")),
            Some(_) => text(row, "key"),
            None => {
                let file = text(row, word);
                let file = if file.starts_with('#') { "" } else { &file };
                let numbers = [&row["curr_ver"], &row["next_ver"], &row["entry_cnt"]];
                format!(
                    "{} ({file}) {}. curr_ver={} next_ver={} entry_cnt={}",
                    row["id"],
                    text(row, "description"),
                    numbers[0],
                    numbers[1],
                    numbers[2],
                )
            }
        })
        .collect();
    let expected: Vec<String> = lines()
        .map(|line| match name {
            Some(_) => line.split_once(' ').expect("an entry").1.to_owned(),
            None => line.to_owned(),
        })
        .collect();
    let matched = expected.len() as u64;
    check.same("the rows", said, expected);
    check.same("matched", answer["matched"].as_u64(), Some(matched));
}

/// What HAProxy finds, in its own words.
fn get(check: &mut Check<'_>, word: &str, arguments: &Value, answer: &Value) {
    let (name, key) = (text_of(arguments, word), text_of(arguments, "key"));
    let reply = check.before.replies[format!("get {word} {name} {key}").as_str()].clone();
    let (found, entry) = if word == "map" {
        ("found", "key")
    } else {
        ("match", "pattern")
    };
    let said: Vec<String> = answer["lookups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let [method, case, index, key, kind] =
                ["method", "case", "index", "key", "value_type"].map(|name| text_of(row, name));
            let (entry, value) = match (row["found"] == json!(true), row["value"].as_str()) {
                (false, _) => ("no".to_owned(), String::new()),
                (true, None) => (
                    format!("yes, idx={index}, {entry}=\"{key}\""),
                    String::new(),
                ),
                (true, Some(value)) => (
                    format!("yes, idx={index}, {entry}=\"{key}\""),
                    format!(", value=\"{value}\", type=\"{kind}\""),
                ),
            };
            format!("type={method}, case={case}, {found}={entry}{value}")
        })
        .collect();
    let expected: Vec<String> = reply
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    check.same(
        "found",
        answer["found"].as_bool(),
        Some(reply.contains("=yes,")),
    );
    check.same("the lookups", said, expected);
}

/// Here every key is there once.
fn diff(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let pairs = |text: &str| -> Vec<(String, String)> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(' '))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    };
    let reply = check.before.replies["show map hosts.map"].clone();
    let present: Vec<(String, String)> = reply
        .lines()
        .filter_map(|line| pairs(line.split_once(' ')?.1).pop())
        .collect();
    let wanted = pairs(arguments["content"].as_str().unwrap_or_default());
    let mut expected: Vec<String> = Vec::new();
    for (key, value) in &present {
        match wanted.iter().find(|(other, _)| other == key) {
            None => expected.push(format!("removed {key} {value} ")),
            Some((_, other)) if other != value => {
                expected.push(format!("changed {key} {value} {other}"));
            }
            Some(_) => {}
        }
    }
    for (key, value) in &wanted {
        if present.iter().all(|(other, _)| other != key) {
            expected.push(format!("added {key}  {value}"));
        }
    }
    let optional = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let mut said: Vec<String> = answer["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let [change, key, present, wanted] =
                ["change", "key", "present", "wanted"].map(|name| optional(row, name));
            format!("{change} {key} {present} {wanted}")
        })
        .collect();
    expected.sort();
    said.sort();
    check.same("same", answer["same"].as_bool(), Some(expected.is_empty()));
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(expected.len() as u64),
    );
    check.same("the differences", said, expected);
    let totals = &answer["totals"];
    check.same(
        "present",
        totals["present"].as_u64(),
        Some(present.len() as u64),
    );
    check.same(
        "wanted",
        totals["wanted"].as_u64(),
        Some(wanted.len() as u64),
    );
}

fn text_of(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
