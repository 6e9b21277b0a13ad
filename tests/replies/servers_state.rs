//! `show servers state`.

use haproxy_replies::servers_state::{ServersStateError, ServersStateReader};
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

type Server = Vec<(String, String)>;

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Server>, ServersStateError> {
    let mut reader = ServersStateReader::default();
    let mut servers = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |server| {
            servers.push(
                server
                    .values()
                    .map(|(name, value)| (name.to_owned(), format!("{value:?}")))
                    .collect(),
            );
            Ok::<_, ServersStateError>(())
        })?;
    }
    reader.finish()?;
    Ok(servers)
}

#[test]
fn real_servers_have_the_fields_of_the_header() {
    for version in VERSIONS {
        let bytes = reply(version, "show_servers_state");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<Vec<&str>> = text
            .lines()
            .skip(2)
            .filter(|line| !line.is_empty())
            .map(|line| line.split(' ').collect())
            .collect();
        let servers = read([bytes.as_slice()]).unwrap();
        assert_eq!(servers.len(), lines.len(), "{version}");
        assert!(servers.len() > 10, "{version}");

        let mut reader = ServersStateReader::default();
        let mut seen = 0;
        reader
            .push(&bytes, |server| {
                let line = &lines[seen];
                assert_eq!(server.field("be_name"), Some(line[1].as_bytes()));
                assert_eq!(server.field("srv_admin_state"), Some(line[6].as_bytes()));
                assert_eq!(server.field("srv_agent_port"), Some(line[24].as_bytes()));
                assert_eq!(server.field("none"), None);
                seen += 1;
                server.require("srv_port").map(|_| ())
            })
            .unwrap();
        assert_eq!(seen, lines.len(), "{version}");
        for size in [1, 50, 1000] {
            assert_eq!(
                read(bytes.chunks(size)).unwrap(),
                servers,
                "{version} in chunks of {size}"
            );
        }
    }
}

#[test]
fn texts_stay_texts_and_unset_ones_are_absent() {
    let reply = b"1\n# be_name srv_name srv_fqdn srv_port new\n7 42 - 80 9\n\n";
    let mut reader = ServersStateReader::default();
    reader
        .push(reply, |server| {
            let values: Vec<_> = server.values().collect();
            assert_eq!(
                values,
                [
                    ("be_name", Value::Text("7".into())),
                    ("srv_name", Value::Text("42".into())),
                    ("srv_fqdn", Value::Absent),
                    ("srv_port", Value::Unsigned(80)),
                    ("new", Value::Unsigned(9)),
                ]
            );
            Ok::<_, ServersStateError>(())
        })
        .unwrap();
    reader.finish().unwrap();
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (reply, expected) in [
        ("", ServersStateError::Empty),
        ("1\n", ServersStateError::Empty),
        (
            "2\n# be_name srv_name\n",
            ServersStateError::Format {
                line: "2".to_owned(),
            },
        ),
        (
            "1\nbe_name srv_name\n",
            ServersStateError::NoHeader {
                line: "be_name srv_name".to_owned(),
            },
        ),
        (
            "1\n# be_id be_name\n",
            ServersStateError::MissingField {
                name: "srv_name".to_owned(),
            },
        ),
        (
            "1\n# be_name srv_name\na b c\n",
            ServersStateError::Width {
                line: 3,
                found: 3,
                expected: 2,
            },
        ),
        ("1\n# be_name srv_name\na b", ServersStateError::Truncated),
    ] {
        assert_eq!(read([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
    let long = [
        b"1\n# be_name srv_name\n".to_vec(),
        vec![b'x'; haproxy_replies::LINE_LIMIT + 1],
    ]
    .concat();
    assert_eq!(read([long.as_slice()]), Err(ServersStateError::TooLong));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in prop::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'a'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        let bytes = [b"1\n# be_name srv_name\n".as_slice(), &bytes].concat();
        prop_assert_eq!(read(bytes.chunks(size)), read([bytes.as_slice()]));
    }
}
