//! Where statistics come from: the Runtime API, or the statistics page.

use haproxy_mcp_sdk::{Call, Failure, Instance, Pages, Source};
use serde::Serialize;

/// The source that a call reads from.
pub enum Origin {
    /// The Runtime API.
    Runtime(Instance),
    /// The statistics page.
    Page(Pages),
}

impl Origin {
    fn of(call: &Call<'_>, source: Source) -> Self {
        match source {
            Source::Runtime => Self::Runtime(call.instance()),
            Source::Page => Self::Page(call.pages()),
        }
    }

    /// Its name in answers.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Runtime(_) => Source::Runtime.as_str(),
            Self::Page(_) => Source::Page.as_str(),
        }
    }

    /// Part of an answer: which source it is, and what it does not say.
    pub fn said(&self, note: Option<String>) -> SaidBy {
        SaidBy {
            source: self.name(),
            note,
        }
    }

    /// A line for a person, which says so where it is not HAProxy's Runtime API that answers.
    pub fn line(&self, line: String) -> String {
        match self {
            Self::Runtime(_) => line,
            Self::Page(_) => format!("{line} (from the statistics page)"),
        }
    }
}

/// Where an answer is from, as a part of it.
#[derive(Debug, Clone, Serialize)]
pub struct SaidBy {
    /// `runtime` or `page`.
    pub source: &'static str,
    /// What the source does not say, where the answer would have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Reads from the source that the operator prefers, and from the next one where that cannot be reached. What was read of
/// one that is lost in the middle is dropped: an answer comes from one source. Where none can be reached, it is the
/// preferred one that is told.
pub fn from_any<T>(
    call: &Call<'_>,
    read: impl Fn(&Origin) -> Result<T, Failure>,
) -> Result<(T, Origin), Failure> {
    from_first(call, call.pages().sources(), read)
}

/// Reads what is to be changed: from the Runtime API, whatever the operator prefers to read from, and from the statistics
/// page where there is none or it cannot be reached, so that nothing was asked of it. The change goes the same way.
pub fn to_change<T>(
    call: &Call<'_>,
    read: impl Fn(&Origin) -> Result<T, Failure>,
) -> Result<(T, Origin), Failure> {
    let mut sources = call.pages().sources();
    sources.sort_by_key(|source| *source != Source::Runtime);
    from_first(call, sources, read)
}

fn from_first<T>(
    call: &Call<'_>,
    sources: Vec<Source>,
    read: impl Fn(&Origin) -> Result<T, Failure>,
) -> Result<(T, Origin), Failure> {
    let mut unreachable = None;
    for source in sources {
        let origin = Origin::of(call, source);
        match read(&origin) {
            Ok(answer) => return Ok((answer, origin)),
            Err(failure) if failure.is_unreachable() => {
                unreachable.get_or_insert(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    if let Some(failure) = unreachable {
        return Err(failure);
    }
    // Nothing is configured, as the host says in its own words.
    let origin = Origin::of(call, Source::Runtime);
    Ok((read(&origin)?, origin))
}
