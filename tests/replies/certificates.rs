//! `show ssl cert`, `show ssl ca-file`, `show ssl crl-file`.
//!
//! `ec.pem` has a key on a curve, an issuer in its chain, names of several kinds and an OCSP response; `two.crt` and
//! `two.crl` hold two each. What is called `transaction` and `uncommitted` was recorded between `set` and `abort`.

use std::fmt::Write as _;

use haproxy_replies::LINE_LIMIT;
use haproxy_replies::ssl::SslError;
use haproxy_replies::ssl::certificates::{Section, SectionsReader};
use haproxy_replies::ssl::files::FilesReader;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

/// Name, whether it was not committed, number of certificates.
type File = (String, bool, Option<u64>);

fn files<'a>(
    mut reader: FilesReader,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<File>, SslError> {
    let mut files = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |file| {
            files.push((
                String::from_utf8_lossy(file.name).into_owned(),
                file.uncommitted,
                file.certificates,
            ));
        })?;
    }
    reader.finish()?;
    Ok(files)
}

fn sections<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Section>, SslError> {
    let mut reader = SectionsReader::default();
    let mut sections = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |section| sections.push(section))?;
    }
    reader.finish(|section| sections.push(section))?;
    Ok(sections)
}

fn file(name: &str, uncommitted: bool, certificates: Option<u64>) -> File {
    (name.to_owned(), uncommitted, certificates)
}

#[test]
fn real_lists_of_files() {
    for version in VERSIONS {
        for (name, expected) in [
            (
                "show_ssl_cert",
                vec![
                    file("/etc/haproxy/certs/api.pem", false, None),
                    file("/etc/haproxy/certs/www.pem", false, None),
                ],
            ),
            (
                "show_ssl_cert_transaction",
                vec![
                    file("rsa.pem", true, None),
                    file("ec.pem", false, None),
                    file("fresh.pem", false, None),
                    file("rsa.pem", false, None),
                ],
            ),
            (
                "show_ssl_ca_file",
                vec![
                    file("/etc/haproxy/certs/ca.crt", false, Some(1)),
                    file("@system-ca", false, Some(145)),
                ],
            ),
            (
                "show_ssl_ca_file_transaction",
                vec![
                    file("two.crt", true, Some(1)),
                    file("@system-ca", false, Some(145)),
                    file("fresh.crt", false, Some(0)),
                    file("two.crt", false, Some(2)),
                ],
            ),
            (
                "show_ssl_crl_file",
                vec![file("/etc/haproxy/certs/ca.crl", false, None)],
            ),
            (
                "show_ssl_crl_file_transaction",
                vec![file("two.crl", true, None), file("two.crl", false, None)],
            ),
        ] {
            let bytes = reply(version, name);
            for size in [1, 10, 1000] {
                assert_eq!(
                    files(FilesReader::with_header(), bytes.chunks(size)).as_ref(),
                    Ok(&expected),
                    "{version}: {name} by {size}"
                );
            }
        }
        assert_eq!(
            files(
                FilesReader::without_header(),
                [reply(version, "show_ssl_crt_list").as_slice()]
            ),
            Ok(vec![file("/etc/haproxy/crtlist.txt", false, None)]),
            "{version}"
        );
    }
    assert_eq!(
        files(
            FilesReader::with_header(),
            [reply("3.4", "show_ssl_jwt").as_slice()]
        ),
        Ok(vec![])
    );
}

#[test]
fn a_real_certificate() {
    for version in VERSIONS {
        let all = sections([reply(version, "show_ssl_cert_www").as_slice()]).unwrap();
        assert_eq!(all.len(), 1, "{version}");
        let section = &all[0];
        assert_eq!((&section.title, section.index), (&None, None));
        assert_eq!(
            section.file(),
            Some(("/etc/haproxy/certs/www.pem", false)),
            "{version}"
        );
        for (name, expected) in [
            ("Status", "Used"),
            ("Serial", "593484C2406352F9B5E5098A4072199E79685609"),
            ("notAfter", "Feb 24 09:48:11 2029 GMT"),
            ("Algorithm", "RSA2048"),
            (
                "SHA1 FingerPrint",
                "7B5ADBFD132C431AEBE998ECF2B130A3DBE72858",
            ),
            ("Subject", "/CN=www.example.test"),
            ("Issuer", "/CN=Test CA"),
            ("OCSP Response Key", ""),
        ] {
            assert_eq!(section.field(name), Some(expected), "{version}: {name}");
        }
        assert_eq!(section.time("notBefore"), Some(1_795_340_891), "{version}");
        assert_eq!(section.time("notAfter"), Some(1_866_620_891), "{version}");
        assert_eq!(
            section.alternative_names().collect::<Vec<_>>(),
            ["DNS:www.example.test", "DNS:localhost"],
            "{version}"
        );
        let options: Vec<&str> = section.all("Option").collect();
        let expected: &[&str] = if version == "3.4" {
            &["ocsp-update off", "jwt off"]
        } else {
            &[]
        };
        assert_eq!(options, expected, "{version}");
        let key = section.field("Key filename");
        let newer = matches!(version, "3.2" | "3.4");
        assert_eq!(
            key,
            newer.then_some("/etc/haproxy/certs/www.pem"),
            "{version}"
        );
    }
}

