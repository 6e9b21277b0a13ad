//! No connection: what lies at the path, and what the network says.

use super::place::{elsewhere, setting, start};
use crate::examine::Context;
use crate::facts::{Facts, PathFacts, Stop, Trouble};
use crate::finding::{Finding, lines};
use crate::{permission, silent};

/// Why there is no connection.
pub(super) fn unconnected(facts: &Facts, error: &Trouble, context: &Context<'_>) -> Finding {
    let door = &facts.door;
    if let Some(file) = &facts.file
        && let Some(finding) = at_path(facts, file, context)
    {
        return finding;
    }
    let finding = |id, saw: String| Finding::problem(door, id, saw);
    match error.code.as_str() {
        "connection-refused" if facts.is_unix() => finding(
            "socket-stale",
            format!("the socket `{}` is there, and nobody listens", facts.address),
        )
        .why("HAProxy ended without removing its socket: it has crashed, was killed, or listens elsewhere by now")
        .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts, context))),
        "permission-denied" => forbidden(facts, context),
        "connection-refused" => nobody_listens(facts, context),
        // the queue of those that wait is full
        "connect-timeout" if facts.is_unix() || facts.waits() => silent::of(
            facts,
            &format!("no connection to `{}`: its queue is full", facts.address),
            context,
        ),
        code => by_network(facts, code, error),
    }
}

/// The system refuses, and not because of what the file's mode says.
fn forbidden(facts: &Facts, context: &Context<'_>) -> Finding {
    let saw = format!("the system refuses to connect to `{}`", facts.address);
    let finding = Finding::problem(&facts.door, "socket-denied", saw);
    match &facts.file {
        Some(file) if file.write != Some(true) => finding
            .why("connecting to a Unix socket needs write permission")
            .mend(permission::of_socket(file, context.knowledge)),
        _ => finding
            .why("owner, group and mode allow it: so it is SELinux, AppArmor, or the sandbox of a service")
            .mend(lines([
                "see what refused: `sudo ausearch -m avc -ts recent` (SELinux), `sudo journalctl -k | grep apparmor` (AppArmor)",
                "and allow this program to connect to HAProxy's socket there",
            ])),
    }
}

/// What is wrong with the path itself, whatever connecting says.
fn at_path(facts: &Facts, file: &PathFacts, context: &Context<'_>) -> Option<Finding> {
    let door = &facts.door;
    let path = &file.path;
    let finding = |id, saw: String| Finding::problem(door, id, saw);
    if let Some(stop) = &file.stopped_at {
        return Some(stopped_at(facts, file, stop, context));
    }
    let is_no_socket = |id, what: &str| {
        finding(id, format!("`{path}` is {what}, not a socket"))
            .why("HAProxy makes its socket itself, and does not start where something else lies there; so it listens elsewhere, or not at all")
            .mend(elsewhere(facts, context).unwrap_or_else(|| match &*file.kind {
                "folder" => format!("give the socket in it: `{}={path}/admin.sock`", setting(facts)),
                _ => format!("give the path of the `stats socket` line of HAProxy's configuration: `{}=…`", setting(facts)),
            }))
    };
    match file.kind.as_str() {
        "absent" => Some(missing(facts, context)),
        "folder" => Some(is_no_socket("is-folder", "a folder")),
        "file" => Some(is_no_socket("is-file", "a file")),
        "device" | "pipe" => Some(is_no_socket("not-a-socket", "a device or a pipe")),
        "dangling-link" => Some(
            finding(
                "dangling-link",
                format!(
                    "`{path}` is a link to `{}`, where nothing is",
                    file.link_to.as_deref().unwrap_or("?")
                ),
            )
            .why("the socket that it leads to is gone: HAProxy does not run, or listens elsewhere")
            .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts, context))),
        ),
        "socket" if file.write == Some(false) => {
            let owned = permission::owned(
                file.owner.as_ref(),
                file.group.as_ref(),
                file.mode.as_deref(),
            );
            Some(
                finding(
                    "socket-denied",
                    format!(
                        "no permission to use the socket `{path}` ({owned}); {}",
                        permission::who(&file.process)
                    ),
                )
                .why("connecting to a Unix socket needs write permission")
                .mend(permission::of_socket(file, context.knowledge)),
            )
        }
        _ => None,
    }
}

