//! `show ssl ocsp-response`, `show ssl ocsp-updates`, `show ssl sni`. `sni_filters` and `updates_some` were recorded
//! with lists of certificates that have exceptions and updates; a responder of the test's own had answered.

use haproxy_replies::LINE_LIMIT;
use haproxy_replies::ssl::SslError;
use haproxy_replies::ssl::ocsp::{Fields, ResponsesReader, UpdatesReader, response};
use haproxy_replies::ssl::sni::SniReader;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

fn responses<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Fields>, SslError> {
    let mut reader = ResponsesReader::default();
    let mut responses = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |response| responses.push(response))?;
    }
    reader.finish(|response| responses.push(response))?;
    Ok(responses)
}

/// Names and values of a row.
type Row = Vec<(String, String)>;

fn names<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Row>, SslError> {
    let mut reader = SniReader::default();
    let mut rows = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |row| {
            rows.push(
                row.fields()
                    .map(|(name, value)| (name.to_owned(), value.into_owned()))
                    .collect(),
            );
        })?;
    }
    reader.finish()?;
    Ok(rows)
}

fn updates<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Row>, SslError> {
    let mut reader = UpdatesReader::default();
    let mut rows = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |row| {
            rows.push(
                row.fields()
                    .map(|(name, value)| (name.to_owned(), value.into_owned()))
                    .collect(),
            );
        })?;
    }
    reader.finish()?;
    Ok(rows)
}

#[test]
fn real_lists_of_responses() {
    for version in VERSIONS {
        let bytes = reply(version, "show_ssl_ocsp_responses");
        let all = responses([bytes.as_slice()]).unwrap();
        assert_eq!(all.len(), 1, "{version}");
        let known = &all[0];
        assert!(
            known
                .field("Certificate ID key")
                .is_some_and(|key| key.starts_with("303b30") && key.ends_with("02020abc")),
            "{version}"
        );
        assert_eq!(
            known.field("Certificate path"),
            (version != "2.6").then_some("ec.pem"),
            "{version}"
        );
        assert_eq!(known.field("Serial Number"), Some("0ABC"), "{version}");
        assert_eq!(
            known.field("Issuer Name Hash"),
            Some("101AED0FE795DEC1823CE5A428EC2109A22C7463"),
            "{version}"
        );
        for size in [1, 10] {
            assert_eq!(
                responses(bytes.chunks(size)).as_ref(),
                Ok(&all),
                "{version}"
            );
        }
        let none = reply(version, "show_ssl_ocsp_responses_none");
        assert_eq!(responses([none.as_slice()]), Ok(vec![]), "{version}");
    }
}

#[test]
fn a_real_response() {
    for version in VERSIONS {
        let read = response(&reply(version, "show_ssl_ocsp_response")).unwrap();
        for (name, expected) in [
            ("OCSP Response Status", "successful (0x0)"),
            ("Cert Status", "good"),
            ("Serial Number", "0ABC"),
        ] {
            assert_eq!(read.field(name), Some(expected), "{version}: {name}");
        }
        assert!(
            read.time("This Update").unwrap() < read.time("Next Update").unwrap(),
            "{version}"
        );
        assert_eq!(read.time("Produced At"), read.time("This Update"));
        // of the certificate that signed it
        assert_eq!(read.field("Subject"), None, "{version}");
        assert_eq!(read.field("Validity"), None, "{version}");
    }
    for (wrong, error) in [
        ("", SslError::Empty),
        ("\n\n", SslError::Empty),
        (
            "Unable to parse OCSP response",
            SslError::Unexpected {
                line: 1,
                text: "Unable to parse OCSP response".to_owned(),
            },
        ),
    ] {
        assert_eq!(response(wrong.as_bytes()), Err(error), "{wrong:?}");
    }
}

#[test]
fn real_updates() {
    for version in ["3.0", "3.2", "3.4"] {
        let none = reply(version, "show_ssl_ocsp_updates_none");
        assert_eq!(updates([none.as_slice()]), Ok(vec![]), "{version}");
        let mut reader = UpdatesReader::default();
        let mut seen = 0;
        reader
            .push(&reply(version, "show_ssl_ocsp_updates_some"), |update| {
                seen += 1;
                let field = |name| update.field(name).unwrap().into_owned();
                assert_eq!(field("Path"), "ec.pem");
                assert_eq!(
                    [
                        field("Successes"),
                        field("Failures"),
                        field("Last Update Status")
                    ],
                    ["1", "0", "1"],
                    "{version}"
                );
                assert_eq!(field("Last Update Status (str)"), "Update successful");
                assert_eq!(
                    update.time("Next Update"),
                    update.time("Last Update").map(|time| time + 3600),
                    "{version}"
                );
            })
            .unwrap();
        reader.finish().unwrap();
        assert_eq!(seen, 1, "{version}");
    }
    let header = "OCSP Certid | Path | Last Update | Last Update Status (str)\n";
    let rows = updates([format!("{header}30 | a b | - | HTTP error (a | b)\n\n").as_bytes()]);
    assert_eq!(
        rows.unwrap()[0][2..],
        [
            ("Last Update".to_owned(), "-".to_owned()),
            (
                "Last Update Status (str)".to_owned(),
                "HTTP error (a | b)".to_owned()
            ),
        ]
    );
}

