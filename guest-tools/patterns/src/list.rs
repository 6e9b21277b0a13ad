//! `show_map` and `show_acl`: the sets, or the entries of one.

use haproxy_listing::{Fields, Key, Part, Written};
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::maps::{self, Entry};
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::kind::Kind;
use crate::set::{Set, each, name_of};
use crate::version::Versions;

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(alias = "map", alias = "acl")]
    set: Option<String>,
    version: Option<u32>,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Lists sets, or the entries of one.
pub fn show(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let version = asked.version.map(|version| version.to_string());
    let part = Part::new(
        &[Some(kind.word), asked.set.as_deref(), version.as_deref()],
        asked.filter.as_deref(),
        asked.limit,
        asked.cursor.as_deref(),
        LIMIT,
    )?;
    let instance = call.instance();
    match &asked.set {
        Some(name) => {
            let set = Set::new(kind, &instance, name);
            entries(&set, asked.version, &part)
        }
        None if asked.version.is_some() => Err(Failure::invalid_argument(format!(
            "`version` is of one {}",
            kind.noun
        ))
        .hint(format!(
            "name it in `{}`, or leave `version` out",
            kind.word
        ))
        .argument("/version")),
        None => sets(kind, &instance, &part),
    }
}

/// A set, as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acl: Option<String>,
    id: u64,
    description: String,
    #[serde(flatten)]
    numbers: Numbers,
}

/// HAProxy's own numbers: `curr_ver`, `next_ver`, `entry_cnt`, and whatever other versions add.
#[derive(Debug)]
struct Numbers(Vec<(String, Value<'static>)>);

impl Serialize for Numbers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(numbers) = self;
        let fields = numbers.iter().map(|(name, value)| (&**name, value.clone()));
        Fields(fields).serialize(serializer)
    }
}

fn sets(kind: &'static Kind, instance: &Instance, part: &Part) -> Result<Outcome, Failure> {
    let mut page = part.page();
    each(kind, instance, |set| {
        let name = name_of(&set);
        let description = String::from_utf8_lossy(set.description);
        if part.holds([name.as_str(), &*description]) {
            page.offer(Key::Absent, || listed(kind, &set));
        }
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line(&format!("{}s", kind.noun));
    Ok(Outcome::of(&written.alone())?.text(line))
}

fn listed(kind: &Kind, set: &maps::Set<'_>) -> Listed {
    let name = name_of(set);
    let (map, acl) = if kind.has_values {
        (Some(name), None)
    } else {
        (None, Some(name))
    };
    Listed {
        map,
        acl,
        id: set.id,
        description: String::from_utf8_lossy(set.description).into_owned(),
        numbers: Numbers(
            set.fields()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone().into_owned()))
                .collect(),
        ),
    }
}

/// An entry, as it is listed.
#[derive(Debug, Serialize)]
struct Row {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

fn entries(set: &Set<'_>, version: Option<u32>, part: &Part) -> Result<Outcome, Failure> {
    if let Some(version) = version {
        Versions::of(set)?.require(set, version)?;
    }
    let mut page = part.page();
    set.entries(version, |entry| {
        // Its text holds both; a filter that spans the space between them is no harm.
        if part.holds([&*String::from_utf8_lossy(entry.text)]) {
            page.offer(Key::Absent, || row(set.kind, entry));
        }
    })?;
    let written = part.write(&page.finish())?;
    let line = line(set, version, &written);
    let about = About {
        version,
        listed: written.alone(),
    };
    let answer = Answer::of(set.kind, set.name, about);
    Ok(Outcome::of(&answer)?.text(line))
}

#[derive(Serialize)]
struct About<T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(flatten)]
    listed: T,
}

fn line(set: &Set<'_>, version: Option<u32>, written: &Written) -> String {
    let of = version.map_or_else(String::new, |version| {
        format!("prepared version {version} of ")
    });
    written.line(&format!("entries of {of}{} `{}`", set.kind.noun, set.name))
}

fn row(kind: &Kind, entry: Entry<'_>) -> Row {
    let (key, value) = if kind.has_values {
        entry.pair()
    } else {
        (entry.text, None)
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Row {
        key: text(key),
        value: value.map(text),
    }
}
