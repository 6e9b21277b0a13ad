//! `show_table`.

use std::collections::BTreeMap;

use haproxy_listing::{Direction, Key, Listed, Part};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::names::Suggestion;
use haproxy_replies::tables::{Entry, OwnedEntry};
use serde::{Deserialize, Serialize, Serializer};

use crate::data::Filter;
use crate::record::{Record, periods};
use crate::table::{self, Table};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    table: Option<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    sort: Option<String>,
    #[serde(default)]
    order: Order,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Desc,
    Asc,
}

impl Arguments {
    fn part(&self) -> Result<Part, Failure> {
        let filters: Vec<String> = self.filter.iter().map(Filter::to_string).collect();
        let (direction, order) = match self.order {
            Order::Desc => (Direction::Descending, "desc"),
            Order::Asc => (Direction::Ascending, "asc"),
        };
        let part = Part::new(
            &[
                Some("show_table"),
                self.table.as_deref(),
                Some(&filters.join(",")),
                self.sort.as_deref(),
                Some(order),
            ],
            None,
            self.limit,
            self.cursor.as_deref(),
            LIMIT,
        )?;
        Ok(part.sorted(direction))
    }
}

/// The tool.
pub(crate) fn show_table(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    match &arguments.table {
        Some(name) => entries(call, &arguments, name),
        None => tables(call, &arguments),
    }
}

fn tables(call: &Call<'_>, arguments: &Arguments) -> Result<Outcome, Failure> {
    let without = |what: &str| {
        Failure::invalid_argument(format!("without `table` there is nothing to {what}"))
            .hint("name one of the tables that show_table lists without arguments")
            .argument("/table")
    };
    if !arguments.filter.is_empty() {
        return Err(without("filter"));
    }
    if arguments.sort.is_some() {
        return Err(without("sort"));
    }
    let part = arguments.part()?;
    let mut page = part.page();
    table::all(&call.instance(), |table| page.offer(Key::Absent, || table))?;
    let written = part.write(&page.finish())?;
    let line = written.line("stick tables");
    Ok(Outcome::of(&written.alone())?.text(line))
}

#[derive(Serialize)]
struct Answer<T> {
    table: Table,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    periods_ms: BTreeMap<String, u64>,
    #[serde(flatten)]
    listed: Listed<T>,
}

/// An entry that is kept, in a third of the memory that its record would take.
struct Row(OwnedEntry);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Record::of(&self.0.entry()).serialize(serializer)
    }
}

/// What is true of all entries that matched.
#[derive(Default, Serialize)]
struct Totals {
    in_use: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<u64>,
}

fn entries(call: &Call<'_>, arguments: &Arguments, name: &str) -> Result<Outcome, Failure> {
    let part = arguments.part()?;
    let sort = arguments.sort.as_deref();
    let mut page = part.page();
    let mut totals = Totals::default();
    let mut first: Option<OwnedEntry> = None;
    let table = table::entries(&call.instance(), name, &arguments.filter, |entry| {
        if first.is_none() {
            first = Some(entry.to_owned());
        }
        totals.in_use += u64::from(entry.number("use").is_some_and(|uses| uses > 0));
        let number = sort.and_then(|name| entry.number(name));
        if let Some(number) = number {
            totals.sum = Some(totals.sum.unwrap_or(0).saturating_add(number));
        }
        page.offer(number.map_or(Key::Absent, Key::from), || {
            Row(entry.to_owned())
        });
    })?;
    let first = first.as_ref().map(OwnedEntry::entry);
    if let (Some(sort), None, Some(first)) = (sort, totals.sum, &first) {
        check_sort(sort, first)?;
    }
    let periods_ms = first.as_ref().map(periods).unwrap_or_default();
    let written = part.write(&page.finish())?;
    let line = format!("{} of {}", written.line("entries"), table.line());
    let answer = Answer {
        table,
        periods_ms,
        listed: written.with(totals),
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// Whether the entries have what they are to be sorted by.
fn check_sort(sort: &str, entry: &Entry<'_>) -> Result<(), Failure> {
    let record = Record::of(entry);
    if record.number(sort).is_some() {
        return Ok(());
    }
    let suggestion = Suggestion::among(sort, record.names());
    Err(Failure::invalid_argument(format!(
        "the entries of this table have no such number: `{sort}`"
    ))
    .hint(suggestion.hint("leave out `sort`"))
    .argument_among("/sort", suggestion.names()))
}
