//! Every way in which a reply can end.

use haproxy_mcp::haproxy::{ExecuteError, RuntimeApi, WireError};
use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step};
use tokio_util::sync::CancellationToken;

use crate::asking::{
    at_most, class, execute, failure, info, pass, permit_for, tcp, text_of, unix, version,
};

const REPLY: &[u8] = b"\nName: HAProxy\nVersion: 3.4.7\n\n";
const TEXT: &[u8] = b"Name: HAProxy\nVersion: 3.4.7\n";

/// Both kinds of socket, following the same script.
fn both(steps: &[Step]) -> [(ScriptedSocket, RuntimeApi); 2] {
    let (one, other) = (
        ScriptedSocket::unix(steps.to_vec()),
        ScriptedSocket::tcp(steps.to_vec()),
    );
    let (unix, tcp) = (unix(one.path()), tcp(other.address()));
    [(one, unix), (other, tcp)]
}

#[tokio::test]
async fn a_whole_reply_is_its_text() {
    for (socket, api) in both(&[Step::ReadLine, Step::send(REPLY)]) {
        assert_eq!(text_of(&api, info()).await.unwrap(), TEXT);
        assert_eq!(
            socket.received(),
            ["set severity-output number;show info\n"]
        );
    }
}

#[tokio::test]
async fn byte_by_byte_it_is_the_same() {
    for (_socket, api) in both(&[Step::ReadLine, Step::SendBytewise(REPLY.to_vec())]) {
        assert_eq!(text_of(&api, info()).await.unwrap(), TEXT);
    }
}

/// The second part is sent only after the first had every opportunity to be read.
#[tokio::test]
async fn cut_at_every_byte_it_is_the_same() {
    for at in 0..=REPLY.len() {
        let (first, second) = REPLY.split_at(at);
        let (sent, more) = (Gate::new(), Gate::new());
        let socket = ScriptedSocket::unix(vec![
            Step::ReadLine,
            Step::send(first),
            Step::Reached(sent.clone()),
            Step::Wait(more.clone()),
            Step::send(second),
        ]);
        let api = unix(socket.path());
        let (text, ()) = tokio::join!(text_of(&api, info()), async {
            pass(&sent).await;
            tokio::task::yield_now().await;
            more.open();
        });
        assert_eq!(text.unwrap(), TEXT, "cut at byte {at}");
    }
}

/// What is not all of a reply is not passed off as one, wherever it stops. Only where an empty line ends a line of
/// text can nobody see that more was to come; a reply of `show info` has none inside.
#[tokio::test]
async fn a_reply_that_stops_early_is_interrupted_at_every_byte() {
    let cuts: Vec<Vec<Step>> = (0..REPLY.len())
        .map(|at| vec![Step::ReadLine, Step::send(REPLY.split_at(at).0)])
        .collect();
    let socket = ScriptedSocket::unix_each(cuts, vec![Step::Close]);
    let api = unix(socket.path());
    for at in 0..REPLY.len() {
        let error = failure(&api).await;
        let received = at as u64;
        assert!(
            matches!(error, WireError::Interrupted { received: seen, .. } if seen == received),
            "after {at} bytes: {error}"
        );
    }
}

#[tokio::test]
async fn no_byte_at_all_is_a_failure() {
    for (_socket, api) in both(&[Step::ReadLine, Step::Close]) {
        let error = failure(&api).await;
        assert_eq!(error.code(), "interrupted");
        assert!(
            matches!(error, WireError::Interrupted { received: 0, .. }),
            "{error}"
        );
        let message = text_of(&api, version()).await;
        assert_eq!(class(&message), "interrupted");
    }
}

#[tokio::test]
async fn a_reset_is_no_end() {
    // On a Unix socket what makes the reset is that a part of the command was not read.
    for sent in [&b""[..], b"\nName: HA", b"\nName: HAProxy\n\n"] {
        let script = [Step::expect("set "), Step::send(sent), Step::Reset];
        for (socket, api) in both(&script) {
            let error = failure(&api).await;
            let received = sent.len() as u64;
            assert!(
                matches!(error, WireError::Reset { received: seen, .. } if seen == received),
                "after {sent:?}: {error}"
            );
            assert_eq!(socket.connections(), 1, "nothing is sent twice");
        }
    }
}

#[tokio::test]
async fn what_is_not_haproxy_is_recognised() {
    for (garbage, hint) in [
        (&b"HTTP/1.1 400 Bad request\r\n\r\n"[..], "stats socket"),
        (b"\xff\xfe\0garbage", "stats socket"),
        (
            b"[6]: Unknown command: 'show', but maybe one of",
            "HAPROXY_MASTER_SOCKET",
        ),
    ] {
        let script = [Step::ReadLine, Step::send(garbage), Step::Hang];
        for (_socket, api) in both(&script) {
            let error = failure(&api).await;
            assert_eq!(error.code(), "not-haproxy", "{error}");
            assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
        }
    }
}

