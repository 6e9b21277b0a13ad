//! The tool: looks at every door first, since what one shows explains another, and says then what was found.

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Serialize;

use crate::facts::Facts;
use crate::finding::{Finding, Verdict, lines};
use crate::knowledge::Knowledge;
use crate::url::Address;
use crate::{config, log, page, permission, socket};

/// Bytes of all files of a configuration that are read.
const CONFIGURATION_BYTES: usize = 16 * 1024 * 1024;

/// Where the Runtime API and the page are looked for where nothing is configured.
const DEFAULT_RUNTIME: &str = "tcp://127.0.0.1:9999";
const DEFAULT_PAGE: &str = "http://127.0.0.1:8404/stats";

/// Everything that is known.
pub(crate) struct Context<'a> {
    pub(crate) looks: &'a [Facts],
    pub(crate) knowledge: Option<&'a Knowledge>,
    /// What HAProxy said when it started, where it can be asked.
    pub(crate) startup: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    verdict: Verdict,
    findings: &'a [Finding],
}

pub(crate) fn doctor(call: &Call<'_>) -> Result<Outcome, Failure> {
    let names = call.doors().names();
    let mut looks = Vec::new();
    for (done, name) in (0_u32..).zip(&names) {
        let total = u32::try_from(names.len()).unwrap_or(u32::MAX);
        call.progress(done, total, name);
        looks.push(read(&call.doors().look(name)?)?);
    }
    let knowledge = names
        .iter()
        .any(|name| name == "config")
        .then(|| configuration(call))
        .flatten();
    let context = Context {
        looks: &looks,
        knowledge: knowledge.as_ref(),
        startup: None,
    };
    let startup = context.wants_startup().then(|| startup(call)).flatten();
    let findings = examine(&Context {
        startup: startup.as_deref(),
        ..context
    });
    let verdict = worst(&findings);
    let answer = Answer {
        verdict,
        findings: &findings,
    };
    Ok(Outcome::of(&answer)?.text(summary(&findings)))
}

/// Facts as the host tells them.
pub(crate) fn read(text: &str) -> Result<Facts, Failure> {
    serde_json::from_str(text).map_err(Failure::unparsable)
}

/// What HAProxy's configuration says; nothing where it cannot be read, which the facts of its door say.
fn configuration(call: &Call<'_>) -> Option<Knowledge> {
    let granted = call.files("config");
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut left = CONFIGURATION_BYTES;
    for name in granted.names().ok()? {
        let Ok(file) = granted.open(&name) else {
            continue;
        };
        let mut content = Vec::new();
        let read = file.for_each(|chunk| {
            let Some(rest) = left.checked_sub(chunk.len()) else {
                return Err(Failure::other("the configuration is too large"));
            };
            left = rest;
            content.extend_from_slice(chunk);
            Ok(())
        });
        if read.is_ok() {
            files.push((name, content));
        }
    }
    (!files.is_empty()).then(|| Knowledge::of(&files))
}

/// What HAProxy said when it started; nothing where it does not tell.
fn startup(call: &Call<'_>) -> Option<String> {
    let reply = call.instance().ask(&["show", "startup-logs"]).ok()?;
    reply.text().ok()
}

/// Everything that follows from what is known.
pub(crate) fn examine(context: &Context<'_>) -> Vec<Finding> {
    if context.looks.is_empty() {
        return vec![nothing_configured(
            "no way to HAProxy is configured",
            context,
        )];
    }
    let mut findings = Vec::new();
    for facts in context.looks {
        match facts.door.as_str() {
            "runtime" | "master" => findings.extend(socket::examine(facts, context)),
            "stats" | "metrics" => findings.extend(page::examine(facts, context)),
            "config" => findings.extend(config::examine(facts, context)),
            "log" => findings.extend(log::examine(facts)),
            other => findings.push(Finding::skipped(
                other,
                "unknown-door",
                "this version does not know what this door is",
            )),
        }
    }
    if context.is_default() {
        judge_defaults(&mut findings, context);
    }
    findings
}

