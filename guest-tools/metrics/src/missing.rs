//! What there is instead of a family or label that is not there.

use std::collections::{BTreeMap, BTreeSet};

use haproxy_mcp_sdk::{Call, Failure};
use haproxy_replies::names::Suggestion;

use crate::choice::Choice;
use crate::exporter::{Ask, read};

/// Names and values that are looked at: the nearest are among them, in any but the largest site.
const LOOKED_AT: usize = 20_000;

/// The failure that says that there is no family of this name.
pub(crate) fn family(
    call: &Call<'_>,
    scope: Option<&str>,
    wanted: &str,
) -> Result<Failure, Failure> {
    let mut names = BTreeSet::new();
    let ask = Ask {
        scope,
        family: None,
    };
    read(call, ask, |family, _| {
        if names.len() < LOOKED_AT && !names.contains(&family.name) {
            names.insert(family.name.clone());
        }
    })?;
    let suggestion = Suggestion::among(wanted, &names);
    Ok(
        Failure::not_found(format!("the exporter has no such family: `{wanted}`"))
            .hint(suggestion.hint("without arguments, all families are listed"))
            .argument_among("/family", suggestion.names()),
    )
}

/// The failure that says which of the labels no series of these families has; none where each is there, if not together.
pub(crate) fn label(
    call: &Call<'_>,
    ask: Ask<'_>,
    family: Option<&str>,
    name: &str,
    value: Option<&str>,
    pointer: &str,
) -> Result<Option<Failure>, Failure> {
    let none = BTreeMap::new();
    let mut choice = Choice::new(family, &none, false);
    let (mut names, mut values) = (BTreeSet::new(), BTreeSet::new());
    let add = |found: &mut BTreeSet<Vec<u8>>, text: &[u8]| {
        if found.len() < LOOKED_AT && !found.contains(text) {
            found.insert(text.to_vec());
        }
    };
    read(call, ask, |family, sample| {
        let verdict = choice.judge(family, sample);
        if verdict.instead {
            names.clear();
            values.clear();
        }
        if !verdict.named {
            return;
        }
        for (label, value) in sample.labels.iter() {
            add(&mut names, label);
            if label == name.as_bytes() {
                add(&mut values, &value);
            }
        }
    })?;
    let (what, wanted, there) = if !names.contains(name.as_bytes()) {
        ("no series of these has such a label", name, &names)
    } else if let Some(value) = value.filter(|value| !values.contains(value.as_bytes())) {
        ("no series has this value of the label", value, &values)
    } else {
        return Ok(None);
    };
    let suggestion = Suggestion::among(wanted, there);
    let what = if value == Some(wanted) {
        format!("{what} `{name}`: `{wanted}`")
    } else {
        format!("{what}: `{wanted}`")
    };
    Ok(Some(
        Failure::not_found(what)
            .hint(suggestion.hint("without `labels` and `by`, the labels of the series are shown"))
            .argument_among(pointer, suggestion.names()),
    ))
}
