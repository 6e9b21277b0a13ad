//! `clear_counters` and `clear_counters_all`.
//!
//! Measured on 2.6, 3.0, 3.2 and 3.4: `clear counters` sets each maximum to 0, from where it grows again with the next
//! visitor; and the counters that modules of HAProxy add to the statistics (`h1_…`, `h2_…`, `ssl_…`) are set to 0 with
//! them, totals included. With `all` every counter of the statistics goes, but none of `show info` that counts from the
//! start of the process.

use std::collections::BTreeMap;

use haproxy_asking::statistics;
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::info::Info;
use haproxy_replies::stat::{Columns, Consumer, Row, StatError};
use haproxy_replies::value::{Value, unsigned};
use serde::{Deserialize, Serialize};

const CLEAR: Need = Need {
    command: &["clear", "counters"],
    since: None,
    level: Some("operator"),
};

const CLEAR_ALL: Need = Need {
    command: &["clear", "counters", "all"],
    since: None,
    level: Some("admin"),
};

/// Maxima of `show info`, and what each is the maximum of.
const MAXIMA_OF_INFO: [(&str, &str); 5] = [
    ("MaxConnRate", "ConnRate"),
    ("MaxSessRate", "SessRate"),
    ("MaxSslRate", "SslRate"),
    ("SslFrontendMaxKeyRate", "SslFrontendKeyRate"),
    ("SslBackendMaxKeyRate", "SslBackendKeyRate"),
];

/// The same of the statistics.
const MAXIMA_OF_STAT: [(&str, &str); 5] = [
    ("smax", "scur"),
    ("qmax", "qcur"),
    ("rate_max", "rate"),
    ("req_rate_max", "req_rate"),
    ("conn_rate_max", "conn_rate"),
];

/// Counters of the statistics, the first of which every visitor moves.
const COUNTERS: [&str; 12] = [
    "stot", "req_tot", "bin", "bout", "hrsp_2xx", "hrsp_4xx", "hrsp_5xx", "ereq", "dreq", "econ",
    "eresp", "wretr",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoArguments {}

/// Sums over all rows of the statistics, by column.
#[derive(Debug)]
struct Sums {
    wanted: Vec<&'static str>,
    /// Names that this HAProxy has, and their sums.
    sums: Vec<(&'static str, u64)>,
}

impl Consumer for Sums {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let places = self
            .wanted
            .iter()
            .filter_map(|name| Some((*name, columns.index(name)?)));
        let (sums, places) = places.map(|(name, place)| ((name, 0), place)).unzip();
        self.sums = sums;
        Ok(places)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        for (place, (_, sum)) in self.sums.iter_mut().enumerate() {
            *sum = sum.saturating_add(unsigned(row.field(place)).unwrap_or(0));
        }
        Ok(())
    }
}

fn sums(
    instance: &Instance,
    wanted: Vec<&'static str>,
) -> Result<BTreeMap<&'static str, u64>, Failure> {
    let sums = Sums {
        wanted,
        sums: Vec::new(),
    };
    let sums = statistics(instance, &["show", "stat"], sums)?.sums;
    Ok(sums.into_iter().collect())
}

/// The maxima: those of the process, and the sums of those of all frontends, backends and servers.
#[derive(Debug, Clone, Serialize)]
struct Maxima {
    info: BTreeMap<&'static str, u64>,
    stat: BTreeMap<&'static str, u64>,
    /// What they are the maxima of, at this moment.
    #[serde(skip)]
    present: BTreeMap<&'static str, u64>,
}

impl PartialEq for Maxima {
    fn eq(&self, other: &Self) -> bool {
        self.info == other.info && self.stat == other.stat
    }
}

impl Maxima {
    fn read(instance: &Instance) -> Result<Self, Failure> {
        let reply = instance.ask(&["show", "info"])?.bytes()?;
        let information = Info::read(&reply).map_err(Failure::unparsable)?;
        let number = |name: &str| match information.get(name) {
            Some(Value::Unsigned(number)) => Some(*number),
            _ => None,
        };
        let pairs = MAXIMA_OF_STAT.iter();
        let wanted = pairs
            .flat_map(|(most, present)| [*most, *present])
            .collect();
        let all = sums(instance, wanted)?;
        let of_stat = |name: &'static str| Some((name, *all.get(name)?));
        let of_info = |name: &'static str| Some((name, number(name)?));
        Ok(Self {
            info: MAXIMA_OF_INFO
                .iter()
                .filter_map(|(most, _)| of_info(most))
                .collect(),
            stat: MAXIMA_OF_STAT
                .iter()
                .filter_map(|(most, _)| of_stat(most))
                .collect(),
            present: MAXIMA_OF_INFO
                .iter()
                .filter_map(|(_, present)| of_info(present))
                .chain(
                    MAXIMA_OF_STAT
                        .iter()
                        .filter_map(|(_, present)| of_stat(present)),
                )
                .collect(),
        })
    }

