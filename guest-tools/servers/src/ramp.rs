//! `ramp_weight`: more or fewer sessions for a server, step by step, as long as it bears them.

use std::time::Duration;

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::Named;
use crate::seen::{Operational, made};
use crate::weight::{self, Weight};

/// A ramp ends before the longest time of a call is over.
const LONGEST_SECONDS: u64 = 3_500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    weight: u64,
    steps: Option<u64>,
    interval_seconds: Option<u64>,
    max_errors: Option<u64>,
}

#[derive(Serialize)]
struct Ramped {
    #[serde(flatten)]
    change: Change<Weight>,
    reached: bool,
    weights: Vec<u64>,
    errors: Errors,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

impl Ramped {
    /// For a person.
    fn line(&self, path: &str, wanted: u64) -> String {
        let (before, after) = (self.change.before.weight, self.change.after.weight);
        match &self.stopped {
            None => format!(
                "{path}: weight {before} → {after} in {} steps, {} errors between them",
                self.weights.len(),
                self.errors.sum()
            ),
            Some(Stopped {
                operational: Some(operational),
                ..
            }) => format!(
                "{path}: stopped at weight {after}, short of {wanted}: it is {}",
                operational.word()
            ),
            Some(stopped) => format!(
                "{path}: stopped at weight {after}, short of {wanted}: {} errors within {} s, more than {}",
                stopped.errors.sum(),
                stopped.within_seconds,
                stopped.max_errors
            ),
        }
    }
}

/// Why it went no further.
#[derive(Serialize)]
struct Stopped {
    weight: u64,
    errors: Errors,
    max_errors: u64,
    within_seconds: u64,
    /// What became of it, where it was up before.
    #[serde(skip_serializing_if = "Option::is_none")]
    operational: Option<Operational>,
}

/// What a server's counters say of errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Errors {
    /// Answers of class 5xx.
    hrsp_5xx: u64,
    /// Connections that failed.
    econ: u64,
    /// Answers that were broken.
    eresp: u64,
}

impl Errors {
    fn read(instance: &Instance, named: &Named, id: &str) -> Result<Self, Failure> {
        let row = named.row(instance, id, &["hrsp_5xx", "econ", "eresp"])?;
        let number = |column| row.number(column).unwrap_or_default();
        Ok(Self {
            hrsp_5xx: number("hrsp_5xx"),
            econ: number("econ"),
            eresp: number("eresp"),
        })
    }

    /// By how much they grew; counters that are less than before began anew.
    fn since(self, before: Self) -> Self {
        let grown = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        Self {
            hrsp_5xx: grown(self.hrsp_5xx, before.hrsp_5xx),
            econ: grown(self.econ, before.econ),
            eresp: grown(self.eresp, before.eresp),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            hrsp_5xx: self.hrsp_5xx.saturating_add(other.hrsp_5xx),
            econ: self.econ.saturating_add(other.econ),
            eresp: self.eresp.saturating_add(other.eresp),
        }
    }

    fn sum(self) -> u64 {
        self.hrsp_5xx
            .saturating_add(self.econ)
            .saturating_add(self.eresp)
    }
}

/// The weights on the way, the last one included: as many as there are steps, or as there are weights.
fn way(from: u64, to: u64, steps: u64) -> Vec<u64> {
    let mut weights = Vec::new();
    for step in 1..=steps {
        let part = |span: u64| (span * step + steps / 2) / steps;
        let weight = if to >= from {
            from + part(to - from)
        } else {
            from - part(from - to)
        };
        if weight != weights.last().copied().unwrap_or(from) {
            weights.push(weight);
        }
    }
    weights
}

