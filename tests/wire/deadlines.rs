//! Deadlines and cancellation. The clock is paused: it jumps when nothing else is left to do.

use std::time::Duration;

use haproxy_mcp::haproxy::{Bounds, ExecuteError, MAX_CONNECTIONS, RuntimeApi, WireError};
use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step, until};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::asking::{PLENTY, TIMEOUTS, class, execute, failure, info, pass, text_of, unix};

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_first_byte_timeout() {
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::Hang]);
    let begun = Instant::now();
    let error = failure(&unix(socket.path())).await;
    let expected = TIMEOUTS.first_byte;
    assert!(
        matches!(error, WireError::FirstByteTimeout { after, .. } if after == expected),
        "{error}"
    );
    assert!(error.is_timeout());
    assert!(error.hint().unwrap().contains("stats maxconn"));
    assert_eq!(begun.elapsed().as_secs(), expected.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_stall_ends_with_the_total_timeout() {
    let sent = Gate::new();
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::send("\nName: HA"),
        Step::Reached(sent.clone()),
        Step::Hang,
    ]);
    let api = unix(socket.path());
    let begun = Instant::now();
    let (error, ()) = tokio::join!(failure(&api), pass(&sent));
    assert!(
        matches!(error, WireError::TotalTimeout { received: 9, .. }),
        "{error}"
    );
    assert!(error.is_timeout());
    assert_eq!(begun.elapsed().as_secs(), TIMEOUTS.total.as_secs());
}

/// Also while its caller reads: a dump that began is not free of its deadline.
#[tokio::test(start_paused = true)]
async fn a_dump_that_stalls_while_it_is_read_times_out() {
    let sent = Gate::new();
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::send("\n# pxname,svname\nfe,"),
        Step::Reached(sent.clone()),
        Step::Hang,
    ]);
    let api = unix(socket.path());
    let (reply, ()) = tokio::join!(execute(&api, info()), pass(&sent));
    let mut reply = reply.unwrap();
    assert_eq!(reply.read(1000).await.unwrap(), b"# pxname,svname\nfe,");
    let error = reply.read(1000).await.unwrap_err();
    assert!(
        matches!(error, WireError::TotalTimeout { received: 20, .. }),
        "{error}"
    );
}

/// As many open replies as there are connections, of which HAProxy says no more.
fn stalled() -> ScriptedSocket {
    let stall = vec![Step::ReadLine, Step::send("\n# name\nbe_"), Step::Hang];
    ScriptedSocket::unix_each(
        vec![stall; MAX_CONNECTIONS],
        vec![Step::ReadLine, Step::send("\nName: x\n\n")],
    )
}

/// Sees that all connections are closed and free, while nobody has read or dropped the replies.
async fn assert_given_back(socket: &ScriptedSocket, api: &RuntimeApi) {
    let bounds = Bounds {
        max_bytes: PLENTY,
        deadline: Instant::now() + Duration::from_secs(5),
    };
    let next = api.execute(info(), bounds, &CancellationToken::new()).await;
    assert_eq!(class(&next), "ok", "a connection is free");
    assert_eq!(next.unwrap().text().await.unwrap(), b"Name: x\n");
    until("the other side to see the end", || {
        match socket.open_now() {
            0 => Ok(()),
            open => Err(format!("{open} open")),
        }
    });
}

#[tokio::test]
async fn replies_that_nobody_reads_end_at_the_deadline() {
    let socket = stalled();
    let api = unix(socket.path());
    let begun = Instant::now();
    let mut unread = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        unread.push(execute(&api, info()).await.unwrap());
    }
    tokio::time::pause();
    tokio::time::sleep_until(begun + TIMEOUTS.total * 2).await;
    tokio::time::resume();
    assert_given_back(&socket, &api).await;
    for mut reply in unread {
        // Not at the time of this read: at the deadline.
        let error = reply.read(1000).await.unwrap_err();
        assert!(
            matches!(error, WireError::TotalTimeout { after, received: 11, .. } if after.as_secs() == TIMEOUTS.total.as_secs()),
            "{error}"
        );
        assert_eq!(reply.read(1000).await, Err(error), "a failure is final");
    }
}

#[tokio::test]
async fn replies_that_nobody_reads_end_when_their_call_is_cancelled() {
    let socket = stalled();
    let api = unix(socket.path());
    let cancel = CancellationToken::new();
    let mut unread = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let bounds = crate::asking::bounds();
        unread.push(api.execute(info(), bounds, &cancel).await.unwrap());
    }
    cancel.cancel();
    assert_given_back(&socket, &api).await;
    for mut reply in unread {
        assert_eq!(reply.read(1000).await, Err(WireError::Cancelled));
    }
}

#[tokio::test(start_paused = true)]
async fn the_earlier_deadline_counts() {
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::Hang]);
    let api = unix(socket.path());
    let begun = Instant::now();
    let bounds = Bounds {
        max_bytes: PLENTY,
        deadline: begun + Duration::from_secs(1),
    };
    let error = api
        .execute(info(), bounds, &CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(class::<()>(&Err(error)), "total-timeout");
    assert_eq!(begun.elapsed().as_secs(), 1);
}

#[tokio::test]
async fn a_cancelled_call_closes_its_connection() {
    let sent = Gate::new();
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::send("\n# name\nbe_"),
        Step::Reached(sent.clone()),
        Step::Hang,
    ]);
    let api = unix(socket.path());
    let cancel = CancellationToken::new();
    let call = async {
        let bounds = crate::asking::bounds();
        let mut reply = api.execute(info(), bounds, &cancel).await.unwrap();
        loop {
            if let Err(error) = reply.read(1000).await {
                // The reply still lives here: it must have let go of the connection all the same.
                return (error, reply);
            }
        }
    };
    let ((error, reply), ()) = tokio::join!(call, async {
        pass(&sent).await;
        cancel.cancel();
    });
    assert_eq!(error, WireError::Cancelled);
    until("the other side to see the end", || {
        let seen = socket.seen();
        if seen.iter().all(|connection| connection.end) {
            Ok(())
        } else {
            Err(format!("{seen:?}"))
        }
    });
    drop(reply);
}

#[tokio::test]
async fn a_call_cancelled_before_the_first_byte_ends_at_once() {
    let asked = Gate::new();
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::Reached(asked.clone()),
        Step::Hang,
    ]);
    let api = unix(socket.path());
    let cancel = CancellationToken::new();
    let (result, ()) = tokio::join!(
        api.execute(info(), crate::asking::bounds(), &cancel),
        async {
            pass(&asked).await;
            cancel.cancel();
        }
    );
    assert!(
        matches!(result, Err(ExecuteError::Wire(WireError::Cancelled))),
        "{result:?}"
    );
    until("the other side to see the end", || {
        match socket.open_now() {
            0 => Ok(()),
            open => Err(format!("{open} open")),
        }
    });
}

#[tokio::test]
async fn a_dropped_reply_closes_its_connection() {
    let flood = Step::Flood {
        piece: b"x,y\n".to_vec(),
        total: 200_000_000,
    };
    let socket = ScriptedSocket::unix_each(
        vec![vec![Step::ReadLine, Step::send("\n"), flood]],
        vec![Step::ReadLine, Step::send("\nName: x\n\n")],
    );
    let api = unix(socket.path());
    drop(execute(&api, info()).await.unwrap());
    until("the other side to see the end", || {
        match socket.open_now() {
            0 => Ok(()),
            open => Err(format!("{open} open")),
        }
    });
    assert_eq!(
        text_of(&api, info()).await.unwrap(),
        b"Name: x\n",
        "the next call works"
    );
}
