//! A JSON answer for people: lists of objects as tables, everything else as lines of a name and a value.
//!
//! A table that is wider than the terminal becomes a block for each of its rows, so that nothing is cut off, however
//! narrow the terminal is.

use serde_json::{Map, Value};

use super::text::{width, wrap};

/// Between two columns.
const GAP: usize = 2;

/// Columns that a value needs at least to stand beside its name.
const ROOM: usize = 8;

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Columns of a line; none where nothing limits them.
    pub(super) width: Option<usize>,
    /// Whether names and states have colours.
    pub(super) colours: bool,
}

/// A part of an answer.
enum Part {
    /// Names and values, one below the other.
    Lines(Vec<(String, String)>),
    /// A list of objects under its name.
    Table(String, Table),
}

/// Rows of as many cells as there are columns.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Default)]
struct Cell {
    text: String,
    number: bool,
}

/// The answer as text, ending in a line feed.
pub(super) fn render(answer: &Map<String, Value>, style: Style) -> String {
    let mut parts = Vec::new();
    split(&mut parts, "", answer);
    let mut blocks: Vec<String> = Vec::new();
    for part in &parts {
        blocks.push(match part {
            Part::Lines(lines) => style.lines(lines),
            Part::Table(name, table) => style.table(name, table),
        });
    }
    blocks.join("\n")
}

/// The parts of an object, in its order; what is nested has a name with dots.
fn split(parts: &mut Vec<Part>, prefix: &str, object: &Map<String, Value>) {
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(nested) if !nested.is_empty() => {
                split(parts, &format!("{name}."), nested);
            }
            Value::Array(rows) if is_table(rows) => parts.push(Part::Table(name, Table::new(rows))),
            _ => {
                let line = (name, cell(value).text);
                if let Some(Part::Lines(lines)) = parts.last_mut() {
                    lines.push(line);
                } else {
                    parts.push(Part::Lines(vec![line]));
                }
            }
        }
    }
}

fn with_feeds(lines: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
    text
}

fn is_table(rows: &[Value]) -> bool {
    !rows.is_empty() && rows.iter().all(Value::is_object)
}

fn cell(value: &Value) -> Cell {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) if !items.iter().any(|item| item.is_array() || item.is_object()) => {
            let items: Vec<String> = items.iter().map(|item| cell(item).text).collect();
            items.join(", ")
        }
        Value::Object(object) if object.is_empty() => "-".to_owned(),
        other => other.to_string(),
    };
    Cell {
        text,
        number: value.is_number(),
    }
}

impl Table {
    fn new(rows: &[Value]) -> Self {
        let flat: Vec<Vec<(String, Cell)>> = rows
            .iter()
            .map(|row| {
                let mut cells = Vec::new();
                flatten(&mut cells, "", row);
                cells
            })
            .collect();
        let mut columns: Vec<String> = Vec::new();
        for (name, _) in flat.iter().flatten() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let rows = flat
            .iter()
            .map(|cells| {
                let of = |column: &String| cells.iter().find(|(name, _)| name == column);
                let found = columns.iter().map(of);
                found
                    .map(|cell| cell.map(|(_, cell)| cell.clone()).unwrap_or_default())
                    .collect()
            })
            .collect();
        Self { columns, rows }
    }
}

fn flatten(cells: &mut Vec<(String, Cell)>, prefix: &str, row: &Value) {
    for (key, value) in row.as_object().into_iter().flatten() {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(nested) if !nested.is_empty() => {
                flatten(cells, &format!("{name}."), value);
            }
            _ => cells.push((name, cell(value))),
        }
    }
}

impl Style {
    /// Text as lines that fit; nothing for no text.
    pub(super) fn paragraph(self, text: &str) -> String {
        let columns = self.width.unwrap_or(usize::MAX);
        let lines = text.lines().flat_map(|line| wrap(line, columns));
        with_feeds(lines)
    }

    /// Rows of a table under their heading.
    pub(super) fn rows(self, columns: &[&str], rows: Vec<Vec<String>>) -> String {
        let text = |text: String| Cell {
            text,
            number: false,
        };
        let table = Table {
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: rows
                .into_iter()
                .map(|row| row.into_iter().map(text).collect())
                .collect(),
        };
        self.grid(&table).unwrap_or_else(|| self.blocks(&table))
    }

    fn table(self, name: &str, table: &Table) -> String {
        let body = self.grid(table).unwrap_or_else(|| self.blocks(table));
        let mut text = self.heading(name);
        text.push_str(&body);
        text
    }

    fn heading(self, name: &str) -> String {
        let columns = self.width.unwrap_or(usize::MAX);
        let lines = wrap(name, columns);
        with_feeds(lines.iter().map(|line| self.bold(line)))
    }

