//! A table by its name: its head, its entries, and what is said of a name that HAProxy does not have.

use haproxy_mcp_sdk::{Detail, Failure, Instance, Need, Reply};
use haproxy_replies::names::{LISTED, Nearest, Suggestion};
use haproxy_replies::tables::{Entry, Item, Table as Head, TablesReader};
use haproxy_replies::value::Value;
use serde::Serialize;

use crate::data::Filter;
use crate::key::KeyType;
use crate::record::Record;

/// `show table`, of which level `user` sees the heads alone.
const SHOW: Need = Need {
    command: &["show", "table"],
    since: None,
    level: Some("operator"),
};

/// What HAProxy says of a table before its entries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    #[serde(rename = "type")]
    kind: String,
    /// The most entries.
    pub(crate) size: u64,
    /// Entries.
    pub(crate) used: u64,
}

impl Table {
    pub(crate) fn of(head: &Head<'_>) -> Result<Self, Failure> {
        let field = |name: &str| {
            head.field(name).ok_or_else(|| {
                Failure::unparsable(format!("the head of a stick table has no field: `{name}`"))
            })
        };
        let number = |name: &str| match field(name)? {
            Value::Unsigned(number) => Ok(*number),
            _ => Err(Failure::unparsable(format!(
                "a field in the head of a stick table is no number: `{name}`"
            ))),
        };
        let Value::Text(kind) = field("type")? else {
            return Err(Failure::unparsable(
                "a field in the head of a stick table is no text: `type`",
            ));
        };
        Ok(Self {
            name: String::from_utf8_lossy(head.name).into_owned(),
            kind: kind.clone().into_owned(),
            size: number("size")?,
            used: number("used")?,
        })
    }

    /// What keys it has.
    pub(crate) fn keys(&self) -> Result<KeyType, Failure> {
        Ok(KeyType::read(&self.kind)?)
    }

    /// `st_src (type ip, 30 of 10240 entries)`
    pub(crate) fn line(&self) -> String {
        format!(
            "{} (type {}, {} of {} entries)",
            self.name, self.kind, self.used, self.size
        )
    }
}

/// The heads of all tables.
pub(crate) fn all(instance: &Instance, mut table: impl FnMut(Table)) -> Result<(), Failure> {
    let mut reading = Reading::default();
    SHOW.ask(instance, &[])?.for_each(|chunk| {
        reading.push(chunk, |item| {
            if let Item::Table(head) = item {
                table(Table::of(&head)?);
            }
            Ok(())
        })
    })?;
    reading.finish()
}

