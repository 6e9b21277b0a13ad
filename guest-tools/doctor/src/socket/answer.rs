//! HAProxy answers: which one it is, and whether its socket is good for what it is wanted for.

use haproxy_replies::info::Info;
use haproxy_replies::processes;
use haproxy_replies::value::Value;

use super::place::{line_of, written};
use crate::examine::Context;
use crate::facts::Facts;
use crate::finding::{Finding, counted, milliseconds, since};

/// What a worker answered.
pub(super) fn runtime(facts: &Facts, context: &Context<'_>) -> Vec<Finding> {
    let door = &facts.door;
    let text = facts.answer("show info").unwrap_or_default();
    let info = Info::read(text.as_bytes()).ok();
    let field = |name: &str| match info.as_ref()?.get(name)? {
        Value::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    };
    let level = facts
        .answer("show cli level")
        .unwrap_or_default()
        .trim()
        .to_owned();
    let version = field("Version").unwrap_or_else(|| "?".to_owned());
    let number = |name: &str| match info.as_ref()?.get(name)? {
        Value::Unsigned(number) => Some(*number),
        _ => None,
    };
    let asked = facts.asked.first();
    let took = asked.map_or(0.0, |asked| asked.milliseconds);
    let connect = facts
        .connects
        .iter()
        .find(|connect| connect.error.is_none());
    let mut saw = vec![format!(
        "HAProxy {version} answers at `{}`: connected in {}, answered in {}",
        facts.address,
        milliseconds(connect.map_or(0.0, |connect| connect.milliseconds)),
        milliseconds(took)
    )];
    if let (Some(pid), Some(up)) = (number("Pid"), number("Uptime_sec")) {
        saw.push(format!("process {pid}, up {}", since(up)));
    }
    if let Some(node) = field("node").filter(|node| !node.is_empty()) {
        saw.push(format!("node `{node}`"));
    }
    if !level.is_empty() {
        saw.push(format!("level {level}"));
    }
    let mut finding = Finding::ok(door, "answers", saw.join("; "))
        .detail("version", version)
        .detail("milliseconds", took);
    for (name, field) in [("pid", "Pid"), ("uptime_seconds", "Uptime_sec")] {
        if let Some(number) = number(field) {
            finding = finding.detail(name, number);
        }
    }
    if !level.is_empty() {
        finding = finding.detail("level", level.as_str());
    }
    let mut findings = vec![finding];
    findings.extend(level_too_low(facts, &level, context));
    findings
}

fn level_too_low(facts: &Facts, level: &str, context: &Context<'_>) -> Option<Finding> {
    let changes = matches!(facts.access.as_str(), "operate" | "admin");
    let refused = match (level, changes) {
        ("user", false) => {
            "HAProxy refuses sessions, captured errors, lines of rings and start-up messages at level user"
        }
        ("user", true) => {
            "HAProxy refuses every change of servers at level user, and much that only reads, such as sessions and captured errors"
        }
        ("operator", true) => {
            "HAProxy refuses every change of servers, frontends, limits and certificates at level operator"
        }
        _ => return None,
    };
    let (verdict, wanted) = if changes {
        (
            Finding::problem as fn(&str, &'static str, String) -> Finding,
            "admin",
        )
    } else {
        (
            Finding::warning as fn(&str, &'static str, String) -> Finding,
            "operator",
        )
    };
    let line = context
        .knowledge
        .and_then(|knowledge| line_of(facts, knowledge));
    let mend = match line {
        _ if facts.master => {
            format!("start HAProxy with `-S PATH,level,{wanted}`")
        }
        Some(line) => format!(
            "in `{}`, instead of `{}`: `{}`, then `sudo systemctl reload haproxy`",
            line.place,
            line.text,
            line.with("level", wanted)
        ),
        None => format!(
            "in `global` of HAProxy's configuration: `stats socket {} level {wanted}`, then `sudo systemctl reload haproxy`",
            written(facts)
        ),
    };
    Some(
        verdict(
            &facts.door,
            "level-too-low",
            format!(
                "the socket has level {level}, and this server is allowed to {}",
                if changes {
                    format!("change things (access {})", facts.access)
                } else {
                    "read".to_owned()
                }
            ),
        )
        .why(refused)
        .mend(mend)
        .detail("level", level)
        .detail("access", facts.access.as_str()),
    )
}

/// What a master answered.
pub(super) fn master(facts: &Facts) -> Finding {
    let text = facts.answer("show proc").unwrap_or_default();
    let listed = processes::read(text.as_bytes()).unwrap_or_default();
    let took = facts.asked.first().map_or(0.0, |asked| asked.milliseconds);
    let mut saw = vec![format!(
        "HAProxy's master answers at `{}` in {}",
        facts.address,
        milliseconds(took)
    )];
    let mut finding = Finding::ok(&facts.door, "answers", "").detail("milliseconds", took);
    if let Some(master) = listed.iter().find(|process| process.kind == "master") {
        let up = master.uptime.map_or_else(|| "?".to_owned(), since);
        saw.push(format!("process {}, up {up}", master.pid));
        if let Some(reloads) = master.reloads {
            saw.push(counted(reloads, "reload"));
        }
        finding = finding.detail("pid", master.pid);
    }
    let workers = listed.iter().filter(|process| process.kind == "worker");
    let workers = u64::try_from(workers.count()).unwrap_or(u64::MAX);
    saw.push(counted(workers, "worker"));
    finding.saw = saw.join("; ");
    finding.detail("workers", workers)
}
