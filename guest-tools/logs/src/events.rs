//! `show_events`.

use std::collections::VecDeque;

use haproxy_listing::cut;
use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use haproxy_replies::events::{self, EventsReader, Sink};
use haproxy_replies::names::Suggestion;
use serde::{Deserialize, Serialize};

const LIST: Need = Need {
    command: &["show", "events"],
    since: None,
    level: None,
};
const READ: Need = Need {
    command: &["show", "events"],
    since: None,
    level: Some("operator"),
};

/// Lines of an answer, where the arguments do not say.
const LIMIT: usize = 20;

/// Bytes of lines in such an answer.
const DEFAULT_BYTES: usize = 6_000;

/// Bytes of lines in any answer; the host takes 1 MiB in all.
const BYTES: usize = 200_000;

/// Characters of a line.
const LINE: usize = 1_000;

/// Characters of a sink's description.
const DESCRIPTION: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    ring: Option<String>,
    filter: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Answer<'a, R: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ring: Option<&'a str>,
    rows: Vec<R>,
    matched: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
}

#[derive(Serialize)]
struct LeftOut {
    lines: usize,
    hint: &'static str,
}

#[derive(Serialize)]
struct Ring {
    name: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u64>,
    description: String,
}

#[derive(Serialize)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    text: String,
}

pub(crate) fn show_events(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let filter = arguments.filter.as_deref().map(str::to_lowercase);
    let instance = call.instance();
    match &arguments.ring {
        None => list(&instance, filter.as_deref(), arguments.limit),
        Some(ring) => read(&instance, ring, filter.as_deref(), arguments.limit),
    }
}

fn list(
    instance: &Instance,
    filter: Option<&str>,
    limit: Option<usize>,
) -> Result<Outcome, Failure> {
    let holds = |sink: &Sink| filter.is_none_or(|filter| sink.name.to_lowercase().contains(filter));
    let mut rows: Vec<Ring> = sinks(instance)?
        .into_iter()
        .filter(holds)
        .map(|sink| Ring {
            description: cut(&sink.description, DESCRIPTION).into_owned(),
            name: sink.name,
            r#type: sink.kind,
            dropped: sink.dropped,
        })
        .collect();
    let matched = rows.len();
    rows.truncate(limit.unwrap_or(LIMIT));
    let line = format!("{} of {matched} event sinks", rows.len());
    let answer = Answer {
        ring: None,
        left_out: left_out(
            matched - rows.len(),
            "a larger `limit`, or `filter`, shows them",
        ),
        rows,
        matched,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

fn sinks(instance: &Instance) -> Result<Vec<Sink>, Failure> {
    let reply = LIST.ask(instance, &[])?.bytes()?;
    events::sinks(&reply).map_err(Failure::unparsable)
}

fn read(
    instance: &Instance,
    ring: &str,
    filter: Option<&str>,
    limit: Option<usize>,
) -> Result<Outcome, Failure> {
    // The name of a sink that has nothing to read is no error to HAProxy: so all are asked for first.
    let sinks = sinks(instance)?;
    let Some(sink) = sinks.iter().find(|sink| sink.name == ring) else {
        return Err(no_such_ring(&sinks, ring));
    };
    if sink.kind != "buffer" {
        return Err(Failure::invalid_argument(format!(
            "the sink keeps no lines, but writes them to a file descriptor: `{ring}`"
        ))
        .hint("only a sink of type `buffer` can be read; without `ring`, all sinks are listed")
        .argument("/ring"));
    }
    let wanted = limit.unwrap_or(LIMIT);
    let room = if limit.is_some() {
        BYTES
    } else {
        DEFAULT_BYTES
    };
    let mut newest = Newest::new(wanted, room);
    let mut reader = EventsReader::default();
    READ.ask(instance, &[ring])?.for_each(|chunk| {
        reader
            .push(chunk, |event| {
                let text = String::from_utf8_lossy(event.text);
                if filter.is_none_or(|filter| text.to_lowercase().contains(filter)) {
                    newest.add(Line {
                        severity: event.severity(),
                        text: cut(text.trim_end(), LINE).into_owned(),
                    });
                }
            })
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)?;
    let matched = newest.offered;
    let rows: Vec<Line> = newest.lines.into();
    let line = format!("{} of {matched} lines of `{ring}`", rows.len());
    let answer = Answer {
        ring: Some(ring),
        left_out: left_out(
            matched - rows.len(),
            "older lines: a larger `limit`, or `filter` with a part of the lines, shows them",
        ),
        rows,
        matched,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

fn left_out(lines: usize, hint: &'static str) -> Option<LeftOut> {
    (lines > 0).then_some(LeftOut { lines, hint })
}

fn no_such_ring(sinks: &[Sink], ring: &str) -> Failure {
    let suggestion = Suggestion::among(ring, sinks.iter().map(|sink| &sink.name));
    Failure::not_found(format!("this HAProxy has no event sink: `{ring}`"))
        .hint(suggestion.hint("without `ring`, all event sinks are listed"))
        .argument_among("/ring", suggestion.names())
}

/// The newest of the lines that were added, within a number and a number of bytes. One always stays.
struct Newest {
    limit: usize,
    room: usize,
    lines: VecDeque<Line>,
    bytes: usize,
    offered: usize,
}

impl Newest {
    fn new(limit: usize, room: usize) -> Self {
        Self {
            limit,
            room,
            lines: VecDeque::new(),
            bytes: 0,
            offered: 0,
        }
    }

    fn add(&mut self, line: Line) {
        self.offered += 1;
        self.bytes += size(&line);
        self.lines.push_back(line);
        while self.lines.len() > self.limit || (self.bytes > self.room && self.lines.len() > 1) {
            if let Some(oldest) = self.lines.pop_front() {
                self.bytes -= size(&oldest);
            }
        }
    }
}

/// About what a line takes in the answer.
fn size(line: &Line) -> usize {
    line.text.len() + 40
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(limit: usize, room: usize, lines: &[&str]) -> (Vec<String>, usize) {
        let mut newest = Newest::new(limit, room);
        for text in lines {
            newest.add(Line {
                severity: None,
                text: (*text).to_owned(),
            });
        }
        let lines = newest.lines.into_iter().map(|line| line.text).collect();
        (lines, newest.offered)
    }

    #[test]
    fn the_newest_lines_stay_in_their_order() {
        assert_eq!(
            kept(2, 1_000, &["a", "b", "c"]),
            (vec!["b".into(), "c".into()], 3)
        );
        assert_eq!(
            kept(9, 90, &["a", "b", "c"]),
            (vec!["b".into(), "c".into()], 3)
        );
        let long = "x".repeat(500);
        assert_eq!(kept(9, 90, &["a", &long]), (vec![long], 2));
        assert_eq!(kept(9, 90, &[]), (vec![], 0));
    }
}
