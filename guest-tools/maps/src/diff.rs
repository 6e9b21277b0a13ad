//! `diff_map`: a wanted content against the one that is there. The order does not count.

use std::collections::HashMap;

use haproxy_listing::{Key, Page, Part};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_patterns::{Answer, Content, MAP, Set, Versions};
use serde::{Deserialize, Serialize};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    map: String,
    content: String,
    version: Option<u32>,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// One difference.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    change: &'static str,
    key: String,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    present: Option<String>,
    /// What is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<String>,
}

/// How much differs, over all pages and whatever the filter.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Totals {
    present: u64,
    wanted: u64,
    unchanged: u64,
    added: u64,
    removed: u64,
    changed: u64,
    /// Wanted keys that the content, or the map, has more than once.
    duplicates: u64,
}

#[derive(Serialize)]
struct About<T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    same: bool,
    #[serde(flatten)]
    listed: T,
}

/// The tool.
pub(crate) fn diff_map(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let content = Content::read(&MAP, &asked.content)?;
    let version = asked.version.map(|version| version.to_string());
    let part = Part::new(
        &[
            Some("diff_map"),
            Some(&asked.map),
            version.as_deref(),
            Some(&asked.content),
        ],
        asked.filter.as_deref(),
        asked.limit,
        asked.cursor.as_deref(),
        LIMIT,
    )?;
    let instance = call.instance();
    let set = Set::new(&MAP, &instance, &asked.map);
    if let Some(version) = asked.version {
        Versions::of(&set)?.require(&set, version)?;
    }
    let mut difference = Difference::new(&content, &part);
    set.entries(asked.version, |entry| {
        let (key, value) = entry.pair();
        difference.present(key, value.unwrap_or_default());
    })?;
    let (page, totals) = difference.finish(&content);
    let same = totals.added + totals.removed + totals.changed == 0;
    let written = part.write(&page.finish())?;
    let line = if same {
        format!(
            "map `{}` has the {} entries that are wanted, and no other",
            asked.map, totals.wanted
        )
    } else {
        format!(
            "{} ({} added, {} removed, {} changed)",
            written.line(&format!("differences from map `{}`", asked.map)),
            totals.added,
            totals.removed,
            totals.changed
        )
    };
    let about = About {
        version: asked.version,
        same,
        listed: written.with(totals),
    };
    Ok(Outcome::of(&Answer::of(&MAP, &asked.map, about))?.text(line))
}

/// A wanted key: the values that were not yet seen, and what was there in their place.
#[derive(Debug, Default)]
struct OfKey<'a> {
    missing: Vec<&'a str>,
    others: Vec<String>,
    wanted: u32,
    present: u32,
}

/// The difference, while the map streams by. What is kept grows with the wanted content, not with the map.
struct Difference<'a> {
    wanted: HashMap<&'a str, OfKey<'a>>,
    part: &'a Part,
    page: Page<Row>,
    totals: Totals,
}

impl<'a> Difference<'a> {
    fn new(content: &Content<'a>, part: &'a Part) -> Self {
        let mut wanted: HashMap<&str, OfKey<'_>> = HashMap::with_capacity(content.lines.len());
        for line in &content.lines {
            let of_key = wanted.entry(line.key).or_default();
            of_key.missing.push(line.value);
            of_key.wanted += 1;
        }
        Self {
            wanted,
            part,
            page: part.page(),
            totals: Totals {
                wanted: content.lines.len() as u64,
                ..Totals::default()
            },
        }
    }

    /// An entry that is there.
    fn present(&mut self, key: &[u8], value: &[u8]) {
        self.totals.present += 1;
        let of_key = std::str::from_utf8(key)
            .ok()
            .and_then(|key| self.wanted.get_mut(key));
        let Some(of_key) = of_key else {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            self.totals.removed += 1;
            self.offer("removed", &text(key), Some(text(value)), None);
            return;
        };
        of_key.present += 1;
        match of_key
            .missing
            .iter()
            .position(|wanted| wanted.as_bytes() == value)
        {
            Some(place) => {
                of_key.missing.remove(place);
                self.totals.unchanged += 1;
            }
            None => of_key
                .others
                .push(String::from_utf8_lossy(value).into_owned()),
        }
    }

    /// What is left, in the order of the content.
    fn finish(mut self, content: &Content<'a>) -> (Page<Row>, Totals) {
        for line in &content.lines {
            let Some(of_key) = self.wanted.remove(line.key) else {
                continue;
            };
            self.totals.duplicates += u64::from(of_key.wanted > 1 || of_key.present > 1);
            let (mut others, mut missing) = (of_key.others.into_iter(), of_key.missing.into_iter());
            loop {
                let (present, wanted) = (others.next(), missing.next().map(str::to_owned));
                let change = match (&present, &wanted) {
                    (None, None) => break,
                    (None, Some(_)) => {
                        self.totals.added += 1;
                        "added"
                    }
                    (Some(_), None) => {
                        self.totals.removed += 1;
                        "removed"
                    }
                    (Some(_), Some(_)) => {
                        self.totals.changed += 1;
                        "changed"
                    }
                };
                self.offer(change, line.key, present, wanted);
            }
        }
        (self.page, self.totals)
    }

    fn offer(
        &mut self,
        change: &'static str,
        key: &str,
        present: Option<String>,
        wanted: Option<String>,
    ) {
        let texts = [
            Some(change),
            Some(key),
            present.as_deref(),
            wanted.as_deref(),
        ];
        if self.part.holds(texts.into_iter().flatten()) {
            self.page.offer(Key::Absent, || Row {
                change,
                key: key.to_owned(),
                present,
                wanted,
            });
        }
    }
}
