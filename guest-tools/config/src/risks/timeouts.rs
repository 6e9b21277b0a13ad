//! Time-outs without which connections stay for ever.

use haproxy_configuration::Section;

use super::context::Context;
use super::report::{Evidence, Report, Risk, Severity};

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let proxies = context
        .configuration
        .sections()
        .iter()
        .filter(|section| section.kind.is_proxy());
    for section in proxies {
        let missing = missing(context, section);
        if missing.is_empty() {
            continue;
        }
        report.add(Risk {
            severity: Severity::Medium,
            id: "timeout-missing",
            title: "Proxies have no time-outs",
            evidence: vec![Evidence::head(section)],
            more: 0,
            alike: false,
            why: "connections to somebody who is gone stay open, until no more can be had; HAProxy warns of it when it \
                  starts. One place for all is `defaults`"
                .to_owned(),
            mend: missing.join("\n"),
        });
    }
}

/// As HAProxy itself counts them.
fn missing(context: &Context<'_>, section: &Section<'_>) -> Vec<&'static str> {
    let configuration = context.configuration;
    let mode = configuration.setting(section, &["mode"]);
    let mode = mode.as_ref().map_or("tcp", |mode| mode.words.at(1));
    if !matches!(mode, "tcp" | "http") {
        return Vec::new();
    }
    let has = |words: &[&str; 2]| {
        let set = configuration.setting(section, words);
        set.is_some_and(|timeout| !is_zero(timeout.words.at(2)))
    };
    let mut missing = Vec::new();
    if section.kind.is_frontend() && !has(&["timeout", "client"]) {
        missing.push("timeout client 30s");
    }
    let servers = || {
        section
            .lines(&["server"])
            .chain(section.lines(&["server-template"]))
    };
    if section.kind.is_backend() && servers().next().is_some() {
        if !has(&["timeout", "connect"]) {
            missing.push("timeout connect 5s");
        }
        if !has(&["timeout", "server"]) && (mode == "http" || !has(&["timeout", "tunnel"])) {
            missing.push("timeout server 30s");
        }
    }
    missing
}

/// `0`, `0s`: none.
fn is_zero(time: &str) -> bool {
    let digits = time.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    !digits.is_empty() && digits.bytes().all(|byte| byte == b'0')
}