#[test]
fn a_certificate_with_everything() {
    for version in VERSIONS {
        let all = sections([reply(version, "show_ssl_cert_ec").as_slice()]).unwrap();
        let section = &all[0];
        assert_eq!(section.field("Algorithm"), Some("EC256"), "{version}");
        assert_eq!(
            section.field("Subject"),
            Some("/O=Größe: 1/CN=www.example.test")
        );
        assert_eq!(
            section.all("Chain Subject").collect::<Vec<_>>(),
            ["/CN=Test Intermediate"],
            "{version}"
        );
        assert_eq!(
            section.field("Chain Issuer"),
            Some("/C=DE/O=Example, Inc./CN=Test Root")
        );
        // HAProxy writes nothing for those that are no names of hosts
        assert_eq!(
            section.alternative_names().collect::<Vec<_>>(),
            ["DNS:www.example.test", "DNS:*.example.test"],
            "{version}"
        );
        assert!(
            section
                .field("OCSP Response Key")
                .is_some_and(|key| key.starts_with("303b30")),
            "{version}"
        );
    }
}

#[test]
fn changes_that_were_not_committed() {
    for version in VERSIONS {
        let status = if matches!(version, "2.6" | "3.0") {
            "Unused"
        } else {
            "Uncommitted"
        };
        for (name, expected) in [
            ("show_ssl_cert_uncommitted", "rsa.pem"),
            ("show_ssl_ca_file_uncommitted", "two.crt"),
        ] {
            let all = sections([reply(version, name).as_slice()]).unwrap();
            assert_eq!(all[0].file(), Some((expected, true)), "{version}: {name}");
            assert_eq!(all[0].field("Status"), Some(status), "{version}: {name}");
        }
        let empty = sections([reply(version, "show_ssl_cert_empty").as_slice()]).unwrap();
        assert_eq!(empty[0].field("Status"), Some("Empty"), "{version}");
        assert_eq!(empty[0].time("notAfter"), None, "{version}");
        assert_eq!(
            sections([reply(version, "show_ssl_ca_file_empty").as_slice()]),
            Ok(vec![]),
            "{version}"
        );
    }
}

