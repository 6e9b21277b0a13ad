//! Risks, as they are told.

use std::collections::HashMap;

use haproxy_configuration::{Section, Setting, Statement};
use haproxy_listing::cut;
use serde::{Deserialize, Serialize, Serializer};

/// Places of one risk that are shown.
const PLACES: usize = 5;

/// Characters of a line, or of what HAProxy says.
const TEXT: usize = 300;

/// How bad it is. The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Others may do what they should not, or HAProxy does not start.
    High,
    /// It does not do what it looks like, or gives away more than it should.
    Medium,
    /// It is weaker than it could be.
    Low,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Its name in arguments and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// A risk, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Risk {
    pub(crate) severity: Severity,
    /// Lower case and hyphens, stable.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) evidence: Vec<Evidence>,
    /// Places that are not shown.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) more: usize,
    pub(crate) why: String,
    /// Whether it is the same in another place where the lines to write are not: those of the first are shown.
    #[serde(skip)]
    pub(crate) alike: bool,
    /// The lines to write.
    #[serde(serialize_with = "lines")]
    pub(crate) mend: String,
}

/// The host makes control characters visible, line feeds among them.
fn lines<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(text.lines())
}

impl Risk {
    /// Adds further places.
    fn see(&mut self, evidence: Vec<Evidence>) {
        for place in evidence {
            if self.evidence.contains(&place) {
                continue;
            }
            if self.evidence.len() < PLACES {
                self.evidence.push(place);
            } else {
                self.more += 1;
            }
        }
    }
}

/// Where a risk is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Evidence {
    /// File and line, or the command that said it.
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    text: String,
    /// It stands between `.if` and `.endif`: it may not count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    conditional: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Evidence {
    /// A line.
    pub(crate) fn line(setting: &Setting<'_, '_>) -> Self {
        Self::statement(setting.section, setting.statement)
    }

    /// The line that begins a section.
    pub(crate) fn head(section: &Section<'_>) -> Self {
        Self::statement(section, &section.head)
    }

    fn statement(section: &Section<'_>, statement: &Statement<'_>) -> Self {
        Self {
            at: format!("{}:{}", section.file, statement.line),
            section: Some(section.to_string()),
            text: cut(&statement.text().replace('\t', " "), TEXT).into_owned(),
            conditional: statement.conditional,
        }
    }

    /// What HAProxy says.
    pub(crate) fn said(command: &str, text: &str) -> Self {
        Self {
            at: format!("`{command}`"),
            section: None,
            text: cut(text, TEXT).into_owned(),
            conditional: false,
        }
    }

    /// A place in a file.
    pub(crate) fn place(file: &str, line: u32, text: &str) -> Self {
        Self {
            at: format!("{file}:{line}"),
            section: None,
            text: cut(text, TEXT).into_owned(),
            conditional: false,
        }
    }
}

/// All risks.
#[derive(Debug, Default)]
pub(crate) struct Report {
    risks: Vec<Risk>,
    /// Where each is among them.
    places: HashMap<Said, usize>,
}

/// What makes two risks the same.
type Said = (Severity, &'static str, &'static str, String, String);

impl Report {
    /// Adds a risk. One that says the same of another place becomes a further place of that one.
    pub(crate) fn add(&mut self, mut risk: Risk) {
        let mend = if risk.alike {
            String::new()
        } else {
            risk.mend.clone()
        };
        let said = (risk.severity, risk.id, risk.title, risk.why.clone(), mend);
        let known = self
            .places
            .get(&said)
            .and_then(|place| self.risks.get_mut(*place));
        if let Some(known) = known {
            known.see(risk.evidence);
        } else {
            let evidence = std::mem::take(&mut risk.evidence);
            risk.see(evidence);
            self.places.insert(said, self.risks.len());
            self.risks.push(risk);
        }
    }

    /// All of them, the worst first.
    pub(crate) fn sorted(mut self) -> Vec<Risk> {
        self.risks.sort_by_key(|risk| risk.severity);
        self.risks
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn risk(severity: Severity, mend: &str, line: u32) -> Risk {
        Risk {
            severity,
            id: "some-risk",
            title: "A risk",
            evidence: vec![Evidence::place("a.cfg", line, "text")],
            more: 0,
            alike: false,
            why: String::new(),
            mend: mend.to_owned(),
        }
    }

    #[test]
    fn the_same_in_several_places_is_one_risk() {
        let mut report = Report::default();
        for line in [1, 2, 2, 3, 4, 5, 6, 7] {
            report.add(risk(Severity::Low, "this", line));
        }
        report.add(risk(Severity::Low, "that", 1));
        report.add(risk(Severity::High, "this", 1));
        let risks = report.sorted();
        let seen: Vec<(Severity, usize, usize)> = risks
            .iter()
            .map(|risk| (risk.severity, risk.evidence.len(), risk.more))
            .collect();
        assert_eq!(
            seen,
            [
                (Severity::High, 1, 0),
                (Severity::Low, 5, 2),
                (Severity::Low, 1, 0)
            ]
        );
    }
}
