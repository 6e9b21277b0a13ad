use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, newest, scripted};
use serde_json::{Value, json};

use crate::cases::{Case, all_succeed, cases, has_shape, listed};
use crate::{busy, program, serve};

/// Seconds that a command may take in these tests.
const TIMEOUT: &str = "1";

/// How long a call may take until it fails: the time above, and what a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(12);

/// A tool error's code, and the reason in its details.
type Said = (&'static str, &'static str);

/// Calls every tool. Those that wait in vain do so side by side, as many as there may be connections to HAProxy; where
/// much is sent it is one after another, so that none waits for the processor.
fn all_called(server: &McpServer, what: &str) -> Vec<(Case, Response)> {
    let side_by_side = if what.contains("hangs") { 3 } else { 1 };
    let mut answered = Vec::new();
    let mut cases = cases().into_iter().peekable();
    while cases.peek().is_some() {
        let begun: Vec<_> = cases
            .by_ref()
            .take(side_by_side)
            .map(|case| {
                let call = server.begin(case.tool, case.succeeds.clone());
                (case, call)
            })
            .collect();
        answered.extend(
            begun
                .into_iter()
                .map(|(case, call)| (case, server.finish(call))),
        );
    }
    answered
}

/// Calls every tool; each must fail with one of these codes and reasons, in time, and say what to do.
fn all_fail(server: &McpServer, what: &str, expected: &[Said]) {
    for (case, response) in all_called(server, what) {
        let error = response.error();
        has_shape(error);
        let said = (
            error["code"].as_str().unwrap_or_default(),
            error["details"]["reason"].as_str().unwrap_or_default(),
        );
        assert!(
            expected.contains(&said),
            "{what}, {}: {said:?} is none of {expected:?}: {error}",
            case.tool
        );
        assert!(
            response.took < PATIENCE,
            "{what}, {}: took {:?}",
            case.tool,
            response.took
        );
    }
}

/// The handshake, and all else that needs no HAProxy.
fn works_without_haproxy(server: &McpServer) {
    let hello = server.initialize();
    assert_eq!(hello["serverInfo"]["name"], json!("haproxy-mcp"));
    assert_eq!(listed(server).len(), cases().len());
    server.stateless();
    let discovered = server.request("server/discover", json!({}));
    assert!(
        discovered.result()["supportedVersions"].is_array(),
        "{}",
        discovered.message
    );
    assert_eq!(listed(server).len(), cases().len());
}

#[test]
fn without_haproxy_everything_but_calls_works() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = scripted::nowhere(folder.path());
    let server = program().socket(&nowhere).start();
    works_without_haproxy(&server);
    all_fail(&server, "no socket", &[("unreachable", "not-found")]);

    let abandoned = folder.path().join("abandoned.sock");
    scripted::abandoned(&abandoned);
    let server = program().socket(&abandoned).start();
    works_without_haproxy(&server);
    all_fail(
        &server,
        "a socket that nobody listens on",
        &[("unreachable", "connection-refused")],
    );

    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = program()
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .start();
    works_without_haproxy(&server);
    all_fail(
        &server,
        "a port that nobody listens on",
        &[("unreachable", "connection-refused")],
    );

    let file = folder.path().join("file");
    std::fs::write(&file, "no socket").unwrap();
    let server = program().socket(&file).start();
    works_without_haproxy(&server);
    all_fail(
        &server,
        "a file that is no socket",
        &[("unreachable", "connection-refused")],
    );
}

/// The advice names what there is to do: the commonest trouble is a socket that is not where it is looked for.
#[test]
fn the_hint_of_a_missing_socket_says_where_to_look() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = scripted::nowhere(folder.path());
    let server = program().socket(&nowhere).start();
    let response = server.stateless().call("show_info", json!({}));
    let error = response.error();
    let said = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    assert!(
        said("message").contains(nowhere.to_str().unwrap()),
        "{error}"
    );
    assert!(said("hint").contains("stats socket"), "{error}");
}