#[test]
fn authorities_have_a_section_each() {
    for version in VERSIONS {
        let all = sections([reply(version, "show_ssl_ca_file_two").as_slice()]).unwrap();
        let shape: Vec<(Option<&str>, Option<u64>, Option<&str>)> = all
            .iter()
            .map(|section| {
                (
                    section.title.as_deref(),
                    section.index,
                    section.field("Subject"),
                )
            })
            .collect();
        assert_eq!(
            shape,
            [
                (None, None, None),
                (
                    Some("Certificate"),
                    Some(1),
                    Some("/C=DE/O=Example, Inc./CN=Test Root")
                ),
                (Some("Certificate"), Some(2), Some("/CN=Test Intermediate")),
            ],
            "{version}"
        );
        assert_eq!(
            all[0].fields,
            [("Filename", "two.crt"), ("Status", "Used")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(all[1].alternative_names().count(), 0, "{version}");
        assert!(all[2].time("notAfter") > all[2].time("notBefore"));
        let second = sections([reply(version, "show_ssl_ca_file_second").as_slice()]).unwrap();
        assert_eq!(second[1..], all[2..], "{version}");
        let one = sections([reply(version, "show_ssl_ca_file_one").as_slice()]).unwrap();
        assert_eq!(one[1].time("notAfter"), Some(2_110_700_891), "{version}");
    }
}

#[test]
fn lists_of_revocations() {
    for version in VERSIONS {
        let all = sections([reply(version, "show_ssl_crl_file_two").as_slice()]).unwrap();
        assert_eq!(all.len(), 3, "{version}");
        assert_eq!(
            all[1].title.as_deref(),
            Some("Certificate Revocation List"),
            "{version}"
        );
        for (name, expected) in [
            ("Version", "2"),
            ("Signature Algorithm", "sha256WithRSAEncryption"),
            ("Issuer", "/C=DE/O=Example, Inc./CN=Test Root"),
        ] {
            assert_eq!(all[1].field(name), Some(expected), "{version}");
        }
        let revoked: Vec<_> = all[1]
            .revoked()
            .map(|revoked| (revoked.serial, revoked.date))
            .collect();
        assert_eq!(
            revoked,
            [
                ("10", Some("Nov  1 09:00:00 2026 GMT")),
                ("ABCDEF0123456789", Some("Nov  2 10:00:00 2026 GMT")),
            ],
            "{version}"
        );
        assert_eq!(all[2].revoked().count(), 0, "{version}");
        assert!(all[2].time("Next Update") > all[2].time("Last Update"));
        let one = sections([reply(version, "show_ssl_crl_file_one").as_slice()]).unwrap();
        assert_eq!(one[1].time("Last Update"), Some(1_795_340_896), "{version}");
    }
}

#[test]
fn real_replies_read_the_same_in_chunks_of_any_size() {
    for version in VERSIONS {
        for name in [
            "show_ssl_cert_ec",
            "show_ssl_ca_file_two",
            "show_ssl_crl_file_two",
        ] {
            let bytes = reply(version, name);
            let whole = sections([bytes.as_slice()]);
            for size in [1, 7, 64] {
                assert_eq!(sections(bytes.chunks(size)), whole, "{version} by {size}");
            }
        }
    }
}

/// A subject may hold a line break: what follows cannot become a field that came before.
#[test]
fn a_subject_cannot_change_what_stands_above_it() {
    let all = sections([
        b"Filename: a\nStatus: Used\nSubject: /CN=x\ny\nStatus: Unused\nIssuer: z\n".as_slice(),
    ])
    .unwrap();
    assert_eq!(all[0].field("Subject"), Some("/CN=x\ny"));
    assert_eq!(all[0].field("Status"), Some("Used"));
    assert_eq!(all[0].field("Issuer"), Some("z"));
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    let refusal = "Can't display the certificate: Not found or the certificate is a bundle!";
    let unexpected = SslError::Unexpected {
        line: 1,
        text: refusal.to_owned(),
    };
    let bytes = format!("{refusal}\n\n");
    assert_eq!(sections([bytes.as_bytes()]), Err(unexpected.clone()));
    assert_eq!(
        files(FilesReader::with_header(), [bytes.as_bytes()]),
        Err(unexpected)
    );
    assert_eq!(
        files(FilesReader::with_header(), [b"\n".as_slice()]),
        Err(SslError::Empty)
    );
    assert_eq!(
        files(FilesReader::without_header(), [b"\n".as_slice()]),
        Ok(vec![])
    );
    assert_eq!(
        files(FilesReader::with_header(), [b"# filename\na".as_slice()]),
        Err(SslError::Truncated)
    );
    assert_eq!(
        sections([b"Filename: a".as_slice()]),
        Err(SslError::Truncated)
    );
    let long = b"x".repeat(LINE_LIMIT + 1);
    assert_eq!(sections([long.as_slice()]), Err(SslError::TooLong));
    assert_eq!(
        files(FilesReader::with_header(), [long.as_slice()]),
        Err(SslError::TooLong)
    );
}

proptest! {
    #[test]
    fn files_come_back_however_they_are_cut(
        changed in prop::option::of("[a-z/. -]{1,20}"),
        names in vec(("[a-z/@. -]{1,20}", prop::option::of(any::<u64>())), 0..10),
        size in 1_usize..40,
    ) {
        let mut reply = String::new();
        let mut expected = Vec::new();
        if let Some(name) = changed {
            reply = format!("# transaction\n*{name}\n");
            expected.push((name, true, None));
        }
        reply.push_str("# filename\n");
        for (name, count) in names {
            let counted = count.map_or(String::new(), |count| format!(" - {count} certificate(s)"));
            writeln!(reply, "{name}{counted}").unwrap();
            expected.push((name, false, count));
        }
        reply.push('\n');
        prop_assert_eq!(files(FilesReader::with_header(), reply.as_bytes().chunks(size)), Ok(expected));
    }

    #[test]
    fn sections_come_back_however_they_are_cut(
        written in vec(vec(("[A-Z][a-z0-9]{0,9}( [A-Z][a-z]{1,5})?", "([!-~]([ -~]{0,20}[!-~])?)?"), 0..5), 1..5),
        size in 1_usize..40,
    ) {
        let mut reply = String::from("Filename: a\n");
        let mut expected = vec![Section {
            fields: vec![("Filename".to_owned(), "a".to_owned())],
            ..Section::default()
        }];
        for (index, fields) in (1..).zip(written) {
            writeln!(reply, " \nCertificate #{index}:").unwrap();
            for (name, value) in &fields {
                writeln!(reply, "{name}: {value}").unwrap();
            }
            expected.push(Section { title: Some("Certificate".to_owned()), index: Some(index), fields });
        }
        reply.push('\n');
        prop_assert_eq!(sections(reply.as_bytes().chunks(size)), Ok(expected));
    }

    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b':'), Just(b'#'), Just(b'*'), Just(b'-'), Just(b'1'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        for start in [b"".as_slice(), b"# filename\n", b"# transaction\n", b"Filename: a\nSubject Alternative Name: ", b"Filename: a\nCertificate #1"] {
            let bytes = [start, &bytes].concat();
            let whole = sections([bytes.as_slice()]);
            prop_assert_eq!(&sections(bytes.chunks(size)), &whole);
            for section in whole.unwrap_or_default() {
                let _ = (section.file(), section.time("notAfter"), section.alternative_names().count(), section.revoked().count());
            }
            for new in [FilesReader::with_header, FilesReader::without_header] {
                prop_assert_eq!(files(new(), bytes.chunks(size)), files(new(), [bytes.as_slice()]));
            }
        }
    }
}
