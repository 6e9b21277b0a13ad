//! `dump_stats_file`: the counters that HAProxy can load again.

use std::collections::BTreeMap;

use haproxy_listing::{Fields, Key, Listed, Page, Part, Selection};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use haproxy_replies::stats_file::{Counters, StatsFileError, StatsFileReader};
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

const COMMAND: Need = Need {
    command: &["dump", "stats-file"],
    since: Some("3.0"),
    level: None,
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

const SUMMARY: &[&str] = &[
    "stot", "req_tot", "bin", "bout", "hrsp_2xx", "hrsp_4xx", "hrsp_5xx", "dreq", "ereq", "econ",
    "eresp", "wretr", "chkfail", "chkdown",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    filepath: Option<String>,
    filter: Option<String>,
    fields: Option<Vec<String>>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The tool.
pub(crate) fn dump_stats_file(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    if arguments.filepath.is_some() {
        return Err(Failure::invalid_argument(
            "HAProxy writes no file: `dump stats-file` prints the counters, and this tool answers them",
        )
        .hint(
            "leave out `filepath`; to have a file, run `echo dump stats-file | socat stdio SOCKET > FILE` on the \
             machine of HAProxy",
        )
        .argument("/filepath"));
    }
    let asked = arguments.fields.as_ref().map(|fields| fields.join(" "));
    let part = Part::new(
        &[Some("dump_stats_file"), asked.as_deref()],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let reply = COMMAND.ask(&call.instance(), &[])?;
    let selection = Selection::new(arguments.fields.as_deref(), SUMMARY);
    let mut dump = Dump::new(&part, selection);
    let mut reader = StatsFileReader::default();
    reply.for_each(|chunk| {
        reader
            .push(chunk, |object| {
                dump.take(&object);
                Ok::<_, StatsFileError>(())
            })
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)?;
    dump.answer()
}

/// An object, as it is kept.
#[derive(Debug)]
struct Object {
    section: String,
    guid: String,
    fields: Vec<(String, Value<'static>)>,
}

impl Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a, F: Serialize> {
            section: &'a str,
            guid: &'a str,
            #[serde(flatten)]
            fields: F,
        }
        Row {
            section: &self.section,
            guid: &self.guid,
            fields: Fields(
                self.fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.clone())),
            ),
        }
        .serialize(serializer)
    }
}

/// The objects while they are read.
#[derive(Debug)]
struct Dump<'p> {
    part: &'p Part,
    selection: Selection,
    /// The section whose columns were learnt last.
    section: String,
    page: Page<Object>,
    objects: u64,
    sections: BTreeMap<String, u64>,
}

impl<'p> Dump<'p> {
    fn new(part: &'p Part, selection: Selection) -> Self {
        Self {
            part,
            selection,
            section: String::new(),
            page: part.page(),
            objects: 0,
            sections: BTreeMap::new(),
        }
    }

    fn take(&mut self, object: &Counters<'_>) {
        let section = object.section();
        if self.section != section || self.selection.is_untaught() {
            self.selection.learn(object.values().map(|(name, _)| name));
            section.clone_into(&mut self.section);
        }
        self.objects += 1;
        let guid = String::from_utf8_lossy(object.guid());
        if !self.part.holds([&*guid]) {
            return;
        }
        *self.sections.entry(section.to_owned()).or_default() += 1;
        let selection = &self.selection;
        self.page.offer(Key::Absent, || Object {
            section: section.to_owned(),
            guid: guid.into_owned(),
            fields: object
                .values()
                .filter(|(name, _)| selection.shows(name))
                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                .collect(),
        });
    }

    fn answer(self) -> Result<Outcome, Failure> {
        #[derive(Serialize)]
        struct Answer {
            #[serde(flatten)]
            listed: Listed<Totals>,
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<&'static str>,
        }
        #[derive(Serialize)]
        struct Totals {
            sections: BTreeMap<String, u64>,
        }
        let hidden = self.selection.hidden()?;
        let written = self.part.write(&self.page.finish())?;
        let mut line = written.line("objects");
        let note = (self.objects == 0).then_some(
            "only what has a `guid` in HAProxy's configuration is in it: nothing has one",
        );
        if let Some(note) = note {
            line = format!("{line}: {note}");
        }
        let totals = Totals {
            sections: self.sections,
        };
        let answer = Answer {
            listed: written.with(totals).without_fields(hidden),
            note,
        };
        Ok(Outcome::of(&answer)?.text(line))
    }
}
