//! What it means that a page is of no use.

use super::place::{Page, USUAL_EXPORTER, exporter, is_exporter, other_pages};
use crate::examine::Context;
use crate::facts::{Facts, Trouble};
use crate::finding::{Finding, Verdict, lines};
use crate::knowledge::PageAt;
use crate::silent;
use crate::socket::by_network;
use crate::url::Address;

impl<'a> Page<'a> {
    /// Why it is of no use.
    pub(super) fn refused(&self, error: &Trouble) -> Finding {
        let message = error.message.as_str();
        let problem = |id: &str| Finding::problem(self.door(), id, message);
        match error.code.as_str() {
            "connection-refused" => nobody_listens(self.facts, self.context),
            "name-not-resolved" | "host-unreachable" | "connect-timeout" | "connect-failed" => {
                by_network(self.facts, &error.code, error)
            }
            "unauthorized" => self.unauthorized(message),
            "forbidden" => forbidden(self.door(), message),
            "not-found" => self.wrong_path(message),
            "unavailable" if self.facts.status == Some(503) => self.wrong_path(message),
            // The same change, but it is not HAProxy that says so.
            "not-statistics" | "not-metrics" => Finding {
                id: error.code.clone(),
                ..self.wrong_path(message)
            }
            .why("something answers there, and not with what HAProxy gives: a website, another page, or a proxy in between that changes the address (`;csv`)"),
            "unavailable" => problem("unavailable")
                .why("a proxy before the page did not get an answer from it, or HAProxy has an error of its own")
                .mend(error.hint.clone().unwrap_or_default()),
            "redirected" | "too-many-redirects" => self.redirected(message),
            "content-encoding" => problem("compressed")
                .why("the page was asked for uncompressed, and what is between compresses it all the same")
                .mend("take `compression` off the page in HAProxy's configuration, or in the proxy before it"),
            "tls-expected" => problem("needs-tls")
                .why("the port speaks TLS (`bind … ssl`), and was asked in plain HTTP")
                .mend(self.with_tls(true)),
            "not-tls" => problem("no-tls")
                .why("the port speaks plain HTTP (its `bind` has no `ssl`), and was asked in TLS")
                .mend(self.with_tls(false)),
            "not-http" if self.facts.answers_as.as_deref() == Some("runtime") => problem("is-runtime-api")
                .why("it is a `stats socket`: the Runtime API, which speaks no HTTP (nor does `expose-fd listeners` make it)")
                .mend(self.runtime_api()),
            "not-http" => self.not_http(message),
            "interrupted" | "connection-reset" => self.closed(message),
            "first-byte-timeout" | "total-timeout" | "connections" => self.silent(message),
            "certificate-unknown-authority" => problem("certificate-unknown-authority")
                .why("without a known authority nobody can say that this is the right server: the password would go to whoever is in between")
                .mend("`HAPROXY_STATS_CA_FILE=/path/of/ca.pem`: the certificate of the authority that signed the one in the `bind … ssl crt` line (for a self-signed one, that one itself)"),
            "certificate-expired" => problem("certificate-expired")
                .why("an expired certificate is one that its authority does not stand by any more")
                .mend(format!("renew the file of {}, then `sudo systemctl reload haproxy`", self.bind())),
            "certificate-name" => problem("certificate-name")
                .why("the certificate is that of another host, so that this may be the wrong server")
                .mend(format!(
                    "write one of its names in `{}`, or have the certificate issued for the name there",
                    self.setting()
                )),
            // the host's words are exact for all that is wrong with certificates
            code => Finding::problem(self.door(), code, message)
                .mend(error.hint.clone().unwrap_or_else(|| self.elsewhere())),
        }
    }

    fn wrong_path(&self, message: &str) -> Finding {
        if is_exporter(self.facts) {
            return self.exporter_missing(message);
        }
        if let Some(page) = self.ignored() {
            return self.no_http_mode(message, Some(page));
        }
        let path = self.address.map_or("/", |address| address.path);
        let serving = self.configured.iter().find(|page| page.http);
        let mend = match (serving, self.address) {
            (Some(page), Some(address)) if page.uri != path => format!(
                "`HAPROXY_STATS_URL={}` (`stats uri` of `{}`, `{}`)",
                address.with(address.tls, &page.uri),
                page.section,
                page.place
            ),
            _ => {
                let others = other_pages(self.facts, self.context);
                if others.is_empty() {
                    format!(
                        "in the frontend with this `bind`: `stats enable` and `stats uri {path}`; or the path of its `stats uri` in `HAPROXY_STATS_URL`"
                    )
                } else {
                    others.join(" or ")
                }
            }
        };
        Finding::problem(self.door(), "wrong-path", message)
            .why("HAProxy serves the page at the path of `stats uri` only (`/haproxy?stats` where there is none), and answers 503 at all others where the frontend has no backend")
            .mend(mend)
    }

