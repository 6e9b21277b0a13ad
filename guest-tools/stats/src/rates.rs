//! What grows between two samples.

use std::collections::HashMap;

use haproxy_listing::{Direction, Key, Page, Pages};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row};
use haproxy_replies::value::unsigned;

use crate::counters::Counters;
use crate::error::TableError;
use crate::fetch::{Seen, Sees};
use crate::plan::{Filter, Scope};

/// What is sampled.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) filter: Filter,
    pub(crate) counters: Counters<'a>,
    pub(crate) limit: usize,
}

/// What stands in front of the counters in both samples: what tells objects apart.
const OBJECT: [&str; 3] = ["pxname", "svname", "type"];

/// What stands behind it: its state.
const STATE: [&str; 3] = ["status", "scur", "qcur"];

/// What is read of each object besides where nothing else says that HAProxy started anew: counters that grow with any use,
/// and since when it has its state.
const WATCHED: [&str; 5] = ["stot", "bin", "bout", "chkdown", "lastchg"];

impl Plan<'_> {
    /// The type of a row that is sampled; none where the row is not wanted. `seen` gets the types of all rows of the
    /// proxy.
    fn takes(&self, row: &Row<'_>, seen: &mut Seen) -> Option<ObjectType> {
        let (pxname, svname) = (row.field(0), row.field(1));
        if !self.scope.of_proxy(pxname) {
            return None;
        }
        let kind = ObjectType::read(row.field(2));
        seen.add(kind);
        kind.filter(|kind| self.scope.of_type(Some(*kind)) && self.filter.holds(pxname, svname))
    }
}

/// The columns of an object and its state, then of what is watched, and then of the counters. What is not wanted of them
/// gets a place beyond the last column, where every row is empty.
fn wanted(
    columns: &Columns,
    state: bool,
    watch: bool,
    counters: &[String],
) -> Result<Vec<usize>, TableError> {
    let named = |wanted: bool| {
        move |name| {
            if wanted {
                columns.require(name)
            } else {
                Ok(columns.width())
            }
        }
    };
    let counters = counters.iter().map(String::as_str);
    let places = OBJECT
        .into_iter()
        .map(named(true))
        .chain(STATE.into_iter().map(named(state)))
        .chain(WATCHED.into_iter().map(named(watch)))
        .chain(counters.map(named(true)));
    Ok(places.collect::<Result<_, _>>()?)
}

/// Where the first of the watched columns is.
const WATCHED_AT: usize = OBJECT.len() + STATE.len();

/// Where the first of the counters is.
const COUNTERS_AT: usize = WATCHED_AT + WATCHED.len();

/// What tells an object from one that was made anew under its name.
#[derive(Debug)]
struct Watched {
    status: Box<[u8]>,
    /// In the order of [`WATCHED`].
    values: [Option<u64>; WATCHED.len()],
}

impl Watched {
    fn of(row: &Row<'_>) -> Self {
        Self {
            status: row.field(OBJECT.len()).into(),
            values: std::array::from_fn(|place| unsigned(row.field(WATCHED_AT + place))),
        }
    }

    /// Whether a counter went back since.
    fn went_back(&self, later: &Self) -> bool {
        let [counters @ .., _] = &self.values;
        counters
            .iter()
            .zip(&later.values)
            .any(|(before, after)| matches!((before, after), (Some(before), Some(after)) if after < before))
    }

    /// Whether it has its state for less time than before, although it is the same one and no check brought it down
    /// meanwhile. None where it does not say since when.
    fn looks_new(&self, later: &Self) -> Option<bool> {
        let [.., downs, since] = self.values;
        let [.., later_downs, later_since] = later.values;
        let (since, later_since) = since.zip(later_since)?;
        Some(later_since < since && self.status == later.status && later_downs <= downs)
    }
}

/// An object: proxy, server and type.
type Name = Vec<u8>;

fn name(row: &Row<'_>) -> Name {
    [row.field(0), b"\0", row.field(1), b"\0", row.field(2)].concat()
}

/// The first sample.
#[derive(Debug)]
pub(crate) struct First<'a> {
    plan: &'a Plan<'a>,
    /// Whether the rows must tell by themselves that HAProxy started anew.
    watch: bool,
    seen: Seen,
    pub(crate) counters: Vec<String>,
    objects: HashMap<Name, Before>,
}

/// An object in the first sample.
#[derive(Debug)]
struct Before {
    counters: Vec<Option<u64>>,
    watched: Option<Watched>,
}

impl<'a> First<'a> {
    pub(crate) fn new(plan: &'a Plan<'a>, watch: bool) -> Self {
        Self {
            plan,
            watch,
            seen: Seen::default(),
            counters: Vec::new(),
            objects: HashMap::new(),
        }
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }
}

impl Sees for First<'_> {
    fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Consumer for First<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        self.counters = self.plan.counters.of(columns)?;
        // the status is one of what is watched
        wanted(columns, self.watch, self.watch, &self.counters)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        if self.plan.takes(row, &mut self.seen).is_some() {
            let before = Before {
                counters: row.fields().skip(COUNTERS_AT).map(unsigned).collect(),
                watched: self.watch.then(|| Watched::of(row)),
            };
            self.objects.insert(name(row), before);
        }
        Ok(())
    }
}