    /// The first maximum that neither fell nor is what is there now.
    fn kept_from(&self, before: &Self) -> Option<&'static str> {
        let pairs = MAXIMA_OF_INFO.iter().chain(&MAXIMA_OF_STAT);
        pairs.copied().find_map(|(most, present)| {
            let of = |maxima: &Self| maxima.info.get(most).or(maxima.stat.get(most)).copied();
            let now = |maxima: &Self| maxima.present.get(present).copied().unwrap_or(0);
            let (was, is) = (of(before)?, of(self)?);
            let fell = is < was || was == 0 || is <= now(before).max(now(self));
            (!fell).then_some(most)
        })
    }
}

/// The tool.
pub(crate) fn clear_counters(call: &Call<'_>) -> Result<Outcome, Failure> {
    let NoArguments {} = call.arguments()?;
    let instance = call.instance();
    let before = Maxima::read(&instance)?;
    CLEAR.ask(&instance, &[])?;
    let after = Maxima::read(&instance)?;
    let kept = after.kept_from(&before);
    let what = format!("maxima that begin anew: `{}`", kept.unwrap_or("all"));
    let change = Change::confirmed(before, after, kept.is_none(), &what)?;
    Ok(Outcome::of(&change)?.text("the maxima begin anew"))
}

/// The tool.
pub(crate) fn clear_counters_all(call: &Call<'_>) -> Result<Outcome, Failure> {
    let NoArguments {} = call.arguments()?;
    let instance = call.instance();
    let read = || sums(&instance, COUNTERS.to_vec());
    let before = read()?;
    CLEAR_ALL.ask(&instance, &[])?;
    let after = read()?;
    let kept = kept(&before, &after);
    let what = format!("counters that begin anew: `{}`", kept.unwrap_or("all"));
    let change = Change::confirmed(before, after, kept.is_none(), &what)?;
    let sessions = change.before.get("stot").copied().unwrap_or(0);
    let line = format!("all counters begin anew; {sessions} sessions had been counted");
    Ok(Outcome::of(&change)?.text(line))
}

/// The first counter that did not begin anew: one that grew, or sessions that are as many as before.
fn kept(
    before: &BTreeMap<&'static str, u64>,
    after: &BTreeMap<&'static str, u64>,
) -> Option<&'static str> {
    COUNTERS.iter().enumerate().find_map(|(place, name)| {
        let (was, is) = (*before.get(name)?, *after.get(name)?);
        // a single error may happen again at once
        let anew = was == 0 || is < was || (place > 0 && is == was);
        (!anew).then_some(*name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maxima(smax: u64, scur: u64, rate: u64) -> Maxima {
        Maxima {
            info: BTreeMap::from([("MaxConnRate", rate)]),
            stat: BTreeMap::from([("smax", smax)]),
            present: BTreeMap::from([("scur", scur), ("ConnRate", 1)]),
        }
    }

    #[test]
    fn a_maximum_begins_anew_when_it_falls_to_what_is_there() {
        let before = maxima(30, 10, 7);
        for (after, kept) in [
            (maxima(0, 10, 0), None),
            (maxima(11, 11, 1), None),
            (maxima(30, 30, 1), None),
            (maxima(30, 10, 1), Some("smax")),
            (maxima(0, 10, 7), Some("MaxConnRate")),
        ] {
            assert_eq!(after.kept_from(&before), kept, "{after:?}");
        }
        assert_eq!(maxima(5, 0, 1).kept_from(&maxima(0, 0, 0)), None);
    }

    #[test]
    fn counters_begin_anew_when_they_fall() {
        let counters = |stot, errors| BTreeMap::from([("stot", stot), ("hrsp_5xx", errors)]);
        for (before, after, expected) in [
            (counters(9, 1), counters(0, 0), None),
            (counters(9, 1), counters(2, 1), None),
            (counters(9, 1), counters(9, 0), Some("stot")),
            (counters(9, 1), counters(2, 2), Some("hrsp_5xx")),
            (counters(0, 0), counters(2, 2), None),
        ] {
            assert_eq!(kept(&before, &after), expected, "{after:?}");
        }
    }
}
