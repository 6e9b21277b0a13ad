//! What lets a user pass or use a socket: the exact line or command.

use crate::examine::Context;
use crate::facts::{Account, Own, PathFacts, Stop};
use crate::finding::lines;
use crate::knowledge::{Knowledge, StatsSocket};

/// HAProxy's own group.
const GROUP: &str = "haproxy";

/// What makes it, where it is not there: HAProxy does not start with a group that it does not know.
const MAKE_GROUP: &str = "getent group haproxy || sudo groupadd --system haproxy";

/// The same for its user.
const MAKE_USER: &str = "getent passwd haproxy || sudo useradd --system --gid haproxy --no-create-home --shell /usr/sbin/nologin haproxy";

/// What a `stats socket` line says that lets in who is in HAProxy's own group: without `user` and `group` the socket is
/// root's, and lets in nobody else.
pub(crate) const FOR_GROUP: &str = "mode 660 user haproxy group haproxy";

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

/// A line that gives the socket a group that may be the user's alone, or HAProxy's own with the user in it.
fn open_up(file: &PathFacts, line: Option<&StatsSocket>) -> String {
    let own = own_group(&file.process);
    let group = own.unwrap_or(GROUP);
    let mend = match line {
        Some(line) => format!(
            "in `{}`, instead of `{}`: `{}`, then `sudo systemctl restart haproxy`",
            line.place,
            line.text,
            line.with_all(&[("mode", "660"), ("group", group)])
        ),
        None => format!(
            "in `global` of HAProxy's configuration: `stats socket {} mode 660 group {group} level admin`, then `sudo systemctl restart haproxy`",
            file.path
        ),
    };
    if own.is_some() {
        return mend;
    }
    lines([
        MAKE_GROUP,
        &*join(&file.process.user.shown(), GROUP),
        &*mend,
    ])
}

/// What goes with a line of [`FOR_GROUP`]: the user and the group, without which HAProxy does not start, and who is in
/// it.
pub(crate) fn into_group(context: &Context<'_>) -> String {
    let files = context.looks.iter().filter_map(|facts| facts.file.as_ref());
    let mut users = files.map(|file| &file.process.user);
    let user = users.find(|user| user.name.is_some());
    let make = format!("{MAKE_GROUP}; {MAKE_USER}");
    match user {
        // who may all the same
        Some(user) if user.id == 0 => make,
        Some(user) => lines([&*make, &*join(&user.shown(), GROUP)]),
        None => lines([
            &*make,
            &*format!("{}, USER being who runs this server", join("USER", GROUP)),
        ]),
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

/// The group of the user's own name, which nobody else is in: whoever is in the socket's group may do all that its level
/// allows.
fn own_group(own: &Own) -> Option<&str> {
    let user = own.user.name.as_deref()?;
    let is_shared = ["root", "nobody", "nogroup"].contains(&user);
    let is_own = |group: &&Account| group.id != 0 && group.name.as_deref() == Some(user);
    (!is_shared && own.groups.iter().any(|group| is_own(&group))).then_some(user)
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
