//! Where a page is, and where HAProxy's configuration has it.

use crate::examine::Context;
use crate::facts::Facts;
use crate::finding::lines;
use crate::knowledge::PageAt;
use crate::url::Address;

/// Where an exporter is looked for where nobody said so: beside the page.
pub(super) const USUAL_EXPORTER: &str = "/metrics";

/// Whether it is the exporter, and not the statistics page.
pub(super) fn is_exporter(facts: &Facts) -> bool {
    facts.door == "metrics"
}

/// A page, and what the configuration says of its port.
pub(super) struct Page<'a> {
    pub(super) facts: &'a Facts,
    pub(super) context: &'a Context<'a>,
    pub(super) address: Option<Address<'a>>,
    /// Pages at this port.
    pub(super) configured: Vec<&'a PageAt>,
}

impl<'a> Page<'a> {
    pub(super) fn of(facts: &'a Facts, context: &'a Context<'a>) -> Self {
        let address = Address::read(&facts.address);
        let configured = address
            .zip(context.knowledge)
            .map(|(address, knowledge)| knowledge.pages_at(address.port))
            .unwrap_or_default();
        Self {
            facts,
            context,
            address,
            configured,
        }
    }

    pub(super) fn door(&self) -> &'a str {
        &self.facts.door
    }

    /// The section that would serve it.
    pub(super) fn section(&self) -> String {
        let port = self.address.map_or(8404, |address| address.port);
        let path = self.address.map_or("/stats", |address| address.path);
        let mut text = vec![
            "frontend stats".to_owned(),
            "    mode http".to_owned(),
            "    timeout client 10s".to_owned(),
            format!("    bind 127.0.0.1:{port}"),
        ];
        if is_exporter(self.facts) {
            text.push(format!("    {}", exporter(path)));
        } else {
            text.push("    stats enable".to_owned());
            text.push(format!("    stats uri {path}"));
        }
        text.join("\n")
    }

    /// A page of the configuration at this port that HAProxy ignores.
    pub(super) fn ignored(&self) -> Option<&'a PageAt> {
        self.configured.iter().copied().find(|page| !page.http)
    }

    /// The line by which the port listens, as far as the configuration is known.
    pub(super) fn bind(&self) -> String {
        let bind = self
            .address
            .zip(self.context.knowledge)
            .and_then(|(address, knowledge)| knowledge.bind_at(address.port));
        bind.map_or_else(
            || "the `bind … ssl crt FILE` line".to_owned(),
            |bind| {
                format!(
                    "`bind … ssl crt FILE` of `{}` (`{}`)",
                    bind.section, bind.place
                )
            },
        )
    }

    pub(super) fn with_tls(&self, tls: bool) -> String {
        let address = self
            .address
            .map_or_else(String::new, |address| address.with(tls, address.path));
        format!("`{}={address}`", self.setting())
    }

    pub(super) fn runtime_api(&self) -> String {
        let others = other_pages(self.facts, self.context);
        let runtime = self.address.map_or_else(String::new, |address| {
            format!("tcp://{}:{}", address.host, address.port)
        });
        let page = if others.is_empty() {
            format!("for the page, in HAProxy's configuration:\n{}", {
                // on a port of its own
                self.section().replace(
                    &format!(":{}", self.address.map_or(8404, |address| address.port)),
                    ":8404",
                )
            })
        } else {
            others.join(" or ")
        };
        lines([&*format!("`HAPROXY_RUNTIME_URL={runtime}`"), &*page])
    }

    pub(super) fn elsewhere(&self) -> String {
        let others = other_pages(self.facts, self.context);
        if others.is_empty() {
            format!("the address of the page in `{}`", self.setting())
        } else {
            others.join(" or ")
        }
    }

    pub(super) fn setting(&self) -> &'static str {
        if is_exporter(self.facts) {
            "HAPROXY_METRICS_URL"
        } else {
            "HAPROXY_STATS_URL"
        }
    }
}

/// Settings that lead to pages that the configuration has.
pub(super) fn other_pages(facts: &Facts, context: &Context<'_>) -> Vec<String> {
    let Some(knowledge) = context.knowledge else {
        return Vec::new();
    };
    let found: Vec<(&str, &str, String)> = if is_exporter(facts) {
        let path =
            |path: &Option<String>| path.clone().unwrap_or_else(|| USUAL_EXPORTER.to_owned());
        let exporters = knowledge.exporters.iter();
        exporters
            .map(|at| ("HAPROXY_METRICS_URL", &*at.section, path(&at.path)))
            .collect()
    } else {
        let pages = knowledge.pages.iter().filter(|page| page.http);
        pages
            .map(|at| ("HAPROXY_STATS_URL", &*at.section, at.uri.clone()))
            .collect()
    };
    found
        .into_iter()
        .filter_map(|(setting, section, path)| {
            let address = knowledge.address_of(section, &path)?;
            Some(format!("`{setting}={address}` (`{section}`)"))
        })
        .collect()
}

/// The line that makes an exporter.
pub(super) fn exporter(path: &str) -> String {
    format!("http-request use-service prometheus-exporter if {{ path {path} }}")
}