#[test]
fn real_names() {
    for version in ["3.2", "3.4"] {
        let bytes = reply(version, "show_ssl_sni");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let rows = names([bytes.as_slice()]).unwrap();
        let lines: Vec<&str> = text
            .lines()
            .skip(1)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!((rows.len(), lines.len()), (6, 6), "{version}");
        for (row, line) in rows.iter().zip(lines) {
            let values: Vec<&str> = row.iter().map(|(_, value)| value.as_str()).collect();
            assert_eq!(values, line.split('\t').collect::<Vec<_>>(), "{version}");
        }
        let mut reader = SniReader::default();
        let mut seen = Vec::new();
        reader
            .push(&reply(version, "show_ssl_sni_filters"), |name| {
                assert!(name.time("NotAfter").unwrap() > name.time("NotBefore").unwrap());
                let (frontend, bind) = name.place().unwrap();
                let field = |column| name.field(column).unwrap().into_owned();
                seen.push([
                    frontend,
                    bind,
                    field("SNI"),
                    field("Filename"),
                    field("Type"),
                    name.negative_filters().join(","),
                ]);
            })
            .unwrap();
        reader.finish().unwrap();
        let row = |place: &str, name: &str, file: &str, kind: &str, not: &str| {
            ["secure", place, name, file, kind, not].map(str::to_owned)
        };
        let old = row("haproxy.cfg:9", "old.example.test", "rsa.pem", "rsa", "");
        assert_eq!(
            seen,
            [
                old.clone(),
                old,
                row("haproxy.cfg:9", "*", "ec.pem", "ecdsa", "not.example.test"),
                row(
                    "haproxy.cfg:9",
                    "*.example.test",
                    "ec.pem",
                    "ecdsa",
                    "not.example.test"
                ),
                row("haproxy.cfg:10", "old.example.test", "rsa.pem", "rsa", ""),
                row("haproxy.cfg:10", "*", "rsa.pem", "rsa", ""),
            ],
            "{version}"
        );
        for size in [1, 50] {
            assert_eq!(names(bytes.chunks(size)).as_ref(), Ok(&rows), "{version}");
        }
    }
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    let unexpected = |line, text: &str| SslError::Unexpected {
        line,
        text: text.to_owned(),
    };
    for (reply, expected) in [
        ("", SslError::Empty),
        ("\n", SslError::Empty),
        ("No such frontend.\n", unexpected(1, "No such frontend.")),
        ("# SNI\tFilename\n", unexpected(1, "# SNI\tFilename")),
        (
            "# Frontend/Bind\tSNI\n",
            SslError::MissingColumn { name: "Filename" },
        ),
        (
            "# Frontend/Bind\tSNI\tFilename\na/b\tc\n",
            unexpected(2, "a/b\tc"),
        ),
        (
            "# Frontend/Bind\tSNI\tFilename\na/b\tc\td",
            SslError::Truncated,
        ),
    ] {
        assert_eq!(names([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
    for (reply, expected) in [
        (
            "OCSP Certid | Next\n",
            SslError::MissingColumn { name: "Path" },
        ),
        ("Path | OCSP Certid\n", unexpected(1, "Path | OCSP Certid")),
        ("OCSP Certid | Path\n30\n", unexpected(2, "30")),
    ] {
        assert_eq!(updates([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
    for (reply, expected) in [
        ("Serial Number: 1\n", unexpected(1, "Serial Number: 1")),
        ("# Certificate IDs\nx\n", unexpected(2, "x")),
        ("Certificate ID key : 30", SslError::Truncated),
    ] {
        assert_eq!(responses([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
    let long = b"x".repeat(LINE_LIMIT + 1);
    assert_eq!(names([long.as_slice()]), Err(SslError::TooLong));
    assert_eq!(responses([long.as_slice()]), Err(SslError::TooLong));
}

proptest! {
    #[test]
    fn rows_come_back_however_they_are_cut(
        rows in vec(("[a-z/:.0-9]{1,20}", "[a-z*.]{0,20}", "[a-z/. ]{0,20}", "[!-~ ]{0,20}"), 0..10),
        size in 1_usize..40,
    ) {
        let columns = ["Frontend/Bind", "SNI", "Filename", "New"];
        let rows: Vec<[String; 4]> = rows.into_iter().map(|(a, b, c, d)| [a, b, c, d]).collect();
        let written: Vec<String> = rows.iter().map(|row| row.join("\t") + "\n").collect();
        let reply = format!("# {}\n{}\n", columns.join("\t"), written.concat());
        let expected: Vec<Row> = rows
            .iter()
            .map(|row| columns.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
            .collect();
        prop_assert_eq!(names(reply.as_bytes().chunks(size)), Ok(expected));
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b':'), Just(b'|'), Just(b'\t'), Just(b'!'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        for start in [
            b"".as_slice(),
            b"# Frontend/Bind\tSNI\tFilename\tNegative Filter\tNotAfter\n",
            b"OCSP Certid | Path | Next Update\n",
            b"Certificate ID key : 1\n",
            b"OCSP Response Data:\n",
        ] {
            let bytes = [start, &bytes].concat();
            prop_assert_eq!(names(bytes.chunks(size)), names([bytes.as_slice()]));
            prop_assert_eq!(updates(bytes.chunks(size)), updates([bytes.as_slice()]));
            prop_assert_eq!(responses(bytes.chunks(size)), responses([bytes.as_slice()]));
            let _ = response(&bytes).map(|response| response.time("This Update"));
            let _ = SniReader::default().push(&bytes, |name| {
                let _ = (name.place(), name.negative_filters(), name.time("NotAfter"));
            });
            let _ = UpdatesReader::default().push(&bytes, |update| {
                let _ = update.time("Next Update");
            });
        }
    }
}
