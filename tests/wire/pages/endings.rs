//! Every way in which a page can end, and the limits of one request: sockets that follow a script.

use std::time::Duration;

use haproxy_mcp::haproxy::pages::{ActError, PageDoor, PageError, Pages};
use haproxy_mcp::haproxy::{Bounds, MAX_CONNECTIONS};
use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answers::{answer, once, url};
use super::{TIMEOUT, act, action, are_open, csv, door, open, read, read_within, stats, stats_at};
use crate::asking::{at_most, bounds, pass};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
const BEGINNING: &str = "# pxname,svname,\nfe,FRONTEND,\n";

fn page(server: &ScriptedSocket) -> Pages {
    stats_at(&url(server))
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_timeout() {
    let server = ScriptedSocket::tcp(vec![Step::ReadHead, Step::Hang]);
    let begun = Instant::now();
    let error = read(&page(&server), csv()).await.unwrap_err();
    assert!(
        matches!(error, PageError::FirstByteTimeout { after, .. } if after.as_secs() == TIMEOUT.as_secs()),
        "{error}"
    );
    assert!(error.is_timeout() && !error.is_interruption());
    assert!(error.hint().unwrap().contains("mode http"));
    assert_eq!(begun.elapsed().as_secs(), TIMEOUT.as_secs());
}

/// Also in the middle of the head.
#[tokio::test(start_paused = true)]
async fn half_a_head_ends_with_the_timeout() {
    let sent = Gate::new();
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send("HTTP/1.1 200 OK\r\nContent-"),
        Step::Reached(sent.clone()),
        Step::Hang,
    ]);
    let pages = page(&server);
    let (error, ()) = tokio::join!(read(&pages, csv()), pass(&sent));
    assert_eq!(error.unwrap_err().code(), "first-byte-timeout");
}

/// The first bytes are waited for before a page counts as open.
#[tokio::test(start_paused = true)]
async fn a_hang_after_the_head_ends_with_the_timeout() {
    for (body, received) in [("", 0), ("# px", 4)] {
        let sent = Gate::new();
        let server = ScriptedSocket::tcp(vec![
            Step::ReadHead,
            Step::send(format!("{HEAD}{body}")),
            Step::Reached(sent.clone()),
            Step::Hang,
        ]);
        let pages = page(&server);
        let (opened, ()) = tokio::join!(open(&pages, csv()), pass(&sent));
        let error = opened.unwrap_err();
        assert!(
            matches!(error, PageError::TotalTimeout { received: seen, .. } if seen == received),
            "{error}"
        );
        assert!(error.is_timeout());
    }
}

#[tokio::test(start_paused = true)]
async fn a_hang_in_the_content_says_how_much_came() {
    let sent = Gate::new();
    let content = BEGINNING.repeat(5);
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(format!("{HEAD}{content}")),
        Step::Reached(sent.clone()),
        Step::Hang,
    ]);
    let pages = page(&server);
    let (opened, ()) = tokio::join!(open(&pages, csv()), pass(&sent));
    let mut body = opened.unwrap();
    let mut seen = Vec::new();
    let error = loop {
        match body.read(1000).await {
            Ok(bytes) => seen.extend(bytes),
            Err(error) => break error,
        }
    };
    assert_eq!(seen, content.as_bytes());
    let length = content.len() as u64;
    assert!(
        matches!(error, PageError::TotalTimeout { received, after, .. } if received == length && after.as_secs() == TIMEOUT.as_secs()),
        "{error}"
    );
    assert_eq!(body.read(1000).await, Err(error), "a failure is final");
}

#[tokio::test(start_paused = true)]
async fn the_earlier_deadline_counts() {
    let server = ScriptedSocket::tcp(vec![Step::ReadHead, Step::Hang]);
    let begun = Instant::now();
    let short = Bounds {
        max_bytes: 1000,
        deadline: begun + Duration::from_secs(2),
    };
    let error = read_within(&page(&server), csv(), short).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 2);
}

