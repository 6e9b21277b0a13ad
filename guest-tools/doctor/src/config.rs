//! HAProxy's configuration, as far as it is about the doors.

use crate::examine::Context;
use crate::facts::{Facts, Granted};
use crate::finding::{Finding, Verdict, counted, lines};
use crate::knowledge::{Knowledge, SocketAddress};
use crate::permission;

/// Lines that cannot be read, as many as are shown.
const SHOWN_PROBLEMS: usize = 5;

/// What there is to say of the configuration.
pub(crate) fn examine(facts: &Facts, context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts
        .paths
        .iter()
        .filter_map(|granted| unreadable(&facts.door, granted))
        .collect();
    let Some(knowledge) = context.knowledge else {
        if findings.is_empty() {
            findings.push(
                Finding::problem(
                    &facts.door,
                    "config-empty",
                    "there is no file of a configuration in what was granted",
                )
                .mend("`HAPROXY_CONFIG_PATH=/etc/haproxy/haproxy.cfg`, or the folder of its `.cfg` files"),
            );
        }
        return findings;
    };
    findings.extend(does_not_parse(&facts.door, knowledge));
    findings.extend(no_stats_socket(&facts.door, knowledge, context));
    findings.extend(passwords_of_sockets(&facts.door, knowledge));
    findings.extend(pages_ignored(&facts.door, knowledge));
    if findings.is_empty() {
        findings.push(reads(&facts.door, knowledge));
    }
    findings
}

/// Of what was granted and cannot be read.
pub(crate) fn unreadable(door: &str, granted: &Granted) -> Option<Finding> {
    let path = &granted.path;
    let error = granted.trouble.as_ref().or(granted.troubles.first())?;
    let setting = if door == "log" {
        "HAPROXY_LOG_PATH"
    } else {
        "HAPROXY_CONFIG_PATH"
    };
    let access = granted.access.as_ref();
    let problem = |id: &str, saw: String| Finding::problem(door, id, saw);
    Some(match (error.code.as_str(), access) {
        ("not-found", _) => problem("file-missing", error.message.clone())
            .why("it was granted by this path, and nothing lies there")
            .mend(format!(
                "`{setting}=…` with the right path; `ps -o args -C haproxy` shows the `-f` of a HAProxy that runs"
            )),
        ("permission-denied", Some(access)) => {
            let owned = permission::owned(
                access.owner.as_ref(),
                access.group.as_ref(),
                access.mode.as_deref(),
            );
            let (saw, mend) = match &access.stopped_at {
                Some(stop) => (
                    format!("no permission to pass `{}` on the way to `{path}`", stop.path),
                    permission::of_folder(stop, &access.process),
                ),
                None => (
                    format!("no permission to read `{path}` ({owned})"),
                    permission::of_file(access),
                ),
            };
            let who = permission::who(&access.process);
            problem("file-denied", format!("{saw}; {who}"))
                .why("this server reads what was granted as the user that it runs as")
                .mend(mend)
        }
        (code, _) => problem("file-unreadable", error.message.clone())
            .why("what cannot be read is left out of what this server knows")
            .mend(
                error
                    .hint
                    .clone()
                    .unwrap_or_else(|| format!("see what lies at `{path}`")),
            )
            .detail("code", code),
    })
}

fn does_not_parse(door: &str, knowledge: &Knowledge) -> Option<Finding> {
    let first = knowledge.problems.first()?;
    let count = u64::try_from(knowledge.problems.len()).unwrap_or(u64::MAX);
    let shown: Vec<&str> = knowledge
        .problems
        .iter()
        .take(SHOWN_PROBLEMS)
        .map(String::as_str)
        .collect();
    let file = first.split(':').next().unwrap_or("haproxy.cfg");
    Some(
        Finding::problem(
            door,
            "does-not-parse",
            format!("{} cannot be read: {}", counted(count, "line"), shown.join("; ")),
        )
        .why("HAProxy does not start with such a configuration, and a reload keeps the old one: what runs is not what is written here")
        .mend(format!("mend what is named; `sudo haproxy -c -f {file}` (with its whole path) says whether it is right"))
        .detail("lines", count),
    )
}

