//! The Runtime API and the master's socket.

use haproxy_replies::info::Info;
use haproxy_replies::processes;
use haproxy_replies::value::Value;

use crate::examine::Context;
use crate::facts::{Facts, PathFacts, Stop, Trouble};
use crate::finding::{Finding, lines, milliseconds, since};
use crate::knowledge::Knowledge;
use crate::{permission, silent};

/// What there is to say of a socket.
pub(crate) fn examine(facts: &Facts, context: &Context<'_>) -> Vec<Finding> {
    if facts.connects.is_empty() && facts.unresolved.is_none() {
        return vec![Finding::skipped(
            &facts.door,
            "not-looked-at",
            "the look was broken off",
        )];
    }
    if let Some(error) = facts.connect_error() {
        return vec![unconnected(facts, error, context)];
    }
    if let Some((asked, error)) = facts.failed() {
        let saw = format!(
            "`{}` takes connections, and `{}` failed after {}: {}",
            facts.address,
            asked.command,
            milliseconds(asked.milliseconds),
            error.message
        );
        return vec![unanswered(facts, error, &saw, context)];
    }
    match facts.door.as_str() {
        "master" => vec![master(facts)],
        _ => runtime(facts, context),
    }
}

// -- no connection --

fn unconnected(facts: &Facts, error: &Trouble, context: &Context<'_>) -> Finding {
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
        .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts))),
        "permission-denied" => finding(
            "socket-denied",
            format!("no permission to use `{}`", facts.address),
        )
        .why("connecting to a Unix socket needs write permission")
        .mend(facts.file.as_ref().map_or_else(String::new, |file| {
            permission::of_socket(file, context.knowledge)
        })),
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
            .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts))),
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
        .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts))),
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
        .mend(start(facts))
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
        .mend(start(facts))
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

// -- a connection, and no answer --

fn unanswered(facts: &Facts, error: &Trouble, saw: &str, context: &Context<'_>) -> Finding {
    let door = &facts.door;
    let finding = |id| Finding::problem(door, id, saw);
    match facts.answers_as.as_deref() {
        Some("master") => {
            return finding("is-master-socket")
                .why("it is the socket of HAProxy's master process (`haproxy -W -S`), which answers other commands than a worker's")
                .mend(match facts.path() {
                    Some(path) => format!("`HAPROXY_MASTER_SOCKET={path}` instead of `HAPROXY_RUNTIME_SOCKET`: commands go through it where no other socket is given"),
                    None => format!("`HAPROXY_MASTER_SOCKET={}` instead of the address of the Runtime API", facts.address),
                });
        }
        Some("worker") => {
            return finding("is-worker-socket")
                .why("it is a `stats socket` of a worker, and not the master's: only the master lists processes and reloads")
                .mend(lines([
                    "start HAProxy with `-W -S /run/haproxy-master.sock`, and give that as `HAPROXY_MASTER_SOCKET`",
                    &match facts.path() {
                        Some(path) => format!("and this one as `HAPROXY_RUNTIME_SOCKET={path}`"),
                        None => format!("and this one as `HAPROXY_RUNTIME_URL={}`", facts.address),
                    },
                ]));
        }
        _ => {}
    }
    match error.code.as_str() {
        "first-byte-timeout" | "total-timeout" | "connections" => silent::of(facts, saw, context),
        "not-haproxy" if error.message.contains("\"HTTP/") || error.message.contains("\"<") => {
            web_page(facts, saw, context)
        }
        // a record of TLS: an alert
        "not-haproxy" if error.message.contains("\\u{15}\\u{3}") => speaks_tls(facts, saw, context),
        "not-haproxy" => finding("not-haproxy")
            .why("another service listens there")
            .mend(elsewhere(facts, context).unwrap_or_else(|| {
                format!(
                    "give the address of a `stats socket` line of HAProxy's configuration: `{}=…`",
                    setting(facts)
                )
            })),
        "interrupted" | "connection-reset" => closed(facts, saw, context),
        _ => finding("no-answer").mend(error.hint.clone().unwrap_or_else(|| start(facts))),
    }
}

