//! Lines that HAProxy cannot read.

use haproxy_configuration::ProblemKind;

use super::context::Context;
use super::report::{Evidence, Report, Risk, Severity};

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    for problem in context.configuration.problems() {
        let (severity, title, mend) = match &problem.kind {
            ProblemKind::EmptyWord => (
                Severity::Medium,
                "A part of a line does not count",
                "# the line without the empty word",
            ),
            ProblemKind::TooManyLines => (
                Severity::Info,
                "The configuration is too large to be looked at whole",
                "# nothing: the rest was not looked at",
            ),
            ProblemKind::UnknownSection { .. } => (
                Severity::High,
                "HAProxy does not start: a section has a name that does not exist",
                "# the name as HAProxy has it",
            ),
            _ => (
                Severity::High,
                "HAProxy does not start: a line cannot be read",
                "# the line as HAProxy can read it",
            ),
        };
        report.add(Risk {
            severity,
            id: "line-unreadable",
            title,
            evidence: vec![Evidence::place(problem.file, problem.line, &problem.kind.to_string())],
            more: 0,
            alike: false,
            why: "HAProxy reads all lines or none; one that runs goes on with what it read before, until it is restarted"
                .to_owned(),
            mend: match &problem.kind {
                ProblemKind::UnknownSection { meant, .. } => meant.to_string(),
                ProblemKind::NoLineFeed => "# the last line, with a line feed at its end".to_owned(),
                ProblemKind::UnfinishedIf => ".endif".to_owned(),
                _ => mend.to_owned(),
            },
        });
    }
}
