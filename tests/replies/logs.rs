//! `show errors`, `show events`, `show startup-logs`.

use haproxy_replies::errors::{Captured, ErrorsError, ErrorsReader};
use haproxy_replies::events::{self, EventsError, EventsReader};
use haproxy_replies::startup_logs;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

fn captured(pieces: &[&[u8]]) -> Result<(Vec<Captured>, Option<u64>), ErrorsError> {
    let mut reader = ErrorsReader::default();
    let mut all = Vec::new();
    for piece in pieces {
        reader.push(piece, |error| all.push(error))?;
    }
    let total = reader.finish(|error| all.push(error))?;
    Ok((all, total))
}

#[test]
fn captured_errors_are_what_the_lines_say() {
    for version in VERSIONS {
        let bytes = reply(version, "show_errors");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let (errors, total) = captured(&[&bytes]).unwrap();
        let first = text.lines().find(|line| line.starts_with("Total")).unwrap();
        assert_eq!(
            first.rsplit_once(" : ").unwrap().1,
            total.unwrap().to_string(),
            "{version}"
        );
        let heads = text.lines().filter(|line| line.starts_with('[')).count();
        assert_eq!(errors.len(), heads, "{version}");
        let request = &errors[0];
        assert_eq!(
            (
                request.side.as_str(),
                request.proxy.as_str(),
                request.what.as_str()
            ),
            ("frontend", "fe_http", "invalid request"),
            "{version}"
        );
        assert_eq!(
            (request.other.as_deref(), request.server.as_deref()),
            (None, None)
        );
        assert_eq!(
            (request.length, request.position),
            (Some(30), Some(18)),
            "{version}"
        );
        assert!(
            request
                .source
                .as_deref()
                .is_some_and(|source| source.starts_with("127.0.0.1:"))
        );
        let lines: Vec<(u64, &str)> = request
            .dump
            .iter()
            .map(|line| (line.at, line.text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (0, "GET / HTTP/1.1\\r\\n"),
                (16, "Ho st: bad\\r\\n"),
                (28, "\\r\\n")
            ],
            "{version}"
        );
        assert_eq!(request.line_of_error(), Some(1));
        let response = errors.iter().find(|error| error.proxy == "be_app").unwrap();
        assert_eq!(
            (response.side.as_str(), response.what.as_str()),
            ("backend", "invalid response")
        );
        assert_eq!(response.other.as_deref(), Some("fe_http"), "{version}");
        assert!(
            response
                .server
                .as_deref()
                .is_some_and(|server| server.starts_with("app")),
            "{version}"
        );
        assert!(
            response
                .notes
                .iter()
                .any(|note| note.starts_with("H1 msg state")),
            "{version}: {:?}",
            response.notes
        );
        assert!(
            errors
                .iter()
                .all(|error| error.event.is_some() && !error.cut && !error.time.is_empty())
        );
    }
}

#[test]
fn wrapped_lines_are_whole_and_unknown_lines_are_kept() {
    let (errors, total) = captured(&[
        b"Total events captured on [x] : 1\n \n[t] frontend a b (#2): invalid request\n  backend <NONE> (#-1), \
          server s (#1), event #7, src unix:0, new thing 5\n  error at position 80,\n  something else :\n  \n  \
          00000  GET /aaaa\n  00075+ bbbb\\r\\n\n  00090  \\r\\n\n",
    ])
    .unwrap();
    assert_eq!(total, Some(1));
    let error = &errors[0];
    assert_eq!(
        (error.proxy.as_str(), error.event, error.position),
        ("a b", Some(7), Some(80))
    );
    assert_eq!(error.notes, ["new thing 5", "something else"]);
    assert_eq!(error.dump[0].text, "GET /aaaabbbb\\r\\n");
    assert_eq!((error.dump.len(), error.line_of_error()), (2, Some(0)));
}

#[test]
fn no_error_is_none_and_what_is_no_list_is_an_error() {
    assert_eq!(
        captured(&[b"Total events captured on [x] : 0\n"]).unwrap(),
        (Vec::new(), Some(0))
    );
    assert!(matches!(
        captured(&[b"Permission denied\n"]),
        Err(ErrorsError::NotErrors { .. })
    ));
    assert_eq!(captured(&[b""]), Err(ErrorsError::Truncated));
    assert_eq!(
        captured(&[b"Total events captured on [x] : 1\n[t] fr"]),
        Err(ErrorsError::Truncated)
    );
}

