//! What lets a user pass or use a socket: the exact line or command.

use crate::facts::{Account, Own, PathFacts, Stop};
use crate::knowledge::{Knowledge, StatsSocket};

/// Bits of a mode.
const GROUP_WRITE: u32 = 0o020;
const GROUP_PASS: u32 = 0o010;

/// How a user gets to use a socket that is there and not for them.
pub(crate) fn of_socket(file: &PathFacts, knowledge: Option<&Knowledge>) -> String {
    let line = knowledge.and_then(|knowledge| knowledge.at_path(&file.path));
    let user = file.process.user.shown();
    match joinable(file.mode.as_deref(), file.group.as_ref(), GROUP_WRITE) {
        Some(group) => join(&user, &group),
        None => open_up(file, line),
    }
}

/// A line that gives the socket a group that the user is in.
fn open_up(file: &PathFacts, line: Option<&StatsSocket>) -> String {
    let group = usual_group(&file.process).unwrap_or_else(|| "haproxy".to_owned());
    let also = if group == "haproxy" {
        format!(
            ", and `sudo usermod -aG haproxy {}`",
            file.process.user.shown()
        )
    } else {
        String::new()
    };
    match line {
        Some(line) => format!(
            "in `{}`, instead of `{}`: `{}`, then `sudo systemctl restart haproxy`{also}",
            line.place,
            line.text,
            line.with_all(&[("mode", "660"), ("group", &group)])
        ),
        None => format!(
            "in `global` of HAProxy's configuration: `stats socket {} mode 660 group {group} level admin`, then `sudo systemctl restart haproxy`{also}",
            file.path
        ),
    }
}

/// How a user gets to pass a folder.
pub(crate) fn of_folder(stop: &Stop, own: &Own) -> String {
    let user = own.user.shown();
    match joinable(stop.mode.as_deref(), stop.group.as_ref(), GROUP_PASS) {
        Some(group) => join(&user, &group),
        None => format!("sudo chmod o+x {}", stop.path),
    }
}

/// How a user gets to read a file.
pub(crate) fn of_file(file: &PathFacts) -> String {
    let user = file.process.user.shown();
    match joinable(file.mode.as_deref(), file.group.as_ref(), 0o040) {
        Some(group) => join(&user, &group),
        None => format!("sudo setfacl -m u:{user}:r {}", file.path),
    }
}

/// The group whose members may, unless it is root's.
fn joinable(mode: Option<&str>, group: Option<&Account>, bit: u32) -> Option<String> {
    let mode = u32::from_str_radix(mode?, 8).ok()?;
    let group = group.filter(|group| group.id != 0)?;
    (mode & bit == bit).then(|| group.shown())
}

fn join(user: &str, group: &str) -> String {
    format!("sudo usermod -aG {group} {user}, then log in again (`id` shows the groups)")
}

/// A group that the user is in and nobody else, if there is one by that name.
fn usual_group(own: &Own) -> Option<String> {
    let first = own.groups.first().filter(|group| group.id != 0)?;
    first.name.clone().filter(|name| name != "nogroup")
}

/// `haproxy:haproxy, mode 0660`.
pub(crate) fn owned(
    owner: Option<&Account>,
    group: Option<&Account>,
    mode: Option<&str>,
) -> String {
    let shown = |account: Option<&Account>| account.map_or_else(|| "?".to_owned(), Account::shown);
    format!(
        "{}:{}, mode {}",
        shown(owner),
        shown(group),
        mode.unwrap_or("?")
    )
}

/// `user ops (1000) in the groups ops, haproxy`.
pub(crate) fn who(own: &Own) -> String {
    let groups: Vec<String> = own.groups.iter().map(Account::shown).collect();
    format!(
        "this server runs as user {} ({}) in the groups {}",
        own.user.shown(),
        own.user.id,
        groups.join(", ")
    )
}
