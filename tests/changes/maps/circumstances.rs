//! A HAProxy that goes away, that did not do what it took, or that may not be asked.

use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, newest};
use serde_json::json;

use crate::cases::{Site, program, serve};
use crate::maps::{cases, error};

haproxy_mcp_testkit::on_each_version! {
    /// Up to 3.2 a socket of any level may write maps; since 3.4 it takes level admin.
    fn a_low_level_of_the_socket_is_told(binary: &Binary) {
        for level in ["user", "operator"] {
            let site = Site {
                haproxy: Haproxy::builder(binary).admin_level(level).start(),
                files: None,
                master: false,
            };
            let server = serve(&site, "admin");
            for case in cases() {
                // It would have to be prepared first.
                if case.tool.starts_with("commit") {
                    continue;
                }
                let response = server.call(case.tool, (case.succeeds)(&site));
                if binary.at_least(3, 4) {
                    let error = error(&response);
                    assert_eq!(error["code"], json!("rejected"), "{}: {error}", case.tool);
                    assert!(error["hint"].as_str().unwrap().contains("level admin"), "{}: {error}", case.tool);
                } else if response.result()["isError"] == json!(true) {
                    // What an earlier tool deleted.
                    assert_eq!(response.code(), "not-found", "{}: {}", case.tool, response.message);
                }
            }
        }
    }
}

const LIST: &str = "\n# id (file) description\n4 (m) pattern loaded from file 'm' used by map at file 'h.cfg' line 7. curr_ver=0 next_ver=0 entry_cnt=1\n\n";

/// The answer to an entry, or to many, that HAProxy took.
const TAKEN: &str = "\n\n";

/// A HAProxy that answers these, one on each connection, and does `then` on every further one.
fn answering(answers: &[&str], then: Vec<Step>) -> ScriptedSocket {
    let each = answers.iter().enumerate().map(|(place, answer)| {
        let mut steps = vec![Step::ReadLine];
        // The fourth command has a payload, which an empty line ends.
        if place == 3 {
            steps.push(Step::expect("one two\n"));
            steps.push(Step::ReadLine);
        }
        steps.push(Step::send(answer));
        steps
    });
    ScriptedSocket::unix_each(each.collect(), then)
}

/// HAProxy goes away at each step of a replacement: that is told, and no success is claimed. What was prepared is taken
/// back, unless a commit is on its way: the version may be the live one by then.
#[test]
fn a_worker_that_goes_away_in_the_middle_is_no_success() {
    let whole = [
        LIST,
        "\n0x1 k v\n\n",
        PREPARED,
        TAKEN,
        "\n0x2 one two\n\n",
        TAKEN,
    ];
    for answered in 1..=whole.len() {
        let socket = answering(
            &whole[..answered],
            vec![Step::ReadLine, Step::send("\n"), Step::Close],
        );
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("replace_map", json!({ "map": "m", "content": "one two" }));
        // Before it has read a payload, the other side resets the connection.
        assert_eq!(
            response.code(),
            "interrupted",
            "after {answered} answers: {}",
            response.message
        );
        if answered >= 2 {
            server.wait_for_stderr(r#""audit":"change""#);
        }
        let sent = socket.received().join("");
        let clears = sent.contains("clear map @1 m");
        assert_eq!(
            clears,
            (3..5).contains(&answered),
            "after {answered} answers: {sent}"
        );
    }
}

const PREPARED: &str = "\n[6]: New version created: 1\n\n";

/// What HAProxy took and did not do is not reported as done.
#[test]
fn what_is_not_read_back_is_not_claimed() {
    let start = [LIST, "\n0x1 k v\n\n", PREPARED, TAKEN];
    let next = LIST.replace("curr_ver=0 next_ver=0", "curr_ver=1 next_ver=1");
    for (further, message) in [
        // Cut, as 3.4.7 cuts a long payload.
        (vec!["\n\n"], "line 1 is missing"),
        (
            vec!["\n0x2 one tree\n\n"],
            "in place of line 1 it has `one tree`",
        ),
        (
            vec!["\n0x2 one two\n0x4 five six\n\n"],
            "it has `five six` besides",
        ),
        (
            vec!["\n0x2 one two\n\n", TAKEN, "\n0x1 k v\n\n", LIST],
            "in place of line 1 it has `k v`",
        ),
        (
            vec![
                "\n0x2 one two\n\n",
                TAKEN,
                "\n0x2 one two\n0x9 a b\n\n",
                &next,
            ],
            "it has `a b` besides",
        ),
        (
            vec!["\n0x2 one two\n\n", TAKEN, "\n0x2 one two\n\n", LIST],
            "version 1 with 1 entries",
        ),
    ] {
        let answers = [&start[..], &further[..]].concat();
        let socket = answering(&answers, vec![Step::ReadLine, Step::send(TAKEN)]);
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("replace_map", json!({ "map": "m", "content": "one two" }));
        let error = error(&response);
        assert_eq!(error["code"], json!("not-applied"), "{error}");
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{error}"
        );
        let sent = socket.received().join("");
        assert_eq!(
            sent.contains("commit map @1 m"),
            further.len() > 1,
            "{sent}"
        );
    }
    // A single entry, too.
    let then = vec![Step::ReadLine, Step::send("\n0x1 k v\n\n")];
    for (tool, arguments) in [
        ("add_map", json!({ "map": "m", "key": "new", "value": "v" })),
        ("set_map", json!({ "map": "m", "key": "k", "value": "w" })),
        ("del_map", json!({ "map": "m", "key": "k" })),
        ("clear_map", json!({ "map": "m" })),
    ] {
        let socket = answering(&["\n0x1 k v\n\n", TAKEN], then.clone());
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call(tool, arguments);
        assert_eq!(
            response.code(),
            "not-applied",
            "{tool}: {}",
            response.message
        );
    }
}

