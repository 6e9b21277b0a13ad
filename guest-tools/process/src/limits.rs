//! `set_maxconn_global` and `set_rate_limit`.

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::info::Info;
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

const SET_MAXCONN: Need = Need {
    command: &["set", "maxconn", "global"],
    since: None,
    level: Some("admin"),
};

const SET_RATE_LIMIT: Need = Need {
    command: &["set", "rate-limit"],
    since: None,
    level: Some("admin"),
};

/// The most kilobytes per second, above which HAProxy keeps what is left of 32 bits.
const COMPRESSION_MOST: u64 = 4_194_303;

/// Numbers of `show info`.
fn numbers<const N: usize>(instance: &Instance, names: [&str; N]) -> Result<[u64; N], Failure> {
    let reply = instance.ask(&["show", "info"])?.bytes()?;
    let info = Info::read(&reply).map_err(Failure::unparsable)?;
    let mut all = [0; N];
    for (name, number) in names.into_iter().zip(&mut all) {
        match info.require(name).map_err(Failure::unparsable)? {
            Value::Unsigned(value) => *number = *value,
            _ => {
                return Err(Failure::unparsable(format!(
                    "a field of the process information is no number: `{name}`"
                )));
            }
        }
    }
    Ok(all)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Maxconn {
    maxconn: u64,
}

/// Connections of the process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Connections {
    maxconn: u64,
    hard_maxconn: u64,
}

impl Connections {
    fn read(instance: &Instance) -> Result<Self, Failure> {
        let [maxconn, hard_maxconn] = numbers(instance, ["Maxconn", "Hard_maxconn"])?;
        Ok(Self {
            maxconn,
            hard_maxconn,
        })
    }
}

/// The tool.
pub(crate) fn set_maxconn_global(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Maxconn { maxconn } = call.arguments()?;
    let instance = call.instance();
    let change = Change::made(
        || Connections::read(&instance),
        |before| {
            match SET_MAXCONN.ask(&instance, &[&maxconn.to_string()]) {
            Err(failure) if failure.rejection() == Some("out-of-range") => {
                Err(failure.hint(format!(
                    "this process can have at most {} connections (Hard_maxconn), which is `maxconn` of the `global` \
                     section it was started with",
                    before.hard_maxconn
                )))
            }
            other => other.map(drop),
        }
        },
        |after| after.maxconn == maxconn,
        &format!("at most {maxconn} connections"),
    )?;
    let line = format!(
        "maxconn {} → {} (at most {})",
        change.before.maxconn, change.after.maxconn, change.after.hard_maxconn
    );
    Ok(Outcome::of(&change)?.text(line))
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Connections,
    Sessions,
    SslSessions,
    HttpCompression,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Sessions => "sessions",
            Self::SslSessions => "ssl-sessions",
            Self::HttpCompression => "http-compression",
        }
    }

    /// HAProxy's name of the limit.
    fn field(self) -> &'static str {
        match self {
            Self::Connections => "ConnRateLimit",
            Self::Sessions => "SessRateLimit",
            Self::SslSessions => "SslRateLimit",
            Self::HttpCompression => "CompressBpsRateLim",
        }
    }

    /// What HAProxy counts one of the argument as: it shows bytes, and is told kilobytes.
    fn unit(self) -> u64 {
        match self {
            Self::HttpCompression => 1024,
            _ => 1,
        }
    }

    fn read(self, instance: &Instance) -> Result<Limit, Failure> {
        let [value] = numbers(instance, [self.field()])?;
        Ok(Limit {
            rate: value / self.unit(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    kind: Kind,
    rate: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Limit {
    rate: u64,
}

#[derive(Serialize)]
struct Answer {
    kind: Kind,
    #[serde(flatten)]
    change: Change<Limit>,
}

/// The tool.
pub(crate) fn set_rate_limit(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted { kind, rate } = call.arguments()?;
    if matches!(kind, Kind::HttpCompression) && rate > COMPRESSION_MOST {
        return Err(Failure::invalid_argument(format!(
            "HAProxy keeps at most {COMPRESSION_MOST} kilobytes per second, and would cut this without a word: {rate}"
        ))
        .hint("0 is no limit")
        .argument("/rate"));
    }
    let instance = call.instance();
    let change = Change::made(
        || kind.read(&instance),
        |_| {
            SET_RATE_LIMIT
                .ask(&instance, &[kind.word(), "global", &rate.to_string()])
                .map(drop)
        },
        |after| after.rate == rate,
        &format!("{rate} {} per second", kind.word()),
    )?;
    let line = format!(
        "{}: {} → {} per second",
        kind.word(),
        change.before.rate,
        change.after.rate
    );
    Ok(Outcome::of(&Answer { kind, change })?.text(line))
}
