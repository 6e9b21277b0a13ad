//! `show sess`.
//!
//! `small`, `one` and `uri` were recorded while a server left a request by IPv6 and one by a Unix socket unanswered,
//! and a connection waited for its content to be inspected.

use std::fmt::Write as _;

use haproxy_replies::LINE_LIMIT;
use haproxy_replies::sessions::{
    BLOCK_LIMIT, Block, BlocksReader, Session, SessionsError, SessionsReader,
};
use haproxy_replies::value::Value;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

type Fields = Vec<(String, Value<'static>)>;

/// Identifier and fields of each session.
fn read<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<(String, Fields)>, SessionsError> {
    let mut reader = SessionsReader::default();
    let mut sessions = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |session| {
            let fields = session
                .fields()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            sessions.push((String::from_utf8_lossy(session.id).into_owned(), fields));
        })?;
    }
    reader.finish()?;
    Ok(sessions)
}

fn blocks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Block>, SessionsError> {
    let mut reader = BlocksReader::default();
    let mut blocks = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |block| blocks.push(block))?;
    }
    reader.finish(|block| blocks.push(block))?;
    Ok(blocks)
}

/// Calls `each` with all sessions.
fn each(bytes: &[u8], mut each: impl FnMut(Session<'_>)) {
    let mut reader = SessionsReader::default();
    reader.push(bytes, &mut each).unwrap();
    reader.finish().unwrap();
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

#[test]
fn real_sessions() {
    for version in VERSIONS {
        let bytes = reply(version, "show_sess");
        let lines = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
        let mut seen = 0;
        each(&bytes, |session| {
            let line = lines[seen];
            let id = String::from_utf8_lossy(session.id);
            assert!(line.starts_with(&format!("{id}: ")), "{line}");
            for name in ["src", "fe"] {
                let expected = line
                    .split(' ')
                    .find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
                assert_eq!(session.field(name), expected.map(text), "{line}");
            }
            let from_peers = line.contains(" proto=? ");
            assert_eq!(session.field("src").is_none(), from_peers, "{line}");
            assert_eq!(session.seconds("age").is_some(), line.contains(" age="));
            assert!(matches!(session.field("calls"), Some(Value::Unsigned(1..))));
            assert_eq!(session.field("rq"), None);
            // what is in no group is found either way
            for (name, value) in session.fields().filter(|(name, _)| !name.contains('.')) {
                assert_eq!(session.field(&name), Some(value), "{name} of {line}");
            }
            seen += 1;
        });
        assert_eq!(seen, lines.len(), "{version}");
        assert!(seen >= 7, "{version}");
    }
}

#[test]
fn sessions_of_every_kind() {
    for version in VERSIONS {
        let mut sessions = Vec::new();
        each(&reply(version, "show_sess_small"), |session| {
            let field = |name| match session.field(name).unwrap() {
                Value::Text(text) => text.into_owned(),
                other => format!("{other:?}"),
            };
            sessions.push((
                field("proto"),
                field("src").split_once(':').unwrap().0.to_owned(),
                field("fe"),
                field("be"),
                field("srv"),
            ));
            assert!(session.seconds("age") < Some(10));
            let left = session.seconds("exp");
            match field("fe").as_str() {
                "f" => assert_eq!(left, Some(298), "{version}"),
                "t" => assert_eq!(left, Some(198), "{version}"),
                _ => assert!(left <= Some(10), "{version}"),
            }
        });
        sessions.sort();
        let row = |proto: &str, src: &str, fe: &str, be: &str, srv: &str| {
            [proto, src, fe, be, srv].map(str::to_owned).into()
        };
        assert_eq!(
            sessions,
            [
                row("tcpv4", "127.0.0.1", "t", "Absent", "Absent"),
                row("tcpv6", "", "f", "b", "slow"),
                row("unix_stream", "unix", "GLOBAL", "Absent", "Absent"),
                row("unix_stream", "unix", "f", "b", "slow"),
            ],
            "{version}"
        );
    }
}

#[test]
fn groups_are_taken_apart() {
    for version in VERSIONS {
        let sessions = read([reply(version, "show_sess_small").as_slice()]).unwrap();
        let (_, fields) = sessions
            .iter()
            .find(|(_, fields)| fields.contains(&("proto".to_owned(), text("tcpv6"))))
            .unwrap();
        let field = |name: &str| {
            fields
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, value)| value.clone())
        };
        assert_eq!(field("rq.an"), Some(text("8000h")), "{version}");
        assert_eq!(field("rq.i"), Some(Value::Unsigned(0)), "{version}");
        assert_eq!(field("rq.ax"), Some(Value::Absent), "{version}");
        assert_eq!(field("scf.1"), Some(Value::Unsigned(8)), "{version}");
        assert!(matches!(field("scf.2"), Some(Value::Text(_))), "{version}");
        assert!(
            matches!(field("scf.fd"), Some(Value::Unsigned(_))),
            "{version}"
        );
        let waits = if version == "2.6" {
            field("rp.rx")
        } else {
            field("scb.rex")
        };
        assert_eq!(waits, Some(text("4m58s")), "{version}");
        assert_eq!(field("c_exp"), Some(Value::Absent), "{version}");
    }
    let line =
        b"0x1: proto=tcpv4 scf=[8,0h,fd=1/36] run(nice=-5) new=[x] odd=a[b] lonely more(x)\n";
    let fields: Vec<String> = read([line.as_slice()])
        .unwrap()
        .remove(0)
        .1
        .iter()
        .map(|(name, value)| format!("{name} {value:?}"))
        .collect();
    assert_eq!(
        fields,
        [
            "proto Text(\"tcpv4\")",
            "scf.1 Unsigned(8)",
            "scf.2 Text(\"0h\")",
            "scf.fd Text(\"1/36\")",
            "run.nice Signed(-5)",
            "new.1 Text(\"x\")",
            "odd Text(\"a[b]\")",
            "more.1 Text(\"x\")",
        ]
    );
}

