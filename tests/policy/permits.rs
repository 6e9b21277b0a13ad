//! What a permit tells, and how to take back what a command left open.

use haproxy_mcp::policy::{
    Access, Authority, Door, Grant, InstanceId, Permit, ReplyKind, Reveals, Subject, Success, Undo,
    decide,
};

use crate::samples::{at, say};

fn admin(line: &str) -> Permit {
    at(Access::Admin, &say(line)).unwrap()
}

#[test]
fn a_permit_tells_how_the_reply_is_judged() {
    for (line, reply) in [
        ("show stat", ReplyKind::Dump),
        (
            "set server be/s weight 5",
            ReplyKind::Message(Success::Silent),
        ),
        (
            "commit ssl cert site.pem",
            ReplyKind::Message(Success::Line("Success!")),
        ),
        (
            "wait 2s srv-removable be/s",
            ReplyKind::Message(Success::Line("Done.")),
        ),
        (
            "set server be/s ssl on",
            ReplyKind::Message(Success::Containing(&["server ssl setting updated"])),
        ),
        (
            "abort ssl cert site.pem",
            ReplyKind::Message(Success::Notice),
        ),
        ("get weight be/s", ReplyKind::Message(Success::Text)),
    ] {
        assert_eq!(admin(line).reply_kind(), reply, "{line}");
    }
    assert_eq!(admin("show errors").reveals(), Reveals::Traffic);
    assert_eq!(admin("show anon").reveals(), Reveals::AnonymisingKey);
    assert_eq!(admin("reload").door(), Door::Master);
}

#[test]
fn what_is_left_open_can_be_taken_back() {
    for (line, version, undo) in [
        ("prepare map hosts.map", Some(3), "clear map @3 hosts.map"),
        ("prepare acl ips.acl", Some(7), "clear acl @7 ips.acl"),
        ("new ssl cert site.pem", None, "del ssl cert site.pem"),
        ("new ssl ca-file ca.crt", None, "del ssl ca-file ca.crt"),
        ("new ssl crl-file ca.crl", None, "del ssl crl-file ca.crl"),
    ] {
        let permit = admin(line).undo().unwrap().permit(version).unwrap();
        assert_eq!(permit.instance().as_str(), "edge");
        assert_eq!(String::from_utf8(permit.into_bytes()).unwrap(), undo);
    }
    for (line, undo) in [
        ("set ssl cert a\\b.pem", "abort ssl cert a\\\\b.pem"),
        ("set ssl ca-file ca.crt", "abort ssl ca-file ca.crt"),
        ("add ssl ca-file ca.crt", "abort ssl ca-file ca.crt"),
        ("set ssl crl-file ca.crl", "abort ssl crl-file ca.crl"),
    ] {
        let permit = at(
            Access::Admin,
            &say(line).with_payload(["-----BEGIN X-----"]),
        )
        .unwrap();
        let permit = permit.undo().unwrap().permit(None).unwrap();
        assert_eq!(String::from_utf8(permit.into_bytes()).unwrap(), undo);
    }
    let prepared = admin("prepare map hosts.map").undo().unwrap();
    assert!(prepared.needs_version());
    assert!(prepared.permit(None).is_none());
    assert_eq!(
        (prepared.subject(), prepared.object()),
        (Subject::Map, "hosts.map")
    );
    for line in [
        "show map hosts.map",
        "add map hosts.map k v",
        "commit map @3 hosts.map",
        "abort ssl cert x",
    ] {
        assert_eq!(admin(line).undo(), None, "{line}");
    }
}

#[test]
fn the_version_is_read_from_the_reply() {
    assert_eq!(Undo::version_in(b"New version created: 3\n\n"), Some(3));
    assert_eq!(
        Undo::version_in(b"\n[6]: New version created: 12\n\n"),
        Some(12)
    );
    for reply in [
        &b""[..],
        b"New version created: \n",
        b"New version created: x\n",
        b"\xff\xfe",
        b"3",
    ] {
        assert_eq!(Undo::version_in(reply), None, "{reply:?}");
    }
}

/// `clear map @3` after `commit map @3` would empty the live map.
#[test]
fn what_is_settled_is_not_taken_back() {
    let prepared = admin("prepare map hosts.map").undo().unwrap();
    for (line, settled) in [
        ("commit map @3 hosts.map", true),
        ("clear map @3 hosts.map", true),
        ("commit map @4 hosts.map", false),
        ("commit map @3 other.map", false),
        // A file that an ACL reads as a map has one row of versions.
        ("commit acl @3 hosts.map", true),
        ("commit acl @3 other.map", false),
    ] {
        let settlement = admin(line).settles().unwrap();
        assert_eq!(
            prepared.is_settled_by(&settlement, Some(3)),
            settled,
            "{line}"
        );
    }
    let drafted = at(
        Access::Admin,
        &say("set ssl cert x.pem").with_payload(["p"]),
    )
    .unwrap()
    .undo()
    .unwrap();
    let created = admin("new ssl cert x.pem").undo().unwrap();
    for (line, draft, store) in [
        ("commit ssl cert x.pem", true, true),
        ("abort ssl cert x.pem", true, false),
        ("del ssl cert x.pem", true, true),
        ("commit ssl cert y.pem", false, false),
        ("commit ssl ca-file x.pem", false, false),
    ] {
        let settlement = admin(line).settles().unwrap();
        assert_eq!(drafted.is_settled_by(&settlement, None), draft, "{line}");
        assert_eq!(created.is_settled_by(&settlement, None), store, "{line}");
    }
    assert_eq!(admin("clear map hosts.map").settles(), None);
    // Another instance's map is another map.
    let grant = Grant::all(Access::Admin);
    let authority = Authority {
        server: Access::Admin,
        module: &grant,
        tool: Access::Admin,
    };
    let elsewhere = decide(
        &authority,
        &InstanceId::new("core"),
        &say("commit map @3 hosts.map"),
    )
    .unwrap()
    .settles()
    .unwrap();
    assert!(!prepared.is_settled_by(&elsewhere, Some(3)));
}

#[test]
fn shown_text_is_one_line_without_tricks() {
    let shown = |words: &[&str]| {
        let command = haproxy_mcp::policy::Command::new(words.iter().copied());
        at(Access::Admin, &command).unwrap().shown().to_owned()
    };
    assert_eq!(
        shown(&["echo", "a b", "\u{202e}evil", "x\u{200b}y"]),
        "echo a\\ b \\u{202e}evil x\\u{200b}y"
    );
    assert!(shown(&["echo", &"x".repeat(14_000)]).chars().count() <= 4_001);
    let payload = say("add map hosts.map").with_payload(["a 1", "b 2"]);
    assert_eq!(
        at(Access::Admin, &payload).unwrap().shown(),
        "add map hosts.map << a 1 | b 2"
    );
}
