//! `show_cache`: the caches, or the entries of one.

use haproxy_listing::{Fields as Written, Key, Page, Part};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use haproxy_replies::cache::{self, CacheReader, Item};
use haproxy_replies::value::Value;
use serde::Serialize;

use crate::arguments::{self, Asked};
use haproxy_asking::no_such;

const COMMAND: Need = Need {
    command: &["show", "cache"],
    since: None,
    level: Some("admin"),
};

/// The tool.
pub(crate) fn show_cache(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_cache")?;
    let reply = COMMAND.ask(&call.instance(), &[])?;
    let mut caches = Caches::new(asked.within.as_deref(), &part);
    let mut reader = CacheReader::default();
    reply.for_each(|chunk| {
        reader
            .push(chunk, |item| caches.take(&item))
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)?;
    let Some(wanted) = asked.within.as_deref() else {
        let rows: Vec<&Cache> = caches
            .all
            .iter()
            .filter(|cache| part.holds([cache.name.as_str()]))
            .collect();
        let totals = Totals {
            caches: rows.len() as u64,
            entries: rows.iter().map(|cache| cache.entries).sum(),
            bytes: rows.iter().map(|cache| cache.bytes).sum(),
        };
        let what = format!(
            "caches with {} entries of {} bytes",
            totals.entries, totals.bytes
        );
        let written = part.write(&part.of(rows))?;
        return arguments::list(written, &totals, None, &what);
    };
    let Some(cache) = caches.all.iter().find(|cache| cache.name == wanted) else {
        return Err(no_such(
            "cache",
            "/cache",
            wanted,
            caches.all.iter().map(|cache| &cache.name),
        ));
    };
    let what = format!(
        "entries of `{wanted}`, which has {} bytes in {} blocks",
        cache.bytes, cache.blocks
    );
    let totals = Totals {
        caches: 1,
        entries: cache.entries,
        bytes: cache.bytes,
    };
    let written = part.write(&caches.page.finish())?;
    arguments::list(written, &totals, None, &what)
}

/// What a cache holds.
#[derive(Debug, Serialize)]
struct Cache {
    #[serde(rename = "cache")]
    name: String,
    entries: u64,
    /// Bytes of all entries.
    bytes: u64,
    blocks: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_blocks: Option<u64>,
    /// Entries that are served just now.
    in_use: u64,
}

#[derive(Debug, Serialize)]
struct Totals {
    caches: u64,
    entries: u64,
    bytes: u64,
}

/// An entry, as it is kept.
#[derive(Debug)]
struct Entry(Vec<(String, Value<'static>)>);

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written(
            self.0
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone())),
        )
        .serialize(serializer)
    }
}

/// The caches while they are read.
#[derive(Debug)]
struct Caches<'a> {
    wanted: Option<&'a str>,
    part: &'a Part,
    all: Vec<Cache>,
    /// The entries of the one that is wanted.
    page: Page<Entry>,
}

impl<'a> Caches<'a> {
    fn new(wanted: Option<&'a str>, part: &'a Part) -> Self {
        Self {
            wanted,
            part,
            all: Vec::new(),
            page: part.page(),
        }
    }

    fn take(&mut self, item: &Item<'_>) {
        match item {
            Item::Cache {
                name,
                available_blocks,
            } => self.all.push(Cache {
                name: String::from_utf8_lossy(name).into_owned(),
                entries: 0,
                bytes: 0,
                blocks: 0,
                available_blocks: *available_blocks,
                in_use: 0,
            }),
            Item::Entry(entry) => {
                let Some(cache) = self.all.last_mut() else {
                    return;
                };
                let number = |name| entry.number(name).unwrap_or(0);
                cache.entries += 1;
                cache.bytes = cache.bytes.saturating_add(number("size"));
                cache.blocks = cache.blocks.saturating_add(number("blocks"));
                cache.in_use += u64::from(number("refcount") > 0);
                if self.wanted == Some(cache.name.as_str()) && self.part.holds(hash(entry)) {
                    self.page.offer(Key::Absent, || {
                        Entry(
                            entry
                                .fields()
                                .iter()
                                .map(|(name, value)| {
                                    ((*name).to_owned(), value.clone().into_owned())
                                })
                                .collect(),
                        )
                    });
                }
            }
        }
    }
}

/// What an entry is known by.
fn hash<'a>(entry: &'a cache::Entry<'_>) -> Option<&'a str> {
    entry.fields().iter().find_map(|(name, value)| match value {
        Value::Text(hash) if *name == "hash" => Some(&**hash),
        _ => None,
    })
}
