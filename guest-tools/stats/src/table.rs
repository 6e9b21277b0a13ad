//! One pass over the statistics: what matches is counted and added up, and one page of it is kept.

use haproxy_listing::{Key, Page, Pages};
use haproxy_replies::names::{Nearest, Suggestion};
use haproxy_replies::stat::{Column, Columns, Consumer, ObjectType, Row};
use haproxy_replies::value::{Kind, Value};

use crate::error::TableError;
use crate::fetch::{Seen, Sees};
use crate::groups::{ADDITIVE, ALL, GROUPS, NAMES, TOTALS};
use crate::query::Query;
use crate::totals::Totals;

/// A column that is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The shown fields of a row.
#[derive(Debug, PartialEq)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    fn of<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for field in fields {
            bytes.extend_from_slice(field);
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    /// Names and values.
    pub(crate) fn values<'a>(
        &'a self,
        shown: &'a [Shown],
    ) -> impl Iterator<Item = (&'a str, Value<'a>)> + Clone {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        shown
            .iter()
            .zip(starts.zip(&self.ends))
            .map(|(shown, (start, end))| {
                let bytes = self.bytes.get(start..*end).unwrap_or_default();
                (shown.name.as_str(), Value::read(bytes, shown.kind))
            })
    }
}

/// Where the fields are that every row has in front of the shown ones.
mod place {
    pub(super) const PXNAME: usize = 0;
    pub(super) const SVNAME: usize = 1;
    pub(super) const TYPE: usize = 2;
    pub(super) const STATUS: usize = 3;
    pub(super) const SORT: usize = 4;
    /// The first shown one.
    pub(super) const SHOWN: usize = 5;
}

/// The table while it is read.
#[derive(Debug)]
pub(crate) struct Table<'q> {
    query: &'q Query,
    sort: Option<Kind>,
    shown: Vec<Shown>,
    /// How many columns of this HAProxy are not shown.
    hidden: usize,
    page: Page<Fields>,
    totals: Totals,
    /// Names of servers near the one that was asked for.
    near: Option<Nearest>,
    /// The types of the rows of the proxy that was asked for.
    seen: Seen,
}

/// The table when it was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) shown: Vec<Shown>,
    pub(crate) hidden: usize,
    pub(crate) page: Pages<Fields>,
    pub(crate) totals: Totals,
    pub(crate) near: Suggestion,
}

impl<'q> Table<'q> {
    pub(crate) fn new(query: &'q Query) -> Self {
        let after = query
            .after
            .as_ref()
            .map(|cursor| (cursor.key.clone(), cursor.ordinal));
        Self {
            query,
            sort: None,
            shown: Vec::new(),
            hidden: 0,
            page: Page::new(query.limit, query.direction, after),
            totals: Totals::default(),
            near: query.server.as_ref().map(|server| Nearest::new(server, 10)),
            seen: Seen::default(),
        }
    }

    pub(crate) fn finish(self) -> Read {
        Read {
            shown: self.shown,
            hidden: self.hidden,
            page: self.page.finish(),
            totals: self.totals,
            near: self.near.map(Nearest::suggest).unwrap_or_default(),
        }
    }

    /// The columns that are shown: those that were asked for, in that order, each once.
    fn select(&self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        let mut selected: Vec<usize> = Vec::new();
        let mut add = |name: &str| {
            if let Some(index) = columns.index(name)
                && !selected.contains(&index)
            {
                selected.push(index);
            }
        };
        NAMES.into_iter().for_each(&mut add);
        for (place, field) in self.query.fields.iter().enumerate() {
            if field == ALL {
                columns
                    .iter()
                    .map(Column::name)
                    .filter(|name| *name != "-")
                    .for_each(&mut add);
            } else if let Some((_, group)) = GROUPS.iter().find(|(name, _)| name == field) {
                group.iter().copied().for_each(&mut add);
            } else if columns.index(field).is_some() {
                add(field);
            } else {
                return Err(no_such_column(columns, field, format!("/fields/{place}")));
            }
        }
        Ok(selected)
    }
}

fn no_such_column(columns: &Columns, name: &str, pointer: String) -> TableError {
    let mut nearest = Nearest::new(name, 5);
    let groups = GROUPS.iter().map(|(group, _)| *group);
    for candidate in groups.chain(columns.iter().map(Column::name)) {
        nearest.offer(candidate.as_bytes());
    }
    TableError::NoSuchColumn {
        name: name.to_owned(),
        pointer,
        near: nearest.into_names(),
    }
}

impl Sees for Table<'_> {
    fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Consumer for Table<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("svname")?,
            columns.require("type")?,
            columns.require("status")?,
        ];
        // a place of its own, also where nothing is sorted (beyond the last column), so that the others keep theirs
        wanted.push(match &self.query.sort {
            None => columns.width(),
            Some(name) => {
                let index = columns
                    .index(name)
                    .ok_or_else(|| no_such_column(columns, name, "/sort".to_owned()))?;
                self.sort = columns.get(index).map(Column::kind);
                index
            }
        });

        let selected = self.select(columns)?;
        let names: Vec<&str> = selected
            .iter()
            .filter_map(|index| columns.get(*index))
            .map(Column::name)
            .collect();
        self.shown = selected
            .iter()
            .filter_map(|index| columns.get(*index))
            .map(|column| Shown {
                name: column.name().to_owned(),
                kind: column.kind(),
            })
            .collect();
        let all = columns.iter().filter(|column| column.name() != "-").count();
        self.hidden = all.saturating_sub(selected.len());
        wanted.extend(&selected);

        let mut added: Vec<String> = Vec::new();
        for name in TOTALS
            .into_iter()
            .chain(ADDITIVE.into_iter().filter(|name| names.contains(name)))
        {
            if let Some(index) = columns.index(name) {
                added.push(name.to_owned());
                wanted.push(index);
            }
        }
        self.totals = Totals::new(added);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let (pxname, svname) = (row.field(place::PXNAME), row.field(place::SVNAME));
        if !self.query.scope().of_proxy(pxname) {
            return Ok(());
        }
        let kind = ObjectType::read(row.field(place::TYPE));
        if self.query.proxy.is_some() {
            self.seen.add(kind);
        }
        if !self.query.scope().of_type(kind) {
            return Ok(());
        }
        if !self.query.of_name(pxname, svname) {
            if let Some(near) = &mut self.near {
                near.offer(svname);
            }
            return Ok(());
        }
        let shown = self.shown.len();
        if let Some(kind) = kind {
            self.totals.add(
                kind,
                row.field(place::STATUS),
                row.fields().skip(place::SHOWN + shown),
            );
        }
        let key = self.sort.map_or(Key::Absent, |kind| {
            Key::of(&Value::read(row.field(place::SORT), kind))
        });
        self.page.offer(key, || {
            Fields::of(row.fields().skip(place::SHOWN).take(shown))
        });
        Ok(())
    }
}
