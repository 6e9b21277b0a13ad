//! What the HAProxy that runs adds: its version, its sockets, its certificates, and what it said when it started.

use std::collections::BTreeMap;

use haproxy_configuration::{Configuration, Kind};
use haproxy_mcp_sdk::bindings::haproxy::module::types::{HostError, Problem};
use haproxy_mcp_sdk::{Call, Failure, Instance};
use haproxy_replies::columns::Columns;
use haproxy_replies::info::Info;
use haproxy_replies::ssl::certificates::{Section, SectionsReader};
use haproxy_replies::ssl::files::FilesReader;
use haproxy_replies::ssl::sni::SniReader;
use haproxy_replies::startup_logs;
use haproxy_replies::value::Value;
use serde::Serialize;

use super::address::{Reach, addresses};
use super::report::{Evidence, Report, Risk, Severity};

/// Certificates that are asked one by one, before 3.2.
const ASKED: usize = 300;

/// Commands that are sent where `show info` was answered.
const OTHERS: [&str; 3] = ["show cli sockets", "show ssl cert", "show startup-logs"];

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days within which a certificate has to be renewed, and within which it is late for it.
const SOON: i64 = 30;
const VERY_SOON: i64 = 7;

/// What was learnt of the HAProxy that runs.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Running {
    asked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// How many connections it takes at once.
    #[serde(skip)]
    maxconn: Option<u64>,
    /// Why it was not asked, or not everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_asked: Vec<NotAsked>,
    /// Certificates that were not looked at.
    #[serde(skip_serializing_if = "is_none")]
    certificates_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

/// A command without an answer.
#[derive(Debug, Clone, Serialize)]
struct NotAsked {
    command: &'static str,
    reason: String,
    message: String,
}

impl Running {
    /// Major and minor version.
    pub(crate) fn version(&self) -> Option<(u32, u32)> {
        let mut parts = self.version.as_deref()?.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?;
        let digits = minor
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(minor.len());
        Some((major, minor.get(..digits)?.parse().ok()?))
    }

    /// How many connections it takes at once.
    pub(crate) fn maxconn(&self) -> Option<u64> {
        self.maxconn
    }

    /// Whether it was asked.
    pub(crate) fn asked(&self) -> bool {
        self.asked
    }

    /// Asks what runs. That it cannot be asked is told, and no failure.
    ///
    /// # Errors
    /// Where the caller gave up, or the limits of the call are reached.
    pub(crate) fn ask(
        call: &Call<'_>,
        configuration: &Configuration<'_>,
        report: &mut Report,
    ) -> Result<Self, Failure> {
        let instance = call.instance();
        let mut running = Self::default();
        let told = running.take("show info", process(&instance))?;
        let Some((version, maxconn)) = told else {
            // for the same reason nothing else was
            if let Some(first) = running.not_asked.first().cloned() {
                let others = OTHERS.iter().map(|command| NotAsked {
                    command,
                    ..first.clone()
                });
                running.not_asked.extend(others);
            }
            return Ok(running);
        };
        running.maxconn = maxconn;
        running.asked = true;
        running.version = Some(version);
        let sockets = sockets(&instance, configuration, report);
        running.take("show cli sockets", sockets)?;
        let certificates = certificates(call, &instance, report);
        let left_out = running.take("show ssl cert", certificates)?;
        running.certificates_left_out = left_out.unwrap_or_default();
        let said = startup(&instance, report);
        running.take("show startup-logs", said)?;
        Ok(running)
    }

    /// The answer, unless there is none.
    fn take<T>(
        &mut self,
        command: &'static str,
        answer: Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(failure @ Failure::Host(HostError::Cancelled | HostError::Exhausted(_))) => {
                Err(failure)
            }
            Err(failure) => {
                let (reason, message) = said(&failure);
                self.not_asked.push(NotAsked {
                    command,
                    reason,
                    message,
                });
                Ok(None)
            }
        }
    }
}

