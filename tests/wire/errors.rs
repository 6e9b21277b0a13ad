//! What 94 wrong commands were answered by four versions, and what each answer must be taken for.
//!
//! The answers are those of real HAProxy to `set severity-output number;COMMAND`, in `tests/fixtures/errors`.

use haproxy_mcp_testkit::{ScriptedSocket, Step};

use crate::asking::{class, info, permit, text_of, unix};

/// Command, and what its answer is: `ok` for a success (also one that HAProxy should not have given), `unknown` for
/// a command that there is not, else the code of the refusal or failure.
const EXPECTED: &[(&str, &str)] = &[
    ("bogus", "unknown"),
    ("show", "unknown"),
    ("show bogus", "unknown"),
    ("set", "unknown"),
    ("set server", "missing-argument"),
    ("set server be_app", "missing-argument"),
    ("set server be_app/nosuch state drain", "no-such-server"),
    ("set server nosuch/app1 state drain", "no-such-backend"),
    ("set server be_app/app1", "invalid-argument"),
    ("set server be_app/app1 state bogus", "invalid-argument"),
    ("set server be_app/app1 bogus", "invalid-argument"),
    ("disable server", "missing-argument"),
    ("disable server app1", "missing-argument"),
    ("enable server be_app/nosuch", "no-such-server"),
    ("set weight be_app/app1", "missing-argument"),
    ("set weight be_app/app1 abc", "invalid-argument"),
    ("set weight be_app/app1 -5", "out-of-range"),
    ("get weight be_app", "missing-argument"),
    ("get weight be_app/nosuch", "no-such-server"),
    ("set maxconn server be_app/app1", "missing-argument"),
    ("set maxconn frontend nosuch 10", "no-such-frontend"),
    ("set maxconn frontend fe_http", "invalid-argument"),
    ("set maxconn global abc", "ok"),
    ("set maxconn global 999999999", "out-of-range"),
    ("show table nosuch", "no-such-table"),
    ("show table st_src data.nosuch gt 1", "invalid-argument"),
    ("show table st_src data.gpc0 bogus 1", "invalid-argument"),
    ("show table st_src data.gpc0 gt", "invalid-argument"),
    ("show table st_src bogus", "invalid-argument"),
    ("show servers state nosuch", "no-such-backend"),
    ("show servers conn nosuch", "no-such-backend"),
    ("show stat nosuch 4 -1", "no-such-proxy"),
    ("show map nosuch", "no-such-map"),
    ("show map #99", "no-such-map"),
    ("get map nosuch x", "no-such-map"),
    ("get map /etc/haproxy/maps/hosts.map", "missing-argument"),
    ("add map", "invalid-argument"),
    ("add map nosuch k v", "no-such-map"),
    ("add map /etc/haproxy/maps/hosts.map k", "invalid-argument"),
    ("set map nosuch k v", "no-such-map"),
    ("del map nosuch k", "no-such-map"),
    ("clear map nosuch", "no-such-map"),
    ("clear acl nosuch", "no-such-acl"),
    ("commit map @1 nosuch", "no-such-map"),
    ("prepare map nosuch", "no-such-map"),
    ("show acl nosuch", "no-such-acl"),
    ("get var", "missing-argument"),
    ("get var bogus.x", "no-such-variable"),
    ("get var txn.x", "no-such-variable"),
    ("show errors nosuch", "no-such-proxy"),
    ("show sess 0xdead", "no-such-session"),
    ("shutdown session", "invalid-argument"),
    ("shutdown session xyz", "invalid-argument"),
    ("show resolvers nosuch", "no-such-resolvers"),
    ("show peers nosuch", "no-such-peers"),
    ("show fd abc", "invalid-argument"),
    ("show events nosuch", "no-such-event-sink"),
    ("show info bogus", "ok"),
    ("show stat bogus", "ok"),
    ("show ssl crt-list nosuch", "no-such-file"),
    ("show ssl ca-file nosuch", "no-such-file"),
    ("show tls-keys nosuch", "no-such-file"),
    ("set ssl cert", "invalid-argument"),
    ("commit ssl cert nosuch", "no-transaction"),
    ("abort ssl cert nosuch", "no-transaction"),
    ("del ssl cert nosuch", "no-such-certificate"),
    ("disable frontend nosuch", "no-such-frontend"),
    ("shutdown frontend nosuch", "no-such-frontend"),
    ("clear counters bogus", "ok"),
    ("set timeout cli abc", "invalid-argument"),
    ("set timeout", "invalid-argument"),
    ("set rate-limit", "invalid-argument"),
    ("set rate-limit bogus global 1", "invalid-argument"),
    ("set rate-limit connections global abc", "ok"),
    ("enable health", "missing-argument"),
    ("enable agent be_app/nosuch", "no-such-server"),
    ("add server", "missing-argument"),
    ("add server be_dyn/x", "invalid-argument"),
    ("add server be_dyn/x bogus:addr:9", "already-exists"),
    ("del server", "missing-argument"),
    ("del server be_app/app1", "in-use"),
    ("set profiling bogus", "invalid-argument"),
    ("trace bogus", "no-such-trace-source"),
    ("wait", "invalid-argument"),
    ("wait abc", "invalid-argument"),
    ("echo", "ok"),
    ("expert-mode bogus", "ok"),
    ("set severity-output", "missing-argument"),
    ("debug dev exit", "mode-required"),
    ("show startup-logs bogus", "ok"),
    ("update ssl ocsp-response nosuch", "no-such-certificate"),
    ("", "interrupted"),
    ("#comment", "interrupted"),
    (" ", "interrupted"),
];

