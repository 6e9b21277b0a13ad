//! Where HAProxy listens for commands, in its own words and in those of this server's settings.

use std::fmt::Write as _;

use crate::examine::Context;
use crate::facts::{Facts, PathFacts};
use crate::finding::lines;
use crate::knowledge::{Knowledge, StatsSocket};
use crate::permission;

/// The settings that lead to a stats socket that the configuration has, where it has none at this address.
pub(super) fn elsewhere(facts: &Facts, context: &Context<'_>) -> Option<String> {
    if facts.door != "runtime" {
        return None;
    }
    let knowledge = context.knowledge?;
    if line_of(facts, knowledge).is_some() {
        return None;
    }
    let others: Vec<String> = knowledge
        .sockets
        .iter()
        .filter_map(|socket| Some(format!("`{}` (`{}`)", socket.setting()?, socket.place)))
        .collect();
    (!others.is_empty()).then(|| others.join(" or "))
}

/// The `stats socket` line of this address.
pub(super) fn line_of<'k>(facts: &Facts, knowledge: &'k Knowledge) -> Option<&'k StatsSocket> {
    match facts.path() {
        Some(path) => knowledge.at_path(path),
        None => knowledge.at_port(port(facts)?),
    }
}

pub(super) fn port(facts: &Facts) -> Option<u16> {
    if facts.is_unix() {
        return None;
    }
    let (_, port) = facts.address.rsplit_once(':')?;
    port.parse().ok()
}

/// The setting that names this door.
pub(super) fn setting(facts: &Facts) -> &'static str {
    match facts.door.as_str() {
        "master" => "HAPROXY_MASTER_SOCKET",
        _ if facts.is_unix() => "HAPROXY_RUNTIME_SOCKET",
        _ => "HAPROXY_RUNTIME_URL",
    }
}

/// How HAProxy gets to listen at this address.
pub(super) fn start(facts: &Facts, context: &Context<'_>) -> String {
    let start = "sudo systemctl start haproxy";
    if facts.door == "master" || facts.master {
        let at = facts.path().unwrap_or("/run/haproxy-master.sock");
        return lines([
            start,
            &*format!(
                "and HAProxy must be started with `-W -S {at}` (on Debian: `EXTRAOPTS=\"-S {at}\"` in `/etc/default/haproxy`)"
            ),
        ]);
    }
    let line = context
        .knowledge
        .and_then(|knowledge| line_of(facts, knowledge));
    if let Some(line) = line {
        return lines([
            start,
            &*format!("with its line in `{}`: `{}`", line.place, line.text),
        ]);
    }
    let wanted = |who: &str| {
        format!("and its configuration must have in `global`: `stats socket {who} level admin`")
    };
    match facts.path() {
        None => lines([start, &*wanted(&written(facts))]),
        Some(path) => lines([
            start,
            &*wanted(&format!("{path} {}", permission::FOR_GROUP)),
            &*permission::into_group(context),
        ]),
    }
}

/// The address as a `stats socket` line has it, with what that says of who may use a socket that is there.
pub(super) fn written(facts: &Facts) -> String {
    if let Some(path) = facts.path() {
        return match &facts.file {
            Some(file) => format!("{path} {}", who_may(file)),
            None => format!("{path} {}", permission::FOR_GROUP),
        };
    }
    let address = facts
        .connects
        .first()
        .map_or("127.0.0.1:9999", |connect| &*connect.address);
    let family = if address.starts_with('[') {
        "ipv6"
    } else {
        "ipv4"
    };
    format!("{family}@{}", address.replace(['[', ']'], ""))
}

/// `mode 660 user haproxy group haproxy`, as it is with this socket; root's needs no word.
fn who_may(file: &PathFacts) -> String {
    let Some(mode) = file.mode.as_deref() else {
        return permission::FOR_GROUP.to_owned();
    };
    let mut text = format!("mode {}", mode.trim_start_matches('0'));
    for (keyword, account) in [("user", &file.owner), ("group", &file.group)] {
        let name = account.as_ref().filter(|account| account.id != 0);
        if let Some(name) = name.and_then(|account| account.name.as_deref()) {
            let _ = write!(text, " {keyword} {name}");
        }
    }
    text
}