    fn exporter_missing(&self, message: &str) -> Finding {
        let path = self.address.map_or(USUAL_EXPORTER, |address| address.path);
        let others = other_pages(self.facts, self.context);
        let at = self
            .address
            .zip(self.context.knowledge)
            .and_then(|(address, knowledge)| knowledge.bind_at(address.port));
        let mend = match (others.as_slice(), at) {
            ([], Some(bind)) => {
                format!(
                    "in `{}` (`{}`): `{}`",
                    bind.section,
                    bind.place,
                    exporter(path)
                )
            }
            ([], None) => format!(
                "in a frontend with `mode http` and this `bind`: `{}`",
                exporter(path)
            ),
            (others, _) => others.join(" or "),
        };
        // Looked for beside the page, unasked.
        let unasked = path == USUAL_EXPORTER
            && self.context.facts("stats").is_some_and(|page| {
                self.address
                    .zip(Address::read(&page.address))
                    .is_some_and(|(own, other)| own.same_origin(&other))
            });
        let verdict = if unasked {
            Verdict::Warning
        } else {
            Verdict::Problem
        };
        Finding::new(self.door(), verdict, "exporter-missing", message)
            .why("HAProxy gives metrics for Prometheus only where its configuration says so; without them `show_metrics` has nothing to show")
            .mend(mend)
    }

    fn redirected(&self, message: &str) -> Finding {
        // `… sends on to `https://lb/stats`, which …`
        let target = message.split("sends on to `").nth(1);
        // `;csv` and the like are added to the address of the page, and are no part of it.
        let target = target.and_then(|rest| rest.split(['`', ';']).next());
        Finding::problem(self.door(), "redirected", message)
            .why("the name and the password of the page go to no other server than the configured one")
            .mend(match target {
                Some(target) => format!(
                    "if that is where it should lead: `{}={target}`",
                    self.setting()
                ),
                None => format!(
                    "the address of the page itself in `{}`; see the `redirect` lines of HAProxy's configuration",
                    self.setting()
                ),
            })
    }

    /// Closed without an answer.
    fn closed(&self, message: &str) -> Finding {
        if self.facts.says.is_some() {
            return self.not_http(message);
        }
        self.no_http_mode(message, self.ignored())
    }

    fn not_http(&self, message: &str) -> Finding {
        let saw = match &self.facts.says {
            Some(says) => format!("{message}; {says}"),
            None => message.to_owned(),
        };
        Finding::problem(self.door(), "not-http", saw)
            .why("another service listens there")
            .mend(self.elsewhere())
    }

    fn no_http_mode(&self, message: &str, page: Option<&PageAt>) -> Finding {
        let saw = match self.said_ignored() {
            Some(said) => format!("{message}; HAProxy said when it started: {}", said.trim()),
            None => message.to_owned(),
        };
        let mend = match page {
            Some(page) => format!(
                "in `{}` (`{}`): `mode http`, then `sudo systemctl reload haproxy`",
                page.section, page.place
            ),
            None => "in the frontend of the page: `mode http`, then `sudo systemctl reload haproxy` (`haproxy -c -f /etc/haproxy/haproxy.cfg` warns where a `stats` line is ignored)".to_owned(),
        };
        Finding::problem(self.door(), "no-http-mode", saw)
            .why("in any other mode than `http` (and `tcp` is the usual one) HAProxy takes the connection, ignores `stats enable`, and answers nothing")
            .mend(mend)
    }

    fn silent(&self, message: &str) -> Finding {
        let ignored = self.ignored();
        if ignored.is_some() || self.said_ignored().is_some() {
            return self.no_http_mode(message, ignored);
        }
        silent::of_page(self.facts, message)
    }

    /// What HAProxy said of a page that it ignores.
    fn said_ignored(&self) -> Option<&'a str> {
        let mut lines = self.context.startup?.lines();
        lines.find(|line| line.contains("'stats' statement ignored"))
    }
}

/// A rule says no.
fn forbidden(door: &str, message: &str) -> Finding {
    Finding::problem(door, "forbidden", message)
        .why("a rule of HAProxy's configuration (`http-request deny`, `stats http-request deny`) refuses this path, this user, or the address of this machine")
        .mend(lines([
            "except this machine in the rule itself, with its address in place of ADDRESS: `… deny if …` becomes `… deny if … !{ src ADDRESS }`, in each alternative of its condition",
            "and `… deny unless …` becomes `… deny unless … || { src ADDRESS }`",
            "but let no rule before it `allow`: that ends all further rules, and with them the one that asks for a password",
        ]))
}

fn nobody_listens(facts: &Facts, context: &Context<'_>) -> Finding {
    let saw = format!("nobody listens at `{}`", facts.address);
    let port = Address::read(&facts.address).map(|address| address.port);
    let knowledge = context.knowledge;
    if let Some(knowledge) = knowledge
        && port.is_some_and(|port| knowledge.bind_at(port).is_none())
    {
        let others = other_pages(facts, context);
        if !others.is_empty() {
            return Finding::problem(&facts.door, "wrong-address", saw)
                .why("HAProxy's configuration has no `bind` with this port, and serves the page elsewhere")
                .mend(others.join(" or "));
        }
    }
    let at = Page::of(facts, context);
    Finding::problem(&facts.door, "nobody-listens", saw)
        .why("HAProxy does not run there, or nothing in its configuration listens on this port; of a container the port must be published")
        .mend(lines([
            "sudo systemctl start haproxy",
            &*format!("and its configuration must have:\n{}", at.section()),
        ]))
}