impl<'a> Context<'a> {
    /// The facts of a door.
    pub(crate) fn facts(&self, door: &str) -> Option<&'a Facts> {
        self.looks.iter().find(|facts| facts.door == door)
    }

    /// Whether this HAProxy answers through another door.
    pub(crate) fn another_door_works(&self, door: &str) -> bool {
        self.looks
            .iter()
            .any(|facts| facts.door != door && facts.answered())
    }

    /// Whether a page is not there, and HAProxy can be asked what it said of that.
    fn wants_startup(&self) -> bool {
        let failed = |door| self.facts(door).is_some_and(|facts| !facts.answered());
        let works = self.facts("runtime").is_some_and(Facts::answered);
        works && (failed("stats") || failed("metrics"))
    }

    /// Whether nothing was configured, so that the usual addresses were tried.
    fn is_default(&self) -> bool {
        let is = |facts: &Facts| match facts.door.as_str() {
            "runtime" => facts.address == DEFAULT_RUNTIME,
            "stats" => facts.address == DEFAULT_PAGE,
            "metrics" => {
                let default = Address::read(DEFAULT_PAGE);
                let own = Address::read(&facts.address);
                default
                    .zip(own)
                    .is_some_and(|(one, other)| one.same_origin(&other))
            }
            _ => false,
        };
        self.facts("runtime").is_some()
            && self.facts("stats").is_some()
            && self.looks.iter().all(is)
    }
}

/// Where nothing was configured, one of two ways is enough.
fn judge_defaults(findings: &mut Vec<Finding>, context: &Context<'_>) {
    let is_fine = |door: &str| {
        findings
            .iter()
            .filter(|finding| finding.door == door)
            .all(|finding| finding.verdict != Verdict::Problem)
    };
    let (runtime, page) = (is_fine("runtime"), is_fine("stats"));
    if !runtime && !page {
        findings.insert(
            0,
            nothing_configured(format!(
                "no way to HAProxy is configured, and at the usual ones there is none: `{DEFAULT_RUNTIME}`, `{DEFAULT_PAGE}`"
            ), context),
        );
        return;
    }
    for finding in findings {
        let other = match finding.door.as_str() {
            "runtime" => page,
            "stats" => runtime,
            _ => false,
        };
        if other && finding.verdict == Verdict::Problem {
            finding.verdict = Verdict::Warning;
            finding
                .saw
                .push_str(" (nobody configured this address: it is the usual one)");
        }
    }
}

fn nothing_configured(saw: impl Into<String>, context: &Context<'_>) -> Finding {
    Finding::problem("settings", "nothing-configured", saw)
        .why("this server has to be told where HAProxy is, and HAProxy has to be told to listen there")
        .mend(lines([
            &*permission::into_group(context),
            &*format!(
                "in `global` of HAProxy's configuration: `stats socket /run/haproxy/admin.sock {} level admin`, then `sudo systemctl reload haproxy`",
                permission::FOR_GROUP
            ),
            "for this server: `HAPROXY_RUNTIME_SOCKET=/run/haproxy/admin.sock`, or `--runtime-socket /run/haproxy/admin.sock`",
        ]))
}

/// The worst verdict.
pub(crate) fn worst(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .map(|finding| finding.verdict)
        .max()
        .unwrap_or(Verdict::Ok)
        .max(Verdict::Ok)
}

/// One line for a person.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let of = |verdict, one: &str| {
        let found = findings.iter().filter(|finding| finding.verdict == verdict);
        let named: Vec<String> = found
            .map(|finding| format!("{} ({})", finding.door, finding.id))
            .collect();
        let many = if named.len() == 1 { "" } else { "s" };
        (!named.is_empty()).then(|| format!("{} {one}{many}: {}", named.len(), named.join(", ")))
    };
    let worse = [
        of(Verdict::Problem, "problem"),
        of(Verdict::Warning, "warning"),
    ];
    let worse: Vec<String> = worse.into_iter().flatten().collect();
    if !worse.is_empty() {
        return worse.join("; ");
    }
    let fine = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Ok);
    let mut doors: Vec<&str> = fine.map(|finding| &*finding.door).collect();
    doors.dedup();
    format!("all is well: {}", doors.join(", "))
}
