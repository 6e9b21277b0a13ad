//! `show servers conn`.

use haproxy_replies::servers_conn::{ServersConnError, ServersConnReader};
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

type Server = (Vec<(String, String)>, usize);

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Server>, ServersConnError> {
    let mut reader = ServersConnReader::default();
    let mut servers = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |server| {
            let fields = server
                .values()
                .map(|(name, value)| (name.to_owned(), format!("{value:?}")))
                .collect();
            servers.push((fields, server.per_thread().count()));
            Ok::<_, ServersConnError>(())
        })?;
    }
    reader.finish()?;
    Ok(servers)
}

#[test]
fn real_servers_have_names_and_numbers() {
    for version in VERSIONS {
        let bytes = reply(version, "show_servers_conn");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.split(' ').collect())
            .collect();
        // `#` is a word of the header
        let place = |name: &str| lines[0].iter().position(|word| *word == name).unwrap() - 1;
        let (used, idle) = (place("used_cur"), place("idle_cur"));
        let mut seen = 0;
        let mut reader = ServersConnReader::default();
        reader
            .push(&bytes, |server| {
                seen += 1;
                let line = &lines[seen];
                let name = [server.backend(), b"/", server.server()].concat();
                assert_eq!(name, line[0].as_bytes(), "{version}");
                assert_eq!(server.field("used_cur"), Some(line[used].as_bytes()));
                assert_eq!(server.field("idle_cur"), Some(line[idle].as_bytes()));
                assert_eq!((server.field("-"), server.field("none")), (None, None));
                assert_eq!(server.per_thread().count(), 2);
                Ok::<_, ServersConnError>(())
            })
            .unwrap();
        reader.finish().unwrap();
        assert_eq!((seen, seen > 10), (lines.len() - 1, true), "{version}");
        let servers = read([bytes.as_slice()]).unwrap();
        for size in [1, 50, 1000] {
            assert_eq!(read(bytes.chunks(size)).unwrap(), servers, "{version}");
        }
    }
}

#[test]
fn texts_stay_texts_and_unset_ones_are_absent() {
    let reply = b"# bkname/svname bkid/svid addr port - new\n7/42 3/1 - 0 - 9\n\n";
    let mut reader = ServersConnReader::default();
    reader
        .push(reply, |server| {
            let values: Vec<_> = server.values().collect();
            assert_eq!(
                values,
                [
                    ("bkname", Value::Text("7".into())),
                    ("svname", Value::Text("42".into())),
                    ("bkid", Value::Unsigned(3)),
                    ("svid", Value::Unsigned(1)),
                    ("addr", Value::Absent),
                    ("port", Value::Unsigned(0)),
                    ("new", Value::Unsigned(9)),
                ]
            );
            assert_eq!(server.per_thread().count(), 0);
            Ok::<_, ServersConnError>(())
        })
        .unwrap();
    reader.finish().unwrap();
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (reply, expected) in [
        ("", ServersConnError::Empty),
        (
            "a/b 1/1\n",
            ServersConnError::NoHeader {
                line: "a/b 1/1".to_owned(),
            },
        ),
        (
            "# bkname addr\n",
            ServersConnError::MissingField {
                name: "svname".to_owned(),
            },
        ),
        (
            "# bkname/svname used idle_per_thr[2]\na/b 1 0\n",
            ServersConnError::Width {
                line: 2,
                found: 3,
                expected: 4,
            },
        ),
        ("# bkname/svname\na/b", ServersConnError::Truncated),
    ] {
        assert_eq!(read([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in prop::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'/'), Just(b'['), any::<u8>()], 0..200),
        size in 1_usize..50,
        headed: bool,
    ) {
        let header: &[u8] = if headed { b"# bkname/svname a idle_per_thr[1]\n" } else { b"# " };
        let bytes = [header, &bytes].concat();
        prop_assert_eq!(read(bytes.chunks(size)), read([bytes.as_slice()]));
    }
}
