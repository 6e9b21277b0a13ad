//! `show table`.
//!
//! `small`, `strings`, `binaries`, `integers`, `sixes` (of IPv6), `sticky` and `empty` were recorded with a table of
//! each type, of which requests with odd headers were the keys; `user` at level `user`.

use std::fmt::Write as _;

use haproxy_replies::LINE_LIMIT;
use haproxy_replies::tables::{Datum, Item, TablesError, TablesReader};
use haproxy_replies::value::Value;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, TablesError> {
    let mut reader = TablesReader::default();
    let mut items = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |item| {
            items.push(match item {
                Item::Entry(entry) => format!(
                    "{:?} {:?} {:?}",
                    entry.reference,
                    entry.key(),
                    entry.data().collect::<Vec<_>>()
                ),
                item => format!("{item:?}"),
            });
        })?;
    }
    reader.finish()?;
    Ok(items)
}

/// Name, type, size and entries of each table.
fn tables(bytes: &[u8]) -> Vec<(String, Value<'static>, Value<'static>, Value<'static>)> {
    let mut reader = TablesReader::default();
    let mut tables = Vec::new();
    reader
        .push(bytes, |item| match item {
            Item::Table(table) => {
                let field = |name| table.field(name).unwrap().clone().into_owned();
                tables.push((
                    String::from_utf8(table.name.to_vec()).unwrap(),
                    field("type"),
                    field("size"),
                    field("used"),
                ));
                assert_eq!(table.fields().len(), 3);
            }
            item => panic!("{item:?}"),
        })
        .unwrap();
    reader.finish().unwrap();
    tables
}

/// The keys of all entries, as text.
fn keys(bytes: &[u8]) -> Vec<String> {
    let mut reader = TablesReader::default();
    let mut keys = Vec::new();
    reader
        .push(bytes, |item| {
            if let Item::Entry(entry) = item {
                keys.push(String::from_utf8(entry.key().into_owned()).unwrap());
            }
        })
        .unwrap();
    keys.sort();
    keys
}

/// Calls `entry` with that of the key.
fn with_entry(bytes: &[u8], key: &str, entry: impl Fn(Vec<Datum<'_>>)) {
    let mut reader = TablesReader::default();
    let mut seen = 0;
    reader
        .push(bytes, |item| {
            if let Item::Entry(read) = item
                && *read.key() == *key.as_bytes()
            {
                seen += 1;
                entry(read.data().collect());
            }
        })
        .unwrap();
    assert_eq!(seen, 1, "{key}");
}

#[test]
fn real_lists_of_tables() {
    let text = |text: &str| Value::Text(text.to_owned().into());
    for version in VERSIONS {
        let all = tables(&reply(version, "show_table"));
        let names: Vec<&str> = all.iter().map(|table| &*table.0).collect();
        assert_eq!(
            names,
            [
                "st_str",
                "st_int",
                "st_multi",
                "st_src",
                "be_tcp",
                "be_api",
                "mypeers/st_shared"
            ],
            "{version}"
        );
        assert_eq!(
            (&all[2].1, &all[2].2),
            (&text("ipv6"), &Value::Unsigned(1024)),
            "{version}"
        );
        assert_eq!(all[3].3, Value::Unsigned(30), "{version}");
        let small = tables(&reply(version, "show_table_small"));
        let types: Vec<&Value<'_>> = small.iter().map(|table| &table.1).collect();
        assert_eq!(
            types,
            [
                &text("ip"),
                &text("ip"),
                &text("ipv6"),
                &text("integer"),
                &text("binary"),
                &text("string"),
                &text("string")
            ],
            "{version}"
        );
        assert_eq!(
            tables(&reply(version, "show_table_empty"))[0].3,
            Value::Unsigned(0)
        );
    }
}

#[test]
fn real_entries_have_what_their_table_stores() {
    for version in VERSIONS {
        let bytes = reply(version, "show_table_st_src");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("0x")).collect();
        assert_eq!(lines.len(), 30, "{version}");
        let mut reader = TablesReader::default();
        let mut seen = 0;
        reader
            .push(&bytes, |item| {
                let Item::Entry(entry) = item else {
                    return;
                };
                let words: Vec<&str> = lines[seen].split(' ').collect();
                assert_eq!(
                    format!("{}:", String::from_utf8_lossy(entry.reference)),
                    words[0]
                );
                assert_eq!(
                    format!("key={}", String::from_utf8_lossy(&entry.key())),
                    words[1]
                );
                let data: Vec<Datum<'_>> = entry.data().collect();
                assert_eq!(data.len(), words.len() - 2, "{version}");
                for (datum, word) in data.iter().zip(&words[2..]) {
                    let Value::Unsigned(value) = datum.value else {
                        panic!("{datum:?}");
                    };
                    let period = datum
                        .period
                        .map_or(String::new(), |period| format!("({period})"));
                    assert_eq!(format!("{}{period}={value}", datum.name), *word);
                    assert_eq!(entry.number(datum.name), Some(value), "{version}");
                }
                assert!(
                    entry.number("exp") <= Some(600_000) && entry.number("exp") > Some(500_000)
                );
                assert_eq!(entry.number("shard"), (version != "2.6").then_some(0));
                assert_eq!(entry.number("gpc"), None);
                seen += 1;
            })
            .unwrap();
        reader.finish().unwrap();
        assert_eq!(seen, lines.len(), "{version}");
    }
}

