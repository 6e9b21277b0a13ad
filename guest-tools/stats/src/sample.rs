//! `sample_stat`: two samples of the statistics, and what happened between them.

use std::time::Duration;

use haproxy_asking::{Origin, SaidBy, from_any};
use haproxy_listing::Rows;
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::info::{Info, InfoError};
use haproxy_replies::stat::ObjectType;
use haproxy_replies::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};
use serde_json::value::RawValue;

use crate::counters::Counters;
use crate::fetch::fetch;
use crate::plan::{Filter, Scope};
use crate::query::Type;
use crate::rates::{Change, Changes, First, Plan, Sampled, Second};

/// Seconds between the samples, where the arguments do not say.
const SECONDS: u32 = 5;

/// Rows, where the arguments do not say.
const LIMIT: usize = 10;

/// Bytes of rows in an answer to a call without `limit`.
const ROWS_BYTES: usize = 5_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    seconds: Option<u32>,
    proxy: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    filter: Option<String>,
    counters: Option<Vec<String>>,
    sort: Option<String>,
    limit: Option<usize>,
}

/// The tool.
pub(crate) fn sample_stat(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let kind = arguments.kind.map(|kind| [ObjectType::from(kind)]);
    let plan = Plan {
        scope: Scope {
            proxy: arguments.proxy.as_deref(),
            types: kind
                .as_ref()
                .map_or(&[ObjectType::Frontend, ObjectType::Backend], |kind| {
                    kind.as_slice()
                }),
        },
        filter: Filter::new(arguments.filter.as_deref()),
        counters: Counters {
            asked: arguments.counters.as_deref(),
            sort: arguments.sort.as_deref().unwrap_or("stot"),
        },
        limit: arguments.limit.unwrap_or(LIMIT),
    };
    let seconds = arguments.seconds.unwrap_or(SECONDS);

    let ((before, begun, first), origin) = from_any(call, |origin| {
        let before = match origin {
            Origin::Runtime(instance) => Some(Process::of(instance)?),
            Origin::Page(_) => None,
        };
        let begun = call.monotonic();
        let first = fetch(origin, plan.scope, || First::new(&plan, before.is_none()))?;
        Ok((before, begun, first))
    })?;
    wait(call, begun, seconds, first.len())?;
    let ended = call.monotonic();
    let second = |restarted| {
        fetch(&origin, plan.scope, || {
            Second::new(&plan, &first, restarted)
        })
    };
    let mut restart = None;
    let changes = if let (Origin::Runtime(instance), Some(before)) = (&origin, before) {
        // asked for twice, so that no restart goes unnoticed: HAProxy may start anew while it is read
        let between = Process::of(instance)?;
        let mut changes = second(before.restarted(between))?;
        let mut after = Process::of(instance)?;
        if between.restarted(after) {
            changes = second(true)?;
            after = Process::of(instance)?;
        }
        restart = before.restarted(after).then_some(Restart { before, after });
        changes
    } else {
        match second(false)? {
            changes if changes.looks_restarted() => second(true)?,
            changes => changes,
        }
    };
    let said = origin.said(matches!(origin, Origin::Page(_)).then(|| NO_PROCESS.to_owned()));
    let answer = Sample {
        said: &said,
        elapsed: ended.saturating_sub(begun),
        counters: &first.counters,
        changes: &changes.finish(),
        restart,
        budget: arguments.limit.is_none().then_some(ROWS_BYTES),
    };
    let (structured, line) = answer.write()?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

/// What the statistics page does not say.
const NO_PROCESS: &str = "the statistics page does not say which process answers: a restart of HAProxy between the samples \
    shows only where counters went back, or every object has its state anew (`resets`)";

/// Waits, and says each second how far it is.
fn wait(call: &Call<'_>, begun: Duration, seconds: u32, objects: usize) -> Result<(), Failure> {
    for second in 0..seconds {
        call.progress(
            second,
            seconds,
            &format!("sampling {objects} objects: {second} of {seconds} s"),
        );
        let until = begun + Duration::from_secs(u64::from(second) + 1);
        let left = until.saturating_sub(call.monotonic());
        call.sleep(left)?;
    }
    call.progress(seconds, seconds, "taking the second sample");
    Ok(())
}

/// Which process answers, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, DeriveSerialize)]
pub(crate) struct Process {
    pub(crate) pid: u64,
    pub(crate) uptime_sec: u64,
}

impl Process {
    fn of(instance: &Instance) -> Result<Self, Failure> {
        let reply = instance.ask(&["show", "info"])?.bytes()?;
        Self::read(&reply).map_err(Failure::unparsable)
    }

    fn read(reply: &[u8]) -> Result<Self, InfoError> {
        let info = Info::read(reply)?;
        let number = |name| {
            info.require(name).map(|value| match value {
                Value::Unsigned(number) => *number,
                _ => 0,
            })
        };
        Ok(Self {
            pid: number("Pid")?,
            uptime_sec: number("Uptime_sec")?,
        })
    }

    /// Whether a later look sees another process. In a container each has the same number.
    pub(crate) fn restarted(self, later: Self) -> bool {
        self.pid != later.pid || later.uptime_sec < self.uptime_sec
    }
}

#[derive(Debug, Clone, Copy, DeriveSerialize)]
pub(crate) struct Restart {
    pub(crate) before: Process,
    pub(crate) after: Process,
}

/// The answer.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) said: &'a SaidBy,
    pub(crate) elapsed: Duration,
    pub(crate) counters: &'a [String],
    pub(crate) changes: &'a Changes,
    pub(crate) restart: Option<Restart>,
    pub(crate) budget: Option<usize>,
}

