//! Sessions, compared with what the raw socket says.

use std::net::TcpStream;

use haproxy_mcp_testkit::until;
use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::process::{case, compare};
use crate::{busy, serve};

/// The command whose reply is compared.
pub(crate) const COMMANDS: [&str; 1] = ["show sess"];

pub(crate) fn cases() -> Vec<Case> {
    vec![case(
        "show_sess",
        json!({}),
        json!({ "frontend": "fe_htt" }),
        ("not-found", "/frontend"),
    )]
}

/// The words of each line that is not about a connection to the Runtime API.
fn lines(reply: &str) -> Vec<Vec<&str>> {
    reply
        .lines()
        .filter(|line| line.starts_with("0x") && !line.contains(" fe=GLOBAL "))
        .map(|line| line.split(' ').collect())
        .collect()
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    if tool != "show_sess" {
        return false;
    }
    let reply = check.before.replies["show sess"].clone();
    let meant = |words: &&Vec<&str>| {
        [("frontend", "fe"), ("backend", "be"), ("server", "srv")]
            .into_iter()
            .filter_map(|(argument, name)| Some((arguments[argument].as_str()?, name)))
            .all(|(wanted, name)| words.contains(&format!("{name}={wanted}").as_str()))
    };
    let all = lines(&reply);
    let expected: Vec<&Vec<&str>> = all.iter().filter(meant).collect();
    let matched = expected.len() as u64;
    check.same("matched", answer["matched"].as_u64(), Some(matched));
    for row in rows(answer) {
        let id = format!("{}:", text(row, "id"));
        let Some(words) = expected.iter().find(|words| words[0] == id) else {
            check.wrong(format!("HAProxy has no session {id}"));
            continue;
        };
        for name in ["src", "fe", "be", "srv"] {
            let start = format!("{name}=");
            let said = row.get(name).and_then(Value::as_str);
            let word = words.iter().find_map(|word| word.strip_prefix(&start));
            let word = word.filter(|word| !word.eq_ignore_ascii_case("<none>"));
            check.same(name, said, word);
        }
    }
    true
}

haproxy_mcp_testkit::on_each_version! {
    fn answers_about_sessions_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let _visitors: Vec<TcpStream> = (0..3)
            .map(|_| TcpStream::connect(haproxy.tcp_address()).unwrap())
            .collect();
        until("the visitors to be there", || {
            let reply = haproxy.raw_text("show sess");
            match reply.matches(" fe=fe_tcp ").count() {
                3 => Ok(()),
                _ => Err(reply),
            }
        });
        compare(&haproxy, &server, &[
            ("show_sess", json!({})),
            ("show_sess", json!({ "frontend": "fe_tcp" })),
            ("show_sess", json!({ "backend": "be_tcp", "server": "t1" })),
            ("show_sess", json!({ "backend": "be_app" })),
        ]);
    }
}
