//! What a table stores: comparisons by which HAProxy filters, and values that can be set.
//!
//! Measured on 2.6, 3.0, 3.2 and 3.4: what a table stores several times (`gpc(3)`) is shown as `gpc0`, `gpc1`, `gpc2`, but
//! asked for as `gpc` (the first) or, from 3.2, `gpc[1]`. A number of 32 bits is cut to them without a word. `server_key`
//! is taken and passed over.

use std::fmt;

use haproxy_mcp_sdk::Failure;
use serde::Deserialize;

/// What HAProxy keeps in 64 bits; all else has 32.
const WIDE: [&str; 2] = ["bytes_in_cnt", "bytes_out_cnt"];

/// Stored, but as the name of a server: HAProxy neither compares nor sets it.
const SERVER_KEY: &str = "server_key";

/// One comparison.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    op: Operator,
    value: i64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// One value to set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Datum {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: u64,
}

impl Filter {
    /// A comparison that HAProxy refuses unless the table stores it.
    pub(crate) fn probe(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            op: Operator::Lt,
            value: 0,
        }
    }

    /// The words of all of them.
    pub(crate) fn words(filters: &[Self]) -> Vec<String> {
        let of = |filter: &Self| {
            [
                format!("data.{}", filter.kind),
                filter.op.word().to_owned(),
                filter.value.to_string(),
            ]
        };
        filters.iter().flat_map(of).collect()
    }

    /// The first that can never hold, or would always.
    pub(crate) fn check(filters: &[Self]) -> Result<(), Failure> {
        match filters.iter().position(|filter| filter.kind == SERVER_KEY) {
            None => Ok(()),
            Some(place) => Err(Failure::invalid_argument(format!(
                "HAProxy does not compare it: `{SERVER_KEY}`"
            ))
            .hint("it is shown in each entry; compare `server_id`")
            .argument(&format!("/filter/{place}/type"))),
        }
    }
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
        }
    }
}

/// `http_req_cnt gt 100`
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind, self.op.word(), self.value)
    }
}

impl Datum {
    /// The values that can be set, each once.
    pub(crate) fn check(data: &[Self]) -> Result<(), Failure> {
        for (place, datum) in data.iter().enumerate() {
            let (kind, value) = (&datum.kind, datum.value);
            let at = |what: &str| format!("/data/{place}/{what}");
            if kind == SERVER_KEY {
                return Err(Failure::invalid_argument(format!(
                    "HAProxy does not set it: `{kind}`"
                ))
                .hint("set `server_id`, the number of the server in its backend")
                .argument(&at("type")));
            }
            let before = data.iter().take(place);
            if before
                .map(|other| shown_as(&other.kind))
                .any(|other| other == shown_as(kind))
            {
                return Err(Failure::invalid_argument(format!(
                    "it is set more than once: `{kind}`"
                ))
                .hint("give each of the data one value")
                .argument(&at("type")));
            }
            let most = match kind.as_str() {
                wide if WIDE.contains(&wide) => u64::MAX,
                "server_id" => u64::from(i32::MAX.unsigned_abs()),
                _ => u64::from(u32::MAX),
            };
            if value > most {
                return Err(Failure::invalid_argument(format!(
                    "HAProxy keeps at most {most} in `{kind}`, and would cut this without a word: {value}"
                ))
                .hint("give a value that it can keep")
                .argument(&at("value")));
            }
        }
        Ok(())
    }
}

/// The name under which an entry shows what is asked for by this one: `gpc[2]` is shown as `gpc2`, `gpc_rate` as
/// `gpc0_rate`.
pub(crate) fn shown_as(kind: &str) -> String {
    let (name, index) = match kind.strip_suffix(']').and_then(|kind| kind.split_once('[')) {
        Some((name, index)) => (name, index),
        None if matches!(kind, "gpc" | "gpt" | "gpc_rate") => (kind, "0"),
        None => return kind.to_owned(),
    };
    match name.split_once('_') {
        Some((stem, rest)) => format!("{stem}{index}_{rest}"),
        None => format!("{name}{index}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_shown_by_their_index() {
        for (kind, shown) in [
            ("gpc", "gpc0"),
            ("gpt[3]", "gpt3"),
            ("gpc_rate", "gpc0_rate"),
            ("gpc_rate[1]", "gpc1_rate"),
            ("gpc0", "gpc0"),
            ("gpc0_rate", "gpc0_rate"),
            ("http_req_cnt", "http_req_cnt"),
        ] {
            assert_eq!(shown_as(kind), shown, "{kind}");
        }
    }

    #[test]
    fn values_that_haproxy_would_cut_are_refused() {
        let data = |kind: &str, value| Datum {
            kind: kind.to_owned(),
            value,
        };
        for (kind, value, fits) in [
            ("gpc0", u64::from(u32::MAX), true),
            ("gpc0", u64::from(u32::MAX) + 1, false),
            ("bytes_in_cnt", u64::from(u32::MAX) + 1, true),
            ("server_id", 2_147_483_647, true),
            ("server_id", 2_147_483_648, false),
            ("server_key", 1, false),
        ] {
            assert_eq!(Datum::check(&[data(kind, value)]).is_ok(), fits, "{kind}");
        }
        assert!(Datum::check(&[data("gpc", 1), data("gpc[1]", 1)]).is_ok());
        assert!(Datum::check(&[data("gpc", 1), data("gpc[0]", 1)]).is_err());
    }

    #[test]
    fn a_filter_is_words() {
        let filter: Filter =
            serde_json::from_str(r#"{"type":"gpc0","op":"ge","value":-5}"#).unwrap();
        assert_eq!(
            Filter::words(&[filter.clone(), Filter::probe("gpt0")]),
            ["data.gpc0", "ge", "-5", "data.gpt0", "lt", "0"]
        );
        assert_eq!(filter.to_string(), "gpc0 ge -5");
    }
}