/// Where a version differs: version, command, what its answer is.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("2.6", "show fd abc", "ok"),
    ("2.6", "wait", "unknown"),
    ("2.6", "wait abc", "unknown"),
    ("2.6", "echo", "unknown"),
    ("3.0", "echo", "unknown"),
    ("2.6", "update ssl ocsp-response nosuch", "unknown"),
];

/// Command and answer, in the order of the file.
fn answers(text: &str) -> Vec<(String, Vec<u8>)> {
    let blocks: Vec<&str> = text.split("### '").skip(1).collect();
    assert_eq!(blocks.len(), 94, "answers in the file");
    blocks
        .iter()
        .map(|block| {
            let (command, rest) = block.split_once("'\n--- plain\n").unwrap();
            let (_, answer) = rest
                .split_once("--- after 'set severity-output number;'\n")
                .unwrap();
            (command.to_owned(), answer.as_bytes().to_vec())
        })
        .collect()
}

async fn check(version: &str, text: &str) {
    let answers = answers(text);
    let scripts = answers
        .iter()
        .map(|(_, answer)| vec![Step::ReadLine, Step::send(answer)])
        .collect();
    let socket = ScriptedSocket::unix_each(scripts, vec![Step::Close]);
    let api = unix(socket.path());
    let mut wrong = Vec::new();
    for (at, (command, answer)) in answers.iter().enumerate() {
        let (expected_command, expected) = EXPECTED.get(at).copied().unwrap_or_default();
        assert_eq!(command, expected_command, "row {at} of the table");
        let expected = DIFFERENT
            .iter()
            .find(|(of, differing, _)| *of == version && differing == command)
            .map_or(expected, |(_, _, class)| *class);
        // Where policy has no row for such words, the reply is read like a dump.
        let permit = permit(command).unwrap_or_else(info);
        let seen = class(&text_of(&api, permit).await);
        if seen != expected {
            let answer = String::from_utf8_lossy(answer);
            let line = answer.lines().nth(1).unwrap_or_default();
            wrong.push(format!(
                "`{command}` was answered {line:?}: taken for {seen}, expected {expected}"
            ));
        }
    }
    assert!(wrong.is_empty(), "HAProxy {version}:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn of_2_6() {
    check("2.6", include_str!("../fixtures/errors/2.6.txt")).await;
}

#[tokio::test]
async fn of_3_0() {
    check("3.0", include_str!("../fixtures/errors/3.0.txt")).await;
}

#[tokio::test]
async fn of_3_2() {
    check("3.2", include_str!("../fixtures/errors/3.2.txt")).await;
}

#[tokio::test]
async fn of_3_4() {
    check("3.4", include_str!("../fixtures/errors/3.4.txt")).await;
}
