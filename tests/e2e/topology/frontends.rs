//! Frontends: `list_frontends`, `show_frontend`.

use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::oracle::Object;
use crate::topology::proxy::{members, stat};
use crate::topology::{case, compare};
use crate::{busy, serve};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "list_frontends",
            json!({}),
            json!({ "cursor": "0000000000000000.1.-" }),
            ("invalid-argument", "/cursor"),
        ),
        case(
            "show_frontend",
            json!({ "frontend": "fe_http" }),
            json!({ "frontend": "fe_htp" }),
            ("not-found", "/frontend"),
        ),
    ]
}

pub(super) fn list_frontends(check: &mut Check<'_>, answer: &Value) {
    let said: Vec<String> = rows(answer).map(|row| text(row, "pxname")).collect();
    let expected: Vec<Object> = check.before.objects("frontend").cloned().collect();
    let expected_names: Vec<String> = expected
        .iter()
        .map(|object| object.text("pxname"))
        .collect();
    check.same("the frontends", said, expected_names);
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(expected.len() as u64),
    );
    for row in rows(answer) {
        if let Some(span) = check.span(&text(row, "pxname"), "FRONTEND") {
            check.fields(row, &span);
        }
    }
    let totals = &answer["totals"];
    check.same(
        "totals",
        totals["frontends"].as_u64(),
        Some(expected.len() as u64),
    );
    let open = expected
        .iter()
        .filter(|object| object.text("status") == "OPEN")
        .count();
    check.same(
        "open frontends",
        totals["states"]["OPEN"].as_u64(),
        Some(open as u64),
    );
    let sum = |objects: &[Object], name: &str| -> i128 {
        objects
            .iter()
            .filter_map(|object| object.fields.get(name)?.number())
            .sum()
    };
    let later: Vec<Object> = check.after.objects("frontend").cloned().collect();
    for name in ["scur", "stot"] {
        let said = totals[name].as_u64().map_or(-1, i128::from);
        if !(sum(&expected, name).min(sum(&later, name))
            ..=sum(&expected, name).max(sum(&later, name)))
            .contains(&said)
        {
            check.wrong(format!("the sum of {name} is {said}"));
        }
    }
}

pub(super) fn show_frontend(check: &mut Check<'_>, answer: &Value) {
    let name = answer["frontend"].as_str().unwrap_or_default().to_owned();
    stat(check, answer, &name, "FRONTEND");
    let said = members(check, &name, &answer["listeners"]);
    let expected = check
        .before
        .objects("listener")
        .filter(|object| object.text("pxname") == name)
        .map(|object| object.text("svname"))
        .collect();
    check.same("the listeners", said, expected);
}

haproxy_mcp_testkit::on_each_version! {
    fn they_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        compare(&haproxy, &serve(&haproxy), &[
            ("list_frontends", json!({ "limit": 500 })),
            ("show_frontend", json!({ "frontend": "fe_http" })),
            ("show_frontend", json!({ "frontend": "fe_tcp" })),
            ("show_frontend", json!({ "frontend": "fe_listeners" })),
            ("show_frontend", json!({ "frontend": "shop" })),
        ]);
    }
}
