//! What grows between two samples.

use std::collections::HashMap;

use haproxy_listing::{Direction, Key, Page, Pages};
use haproxy_replies::names::Nearest;
use haproxy_replies::stat::{Column, Columns, Consumer, ObjectType, Row};
use haproxy_replies::value::{Kind, unsigned};

use crate::fetch::{Seen, Sees};
use crate::plan::Scope;
use crate::table::TableError;

/// All counters that this tool knows.
const ALL: &str = "all";

/// Counters that are sampled where nothing is asked for.
const DEFAULT: [&str; 19] = [
    "stot", "req_tot", "bin", "bout", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "dreq",
    "dresp", "ereq", "econ", "eresp", "wretr", "wredis", "cli_abrt", "srv_abrt", "chkfail",
    "chkdown",
];

/// Further counters: all that HAProxy only ever adds to.
const FURTHER: [&str; 24] = [
    "lbtot",
    "hrsp_1xx",
    "hrsp_other",
    "hanafail",
    "downtime",
    "comp_in",
    "comp_out",
    "comp_byp",
    "comp_rsp",
    "conn_tot",
    "intercepted",
    "dcon",
    "dses",
    "wrew",
    "connect",
    "reuse",
    "cache_lookups",
    "cache_hits",
    "eint",
    "reqbin",
    "reqbout",
    "resbin",
    "resbout",
    "h1_total_connections",
];

/// Numbers that go up and down, limits and names: no rate can be made of them.
const NO_COUNTERS: [&str; 49] = [
    "qcur",
    "qmax",
    "scur",
    "smax",
    "slim",
    "weight",
    "act",
    "bck",
    "lastchg",
    "qlimit",
    "pid",
    "iid",
    "sid",
    "throttle",
    "type",
    "rate",
    "rate_lim",
    "rate_max",
    "check_code",
    "check_duration",
    "req_rate",
    "req_rate_max",
    "lastsess",
    "qtime",
    "ctime",
    "rtime",
    "ttime",
    "check_rise",
    "check_fall",
    "check_health",
    "agent_rise",
    "agent_fall",
    "agent_health",
    "agent_code",
    "agent_duration",
    "conn_rate",
    "conn_rate_max",
    "srv_icur",
    "src_ilim",
    "qtime_max",
    "ctime_max",
    "rtime_max",
    "ttime_max",
    "idle_conn_cur",
    "safe_conn_cur",
    "used_conn_cur",
    "need_conn_est",
    "uweight",
    "agg_server_status",
];

/// What is sampled.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) scope: Scope<'a>,
    /// Part of `proxy/server`, in lower case.
    pub(crate) filter: Option<Vec<u8>>,
    /// Counters by name, or [`ALL`]; by default [`DEFAULT`].
    pub(crate) counters: Option<&'a [String]>,
    /// The counter by which rows are sorted.
    pub(crate) sort: &'a str,
    pub(crate) limit: usize,
}

impl Plan<'_> {
    /// The counters that this HAProxy has of those that are wanted. The one to sort by is always among them.
    fn counters(&self, columns: &Columns) -> Result<Vec<String>, TableError> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if columns.index(name).is_some() && names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        };
        match self.counters {
            None => DEFAULT.into_iter().for_each(&mut add),
            Some(asked) => {
                for (place, name) in asked.iter().enumerate() {
                    if name == ALL {
                        DEFAULT.into_iter().chain(FURTHER).for_each(&mut add);
                    } else if is_counter(columns, name) {
                        add(name);
                    } else {
                        return Err(no_such_counter(columns, name, format!("/counters/{place}")));
                    }
                }
            }
        }
        if !is_counter(columns, self.sort) {
            return Err(no_such_counter(columns, self.sort, "/sort".to_owned()));
        }
        add(self.sort);
        Ok(names)
    }

    fn holds(&self, pxname: &[u8], svname: &[u8]) -> bool {
        self.filter.as_ref().is_none_or(|filter| {
            let mut name = [pxname, b"/", svname].concat();
            name.make_ascii_lowercase();
            memchr::memmem::find(&name, filter).is_some()
        })
    }
}

/// Whether HAProxy has a column of this name that may be a counter: those of newer versions and of modules are taken at
/// their user's word.
fn is_counter(columns: &Columns, name: &str) -> bool {
    columns
        .index(name)
        .and_then(|index| columns.get(index))
        .is_some_and(|column| column.kind() == Kind::Number && !NO_COUNTERS.contains(&name))
}

fn no_such_counter(columns: &Columns, name: &str, pointer: String) -> TableError {
    let mut nearest = Nearest::new(name, 5);
    for column in columns.iter().map(Column::name) {
        if is_counter(columns, column) {
            nearest.offer(column.as_bytes());
        }
    }
    TableError::NoSuchCounter {
        name: name.to_owned(),
        pointer,
        near: nearest.into_names(),
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
        self.counters = self.plan.counters(columns)?;
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("svname")?,
            columns.require("type")?,
        ];
        for name in &self.counters {
            wanted.push(columns.require(name)?);
        }
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let (pxname, svname) = (row.field(0), row.field(1));
        if !self.plan.scope.of_proxy(pxname) {
            return Ok(());
        }
        let kind = ObjectType::read(row.field(2));
        self.seen.add(kind);
        if self.plan.scope.of_type(kind) && self.plan.holds(pxname, svname) {
            self.objects
                .insert(name(row), row.fields().skip(3).map(unsigned).collect());
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

/// Fields in front of the counters.
const FIXED: usize = 6;

impl Consumer for Second<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        let mut wanted = Vec::new();
        for name in ["pxname", "svname", "type", "status", "scur", "qcur"] {
            wanted.push(columns.require(name)?);
        }
        for name in &self.first.counters {
            wanted.push(columns.require(name)?);
        }
        self.sort = self
            .first
            .counters
            .iter()
            .position(|name| name == self.plan.sort)
            .unwrap_or(0);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let (pxname, svname) = (row.field(0), row.field(1));
        if !self.plan.scope.of_proxy(pxname) {
            return Ok(());
        }
        let kind = ObjectType::read(row.field(2));
        self.seen.add(kind);
        let Some(kind) = kind else {
            return Ok(());
        };
        if !self.plan.scope.of_type(Some(kind)) || !self.plan.holds(pxname, svname) {
            return Ok(());
        }
        let after: Vec<Option<u64>> = row.fields().skip(FIXED).map(unsigned).collect();
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
            pxname: text(pxname),
            svname: text(svname),
            kind,
            status: text(row.field(3)),
            scur: unsigned(row.field(4)),
            qcur: unsigned(row.field(5)),
            change,
        });
        Ok(())
    }
}
