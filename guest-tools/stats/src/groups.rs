//! Named groups of columns, and the columns that may be added up.

/// All columns, whatever they are.
pub(crate) const ALL: &str = "all";

/// Columns that every row has, whatever is asked for.
pub(crate) const NAMES: [&str; 2] = ["pxname", "svname"];

/// The name of a group, and HAProxy's names of its columns. A version that has no such column leaves it out.
pub(crate) const GROUPS: [(&str, &[&str]); 9] = [
    (
        "summary",
        &[
            "status",
            "weight",
            "qcur",
            "scur",
            "slim",
            "stot",
            "rate",
            "hrsp_5xx",
            "econ",
            "eresp",
            "check_status",
            "lastchg",
        ],
    ),
    (
        "sessions",
        &[
            "qcur",
            "qmax",
            "qlimit",
            "scur",
            "smax",
            "slim",
            "stot",
            "rate",
            "rate_lim",
            "rate_max",
            "conn_rate",
            "conn_rate_max",
            "conn_tot",
            "lbtot",
            "lastsess",
            "dcon",
            "dses",
        ],
    ),
    (
        "requests",
        &[
            "req_tot",
            "req_rate",
            "req_rate_max",
            "hrsp_1xx",
            "hrsp_2xx",
            "hrsp_3xx",
            "hrsp_4xx",
            "hrsp_5xx",
            "hrsp_other",
            "intercepted",
            "cache_lookups",
            "cache_hits",
        ],
    ),
    (
        "traffic",
        &[
            "bin", "bout", "reqbin", "reqbout", "resbin", "resbout", "comp_in", "comp_out",
            "comp_byp", "comp_rsp",
        ],
    ),
    (
        "errors",
        &[
            "dreq", "dresp", "ereq", "econ", "eresp", "wretr", "wredis", "wrew", "cli_abrt",
            "srv_abrt", "eint", "hanafail", "hrsp_4xx", "hrsp_5xx",
        ],
    ),
    (
        "health",
        &[
            "status",
            "weight",
            "uweight",
            "act",
            "bck",
            "chkfail",
            "chkdown",
            "lastchg",
            "downtime",
            "tracked",
            "check_status",
            "check_code",
            "check_duration",
            "last_chk",
            "check_desc",
            "check_rise",
            "check_fall",
            "check_health",
            "agent_status",
            "agent_code",
            "agent_duration",
            "last_agt",
            "agent_health",
            "throttle",
        ],
    ),
    (
        "times",
        &[
            "qtime",
            "ctime",
            "rtime",
            "ttime",
            "qtime_max",
            "ctime_max",
            "rtime_max",
            "ttime_max",
        ],
    ),
    (
        "connections",
        &[
            "connect",
            "reuse",
            "srv_icur",
            "src_ilim",
            "idle_conn_cur",
            "safe_conn_cur",
            "used_conn_cur",
            "need_conn_est",
        ],
    ),
    (
        "identity",
        &[
            "type", "iid", "sid", "pid", "mode", "algo", "addr", "cookie", "proto",
        ],
    ),
];

/// Totals that every answer has.
pub(crate) const TOTALS: [&str; 15] = [
    "qcur", "scur", "stot", "rate", "req_tot", "bin", "bout", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx",
    "hrsp_5xx", "dreq", "econ", "eresp", "wretr",
];

/// Further columns whose sum means something: added up where they are shown. Not here: limits, maxima (those of
/// several objects need not have been at the same time), averages, states and times.
pub(crate) const ADDITIVE: [&str; 37] = [
    "dresp",
    "ereq",
    "wredis",
    "chkfail",
    "chkdown",
    "lbtot",
    "hrsp_1xx",
    "hrsp_other",
    "hanafail",
    "req_rate",
    "cli_abrt",
    "srv_abrt",
    "comp_in",
    "comp_out",
    "comp_byp",
    "comp_rsp",
    "conn_rate",
    "conn_tot",
    "intercepted",
    "dcon",
    "dses",
    "wrew",
    "connect",
    "reuse",
    "cache_lookups",
    "cache_hits",
    "srv_icur",
    "eint",
    "idle_conn_cur",
    "safe_conn_cur",
    "used_conn_cur",
    "reqbin",
    "reqbout",
    "resbin",
    "resbout",
    "act",
    "bck",
];

/// The names of all groups, for a message.
pub(crate) fn group_names() -> String {
    let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).chain([ALL]).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_column_is_added_up_twice() {
        for name in TOTALS {
            assert!(!ADDITIVE.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_column_is_once_in_its_group() {
        for (group, columns) in GROUPS {
            for column in columns {
                assert_eq!(
                    columns.iter().filter(|other| *other == column).count(),
                    1,
                    "{group}: {column}"
                );
            }
        }
    }
}
