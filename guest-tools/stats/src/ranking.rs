//! `top`: the worst servers or proxies.

use haproxy_asking::{SaidBy, from_any};
use haproxy_listing::{Direction, Fields, Key, Page, Rows};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row};
use haproxy_replies::value::{Kind, Value, unsigned};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::TableError;
use crate::fetch::{Seen, Sees, fetch};
use crate::plan::Scope;
use crate::query::Type;

/// Rows, where the arguments do not say.
const LIMIT: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    by: By,
    #[serde(rename = "type")]
    kind: Option<Type>,
    proxy: Option<String>,
    limit: Option<usize>,
}

/// What is bad about the worst ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    Errors,
    Queue,
    ResponseTime,
    Sessions,
}

impl By {
    /// The columns whose sum it is.
    fn scored(self) -> &'static [&'static str] {
        match self {
            Self::Errors => &["hrsp_5xx", "econ", "eresp", "ereq"],
            Self::Queue => &["qcur"],
            Self::ResponseTime => &["rtime"],
            Self::Sessions => &["scur"],
        }
    }

    /// Of two with the same sum, the one with more of this is worse.
    fn then(self) -> &'static str {
        match self {
            Self::Errors => "wretr",
            Self::Queue => "qmax",
            Self::ResponseTime => "ttime",
            Self::Sessions => "smax",
        }
    }

    /// Whether `then` alone makes one of the worst: a queue that is empty just now.
    fn counts_alone(self) -> bool {
        self == Self::Queue
    }

    fn shown(self) -> &'static [&'static str] {
        match self {
            Self::Errors => &[
                "status",
                "hrsp_5xx",
                "econ",
                "eresp",
                "ereq",
                "wretr",
                "stot",
                "check_status",
                "last_chk",
            ],
            Self::Queue => &["status", "qcur", "qmax", "qlimit", "qtime", "scur", "slim"],
            Self::ResponseTime => &[
                "status",
                "rtime",
                "ttime",
                "qtime",
                "ctime",
                "rtime_max",
                "scur",
                "stot",
            ],
            Self::Sessions => &["status", "scur", "smax", "slim", "stot", "rate"],
        }
    }

    /// The types that are compared where the arguments do not say: a queue may be that of a backend.
    fn types(self) -> &'static [ObjectType] {
        match self {
            Self::Queue => &[ObjectType::Backend, ObjectType::Server],
            _ => &[ObjectType::Server],
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Queue => "requests in a queue",
            Self::ResponseTime => "ms until a response",
            Self::Sessions => "sessions",
        }
    }
}

/// The tool.
pub(crate) fn top(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let kind = arguments.kind.map(|kind| [ObjectType::from(kind)]);
    let scope = Scope {
        proxy: arguments.proxy.as_deref(),
        types: kind.as_ref().map_or(arguments.by.types(), |kind| kind),
    };
    let limit = arguments.limit.unwrap_or(LIMIT);
    let (ranking, origin) = from_any(call, |origin| {
        fetch(origin, scope, || Ranking::new(arguments.by, scope, limit))
    })?;
    let (structured, line) = ranking.write(&origin.said(None))?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

/// The worst ones while the table is read.
#[derive(Debug)]
pub(crate) struct Ranking<'a> {
    by: By,
    scope: Scope<'a>,
    seen: Seen,
    /// Name and kind of the shown columns.
    shown: Vec<(String, Kind)>,
    /// How many columns are added up; they stand behind the fixed ones.
    scored: usize,
    page: Page<Ranked>,
    /// How many were compared.
    objects: u64,
    sum: u64,
}

/// One of the worst.
#[derive(Debug)]
struct Ranked {
    proxy: String,
    name: String,
    kind: ObjectType,
    score: u64,
    fields: Vec<(String, Value<'static>)>,
}

impl Serialize for Ranked {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a, F: Serialize> {
            pxname: &'a str,
            svname: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            score: u64,
            #[serde(flatten)]
            fields: F,
        }
        Row {
            pxname: &self.proxy,
            svname: &self.name,
            kind: self.kind.name(),
            score: self.score,
            fields: Fields(
                self.fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.clone())),
            ),
        }
        .serialize(serializer)
    }
}

/// All scores above this one are alike: a key holds no higher one beside a second number of 64 bits.
const HIGHEST: u64 = u64::MAX >> 1;

