//! Which fields of `show info` an answer holds.

use haproxy_mcp_sdk::Failure;
use haproxy_replies::info::{Field, Info};
use haproxy_replies::names::Nearest;

/// The name of a group, and HAProxy's names of its fields. A version that has no such field leaves it out.
const GROUPS: [(&str, &[&str]); 7] = [
    (
        "summary",
        &[
            "Release_date",
            "Nbthread",
            "Pid",
            "Maxconn",
            "CurrConns",
            "CumConns",
            "CumReq",
            "ConnRate",
            "SessRate",
            "CurrSslConns",
            "SslRate",
            "Run_queue",
            "Idle_pct",
            "description",
            "Stopping",
            "Jobs",
            "Listeners",
            "PoolUsed_MB",
            "PoolFailed",
            "DroppedLogs",
            "FailedResolutions",
            "BytesOutRate",
            "TotalBytesOut",
            "TotalWarnings",
            "MaxconnReached",
        ],
    ),
    (
        "limits",
        &[
            "Ulimit-n",
            "Maxsock",
            "Maxconn",
            "Hard_maxconn",
            "CurrConns",
            "MaxconnReached",
            "MaxSslConns",
            "CurrSslConns",
            "Maxpipes",
            "PipesUsed",
            "PipesFree",
            "ConnRateLimit",
            "SessRateLimit",
            "SslRateLimit",
            "CompressBpsRateLim",
            "MaxZlibMemUsage",
            "Memmax_MB",
        ],
    ),
    (
        "traffic",
        &[
            "CurrConns",
            "CumConns",
            "CumReq",
            "CurrStreams",
            "CumStreams",
            "ConnRate",
            "MaxConnRate",
            "SessRate",
            "MaxSessRate",
            "CompressBpsIn",
            "CompressBpsOut",
            "TotalBytesOut",
            "TotalSplicedBytesOut",
            "BytesOutRate",
        ],
    ),
    (
        "ssl",
        &[
            "MaxSslConns",
            "CurrSslConns",
            "CumSslConns",
            "SslRate",
            "SslRateLimit",
            "MaxSslRate",
            "SslFrontendKeyRate",
            "SslFrontendMaxKeyRate",
            "SslFrontendSessionReuse_pct",
            "SslBackendKeyRate",
            "SslBackendMaxKeyRate",
            "SslCacheLookups",
            "SslCacheMisses",
        ],
    ),
    (
        "memory",
        &[
            "Memmax_MB",
            "Memmax_bytes",
            "PoolAlloc_MB",
            "PoolAlloc_bytes",
            "PoolUsed_MB",
            "PoolUsed_bytes",
            "PoolFailed",
            "ZlibMemUsage",
            "MaxZlibMemUsage",
        ],
    ),
    (
        "threads",
        &[
            "Nbthread",
            "NbThreadGroups",
            "Nbproc",
            "Process_num",
            "Tasks",
            "Niced_tasks",
            "Run_queue",
            "Idle_pct",
            "BusyPolling",
            "Jobs",
            "Unstoppable Jobs",
        ],
    ),
    (
        "build",
        &[
            "Name",
            "Version",
            "Release_date",
            "Build info",
            "Start_time_sec",
            "BootTime_ms",
            "Tainted",
            "TotalWarnings",
        ],
    ),
];

/// All fields, whatever they are.
const ALL: &str = "all";

/// A name that is neither a group nor a field of this HAProxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this HAProxy has no field, and this tool no group: `{name}`")]
pub(crate) struct NoSuchField {
    /// The name.
    pub(crate) name: String,
    /// Its place in the argument.
    pub(crate) index: usize,
    /// Names that are near.
    pub(crate) near: Vec<String>,
}

impl NoSuchField {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let groups = GROUPS.map(|(group, _)| group).join(", ");
        if self.near.is_empty() {
            format!("use HAProxy's own names, or a group: {groups}, {ALL}")
        } else {
            format!(
                "did you mean {}? groups are: {groups}, {ALL}",
                self.near.join(", ")
            )
        }
    }
}

impl From<NoSuchField> for Failure {
    fn from(error: NoSuchField) -> Self {
        Self::invalid_argument(error.to_string())
            .hint(error.hint())
            .argument_among(&format!("/fields/{}", error.index), &error.near)
    }
}

/// The fields that were asked for, in HAProxy's order, each once.
pub(crate) fn select<'a, 'i>(
    info: &'i Info<'a>,
    wanted: &[String],
) -> Result<Vec<&'i Field<'a>>, NoSuchField> {
    let mut names: Vec<&str> = Vec::new();
    for (index, name) in wanted.iter().enumerate() {
        if name == ALL {
            names.extend(info.iter().map(|field| field.name));
        } else if let Some((_, group)) = GROUPS.iter().find(|(group, _)| group == name) {
            names.extend(group.iter());
        } else if info.get(name).is_some() {
            names.push(name);
        } else {
            return Err(NoSuchField {
                name: name.clone(),
                index,
                near: near(info, name),
            });
        }
    }
    Ok(info
        .iter()
        .filter(|field| names.contains(&field.name))
        .collect())
}

fn near(info: &Info<'_>, name: &str) -> Vec<String> {
    let mut nearest = Nearest::new(name, 5);
    let groups = GROUPS.iter().map(|(group, _)| *group);
    for candidate in info.iter().map(|field| field.name).chain(groups) {
        nearest.offer(candidate.as_bytes());
    }
    nearest.into_names()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const REPLY: &[u8] = b"Name: HAProxy\nVersion: 3.4.7\nPid: 7\nMaxconn: 100\nCurrConns: 3\nIdle_pct: 93\nUnstoppable Jobs: 1\nBrand_new: 5\n\n";

    fn selected(wanted: &[&str]) -> Result<Vec<String>, NoSuchField> {
        let info = Info::read(REPLY).unwrap();
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        Ok(select(&info, &wanted)?
            .iter()
            .map(|field| field.name.to_owned())
            .collect())
    }

    #[test]
    fn groups_and_names_are_joined_in_the_order_of_haproxy() {
        assert_eq!(
            selected(&["summary"]).unwrap(),
            ["Pid", "Maxconn", "CurrConns", "Idle_pct"]
        );
        assert_eq!(
            selected(&["Brand_new", "limits", "CurrConns"]).unwrap(),
            ["Maxconn", "CurrConns", "Brand_new"]
        );
        assert_eq!(
            selected(&["Unstoppable Jobs"]).unwrap(),
            ["Unstoppable Jobs"]
        );
        assert_eq!(selected(&["all"]).unwrap().len(), 8);
    }

    #[test]
    fn a_name_that_does_not_exist_is_an_error_with_near_ones() {
        let error = selected(&["Pid", "currcons"]).unwrap_err();
        assert_eq!(
            (error.name.as_str(), error.index, error.near.as_slice()),
            ("currcons", 1, ["CurrConns".to_owned()].as_slice())
        );
        assert!(
            error.hint().starts_with("did you mean CurrConns?"),
            "{}",
            error.hint()
        );
        assert!(
            selected(&["zzzzzzzz"])
                .unwrap_err()
                .hint()
                .contains("summary, limits")
        );
    }
}
