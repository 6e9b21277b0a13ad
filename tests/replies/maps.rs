//! `show map`, `show acl`, `get map`, `get acl`, `prepare map`.
//!
//! What is called `odd` and `shared`, and what finds such keys, was recorded with files that are used in two ways and
//! hold quotes, control characters and bytes that are no text; from 3.0 on also a key with a line break.

use haproxy_replies::LINE_LIMIT;
use haproxy_replies::maps::{self, EntriesReader, MapsError, SetsReader, lookups, version_created};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

/// Number, file and description, then `curr_ver`, `next_ver` and `entry_cnt`.
type Set = (u64, Option<String>, String, [Option<u64>; 3]);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn sets<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Set>, MapsError> {
    let mut reader = SetsReader::default();
    let mut sets = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |set| {
            sets.push((
                set.id,
                set.file.map(text),
                text(set.description),
                ["curr_ver", "next_ver", "entry_cnt"].map(|name| set.number(name)),
            ));
        })?;
    }
    reader.finish()?;
    Ok(sets)
}

/// Reference and text.
type Entry = (Vec<u8>, Vec<u8>);

fn entries<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Entry>, MapsError> {
    let mut reader = EntriesReader::default();
    let mut entries = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |entry| {
            entries.push((entry.reference.to_vec(), entry.text.to_vec()));
        })?;
    }
    reader.finish(|entry| entries.push((entry.reference.to_vec(), entry.text.to_vec())))?;
    Ok(entries)
}

fn pairs(bytes: &[u8]) -> Vec<(String, Option<String>)> {
    let mut reader = EntriesReader::default();
    let mut pairs = Vec::new();
    let mut keep = |entry: maps::Entry<'_>| {
        let (key, value) = entry.pair();
        pairs.push((text(key), value.map(text)));
    };
    reader.push(bytes, &mut keep).unwrap();
    reader.finish(&mut keep).unwrap();
    pairs
}

#[test]
fn real_lists_of_maps_and_acls() {
    for version in VERSIONS {
        let maps = sets([reply(version, "show_map").as_slice()]).unwrap();
        assert_eq!(
            maps,
            [(
                4,
                Some("/etc/haproxy/maps/hosts.map".to_owned()),
                "pattern loaded from file '/etc/haproxy/maps/hosts.map' used by map at file \
                 '/etc/haproxy/rich.cfg' line 78"
                    .to_owned(),
                [Some(0), Some(0), Some(3)]
            )],
            "{version}"
        );
        let bytes = reply(version, "show_acl");
        let acls = sets([bytes.as_slice()]).unwrap();
        assert_eq!(
            acls.len(),
            text(&bytes).matches(" entry_cnt=").count(),
            "{version}"
        );
        assert_eq!(
            acls[0].1.as_deref(),
            Some("/etc/haproxy/maps/bad_ips.acl"),
            "{version}"
        );
        assert_eq!(
            acls[2],
            (
                2,
                None,
                "acl 'path' file '/etc/haproxy/rich.cfg' line 74".to_owned(),
                [Some(0), Some(0), Some(1)]
            ),
            "{version}"
        );
        for size in [1, 7, 100] {
            assert_eq!(
                sets(bytes.chunks(size)).as_ref(),
                Ok(&acls),
                "{version} by {size}"
            );
        }
    }
}

#[test]
fn sets_without_a_file_on_disk_keep_the_names_that_commands_need() {
    for version in VERSIONS {
        let maps = sets([reply(version, "show_map_shared").as_slice()]).unwrap();
        let files: Vec<&str> = maps.iter().filter_map(|set| set.1.as_deref()).collect();
        let expected = [
            "both.map",
            "odd.map",
            "ip.map",
            "int.map",
            "virt@names",
            "missing.map",
        ];
        let known = if version == "2.6" { 4 } else { 6 };
        assert_eq!(files, expected[..known], "{version}");
        // one file may be both
        let acls = sets([reply(version, "show_acl_shared").as_slice()]).unwrap();
        assert!(acls.contains(&maps[0]), "{version}");
        // what is compared in two ways counts twice
        let shown = pairs(&reply(version, "show_map_odd")).len() as u64;
        assert_eq!(maps[1].3[2], Some(2 * shown), "{version}");
    }
}

