//! `show peers`.

use haproxy_replies::peers::{PeersError, read};
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

/// Of HAProxy 2.6.12, with a peer that is there.
const CONNECTED: &str = "\
0x5555857d2080: [22/Nov/2026:13:31:31] id=mypeers disabled=0 flags=0x6833 resync_timeout=<PAST> task_calls=8
  0x5555857d5190: id=p3.4(remote,active) addr=10.0.0.1:1024 last_status=ESTA last_hdshk=7s
        reconnect=3s heartbeat=1s confirm=0 tx_hbt=2 rx_hbt=2 no_hbt=0 new_conn=1 proto_err=0 coll=0
        flags=0x20000200 appctx:0x7fe574039910 st0=7 st1=0 task_calls=7 state=EST
        xprt=RAW src=unix:0 addr=unix:0
        remote_table:0x55558590e710 id=mypeers/t1 local_id=2 remote_id=2
        last_local_table:0x55558590e710 id=mypeers/t1 local_id=2 remote_id=2
        shared tables:
          0x55558590e710 local_id=2 remote_id=2 flags=0x0 remote_data=0x4
              last_acked=0 last_pushed=0 last_get=0 teaching_origin=0 update=3
              table:0x5555857d61e0 id=mypeers/t1 update=5 localupdate=0 commitupdate=0 refcnt=1
        Dictionary cache not dumped (use \"show peers dict\")
          0x55558590e4e0 local_id=1 remote_id=1 flags=0x0 remote_data=0x200
              last_acked=0 last_pushed=0 last_get=0 teaching_origin=0 update=0
              table:0x5555857d64a0 id=mypeers/t2 update=0 localupdate=0 commitupdate=0 refcnt=1
        Dictionary cache not dumped (use \"show peers dict\")

";

#[test]
fn real_sections_have_peers_and_tables() {
    for version in VERSIONS {
        let bytes = reply(version, "show_peers");
        let sections = read(&bytes).unwrap();
        assert_eq!(sections.len(), 1, "{version}");
        assert_eq!(sections[0].id, "mypeers", "{version}");
        let [other, own] = &sections[0].peers[..] else {
            panic!("{version}: {:?}", sections[0].peers)
        };
        assert_eq!(
            (other.id.as_str(), own.id.as_str()),
            ("otherpeer", "localpeer")
        );
        assert_eq!(
            (&other.role[..], &own.role[..]),
            (
                &["remote".to_owned(), "active".to_owned()][..],
                &["local".to_owned(), "inactive".to_owned()][..]
            )
        );
        assert_eq!(
            other.field("addr"),
            Some(&Value::Text("127.0.0.1:10002".into())),
            "{version}"
        );
        assert_eq!(
            other.field("new_conn"),
            Some(&Value::Unsigned(2)),
            "{version}"
        );
        assert_eq!(
            other.field("appctx.state"),
            Some(&Value::Text("TAR".into())),
            "{version}"
        );
        let table = &other.tables[0];
        assert_eq!(other.tables.len(), 1, "{version}");
        assert!(
            table.contains(&(
                "table.id".to_owned(),
                Value::Text("mypeers/st_shared".into())
            )),
            "{version}: {table:?}"
        );
        assert!(
            table.contains(&("update".to_owned(), Value::Unsigned(0))),
            "{version}: {table:?}"
        );
    }
}

#[test]
fn a_connected_peer_keeps_its_own_address() {
    let sections = read(CONNECTED.as_bytes()).unwrap();
    let peer = &sections[0].peers[0];
    assert_eq!(
        peer.field("addr"),
        Some(&Value::Text("10.0.0.1:1024".into()))
    );
    assert_eq!(peer.field("xprt"), Some(&Value::Text("RAW".into())));
    assert_eq!(
        peer.field("remote_table.id"),
        Some(&Value::Text("mypeers/t1".into()))
    );
    assert_eq!(peer.field("tx_hbt"), Some(&Value::Unsigned(2)));
    let updates: Vec<_> = peer
        .tables
        .iter()
        .map(|table| {
            let value = |name: &str| {
                table
                    .iter()
                    .find(|(other, _)| other == name)
                    .map(|(_, value)| value.clone())
            };
            (value("table.id"), value("update"), value("table.update"))
        })
        .collect();
    assert_eq!(
        updates,
        [
            (
                Some(Value::Text("mypeers/t1".into())),
                Some(Value::Unsigned(3)),
                Some(Value::Unsigned(5))
            ),
            (
                Some(Value::Text("mypeers/t2".into())),
                Some(Value::Unsigned(0)),
                Some(Value::Unsigned(0))
            ),
        ]
    );
    let mut names: Vec<&str> = peer.fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn nothing_configured_is_no_section_and_wrong_replies_are_errors() {
    assert_eq!(read(b"\n"), Ok(vec![]));
    assert_eq!(read(b"0x1: id=a"), Err(PeersError::Truncated));
    assert_eq!(
        read(b"0x1: disabled=0\n"),
        Err(PeersError::MissingField {
            line: 1,
            name: "id"
        })
    );
    for reply in [
        "<html>\n",
        "  0x1: id=a(remote)\n",
        "0x1: id=a\n          0x2 local_id=1\n",
    ] {
        assert!(
            matches!(read(reply.as_bytes()), Err(PeersError::Unexpected { .. })),
            "{reply:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'='), Just(b':'), any::<u8>()], 0..200),
        place in 0_usize..1200,
    ) {
        let mut text = CONNECTED.as_bytes().to_vec();
        let place = place.min(text.len());
        text.splice(place..place, bytes);
        let _ = read(&text);
    }
}