fn said(failure: &Failure) -> (String, String) {
    match failure {
        Failure::Host(
            HostError::Unreachable(Problem { code, message })
            | HostError::Timeout(Problem { code, message })
            | HostError::Interrupted(Problem { code, message })
            | HostError::Malformed(Problem { code, message })
            | HostError::Other(Problem { code, message }),
        ) => (code.clone(), message.clone()),
        Failure::Host(HostError::Denied(denial)) => ("denied".to_owned(), denial.hint.clone()),
        Failure::Rejected(code, detail) => (code.clone(), detail.message.clone()),
        Failure::Unsupported(detail) => ("unsupported".to_owned(), detail.message.clone()),
        Failure::Unparsable(detail) => ("unparsable".to_owned(), detail.message.clone()),
        _ => ("other".to_owned(), String::new()),
    }
}

/// Its version, and how many connections it takes.
fn process(instance: &Instance) -> Result<(String, Option<u64>), Failure> {
    let reply = instance.ask(&["show", "info"])?.bytes()?;
    let info = Info::read(&reply).map_err(Failure::unparsable)?;
    let Value::Text(version) = info.require("Version").map_err(Failure::unparsable)? else {
        return Err(Failure::unparsable("the version is no text"));
    };
    let maxconn = match info.get("Maxconn") {
        Some(Value::Unsigned(maxconn)) => Some(*maxconn),
        _ => None,
    };
    Ok((version.clone().into_owned(), maxconn))
}

/// Sockets that other machines can reach and that are in no file.
fn sockets(
    instance: &Instance,
    configuration: &Configuration<'_>,
    report: &mut Report,
) -> Result<(), Failure> {
    let reply = instance.ask(&["show", "cli", "sockets"])?.bytes()?;
    let table = Columns::read(&reply, ' ').map_err(Failure::unparsable)?;
    let socket = table.require("socket").map_err(Failure::unparsable)?;
    let level = table.require("lvl").map_err(Failure::unparsable)?;
    for row in &table.rows {
        let (Some(socket), Some(level)) = (row.get(socket), row.get(level)) else {
            continue;
        };
        let port = addresses(socket, false)
            .find(|address| address.reach == Reach::Network)
            .and_then(|address| address.port);
        let Some(port) = port else { continue };
        let written = configuration
            .lines(Kind::Global, &["stats", "socket"])
            .any(|line| {
                addresses(line.words.at(2), line.words.expands(2))
                    .any(|address| address.port == Some(port) && address.reach == Reach::Network)
            });
        if !written {
            report.add(Risk {
                severity: Severity::High,
                id: "runtime-api-on-network",
                title: "The Runtime API is open to the network",
                evidence: vec![Evidence::said("show cli sockets", &format!("{socket} {level}"))],
                more: 0,
            alike: false,
                why: "it knows no password: whoever reaches this port may use it. It is in none of the files that were \
                      read: they have changed since HAProxy started, or there are others"
                    .to_owned(),
                mend: format!("stats socket 127.0.0.1:{port} level {level}"),
            });
        }
    }
    Ok(())
}

/// A certificate, and until when it is valid.
struct Expiry {
    until: i64,
    text: String,
}

