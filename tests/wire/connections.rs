//! How many connections there are, and what becomes of a socket that is away for a moment.

use std::sync::Arc;
use std::time::Duration;

use haproxy_mcp::haproxy::{Bounds, MAX_CONNECTIONS};
use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step, until};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::asking::{PLENTY, class, execute, info, text_of, unix};

#[tokio::test]
async fn no_more_connections_than_allowed_are_open_at_once() {
    let gate = Gate::new();
    let socket = Arc::new(ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::Wait(gate.clone()),
        Step::send("\nName: x\n\n"),
    ]));
    let api = Arc::new(unix(socket.path()));
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let api = Arc::clone(&api);
            tokio::spawn(async move { text_of(&api, info()).await })
        })
        .collect();
    let watched = Arc::clone(&socket);
    tokio::task::spawn_blocking(move || {
        until("all connections that are allowed", || {
            match watched.open_now() {
                MAX_CONNECTIONS => Ok(()),
                open => Err(format!("{open} open")),
            }
        });
    })
    .await
    .unwrap();
    gate.open();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), b"Name: x\n");
    }
    assert_eq!(socket.connections(), 40, "one command on one connection");
    assert_eq!(socket.most_at_once(), MAX_CONNECTIONS);
    assert_eq!(MAX_CONNECTIONS, 3);
}

/// A reply that is still open holds its connection, and waiting for one counts against the deadline.
#[tokio::test]
async fn waiting_for_a_connection_ends_at_the_deadline() {
    let flood = Step::Flood {
        piece: b"x\n".to_vec(),
        total: 200_000_000,
    };
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send("\n# name\nx\n"), flood]);
    let api = unix(socket.path());
    let mut open = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        open.push(execute(&api, info()).await.unwrap());
    }
    tokio::time::pause();
    let begun = Instant::now();
    let bounds = Bounds {
        max_bytes: PLENTY,
        deadline: begun + Duration::from_secs(3),
    };
    let busy = api.execute(info(), bounds, &CancellationToken::new()).await;
    assert_eq!(class(&busy), "connections");
    assert_eq!(begun.elapsed().as_secs(), 3);
    tokio::time::resume();
    open.pop();
    assert!(
        execute(&api, info()).await.is_ok(),
        "a freed connection is used"
    );
}

/// As in a reload, and as after a crash: the file is there and nobody serves it, or it is not there.
#[tokio::test]
async fn a_socket_that_is_away_for_a_moment_is_tried_again() {
    for left_behind in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        if left_behind {
            haproxy_mcp_testkit::scripted::abandoned(&path);
        }
        let api = unix(path.clone());
        // The first attempt fails when the call is first polled, before the second branch begins.
        let (text, socket) = tokio::join!(text_of(&api, info()), async {
            ScriptedSocket::unix_at(&path, vec![Step::ReadLine, Step::send("\nName: x\n\n")])
        });
        assert_eq!(text.unwrap(), b"Name: x\n");
        assert_eq!(socket.connections(), 1);
    }
}

/// unix(7): a queue that is full refuses with `EAGAIN` instead of waiting.
#[tokio::test(start_paused = true)]
async fn a_full_queue_ends_at_the_connect_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    let listener =
        socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    listener
        .bind(&socket2::SockAddr::unix(&path).unwrap())
        .unwrap();
    listener.listen(0).unwrap();
    let mut waiting = Vec::new();
    loop {
        let stream =
            socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        stream.set_nonblocking(true).unwrap();
        if stream
            .connect(&socket2::SockAddr::unix(&path).unwrap())
            .is_err()
        {
            break;
        }
        waiting.push(stream);
    }
    let begun = Instant::now();
    assert_eq!(
        class(&text_of(&unix(path), info()).await),
        "connect-timeout"
    );
    assert_eq!(
        begun.elapsed().as_secs(),
        crate::asking::TIMEOUTS.connect.as_secs()
    );
}
