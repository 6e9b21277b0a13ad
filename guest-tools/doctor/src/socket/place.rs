//! Where HAProxy listens for commands, in its own words and in those of this server's settings.

use crate::examine::Context;
use crate::facts::Facts;
use crate::finding::lines;
use crate::knowledge::{Knowledge, StatsSocket};

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
pub(super) fn start(facts: &Facts) -> String {
    if facts.door == "master" {
        let at = facts.path().unwrap_or("/run/haproxy-master.sock");
        return lines([
            "sudo systemctl start haproxy",
            &*format!(
                "and HAProxy must be started with `-W -S {at}` (on Debian: `EXTRAOPTS=\"-S {at}\"` in `/etc/default/haproxy`)"
            ),
        ]);
    }
    lines([
        "sudo systemctl start haproxy",
        &*format!(
            "and its configuration must have in `global`: `stats socket {} level admin`",
            written(facts)
        ),
    ])
}

/// The address as a `stats socket` line has it.
pub(super) fn written(facts: &Facts) -> String {
    if let Some(path) = facts.path() {
        return format!("{path} mode 660");
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
