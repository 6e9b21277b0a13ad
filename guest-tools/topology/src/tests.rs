//! From replies to answers, on what real ones answered; only the commands are missing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its fixtures"
)]

use std::path::Path;

use haproxy_asking::SaidBy;
use haproxy_replies::names::Suggestion;
use haproxy_replies::servers_state::{ServersStateError, ServersStateReader};
use haproxy_replies::stat::{Consumer, StatError, StatReader};
use serde_json::{Value, json};

use crate::arguments::ByName;
use crate::backends::{self, Backends};
use crate::server::{self, Search, State, Statistics};
use crate::servers::{self, Servers};

const VERSIONS: [&str; 4] = ["2.6", "3.0", "3.2", "3.4"];

fn reply(version: &str, command: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/replies");
    std::fs::read(fixtures.join(version).join(format!("{command}.txt"))).unwrap()
}

fn read<C: Consumer<Error = StatError>>(version: &str, consumer: C) -> C {
    let mut reader = StatReader::new(consumer);
    reader.push(&reply(version, "show_stat")).unwrap();
    reader.finish().unwrap()
}

/// Where the answers of these tests are from.
const RUNTIME: SaidBy = SaidBy {
    source: "runtime",
    note: None,
};

fn arguments(text: &str) -> ByName {
    serde_json::from_str(text).unwrap()
}

fn backends(version: &str, text: &str) -> Value {
    let part = arguments(text).part("list_backends").unwrap();
    let (pages, totals) = read(version, Backends::new(&part)).finish();
    serde_json::from_str(
        &backends::answer(&part, &pages, &totals, &RUNTIME)
            .unwrap()
            .0,
    )
    .unwrap()
}

fn servers(version: &str, text: &str) -> Value {
    let arguments = arguments(text);
    let part = arguments.part("list_servers").unwrap();
    let (_, mut pages, totals) = read(version, Servers::new(&arguments.backend, &part)).finish();
    let mut reader = ServersStateReader::default();
    reader
        .push(&reply(version, "show_servers_state"), |state| {
            let of_backend = state.require("be_name")? == arguments.backend.as_bytes();
            let name = state.require("srv_name")?;
            if let Some(kept) = pages
                .rows
                .iter_mut()
                .find(|kept| of_backend && kept.row.name() == name)
            {
                kept.row.describe(&state);
            }
            Ok::<_, ServersStateError>(())
        })
        .unwrap();
    serde_json::from_str(
        &servers::answer(&arguments.backend, &part, &pages, &totals, &RUNTIME)
            .unwrap()
            .0,
    )
    .unwrap()
}

fn search(version: &str, backend: &str, server: &str) -> Result<State, Suggestion> {
    let mut search = Search::new(backend, server);
    let mut reader = ServersStateReader::default();
    reader
        .push(&reply(version, "show_servers_state"), |state| {
            search.look(&state)
        })
        .unwrap();
    search.finish()
}

#[test]
fn each_backend_has_its_servers_counted() {
    for version in VERSIONS {
        let answer = backends(version, "{}");
        let rows = answer["rows"].as_array().unwrap();
        assert_eq!(answer["matched"], rows.len(), "{version}");
        let row = |name: &str| rows.iter().find(|row| row["pxname"] == name).unwrap();
        assert_eq!(
            row("be_app")["servers"],
            json!({"total": 5, "up": 3, "down": 1, "maint": 1}),
            "{version}"
        );
        assert_eq!(
            row("be_hash")["servers"],
            json!({"total": 2, "up": 0, "down": 0, "no_check": 2}),
            "{version}"
        );
        assert_eq!(row("be_down")["status"], "DOWN", "{version}");
        assert_eq!(row("st_src")["servers"]["total"], 0, "{version}");
        let total: u64 = rows
            .iter()
            .map(|row| row["servers"]["total"].as_u64().unwrap())
            .sum();
        assert_eq!(answer["totals"]["servers"]["total"], total, "{version}");
        assert_eq!(answer["totals"]["backends"], rows.len(), "{version}");
        assert!(
            answer.to_string().len() < 7_000,
            "{version}: {}",
            answer.to_string().len()
        );
    }
}