#[test]
fn the_line_of_a_request_may_hold_anything() {
    for version in ["3.2", "3.4"] {
        let mut uris = Vec::new();
        each(&reply(version, "show_sess_uri"), |session| {
            let last = session.fields().last().unwrap();
            assert_eq!(last.0 == "uri", session.field("uri").is_some());
            uris.extend(session.field("uri").map(Value::into_owned));
        });
        uris.sort_by_key(|uri| format!("{uri:?}"));
        assert_eq!(
            uris,
            [
                text("GET /a\"b\\c HTTP/1.1"),
                text("GET /six?a=b&c=%20d HTTP/1.1")
            ],
            "{version}"
        );
    }
    each(
        b"0x1: proto=tcpv4 age=1s uri=\"GET /x fe=evil \" uri=\"y HTTP/1.1\"\n",
        |session| {
            assert_eq!(session.field("fe"), None);
            assert_eq!(
                session.field("uri"),
                Some(text("GET /x fe=evil \" uri=\"y HTTP/1.1"))
            );
        },
    );
}

#[test]
fn real_blocks() {
    for version in VERSIONS {
        let bytes = reply(version, "show_sess_all");
        let all = String::from_utf8(bytes.clone()).unwrap();
        let read = blocks([bytes.as_slice()]).unwrap();
        assert_eq!(
            read.len(),
            all.lines().filter(|line| line.starts_with("0x")).count(),
            "{version}"
        );
        let written: Vec<String> = read
            .iter()
            .flat_map(|block| {
                let mut lines = block.lines.clone();
                lines[0] = format!("{}: {}", block.id, lines[0]);
                lines
            })
            .collect();
        let expected: Vec<&str> = all
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::trim_ascii_end)
            .collect();
        assert_eq!(written, expected, "{version}");
        for size in [1, 100, 1000] {
            assert_eq!(
                blocks(bytes.chunks(size)).as_ref(),
                Ok(&read),
                "{version} by {size}"
            );
        }

        let one = blocks([reply(version, "show_sess_one").as_slice()]).unwrap();
        assert_eq!(one.len(), 1, "{version}");
        let block = &one[0];
        assert!(
            block
                .began()
                .is_some_and(|time| time.starts_with("24/Nov/2026:")),
            "{version}"
        );
        for (name, expected) in [
            ("proto", "tcpv6"),
            ("frontend", "f"),
            ("backend", "b"),
            ("server", "slow"),
            ("mode", "http"),
        ] {
            assert_eq!(block.field(name), Some(expected), "{version}: {name}");
        }
        assert!(
            block
                .field("source")
                .is_some_and(|source| source.starts_with("::1:")),
            "{version}"
        );
        assert_eq!(block.field("none"), None, "{version}");
    }
}

