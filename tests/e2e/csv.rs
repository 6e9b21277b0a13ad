//! The whole table of statistics, column for column what the raw CSV says.

use std::collections::{BTreeMap, BTreeSet};

use haproxy_mcp_testkit::{Haproxy, until};
use serde_json::{Map, Value, json};

use crate::expected::{names, rows};
use crate::serve;
use crate::topology::things::agrees;

haproxy_mcp_testkit::on_each_version! {
    /// Column for column what the raw CSV says: read here by another parser, there by the module as it is shipped.
    fn show_stat_with_all_fields_is_the_raw_csv(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).servers(40).start();
        haproxy.traffic(8);
        let server = serve(&haproxy);
        until("a table over several pages to be the raw CSV", || {
            let mut asked = json!({ "fields": ["all"], "limit": 37 });
            let before = csv(&haproxy);
            let mut said = Vec::new();
            loop {
                let answer = server.call("show_stat", asked.clone()).answer().clone();
                said.extend(rows(&answer).cloned());
                match answer.get("next_cursor") {
                    Some(cursor) => asked["cursor"] = cursor.clone(),
                    None => break,
                }
            }
            let after = csv(&haproxy);
            assert_eq!(said.len(), before.len());
            assert!(said.len() > 50, "{}", said.len());
            let wrong: Vec<String> = said
                .iter()
                .zip(&before)
                .zip(&after)
                .flat_map(|((row, one), other)| differences(row, one, other))
                .collect();
            if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
        });
    }
}

/// What a row says and the raw CSV does not; rates, ages and what a check moves may have moved.
fn differences(
    row: &Map<String, Value>,
    one: &BTreeMap<String, String>,
    other: &BTreeMap<String, String>,
) -> Vec<String> {
    let there: BTreeSet<&str> = one
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    let mut wrong: Vec<String> = there
        .symmetric_difference(&names(row))
        .map(|name| format!("only one has `{name}`"))
        .collect();
    for (name, value) in row {
        let (Some(one), Some(other)) = (one.get(name), other.get(name)) else {
            continue;
        };
        let moving = [
            "check_duration",
            "last_chk",
            "check_status",
            "rate",
            "lastsess",
        ]
        .contains(&name.as_str());
        if !agrees(value, one, other) && !moving {
            wrong.push(format!("`{name}` is {value}, by HAProxy {one} to {other}"));
        }
    }
    wrong
}

/// The raw CSV, by the rules of the manual: quotes around what has a comma, two for one.
fn csv(haproxy: &Haproxy) -> Vec<BTreeMap<String, String>> {
    let reply = haproxy.raw_text("show stat");
    let mut lines = reply.lines().filter(|line| !line.is_empty());
    let header = fields(
        lines
            .next()
            .and_then(|line| line.strip_prefix("# "))
            .expect("a header"),
    );
    lines
        .map(|line| {
            let line = fields(line);
            assert_eq!(line.len(), header.len());
            let pairs = header.iter().cloned().zip(line);
            pairs
                .filter(|(name, _)| !name.is_empty() && name != "-")
                .collect()
        })
        .collect()
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    // each line ends with a comma
    assert!(field.is_empty() && !quoted, "{line}");
    fields
}
