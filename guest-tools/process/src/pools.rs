//! `show_pools`.

use haproxy_listing::{Direction, Key, Part};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::pools::{self, Pool};
use serde::{Deserialize, Serialize};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    filter: Option<String>,
    #[serde(default)]
    sort: Sort,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    AllocatedBytes,
    Used,
    Failures,
    Name,
}

impl Sort {
    fn as_str(self) -> &'static str {
        match self {
            Self::AllocatedBytes => "allocated_bytes",
            Self::Used => "used",
            Self::Failures => "failures",
            Self::Name => "name",
        }
    }

    fn key(self, pool: &Pool<'_>) -> Key {
        match self {
            Self::AllocatedBytes => pool.allocated_bytes.into(),
            Self::Used => pool.used.into(),
            Self::Failures => pool.failures.into(),
            Self::Name => Key::Text(pool.name.as_bytes().to_vec()),
        }
    }

    fn direction(self) -> Direction {
        match self {
            Self::Name => Direction::Ascending,
            _ => Direction::Descending,
        }
    }
}

/// A pool without its address, which says where things lie in HAProxy's memory and helps nobody who asks.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<u64>,
    allocated: u64,
    allocated_bytes: u64,
    used: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_avg: Option<u64>,
    failures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<u64>,
    shared: bool,
}

#[derive(Default, Serialize)]
struct Totals {
    pools: u64,
    allocated_bytes: u64,
    used_bytes: u64,
    failures: u64,
}

pub(crate) fn show_pools(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let sort = arguments.sort;
    let part = Part::new(
        &[Some("show_pools"), Some(sort.as_str())],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?
    .sorted(sort.direction());
    let reply = call.instance().ask(&["show", "pools"])?.bytes()?;
    let pools = pools::read(&reply).map_err(Failure::unparsable)?;
    let mut page = part.page();
    let mut totals = Totals::default();
    for pool in pools.iter().filter(|pool| part.holds([pool.name])) {
        totals.pools += 1;
        totals.allocated_bytes = totals.allocated_bytes.saturating_add(pool.allocated_bytes);
        totals.used_bytes = totals
            .used_bytes
            .saturating_add(pool.used.saturating_mul(pool.size));
        totals.failures = totals.failures.saturating_add(pool.failures);
        page.offer(sort.key(pool), || row(pool));
    }
    let written = part.write(&page.finish())?;
    let line = format!(
        "{} of {} pools: {} bytes allocated, {} failures",
        written.shown, totals.pools, totals.allocated_bytes, totals.failures
    );
    Ok(Outcome::of(&written.with(totals))?.text(line))
}

fn row<'a>(pool: &Pool<'a>) -> Row<'a> {
    Row {
        name: pool.name,
        size: pool.size,
        alignment: pool.alignment,
        allocated: pool.allocated,
        allocated_bytes: pool.allocated_bytes,
        used: pool.used,
        cached: pool.cached,
        needed_avg: pool.needed_avg,
        failures: pool.failures,
        users: pool.users,
        shared: pool.shared,
    }
}
