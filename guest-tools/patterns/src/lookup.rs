//! `get_map` and `get_acl`: what HAProxy itself finds for a key.

use std::collections::BTreeMap;

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::maps::{self, Lookup};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::kind::Kind;
use crate::set::Set;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(alias = "map", alias = "acl")]
    set: String,
    key: String,
}

#[derive(Serialize)]
struct About<'a> {
    key: &'a str,
    found: bool,
    lookups: Vec<Compared<'a>>,
}

/// What one way of comparing found.
#[derive(Serialize)]
struct Compared<'a> {
    method: &'a str,
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<&'a str>,
    /// What other versions add.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    others: BTreeMap<&'a str, &'a str>,
}

impl<'a> Compared<'a> {
    fn of(lookup: &'a Lookup<'_>) -> Self {
        Self {
            method: &lookup.method,
            found: lookup.found,
            key: lookup.key.as_deref(),
            value: lookup.value.as_deref(),
            value_type: lookup.value_type.as_deref(),
            case: lookup.case.as_deref(),
            index: lookup.index.as_deref(),
            others: lookup
                .others
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect(),
        }
    }
}

/// Looks a key up, in each way in which the set is used.
pub fn get(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let Asked { set: name, key } = call.arguments()?;
    let instance = call.instance();
    let set = Set::new(kind, &instance, &name);
    let reply = set.ask(&kind.get, None, &[&key])?.bytes()?;
    let lookups = maps::lookups(&reply).map_err(Failure::unparsable)?;
    let found = lookups.iter().find(|lookup| lookup.found);
    let line = match found {
        None => format!("{} `{name}` has nothing for `{key}`", kind.noun),
        Some(lookup) => {
            let entry = lookup.key.as_deref().unwrap_or(&key);
            let value = lookup.value.as_deref();
            let value = value.map_or_else(String::new, |value| format!(": {value}"));
            format!("{} `{name}` has `{entry}` for `{key}`{value}", kind.noun)
        }
    };
    let about = About {
        key: &key,
        found: found.is_some(),
        lookups: lookups.iter().map(Compared::of).collect(),
    };
    let answer = Answer::of(kind, &name, about);
    Ok(Outcome::of(&answer)?.text(line))
}
