//! The Runtime API and the master's socket.

mod answer;
mod place;
mod unanswered;
mod unconnected;

use crate::examine::Context;
use crate::facts::Facts;
use crate::finding::{Finding, milliseconds};

pub(crate) use unconnected::by_network;

/// What there is to say of a socket.
pub(crate) fn examine(facts: &Facts, context: &Context<'_>) -> Vec<Finding> {
    if facts.connects.is_empty() && facts.unresolved.is_none() {
        return vec![Finding::skipped(
            &facts.door,
            "not-looked-at",
            "the look was broken off",
        )];
    }
    if let Some(finding) = same_as_master(facts, context) {
        return vec![finding];
    }
    if let Some(error) = facts.connect_error() {
        return vec![unconnected::unconnected(facts, error, context)];
    }
    if let Some((asked, error)) = facts.failed() {
        let saw = format!(
            "`{}` takes connections, and `{}` failed after {}: {}",
            facts.address,
            asked.command,
            milliseconds(asked.milliseconds),
            error.message
        );
        return vec![unanswered::unanswered(facts, error, &saw, context)];
    }
    match facts.door.as_str() {
        "master" => vec![answer::master(facts)],
        _ => answer::runtime(facts, context),
    }
}

/// Where commands go through the master's socket, what is wrong with that is said once.
fn same_as_master(facts: &Facts, context: &Context<'_>) -> Option<Finding> {
    let fails = |facts: &Facts| facts.connect_error().is_some() || facts.failed().is_some();
    let master = context.facts("master")?;
    let same = facts.door == "runtime" && facts.master && facts.address == master.address;
    (same && fails(facts) && fails(master)).then(|| {
        Finding::skipped(
            &facts.door,
            "same-as-master",
            format!(
                "commands go through the master's socket `{}`, which is of no use",
                facts.address
            ),
        )
    })
}