pub(crate) fn ramp_weight(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        weight: wanted,
        steps,
        interval_seconds,
        max_errors,
    } = call.arguments()?;
    let (steps, interval) = (steps.unwrap_or(5), interval_seconds.unwrap_or(10));
    let max_errors = max_errors.unwrap_or(5);
    let seconds = steps.saturating_sub(1).saturating_mul(interval);
    if seconds > LONGEST_SECONDS {
        return Err(Failure::invalid_argument(format!(
            "the ramp would take {seconds} s, more than a call may take: {LONGEST_SECONDS} s"
        ))
        .hint("take fewer steps, or shorter intervals; or ramp to a weight in between first")
        .argument("/interval_seconds"));
    }
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let before = weight::read(&instance, &named)?;
    let seen = named.seen(&instance)?;
    let id = seen.id;
    let mut counted = Errors::read(&instance, &named, &id)?;
    let way = way(before.weight, wanted, steps);
    let (mut after, mut errors) = (before, Errors::default());
    let mut weights: Vec<u64> = Vec::new();
    let mut stopped = None;
    for next in &way {
        if !weights.is_empty() {
            pause(
                call,
                interval,
                weights.len(),
                way.len(),
                &format!("{path} has weight {}", after.weight),
            )?;
            let now = Errors::read(&instance, &named, &id)?;
            let grown = now.since(counted);
            counted = now;
            errors = errors.and(grown);
            let present = weight::read(&instance, &named)?;
            if present.weight != after.weight {
                return Err(changed_by_others(&path, before, after, present)?);
            }
            // One that is down makes no errors, and would come back with more weight than it bore.
            let operational = named.seen(&instance)?.operational;
            let fell = seen.operational.is_up() && !operational.is_up();
            if fell || grown.sum() > max_errors {
                stopped = Some(Stopped {
                    weight: present.weight,
                    errors: grown,
                    max_errors,
                    within_seconds: interval,
                    operational: fell.then_some(operational),
                });
                break;
            }
        }
        after = made(
            call,
            || weight::read(&instance, &named),
            |_| weight::set(&instance, &named, *next),
            |after| after.weight == *next,
            &format!("weight {next} of `{path}`"),
        )?
        .after;
        weights.push(*next);
    }
    let change = Change::confirmed(
        before,
        after,
        weights.last().is_none_or(|last| *last == after.weight),
        &format!("weight {wanted} of `{path}`"),
    )?;
    let answer = Ramped {
        change,
        reached: stopped.is_none(),
        weights,
        errors,
        stopped,
    };
    let line = answer.line(&path, wanted);
    Ok(Outcome::of(&named.answer(answer))?.text(line))
}

/// Waits between two steps, and tells of it each second.
fn pause(
    call: &Call<'_>,
    seconds: u64,
    done: usize,
    steps: usize,
    message: &str,
) -> Result<(), Failure> {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    for second in 0..seconds {
        let left = seconds - second;
        call.progress(
            count(done),
            count(steps),
            &format!("{message}: next step in {left} s"),
        );
        call.sleep(Duration::from_secs(1))?;
    }
    Ok(())
}

fn changed_by_others(
    path: &str,
    before: Weight,
    set: Weight,
    present: Weight,
) -> Result<Failure, Failure> {
    let details = serde_json::json!({ "before": before, "set": set, "after": present });
    Ok(Failure::not_applied(format!(
        "somebody else changed the weight of `{path}` meanwhile: it was set to {}, and is {}",
        set.weight, present.weight
    ))
    .hint("nothing was changed since; find out who else changes it, then begin again")
    .details(serde_json::to_string(&details)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_ends_at_what_is_wanted_and_repeats_nothing() {
        assert_eq!(way(0, 100, 5), [20, 40, 60, 80, 100]);
        assert_eq!(way(100, 0, 4), [75, 50, 25, 0]);
        assert_eq!(way(10, 12, 100), [11, 12]);
        assert_eq!(way(0, 256, 1), [256]);
        assert_eq!(way(7, 7, 5), [0; 0]);
        assert_eq!(way(1, 256, 3), [86, 171, 256]);
    }

    #[test]
    fn counters_that_began_anew_count_from_nothing() {
        let errors = |hrsp_5xx, econ, eresp| Errors {
            hrsp_5xx,
            econ,
            eresp,
        };
        assert_eq!(errors(5, 2, 1).since(errors(3, 2, 0)), errors(2, 0, 1));
        assert_eq!(errors(1, 0, 0).since(errors(9, 0, 0)), errors(1, 0, 0));
        assert_eq!(errors(1, 2, 3).and(errors(1, 1, 1)).sum(), 9);
    }
}
