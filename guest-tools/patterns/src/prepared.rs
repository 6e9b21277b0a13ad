//! Whole versions: prepared, committed, cleared.

use haproxy_mcp_sdk::{Call, Change, Failure, Outcome};
use haproxy_replies::maps;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::kind::Kind;
use crate::set::Set;
use crate::version::Versions;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(alias = "map", alias = "acl")]
    set: String,
    version: Option<u32>,
    #[serde(default)]
    allow_empty: bool,
}

/// The live version of a set, and how much it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Live {
    /// Which it is.
    pub curr_ver: u32,
    /// Its entries.
    pub entries: u64,
}

impl Live {
    /// What is live now.
    pub fn of(set: &Set<'_>) -> Result<Self, Failure> {
        Ok(Self {
            curr_ver: Versions::of(set)?.curr_ver,
            entries: set.count(None)?,
        })
    }
}

/// Has HAProxy make a new version; its number.
pub(crate) fn make(set: &Set<'_>) -> Result<u32, Failure> {
    let reply = set.ask(&set.kind.prepare, None, &[])?.bytes()?;
    let version = maps::version_created(&reply).map_err(Failure::unparsable)?;
    u32::try_from(version)
        .map_err(|_| Failure::unparsable(format!("no version is as large: {version}")))
}

#[derive(Serialize)]
struct Prepared {
    version: u32,
    #[serde(flatten)]
    change: Change<Versions>,
    next: String,
}

/// Makes a new, empty version, which stays until it is committed or abandoned.
pub fn prepare(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let mut wanted: Wanted = call.arguments()?;
    let instance = call.instance();
    let set = Set::by_its_own_name(kind, &instance, &mut wanted.set)?;
    let before = Versions::of(&set)?;
    let version = make(&set)?;
    let after = Versions::of(&set)?;
    let holds = after.has_prepared(version);
    let change = Change::confirmed(before, after, holds, &format!("a version {version}"))?;
    let word = kind.word;
    let next = format!(
        "add_{word} with version {version} fills it; commit_{word} with version {version} makes it live in place of the \
         present content; clear_{word} with version {version} abandons it. It stays open until then, or until any other \
         version is committed or HAProxy reloads"
    );
    let line = format!(
        "{} `{}`: version {version} is prepared, and empty",
        kind.noun, set.name
    );
    let prepared = Prepared {
        version,
        change,
        next,
    };
    let answer = Answer::of(kind, set.name, prepared);
    Ok(Outcome::of(&answer)?.text(line))
}

#[derive(Serialize)]
struct OfVersion<T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(flatten)]
    change: Change<T>,
}

/// Makes a prepared version the live one.
pub fn commit(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let mut wanted: Wanted = call.arguments()?;
    let instance = call.instance();
    let set = Set::by_its_own_name(kind, &instance, &mut wanted.set)?;
    let version = wanted.version.unwrap_or_default();
    Versions::of(&set)?.require(&set, version)?;
    let before = Live::of(&set)?;
    let prepared = set.count(Some(version))?;
    // It is read again as the live one.
    set.require_reading_again()?;
    if prepared == 0 && !wanted.allow_empty {
        let (noun, word) = (kind.noun, kind.word);
        return Err(Failure::invalid_argument(format!(
            "version {version} has no entries: to commit it would empty the {noun}"
        ))
        .hint(format!(
            "it may have been abandoned, or not been filled: prepare_{word} makes a new one; \
             `allow_empty` commits it as it is"
        ))
        .argument("/version"));
    }
    set.ask(&kind.commit, Some(version), &[])?;
    let after = Live::of(&set)?;
    let holds = after.curr_ver == version && after.entries == prepared;
    let what = format!("version {version} with {prepared} entries");
    let change = Change::confirmed(before, after, holds, &what)?;
    let line = format!(
        "{} `{}`: version {version} is live, with {prepared} entries in place of {}",
        kind.noun, set.name, change.before.entries
    );
    let about = OfVersion {
        version: Some(version),
        change,
    };
    let answer = Answer::of(kind, set.name, about);
    Ok(Outcome::of(&answer)?.text(line))
}

/// How much a version holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Held {
    entries: u64,
}

/// The failure for a version that somebody else committed between the look at it and its end.
fn went_live(set: &Set<'_>, version: u32, entries: u64) -> Failure {
    let (noun, word, name) = (set.kind.noun, set.kind.word, set.name);
    Failure::not_applied(format!(
        "somebody else committed version {version} of {noun} `{name}` in the meantime: it is live, and has {entries} entries now"
    ))
    .hint(format!(
        "look at it with show_{word}: what was committed may have been deleted with it; replace_{word} restores a content"
    ))
    .details(serde_json::json!({ "version": version, "curr_ver": version, "entries": entries }).to_string())
}

/// Deletes all entries of the live version, or of a prepared one.
pub fn clear(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let mut wanted: Wanted = call.arguments()?;
    let instance = call.instance();
    // A set without a file can be cleared, too.
    let set = match wanted.version {
        Some(_) => Set::by_its_own_name(kind, &instance, &mut wanted.set)?,
        None => Set::new(kind, &instance, &wanted.set),
    };
    if let Some(version) = wanted.version {
        Versions::of(&set)?.require(&set, version)?;
    }
    let held = || {
        Ok::<_, Failure>(Held {
            entries: set.count(wanted.version)?,
        })
    };
    let before = held()?;
    set.ask(&kind.clear, wanted.version, &[])?;
    let after = held()?;
    let noun = kind.noun;
    if let Some(version) = wanted.version
        && Versions::of(&set)?.curr_ver == version
    {
        return Err(went_live(&set, version, after.entries));
    }
    let what = match wanted.version {
        None => format!("no entry in the {noun}"),
        Some(version) => format!("no entry in version {version}"),
    };
    let holds = after.entries == 0;
    let change = Change::confirmed(before, after, holds, &what).map_err(|failure| {
        match wanted.version {
            None => failure,
            Some(version) => failure.hint(format!(
                "HAProxy 3.4 keeps a prepared version as long as the live one has entries; version {version} does no harm, \
                 and the next commit drops it"
            )),
        }
    })?;
    let line = match wanted.version {
        None => format!(
            "{noun} `{}`: {} entries deleted",
            set.name, change.before.entries
        ),
        Some(version) => format!(
            "{noun} `{}`: version {version} with {} entries is abandoned; the live one is as it was",
            set.name, change.before.entries
        ),
    };
    let about = OfVersion {
        version: wanted.version,
        change,
    };
    let answer = Answer::of(kind, set.name, about);
    Ok(Outcome::of(&answer)?.text(line))
}