/// How much counters grew; those that did not are left out.
struct Grown<'a> {
    counters: &'a [String],
    grew: &'a [Option<u64>],
    /// Over so many seconds; in all where there are none.
    per: Option<f64>,
}

impl Serialize for Grown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, grown) in self.counters.iter().zip(self.grew) {
            match (grown, self.per) {
                (None | Some(0), _) => {}
                (Some(grown), None) => map.serialize_entry(name, grown)?,
                (Some(grown), Some(seconds)) => {
                    map.serialize_entry(name, &rate(*grown, seconds))?;
                }
            }
        }
        map.end()
    }
}

/// Per second, to three places.
#[expect(
    clippy::cast_precision_loss,
    reason = "a rate is not exact in any case"
)]
fn rate(grown: u64, seconds: f64) -> f64 {
    round(grown as f64 / seconds)
}

fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

impl Sample<'_> {
    /// The structured answer, and a line for a person.
    pub(crate) fn write(&self) -> serde_json::Result<(String, String)> {
        #[derive(DeriveSerialize)]
        struct Answer<'a, T: Serialize> {
            seconds: f64,
            rows: Box<RawValue>,
            matched: u64,
            totals: T,
            #[serde(skip_serializing_if = "Option::is_none")]
            restart: Option<Restart>,
            #[serde(skip_serializing_if = "is_zero")]
            resets: u64,
            #[serde(skip_serializing_if = "is_zero")]
            gone: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            left_out: Option<LeftOut>,
            #[serde(flatten)]
            said: &'a SaidBy,
        }
        #[derive(DeriveSerialize)]
        struct LeftOut {
            rows: u64,
            hint: &'static str,
        }
        let seconds = self.elapsed.as_secs_f64().max(0.001);
        let page = &self.changes.page;
        let mut rows = self.budget.map_or_else(Rows::default, Rows::within);
        for kept in &page.rows {
            if !rows.add(&self.row(&kept.row, seconds))? {
                break;
            }
        }
        let hidden = page.matched.saturating_sub(rows.count() as u64);
        let line = self.line(rows.count(), seconds);
        let answer = Answer {
            seconds: round(seconds),
            rows: rows.finish()?,
            matched: page.matched,
            totals: Totals {
                sample: self,
                seconds,
            },
            restart: self.restart,
            resets: self.changes.resets,
            gone: self.changes.gone,
            left_out: (hidden > 0).then_some(LeftOut {
                rows: hidden,
                hint: "a larger limit shows more, sort another order; narrow with proxy, type or filter",
            }),
            said: self.said,
        };
        Ok((serde_json::to_string(&answer)?, line))
    }

    fn row<'a>(&'a self, row: &'a Sampled, seconds: f64) -> impl Serialize + 'a {
        #[derive(DeriveSerialize)]
        struct Row<'a> {
            pxname: &'a str,
            svname: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            status: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            scur: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            qcur: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            deltas: Option<Grown<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            rates: Option<Grown<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<&'static str>,
        }
        let grown = |per| match &row.change {
            Change::Grew(grew) => Some(Grown {
                counters: self.counters,
                grew,
                per,
            }),
            _ => None,
        };
        Row {
            pxname: &row.pxname,
            svname: &row.svname,
            kind: row.kind.name(),
            status: &row.status,
            scur: row.scur,
            qcur: row.qcur,
            deltas: grown(None),
            rates: grown(Some(seconds)),
            note: match row.change {
                Change::Grew(_) => None,
                Change::Reset => Some("counters began anew between the samples"),
                Change::Appeared => Some("appeared between the samples"),
            },
        }
    }

    fn line(&self, shown: usize, seconds: f64) -> String {
        let mut line = format!(
            "{shown} of {} over {seconds:.1} s",
            self.changes.page.matched
        );
        if let Some(Restart { before, after }) = self.restart {
            line = format!(
                "{line}; HAProxy was restarted in between (process {} after {}): no rates, sample again",
                after.pid, before.pid
            );
        } else if self.changes.resets > 0 {
            line = format!(
                "{line}; of {} the counters began anew in between",
                self.changes.resets
            );
        }
        for (kind, sum) in ObjectType::ALL.into_iter().zip(&self.changes.sums) {
            let place = self.counters.iter().position(|name| name == "stot");
            if let Some(sum) = sum
                && let Some(place) = place
                && let Some(Some(grown)) = sum.grew.get(place)
            {
                line = format!(
                    "{line}; {}s: {} sessions/s",
                    kind.name(),
                    rate(*grown, seconds)
                );
            }
        }
        line
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it so; small only where pointers are large"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The sums, each type apart.
struct Totals<'a> {
    sample: &'a Sample<'a>,
    seconds: f64,
}

impl Serialize for Totals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(DeriveSerialize)]
        struct One<'a> {
            rows: u64,
            deltas: Grown<'a>,
            rates: Grown<'a>,
        }
        let mut map = serializer.serialize_map(None)?;
        for (kind, sum) in ObjectType::ALL.into_iter().zip(&self.sample.changes.sums) {
            if let Some(sum) = sum {
                let grown = |per| Grown {
                    counters: self.sample.counters,
                    grew: &sum.grew,
                    per,
                };
                map.serialize_entry(
                    kind.name(),
                    &One {
                        rows: sum.rows,
                        deltas: grown(None),
                        rates: grown(Some(self.seconds)),
                    },
                )?;
            }
        }
        map.end()
    }
}