#[test]
fn a_filter_and_pages_narrow_the_backends() {
    let answer = backends("3.2", r#"{"filter":"BE_","limit":3}"#);
    let names: Vec<&str> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["pxname"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["be_app", "be_api", "be_static"]);
    assert_eq!(answer["totals"]["backends"], answer["matched"]);
    let next = backends(
        "3.2",
        &format!(
            r#"{{"filter":"BE_","limit":3,"cursor":{}}}"#,
            answer["next_cursor"]
        ),
    );
    assert_eq!(next["rows"][0]["pxname"], "be_down");
    assert_eq!(backends("3.2", r#"{"filter":"none"}"#)["rows"], json!([]));
}

#[test]
fn servers_have_address_and_administrative_state() {
    for version in VERSIONS {
        let answer = servers(version, r#"{"backend":"be_app"}"#);
        assert_eq!(
            (&answer["backend"], &answer["matched"]),
            (&json!("be_app"), &json!(5)),
            "{version}"
        );
        let rows = answer["rows"].as_array().unwrap();
        assert_eq!(rows[0]["addr"], "127.0.0.1:18081", "{version}");
        assert_eq!(
            (&rows[0]["status"], &rows[0]["weight"], &rows[0]["bck"]),
            (&json!("UP"), &json!(100), &Value::Null),
            "{version}"
        );
        assert_eq!(rows[2]["bck"], 1, "{version}");
        assert_eq!(
            (&rows[3]["status"], &rows[3]["admin_state"]),
            (&json!("MAINT"), &json!(["fmaint", "cmaint"])),
            "{version}"
        );
        assert_eq!(answer["totals"]["servers"]["total"], 5, "{version}");
        let row = answer.to_string().len() / 5;
        assert!(
            row < 320,
            "{version}: {row} characters for each of 20 servers"
        );
        assert_eq!(
            servers(version, r#"{"backend":"be_app","filter":"app_"}"#)["matched"],
            2,
            "{version}"
        );
    }
}

#[test]
fn a_server_is_found_with_all_that_is_known() {
    for version in VERSIONS {
        let state = search(version, "be_app", "app2").unwrap();
        assert_eq!(
            (state.address.as_deref(), state.id.as_deref()),
            (Some("127.0.0.1:18082"), Some("2")),
            "{version}"
        );
        let statistics = read(version, Statistics::new("be_app", "app2"));
        let (structured, line) =
            server::answer("be_app", "app2", &state, &statistics, &RUNTIME).unwrap();
        let answer: Value = serde_json::from_str(&structured).unwrap();
        assert_eq!(
            (&answer["stat"]["sid"], &answer["state"]["srv_iweight"]),
            (&json!(2), &json!(50)),
            "{version}"
        );
        assert!(
            answer["stat"]["check_status"].is_string() && answer["stat"]["h1_bytes_in"].is_null(),
            "{version}"
        );
        assert!(
            answer["left_out"]["columns"].as_u64().unwrap() > 5,
            "{version}"
        );
        assert!(line.starts_with("be_app/app2 is "), "{line}");
        assert!(structured.len() < 7_000, "{version}: {}", structured.len());
    }
}

#[test]
fn a_server_that_does_not_exist_has_others_of_its_backend() {
    assert_eq!(
        search("3.4", "be_app", "app_mant").unwrap_err().near,
        ["app_maint"]
    );
    let strange = search("3.4", "be_down", "app1").unwrap_err();
    assert_eq!(
        (strange.near, strange.existing, strange.more),
        (vec![], vec!["d1".to_owned(), "d2".to_owned()], false)
    );
    assert_eq!(read("3.4", Statistics::new("be_app", "none")).fields, None);
}