haproxy_mcp_testkit::on_each_version! {
    fn a_restart_between_two_calls_is_not_noticed(binary: &Binary) {
        let mut haproxy = busy(binary);
        let server = serve(&haproxy);
        all_succeed(&server);
        let pid = |response: &Response| response.answer()["fields"]["Pid"].to_string();
        let ask = || server.call("show_info", json!({ "fields": ["Pid"] }));
        assert_eq!(pid(&ask()), haproxy.info("Pid"));
        haproxy.restart();
        let after = ask();
        assert_eq!(pid(&after), haproxy.info("Pid"));
        all_succeed(&server);
    }

    fn down_and_up_again(binary: &Binary) {
        let mut haproxy = Haproxy::start(binary);
        let server = serve(&haproxy);
        all_succeed(&server);
        haproxy.stop();
        all_fail(&server, "HAProxy that was stopped", &[("unreachable", "connection-refused"), ("unreachable", "not-found")]);
        haproxy.start_again();
        all_succeed(&server);
    }
}

/// A door that leads to one place now and to another one later, while the server goes on.
pub(crate) struct Door {
    folder: tempfile::TempDir,
}

impl Door {
    pub(crate) fn to(place: &Path) -> Self {
        let door = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        door.lead_to(place);
        door
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("door")
    }

    pub(crate) fn lead_to(&self, place: &Path) {
        let aside = self.folder.path().join("aside");
        symlink(place, &aside).unwrap();
        std::fs::rename(aside, self.path()).unwrap();
    }
}

/// A header of statistics, and the beginning of what would follow.
const HALF: &str = "\n# pxname,svname,qcur,qmax,scur,smax,slim,stot,\nfe_http,FRONTEND,,,0,1,40";

#[test]
fn what_is_no_whole_answer_is_an_error_in_time_and_the_next_call_works() {
    let haproxy = busy(&newest());
    let kilobyte = vec![b'x'; 1024];
    let mut lines = b"fe_http,FRONTEND,,,0,1,4000,5,\n".repeat(40);
    lines.push(b'\n');
    // What it is told apart by: it is not HAProxy at all, its reply ends too early, late or never, or it is no table.
    let strange = ("unreachable", "not-haproxy");
    let early = ("interrupted", "interrupted");
    let reset = ("interrupted", "connection-reset");
    let late = ("timeout", "total-timeout");
    let endless = ("exhausted", "reply-bytes");
    let no_table = ("unparsable", "");
    let misbehaviours: Vec<(&str, Vec<Step>, Vec<Said>)> = vec![
        (
            "it takes the connection and hangs",
            vec![Step::Hang],
            vec![late],
        ),
        (
            "it says nothing and closes",
            vec![Step::ReadLine, Step::Close],
            vec![early],
        ),
        (
            "it closes without reading",
            vec![Step::Close],
            vec![early, reset],
        ),
        ("it breaks off", vec![Step::Reset], vec![reset]),
        (
            "it closes half-way",
            vec![Step::ReadLine, Step::send(HALF), Step::Close],
            vec![early, no_table],
        ),
        (
            "it hangs half-way",
            vec![Step::ReadLine, Step::send(HALF), Step::Hang],
            vec![late, no_table],
        ),
        (
            "it is a web server",
            vec![
                Step::ReadLine,
                Step::send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>no</html>"),
                Step::Close,
            ],
            vec![strange],
        ),
        (
            "it is garbage",
            vec![
                Step::ReadLine,
                Step::send([0xff, 0xfe, 0, 1, 2, b'\n', 0x80, b'\n', b'\n']),
                Step::Close,
            ],
            vec![strange],
        ),
        (
            "it sends 200 MB without an end of line",
            vec![
                Step::ReadLine,
                Step::Flood {
                    piece: kilobyte,
                    total: 200_000_000,
                },
                Step::Close,
            ],
            vec![strange],
        ),
        (
            "it sends 200 MB of lines",
            vec![
                Step::ReadLine,
                Step::send(HALF),
                Step::Flood {
                    piece: lines,
                    total: 200_000_000,
                },
                Step::Close,
            ],
            vec![endless, no_table],
        ),
    ];
    for (what, steps, expected) in misbehaviours {
        let socket = ScriptedSocket::unix(steps);
        let door = Door::to(&socket.path());
        let server = program()
            .socket(&door.path())
            .args(["--runtime-timeout", TIMEOUT])
            .start();
        server.stateless();
        all_fail(&server, what, &expected);
        assert_eq!(listed(&server).len(), cases().len(), "{what}");
        let (_, most) = server.memory();
        assert!(
            most < 150_000_000,
            "{what}: the server has used {most} bytes"
        );
        door.lead_to(&haproxy.admin_socket());
        all_succeed(&server);
    }
}

