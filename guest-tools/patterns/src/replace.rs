//! `replace_map` and `replace_acl`: the whole content, or nothing. A new version is prepared, filled, compared with what
//! was wanted entry by entry, committed, and compared once more.

use std::collections::HashSet;

use haproxy_mcp_sdk::{Call, Change, Failure, Outcome};
use haproxy_replies::maps::Entry;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::content::{Content, Line};
use crate::kind::Kind;
use crate::prepared::{self, Live};
use crate::set::Set;
use crate::version::Versions;

/// What fills a prepared version with these entries; tells how many of them are done.
pub type Fill = fn(&Set<'_>, u32, &[Line<'_>], &mut dyn FnMut(usize)) -> Result<(), Unfilled>;

/// Why a version was not filled.
#[derive(Debug)]
pub struct Unfilled {
    /// The place of the entry that was not added, from 0, where it is known.
    pub at: Option<usize>,
    /// Why.
    pub failure: Failure,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(alias = "map", alias = "acl")]
    set: String,
    content: String,
}

#[derive(Serialize)]
struct Replaced {
    version: u32,
    #[serde(flatten)]
    change: Change<Live>,
    /// Lines that are no entries.
    comments: u32,
    blank: u32,
    /// Keys that the content has more than once.
    duplicates: usize,
}

/// Puts a whole content in place of the present one.
pub fn replace(call: &Call<'_>, kind: &'static Kind, fill: Fill) -> Result<Outcome, Failure> {
    let mut wanted: Wanted = call.arguments()?;
    let content = Content::read(kind, &wanted.content)?;
    let instance = call.instance();
    let set = Set::by_its_own_name(kind, &instance, &mut wanted.set)?;
    let (total, duplicates) = (content.lines.len(), content.duplicates());
    let steps = u32::try_from(total).unwrap_or(u32::MAX);
    let tell = |done: usize, message: &str| {
        call.progress(u32::try_from(done).unwrap_or(u32::MAX), steps, message);
    };

    let before = Live::of(&set)?;
    // Once as the prepared version, and once as the live one.
    set.require_reading_entries(total, wanted.content.len(), 2)?;
    let version = prepared::make(&set)?;
    let filled = fill(&set, version, &content.lines, &mut |done| {
        tell(
            done,
            &format!("{done} of {total} entries are in version {version}"),
        );
    });
    if let Err(unfilled) = filled {
        return Err(refused(&set, version, &content, unfilled));
    }
    tell(
        total,
        &format!("compares version {version} with what is wanted"),
    );
    let found = Found::of(&set, Some(version), &content)?;
    if let Some(difference) = &found.difference {
        let failure = Failure::not_applied(format!(
            "HAProxy took {total} entries, and version {version} has {}: {difference}",
            found.entries
        ));
        return Err(nothing_changed(&set, version, failure));
    }
    tell(total, &format!("commits version {version}"));
    if let Err(failure) = set.ask(&kind.commit, Some(version), &[]) {
        return Err(uncommitted(&set, version, failure));
    }
    let found = Found::of(&set, None, &content)?;
    let after = Live {
        curr_ver: Versions::of(&set)?.curr_ver,
        entries: found.entries,
    };
    let holds = found.difference.is_none() && after.curr_ver == version;
    let what = match &found.difference {
        None => format!("version {version} with {total} entries"),
        Some(difference) => format!("version {version} with {total} entries; {difference}"),
    };
    let change = Change::confirmed(before, after, holds, &what)?;
    let line = format!(
        "{} `{}`: {total} entries in place of {}, as version {version}",
        kind.noun, set.name, change.before.entries
    );
    let replaced = Replaced {
        version,
        change,
        comments: content.comments,
        blank: content.blank,
        duplicates,
    };
    let answer = Answer::of(kind, set.name, replaced);
    Ok(Outcome::of(&answer)?.text(line))
}

impl Content<'_> {
    /// How many keys it has more than once.
    pub fn duplicates(&self) -> usize {
        let mut seen = HashSet::with_capacity(self.lines.len());
        let repeated: HashSet<&str> = self
            .lines
            .iter()
            .filter(|line| !seen.insert(line.key))
            .map(|line| line.key)
            .collect();
        repeated.len()
    }
}

/// What a version holds, next to what it should hold.
struct Found {
    entries: u64,
    difference: Option<String>,
}

impl Found {
    /// Reads a version, and compares it entry by entry: HAProxy keeps the order in which they were added.
    fn of(set: &Set<'_>, version: Option<u32>, content: &Content<'_>) -> Result<Self, Failure> {
        let mut wanted = content.lines.iter();
        let mut found = Self {
            entries: 0,
            difference: None,
        };
        set.entries(version, |entry| {
            found.entries += 1;
            let line = wanted.next();
            if found.difference.is_none() && !line.is_some_and(|line| is(set.kind, entry, *line)) {
                let text = String::from_utf8_lossy(entry.text);
                found.difference = Some(match line {
                    Some(line) => format!("in place of line {} it has `{text}`", line.number),
                    None => format!("it has `{text}` besides"),
                });
            }
        })?;
        if found.difference.is_none()
            && let Some(line) = wanted.next()
        {
            found.difference = Some(format!("line {} is missing", line.number));
        }
        Ok(found)
    }
}

fn is(kind: &Kind, entry: Entry<'_>, line: Line<'_>) -> bool {
    if kind.has_values {
        entry.value_of(line.key.as_bytes()) == Some(line.value.as_bytes())
    } else {
        entry.text == line.key.as_bytes()
    }
}

/// An entry was refused. Where it is not known which, those before it are counted: they are in the version.
fn refused(set: &Set<'_>, version: u32, content: &Content<'_>, unfilled: Unfilled) -> Failure {
    let Unfilled { at, failure } = unfilled;
    let at = match (&failure, at) {
        (Failure::Rejected(..), None) => set
            .count(Some(version))
            .ok()
            .and_then(|count| count.try_into().ok()),
        _ => at,
    };
    let failure = match (&failure, at.and_then(|at: usize| content.lines.get(at))) {
        (Failure::Rejected(reason, _), Some(line)) => {
            let details = serde_json::json!({
                "reason": reason,
                "argument": "/content",
                "line": line.number,
                "key": line.key,
            });
            failure.details(details.to_string())
        }
        _ => failure,
    };
    nothing_changed(set, version, failure)
}

/// HAProxy did not commit.
fn uncommitted(set: &Set<'_>, version: u32, failure: Failure) -> Failure {
    if failure.rejection() == Some("out-of-range") {
        return failure.hint(format!(
            "somebody else committed a version after {version} was prepared, which dropped it; nothing of this content is \
             live: look at what there is, and replace it again"
        ));
    }
    // Where HAProxy was lost, what became of it is not known; the host says so.
    nothing_changed(set, version, failure)
}

/// Abandons the version; the live one was not touched.
fn nothing_changed(set: &Set<'_>, version: u32, failure: Failure) -> Failure {
    // Where HAProxy cannot be asked, the host takes the version back as soon as the call has ended.
    if matches!(failure, Failure::Host(_)) {
        return failure;
    }
    let noun = set.kind.noun;
    let left = match set.ask(&set.kind.clear, Some(version), &[]) {
        Ok(_) => "is abandoned",
        Err(_) => "could not be cleared, and does no harm",
    };
    failure.hint(format!(
        "nothing was changed: the {noun} has its former content, and version {version} {left}"
    ))
}