fn stopped_at(facts: &Facts, file: &PathFacts, stop: &Stop, context: &Context<'_>) -> Finding {
    let door = &facts.door;
    let (path, folder) = (&file.path, &stop.path);
    let finding = |id, saw: String| Finding::problem(door, id, saw);
    match stop.why.as_str() {
        "denied" => {
            let owned = permission::owned(
                stop.owner.as_ref(),
                stop.group.as_ref(),
                stop.mode.as_deref(),
            );
            finding(
                "folder-denied",
                format!(
                    "no permission to pass the folder `{folder}` ({owned}) on the way to `{path}`; {}",
                    permission::who(&file.process)
                ),
            )
            .why("whoever uses a socket must be allowed to pass each folder above it (permission x)")
            .mend(permission::of_folder(stop, &file.process))
            .detail("folder", folder.as_str())
        }
        "not-a-folder" => finding(
            "folder-missing",
            format!("`{folder}` is not a folder, so that there is no `{path}`"),
        )
        .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts, context))),
        _ => finding(
            "folder-missing",
            format!("the folder `{folder}` does not exist, so that there is no socket `{path}`"),
        )
        .why("HAProxy makes its socket, but no folder for it; in a container the folder must be mounted")
        .mend(elsewhere(facts, context).unwrap_or_else(|| {
            format!(
                "sudo install -d -o haproxy -g haproxy -m 755 {folder} && sudo systemctl restart haproxy"
            )
        }))
        .detail("folder", folder.as_str()),
    }
}

fn missing(facts: &Facts, context: &Context<'_>) -> Finding {
    let saw = format!("there is no socket `{}`", facts.path().unwrap_or_default());
    if let Some(mend) = elsewhere(facts, context) {
        return Finding::problem(&facts.door, "wrong-address", saw)
            .why("HAProxy's configuration has no `stats socket` with this path, but another one")
            .mend(mend);
    }
    Finding::problem(&facts.door, "socket-missing", saw)
        .why("HAProxy does not run, or is not told to make this socket; a path in a `chroot` is outside of it, and in a container the socket's folder must be mounted")
        .mend(start(facts, context))
}

fn nobody_listens(facts: &Facts, context: &Context<'_>) -> Finding {
    let tried: Vec<&str> = facts
        .connects
        .iter()
        .map(|connect| &*connect.address)
        .collect();
    let saw = format!(
        "nobody listens at `{}` (tried: {})",
        facts.address,
        tried.join(", ")
    );
    if let Some(mend) = elsewhere(facts, context) {
        return Finding::problem(&facts.door, "wrong-address", saw)
            .why("HAProxy's configuration has no `stats socket` with this port, but another one")
            .mend(mend);
    }
    Finding::problem(&facts.door, "nobody-listens", saw)
        .why("HAProxy does not run there, or has no `stats socket` with this port; of a container the port must be published")
        .mend(start(facts, context))
}

/// What the network says of a host, the same for sockets and pages.
pub(crate) fn by_network(facts: &Facts, code: &str, error: &Trouble) -> Finding {
    let door = &facts.door;
    let finding = |id: &str| Finding::problem(door, id, error.message.as_str());
    match code {
        "name-not-resolved" => finding("name-not-resolved")
            .why("the name is wrong, or not known to the resolver of this machine")
            .mend("compare `getent hosts NAME`, or give an address instead of a name"),
        "host-unreachable" => finding("host-unreachable")
            .why("this machine has no route to that address")
            .mend("compare `ip route get ADDRESS`"),
        "connect-timeout" => finding("connect-timeout")
            .why("a firewall drops what is sent there, or the host is away")
            .mend("let this machine's address through to that port in the firewall of the host (`sudo nft list ruleset`), and see whether the host is up (`ping`)"),
        _ => finding("connect-failed").mend(error.hint.clone().unwrap_or_else(|| {
            "see what the system says, and whether the address is right".to_owned()
        })),
    }
}
