//! Which part of a list an answer holds: the arguments `filter`, `limit` and `cursor`, and the page that they lead to.

use std::borrow::Cow;

use haproxy_replies::value::Value;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cursor::{Cursor, CursorError, Fingerprint};
use crate::key::{Direction, Key};
use crate::page::{Kept, Page, Pages};
use crate::row::Rows;

/// Bytes of rows in an answer to a call without `limit`: about 1,500 tokens, which leaves room for the rest.
const DEFAULT_ROWS_BYTES: usize = 6_000;

/// Which part of a list is wanted.
#[derive(Debug)]
pub struct Part {
    filter: Option<String>,
    limit: usize,
    budget: Option<usize>,
    after: Option<Cursor>,
    fingerprint: Fingerprint,
    direction: Direction,
}

/// A page, written.
#[derive(Debug)]
pub struct Written {
    /// A JSON array.
    pub rows: Box<RawValue>,
    /// How many rows it has.
    pub shown: usize,
    /// How many rows matched in all.
    pub matched: u64,
    /// Where the next page begins, where there is one.
    pub next_cursor: Option<String>,
}

impl Part {
    /// The part that these arguments ask for. `others` are the tool's name and its other arguments, in a fixed order:
    /// a cursor is only taken with the same ones. Without `limit` the page has at most `default_limit` rows, and at
    /// most about 6,000 bytes of them.
    pub fn new(
        others: &[Option<&str>],
        filter: Option<&str>,
        limit: Option<usize>,
        cursor: Option<&str>,
        default_limit: usize,
    ) -> Result<Self, CursorError> {
        let fingerprint = Fingerprint::of(others.iter().copied().chain([filter]));
        Ok(Self {
            filter: filter.map(str::to_lowercase),
            limit: limit.unwrap_or(default_limit),
            budget: limit.is_none().then_some(DEFAULT_ROWS_BYTES),
            after: cursor
                .map(|cursor| Cursor::read(cursor, fingerprint))
                .transpose()?,
            fingerprint,
            direction: Direction::Ascending,
        })
    }

    /// Without `limit`, too, only the number of rows counts.
    #[must_use]
    pub fn of_any_size(mut self) -> Self {
        self.budget = None;
        self
    }

    /// Sorts by what is offered, in this direction.
    #[must_use]
    pub fn sorted(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Whether the filter is a part of one of the texts, upper or lower case.
    pub fn holds<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        match &self.filter {
            None => true,
            Some(filter) => texts
                .into_iter()
                .any(|text| text.to_lowercase().contains(filter.as_str())),
        }
    }

    /// An empty page.
    pub fn page<T>(&self) -> Page<T> {
        let after = self
            .after
            .as_ref()
            .map(|cursor| (cursor.key.clone(), cursor.ordinal));
        Page::new(self.limit, self.direction, after)
    }

    /// A page of rows in HAProxy's order: those that match have to be given.
    pub fn of<T>(&self, rows: impl IntoIterator<Item = T>) -> Pages<T> {
        self.by(rows, |_| Key::Absent)
    }

    /// A page of rows, sorted by what `key` says of them.
    pub fn by<T>(&self, rows: impl IntoIterator<Item = T>, key: impl Fn(&T) -> Key) -> Pages<T> {
        let mut page = self.page();
        for row in rows {
            page.offer(key(&row), || row);
        }
        page.finish()
    }

    /// Writes a page, as far as there is room.
    pub fn write<T: Serialize>(&self, pages: &Pages<T>) -> serde_json::Result<Written> {
        let rows = self.budget.map_or_else(Rows::default, Rows::within);
        pages.write(rows, self.fingerprint, |row| row)
    }
}

impl<T> Pages<T> {
    /// Writes this page, as far as `rows` have room; `row` says what is written of each.
    pub fn write<'a, S: Serialize>(
        &'a self,
        mut rows: Rows,
        arguments: Fingerprint,
        row: impl Fn(&'a T) -> S,
    ) -> serde_json::Result<Written> {
        let mut end: Option<&Kept<T>> = None;
        for kept in &self.rows {
            if !rows.add(&row(&kept.row))? {
                break;
            }
            end = Some(kept);
        }
        let shown = rows.count();
        let more = self.more || shown < self.rows.len();
        Ok(Written {
            rows: rows.finish()?,
            shown,
            matched: self.matched,
            next_cursor: end.filter(|_| more).map(|last| {
                Cursor {
                    key: last.key.clone(),
                    ordinal: last.ordinal,
                }
                .write(arguments)
            }),
        })
    }
}

