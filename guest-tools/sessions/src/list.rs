//! `show_sess` without `session`: a list.

use haproxy_listing::{Direction, Key, Part};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::sessions::Session;
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::RUNTIME_API;
use crate::filter::Filter;

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    pub(crate) session: Option<String>,
    frontend: Option<String>,
    backend: Option<String>,
    server: Option<String>,
    filter: Option<String>,
    older_than_seconds: Option<u64>,
    sort: Option<Sort>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Oldest,
    Newest,
}

impl Arguments {
    /// Whether nothing but `session` is given.
    pub(crate) fn is_of_one(&self) -> bool {
        self.frontend.is_none()
            && self.backend.is_none()
            && self.server.is_none()
            && self.filter.is_none()
            && self.older_than_seconds.is_none()
            && self.sort.is_none()
            && self.limit.is_none()
            && self.cursor.is_none()
    }

    fn part(&self) -> Result<Part, Failure> {
        let older = self.older_than_seconds.map(|seconds| seconds.to_string());
        let (direction, sort) = match self.sort {
            None | Some(Sort::Oldest) => (Direction::Descending, "oldest"),
            Some(Sort::Newest) => (Direction::Ascending, "newest"),
        };
        let part = Part::new(
            &[
                Some("show_sess"),
                self.frontend.as_deref(),
                self.backend.as_deref(),
                self.server.as_deref(),
                older.as_deref(),
                Some(sort),
            ],
            self.filter.as_deref(),
            self.limit,
            self.cursor.as_deref(),
            LIMIT,
        )?;
        Ok(part.sorted(direction))
    }
}

/// A session, under HAProxy's names. What is 0 or not known is left out.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proto: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    be: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    srv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<u64>,
}

impl Row {
    fn of(session: &Session<'_>) -> Self {
        let number = |name: &str| match session.field(name) {
            Some(Value::Unsigned(number)) => Some(number),
            _ => None,
        };
        Self {
            id: String::from_utf8_lossy(session.id).into_owned(),
            // `?` where there is no connection
            proto: text(session, "proto").filter(|proto| proto != "?"),
            src: text(session, "src"),
            fe: text(session, "fe"),
            be: text(session, "be"),
            srv: text(session, "srv"),
            age_seconds: session.seconds("age"),
            calls: number("calls"),
            rate: number("rate").filter(|rate| *rate > 0),
        }
    }
}

fn text(session: &Session<'_>, name: &str) -> Option<String> {
    match session.field(name)? {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

/// What is true of all sessions that matched.
#[derive(Default, Serialize)]
struct Totals {
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_seconds: Option<u64>,
    /// Without a client's connection: HAProxy's own.
    internal: u64,
}

/// The list.
pub(crate) fn show(call: &Call<'_>, arguments: &Arguments) -> Result<Outcome, Failure> {
    let part = arguments.part()?;
    let filter = Filter {
        frontend: arguments.frontend.as_deref(),
        backend: arguments.backend.as_deref(),
        server: arguments.server.as_deref(),
    };
    let mut page = part.page();
    let mut totals = Totals::default();
    filter.each(&call.instance(), |session| {
        if matches!(session.field("fe"), Some(Value::Text(fe)) if fe == RUNTIME_API) {
            return;
        }
        let age = session.seconds("age");
        if arguments
            .older_than_seconds
            .is_some_and(|least| age.unwrap_or(0) <= least)
        {
            return;
        }
        let source = session.field("src");
        let shown = match &source {
            Some(Value::Text(source)) => source.as_ref(),
            _ => "",
        };
        if !part.holds([shown]) {
            return;
        }
        totals.oldest_seconds = totals.oldest_seconds.max(age);
        totals.internal += u64::from(source.is_none());
        page.offer(age.map_or(Key::Absent, Key::from), || Row::of(session));
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line("sessions");
    Ok(Outcome::of(&written.with(totals))?.text(line))
}
