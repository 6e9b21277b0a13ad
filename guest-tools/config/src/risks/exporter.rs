//! The Prometheus exporter: whether there is one, and who may read it.

use haproxy_configuration::{Section, Setting};

use super::address::Reach;
use super::condition::{Must, must};
use super::context::Context;
use super::page;
use super::report::{Evidence, Report, Risk, Severity};

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let configuration = context.configuration;
    for section in configuration
        .sections()
        .iter()
        .filter(|section| section.kind.is_proxy())
    {
        let rules = configuration.settings(
            section,
            &["http-request", "use-service", "prometheus-exporter"],
        );
        for rule in rules {
            exporter(context, section, &rule, report);
        }
    }
}

fn exporter(
    context: &Context<'_>,
    section: &Section<'_>,
    rule: &Setting<'_, '_>,
    report: &mut Report,
) {
    let configuration = context.configuration;
    let mode = configuration.setting(section, &["mode"]);
    if mode.as_ref().map_or("tcp", |mode| mode.words.at(1)) != "http"
        && !mode.is_some_and(|mode| mode.words.expands(1))
    {
        report.add(Risk {
            severity: Severity::Medium,
            id: "exporter-ignored",
            title: "There is no exporter: the proxy is not in HTTP mode",
            evidence: vec![Evidence::line(rule)],
            more: 0,
            alike: false,
            why: "HAProxy ignores `http-request` rules in a proxy of another mode than `http`, with no more than a \
                  warning; without `mode` it is `tcp`"
                .to_owned(),
            mend: "mode http".to_owned(),
        });
        return;
    }
    if must(configuration, rule.section, &rule.words, 3) > Must::Nothing {
        return;
    }
    // only what stands before it guards it
    let gate = context.fronts.gate(configuration, section, Some(rule));
    if gate.must > Must::Unknown {
        return;
    }
    let guarded = gate.must > Must::Nothing;
    let beside = page::has_users(context, section);
    let entrances = context.fronts.entrances(section);
    let unproven = entrances.filter(|entrance| !entrance.verified);
    let Some(entrance) = unproven.max_by_key(|entrance| entrance.reach) else {
        return;
    };
    let mut why = if entrance.is_open() {
        "whoever reaches it sees the names of all servers, and how they are".to_owned()
    } else {
        "every user and program of this machine sees the names of all servers, and how they are"
            .to_owned()
    };
    if guarded {
        why.push_str(". Rules may keep some out: see there");
    }
    if beside {
        why.push_str(
            ". `stats auth` is a password for the page, and not for the exporter beside it: `http-request auth` before \
             the exporter is one for both",
        );
    }
    let (severity, id, title) = match (entrance.reach, guarded) {
        (Reach::Unknown | Reach::Network, false) => (
            Severity::Medium,
            "exporter-open",
            "The Prometheus exporter answers everybody",
        ),
        (Reach::Unknown | Reach::Network, true) => (
            Severity::Low,
            "exporter-open",
            "The Prometheus exporter answers everybody",
        ),
        (Reach::Loopback, false) if beside => (
            Severity::Low,
            "exporter-beside-password",
            "The password of the statistics page does not protect the exporter beside it",
        ),
        _ => return,
    };
    report.add(Risk {
        severity,
        id,
        title,
        evidence: vec![Evidence::line(rule), Evidence::line(&entrance.bind)],
        more: 0,
        alike: false,
        why,
        mend:
            "http-request use-service prometheus-exporter if { path /metrics } { src 192.0.2.10 }"
                .to_owned(),
    });
}
