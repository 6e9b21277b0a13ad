//! Stick tables: what they are, and what they remember, compared with what the raw socket says.

use serde_json::{Map, Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::process::{case, compare};
use crate::{busy, serve};

/// The commands whose replies are compared.
pub(crate) const COMMANDS: [&str; 2] = ["show table", "show table be_app"];

pub(crate) fn cases() -> Vec<Case> {
    let entry = json!({ "table": "be_app", "key": "192.0.2.7" });
    vec![
        case(
            "show_table",
            json!({}),
            json!({ "table": "be_ap" }),
            ("not-found", "/table"),
        ),
        Case {
            succeeds: entry.clone(),
            ..case(
                "get_table_entry",
                entry,
                json!({ "table": "be_app", "key": "192.0.2" }),
                ("invalid-argument", "/key"),
            )
        },
    ]
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    match (tool, arguments.get("table")) {
        ("show_table", None) => {
            let said: Vec<String> = rows(answer)
                .map(|row| {
                    let [name, kind] = ["name", "type"].map(|name| text(row, name));
                    format!(
                        "# table: {name}, type: {kind}, size:{}, used:{}",
                        row["size"], row["used"]
                    )
                })
                .collect();
            let lines = lines(check, "show table", |line| line.starts_with('#'));
            check.same("the tables", said, lines);
        }
        ("show_table", Some(_)) => {
            let lines = lines(check, "show table be_app", |line| line.starts_with("0x"));
            let matched = lines.len() as u64;
            check.same("matched", answer["matched"].as_u64(), Some(matched));
            for (row, line) in rows(answer).zip(&lines) {
                entry(check, row, line);
            }
        }
        ("get_table_entry", _) => {
            let key = answer["key"].as_str().unwrap_or("?");
            let wanted = format!("key={key}");
            let lines = lines(check, "show table be_app", |line| {
                line.split(' ').any(|word| word == wanted)
            });
            check.same("found", &answer["found"], &json!(!lines.is_empty()));
            if let (Some(row), Some(line)) = (answer["entry"].as_object(), lines.first()) {
                entry(check, row, line);
            }
        }
        _ => return false,
    }
    true
}

fn lines(check: &Check<'_>, command: &str, which: impl Fn(&str) -> bool) -> Vec<String> {
    let reply = &check.before.replies[command];
    let lines = reply.lines().filter(|line| which(line));
    lines.map(str::to_owned).collect()
}

/// `0x7f…: key=127.0.0.1 use=0 exp=599874 shard=0 gpt0=0 …`, of which time alone moves `exp` and the rates.
fn entry(check: &mut Check<'_>, row: &Map<String, Value>, line: &str) {
    let words: Vec<(&str, &str)> = line
        .split(' ')
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.split('(').next().unwrap_or(name), value))
        .filter(|pair| *pair != ("shard", "0"))
        .collect();
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let said: Vec<&str> = row.keys().map(String::as_str).collect();
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.join(" ")
    };
    check.same("the data", sorted(said), sorted(names));
    for (name, value) in words {
        let said = row.get(name).unwrap_or(&Value::Null);
        let number = |text: &str| text.parse::<u64>().ok();
        match (said.as_u64(), number(value)) {
            (Some(said), Some(value)) if name == "exp" || name.ends_with("_rate") => {
                check.same(name, said <= value, true);
            }
            (Some(said), Some(value)) => check.same(name, said, value),
            _ => check.same(name, said.as_str(), Some(value)),
        }
    }
}

haproxy_mcp_testkit::on_each_version! {
    fn answers_about_tables_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        compare(&haproxy, &serve(&haproxy), &[
            ("show_table", json!({})),
            ("show_table", json!({ "table": "be_app" })),
            ("get_table_entry", json!({ "table": "be_app", "key": "127.0.0.1" })),
            ("get_table_entry", json!({ "table": "be_app", "key": "192.0.2.7" })),
        ]);
    }
}
