//! `show resolvers`.

use haproxy_replies::resolvers::{ResolversError, read};
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

#[test]
fn real_sections_have_nameservers_with_counters() {
    for version in VERSIONS {
        let bytes = reply(version, "show_resolvers");
        let sections = read(&bytes).unwrap();
        let names: Vec<(&[u8], Vec<&[u8]>)> = sections
            .iter()
            .map(|section| {
                (
                    section.name,
                    section
                        .nameservers
                        .iter()
                        .map(|server| server.name)
                        .collect(),
                )
            })
            .collect();
        assert_eq!(
            names,
            [
                (b"mydns".as_slice(), vec![b"dns1".as_slice()]),
                (b"default".as_slice(), vec![b"10.255.255.53".as_slice()]),
            ],
            "{version}"
        );
        let dns1 = &sections[0].nameservers[0];
        assert_eq!(dns1.counter("sent"), Some(9), "{version}");
        assert_eq!(dns1.counter("none"), None, "{version}");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let counters = text.lines().filter(|line| line.starts_with("  ")).count();
        assert_eq!(dns1.counters.len() * 2, counters, "{version}");
    }
}

#[test]
fn unknown_counters_are_kept_and_names_may_have_colons() {
    let reply = b"Resolvers section r\n nameserver fe80::1:\n  new_one:  5\n  text: a b\nResolvers section empty\n\n";
    let sections = read(reply).unwrap();
    assert_eq!(sections[0].nameservers[0].name, b"fe80::1");
    assert_eq!(
        sections[0].nameservers[0].counters,
        [
            ("new_one", Value::Unsigned(5)),
            ("text", Value::Text("a b".into()))
        ]
    );
    assert!(sections[1].nameservers.is_empty());
    assert_eq!(read(b"\n"), Ok(vec![]));
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (reply, line) in [
        ("<html>\n", 1),
        (" nameserver a:\n", 1),
        ("Resolvers section a\n  sent: 1\n", 2),
        ("Resolvers section a\n nameserver b\n", 2),
        ("Resolvers section a\n nameserver b:\n  sent\n", 3),
    ] {
        let error = read(reply.as_bytes()).unwrap_err();
        assert!(
            matches!(error, ResolversError::Unexpected { line: found, .. } if found == line),
            "{reply:?}: {error}"
        );
    }
    assert_eq!(read(b"Resolvers section a"), Err(ResolversError::Truncated));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b':'), any::<u8>()], 0..200),
    ) {
        let bytes = [b"Resolvers section a\n nameserver b:\n".as_slice(), &bytes].concat();
        let _ = read(&bytes);
    }
}
