//! A connection, and no answer as of HAProxy.

use super::place::{elsewhere, port, setting, start};
use crate::examine::Context;
use crate::facts::{Facts, Trouble};
use crate::finding::{Finding, lines};
use crate::silent;

/// Why there is no answer.
pub(super) fn unanswered(
    facts: &Facts,
    error: &Trouble,
    saw: &str,
    context: &Context<'_>,
) -> Finding {
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
        _ => finding("no-answer").mend(error.hint.clone().unwrap_or_else(|| start(facts, context))),
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
            .mend(elsewhere(facts, context).unwrap_or_else(|| start(facts, context)));
    }
    Finding::problem(&facts.door, "closed-at-once", saw)
        .why("what listens there closes the connection without an answer: another service (one that wants TLS, for example), or an HAProxy that is just stopping")
        .mend(elsewhere(facts, context).unwrap_or_else(|| {
            format!("ask again; then give the address of a `stats socket` line of HAProxy's configuration: `{}=…`", setting(facts))
        }))
}
