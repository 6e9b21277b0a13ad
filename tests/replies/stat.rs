//! `show stat`: real replies, and each way in which one can be wrong.

use haproxy_replies::stat::{ObjectType, ROW_LIMIT, StatError};
use haproxy_replies::value::{Kind, Value};

use crate::fixtures::{VERSIONS, reply, types};
use crate::stat_table::Table;

fn read(reply: &str) -> Result<Table, StatError> {
    Table::read(None, [reply.as_bytes()])
}

/// No captured reply has a quote, so that splitting at commas is a second, independent reading.
#[test]
fn every_field_of_real_replies_is_where_its_header_says() {
    for version in VERSIONS {
        let text = String::from_utf8(reply(version, "show_stat")).unwrap();
        assert!(!text.contains('"'), "{version}");
        let mut lines = text.lines().filter(|line| !line.is_empty());
        let names: Vec<&str> = lines.next().unwrap()[2..]
            .trim_end_matches(',')
            .split(',')
            .collect();
        let rows: Vec<Vec<&str>> = lines
            .map(|line| line.strip_suffix(',').unwrap().split(',').collect())
            .collect();

        let table = read(&text).unwrap();
        assert_eq!(table.names, names, "{version}");
        assert_eq!(table.rows.len(), rows.len(), "{version}");
        assert!(rows.len() > 40, "{version}: {} rows", rows.len());
        for (read, expected) in table.rows.iter().zip(&rows) {
            assert_eq!(
                read,
                &expected
                    .iter()
                    .map(|field| field.as_bytes().to_vec())
                    .collect::<Vec<_>>(),
                "{version}"
            );
        }
    }
}

/// HAProxy states the type of each field in `show stat typed`.
#[test]
fn columns_are_of_the_kind_that_haproxy_states() {
    for version in VERSIONS {
        let mut texts = 0;
        for (name, stated) in types(version, "show_stat_typed") {
            let expected = if stated == "str" {
                Kind::Text
            } else {
                Kind::Number
            };
            let reader = kinds(version);
            let kind = reader
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, kind)| *kind);
            assert_eq!(kind, Some(expected), "{version}: {name} is {stated}");
            texts += usize::from(stated == "str");
        }
        assert!(texts >= 10, "{version}: {texts} columns of text");
    }
}

/// Every value of a column of numbers is a number in every row.
#[test]
fn numbers_of_real_replies_are_numbers() {
    for version in VERSIONS {
        let table = Table::read(None, [reply(version, "show_stat").as_slice()]).unwrap();
        for (column, (name, kind)) in kinds(version).into_iter().enumerate() {
            for row in &table.rows {
                let value = Value::read(&row[column], kind);
                let fits = match kind {
                    Kind::Text => matches!(value, Value::Text(_) | Value::Absent),
                    Kind::Number => !matches!(value, Value::Text(_)),
                };
                assert!(fits, "{version}: {name} is {value:?}");
            }
        }
    }
}

#[test]
fn the_type_of_a_row_is_known() {
    for version in VERSIONS {
        let table = Table::read(None, [reply(version, "show_stat").as_slice()]).unwrap();
        let column = table.names.iter().position(|name| name == "type").unwrap();
        for row in &table.rows {
            let expected = match row[1].as_slice() {
                b"FRONTEND" => ObjectType::Frontend,
                b"BACKEND" => ObjectType::Backend,
                _ if row[0].starts_with(b"be_") => ObjectType::Server,
                _ => ObjectType::Listener,
            };
            assert_eq!(
                ObjectType::read(&row[column]),
                Some(expected),
                "{version}: {row:?}"
            );
        }
    }
}

#[test]
fn wanted_columns_come_in_the_order_in_which_they_were_asked_for() {
    let reply = b"# a,b,c,d,\n1,2,3,4,\n5,6,7,8,\n";
    for (wanted, first) in [
        (vec![3, 0], vec!["4", "1"]),
        (vec![1, 2], vec!["2", "3"]),
        (vec![2, 2, 0, 2], vec!["3", "3", "1", "3"]),
        (vec![], vec![]),
        (vec![9], vec![""]),
    ] {
        let table = Table::read(Some(wanted.clone()), [reply.as_slice()]).unwrap();
        let read: Vec<&str> = table.rows[0]
            .iter()
            .map(|field| std::str::from_utf8(field).unwrap())
            .collect();
        assert_eq!(read, first, "{wanted:?}");
        assert_eq!(table.rows.len(), 2, "{wanted:?}");
    }
}

/// The same in a row with a quote, which another code reads.
#[test]
fn wanted_columns_of_a_quoted_row_too() {
    let reply = b"# a,b,c,d,\n1,\"2,\",\"\"\"3\"\"\n\",,\n5,6,7,8,\n";
    let table = Table::read(Some(vec![3, 1, 2, 1]), [reply.as_slice()]).unwrap();
    assert_eq!(
        table.rows,
        [["", "2,", "\"3\"\n", "2,"], ["8", "6", "7", "6"]]
            .map(|row| row.map(|field| field.as_bytes().to_vec()).to_vec())
            .to_vec()
    );
}

