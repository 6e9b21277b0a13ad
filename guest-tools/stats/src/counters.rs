//! Which columns are counters, and which of them are sampled.

use haproxy_replies::names::Nearest;
use haproxy_replies::stat::{Column, Columns};
use haproxy_replies::value::Kind;

use crate::error::TableError;

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

/// The counters that are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counters<'a> {
    /// By name, or [`ALL`]; by default [`DEFAULT`].
    pub(crate) asked: Option<&'a [String]>,
    /// The one by which rows are sorted.
    pub(crate) sort: &'a str,
}

impl Counters<'_> {
    /// The counters that this HAProxy has of those that are wanted. The one to sort by is always among them.
    pub(crate) fn of(&self, columns: &Columns) -> Result<Vec<String>, TableError> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if columns.index(name).is_some() && names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        };
        match self.asked {
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