fn web_page(facts: &Facts, saw: &str, context: &Context<'_>) -> Finding {
    let url = port(facts).and_then(|port| {
        let knowledge = context.knowledge?;
        let page = *knowledge.pages_at(port).first()?;
        knowledge.address_of(&page.section, &page.uri)
    });
    let host = facts
        .address
        .split_once("://")
        .map_or("HOST:PORT", |(_, host)| host);
    let page = url.unwrap_or_else(|| format!("http://{host}/stats"));
    let runtime = elsewhere(facts, context).unwrap_or_else(|| {
        "in `global` of HAProxy's configuration: `stats socket ipv4@127.0.0.1:9999 level admin`, and `HAPROXY_PORT=9999`".to_owned()
    });
    Finding::problem(&facts.door, "is-web-page", saw)
        .why("what listens there speaks HTTP: a website, or HAProxy's statistics page; the Runtime API is a `stats socket` of its own (`expose-fd listeners` makes no page of it, nor the other way round)")
        .mend(lines([
            &*format!("if it is the statistics page: `HAPROXY_STATS_URL={page}`"),
            &*format!("for the Runtime API: {runtime}"),
        ]))
}

fn speaks_tls(facts: &Facts, saw: &str, context: &Context<'_>) -> Finding {
    Finding::problem(&facts.door, "speaks-tls", saw)
        .why("what listens there speaks TLS, which a `stats socket` never does (it ignores `ssl`)")
        .mend(elsewhere(facts, context).unwrap_or_else(|| {
            "give the address of a `stats socket` line of HAProxy's configuration, not that of a website".to_owned()
        }))
}

/// Closed without a word.
fn closed(facts: &Facts, saw: &str, context: &Context<'_>) -> Finding {
    let bind = port(facts).and_then(|port| context.knowledge?.bind_at(port));
    if let Some(bind) = bind {
        return Finding::problem(&facts.door, "not-haproxy", saw)
            .why(format!(
                "it is a `bind` of `{}` (`{}`), not a `stats socket`",
                bind.section, bind.place
            ))
            .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts)));
    }
    Finding::problem(&facts.door, "closed-at-once", saw)
        .why("what listens there closes the connection without an answer: another service (one that wants TLS, for example), or an HAProxy that is just stopping")
        .mend(elsewhere(facts, context).unwrap_or_else(|| {
            format!("ask again; then give the address of a `stats socket` line of HAProxy's configuration: `{}=…`", setting(facts))
        }))
}

// -- an answer --

fn runtime(facts: &Facts, context: &Context<'_>) -> Vec<Finding> {
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

fn master(facts: &Facts) -> Finding {
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
            saw.push(format!("{reloads} reloads"));
        }
        finding = finding.detail("pid", master.pid);
    }
    let workers = listed.iter().filter(|process| process.kind == "worker");
    let workers = workers.count();
    saw.push(format!("{workers} workers"));
    finding.saw = saw.join("; ");
    finding.detail("workers", workers)
}

// -- where else it could be --

/// The settings that lead to a stats socket that the configuration has, where it has none at this address.
fn elsewhere(facts: &Facts, context: &Context<'_>) -> Option<String> {
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
fn line_of<'k>(
    facts: &Facts,
    knowledge: &'k Knowledge,
) -> Option<&'k crate::knowledge::StatsSocket> {
    match facts.path() {
        Some(path) => knowledge.at_path(path),
        None => knowledge.at_port(port(facts)?),
    }
}

fn port(facts: &Facts) -> Option<u16> {
    if facts.is_unix() {
        return None;
    }
    let (_, port) = facts.address.rsplit_once(':')?;
    port.parse().ok()
}

/// The setting that names this door.
fn setting(facts: &Facts) -> &'static str {
    match facts.door.as_str() {
        "master" => "HAPROXY_MASTER_SOCKET",
        _ if facts.is_unix() => "HAPROXY_RUNTIME_SOCKET",
        _ => "HAPROXY_RUNTIME_URL",
    }
}

/// How HAProxy gets to listen at this address.
fn start(facts: &Facts) -> String {
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
fn written(facts: &Facts) -> String {
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
