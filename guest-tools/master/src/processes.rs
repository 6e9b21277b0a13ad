//! `show_proc`, and the processes of the master for whoever compares them.

use haproxy_listing::Part;
use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use haproxy_replies::processes::{self, Process};
use serde::{Deserialize, Serialize};

use crate::need::ask;

/// From 3.4 on a socket of level user may not ask.
const COMMAND: Need = Need {
    command: &["show", "proc"],
    since: None,
    level: Some("operator"),
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Row {
    pid: u64,
    /// `master`, `worker`, or the name of a program.
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reloads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_reloads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    workers: u64,
    old_workers: u64,
    programs: u64,
}

pub(crate) fn show_proc(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let part = Part::new(
        &[Some("show_proc")],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let reply = ask(&COMMAND, &call.instance())?.bytes()?;
    let processes = processes::read(&reply).map_err(Failure::unparsable)?;
    let mut totals = Totals::default();
    let rows = processes
        .iter()
        .map(Row::of)
        .filter(|row| {
            let texts = [Some(&row.kind), row.group.as_ref(), row.version.as_ref()];
            part.holds(texts.into_iter().flatten().map(String::as_str))
        })
        .inspect(|row| match row.group.as_deref() {
            Some("workers") => totals.workers += 1,
            Some("old workers") => totals.old_workers += 1,
            Some("programs" | "old programs") => totals.programs += 1,
            _ => {}
        });
    let pages = part.of(rows);
    let written = part.write(&pages)?;
    let line = written.line(&format!(
        "processes: {} workers, {} old ones",
        totals.workers, totals.old_workers
    ));
    Ok(Outcome::of(&written.with(totals))?.text(line))
}

impl Row {
    fn of(process: &Process<'_>) -> Self {
        Self {
            pid: process.pid,
            kind: process.kind.to_string(),
            group: process.group.as_deref().map(str::to_owned),
            reloads: process.reloads,
            failed_reloads: process.failed_reloads,
            uptime_seconds: process.uptime,
            version: process.version.as_deref().map(str::to_owned),
        }
    }
}

/// What a reload changes of the processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct State {
    /// The number of the worker that serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) worker: Option<u64>,
    /// Reloads since the master began.
    pub(crate) reloads: u64,
    /// How many of the last ones failed, one after the other; from 3.2 on no more than 1 is counted.
    pub(crate) failed_reloads: u64,
    /// Workers from before earlier reloads that are still there.
    pub(crate) old_workers: Vec<u64>,
}

impl State {
    pub(crate) fn read(instance: &Instance) -> Result<Self, Failure> {
        let reply = ask(&COMMAND, instance)?.bytes()?;
        let processes = processes::read(&reply).map_err(Failure::unparsable)?;
        Ok(Self::of(&processes))
    }

    fn of(processes: &[Process<'_>]) -> Self {
        let group = |name: &'static str| {
            processes
                .iter()
                .filter(move |process| process.group.as_deref() == Some(name))
        };
        // The youngest has seen the fewest reloads. After one that failed it is listed among the old ones from 3.2 on.
        let youngest =
            |name: &'static str| group(name).min_by_key(|worker| worker.reloads.unwrap_or(0));
        let serving = youngest("workers").or_else(|| youngest("old workers"));
        let worker = serving.map(|process| process.pid);
        let master = processes.iter().find(|process| process.group.is_none());
        Self {
            worker,
            reloads: master.and_then(|master| master.reloads).unwrap_or(0),
            failed_reloads: master.and_then(|master| master.failed_reloads).unwrap_or(0),
            old_workers: group("old workers")
                .map(|process| process.pid)
                .filter(|pid| Some(*pid) != worker)
                .collect(),
        }
    }

    /// Whether a worker serves that was not there before.
    pub(crate) fn has_new_worker(&self, before: &Self) -> bool {
        self.failed_reloads == 0
            && self
                .worker
                .is_some_and(|pid| before.worker != Some(pid) && !before.old_workers.contains(&pid))
    }
}