#[test]
fn real_entries() {
    for version in VERSIONS {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            pairs(&reply(version, "show_map_hosts")),
            [
                ("www.example.test".to_owned(), some("be_app")),
                ("api.example.test".to_owned(), some("be_api")),
                ("static.example.test".to_owned(), some("be_static")),
            ],
            "{version}"
        );
        let acl: Vec<String> = entries([reply(version, "show_acl_bad_ips").as_slice()])
            .unwrap()
            .iter()
            .map(|(_, key)| text(key))
            .collect();
        assert_eq!(acl, ["10.66.0.0/16", "192.0.2.7"], "{version}");
        assert_eq!(
            entries([reply(version, "show_acl_reg").as_slice()]).unwrap()[0].1,
            b"^/a b$"
        );
        assert_eq!(
            entries([reply(version, "show_map_empty").as_slice()]),
            Ok(vec![]),
            "{version}"
        );
    }
}

#[test]
fn odd_keys_and_values_come_as_they_are() {
    for version in VERSIONS {
        let bytes = reply(version, "show_map_odd");
        let entries_at_once = entries([bytes.as_slice()]).unwrap();
        let texts: Vec<&[u8]> = entries_at_once
            .iter()
            .map(|(_, text)| text.as_slice())
            .collect();
        let mut expected: Vec<&[u8]> = vec![
            b"plain one",
            b"spaces two words  here",
            b"quo\"te va\"lue, type=\"x",
            b"comma, \"a\", b",
            "utf8-é väl".as_bytes(),
            b"bad-\xff\xfe v\xff",
            b"tab by tab",
            b"back\\slash C:\\x",
            b"eq=a b=c",
            b"0x1234 0x5678 9",
            b"key with space some",
            b"nospace two words ;x",
            b"ctl\x01 v\x1b[31m",
        ];
        if version != "2.6" {
            expected.push(b"first one");
            expected.push(b"\nafter blank");
        }
        assert_eq!(texts, expected, "{version}");
        for size in [1, 2, 9, 64] {
            assert_eq!(
                entries(bytes.chunks(size)).as_ref(),
                Ok(&entries_at_once),
                "{version} by {size}"
            );
        }
        let read = pairs(&bytes);
        assert_eq!(
            read[9],
            ("0x1234".to_owned(), Some("0x5678 9".to_owned())),
            "{version}"
        );
        if version != "2.6" {
            assert_eq!(read[14], ("\nafter".to_owned(), Some("blank".to_owned())));
        }
    }
}

#[test]
fn a_key_with_spaces_is_found_by_who_knows_it() {
    let mut reader = EntriesReader::default();
    let mut values = Vec::new();
    let mut keep = |entry: maps::Entry<'_>| {
        values.push((
            entry.pair().1.map(text),
            entry.value_of(b"key with space").map(text),
            entry.value_of(b"key").map(text),
        ));
    };
    reader
        .push(
            b"0x1 key with space some\n0x2 keys x\n0x3 key\n\n",
            &mut keep,
        )
        .unwrap();
    reader.finish(&mut keep).unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        values,
        [
            (
                some("with space some"),
                some("some"),
                some("with space some")
            ),
            (some("x"), None, None),
            (None, None, None),
        ]
    );
}

