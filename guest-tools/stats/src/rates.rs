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

/// What stands behind it in the second one.
const STATE: [&str; 3] = ["status", "scur", "qcur"];

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

/// The columns of these names, and then of the counters.
fn wanted(
    columns: &Columns,
    names: &[&str],
    counters: &[String],
) -> Result<Vec<usize>, TableError> {
    let counters = counters.iter().map(String::as_str);
    let places = names
        .iter()
        .copied()
        .chain(counters)
        .map(|name| columns.require(name));
    Ok(places.collect::<Result<_, _>>()?)
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
    seen: Seen,
    pub(crate) counters: Vec<String>,
    objects: HashMap<Name, Vec<Option<u64>>>,
}

impl<'a> First<'a> {
    pub(crate) fn new(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
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
        wanted(columns, &OBJECT, &self.counters)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        if self.plan.takes(row, &mut self.seen).is_some() {
            let counters = row.fields().skip(OBJECT.len()).map(unsigned).collect();
            self.objects.insert(name(row), counters);
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
    fn between(before: Option<&Vec<Option<u64>>>, after: &[Option<u64>]) -> Self {
        let Some(before) = before else {
            return Self::Appeared;
        };
        let mut grew = Vec::with_capacity(after.len());
        for (before, after) in before.iter().zip(after) {
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
            seen: Seen::default(),
            sort: 0,
            found: 0,
            page: Page::new(plan.limit, Direction::Descending, None),
            sums: [const { None }; 4],
            resets: 0,
        }
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
        wanted(columns, &[OBJECT, STATE].concat(), &self.first.counters)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let Some(kind) = self.plan.takes(row, &mut self.seen) else {
            return Ok(());
        };
        let counters = row.fields().skip(OBJECT.len() + STATE.len());
        let after: Vec<Option<u64>> = counters.map(unsigned).collect();
        let before = self.first.objects.get(&name(row));
        self.found += usize::from(before.is_some());
        let change = match Change::between(before, &after) {
            Change::Grew(_) if self.restarted => Change::Reset,
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