#[test]
fn sinks_and_lines_of_a_ring() {
    for version in VERSIONS {
        let sinks = events::sinks(&reply(version, "show_events")).unwrap();
        let ring = sinks.iter().find(|sink| sink.name == "myring").unwrap();
        assert_eq!(
            (ring.kind.as_str(), ring.dropped, ring.description.as_str()),
            ("buffer", Some(0), "My local buffer")
        );
        assert!(
            sinks
                .iter()
                .any(|sink| sink.name == "stdout" && sink.kind == "fd"),
            "{version}"
        );

        let bytes = reply(version, "show_events_myring");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut reader = EventsReader::default();
        let mut lines = Vec::new();
        for piece in bytes.chunks(77) {
            reader
                .push(piece, |event| {
                    lines.push((
                        event.severity(),
                        String::from_utf8_lossy(event.text).into_owned(),
                    ));
                })
                .unwrap();
        }
        reader.finish().unwrap();
        let expected: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), expected.len(), "{version}");
        for ((severity, said), line) in lines.iter().zip(expected) {
            // 134 is local0 and info, 133 local0 and notice, …
            let (priority, rest) = line.strip_prefix('<').unwrap().split_once('>').unwrap();
            assert_eq!(said, rest);
            let known = [
                ("128", "emerg"),
                ("134", "info"),
                ("133", "notice"),
                ("132", "warning"),
                ("129", "alert"),
                ("131", "err"),
            ];
            assert_eq!(
                known
                    .iter()
                    .find(|(number, _)| *number == priority)
                    .map(|(_, name)| *name),
                *severity,
                "{line}"
            );
        }
    }
    assert!(matches!(
        events::sinks(b"x\n"),
        Err(EventsError::NotSinks { .. })
    ));
    assert!(matches!(
        events::sinks(b"Supported events sinks\n  a b\n"),
        Err(EventsError::NotASink { .. })
    ));
    let mut reader = EventsReader::default();
    reader
        .push(b"<999>a\nb", |event| {
            assert_eq!((event.priority, event.text), (None, &b"<999>a"[..]));
        })
        .unwrap();
    assert_eq!(reader.finish(), Err(EventsError::Truncated));
}

#[test]
fn messages_of_the_start() {
    for version in VERSIONS {
        let bytes = reply(version, "show_startup_logs");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let messages = startup_logs::read(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(messages.len(), lines.len(), "{version}");
        for (message, line) in messages.iter().zip(lines) {
            let level = message.level.as_deref().unwrap();
            assert!(
                line.starts_with(&format!("[{level}]")) && line.ends_with(&message.text),
                "{line}"
            );
            assert!(
                line.contains(&format!("({})", message.pid.unwrap())),
                "{line}"
            );
        }
        assert!(
            messages
                .iter()
                .any(|message| message.level.as_deref() == Some("WARNING")),
            "{version}"
        );
    }
    assert!(startup_logs::read(b"\n\n").is_empty());
    assert_eq!(
        startup_logs::read(b"plain [x] (1)\n")[0].text,
        "plain [x] (1)"
    );
}

proptest! {
    #[test]
    fn the_pieces_of_a_reply_do_not_matter(cuts in prop::collection::vec(0_usize..2_000, 0..8)) {
        let bytes = reply("3.4", "show_errors");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces.push(&bytes[from..]);
        prop_assert_eq!(captured(&pieces).unwrap(), captured(&[&bytes]).unwrap());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        head in prop::sample::select(vec!["", "Total events captured on x\n[", "Supported events sinks\n", "<1", "[A] ("]),
        bytes in prop::collection::vec(prop_oneof![
            prop::sample::select(b"[]():#, \n+0123".to_vec()), any::<u8>()
        ], 0..200),
    ) {
        let mut reply = head.as_bytes().to_vec();
        reply.extend(bytes);
        let _ = captured(&[&reply]);
        let _ = events::sinks(&reply);
        let _ = startup_logs::read(&reply);
        let mut reader = EventsReader::default();
        let _ = reader.push(&reply, |event| assert!(event.severity().is_none_or(|name| !name.is_empty())));
    }
}
