//! What was found.

use serde::Serialize;
use serde_json::{Map, Value};

/// How it is, the worse the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Not looked into, since something else stands before it.
    Skipped,
    /// As it should be.
    Ok,
    /// It works, and not all of it, or not for long.
    Warning,
    /// It does not work.
    Problem,
}

/// One thing that was found about a door.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    pub(crate) door: String,
    pub(crate) verdict: Verdict,
    /// What it is, for a program: stable.
    pub(crate) id: String,
    /// What was seen.
    pub(crate) saw: String,
    /// Why it matters, and where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// What to change: lines of a configuration, commands, each by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) mend: Vec<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) details: Map<String, Value>,
}

impl Finding {
    pub(crate) fn new(door: &str, verdict: Verdict, id: &str, saw: impl Into<String>) -> Self {
        Self {
            door: door.to_owned(),
            verdict,
            id: id.to_owned(),
            saw: saw.into(),
            why: None,
            mend: Vec::new(),
            details: Map::new(),
        }
    }

    pub(crate) fn ok(door: &str, id: &str, saw: impl Into<String>) -> Self {
        Self::new(door, Verdict::Ok, id, saw)
    }

    pub(crate) fn warning(door: &str, id: &str, saw: impl Into<String>) -> Self {
        Self::new(door, Verdict::Warning, id, saw)
    }

    pub(crate) fn problem(door: &str, id: &str, saw: impl Into<String>) -> Self {
        Self::new(door, Verdict::Problem, id, saw)
    }

    pub(crate) fn skipped(door: &str, id: &str, saw: impl Into<String>) -> Self {
        Self::new(door, Verdict::Skipped, id, saw)
    }

    #[must_use]
    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// What to change, a line each.
    #[must_use]
    pub(crate) fn mend(mut self, mend: impl AsRef<str>) -> Self {
        let lines = mend.as_ref().lines().filter(|line| !line.is_empty());
        self.mend = lines.map(str::to_owned).collect();
        self
    }

    /// Adds a fact that a program may want.
    #[must_use]
    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// Milliseconds for a person: `0.4 ms`, `12 ms`, `5.0 s`.
pub(crate) fn milliseconds(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.1} ms")
    } else if time < 1000.0 {
        format!("{time:.0} ms")
    } else {
        format!("{:.1} s", time / 1000.0)
    }
}

/// A number of things: `1 file`, `2 files`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let more = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{more}")
}

/// Seconds for a person: `40 s`, `5 min`, `3 h`, `12 days`.
pub(crate) fn since(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => counted(seconds / 86_400, "day"),
    }
}

/// Several lines of a configuration, or commands, one below the other.
pub(crate) fn lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("\n")
}