/// A page of a list, as tools answer it.
#[derive(Debug, Serialize)]
pub struct Listed<T> {
    rows: Box<RawValue>,
    matched: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    fields: usize,
    hint: &'static str,
}

impl<T> Listed<T> {
    /// Says how many fields of its rows are not shown, and how to see them.
    #[must_use]
    pub fn without_fields(mut self, hidden: usize) -> Self {
        self.left_out = (hidden > 0).then_some(LeftOut {
            fields: hidden,
            hint: "name fields in `fields`, or \"all\"",
        });
        self
    }
}

impl Written {
    /// For a person, how much of the list this is: `20 of 700 servers; pass next_cursor for more`.
    pub fn line(&self, what: &str) -> String {
        let mut line = format!("{} of {} {what}", self.shown, self.matched);
        if self.next_cursor.is_some() {
            line.push_str("; pass next_cursor for more");
        }
        line
    }

    /// The page alone.
    pub fn alone(self) -> Listed<()> {
        self.listed(None)
    }

    /// The page with what is true of all that matched.
    pub fn with<T: Serialize>(self, totals: T) -> Listed<T> {
        self.listed(Some(totals))
    }

    fn listed<T>(self, totals: Option<T>) -> Listed<T> {
        Listed {
            rows: self.rows,
            matched: self.matched,
            totals,
            next_cursor: self.next_cursor,
            left_out: None,
        }
    }
}

/// A text of at most so many characters; `…` stands for the rest.
pub fn cut(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
    }
}

/// The key of a number.
impl From<u64> for Key {
    fn from(number: u64) -> Self {
        Self::of(&Value::Unsigned(number))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn part(limit: Option<usize>, cursor: Option<&str>) -> Result<Part, CursorError> {
        Part::new(&[Some("tool")], Some("Row"), limit, cursor, 40)
    }

    #[test]
    fn pages_follow_each_other_within_their_bytes() {
        let rows: Vec<String> = (0..30)
            .map(|number| format!("row {number} {}", "x".repeat(500)))
            .collect();
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let part = part(None, cursor.as_deref()).unwrap();
            let pages = part.of(rows.iter().filter(|row| part.holds([row.as_str()])));
            let written = part.write(&pages).unwrap();
            assert_eq!(written.matched, 30);
            assert!(written.rows.get().len() < DEFAULT_ROWS_BYTES + 10);
            seen.extend(serde_json::from_str::<Vec<String>>(written.rows.get()).unwrap());
            cursor = written.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn a_limit_that_is_given_counts_alone() {
        let part = part(Some(20), None).unwrap();
        let rows: Vec<String> = (0..30).map(|_| "x".repeat(1_000)).collect();
        let written = part.write(&part.of(&rows)).unwrap();
        assert_eq!(written.shown, 20);
        assert!(written.next_cursor.is_some());
        assert!(!part.holds(["other"]) && part.holds(["other", "a ROW"]));
    }

    #[test]
    fn a_list_of_any_size_ends_at_its_number_of_rows() {
        let rows: Vec<String> = (0..50).map(|_| "x".repeat(1_000)).collect();
        let part = part(None, None).unwrap().of_any_size();
        let written = part.write(&part.of(&rows)).unwrap();
        assert_eq!(written.shown, 40);
        assert!(written.next_cursor.is_some());
    }

    #[test]
    fn an_answer_says_what_is_not_in_it() {
        let part = part(Some(2), None).unwrap();
        let written = part.write(&part.of(["a", "b", "c"])).unwrap();
        assert_eq!(
            written.line("rows"),
            "2 of 3 rows; pass next_cursor for more"
        );
        let cursor = written.next_cursor.clone().unwrap();
        assert_eq!(
            serde_json::to_string(&written.with(7).without_fields(4)).unwrap(),
            format!(
                r#"{{"rows":["a","b"],"matched":3,"totals":7,"next_cursor":"{cursor}","left_out":{{"fields":4,"hint":"name fields in `fields`, or \"all\""}}}}"#
            )
        );
        let whole = part.write(&part.of(["a"])).unwrap();
        assert_eq!(whole.line("rows"), "1 of 1 rows");
        assert_eq!(
            serde_json::to_string(&whole.alone().without_fields(0)).unwrap(),
            r#"{"rows":["a"],"matched":1}"#
        );
    }

    #[test]
    fn sorting_is_by_the_key() {
        let part = part(Some(2), None).unwrap().sorted(Direction::Descending);
        let pages = part.by([3_u64, 9, 5], |number| Key::from(*number));
        let rows: Vec<u64> = pages.rows.iter().map(|kept| kept.row).collect();
        assert_eq!(rows, [9, 5]);
    }
}