#[test]
fn a_commit_that_another_came_before_says_so() {
    let site = Site::usual(&newest());
    let server = serve(&site, "admin");
    let refused = "\n[3]: Version number out of range.\n\n";
    let answers = [
        LIST,
        "\n0x1 k v\n\n",
        "\n[6]: New version created: 1\n\n",
        "\n\n",
        "\n0x2 one two\n\n",
        refused,
    ];
    let socket = answering(&answers, vec![Step::ReadLine, Step::send(TAKEN)]);
    let scripted = program("admin").socket(&socket.path()).start();
    scripted.stateless();
    let response = scripted.call("replace_map", json!({ "map": "m", "content": "one two" }));
    let error = error(&response);
    assert_eq!(error["code"], json!("rejected"), "{error}");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("nothing of this content is live"),
        "{error}"
    );
    // On a real one, a version that was dropped in the meantime.
    site.haproxy.raw("prepare map hosts.map");
    site.haproxy.raw("prepare map hosts.map");
    site.haproxy.raw("commit map @2 hosts.map");
    let response = server.call(
        "commit_map",
        json!({ "map": "hosts.map", "version": 1, "allow_empty": true }),
    );
    assert_eq!(response.code(), "not-found");
}

/// A change that could not be seen is not made.
#[test]
fn what_is_too_large_to_be_read_back_is_not_changed() {
    let piece = b"0x7f0000000000 key-of-an-entry its-value\n".to_vec();
    let total = piece.len() as u64 * 820_000;
    let list = vec![
        Step::ReadLine,
        Step::send("\n"),
        Step::Flood { piece, total },
        Step::send("\n"),
    ];
    for (tool, arguments) in [
        ("add_map", json!({ "map": "m", "key": "new", "value": "v" })),
        (
            "set_map",
            json!({ "map": "m", "key": "key-of-an-entry", "value": "v" }),
        ),
        ("del_map", json!({ "map": "m", "key": "key-of-an-entry" })),
    ] {
        let socket = ScriptedSocket::unix(list.clone());
        let server = program("operate").socket(&socket.path()).start();
        server.stateless();
        let response = server.call(tool, arguments);
        let error = error(&response);
        assert_eq!(error["code"], json!("failed"), "{tool}: {error}");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("nothing was changed"),
            "{tool}: {error}"
        );
        assert_eq!(socket.connections(), 1, "{tool}: {:?}", socket.received());
    }
}
