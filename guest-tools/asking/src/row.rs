//! The statistics of one frontend, backend or server: a few columns of its row.

use haproxy_mcp_sdk::{Failure, Instance, Pages};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row as Fields, StatError};
use haproxy_replies::value::{Kind, Value};

use crate::{is_number, is_unknown, selectable, server_of_page, statistics};

/// What the row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object<'a> {
    /// A frontend, by its name.
    Frontend(&'a str),
    /// A backend, by its name.
    Backend(&'a str),
    /// A server.
    Server {
        /// The name of its backend.
        backend: &'a str,
        /// Its own name.
        server: &'a str,
        /// HAProxy's number of it within its backend.
        id: &'a str,
    },
}

/// The wanted columns that this HAProxy has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row(Vec<(&'static str, Value<'static>)>);

/// The row of this object; none where HAProxy has no such object.
pub fn row(
    instance: &Instance,
    object: Object<'_>,
    columns: &'static [&'static str],
) -> Result<Option<Row>, Failure> {
    let mask = object.kind().mask().to_string();
    let ask = |proxy: &str| {
        let words = ["show", "stat", proxy, &mask, object.id()];
        Ok(statistics(instance, &words, Search::new(object, columns))?
            .picked
            .row)
    };
    let proxy = object.proxy();
    if selectable(proxy) && !is_number(proxy) {
        match ask(proxy) {
            Ok(Some(row)) => return Ok(Some(row)),
            Err(failure) if !is_unknown(&failure) => return Err(failure),
            _ => {}
        }
    }
    // HAProxy has no such proxy, or selected another one of this name
    ask("-1")
}

/// The row of this server on the statistics page, or which names are near.
pub fn row_of_page(
    pages: Pages,
    backend: &str,
    server: &str,
    columns: &'static [&'static str],
) -> Result<Row, Failure> {
    let picked = server_of_page(pages, backend, server, Picked::new(columns))?;
    // One that was found has its row.
    Ok(picked.row.unwrap_or_default())
}

impl<'a> Object<'a> {
    fn kind(self) -> ObjectType {
        match self {
            Self::Frontend(_) => ObjectType::Frontend,
            Self::Backend(_) => ObjectType::Backend,
            Self::Server { .. } => ObjectType::Server,
        }
    }

    fn proxy(self) -> &'a str {
        match self {
            Self::Frontend(name) | Self::Backend(name) => name,
            Self::Server { backend, .. } => backend,
        }
    }

    fn id(self) -> &'a str {
        match self {
            Self::Frontend(_) | Self::Backend(_) => "-1",
            Self::Server { id, .. } => id,
        }
    }

    /// Whether a row is its own; the fields that say so stand at this place.
    fn is(self, row: &Fields<'_>, place: usize) -> bool {
        row.field(place) == self.proxy().as_bytes()
            && ObjectType::read(row.field(place + 1)) == Some(self.kind())
            && match self {
                Self::Server { server, .. } => row.field(place + 2) == server.as_bytes(),
                Self::Frontend(_) | Self::Backend(_) => true,
            }
    }
}

impl Row {
    /// A column that is a number; none where it is empty or HAProxy has no such column.
    pub fn number(&self, column: &str) -> Option<u64> {
        match self.value(column) {
            Some(Value::Unsigned(number)) => Some(*number),
            _ => None,
        }
    }

    /// A column that is a text; empty where HAProxy has none.
    pub fn text(&self, column: &str) -> &str {
        match self.value(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn value(&self, column: &str) -> Option<&Value<'static>> {
        let found = self.0.iter().find(|(name, _)| *name == column);
        found.map(|(_, value)| value)
    }
}

/// Keeps some columns of the row that comes.
struct Picked {
    columns: &'static [&'static str],
    /// Those of the columns that there are.
    shown: Vec<(&'static str, Kind)>,
    row: Option<Row>,
}

impl Picked {
    fn new(columns: &'static [&'static str]) -> Self {
        Self {
            columns,
            shown: Vec::new(),
            row: None,
        }
    }
}

impl Consumer for Picked {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let mut wanted = Vec::with_capacity(self.columns.len());
        for name in self.columns {
            if let Some(index) = columns.index(name)
                && let Some(column) = columns.get(index)
            {
                self.shown.push((name, column.kind()));
                wanted.push(index);
            }
        }
        Ok(wanted)
    }

    fn row(&mut self, row: &Fields<'_>) -> Result<(), StatError> {
        let values = self.shown.iter().zip(row.fields());
        self.row = Some(Row(values
            .map(|((name, kind), field)| (*name, Value::read(field, *kind).into_owned()))
            .collect()));
        Ok(())
    }
}

/// Looks for the row of an object.
struct Search<'a> {
    object: Object<'a>,
    picked: Picked,
    /// How many columns are picked; those that say what a row is about stand behind them.
    width: usize,
}

impl<'a> Search<'a> {
    fn new(object: Object<'a>, columns: &'static [&'static str]) -> Self {
        Self {
            object,
            picked: Picked::new(columns),
            width: 0,
        }
    }
}

impl Consumer for Search<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let mut wanted = self.picked.columns(columns)?;
        self.width = wanted.len();
        for name in ["pxname", "type", "svname"] {
            wanted.push(columns.require(name)?);
        }
        Ok(wanted)
    }

    fn row(&mut self, row: &Fields<'_>) -> Result<(), StatError> {
        if self.object.is(row, self.width) {
            self.picked.row(&row.first(self.width))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use haproxy_replies::stat::StatReader;

    use super::*;

    const STATISTICS: &[u8] = b"# pxname,svname,scur,status,type,\nshop,FRONTEND,3,OPEN,0,\n\
        shop,BACKEND,4,UP,1,\nshop,FRONTEND,5,no check,2,\nother,FRONTEND,6,OPEN,0,\n";

    fn find(object: Object<'_>) -> Option<Row> {
        let mut reader = StatReader::new(Search::new(object, &["status", "slim", "scur"]));
        reader.push(STATISTICS).unwrap();
        reader.finish().unwrap().picked.row
    }

    #[test]
    fn one_name_may_be_that_of_a_frontend_a_backend_and_a_server() {
        let server = Object::Server {
            backend: "shop",
            server: "FRONTEND",
            id: "1",
        };
        for (object, sessions, status) in [
            (Object::Frontend("shop"), 3, "OPEN"),
            (Object::Backend("shop"), 4, "UP"),
            (server, 5, "no check"),
        ] {
            let row = find(object).unwrap();
            assert_eq!(row.number("scur"), Some(sessions), "{object:?}");
            assert_eq!(row.text("status"), status, "{object:?}");
            assert_eq!(row.number("slim"), None);
            assert_eq!(row.text("slim"), "");
        }
        assert_eq!(find(Object::Frontend("sho")), None);
    }
}
