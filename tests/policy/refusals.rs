//! What a refusal says, and what would help.

use haproxy_mcp::policy::{Access, Authority, Command, Grant, Permit, Refusal, decide};

use crate::samples::{here, say};

fn text(result: Result<Permit, Refusal>) -> String {
    let refusal = result.unwrap_err();
    format!("{}: {refusal}\n  {}", refusal.code(), refusal.hint())
}

#[test]
fn messages_and_hints() {
    use Access::{Admin, Operate, Read};
    let all = Grant::all(Admin);
    let read = Grant::read();
    let servers = Grant::only(Admin, vec!["set server be_app/* state *".parse().unwrap()]);
    let ask = |server, module: &Grant, tool, command: &Command| {
        text(decide(
            &Authority {
                server,
                module,
                tool,
            },
            &here(),
            command,
        ))
    };
    let drain = say("set server be_app/app1 state drain");
    let pem = say("set ssl cert site.pem").with_payload(["hunter2"]);
    let text = [
        ask(Read, &all, Admin, &drain),
        ask(Operate, &all, Admin, &say("clear counters all")),
        ask(Admin, &all, Read, &drain),
        ask(Admin, &read, Admin, &drain),
        ask(
            Admin,
            &servers,
            Admin,
            &say("set server be_api/api1 state drain"),
        ),
        ask(Admin, &servers, Admin, &say("set server #5/#1 state drain")),
        ask(Admin, &servers, Admin, &say("add map hosts.map key value")),
        ask(Admin, &servers, Admin, &pem),
        ask(Admin, &all, Admin, &say("prepare map #2")),
        ask(Admin, &all, Admin, &say("show everything there is in it")),
        ask(Admin, &all, Admin, &say("show env HOME")),
        ask(Admin, &all, Admin, &say("clear counters bogus")),
        ask(
            Admin,
            &all,
            Admin,
            &say("set server be_app/app1 state sleeping"),
        ),
        ask(Admin, &all, Admin, &say("set server be_app/app1")),
        ask(
            Admin,
            &all,
            Admin,
            &say("set ssl tls-key file hunter2 hunter2"),
        ),
        ask(Admin, &all, Admin, &say("show info").with_payload(["x"])),
        ask(Admin, &all, Admin, &Command::new(["show", "\u{202e}stat"])),
        ask(
            Admin,
            &all,
            Admin,
            &Command::new(["get", "weight", &"x".repeat(300)]),
        ),
        ask(Admin, &all, Admin, &Command::default()),
        ask(Admin, &all, Admin, &Command::new(["show", ""])),
        ask(Admin, &all, Admin, &Command::new(["show", "info\n"])),
        ask(Admin, &all, Admin, &say("@1 show info")),
        ask(Admin, &all, Admin, &Command::new(vec!["echo"; 65])),
        ask(
            Admin,
            &all,
            Admin,
            &Command::new(["echo", &"x".repeat(15_000)]),
        ),
        ask(
            Admin,
            &all,
            Admin,
            &say("add map m").with_payload(["k v", " "]),
        ),
        ask(
            Admin,
            &all,
            Admin,
            &say("add map m").with_payload(["k v\r"]),
        ),
        ask(
            Admin,
            &all,
            Admin,
            &say("add map m").with_payload(["k v", "k"]),
        ),
        ask(
            Admin,
            &all,
            Admin,
            &say("add map m").with_payload([format!("k {}", "v".repeat(15_000))]),
        ),
        ask(
            Admin,
            &all,
            Admin,
            &Command::new(["add", "map", &"m".repeat(2_000)])
                .with_payload([format!("k {}", "v".repeat(14_900))]),
        ),
    ]
    .join("\n");
    insta::assert_snapshot!(text);
}
