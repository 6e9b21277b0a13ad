//! Old versions of TLS. HAProxy's own least version is TLS 1.2, since 2.2: only lines that lower it are a risk.

use haproxy_configuration::{Kind, Setting};

use super::context::Context;
use super::line::Line;
use super::report::{Evidence, Report, Risk, Severity};

/// Versions that should not be spoken any more (RFC 8996).
const OLD: [&str; 3] = ["SSLv3", "TLSv1.0", "TLSv1.1"];

/// Keywords that allow one version alone.
const FORCED: [&str; 3] = ["force-sslv3", "force-tlsv10", "force-tlsv11"];

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let configuration = context.configuration;
    for options in [
        &["ssl-default-bind-options"],
        &["ssl-default-server-options"],
    ] {
        for line in configuration.lines(Kind::Global, options.as_slice()) {
            look(&line, report);
        }
    }
    for section in configuration.sections() {
        let words = [
            &["bind"],
            &["server"],
            &["server-template"],
            &["default-server"],
        ];
        for line in words.iter().flat_map(|word| section.lines(word.as_slice())) {
            look(&line, report);
        }
    }
}

fn look(line: &Setting<'_, '_>, report: &mut Report) {
    let is_old = |keyword| {
        line.words
            .value(keyword, 1)
            .is_some_and(|version| OLD.contains(&version))
    };
    let forced = FORCED
        .iter()
        .find(|keyword| line.words.place(keyword, 1).is_some());
    let old = is_old("ssl-min-ver") || is_old("ssl-max-ver") || forced.is_some();
    if old {
        let mut mend = Line::of(&line.words);
        if let Some(keyword) = forced {
            mend = mend.without(keyword, 0);
        }
        if is_old("ssl-max-ver") {
            mend = mend.without("ssl-max-ver", 1);
        }
        report.add(Risk {
            severity: Severity::Medium,
            id: "tls-old",
            title: "Versions of TLS that are broken are allowed",
            evidence: vec![Evidence::line(line)],
            more: 0,
            alike: true,
            why: "SSL 3, TLS 1.0 and TLS 1.1 have known weaknesses (RFC 8996); without this HAProxy takes TLS 1.2 and \
                  newer for its own `bind` lines"
                .to_owned(),
            mend: mend.setting("ssl-min-ver", "TLSv1.2").text(),
        });
    } else if line.words.place("no-tlsv13", 1).is_some() {
        report.add(Risk {
            severity: Severity::Low,
            id: "tls-newest-off",
            title: "TLS 1.3 is switched off",
            evidence: vec![Evidence::line(line)],
            more: 0,
            alike: true,
            why: "TLS 1.3 is faster, and has no weak algorithms to choose from".to_owned(),
            mend: Line::of(&line.words).without("no-tlsv13", 0).text(),
        });
    }
}
