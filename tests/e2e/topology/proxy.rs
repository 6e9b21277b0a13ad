//! What a frontend and a backend have in common.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::expected::{Check, object, text};

/// `stat` must have all columns that have a value, HAProxy's own and not those of its modules, and nothing besides.
pub(super) fn stat(check: &mut Check<'_>, answer: &Value, proxy: &str, row: &str) {
    let Some(span) = check.span(proxy, row) else {
        return;
    };
    if let Some(objection) = span.objection("status", &answer["status"]) {
        check.wrong(objection);
    }
    let stat = object(&answer["stat"]);
    check.fields(stat, &span);
    for needed in ["stot", "bin", "bout", "iid", "mode", "rate"] {
        if !stat.contains_key(needed) {
            check.wrong(format!("`stat` has no {needed}"));
        }
    }
    let there = span
        .before
        .iter()
        .filter(|(name, value)| {
            !value.is_empty()
                && !["pxname", "svname", "type", "status", "pid"].contains(&name.as_str())
        })
        .count();
    let hidden = answer["left_out"]["columns"].as_u64().unwrap_or(0);
    if stat.len() as u64 + hidden < there as u64 {
        check.wrong(format!(
            "{} columns and {hidden} left out of {there}",
            stat.len()
        ));
    }
}

/// Rows about listeners or servers of a proxy.
pub(super) fn members(check: &mut Check<'_>, proxy: &str, said: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for row in said.as_array().into_iter().flatten().map(object) {
        let name = text(row, "svname");
        if let Some(span) = check.span(proxy, &name) {
            check.fields(row, &span);
        }
        names.insert(name);
    }
    names
}
