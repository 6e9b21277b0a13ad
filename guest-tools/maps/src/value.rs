//! `set_map`.

use haproxy_mcp_sdk::{Call, Change, Failure, Need, Outcome};
use haproxy_patterns::{AboutEntry, Answer, EntryState, MAP, Set, check_key, no_such_key};
use serde::Deserialize;

const SET: Need = Need {
    command: &["set", "map"],
    since: None,
    level: Some("admin"),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    map: String,
    key: String,
    value: String,
}

/// The tool.
pub(crate) fn set_map(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted { map, key, value } = call.arguments()?;
    check_key(&MAP, &key)?;
    let instance = call.instance();
    let set = Set::new(&MAP, &instance, &map);
    let change = Change::made(
        || EntryState::read(&set, None, &key, Some(&value)),
        |before| {
            // 2.6 and 3.0 also take a key that only a prepared version has, and set it there.
            if before.entries == 0 {
                return Err(no_such_key(&set, &key));
            }
            set.require_reading_again()?;
            match set.ask(&SET, None, &[&key, &value]) {
                Err(failure) if failure.rejection() == Some("no-such-key") => {
                    Err(no_such_key(&set, &key))
                }
                other => other.map(drop),
            }
        },
        |after| after.entries > 0 && after.matching == after.entries,
        &format!("value `{value}` of `{key}`"),
    )?;
    let count = change.after.entries;
    let times = if count == 1 {
        String::new()
    } else {
        format!(" in all {count} entries of that key")
    };
    let line = format!("map `{map}`: `{key}` has value `{value}`{times}");
    let about = AboutEntry {
        key: &key,
        version: None,
        change,
    };
    Ok(Outcome::of(&Answer::of(&MAP, &map, about))?.text(line))
}