#[test]
fn real_lookups() {
    for version in VERSIONS {
        let bytes = reply(version, "get_map");
        let found = &lookups(&bytes).unwrap()[0];
        assert_eq!(
            (
                &*found.method,
                found.case.as_deref(),
                found.found,
                found.index.as_deref()
            ),
            ("str", Some("sensitive"), true, Some("tree")),
            "{version}"
        );
        assert_eq!(
            (
                found.key.as_deref(),
                found.value.as_deref(),
                found.value_type.as_deref()
            ),
            (Some("www.example.test"), Some("be_app"), Some("str")),
            "{version}"
        );
        let bytes = reply(version, "get_map_none");
        let none = lookups(&bytes).unwrap();
        assert_eq!((none.len(), none[0].found), (1, false), "{version}");
        assert_eq!((&none[0].key, &none[0].value), (&None, &None), "{version}");

        for (name, expected, key) in [
            ("get_acl", true, Some("10.66.0.0/16")),
            ("get_acl_none", false, None),
            ("get_acl_reg", true, Some("^/a b$")),
        ] {
            let bytes = reply(version, name);
            let acl = &lookups(&bytes).unwrap()[0];
            assert_eq!(
                (acl.found, acl.key.as_deref()),
                (expected, key),
                "{version}: {name}"
            );
            assert_eq!((&acl.value, &acl.value_type), (&None, &None));
        }
        let bytes = reply(version, "get_map_int");
        assert_eq!(
            lookups(&bytes).unwrap()[0].value_type.as_deref(),
            Some("sint"),
            "{version}"
        );
    }
}

#[test]
fn quotes_and_commas_in_what_was_found_do_not_end_it() {
    for version in VERSIONS {
        for (name, key, value) in [
            ("get_map_quotes", "quo\"te", "va\"lue, type=\"x"),
            ("get_map_commas", "comma,", "\"a\", b"),
            ("get_map_space", "key with space", "some"),
            ("get_map_line_break", "\nafter", "blank"),
        ] {
            if version == "2.6" && name == "get_map_line_break" {
                continue;
            }
            let bytes = reply(version, name);
            let found = lookups(&bytes).unwrap();
            let methods: Vec<&str> = found.iter().map(|lookup| &*lookup.method).collect();
            assert_eq!(methods, ["str", "beg"], "{version}: {name}");
            for lookup in found {
                assert_eq!(
                    (lookup.key.as_deref(), lookup.value.as_deref()),
                    (Some(key), Some(value))
                );
            }
        }
    }
}

#[test]
fn what_has_no_quotes_is_no_value_and_unknown_fields_are_kept() {
    let found = lookups(
        b"type=unknown(0x1), new=a b, found=yes, key=unknown, value=none\n\ntype=int, match=no\n",
    )
    .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (
            &*found[0].method,
            found[0].found,
            &found[0].key,
            &found[0].value
        ),
        ("unknown(0x1)", true, &None, &None)
    );
    assert_eq!(found[0].others, [("new", "a b".into())]);
    assert!(!found[1].found);
}

