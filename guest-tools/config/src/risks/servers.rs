//! Servers: whether HAProxy knows that one is down, and whom it speaks TLS with.

use haproxy_configuration::{Configuration, Kind, Section, Setting, Words};

use super::address::{Reach, addresses};
use super::context::Context;
use super::line::Line;
use super::report::{Evidence, Report, Risk, Severity};

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let configuration = context.configuration;
    for section in configuration
        .sections()
        .iter()
        .filter(|section| section.kind.is_backend())
    {
        checks(configuration, section, report);
    }
    for section in configuration.sections() {
        let words = [&["server"], &["server-template"], &["default-server"]];
        for line in words.iter().flat_map(|word| section.lines(word.as_slice())) {
            unverified(&line, report);
            outside(context, &line, report);
        }
    }
    let everywhere = context
        .configuration
        .lines(Kind::Global, &["ssl-server-verify", "none"]);
    for line in everywhere {
        report.add(Risk {
            severity: Severity::Medium,
            id: "tls-server-unverified",
            title: "HAProxy does not check who its servers are",
            evidence: vec![Evidence::line(&line)],
            more: 0,
            alike: true,
            why: "whoever is on the way to any server can answer in its place, and read and change everything; it holds \
                  for all servers that do not say otherwise"
                .to_owned(),
            mend: "ssl-server-verify required".to_owned(),
        });
    }
}

/// The servers of a backend.
fn servers<'c, 'a>(section: &'c Section<'a>) -> Vec<Setting<'c, 'a>> {
    let mut servers: Vec<_> = section
        .lines(&["server"])
        .chain(section.lines(&["server-template"]))
        .collect();
    servers.sort_by_key(|server| server.statement.line);
    servers
}

fn checks(configuration: &Configuration<'_>, section: &Section<'_>, report: &mut Report) {
    let servers = servers(section);
    if servers.is_empty() {
        return;
    }
    let inherited = configuration
        .defaults_of(section)
        .find_map(|defaults| {
            let lines = defaults.lines(&["default-server"]);
            lines.filter_map(|line| checked(&line.words)).next_back()
        })
        .unwrap_or(false);
    let mut defaults = section.lines(&["default-server"]).peekable();
    let mut by_default = inherited;
    let mut unchecked = Vec::new();
    for server in &servers {
        while let Some(line) = defaults.next_if(|line| line.statement.line < server.statement.line)
        {
            by_default = checked(&line.words).unwrap_or(by_default);
        }
        let own = checked(&server.words).unwrap_or(by_default);
        if !own && server.words.place("track", 2).is_none() {
            unchecked.push(server);
        }
    }
    if unchecked.is_empty() {
        return;
    }
    let (severity, why) = match (servers.len(), unchecked.len() == servers.len()) {
        (1, _) => (
            Severity::Info,
            "HAProxy sends requests to the server even while it is down, and says that it is not checked",
        ),
        (_, true) => (
            Severity::Medium,
            "HAProxy goes on sending requests to a server that is down, and the others do not take over",
        ),
        (_, false) => (
            Severity::Low,
            "HAProxy goes on sending requests to such a server while it is down; others of the backend are checked",
        ),
    };
    report.add(Risk {
        severity,
        id: "server-unchecked",
        title: "Servers have no health checks",
        evidence: unchecked.into_iter().map(Evidence::line).collect(),
        more: 0,
        alike: true,
        why: why.to_owned(),
        mend: "default-server check".to_owned(),
    });
}

/// What a line says of checks, where it does.
fn checked(words: &Words<'_>) -> Option<bool> {
    let said = words
        .iter()
        .skip(1)
        .filter(|word| matches!(*word, "check" | "no-check"));
    said.last().map(|word| word == "check")
}

/// `verify none`
fn unverified(line: &Setting<'_, '_>, report: &mut Report) {
    let keywords = if line.words.at(0) == "default-server" {
        1
    } else {
        3
    };
    if line.words.value("verify", keywords) != Some("none") {
        return;
    }
    let here = keywords == 3
        && addresses(line.words.at(2), line.words.expands(2))
            .all(|address| address.reach < Reach::Unknown);
    let mend = Line::of(&line.words).setting("verify", "required");
    let mend = if line.words.place("ca-file", keywords).is_some() {
        mend
    } else {
        mend.and("ca-file /etc/ssl/certs/ca-certificates.crt")
    };
    report.add(Risk {
        severity: if here { Severity::Info } else { Severity::Medium },
        id: "tls-server-unverified",
        title: "HAProxy does not check who its servers are",
        evidence: vec![Evidence::line(line)],
        more: 0,
            alike: true,
        why: if here {
            "the server is on this machine, so that little can come between".to_owned()
        } else {
            "whoever is on the way to the server can answer in its place, and read and change everything".to_owned()
        },
        mend: mend.text(),
    });
}

/// A Unix socket that is seen from inside `chroot`, by its path outside.
fn outside(context: &Context<'_>, line: &Setting<'_, '_>, report: &mut Report) {
    let words = &line.words;
    if words.at(0) == "default-server" || words.expands(2) {
        return;
    }
    let Some(path) = addresses(words.at(2), false)
        .find(|address| address.reach == Reach::Path)
        .map(|address| address.text)
    else {
        return;
    };
    let chroots = context.configuration.lines(Kind::Global, &["chroot"]);
    let Some(chroot) = chroots.last().filter(|line| !line.words.expands(1)) else {
        return;
    };
    let folder = chroot.words.at(1).trim_end_matches('/');
    if folder.is_empty() {
        return;
    }
    let within = path
        .strip_prefix(folder)
        .filter(|rest| rest.starts_with('/'));
    let usual = ["/run/", "/var/run/", "/tmp/"];
    if within.is_none() && !usual.iter().any(|start| path.starts_with(start)) {
        return;
    }
    let seen = format!("{folder}{path}");
    if listens(context, &seen) {
        return;
    }
    report.add(Risk {
        severity: Severity::Medium,
        id: "server-outside-chroot",
        title: "HAProxy looks for a server's socket elsewhere than is written",
        evidence: vec![Evidence::line(line), Evidence::line(&chroot)],
        more: 0,
        alike: false,
        why: format!(
            "it connects from inside `chroot`, where this path is `{seen}`: where no socket is, connections are accepted and closed"
        ),
        mend: match within {
            Some(inside) => Line::of(words).with(2, &format!("unix@{inside}")).text(),
            None => format!("# a socket at {seen}, or one below {folder} by its path within"),
        },
    });
}

/// Whether HAProxy itself makes a socket at this path.
fn listens(context: &Context<'_>, path: &str) -> bool {
    let sections = context.configuration.sections().iter();
    sections
        .flat_map(|section| {
            let sockets = section.lines(&["stats", "socket"]).map(|line| (line, 2));
            sockets.chain(section.lines(&["bind"]).map(|line| (line, 1)))
        })
        .any(|(line, place)| {
            addresses(line.words.at(place), false).any(|address| address.text == path)
        })
}