    /// A column for each name; none where that is too wide.
    fn grid(self, table: &Table) -> Option<String> {
        let widths: Vec<usize> = table
            .columns
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let cells = table.rows.iter().filter_map(|row| row.get(index));
                cells
                    .map(|cell| width(&cell.text))
                    .fold(width(name), usize::max)
            })
            .collect();
        let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        if self.width.is_some_and(|columns| whole > columns) {
            return None;
        }
        let numbers: Vec<bool> = (0..widths.len())
            .map(|index| {
                let mut cells = table.rows.iter().filter_map(|row| row.get(index));
                cells.all(|cell| cell.number || matches!(&*cell.text, "" | "-"))
            })
            .collect();
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = (String, String)>| {
            let mut written = String::new();
            let mut blank = 0;
            for ((plain, coloured), (columns, number)) in cells.zip(widths.iter().zip(&numbers)) {
                let rest = columns.saturating_sub(width(&plain));
                let (before, after) = if *number { (rest, 0) } else { (0, rest) };
                written.push_str(&" ".repeat(blank + before));
                written.push_str(&coloured);
                blank = after + GAP;
            }
            text.push_str(written.trim_end_matches(' '));
            text.push('\n');
        };
        line(
            &mut table
                .columns
                .iter()
                .map(|name| (name.clone(), self.dim(name))),
        );
        for row in &table.rows {
            let cells = row.iter().zip(&table.columns);
            line(&mut cells.map(|(cell, column)| {
                (
                    cell.text.clone(),
                    self.state(column, &cell.text, &cell.text),
                )
            }));
        }
        Some(text)
    }

    /// A block of lines for each row; what a row does not have is left out.
    fn blocks(self, table: &Table) -> String {
        let blocks = table.rows.iter().map(|row| {
            let cells = table
                .columns
                .iter()
                .zip(row)
                .filter(|(_, cell)| !cell.text.is_empty());
            let lines: Vec<(String, String)> = cells
                .map(|(name, cell)| (name.clone(), cell.text.clone()))
                .collect();
            self.lines(&lines)
        });
        blocks.collect::<Vec<_>>().join("\n")
    }

    fn lines(self, lines: &[(String, String)]) -> String {
        let longest = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        let columns = self.width.unwrap_or(usize::MAX);
        let beside = columns.saturating_sub(longest + GAP);
        let mut text = String::new();
        for (name, value) in lines {
            if beside < ROOM {
                for line in wrap(name, columns) {
                    text.push_str(&self.dim(line));
                    text.push('\n');
                }
                let indent = GAP.min(columns.saturating_sub(ROOM));
                for line in wrap(value, (columns - indent).max(1)) {
                    text.push_str(&" ".repeat(indent));
                    text.push_str(&self.state(name, value, line));
                    text.push('\n');
                }
                continue;
            }
            let mut first = true;
            for line in wrap(value, beside) {
                if first {
                    text.push_str(&self.dim(name));
                    let rest = longest.saturating_sub(width(name)) + GAP;
                    text.push_str(&" ".repeat(if line.is_empty() { 0 } else { rest }));
                } else {
                    text.push_str(&" ".repeat(longest + GAP));
                }
                first = false;
                text.push_str(&self.state(name, value, line));
                text.push('\n');
            }
        }
        text
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.painted("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.painted("2", text)
    }

    /// `text`, a part of the value of `name`, in the colour of the state that the value is.
    fn state(self, name: &str, value: &str, text: &str) -> String {
        if !name.ends_with("status") {
            return text.to_owned();
        }
        // As in the column `status` of `show stat` (management guide, section 9.1).
        let word = value.split([' ', '/']).next().unwrap_or_default();
        match word {
            "UP" | "OPEN" => self.painted("32", text),
            "DOWN" => self.painted("31", text),
            "MAINT" | "DRAIN" | "NOLB" => self.painted("33", text),
            _ => text.to_owned(),
        }
    }

    pub(super) fn painted(self, colour: &str, text: &str) -> String {
        if self.colours && !text.is_empty() {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rendered(answer: &Value, width: Option<usize>) -> String {
        let style = Style {
            width,
            colours: false,
        };
        render(answer.as_object().unwrap(), style)
    }

    fn servers() -> Value {
        json!({
            "rows": [
                { "name": "app1", "status": "UP", "scur": 3, "check": { "code": 200, "text": "all is well" } },
                { "name": "app22", "status": "DOWN", "scur": 12, "tags": ["a", "b"] },
            ],
            "matched": 2,
            "totals": { "up": 1, "down": 1 },
            "note": null,
        })
    }

    #[test]
    fn a_list_is_a_table_where_it_fits() {
        let text = "\
rows
name   status  scur  check.code  check.text   tags
app1   UP         3         200  all is well
app22  DOWN      12                           a, b

matched      2
totals.up    1
totals.down  1
note         -
";
        assert_eq!(rendered(&servers(), None), text);
        assert_eq!(rendered(&servers(), Some(50)), text);
    }

    #[test]
    fn a_list_is_a_block_for_each_row_where_it_does_not_fit() {
        assert_eq!(
            rendered(&servers(), Some(30)),
            "\
rows
name        app1
status      UP
scur        3
check.code  200
check.text  all is well

name    app22
status  DOWN
scur    12
tags    a, b

matched      2
totals.up    1
totals.down  1
note         -
"
        );
        let narrow = rendered(&json!({ "description": "one two three" }), Some(14));
        assert_eq!(narrow, "description\n  one two\n  three\n");
    }

    #[test]
    fn states_have_colours_where_these_are_wanted() {
        let style = Style {
            width: None,
            colours: true,
        };
        let answer = json!({ "status": "DOWN 1/2" });
        let text = render(answer.as_object().unwrap(), style);
        assert_eq!(
            text,
            "\u{1b}[2mstatus\u{1b}[0m  \u{1b}[31mDOWN 1/2\u{1b}[0m\n"
        );
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-zé日 ]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z_]{1,25}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(value in value(), columns in 2_usize..90) {
            let answer = json!({ "value": value });
            for line in rendered(&answer, Some(columns)).lines() {
                prop_assert!(width(line) <= columns, "{columns}: {line:?}");
            }
        }
    }
}
