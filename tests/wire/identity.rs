//! Which HAProxy it is, and what it can do.

use haproxy_mcp::haproxy::{RuntimeApi, WireError};
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, on_each_version};
use tokio_util::sync::CancellationToken;

use crate::asking::{bounds, master, unix};

async fn identity(
    api: &RuntimeApi,
) -> Result<std::sync::Arc<haproxy_mcp::haproxy::Identity>, WireError> {
    api.identity(bounds(), &CancellationToken::new()).await
}

on_each_version! {
    async fn it_is_what_it_says(binary: &Binary) {
        let mut haproxy = Haproxy::builder(binary).master_worker().start();
        for api in [unix(haproxy.admin_socket()), master(&haproxy)] {
            assert!(api.known_identity().is_none());
            let first = identity(&api).await.unwrap();
            assert_eq!(first.version(), binary.version);
            assert!(first.lists(&["show", "stat"]) && first.lists(&["set", "server", "be_app/app1", "state", "drain"]));
            assert_eq!(first.lists(&["wait", "1s"]), binary.at_least(3, 0));
            assert_eq!(first.lists(&["echo"]), binary.at_least(3, 1));
            assert_eq!(first.lists(&["show", "ssl", "sni"]), binary.at_least(3, 2));
            assert_eq!(first.lists(&["add", "backend"]), binary.at_least(3, 4));
            assert!(!first.lists(&["show", "frontend"]) && !first.lists(&["show", "proc"]));
            let second = identity(&api).await.unwrap();
            assert!(std::sync::Arc::ptr_eq(&first, &second), "asked once");
            haproxy.restart();
            let third = identity(&api).await.unwrap();
            assert_ne!(third, first, "another process");
        }
    }
}

const INFO: &str = "\nName: HAProxy\nVersion: 3.4.7\nPid: 7\nUptime_sec: 5\n\n";
const HELP: &str =
    "\n[6]: The following commands are valid at this level:\n  show stat [x] : report\n\n";

#[tokio::test]
async fn help_is_asked_again_only_for_another_process() {
    let restarted = INFO.replace("Uptime_sec: 5", "Uptime_sec: 90000");
    let answer = |text: &str| vec![Step::ReadLine, Step::send(text)];
    let script = vec![
        answer(INFO),
        answer(HELP),
        answer(INFO),
        answer(&restarted),
        answer(HELP),
    ];
    let socket = ScriptedSocket::unix_each(script, vec![Step::Close]);
    let api = unix(socket.path());
    for _ in 0..3 {
        assert_eq!(identity(&api).await.unwrap().version(), "3.4.7");
    }
    let asked = ["show info", "help", "show info", "show info", "help"];
    let asked: Vec<String> = asked
        .iter()
        .map(|command| format!("set severity-output number;{command}\n"))
        .collect();
    assert_eq!(socket.received(), asked);
}

#[tokio::test]
async fn a_description_is_not_read_without_end() {
    const LIMIT: u64 = 256 * 1024;
    let flood = Step::Flood {
        piece: b"Name: HAProxy\n".to_vec(),
        total: 200_000_000,
    };
    let endless = |begin: &str| vec![Step::ReadLine, Step::send(begin), flood.clone()];
    let info = vec![Step::ReadLine, Step::send(INFO)];
    for script in [
        vec![endless("\nName: HAProxy\n")],
        vec![info, endless("\n[6]: The following commands:\n")],
    ] {
        let asked = script.len();
        let socket = ScriptedSocket::unix_each(script, vec![Step::Close]);
        let error = identity(&unix(socket.path())).await.unwrap_err();
        assert!(
            matches!(error, WireError::TooLarge { limit: LIMIT, .. }),
            "{error}"
        );
        assert_eq!(socket.connections(), asked);
    }
}

#[tokio::test]
async fn what_describes_itself_wrongly_is_named() {
    for (info, missing) in [
        (
            "\nName: HAProxy\nVersion: 3.4.7\nUptime_sec: 5\n\n",
            "`Pid`",
        ),
        ("\n[3]: Permission denied\n\n", "Permission denied"),
        ("\n\n", "`Uptime_sec`"),
    ] {
        let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send(info)]);
        let error = identity(&unix(socket.path())).await.unwrap_err();
        assert_eq!(error.code(), "not-haproxy");
        assert!(error.to_string().contains(missing), "{error}");
    }
}
