//! Something takes connections, or the kernel does in its name, and there is no answer: who is to blame.

use crate::examine::Context;
use crate::facts::{Facts, Process};
use crate::finding::{Finding, counted};

/// What to say of a socket that did not answer in time.
pub(crate) fn of(facts: &Facts, saw: &str, context: &Context<'_>) -> Finding {
    let door = &facts.door;
    if let Some(process) = facts.listener.as_ref().and_then(stopped) {
        return Finding::problem(
            door,
            "process-stopped",
            format!("{saw}; the process {} (`{}`) is stopped (state T)", process.pid, process.name),
        )
        .why("a stopped process (SIGSTOP, a debugger, a frozen container) keeps its sockets and answers nobody; the traffic stands still, too")
        .mend(format!("sudo kill -CONT {}", process.pid))
        .detail("pid", process.pid);
    }
    let listens = facts
        .listener
        .as_ref()
        .map(|process| {
            format!(
                "; `{}` listens there (process {})",
                process.name, process.pid
            )
        })
        .unwrap_or_default();
    let connections = facts.connections.unwrap_or_default();
    let count = format!(
        "; on this socket: {} open, {} waiting",
        counted(connections.taken, "connection"),
        connections.waiting
    );
    let (most, of) = match context.knowledge {
        Some(knowledge) if knowledge.says_maxconn() => {
            (knowledge.maxconn(), "`stats maxconn`".to_owned())
        }
        _ => (10, "`stats maxconn`, 10 unless it is set".to_owned()),
    };
    let raise = context
        .knowledge
        .filter(|knowledge| knowledge.says_maxconn())
        .map_or_else(
            || "in `global` of HAProxy's configuration: `stats maxconn 50`".to_owned(),
            |knowledge| {
                format!(
                    "in `global`, instead of `stats maxconn {}`: `stats maxconn 50`",
                    knowledge.maxconn()
                )
            },
        );
    if connections.waiting > 0 && (connections.taken > 0 || context.another_door_works(door)) {
        return Finding::problem(door, "connections-taken", format!("{saw}{listens}{count}"))
            .why(format!(
                "HAProxy lets all stats sockets together have a number of connections ({of}) and leaves the next one waiting without a word: other tools keep theirs open"
            ))
            .mend(format!(
                "close what keeps a connection open (`sudo ss -xp | grep {0}`, `sudo ss -tp | grep {0}`), or {raise}",
                haystack(facts)
            ))
            .detail("open", connections.taken)
            .detail("waiting", connections.waiting)
            .detail("stats_maxconn", most);
    }
    if connections.waiting > 0 {
        return Finding::problem(door, "process-hangs", format!("{saw}{listens}{count}"))
            .why("HAProxy takes no connections at all: it hangs, is stopped, or has no time; or connections of other stats sockets are all that `stats maxconn` allows")
            .mend(format!("`ps -o pid,stat,pcpu,args -C haproxy` (T: `sudo kill -CONT PID`; 100 % CPU or D: `sudo systemctl restart haproxy`); or {raise}"))
            .detail("open", connections.taken)
            .detail("waiting", connections.waiting);
    }
    let at = facts.path().map_or_else(
        || {
            format!(
                "`sudo ss -ltnp` shows the process that listens at `{}`",
                facts.address
            )
        },
        |path| format!("`sudo ss -xlp | grep {path}` shows the process"),
    );
    Finding::problem(door, "no-answer", format!("{saw}{listens}"))
        .why("something takes connections there and does not answer as HAProxy does: another service, or an HAProxy that hangs")
        .mend(format!("{at}; give the address of a `stats socket` line of HAProxy's configuration"))
}

/// The first stopped one of a process and its children.
fn stopped(process: &Process) -> Option<&Process> {
    std::iter::once(process)
        .chain(&process.children)
        .find(|process| matches!(process.state.as_str(), "T" | "t"))
}

/// What a list of connections is searched for.
fn haystack(facts: &Facts) -> String {
    match facts.path() {
        Some(path) => path.to_owned(),
        None => facts
            .address
            .rsplit_once(':')
            .map_or_else(|| facts.address.clone(), |(_, port)| format!(":{port}")),
    }
}

/// What to say of a page that did not answer in time, where nothing else says why.
pub(crate) fn of_page(facts: &Facts, saw: &str) -> Finding {
    let (id, why) = if facts.waits() {
        (
            "process-hangs",
            "nobody takes the connections that the kernel keeps for HAProxy: it hangs, is stopped, or all connections of this frontend are taken (`maxconn`)",
        )
    } else {
        (
            "no-answer",
            "the connection is taken and nothing comes: HAProxy hangs, or the frontend is not in `mode http`, or another service listens there",
        )
    };
    Finding::problem(&facts.door, id, saw)
        .why(why)
        .mend("`ps -o pid,stat,pcpu,args -C haproxy` (T: `sudo kill -CONT PID`; 100 % CPU or D: `sudo systemctl restart haproxy`); in the frontend of the page: `mode http`")
}