/// A connection that is not taken: the queue of the listening socket is full.
#[tokio::test]
async fn a_connection_that_does_not_come_about() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    // listen(2): one more than its number.
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let waiting =
                socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            waiting.set_nonblocking(true).unwrap();
            // It goes on in the background.
            let _ = waiting.connect(&address.into());
            waiting
        })
        .collect();
    let pages = stats(PageDoor {
        timeout: Duration::from_millis(300),
        ..door(&format!("http://{address}/stats"))
    });
    let error = read(&pages, csv()).await.unwrap_err();
    assert_eq!(error.code(), "connect-timeout", "{error}");
    assert!(error.is_timeout());
    drop(waiting);
}

#[tokio::test]
async fn what_ends_early_is_no_page() {
    let whole = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{BEGINNING}",
        BEGINNING.len()
    );
    let head = whole.len() - BEGINNING.len();
    for at in 0..whole.len() {
        let server = once(&whole[..at]);
        let error = read(&page(&server), csv()).await.unwrap_err();
        let received = at.saturating_sub(head) as u64;
        assert!(
            matches!(error, PageError::Interrupted { received: seen, .. } if seen == received),
            "cut after {at} bytes: {error:?}"
        );
        assert!(error.is_interruption() && !error.is_timeout());
    }
    assert_eq!(read(&page(&once(&whole)), csv()).await.unwrap(), BEGINNING);
}

#[tokio::test]
async fn chunks_that_end_early_are_no_page() {
    let length = BEGINNING.len();
    let whole = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{BEGINNING}\r\n{length:x}\r\n{BEGINNING}\r\n0\r\n\r\n"
    );
    for at in 0..whole.len() {
        let server = once(&whole[..at]);
        let error = read(&page(&server), csv()).await.unwrap_err();
        assert!(
            matches!(error, PageError::Interrupted { .. }),
            "cut after {at} bytes: {error:?}"
        );
    }
    assert_eq!(
        read(&page(&once(&whole)), csv()).await.unwrap(),
        BEGINNING.repeat(2)
    );
}

#[tokio::test]
async fn a_reset_is_told_apart_from_an_end() {
    // Before anything came, and in the content.
    let reset = vec![Step::expect("GET"), Step::Reset];
    let server = ScriptedSocket::tcp_each(vec![reset], vec![Step::Close]);
    let error = read(&page(&server), csv()).await.unwrap_err();
    assert!(
        matches!(error, PageError::Reset { received: 0, .. }),
        "{error:?}"
    );
    assert!(error.is_interruption());

    let (sent, more) = (Gate::new(), Gate::new());
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(format!("{HEAD}{BEGINNING}")),
        Step::Reached(sent.clone()),
        Step::Wait(more.clone()),
        Step::Reset,
    ]);
    let mut body = open(&page(&server), csv()).await.unwrap();
    assert_eq!(body.read(1000).await.unwrap(), BEGINNING.as_bytes());
    more.open();
    let error = body.read(1000).await.unwrap_err();
    let received = BEGINNING.len() as u64;
    assert_eq!(
        error,
        PageError::Reset {
            url: url(&server),
            received
        }
    );
}

#[tokio::test]
async fn what_is_no_http_is_said_to_be_none() {
    for garbage in [
        "\n# pxname,svname,\n\n",
        "SSH-2.0-OpenSSH_10.0\r\n",
        "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
    ] {
        let error = read(&page(&once(garbage)), csv()).await.unwrap_err();
        assert_eq!(error.code(), "not-http", "{garbage:?}: {error:?}");
        assert!(!error.to_string().contains("pxname"));
    }
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n# px\r\nzz\r\n{BEGINNING}"
    );
    let error = read(&page(&once(&chunks)), csv()).await.unwrap_err();
    assert_eq!(error.code(), "not-http", "{error:?}");
}

/// A head without an end is not kept.
#[tokio::test]
async fn a_head_that_is_too_large() {
    let flood = vec![
        Step::ReadHead,
        Step::send("HTTP/1.1 200 OK\r\n"),
        Step::Flood {
            piece: b"X-Filler: abcdefghijklmnopqrstuvwxyz\r\n".to_vec(),
            total: 50 * 1024 * 1024,
        },
    ];
    let server = ScriptedSocket::tcp_each(vec![flood], vec![Step::Close]);
    let error = read(&page(&server), csv()).await.unwrap_err();
    assert_eq!(error.code(), "not-http", "{error:?}");
}