/// The entries that pass the filters, one by one; and the head.
pub(crate) fn entries(
    instance: &Instance,
    name: &str,
    filters: &[Filter],
    mut entry: impl FnMut(&Entry<'_>),
) -> Result<Table, Failure> {
    Filter::check(filters)?;
    let place = |place| format!("/filter/{place}/type");
    let reply = ask(instance, name, filters, place)?;
    read(&reply, |read| entry(&read))
}

/// Entries that HAProxy looks through in a millisecond or two: a reply about more of them is not waited for.
const SOON: u64 = 10_000;

/// The head of a table, from the list of all: it comes without entries, of which there may be many.
pub(crate) fn head(instance: &Instance, name: &str) -> Result<Table, Failure> {
    let mut found = None;
    let mut nearest = Nearest::new(name, LISTED);
    all(instance, |table| {
        if table.name == name {
            found = Some(table);
        } else {
            nearest.offer(table.name.as_bytes());
        }
    })?;
    found.ok_or_else(|| unknown(name, nearest))
}

/// The head of a table that stores all of these.
///
/// HAProxy makes an entry before it looks at the data that it is to hold, so that this is asked first; its filters
/// know what a table stores, also while it is empty.
pub(crate) fn storing(instance: &Instance, name: &str, kinds: &[&str]) -> Result<Table, Failure> {
    let table = head(instance, name)?;
    for (place, kind) in kinds.iter().enumerate() {
        let place = |_| format!("/data/{place}/type");
        let reply = ask(instance, name, &[Filter::probe(kind)], place)?;
        // HAProxy counts a reply that is not read to its end as a client that gave up
        if table.used < SOON {
            read(&reply, |_| {})?;
        }
    }
    Ok(table)
}

/// The entry of a key, where there is one. HAProxy cuts a string that is longer than the table's keys: the entry may be
/// of another key than was asked for.
pub(crate) fn entry(
    instance: &Instance,
    table: &Table,
    key: &str,
) -> Result<Option<Record>, Failure> {
    let mut found = None;
    if table.keys()? == KeyType::Binary {
        // HAProxy takes no key of such a table, and makes an entry out of some that it refuses
        entries(instance, &table.name, &[], |entry| {
            if found.is_none() && entry.written_key() == key.as_bytes() {
                found = Some(Record::of(entry));
            }
        })?;
        return Ok(found);
    }
    let reply = SHOW.ask(instance, &[&table.name, "key", key])?;
    let mut reading = Reading::default();
    reply.for_each(|chunk| {
        reading.push(chunk, |item| {
            if let Item::Entry(entry) = item {
                found = Some(Record::of(&entry));
            }
            Ok(())
        })
    })?;
    reading.finish()?;
    Ok(found)
}

/// Asks for a table. What HAProxy refuses of the filters is an argument at the `place` that belongs to it.
fn ask(
    instance: &Instance,
    name: &str,
    filters: &[Filter],
    place: impl Fn(usize) -> String,
) -> Result<Reply, Failure> {
    let filter_words = Filter::words(filters);
    let words: Vec<&str> = std::iter::once(name)
        .chain(filter_words.iter().map(String::as_str))
        .collect();
    let failure = match SHOW.ask(instance, &words) {
        Ok(reply) => return Ok(reply),
        Err(failure) => failure,
    };
    if failure.rejection() == Some("no-such-table") {
        head(instance, name)?;
        return Err(failure);
    }
    let refused = match &failure {
        Failure::Rejected(_, Detail { message, .. }) => refused_filter(message),
        _ => None,
    };
    let filter = refused.and_then(|(number, why)| {
        let place = number.checked_sub(1)?;
        Some((place, filters.get(place)?.kind.clone(), why))
    });
    match filter {
        None => Err(failure),
        Some((number, kind, why)) => {
            let stored = stored(instance, name)?;
            let suggestion = Suggestion::among(&kind, &stored);
            Err(
                Failure::invalid_argument(format!("HAProxy says of `{kind}` in `{name}`: {why}"))
                    .hint(suggestion.hint(
                        "the table is empty, and only entries show what it stores; see `stick-table` in HAProxy's \
                         configuration. What is stored several times is asked for as `gpc`, or from 3.2 `gpc[1]`",
                    ))
                    .argument_among(&place(number), suggestion.names()),
            )
        }
    }
}

/// `Filter entry #1: Data type not stored in this table`
fn refused_filter(message: &str) -> Option<(usize, &str)> {
    let rest = message.strip_prefix("Filter entry #")?;
    let (number, why) = rest.split_once(": ")?;
    Some((number.parse().ok()?, why))
}

/// What the first entry has, under the names by which it is shown.
fn stored(instance: &Instance, name: &str) -> Result<Vec<String>, Failure> {
    let reply = SHOW.ask(instance, &[name])?;
    let mut reading = Reading::default();
    let mut names = Vec::new();
    while names.is_empty() {
        let chunk = reply.chunk()?;
        if chunk.is_empty() {
            break;
        }
        reading.push(&chunk, |item| {
            if let Item::Entry(entry) = item
                && names.is_empty()
            {
                names = Record::of(&entry).names();
            }
            Ok(())
        })?;
    }
    Ok(names)
}

fn read(reply: &Reply, mut entry: impl FnMut(Entry<'_>)) -> Result<Table, Failure> {
    let mut reading = Reading::default();
    let mut table = None;
    reply.for_each(|chunk| {
        reading.push(chunk, |item| {
            match item {
                Item::Table(head) => table = Some(Table::of(&head)?),
                Item::Entry(read) => entry(read),
                Item::Withheld => {}
            }
            Ok(())
        })
    })?;
    reading.finish()?;
    table.ok_or_else(headless)
}

/// A reply while it is read.
#[derive(Default)]
struct Reading(TablesReader);

impl Reading {
    fn push(
        &mut self,
        chunk: &[u8],
        mut item: impl FnMut(Item<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut failure = None;
        self.0
            .push(chunk, |read| {
                let done = match read {
                    Item::Withheld => Err(withheld()),
                    read => item(read),
                };
                if let (None, Err(error)) = (&failure, done) {
                    failure = Some(error);
                }
            })
            .map_err(Failure::unparsable)?;
        failure.map_or(Ok(()), Err)
    }

    fn finish(self) -> Result<(), Failure> {
        self.0.finish().map_err(Failure::unparsable)
    }
}

fn headless() -> Failure {
    Failure::unparsable("the stick table has no head")
}

/// What HAProxy says at level `user` in place of the entries.
fn withheld() -> Failure {
    Failure::Rejected(
        "permission-denied".to_owned(),
        Detail {
            message: "contents not dumped due to insufficient privileges".to_owned(),
            hint: Some(
                "the entries of a table take a stats socket of level `operator` or higher: the one that this server speaks \
                 to has less; set it with `stats socket … level operator` in HAProxy's `global` section"
                    .to_owned(),
            ),
            details: r#"{"reason":"permission-denied"}"#.to_owned(),
        },
    )
}

/// The failure for the name of a table that HAProxy does not have, with those that are near.
fn unknown(name: &str, nearest: Nearest) -> Failure {
    let suggestion = nearest.suggest();
    Failure::not_found(format!("this HAProxy has no stick table: `{name}`"))
        .hint(suggestion.hint("this HAProxy has no stick table at all"))
        .argument_among("/table", suggestion.names())
}