#[test]
fn keys_of_all_types() {
    for version in VERSIONS {
        assert_eq!(
            keys(&reply(version, "show_table_sixes")),
            ["2001:db8::1", "::1", "::ffff:10.0.0.1"],
            "{version}"
        );
        assert_eq!(
            keys(&reply(version, "show_table_integers")),
            ["42", "4294967295"],
            "{version}"
        );
        assert!(
            keys(&reply(version, "show_table_binaries"))
                .contains(&"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709".to_owned()),
            "{version}"
        );
        assert_eq!(
            keys(&reply(version, "show_table_st_shared")),
            ["user1", "user2", "user3", "user4", "user5"],
            "{version}"
        );
        let strings = keys(&reply(version, "show_table_strings"));
        for key in [
            "",
            "plain",
            "two words",
            "a=b use=1",
            "back\\slash",
            "quo\"te",
            "utf8-é",
            "tab\there",
            "key=x",
            "esc\x1b",
        ] {
            assert!(
                strings.contains(&key.to_owned()),
                "{version}: {key:?} in {strings:?}"
            );
        }
    }
}

#[test]
fn rates_have_their_period_and_arrays_their_index() {
    for version in VERSIONS {
        with_entry(&reply(version, "show_table_sixes"), "2001:db8::1", |data| {
            let names: Vec<(&str, Option<u64>)> = data
                .iter()
                .map(|datum| (datum.name, datum.period))
                .filter(|(name, _)| *name != "shard")
                .collect();
            assert_eq!(
                names,
                [
                    ("use", None),
                    ("exp", None),
                    ("sess_cnt", None),
                    ("gpt0", None),
                    ("gpt1", None),
                    ("gpt2", None),
                    ("gpt3", None),
                    ("gpc0", None),
                    ("gpc1", None),
                    ("gpc2", None),
                    ("gpc0_rate", Some(10_000)),
                    ("gpc1_rate", Some(10_000)),
                ],
                "{version}"
            );
        });
        with_entry(&reply(version, "show_table_strings"), "a=b use=1", |data| {
            let find = |name| data.iter().find(|datum| datum.name == name).unwrap();
            assert_eq!(find("use").value, Value::Unsigned(0), "{version}");
            assert_eq!(find("bytes_in_rate").period, Some(60_000), "{version}");
        });
        // a server may be named like a number
        with_entry(&reply(version, "show_table_sticky"), "10.0.0.1", |data| {
            let find = |name| data.iter().find(|datum| datum.name == name).unwrap();
            assert_eq!(find("server_id").value, Value::Unsigned(1), "{version}");
            assert_eq!(
                find("server_key").value,
                Value::Text("2".into()),
                "{version}"
            );
        });
    }
    with_entry(
        b"# table: t, type: ip\n0x1: key=::1 server_key=- new=x\n",
        "::1",
        |data| {
            assert_eq!(data[0].value, Value::Absent);
            assert_eq!(data[1].value, Value::Text("x".into()));
        },
    );
}

#[test]
fn entries_may_be_withheld() {
    for version in VERSIONS {
        let items = read([reply(version, "show_table_user").as_slice()]).unwrap();
        assert_eq!(
            (items.len(), items[1].as_str()),
            (2, "Withheld"),
            "{version}"
        );
    }
}

#[test]
fn real_replies_read_the_same_in_chunks_of_any_size() {
    for version in VERSIONS {
        for name in ["show_table", "show_table_be_api", "show_table_strings"] {
            let bytes = reply(version, name);
            let whole = read([bytes.as_slice()]).unwrap();
            for size in [1, 3, 64, 1000] {
                assert_eq!(
                    read(bytes.chunks(size)).unwrap(),
                    whole,
                    "{version} by {size}"
                );
            }
        }
    }
}