#[tokio::test]
async fn a_flood_ends_at_the_limit() {
    const LIMIT: u64 = 1_000_000;
    let flood = Step::Flood {
        piece: b"# name\n".to_vec(),
        total: 200_000_000,
    };
    for (socket, api) in both(&[Step::ReadLine, Step::send("\n"), flood.clone()]) {
        let cancel = CancellationToken::new();
        let mut reply = api.execute(info(), at_most(LIMIT), &cancel).await.unwrap();
        let mut read = 0;
        let error = loop {
            match reply.read(10_000).await {
                Ok(piece) => {
                    assert!(!piece.is_empty() && piece.len() <= 10_000);
                    read += piece.len() as u64;
                }
                Err(error) => break error,
            }
        };
        assert!(
            matches!(error, WireError::TooLarge { limit: LIMIT, .. }),
            "{error}"
        );
        assert!(read <= LIMIT, "{read}");
        assert_eq!(
            reply.read(1).await.unwrap_err(),
            error,
            "a failure is final"
        );
        haproxy_mcp_testkit::until("the connection to be closed", || match socket.open_now() {
            0 => Ok(()),
            open => Err(format!("{open} open")),
        });
    }
}

#[tokio::test]
async fn a_flood_within_the_limit_is_read_to_its_end() {
    const TOTAL: u64 = 200_000_000;
    let flood = Step::Flood {
        piece: b"0123456789abcde\n".to_vec(),
        total: TOTAL,
    };
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::send("\n"),
        flood,
        Step::send("\n"),
    ]);
    let api = unix(socket.path());
    let cancel = CancellationToken::new();
    let mut reply = api
        .execute(info(), at_most(TOTAL + 2), &cancel)
        .await
        .unwrap();
    let mut read = 0;
    loop {
        let piece = reply.read(usize::MAX).await.unwrap();
        if piece.is_empty() {
            break;
        }
        read += piece.len() as u64;
    }
    assert_eq!(read, TOTAL);
    assert_eq!(reply.read(1).await.unwrap(), b"", "the end is final");
}

#[tokio::test]
async fn a_message_without_an_end_is_cut_off() {
    let flood = Step::Flood {
        piece: b"endless ".to_vec(),
        total: 200_000_000,
    };
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send("\n[6]: "), flood]);
    assert_eq!(
        class(&text_of(&unix(socket.path()), version()).await),
        "reply-bytes"
    );
}

#[tokio::test]
async fn ends_of_messages_are_told_apart() {
    for (reply, wanted) in [
        ("\n[6]: 3.4.7\n\n", "ok"),
        // So 2.6 sends some of them.
        ("\n[6]: 3.4.7\n", "ok"),
        ("\n[3]: No such server.\n", "no-such-server"),
        ("\n[6]: 3.4.7", "interrupted"),
        ("\n3.4.7\n", "interrupted"),
        ("\n3.4.7\n\n", "ok"),
        // Extra empty lines before and after.
        ("\n\n[6]: 3.4.7\n\n", "ok"),
        (
            "\n[3]: Can't remove the certificate: it doesn't exist!\n\n\n",
            "no-such-certificate",
        ),
        // Two messages: the worse one counts.
        (
            "\n[6]: 3.4.7\n\n[3]: Permission denied\n\n",
            "permission-denied",
        ),
        (
            "\n[3]: Permission denied\n\n[6]: 3.4.7\n\n",
            "permission-denied",
        ),
        (
            "\n[6]: Unknown command: 'show', but maybe one of\n  help : list\n\n",
            "unknown",
        ),
        ("\n[3]: words that nobody knows\n\n", "rejected"),
    ] {
        let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send(reply)]);
        assert_eq!(
            class(&text_of(&unix(socket.path()), version()).await),
            wanted,
            "{reply:?}"
        );
    }
}

/// A dump is given on as it comes, so that its refusals must be seen in its beginning.
#[tokio::test]
async fn beginnings_of_dumps_are_told_apart() {
    for (reply, wanted) in [
        ("\n[3]: No such proxy.\n\n", "no-such-proxy"),
        ("\n[3]: No such event sink\n", "no-such-event-sink"),
        ("\nSession not found.\n\n", "no-such-session"),
        ("\nSession not found.\nand more\n\n", "no-such-session"),
        (
            "\n[6]: Unknown command: 'show', but maybe one of\n\n",
            "unknown",
        ),
        ("\n[6]: libc.so\nlibm.so\n\n", "ok"),
        ("\n[NOTICE]   (1) : haproxy version is 3.4.7\n\n", "ok"),
        ("\n\n", "ok"),
        ("\n[3]: No such pr", "interrupted"),
        ("\n[6]: libc.so\n", "interrupted"),
    ] {
        for bytewise in [false, true] {
            let bytes = reply.as_bytes().to_vec();
            let step = if bytewise {
                Step::SendBytewise(bytes)
            } else {
                Step::Send(bytes)
            };
            let socket = ScriptedSocket::unix(vec![Step::ReadLine, step]);
            assert_eq!(
                class(&text_of(&unix(socket.path()), info()).await),
                wanted,
                "{reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_severity_is_taken_off_and_told() {
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send("\n[6]: a\n[3]: b\n\n")]);
    let reply = execute(&unix(socket.path()), info()).await.unwrap();
    assert_eq!(reply.severity(), Some(6));
    assert_eq!(reply.text().await.unwrap(), b"a\n[3]: b\n");
}

#[tokio::test]
async fn a_permit_of_another_instance_opens_nothing() {
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send(REPLY)]);
    let api = unix(socket.path());
    let other = haproxy_mcp::policy::InstanceId::new("other");
    let permit = permit_for(&other, "show info").unwrap();
    let refused = execute(&api, permit).await;
    assert!(
        matches!(refused, Err(ExecuteError::WrongInstance { .. })),
        "{refused:?}"
    );
    assert_eq!(socket.connections(), 0);
}
