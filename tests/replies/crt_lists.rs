//! `show ssl crt-list`. What is called `options`, `numbered` and `updates` was recorded with lists that have them.

use std::fmt::Write as _;

use haproxy_replies::ssl::SslError;
use haproxy_replies::ssl::crt_lists::{CrtListReader, Item};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

/// Certificate, number of the line, options, names.
type Entry = (String, Option<u64>, Option<String>, Vec<String>);

/// The name of the list, and its entries.
fn read<'a>(
    numbered: bool,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<String>, Vec<Entry>), SslError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut reader = CrtListReader::new(numbered);
    let (mut lists, mut entries) = (Vec::new(), Vec::new());
    for chunk in chunks {
        reader.push(chunk, |item| match item {
            Item::List(name) => lists.push(text(name)),
            Item::Entry(entry) => entries.push((
                text(entry.certificate),
                entry.line,
                entry.options.clone(),
                entry.filters().map(text).collect(),
            )),
        })?;
    }
    reader.finish()?;
    Ok((lists, entries))
}

fn entry(certificate: &str, line: u64, options: Option<&str>, filters: &[&str]) -> Entry {
    (
        certificate.to_owned(),
        Some(line),
        options.map(str::to_owned),
        filters.iter().map(|filter| (*filter).to_owned()).collect(),
    )
}

#[test]
fn real_lists() {
    for version in VERSIONS {
        let (lists, entries) =
            read(true, [reply(version, "show_ssl_crt_list_one").as_slice()]).unwrap();
        assert_eq!(lists, ["/etc/haproxy/crtlist.txt"], "{version}");
        assert_eq!(
            entries,
            [
                entry(
                    "/etc/haproxy/certs/www.pem",
                    1,
                    Some("alpn h2,http/1.1"),
                    &["www.example.test"]
                ),
                entry("/etc/haproxy/certs/api.pem", 2, None, &["api.example.test"]),
            ],
            "{version}"
        );
    }
}

#[test]
fn entries_with_options_and_without_names() {
    for version in VERSIONS {
        let options = "alpn h2,http/1.1 verify optional ca-file two.crt ciphers ECDHE:!aNULL \
                       ssl-min-ver TLSv1.2";
        let expected = [
            entry(
                "ec.pem",
                1,
                Some(options),
                &["*.example.test", "!not.example.test"],
            ),
            entry("rsa.pem", 2, None, &["old.example.test"]),
            entry("rsa.pem", 3, None, &[]),
            entry("ec.pem", 4, None, &["!no.example.test"]),
        ];
        let bytes = reply(version, "show_ssl_crt_list_numbered");
        for size in [1, 10, 1000] {
            assert_eq!(
                read(true, bytes.chunks(size)).unwrap().1,
                expected,
                "{version} by {size}"
            );
        }
        let plain = read(
            false,
            [reply(version, "show_ssl_crt_list_options").as_slice()],
        );
        let unnumbered = expected
            .map(|(certificate, _, options, filters)| (certificate, None, options, filters));
        assert_eq!(plain.unwrap().1, unnumbered, "{version}");
        if version != "2.6" {
            let bytes = reply(version, "show_ssl_crt_list_updates");
            assert_eq!(
                read(true, [bytes.as_slice()]).unwrap().1,
                [
                    entry("ec.pem", 1, Some("ocsp-update on"), &["www.example.test"]),
                    entry("rsa.pem", 2, None, &[]),
                ],
                "{version}"
            );
        }
    }
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    let unexpected = |line, text: &str| {
        Err(SslError::Unexpected {
            line,
            text: text.to_owned(),
        })
    };
    assert_eq!(read(true, [b"\n".as_slice()]), Err(SslError::Empty));
    assert_eq!(
        read(true, [b"didn't find the specified filename\n".as_slice()]),
        unexpected(1, "didn't find the specified filename")
    );
    // without the number that was asked for
    for wrong in ["a.pem name", "a.pem:x", "a.pem:", "a.pem:1 [verify none"] {
        assert_eq!(
            read(true, [format!("# l\n{wrong}\n").as_bytes()]),
            unexpected(2, wrong)
        );
    }
    assert_eq!(
        read(true, [b"# l\na.pem:1".as_slice()]),
        Err(SslError::Truncated)
    );
}

proptest! {
    #[test]
    fn entries_come_back_however_they_are_cut(
        written in vec(
            ("[a-z/:.]{1,20}", any::<u64>(), prop::option::of("[a-z ,.:!/]{0,30}"), vec("!?[a-z*.]{1,10}", 0..4)),
            0..10,
        ),
        size in 1_usize..40,
    ) {
        let mut reply = String::from("# list\n");
        for (certificate, line, options, filters) in &written {
            write!(reply, "{certificate}:{line}").unwrap();
            if let Some(options) = options {
                write!(reply, " [{options}]").unwrap();
            }
            for filter in filters {
                write!(reply, " {filter}").unwrap();
            }
            reply.push('\n');
        }
        reply.push('\n');
        let expected: Vec<Entry> = written
            .into_iter()
            .map(|(certificate, line, options, filters)| (certificate, Some(line), options, filters))
            .collect();
        prop_assert_eq!(read(true, reply.as_bytes().chunks(size)), Ok((vec!["list".to_owned()], expected)));
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b':'), Just(b'['), Just(b']'), Just(b'#'), Just(b'1'), any::<u8>()], 0..200),
        size in 1_usize..50,
        numbered in any::<bool>(),
    ) {
        for start in [b"".as_slice(), b"# l\n", b"# l\na:1 ["] {
            let bytes = [start, &bytes].concat();
            prop_assert_eq!(read(numbered, bytes.chunks(size)), read(numbered, [bytes.as_slice()]));
        }
    }
}