#[test]
fn columns_that_no_version_has_yet_are_kept() {
    let table = read("# pxname,svname,brand_new,\na,b,42,\n").unwrap();
    assert_eq!(table.names, ["pxname", "svname", "brand_new"]);
    assert_eq!(
        table.rows,
        [[b"a".to_vec(), b"b".to_vec(), b"42".to_vec()].to_vec()]
    );
}

#[test]
fn empty_lines_are_no_rows() {
    let table = read("\n# a,b,\n\n1,2,\n\n\n").unwrap();
    assert_eq!(table.rows.len(), 1);
    assert_eq!(read("# a,b,\n").unwrap().rows.len(), 0);
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    let long = "x".repeat(ROW_LIMIT + 1);
    for (reply, expected) in [
        (String::new(), StatError::Empty),
        ("\n".to_owned(), StatError::Empty),
        (
            "No such proxy.\n".to_owned(),
            StatError::NotStatistics {
                line: "No such proxy.".to_owned(),
            },
        ),
        (
            "No such".to_owned(),
            StatError::NotStatistics {
                line: "No such".to_owned(),
            },
        ),
        ("# pxname,svn".to_owned(), StatError::Truncated { row: 0 }),
        (
            "# a,b,\n1,2,\n3,".to_owned(),
            StatError::Truncated { row: 2 },
        ),
        (
            "# a,b,\n1,2,\n3,4,".to_owned(),
            StatError::Truncated { row: 2 },
        ),
        ("# a,b,\n1,\"2".to_owned(), StatError::Truncated { row: 1 }),
        (
            "# a,b,\n1,\"2\n".to_owned(),
            StatError::Truncated { row: 1 },
        ),
        (
            "# a,b,\n1,2,\n3,\n".to_owned(),
            StatError::Width {
                row: 2,
                found: 1,
                expected: 2,
            },
        ),
        (
            "# a,b,\n1,2,3,\n".to_owned(),
            StatError::Width {
                row: 1,
                found: 3,
                expected: 2,
            },
        ),
        (
            "# a,b,\n1,\"2\",3,\n".to_owned(),
            StatError::Width {
                row: 1,
                found: 3,
                expected: 2,
            },
        ),
        (long.clone(), StatError::TooLong { row: 0 }),
        (
            format!("# a,b,\n{long},2,\n"),
            StatError::TooLong { row: 1 },
        ),
        (
            format!("# a,b,\n1,2,\n{long}"),
            StatError::TooLong { row: 2 },
        ),
        (format!("# a,b,\n\"{long}"), StatError::TooLong { row: 1 }),
    ] {
        let start = reply.get(..40).unwrap_or(&reply).to_owned();
        assert_eq!(read(&reply), Err(expected.clone()), "{start:?}");
        let chunks = Table::read(None, reply.as_bytes().chunks(1000));
        assert_eq!(chunks, Err(expected), "{start:?} in chunks");
    }
}

/// A row of exactly the limit is read, whole or in chunks, with quotes or without.
#[test]
fn the_limit_of_a_row_is_exact() {
    for (plain, chunk) in [
        (true, 1 << 22),
        (true, 4096),
        (false, 1 << 22),
        (false, 4096),
    ] {
        let field = if plain {
            "x".repeat(ROW_LIMIT - 2)
        } else {
            format!("\"{}\"", "x".repeat(ROW_LIMIT - 4))
        };
        let fits = format!("# a,b,\n{field},,\n");
        assert_eq!(
            Table::read(None, fits.as_bytes().chunks(chunk))
                .unwrap()
                .rows
                .len(),
            1,
            "{plain} {chunk}"
        );
        let longer = format!("# a,b,\n{field},1,\n");
        let expected = Err(StatError::TooLong { row: 1 });
        assert_eq!(
            Table::read(None, longer.as_bytes().chunks(chunk)),
            expected,
            "{plain} {chunk}"
        );
    }
}

#[test]
fn a_missing_column_is_named() {
    let error = haproxy_replies::stat::StatError::MissingColumn {
        name: "scur".to_owned(),
    };
    assert_eq!(error.to_string(), "the statistics have no column: `scur`");
}

fn kinds(version: &str) -> Vec<(String, Kind)> {
    struct Kinds(Vec<(String, Kind)>);
    impl haproxy_replies::stat::Consumer for Kinds {
        type Error = StatError;
        fn columns(
            &mut self,
            columns: &haproxy_replies::stat::Columns,
        ) -> Result<Vec<usize>, StatError> {
            assert_eq!(columns.require("scur"), Ok(columns.index("scur").unwrap()));
            assert_eq!(
                columns.require("none"),
                Err(StatError::MissingColumn {
                    name: "none".to_owned()
                })
            );
            self.0 = columns
                .iter()
                .map(|column| (column.name().to_owned(), column.kind()))
                .collect();
            Ok(Vec::new())
        }
        fn row(&mut self, _: &haproxy_replies::stat::Row<'_>) -> Result<(), StatError> {
            Ok(())
        }
    }
    let mut reader = haproxy_replies::stat::StatReader::new(Kinds(Vec::new()));
    reader.push(&reply(version, "show_stat")).unwrap();
    reader.finish().unwrap().0
}
