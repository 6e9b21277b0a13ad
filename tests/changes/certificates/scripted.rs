use std::path::Path;

use haproxy_mcp_testkit::mcp::Response;
use haproxy_mcp_testkit::{ScriptedSocket, Step, newest};
use serde_json::json;

use super::{new_certificate, site, update};
use crate::cases::{program, serve};

/// The list of files, in which nobody changes anything.
const HELD: &str = "\n# filename\n/x.pem\n\n";

fn shown(file: &str, serial: &str, fingerprint: &str) -> String {
    format!(
        "\nFilename: {file}\nStatus: Used\nSerial: {serial}\nSHA1 FingerPrint: {fingerprint}\nSubject: /CN=x\n\n"
    )
}

/// Answers each command in turn, and all further ones with the last answer.
fn in_turn(answers: &[&str]) -> ScriptedSocket {
    let connection = |text: &str| {
        // A payload has more lines than one: what is still to come does not matter.
        vec![
            Step::ReadLine,
            Step::send(text),
            Step::CloseWrite,
            Step::Hang,
        ]
    };
    let (last, first) = answers.split_last().unwrap();
    let first = first.iter().map(|text| connection(text)).collect();
    ScriptedSocket::unix_each(first, connection(last))
}

fn scripted(socket: &Path) -> Response {
    let server = program("admin").socket(socket).start();
    server.stateless();
    server.call(
        "update_ssl_cert",
        json!({ "cert": "/x.pem", "content": new_certificate(1).pem() }),
    )
}

fn commands(socket: &ScriptedSocket) -> Vec<String> {
    let received = socket.received();
    received
        .iter()
        .map(|text| {
            let line = text.lines().next().unwrap_or_default().to_owned();
            line.trim_start_matches("set severity-output number;")
                .to_owned()
        })
        .collect()
}

/// Somebody opened a transaction between the look and the command: 2.6 put this certificate into theirs. Nobody may
/// commit that any more.
#[test]
fn a_transaction_that_was_opened_a_moment_ago_is_not_committed() {
    for (said, aborted) in [
        (
            "\n[5]: Transaction updated for certificate /other.pem!\n\n",
            "abort ssl cert /other.pem",
        ),
        (
            "\n[5]: Transaction updated for certificate /x.pem!\n\n",
            "abort ssl cert /x.pem",
        ),
    ] {
        let socket = in_turn(&[
            HELD,
            HELD,
            said,
            "\n[5]: Transaction aborted for certificate!\n\n",
        ]);
        let response = scripted(&socket.path());
        assert_eq!(response.code(), "rejected", "{}", response.message);
        assert_eq!(
            response.error()["details"]["reason"],
            "other-transaction",
            "{}",
            response.message
        );
        let commands = commands(&socket);
        assert!(
            commands.iter().any(|command| command == aborted),
            "{commands:?}"
        );
        // What became of theirs is not kept from the reader.
        let message = response.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("theirs was thrown away, too"), "{message}");
        assert!(
            !commands.iter().any(|command| command.starts_with("commit")),
            "{commands:?}"
        );
    }
}

/// And somebody ended ours before it was looked at.
#[test]
fn a_transaction_that_somebody_else_ended_is_told_as_such() {
    let live = shown("/x.pem", "01", "AA");
    let socket = in_turn(&[
        HELD,
        HELD,
        "\n[5]: Transaction created for certificate /x.pem!\n\n",
        &live,
        "\n[3]: Can't display the certificate: Not found or the certificate is a bundle!\n\n",
        HELD,
        "\n[3]: No ongoing transaction!\n\n",
    ]);
    let response = scripted(&socket.path());
    let error = response.error();
    assert_eq!(error["details"]["reason"], "other-transaction", "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .ends_with("nothing was changed"),
        "{error}"
    );
}

/// HAProxy 3.4.7 can lose its lock for good.
#[test]
fn certificates_that_stay_locked_are_told_with_the_way_out() {
    let locked = "\n[3]: Can't show!\nOperations on certificates are currently locked!\n\n";
    let socket = in_turn(&[locked]);
    let response = scripted(&socket.path());
    let error = response.error();
    assert_eq!(error["details"]["reason"], "locked", "{error}");
    assert!(
        error["hint"].as_str().unwrap().contains("reload"),
        "{error}"
    );
    assert!(commands(&socket).len() > 10, "it was asked for a while");
}

/// What HAProxy read is not what was given: it is not committed.
#[test]
fn a_draft_that_is_another_certificate_is_thrown_away() {
    let (live, draft) = (shown("/x.pem", "01", "AA"), shown("*/x.pem", "02", "BB"));
    let socket = in_turn(&[
        HELD,
        HELD,
        "\n[5]: Transaction created for certificate /x.pem!\n\n",
        &live,
        &draft,
        "\n[5]: Transaction aborted for certificate '/x.pem'!\n\n",
    ]);
    let response = scripted(&socket.path());
    assert_eq!(response.code(), "not-applied", "{}", response.message);
    let error = response.error();
    assert_eq!(error["details"]["drafted"]["serial"], "02", "{error}");
    let commands = commands(&socket);
    assert!(
        commands.contains(&"abort ssl cert /x.pem".to_owned()),
        "{commands:?}"
    );
    assert!(
        !commands.iter().any(|command| command.starts_with("commit")),
        "{commands:?}"
    );
}

/// HAProxy goes away in the middle: no success, and nothing said of what is not known.
#[test]
fn a_worker_that_goes_away_in_the_middle_is_told() {
    let before = ["\n[5]: Transaction created for certificate /x.pem!\n\n"];
    for answers in [vec![HELD, HELD, ""], vec![HELD, HELD, before[0], ""]] {
        let socket = in_turn(&answers);
        let response = scripted(&socket.path());
        assert_eq!(response.code(), "interrupted", "{}", response.message);
        let commands = commands(&socket);
        assert!(
            !commands.iter().any(|command| command.starts_with("commit")),
            "{commands:?}"
        );
    }
}

/// The certificate was there when it was looked for, and the process is gone when it is committed.
#[test]
fn a_commit_that_is_cut_off_is_not_claimed() {
    let haproxy = site(&newest());
    let server = serve(&haproxy, "admin");
    let fingerprint = {
        let new = new_certificate(1);
        update(&server, &haproxy, "www.pem", &new.pem()).answer()["after"]["sha1_fingerprint"]
            .as_str()
            .map(|fingerprint| (new, fingerprint.to_owned()))
            .unwrap()
    };
    let (new, fingerprint) = fingerprint;
    let (live, draft) = (
        shown("/x.pem", "01", "AA"),
        shown("*/x.pem", "01", &fingerprint).replace("\n\n", "\nChain Subject: /CN=Another CA\n\n"),
    );
    let socket = in_turn(&[
        HELD,
        HELD,
        "\n[5]: Transaction created for certificate /x.pem!\n\n",
        &live,
        &draft,
        "\nCommitting /x.pem.",
        "\n[3]: No ongoing transaction!\n\n",
    ]);
    let scripted = program("admin").socket(&socket.path()).start();
    scripted.stateless();
    let arguments = json!({ "cert": "/x.pem", "content": new.pem() });
    let response = scripted.call("update_ssl_cert", arguments);
    assert_eq!(response.code(), "interrupted", "{}", response.message);
    let commands = commands(&socket);
    assert!(
        commands.contains(&"commit ssl cert /x.pem".to_owned()),
        "{commands:?}"
    );
}