fn no_stats_socket(door: &str, knowledge: &Knowledge, context: &Context<'_>) -> Option<Finding> {
    if !knowledge.sockets.is_empty() {
        return None;
    }
    // Whoever reaches it through the page or the master has no need of one.
    let works = context.looks.iter().any(|facts| {
        matches!(facts.door.as_str(), "runtime" | "master" | "stats") && facts.answered()
    });
    let verdict = if works {
        Verdict::Warning
    } else {
        Verdict::Problem
    };
    let line = format!(
        "stats socket /run/haproxy/admin.sock {} level admin",
        permission::FOR_GROUP
    );
    let place = match &knowledge.global {
        Some(place) => format!("in `global` (`{place}`): `{line}`"),
        None => format!("a section `global` with `{line}`"),
    };
    let mend = lines([
        &*permission::into_group(context),
        &*format!("{place}, then `sudo systemctl reload haproxy`"),
    ]);
    Some(
        Finding::new(
            door,
            verdict,
            "no-stats-socket",
            "the configuration has no `stats socket` line",
        )
        .why("without one HAProxy has no Runtime API at all")
        .mend(mend),
    )
}

/// Stats sockets with a password, which some guides have.
fn passwords_of_sockets(door: &str, knowledge: &Knowledge) -> Vec<Finding> {
    let wrong = knowledge
        .sockets
        .iter()
        .filter(|socket| socket.has("password"));
    wrong
        .map(|socket| {
            Finding::problem(
                door,
                "stats-socket-password",
                format!("the `stats socket` line in `{}` has a `password`", socket.place),
            )
            .why("there are no passwords for a stats socket, and its `user` is the system's owner of the file: HAProxy does not start with this line")
            .mend(format!(
                "in `{}`: `{}`; who may use it is said by `mode` and `group` of a Unix socket, or by mTLS in front of it",
                socket.place,
                socket.without(&["user", "password"])
            ))
        })
        .collect()
}

fn pages_ignored(door: &str, knowledge: &Knowledge) -> Vec<Finding> {
    // of a `backend` without the mode HAProxy says so, too
    let ignored = knowledge.pages.iter().filter(|page| !page.http);
    ignored
        .map(|page| {
            Finding::warning(
                door,
                "page-ignored",
                format!(
                    "`{}` (`{}`) has `stats` lines and is not in HTTP mode",
                    page.section, page.place
                ),
            )
            .why("HAProxy ignores them with a warning: there is no page, the port takes connections and answers nothing")
            .mend(format!("in `{}` (`{}`): `mode http`", page.section, page.place))
        })
        .collect()
}

fn reads(door: &str, knowledge: &Knowledge) -> Finding {
    let sockets: Vec<String> = knowledge
        .sockets
        .iter()
        .map(|socket| {
            let address = match &socket.address {
                SocketAddress::Unix(path) => path.clone(),
                SocketAddress::Tcp { host, port } => format!("{host}:{port}"),
                SocketAddress::Other(text) => text.clone(),
            };
            format!("`{address}` (level {})", socket.level)
        })
        .collect();
    let listed = |items: Vec<String>| {
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    let pages = knowledge.pages.iter();
    let pages = pages.map(|page| format!("`{}` in `{}`", page.uri, page.section));
    let exporters = knowledge.exporters.iter();
    let exporters = exporters.map(|exporter| {
        format!(
            "`{}` in `{}` (`{}`)",
            exporter.path.as_deref().unwrap_or("?"),
            exporter.section,
            exporter.place
        )
    });
    Finding::ok(
        door,
        "reads",
        format!(
            "{} with {}; stats sockets: {}; pages: {}; exporters: {}",
            counted(knowledge.files, "file"),
            counted(knowledge.sections, "section"),
            listed(sockets),
            listed(pages.collect()),
            listed(exporters.collect())
        ),
    )
}
