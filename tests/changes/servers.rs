mod address;
mod checks;
mod drain;
mod dynamic;
pub(crate) mod held;
mod state;
mod weight;

use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::{Value, json};

use crate::cases::{Case, Site};

pub(crate) fn cases() -> Vec<Case> {
    [
        state::cases(),
        drain::cases(),
        weight::cases(),
        checks::cases(),
        address::cases(),
        dynamic::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A case on `be_app/app1` of the usual site, that is refused because there is no such server.
fn operate(tool: &'static str) -> Case {
    Case {
        tool,
        access: "operate",
        site: Site::usual,
        succeeds: |_| json!({ "backend": "be_app", "server": "app1" }),
        seen: |site| state_of(&site.haproxy, "be_app", "app1"),
        refused: |_| json!({ "backend": "be_app", "server": "app9" }),
        because: "not-found",
        since: None,
    }
}

/// A site with these sections besides the usual ones.
fn with(binary: &Binary, sections: &str) -> Site {
    Site {
        haproxy: Haproxy::builder(binary).with(sections).start(),
        files: None,
        master: false,
    }
}

/// HAProxy's line about a server, without what time and checks change by themselves; empty where it has no such server.
pub(crate) fn state_of(haproxy: &Haproxy, backend: &str, server: &str) -> String {
    let states = haproxy.raw_text(&format!("show servers state {backend}"));
    let lines: Vec<&str> = states.lines().collect();
    // behind the number of the format
    let header = lines[1].strip_prefix("# ").unwrap().split(' ');
    let Some(line) = lines
        .iter()
        .find(|line| line.split(' ').nth(3) == Some(server))
    else {
        return String::new();
    };
    header
        .zip(line.split(' '))
        .filter(|(name, _)| {
            ![
                "srv_time_since_last_change",
                "srv_check_status",
                "srv_check_result",
                "srv_check_health",
            ]
            .contains(name)
        })
        .map(|(name, word)| match name {
            // without the bit of a check that is under way
            "srv_check_state" | "srv_agent_state" => {
                format!("{name}={} ", word.parse::<u32>().unwrap() & !1)
            }
            _ => format!("{name}={word} "),
        })
        .collect()
}

/// A field of that line.
pub(crate) fn field(haproxy: &Haproxy, backend: &str, server: &str, name: &str) -> String {
    let state = state_of(haproxy, backend, server);
    let found = state
        .split(' ')
        .find_map(|word| word.strip_prefix(&format!("{name}=")));
    found
        .unwrap_or_else(|| panic!("no {name}: {state}"))
        .to_owned()
}

/// A column of the statistics of a server.
pub(crate) fn column(haproxy: &Haproxy, backend: &str, server: &str, name: &str) -> String {
    let statistics = haproxy.raw_text(&format!("show stat {backend} 4 -1"));
    let mut lines = statistics.lines();
    let header = lines.next().unwrap().strip_prefix("# ").unwrap();
    let place = header.split(',').position(|column| column == name).unwrap();
    let row = lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .find(|row| row.get(1) == Some(&server))
        .unwrap_or_else(|| panic!("no server {server}:\n{statistics}"));
    row[place].to_owned()
}

/// `before` and `after` of an answer.
pub(crate) fn change(answer: &Value) -> (&Value, &Value) {
    (&answer["before"], &answer["after"])
}