/// Tells of those that expire; how many were not looked at.
fn certificates(
    call: &Call<'_>,
    instance: &Instance,
    report: &mut Report,
) -> Result<usize, Failure> {
    let mut left_out = 0;
    let mut found: BTreeMap<String, Expiry> = BTreeMap::new();
    let command = match names(instance, &mut found) {
        Err(Failure::Unsupported(_)) => {
            left_out = one_by_one(instance, &mut found)?;
            "show ssl cert"
        }
        other => {
            other?;
            "show ssl sni"
        }
    };
    let now = call.now();
    let mut all: Vec<(String, Expiry)> = found.into_iter().collect();
    all.sort_by_key(|(_, expiry)| expiry.until);
    for (file, expiry) in all {
        let days = (expiry.until - now).div_euclid(DAY);
        let (severity, id, title, why) = if days < 0 {
            (
                Severity::High,
                "certificate-expired",
                "Certificates have expired",
                "clients that check refuse the connection",
            )
        } else if days < SOON {
            (
                if days < VERY_SOON {
                    Severity::High
                } else {
                    Severity::Medium
                },
                "certificate-expires",
                "Certificates expire soon",
                "after that, clients that check refuse the connection",
            )
        } else {
            continue;
        };
        let text = format!("{file}: valid until {} ({days} days)", expiry.text);
        report.add(Risk {
            severity,
            id,
            title,
            evidence: vec![Evidence::said(command, &text)],
            more: 0,
            alike: false,
            why: why.to_owned(),
            mend:
                "# a new certificate in the file, then a reload, or `update_ssl_cert` without one"
                    .to_owned(),
        });
    }
    Ok(left_out)
}

/// The certificates that answer clients, from 3.2 on.
fn names(instance: &Instance, found: &mut BTreeMap<String, Expiry>) -> Result<(), Failure> {
    let mut reader = SniReader::default();
    instance.ask(&["show", "ssl", "sni"])?.for_each(|chunk| {
        reader
            .push(chunk, |name| {
                if let (Some(file), Some(until), Some(text)) = (
                    name.field("Filename"),
                    name.time("NotAfter"),
                    name.field("NotAfter"),
                ) {
                    found.entry(file.to_string()).or_insert_with(|| Expiry {
                        until,
                        text: text.to_string(),
                    });
                }
            })
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)
}

/// The certificates one by one, without those that nothing uses; how many were not looked at.
fn one_by_one(instance: &Instance, found: &mut BTreeMap<String, Expiry>) -> Result<usize, Failure> {
    let mut files = Vec::new();
    let mut left_out = 0;
    let mut reader = FilesReader::with_header();
    let mut keep = |file: haproxy_replies::ssl::files::File<'_>| {
        if file.uncommitted {
            return;
        }
        if files.len() >= ASKED {
            left_out += 1;
        } else {
            files.push(String::from_utf8_lossy(file.name).into_owned());
        }
    };
    instance
        .ask(&["show", "ssl", "cert"])?
        .for_each(|chunk| reader.push(chunk, &mut keep).map_err(Failure::unparsable))?;
    reader.finish().map_err(Failure::unparsable)?;
    for file in files {
        let reply = match instance.ask(&["show", "ssl", "cert", &file]) {
            // It was deleted meanwhile.
            Err(Failure::Rejected(..)) => continue,
            other => other?.bytes()?,
        };
        let mut sections: Vec<Section> = Vec::new();
        let mut reader = SectionsReader::default();
        reader
            .push(&reply, |section| sections.push(section))
            .map_err(Failure::unparsable)?;
        reader
            .finish(|section| sections.push(section))
            .map_err(Failure::unparsable)?;
        let Some(section) = sections.first() else {
            continue;
        };
        if section.field("Status") == Some("Unused") {
            continue;
        }
        if let (Some(until), Some(text)) = (section.time("notAfter"), section.field("notAfter")) {
            found.insert(
                file,
                Expiry {
                    until,
                    text: text.to_owned(),
                },
            );
        }
    }
    Ok(left_out)
}

/// What HAProxy warned of.
fn startup(instance: &Instance, report: &mut Report) -> Result<(), Failure> {
    let reply = instance.ask(&["show", "startup-logs"])?.bytes()?;
    for message in startup_logs::read(&reply) {
        if !matches!(message.level.as_deref(), Some("WARNING" | "ALERT")) {
            continue;
        }
        report.add(Risk {
            severity: Severity::Low,
            id: "start-warning",
            title: "HAProxy warned when it started",
            evidence: vec![Evidence::said("show startup-logs", message.text.trim())],
            more: 0,
            alike: false,
            why: "it started, but does not do all that is written, or not as it is meant"
                .to_owned(),
            mend: "# what the warning says".to_owned(),
        });
    }
    Ok(())
}