/// Where the fields are that every row has in front of the others.
mod place {
    pub(super) const PXNAME: usize = 0;
    pub(super) const SVNAME: usize = 1;
    pub(super) const TYPE: usize = 2;
    pub(super) const THEN: usize = 3;
    pub(super) const SCORED: usize = 4;
}

impl<'a> Ranking<'a> {
    pub(crate) fn new(by: By, scope: Scope<'a>, limit: usize) -> Self {
        Self {
            by,
            scope,
            seen: Seen::default(),
            shown: Vec::new(),
            scored: 0,
            page: Page::new(limit, Direction::Descending, None),
            objects: 0,
            sum: 0,
        }
    }

    /// The structured answer, and a line for a person.
    pub(crate) fn write(self, said: &SaidBy) -> serde_json::Result<(String, String)> {
        #[derive(Serialize)]
        struct Answer<'a> {
            by: By,
            rows: Box<RawValue>,
            matched: u64,
            totals: Totals,
            #[serde(skip_serializing_if = "Option::is_none")]
            left_out: Option<LeftOut>,
            #[serde(flatten)]
            said: &'a SaidBy,
        }
        #[derive(Serialize)]
        struct Totals {
            objects: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            score: Option<u64>,
        }
        #[derive(Serialize)]
        struct LeftOut {
            rows: u64,
            hint: &'static str,
        }
        let page = self.page.finish();
        let mut rows = Rows::default();
        for kept in &page.rows {
            if !rows.add(&kept.row)? {
                break;
            }
        }
        let hidden = page.matched.saturating_sub(rows.count() as u64);
        let worst = page.rows.first().map_or_else(String::new, |worst| {
            let Ranked {
                proxy, name, score, ..
            } = &worst.row;
            format!("; worst is {proxy}/{name} with {score} {}", self.by.words())
        });
        let line = format!(
            "{} of {} that have {}, of {} in all{worst}",
            rows.count(),
            page.matched,
            self.by.words(),
            self.objects
        );
        let answer = Answer {
            by: self.by,
            rows: rows.finish()?,
            matched: page.matched,
            totals: Totals {
                objects: self.objects,
                // times are not added up
                score: (self.by != By::ResponseTime).then_some(self.sum),
            },
            left_out: (hidden > 0).then_some(LeftOut {
                rows: hidden,
                hint: "a larger limit shows more; show_stat with sort pages through all",
            }),
            said,
        };
        Ok((serde_json::to_string(&answer)?, line))
    }
}

impl Sees for Ranking<'_> {
    fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Consumer for Ranking<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("svname")?,
            columns.require("type")?,
            columns.require(self.by.then())?,
        ];
        for name in self.by.scored() {
            wanted.push(columns.require(name)?);
        }
        self.scored = self.by.scored().len();
        for name in self.by.shown() {
            if let Some(index) = columns.index(name)
                && let Some(column) = columns.get(index)
            {
                self.shown.push((column.name().to_owned(), column.kind()));
                wanted.push(index);
            }
        }
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let proxy = row.field(place::PXNAME);
        if !self.scope.of_proxy(proxy) {
            return Ok(());
        }
        let kind = ObjectType::read(row.field(place::TYPE));
        self.seen.add(kind);
        let Some(kind) = kind.filter(|kind| self.scope.of_type(Some(*kind))) else {
            return Ok(());
        };
        self.objects += 1;
        let score = row
            .fields()
            .skip(place::SCORED)
            .take(self.scored)
            .filter_map(unsigned)
            .fold(0, u64::saturating_add);
        self.sum = self.sum.saturating_add(score);
        let then = unsigned(row.field(place::THEN)).unwrap_or(0);
        if score == 0 && !(self.by.counts_alone() && then > 0) {
            return Ok(());
        }
        // one number, of which the second decides where the first is the same
        let key = Key::Whole((i128::from(score.min(HIGHEST)) << 64) + i128::from(then));
        let (shown, place) = (&self.shown, place::SCORED + self.scored);
        self.page.offer(key, || Ranked {
            proxy: String::from_utf8_lossy(proxy).into_owned(),
            name: String::from_utf8_lossy(row.field(place::SVNAME)).into_owned(),
            kind,
            score,
            fields: shown
                .iter()
                .zip(row.fields().skip(place))
                .map(|((name, kind), field)| (name.clone(), Value::read(field, *kind).into_owned()))
                .collect(),
        });
        Ok(())
    }
}