/// A hundred thousand entries, as one reply of HAProxy's comes: in buffers of 16 KiB, none of which is kept.
#[test]
fn a_hundred_thousand_entries_pass_by() {
    let mut reader = TablesReader::default();
    let (mut entries, mut sum) = (0_u64, 0);
    let mut buffer = String::from("# table: t, type: ip, size:204800, used:100000\n");
    let mut take = |buffer: &str| {
        reader
            .push(buffer.as_bytes(), |item| {
                if let Item::Entry(entry) = item {
                    entries += 1;
                    sum += entry.number("gpc0").unwrap();
                }
            })
            .unwrap();
    };
    for number in 0..100_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        writeln!(
            buffer,
            "{:#x}: key=10.{a}.{b}.{c} use=0 exp=1 shard=0 gpc0={number} http_req_rate(10000)=1",
            0x7f00_0000_0000_u64 + u64::from(number)
        )
        .unwrap();
        if buffer.len() > 16_384 {
            let (now, later) = buffer.split_at(16_384);
            take(now);
            buffer = later.to_owned();
        }
    }
    take(&buffer);
    take("\n");
    reader.finish().unwrap();
    assert_eq!((entries, sum), (100_000, 99_999 * 100_000 / 2));
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (line, reply) in [
        (1, "No such table\n"),
        (1, "0x1: key=a use=0\n"),
        (2, "# table: t, type: ip\n0x1 key=a\n"),
        (2, "# table: t, type: ip\nx: key=a\n"),
        (2, "# table: t, type: ip\n# tables\n"),
        (1, "# contents not dumped due to insufficient privileges\n"),
    ] {
        let text = reply.lines().last().unwrap().to_owned();
        assert_eq!(
            read([reply.as_bytes()]),
            Err(TablesError::Unexpected { line, text })
        );
    }
    assert_eq!(read([b"\n".as_slice()]), Ok(vec![]));
    assert_eq!(
        read([b"# table: t".as_slice()]),
        Err(TablesError::Truncated)
    );
    assert_eq!(
        read([b"x".repeat(LINE_LIMIT + 1).as_slice()]),
        Err(TablesError::TooLong)
    );
}

/// A string as HAProxy prints it (`dump_text` in its `src/tools.c`).
fn escape(key: &[u8]) -> String {
    let mut text = String::new();
    for byte in key {
        match byte {
            b' ' | b'=' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            0x1b => text.push_str("\\e"),
            b'!'..=b'~' => text.push(char::from(*byte)),
            _ => write!(text, "\\x{byte:02X}").unwrap(),
        }
    }
    text
}

proptest! {
    #[test]
    fn entries_come_back_however_they_are_cut(
        written in vec(
            (1_u64.., vec(prop_oneof![Just(b' '), Just(b'='), Just(b'\\'), Just(b'x'), any::<u8>()], 0..12), any::<[u64; 3]>()),
            0..20,
        ),
        size in 1_usize..60,
    ) {
        let mut text = format!("# table: t, type: string, size:1, used:{}\n", written.len());
        for (pointer, key, [usage, gpc, rate]) in &written {
            let key = escape(key);
            writeln!(text, "{pointer:#x}: key={key} use={usage} exp=1 gpc0={gpc} gpc0_rate(10000)={rate}").unwrap();
        }
        text.push('\n');
        let mut reader = TablesReader::default();
        let mut entries = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            reader.push(chunk, |item| if let Item::Entry(entry) = item {
                let reference = String::from_utf8_lossy(entry.reference);
                let pointer = u64::from_str_radix(reference.strip_prefix("0x").unwrap(), 16).unwrap();
                let values = ["use", "gpc0", "gpc0_rate"].map(|name| entry.number(name).unwrap());
                entries.push((pointer, entry.key().into_owned(), values));
            }).unwrap();
        }
        prop_assert_eq!(reader.finish(), Ok(()));
        prop_assert_eq!(entries, written);
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'\\'), Just(b'='), Just(b'('), Just(b')'), Just(b'x'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        for start in [b"".as_slice(), b"# table: t", b"# table: t, type: string\n0x1: key=", b"# table: t\n0x1: key=a gpc0_rate("] {
            let bytes = [start, &bytes].concat();
            prop_assert_eq!(read(bytes.chunks(size)), read([bytes.as_slice()]));
        }
    }
}