/// As one reply of HAProxy's comes: in buffers of 16 KiB, none of which is kept.
#[test]
fn ten_thousand_sessions_pass_by() {
    let mut reader = SessionsReader::default();
    let (mut sessions, mut sum) = (0_u64, 0);
    let mut buffer = String::new();
    let mut take = |buffer: &str| {
        reader
            .push(buffer.as_bytes(), |session| {
                sessions += 1;
                sum += session.seconds("age").unwrap();
            })
            .unwrap();
    };
    for number in 0..10_000_u64 {
        let age = number % 60;
        writeln!(
            buffer,
            "{:#x}: proto=tcpv4 src=10.0.0.1:1 fe=f be=b srv=s ts=00 epoch=0 age={age}s calls=1 rate=0 cpu=0 lat=0 \
             rq[f=1840000h,i=0,an=8000h,ax=] rp[f=80000000h,i=0,an=1400000h,ax=] exp=25s rc=0 c_exp=",
            number + 1
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
    assert_eq!(
        (sessions, sum),
        (10_000, (0..10_000).map(|number| number % 60).sum())
    );
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (line, reply) in [
        (1, "Session not found.\n"),
        (1, "0x: proto=tcpv4\n"),
        (1, "0xz: proto=tcpv4\n"),
        (2, "0x1: proto=?\n0x2 proto=?\n"),
        (1, "0x1: [22/Nov/2026:09:57:42.900714] id=15 proto=tcpv4\n"),
    ] {
        let text = reply.lines().last().unwrap().to_owned();
        assert_eq!(
            read([reply.as_bytes()]),
            Err(SessionsError::Unexpected { line, text })
        );
    }
    assert_eq!(
        blocks([b"  flags=0x2\n".as_slice()]),
        Err(SessionsError::Unexpected {
            line: 1,
            text: "  flags=0x2".to_owned()
        })
    );
    assert_eq!(read([b"\n".as_slice()]), Ok(vec![]));
    assert_eq!(blocks([b"\n".as_slice()]), Ok(vec![]));
    let cut = b"0x1: proto=tc".as_slice();
    assert_eq!(read([cut]), Err(SessionsError::Truncated));
    assert_eq!(blocks([cut]), Err(SessionsError::Truncated));
    let long = b"x".repeat(LINE_LIMIT + 1);
    assert_eq!(read([long.as_slice()]), Err(SessionsError::TooLong));
    assert_eq!(blocks([long.as_slice()]), Err(SessionsError::TooLong));
}

#[test]
fn a_block_without_end_is_cut() {
    for (more, cut) in [(BLOCK_LIMIT - 1, false), (BLOCK_LIMIT, true)] {
        let text = format!("0x1: [x] id=1\n{}\n0x2: [y]\n", "  a\n".repeat(more));
        let read = blocks([text.as_bytes()]).unwrap();
        assert_eq!((read[0].lines.len(), read[0].cut), (BLOCK_LIMIT, cut));
        assert_eq!((read[1].id.as_str(), read[1].cut), ("0x2", false));
    }
}

proptest! {
    #[test]
    fn sessions_come_back_however_they_are_cut(
        written in vec(("[a-z0-9]{1,8}", "[a-zA-Z0-9_.:-]{1,12}", 0_u64..86_400, any::<u64>(), prop::option::of("[ -~]{0,30}")), 0..10),
        size in 1_usize..60,
    ) {
        let mut reply = String::new();
        for (number, (proto, name, age, count, uri)) in written.iter().enumerate() {
            write!(reply, "{:#x}: proto={proto} src=::1:5 fe={name} be=<NONE> age={}h{}m{}s calls={count} rq[i={count},ax=] rc=0", number + 1, age / 3600, age / 60 % 60, age % 60).unwrap();
            if let Some(uri) = uri {
                write!(reply, " uri=\"{uri}\"").unwrap();
            }
            reply.push('\n');
        }
        reply.push('\n');
        let mut reader = SessionsReader::default();
        let mut sessions = Vec::new();
        for chunk in reply.as_bytes().chunks(size) {
            reader.push(chunk, |session| {
                let field = |name| match session.field(name) {
                    Some(Value::Text(text)) => Some(text.into_owned()),
                    Some(Value::Absent) => Some(String::new()),
                    _ => None,
                };
                let count = session.fields().find(|(name, _)| name == "rq.i").unwrap().1;
                assert_eq!(session.field("calls"), Some(count.clone()));
                let Value::Unsigned(count) = count else { panic!("{count:?}") };
                sessions.push((field("proto").unwrap(), field("fe").unwrap(), session.seconds("age").unwrap(), count, field("uri")));
            }).unwrap();
        }
        prop_assert_eq!(reader.finish(), Ok(()));
        prop_assert_eq!(sessions, written);
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'['), Just(b']'), Just(b'='), Just(b','), Just(b'('), Just(b')'), Just(b'"'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        for start in [b"".as_slice(), b"0x1: proto=", b"0x1: proto=x rq[", b"0x1: proto=x uri=\"", b"0x1: [x] "] {
            let bytes = [start, &bytes].concat();
            prop_assert_eq!(read(bytes.chunks(size)), read([bytes.as_slice()]));
            let whole = blocks([bytes.as_slice()]);
            prop_assert_eq!(&blocks(bytes.chunks(size)), &whole);
            for block in whole.unwrap_or_default() {
                let _ = (block.began(), block.field("id"));
            }
        }
    }
}