/// What became of an object between the samples.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    /// How much each counter grew, in the order of the counters; none where it has no such counter.
    Grew(Vec<Option<u64>>),
    /// A counter went back: somebody cleared them, or the object was made anew.
    Reset,
    /// It was not there.
    Appeared,
}

impl Change {
    fn between(before: Option<&Before>, after: &[Option<u64>]) -> Self {
        let Some(before) = before else {
            return Self::Appeared;
        };
        let mut grew = Vec::with_capacity(after.len());
        for (before, after) in before.counters.iter().zip(after) {
            grew.push(match (before, after) {
                (Some(before), Some(after)) => match after.checked_sub(*before) {
                    Some(grown) => Some(grown),
                    None => return Self::Reset,
                },
                _ => None,
            });
        }
        Self::Grew(grew)
    }
}

/// A row of the answer.
#[derive(Debug)]
pub(crate) struct Sampled {
    pub(crate) pxname: String,
    pub(crate) svname: String,
    pub(crate) kind: ObjectType,
    pub(crate) status: String,
    pub(crate) scur: Option<u64>,
    pub(crate) qcur: Option<u64>,
    pub(crate) change: Change,
}

/// Sums over one type.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    pub(crate) grew: Vec<Option<u64>>,
}

/// The second sample, compared with the first.
#[derive(Debug)]
pub(crate) struct Second<'a> {
    plan: &'a Plan<'a>,
    first: &'a First<'a>,
    /// Whether nothing of the first sample counts: HAProxy started anew.
    restarted: bool,
    /// Objects that say since when they have their state, and those of them that look new.
    dated: u64,
    new: u64,
    seen: Seen,
    sort: usize,
    found: usize,
    page: Page<Sampled>,
    sums: [Option<Sum>; 4],
    resets: u64,
}

/// What changed.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) page: Pages<Sampled>,
    /// For each type, in the order of [`ObjectType::ALL`].
    pub(crate) sums: [Option<Sum>; 4],
    pub(crate) resets: u64,
    /// Objects of the first sample that are gone.
    pub(crate) gone: u64,
}

impl<'a> Second<'a> {
    pub(crate) fn new(plan: &'a Plan<'a>, first: &'a First<'a>, restarted: bool) -> Self {
        Self {
            plan,
            first,
            restarted,
            dated: 0,
            new: 0,
            seen: Seen::default(),
            sort: 0,
            found: 0,
            page: Page::new(plan.limit, Direction::Descending, None),
            sums: [const { None }; 4],
            resets: 0,
        }
    }

    /// Whether each object that says since when it has its state looks as if HAProxy started anew.
    pub(crate) fn looks_restarted(&self) -> bool {
        self.dated > 0 && self.new == self.dated
    }

    pub(crate) fn finish(self) -> Changes {
        Changes {
            page: self.page.finish(),
            sums: self.sums,
            resets: self.resets,
            gone: self.first.objects.len().saturating_sub(self.found) as u64,
        }
    }
}

impl Sees for Second<'_> {
    fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Consumer for Second<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        self.sort = self
            .first
            .counters
            .iter()
            .position(|name| name == self.plan.counters.sort)
            .unwrap_or(0);
        wanted(columns, true, self.first.watch, &self.first.counters)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let Some(kind) = self.plan.takes(row, &mut self.seen) else {
            return Ok(());
        };
        let counters = row.fields().skip(COUNTERS_AT);
        let after: Vec<Option<u64>> = counters.map(unsigned).collect();
        let before = self.first.objects.get(&name(row));
        self.found += usize::from(before.is_some());
        let mut anew = self.restarted;
        if let Some(watched) = before.and_then(|before| before.watched.as_ref()) {
            let later = Watched::of(row);
            anew |= watched.went_back(&later);
            if let Some(new) = watched.looks_new(&later) {
                self.dated += 1;
                self.new += u64::from(new);
            }
        }
        let change = match Change::between(before, &after) {
            Change::Grew(_) if anew => Change::Reset,
            change => change,
        };
        self.resets += u64::from(change == Change::Reset);
        let mut key = Key::Absent;
        if let Some(sum) = self.sums.get_mut(kind as usize) {
            let sum = sum.get_or_insert_with(|| Sum {
                rows: 0,
                grew: vec![None; after.len()],
            });
            sum.rows += 1;
            if let Change::Grew(grew) = &change {
                for (sum, grown) in sum.grew.iter_mut().zip(grew) {
                    if let Some(grown) = grown {
                        *sum = Some(sum.unwrap_or(0).saturating_add(*grown));
                    }
                }
                key = grew
                    .get(self.sort)
                    .copied()
                    .flatten()
                    .map_or(Key::Absent, |grown| Key::Whole(i128::from(grown)));
            }
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.page.offer(key, || Sampled {
            pxname: text(row.field(0)),
            svname: text(row.field(1)),
            kind,
            status: text(row.field(3)),
            scur: unsigned(row.field(4)),
            qcur: unsigned(row.field(5)),
            change,
        });
        Ok(())
    }
}
