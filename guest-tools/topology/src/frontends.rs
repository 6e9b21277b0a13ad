//! `list_frontends`.

use std::collections::BTreeMap;

use haproxy_listing::{Key, Listed, Page, Pages, Part};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, OfTypes, Row, StatError};
use haproxy_replies::value::unsigned;
use serde::Serialize;

use crate::arguments::Asked;
use crate::columns::{Fields, Shown, written};
use haproxy_asking::{Origin, SaidBy, from_any, of_page, statistics};

const SHOWN: [&str; 14] = [
    "pxname", "status", "mode", "scur", "smax", "slim", "stot", "rate", "req_rate", "req_tot",
    "dreq", "ereq", "hrsp_4xx", "hrsp_5xx",
];

/// The tool.
pub(crate) fn list_frontends(call: &Call<'_>) -> Result<Outcome, Failure> {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(flatten)]
        listed: Listed<&'a Totals>,
        #[serde(flatten)]
        said: SaidBy,
    }
    let asked: Asked = call.arguments()?;
    let part = asked.part("list_frontends")?;
    let (frontends, origin) = from_any(call, |origin| {
        let frontends = Frontends::new(&part);
        match origin {
            Origin::Runtime(instance) => {
                statistics(instance, &["show", "stat", "-1", "1", "-1"], frontends)
            }
            Origin::Page(pages) => {
                let frontends = OfTypes::new(&[ObjectType::Frontend], frontends);
                Ok(of_page(*pages, None, frontends, Failure::unparsable)?.into_inner())
            }
        }
    })?;
    let (pages, totals) = frontends.finish();
    let written = part.write(&pages)?;
    let line = origin.line(written.line(&format!(
        "frontends; over all: {} sessions now, {} new ones in the last second",
        totals.scur, totals.rate
    )));
    let answer = Answer {
        listed: written.with(&totals),
        said: origin.said(None),
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// A frontend, as it is kept.
#[derive(Debug)]
pub(crate) struct Frontend(Fields);

impl Serialize for Frontend {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(&self.0, &[]).serialize(serializer)
    }
}

/// Sums over all frontends that matched.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Totals {
    frontends: u64,
    states: BTreeMap<String, u64>,
    scur: u64,
    stot: u64,
    rate: u64,
    req_rate: u64,
}

/// The list while it is read.
#[derive(Debug)]
pub(crate) struct Frontends<'p> {
    part: &'p Part,
    shown: Shown,
    page: Page<Frontend>,
    totals: Totals,
}

impl<'p> Frontends<'p> {
    pub(crate) fn new(part: &'p Part) -> Self {
        Self {
            part,
            shown: Shown::default(),
            page: part.page(),
            totals: Totals::default(),
        }
    }

    pub(crate) fn finish(self) -> (Pages<Frontend>, Totals) {
        (self.page.finish(), self.totals)
    }
}

impl Consumer for Frontends<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        // a frontend in TCP mode has no `req_rate`, and an old version may have none at all
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("status")?,
            columns.require("scur")?,
            columns.require("stot")?,
            columns.require("rate")?,
            columns.require("req_rate")?,
        ];
        self.shown = Shown::named(columns, SHOWN, &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        if !self.part.holds([&*String::from_utf8_lossy(row.field(0))]) {
            return Ok(());
        }
        self.totals.frontends += 1;
        let state = String::from_utf8_lossy(row.field(1)).into_owned();
        *self.totals.states.entry(state).or_default() += 1;
        for (sum, place) in [
            (&mut self.totals.scur, 2),
            (&mut self.totals.stot, 3),
            (&mut self.totals.rate, 4),
            (&mut self.totals.req_rate, 5),
        ] {
            *sum = sum.saturating_add(unsigned(row.field(place)).unwrap_or(0));
        }
        self.page
            .offer(Key::Absent, || Frontend(self.shown.fields(row)));
        Ok(())
    }
}