/// Said before any of it is read, where its length is told, and else as soon as it is known.
#[tokio::test]
async fn a_page_that_is_too_large() {
    let table = BEGINNING.repeat(10);
    let limit = table.len() as u64;
    let exact = answer("200 OK", &[], &table);
    let one_more = answer("200 OK", &[], &format!("{table}x"));
    let unknown = format!("HTTP/1.1 200 OK\r\n\r\n{table}x");
    assert_eq!(
        read_within(&page(&once(&exact)), csv(), at_most(limit))
            .await
            .unwrap(),
        table
    );
    for text in [one_more, unknown] {
        let server = once(&text);
        let error = read_within(&page(&server), csv(), at_most(limit))
            .await
            .unwrap_err();
        assert_eq!(
            error,
            PageError::TooLarge {
                url: url(&server),
                limit
            }
        );
        assert_eq!(error.code(), "reply-bytes");
        assert!(error.is_exhaustion());
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// 200 MB go through, and memory does not see them.
#[tokio::test]
async fn a_large_page_is_streamed() {
    const TOTAL: u64 = 200 * 1000 * 1000;
    let row = b"be_app,app1,0,0,0,0,100,0,0,0,,0,,0,0,0,0,UP,100,1,0,0,0,15,0,,1,7,1,,0,,2,0,,0,\n";
    let total = TOTAL / row.len() as u64 * row.len() as u64;
    let length = total + BEGINNING.len() as u64;
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{BEGINNING}"
        )),
        Step::Flood {
            piece: row.to_vec(),
            total,
        },
    ]);
    let pages = stats(super::with_credentials(
        PageDoor {
            timeout: Duration::from_mins(1),
            ..door(&url(&server))
        },
        "ops",
        "a long password",
    ));
    let mut body = pages
        .open(csv(), at_most(length), &CancellationToken::new())
        .await
        .unwrap();
    let before = resident();
    let mut received = 0;
    loop {
        let piece = body.read(64 * 1024).await.unwrap();
        if piece.is_empty() {
            break;
        }
        assert!(piece.len() <= 64 * 1024);
        received += piece.len() as u64;
    }
    assert_eq!(received, length);
    let grown = resident() - before;
    assert!(grown < 50 * 1024 * 1024, "grew by {grown} bytes");
}

/// The same, where there is no end: the limit ends it.
#[tokio::test]
async fn a_page_without_end_ends_at_the_limit() {
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{BEGINNING}\r\n",
            BEGINNING.len()
        )),
        Step::Flood {
            piece: [b"400\r\n".as_slice(), &[b'x'; 1024], b"\r\n"].concat(),
            total: u64::MAX,
        },
    ]);
    let error = read_within(&page(&server), csv(), at_most(10_000_000))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "reply-bytes");
    are_open(&server, 0).await;
}

/// As many open pages as there are connections, of which no more comes.
fn stalled() -> ScriptedSocket {
    let stall = vec![
        Step::ReadHead,
        Step::send(format!("{HEAD}{BEGINNING}{BEGINNING}{BEGINNING}")),
        Step::Hang,
    ];
    ScriptedSocket::tcp_each(
        vec![stall; MAX_CONNECTIONS],
        vec![Step::ReadHead, Step::send(answer("200 OK", &[], BEGINNING))],
    )
}

/// Sees that all connections are closed and free, while nobody has read or dropped the bodies.
async fn assert_given_back(server: &ScriptedSocket, pages: &Pages) {
    assert_eq!(read(pages, csv()).await.unwrap(), BEGINNING);
    are_open(server, 0).await;
}

#[tokio::test]
async fn no_more_than_so_many_at_once() {
    let server = stalled();
    let pages = page(&server);
    let mut open_ones = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        open_ones.push(open(&pages, csv()).await.unwrap());
    }
    let soon = Bounds {
        deadline: Instant::now() + Duration::from_millis(50),
        ..bounds()
    };
    let error = read_within(&pages, csv(), soon).await.unwrap_err();
    assert_eq!(
        error,
        PageError::Busy {
            url: url(&server),
            limit: MAX_CONNECTIONS
        }
    );
    assert!(error.is_exhaustion());
    assert_eq!(server.connections(), MAX_CONNECTIONS);
    open_ones.pop();
    are_open(&server, MAX_CONNECTIONS - 1).await;
    assert_eq!(read(&pages, csv()).await.unwrap(), BEGINNING);
    assert_eq!(server.most_at_once(), MAX_CONNECTIONS);
}