/// The same after HAProxy has been known: its version is not asked for again, so that the tools' own commands meet
/// the misbehaviour.
#[test]
fn what_changes_under_a_known_haproxy_is_an_error_and_the_next_call_works() {
    let haproxy = busy(&newest());
    let statistics = haproxy.raw("show stat");
    let half = &statistics[..statistics.len() / 2];
    let mut endless = b"\n".to_vec();
    endless.extend(&statistics[..statistics.len() - 1]);
    let row: Vec<u8> = statistics
        .split(|byte| *byte == b'\n')
        .nth(1)
        .unwrap()
        .iter()
        .copied()
        .chain([b'\n'])
        .collect();
    let misbehaviours: Vec<(&str, Vec<Step>, Vec<&str>)> = vec![
        ("it hangs", vec![Step::Hang], vec!["timeout"]),
        (
            "it closes at once",
            vec![Step::ReadLine, Step::Close],
            vec!["interrupted"],
        ),
        ("it breaks off", vec![Step::Reset], vec!["interrupted"]),
        // To a tool that asked for something else, half a table of statistics is none at all.
        (
            "it closes half-way",
            vec![
                Step::ReadLine,
                Step::send("\n"),
                Step::send(half),
                Step::Close,
            ],
            vec!["interrupted", "unparsable"],
        ),
        (
            "it hangs half-way",
            vec![
                Step::ReadLine,
                Step::send("\n"),
                Step::send(half),
                Step::Hang,
            ],
            vec!["timeout", "unparsable"],
        ),
        (
            "it sends 200 MB of rows",
            vec![
                Step::ReadLine,
                Step::Send(endless),
                Step::Flood {
                    piece: row,
                    total: 200_000_000,
                },
                Step::Close,
            ],
            // On a busy machine the deadline may come before the limit on bytes.
            vec!["exhausted", "unparsable", "timeout"],
        ),
    ];
    for (what, steps, expected) in misbehaviours {
        let door = Door::to(&haproxy.admin_socket());
        let server = program()
            .socket(&door.path())
            .args(["--runtime-timeout", TIMEOUT])
            .start();
        server.stateless();
        all_succeed(&server);
        let socket = ScriptedSocket::unix(steps);
        door.lead_to(&socket.path());
        for (case, response) in all_called(&server, what) {
            has_shape(response.error());
            assert!(
                expected.contains(&response.code()),
                "{what}, {}: {}",
                case.tool,
                response.message
            );
            assert!(
                response.took < PATIENCE,
                "{what}, {}: took {:?}",
                case.tool,
                response.took
            );
        }
        let (_, most) = server.memory();
        assert!(
            most < 150_000_000,
            "{what}: the server has used {most} bytes"
        );
        door.lead_to(&haproxy.admin_socket());
        all_succeed(&server);
    }
}

/// One call waits for a HAProxy that says nothing; others are answered meanwhile.
#[test]
fn one_hanging_call_does_not_hold_up_the_others() {
    let haproxy = busy(&newest());
    let hanging = ScriptedSocket::unix(vec![Step::ReadLine, Step::Hang]);
    let door = Door::to(&hanging.path());
    let server = program()
        .socket(&door.path())
        .args(["--runtime-timeout", "20"])
        .start();
    server.stateless();
    let waiting = server.begin("show_info", json!({}));
    haproxy_mcp_testkit::until("the first call to hang", || match hanging.open_now() {
        0 => Err("no connection yet".to_owned()),
        _ => Ok(()),
    });
    door.lead_to(&haproxy.admin_socket());
    assert_eq!(listed(&server).len(), cases().len());
    let arguments: Value = json!({ "backend": "be_app" });
    assert!(
        server.finish_within(waiting, Duration::ZERO).is_none(),
        "it was to hang"
    );
    let other = server.call("list_servers", arguments);
    assert_eq!(other.answer()["matched"], json!(4));
    server.cancel(waiting);
}