#[test]
fn the_number_of_a_new_version() {
    for version in VERSIONS {
        assert_eq!(
            version_created(&reply(version, "prepare_map")),
            Ok(1),
            "{version}"
        );
    }
    for wrong in ["", "New version created: ", "New version created: x"] {
        assert_eq!(
            version_created(wrong.as_bytes()),
            Err(MapsError::NoVersion {
                text: wrong.trim().to_owned()
            })
        );
    }
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    let unexpected = |line, text: &str| MapsError::Unexpected {
        line,
        text: text.to_owned(),
    };
    let refusal = "Unknown map identifier. Please use #<id> or <file>.";
    for (reply, expected) in [
        ("", MapsError::Empty),
        ("\n", MapsError::Empty),
        (
            "0x1 a b\n",
            MapsError::NotAList {
                line: "0x1 a b".to_owned(),
            },
        ),
        (
            "# id (file) description\nx () y. curr_ver=0\n",
            unexpected(2, "x () y. curr_ver=0"),
        ),
        (
            "# id (file) description\n1 () y. curr",
            MapsError::Truncated,
        ),
    ] {
        assert_eq!(sets([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
    assert_eq!(
        entries([format!("{refusal}\n").as_bytes()]),
        Err(unexpected(1, refusal))
    );
    assert_eq!(
        entries([b"\n0x 1\n".as_slice()]),
        Err(unexpected(2, "0x 1"))
    );
    assert_eq!(entries([b"0x1 a".as_slice()]), Err(MapsError::Truncated));
    // lines that are no entries add up in vain
    let long = [
        b"0x1 a\n".to_vec(),
        [b"x".repeat(1000), b"\n".to_vec()]
            .concat()
            .repeat(LINE_LIMIT / 1000),
    ]
    .concat();
    assert_eq!(entries([long.as_slice()]), Err(MapsError::TooLong));
    for (reply, expected) in [
        (
            "",
            MapsError::NotFields {
                text: String::new(),
            },
        ),
        (
            refusal,
            MapsError::NotFields {
                text: refusal.to_owned(),
            },
        ),
        (
            "type=str, key=\"open",
            MapsError::NotFields {
                text: "key=\"open".to_owned(),
            },
        ),
        ("found=yes", MapsError::MissingField { name: "type" }),
        ("type=str", MapsError::MissingField { name: "found" }),
    ] {
        assert_eq!(lookups(reply.as_bytes()), Err(expected), "{reply:?}");
    }
}

/// Bytes of a key or a value: any but a line break.
fn odd(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => b'a'..=b'f',
        1 => prop_oneof![Just(b' '), Just(b'='), Just(b'"'), Just(b','), Just(b'0'), Just(b'x')],
        1 => any::<u8>().prop_filter("a line break ends an entry", |byte| *byte != b'\n'),
    ];
    vec(byte, length)
}

proptest! {
    #[test]
    fn entries_come_back_however_they_are_cut(
        written in vec((1_u64.., odd(1..12), odd(0..20)), 0..20),
        size in 1_usize..60,
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (pointer, key, value) in written {
            let reference = format!("{pointer:#x}").into_bytes();
            let text = [&key, b" ".as_slice(), &value].concat();
            bytes.extend_from_slice(&[&reference, b" ".as_slice(), &text, b"\n"].concat());
            expected.push((reference, text));
        }
        bytes.push(b'\n');
        prop_assert_eq!(entries([bytes.as_slice()]), Ok(expected.clone()));
        prop_assert_eq!(entries(bytes.chunks(size)), Ok(expected));
    }

    #[test]
    fn sets_come_back(
        id in any::<u64>(),
        file in "[a-z/.@() ]{0,20}",
        line in any::<u16>(),
        numbers in any::<[u64; 3]>(),
        size in 1_usize..60,
    ) {
        let description = format!("pattern loaded from file '{file}' used by map at file 'x' line {line}");
        let [current, next, count] = numbers;
        let reply = format!(
            "# id (file) description\n{id} ({file}) {description}. curr_ver={current} next_ver={next} entry_cnt={count}\n\n"
        );
        let expected = (id, (!file.is_empty()).then_some(file), description, numbers.map(Some));
        prop_assert_eq!(sets(reply.as_bytes().chunks(size)), Ok(vec![expected]));
    }

    #[test]
    fn lookups_come_back(
        key in "[^\"]{0,20}",
        value in "[^\"]{0,20}",
        times in 1_usize..4,
    ) {
        let line = format!(
            "type=str, case=sensitive, found=yes, idx=tree, key=\"{key}\", value=\"{value}\", type=\"str\"\n"
        );
        let reply = format!("{}\n", line.repeat(times));
        let found = lookups(reply.as_bytes()).unwrap();
        prop_assert_eq!(found.len(), times);
        for lookup in found {
            prop_assert_eq!(lookup.key.as_deref(), Some(&*key));
            prop_assert_eq!(lookup.value.as_deref(), Some(&*value));
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'"'), Just(b','), Just(b'='), Just(b'0'), Just(b'x'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        for start in [b"".as_slice(), b"# id (file) description\n", b"1 () x. curr_ver=", b"0x1 "] {
            let bytes = [start, &bytes].concat();
            prop_assert_eq!(sets(bytes.chunks(size)), sets([bytes.as_slice()]));
            prop_assert_eq!(entries(bytes.chunks(size)), entries([bytes.as_slice()]));
        }
        let _ = lookups(&bytes);
        let _ = lookups(&[b"type=str, found=yes, key=\"".as_slice(), &bytes].concat());
        let _ = version_created(&bytes);
    }
}