#[tokio::test]
async fn pages_that_nobody_reads_end_at_the_deadline() {
    let server = stalled();
    let pages = page(&server);
    let begun = Instant::now();
    let mut unread = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        unread.push(open(&pages, csv()).await.unwrap());
    }
    tokio::time::pause();
    tokio::time::sleep_until(begun + TIMEOUT * 2).await;
    tokio::time::resume();
    assert_given_back(&server, &pages).await;
    for mut body in unread {
        let error = body.read(1000).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert_eq!(body.read(1000).await, Err(error), "a failure is final");
    }
}

#[tokio::test]
async fn pages_that_nobody_reads_end_when_their_call_is_cancelled() {
    let server = stalled();
    let pages = page(&server);
    let cancel = CancellationToken::new();
    let mut unread = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        unread.push(pages.open(csv(), bounds(), &cancel).await.unwrap());
    }
    cancel.cancel();
    assert_given_back(&server, &pages).await;
    for mut body in unread {
        assert_eq!(body.read(1000).await, Err(PageError::Cancelled));
    }
}

#[tokio::test]
async fn a_request_ends_when_its_call_is_cancelled() {
    let asked = Gate::new();
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::Reached(asked.clone()),
        Step::Hang,
    ]);
    let pages = page(&server);
    let cancel = CancellationToken::new();
    let (opened, ()) = tokio::join!(pages.open(csv(), bounds(), &cancel), async {
        pass(&asked).await;
        cancel.cancel();
    });
    assert_eq!(opened.unwrap_err(), PageError::Cancelled);
    are_open(&server, 0).await;
}

/// Whatever ends it after it was sent: it may have been taken, is not sent again, and that is said.
#[tokio::test]
async fn an_action_without_a_verdict_may_have_been_taken() {
    for steps in [
        vec![Step::ReadHead, Step::Close],
        vec![Step::ReadHead, Step::send("HTTP/1.1 303 See"), Step::Close],
        vec![Step::expect("POST"), Step::Reset],
        vec![Step::ReadHead, Step::send("garbage\r\n\r\n")],
    ] {
        let server = ScriptedSocket::tcp_each(vec![steps], vec![Step::Close]);
        let error = act(&page(&server), action("drain", "be_app", &["app1"]))
            .await
            .unwrap_err();
        let ActError::Page(PageError::OutcomeUnknown { cause }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(error.code(), cause.code());
        assert!(
            error
                .to_string()
                .ends_with("; whether the action was taken is not known"),
            "{error}"
        );
        let posts = server
            .received()
            .iter()
            .filter(|head| head.starts_with("POST"))
            .count();
        assert_eq!(posts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_is_not_answered_may_have_been_taken() {
    let asked = Gate::new();
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::Reached(asked.clone()),
        Step::Hang,
    ]);
    let pages = page(&server);
    let (outcome, ()) = tokio::join!(
        act(&pages, action("drain", "be_app", &["app1"])),
        pass(&asked)
    );
    let error = outcome.unwrap_err();
    let ActError::Page(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.code(), "first-byte-timeout");
    assert!(error.is_timeout());
    assert!(error.to_string().contains("is not known"), "{error}");
    assert_eq!(server.connections(), 1);
}

/// What was never sent was not taken.
#[tokio::test]
async fn an_action_that_did_not_go_out_was_not_taken() {
    let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    bound
        .bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = bound.local_addr().unwrap().as_socket().unwrap();
    let error = act(
        &stats_at(&format!("http://{address}/stats")),
        action("drain", "be_app", &["app1"]),
    )
    .await
    .unwrap_err();
    assert_eq!(error.code(), "connection-refused");
    assert!(!error.to_string().contains("is not known"), "{error}");
}
