use haproxy_mcp_testkit::{Haproxy, guests};
use serde_json::{Value, json};

use crate::cases::all_succeed;
use crate::program;

/// What would change HAProxy, or reveal a secret, or hand the process over; in the words in which it could be asked for.
/// Each is a command that HAProxy takes from its admin socket on some version.
fn wordings() -> Vec<Vec<String>> {
    let lines = [
        "set server be_app/app1 state maint",
        "set server be_app/app1 weight 1",
        "set server be_app/app1 addr 127.0.0.2 port 81",
        "set server #4/#1 state maint",
        "set weight be_app/app1 1",
        "disable server be_app/app1",
        "enable server be_app/app_maint",
        "disable agent be_app/app1",
        "disable health be_app/app1",
        "set maxconn server be_app/app1 1",
        "set maxconn frontend fe_http 1",
        "set maxconn global 1",
        "set rate-limit connections global 1",
        "disable frontend fe_http",
        "shutdown frontend fe_http",
        "shutdown sessions server be_app/app1",
        "add server be_app/new 127.0.0.1:80",
        "del server be_app/app_maint",
        "clear counters",
        "clear counters all",
        "clear table be_app",
        "add acl #0 127.0.0.1",
        "add map #0 a b",
        "set map #0 a b",
        "del map #0 a",
        "clear map #0",
        "set var proc.x int(1)",
        "set anon on",
        "set anon global-key 5",
        "set profiling tasks on",
        "set severity-output none",
        "set timeout cli 1",
        "expert-mode on",
        "experimental-mode on",
        "mcli-debug-mode on",
        "debug dev exit 1",
        "debug counters reset",
        "trace h1 sink stdout",
        "reload",
        "quit",
        "prompt",
        "operator",
        "user",
        "show env",
        "show tls-keys *",
        "show events stdout -w",
        "dump ssl cert x",
        "new ssl cert x",
        "commit ssl cert x",
        "httpclient GET http://127.0.0.1/",
    ];
    let mut wordings: Vec<Vec<String>> = lines
        .iter()
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect();
    // The same behind and inside of words that are allowed.
    let write = "set server be_app/app1 state maint";
    for words in [
        vec!["show", "info", ";", write],
        vec!["show", "info;", write],
        vec![&*format!("show info;{write}")],
        vec!["show", &*format!("info\n{write}")],
        vec!["show", &*format!("info\r\n{write}\r\n")],
        vec!["show", "stat", &*format!("be_app;{write}"), "4", "-1"],
        vec!["show", "stat", "be_app\\", &*format!(";{write}"), "4"],
        vec![
            "show",
            "stat",
            &*format!("be_app <<\n{write}\n\n"),
            "4",
            "-1",
        ],
        vec!["@1", "set", "server", "be_app/app1", "state", "maint"],
        vec!["@1", write],
        vec!["@!1;", write],
        vec!["show\u{0}info", write],
        vec!["", "set", "server", "be_app/app1", "state", "maint"],
        vec![" set", "server", "be_app/app1", "state", "maint"],
        vec!["SET", "SERVER", "be_app/app1", "state", "maint"],
        vec!["se", "server", "be_app/app1", "state", "maint"],
        vec!["set", "serve", "be_app/app1", "state", "maint"],
        vec!["set\\", "server", "be_app/app1", "state", "maint"],
        vec!["disa", "server", "be_app/app1"],
        vec![],
        vec![""],
        vec![" "],
    ] {
        wordings.push(words.into_iter().map(str::to_owned).collect());
    }
    wordings
}

/// What a command could have changed: every server's place, weight, states and limits, and the process's own.
fn standing(haproxy: &Haproxy) -> Vec<String> {
    let mut standing: Vec<String> = haproxy
        .raw_text("show servers state")
        .lines()
        // Up to the weights; what follows are times and health.
        .map(|line| line.split(' ').take(9).collect::<Vec<_>>().join(" "))
        .collect();
    let statistics = haproxy.raw_text("show stat typed");
    let kept = [".slim.", ".status.", ".stot.", ".rate_lim.", ".weight."];
    standing.extend(
        statistics
            .lines()
            .filter(|line| kept.iter().any(|name| line.contains(name)))
            .map(str::to_owned),
    );
    for field in [
        "Pid",
        "Maxconn",
        "Hard_maxconn",
        "ConnRateLimit",
        "SessRateLimit",
        "SslRateLimit",
        "Listeners",
    ] {
        standing.push(format!("{field}: {}", haproxy.info(field)));
    }
    standing
}

haproxy_mcp_testkit::on_each_version! {
    /// A module of somebody else sends whatever it likes, to a real HAProxy, over a socket that may do everything.
    fn no_write_gets_through_however_it_is_worded(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        haproxy.traffic(4);
        let server = program().haproxy(&haproxy).module(&guests::path("hostile")).start();
        server.stateless();
        let before = standing(&haproxy);

        let wordings = wordings();
        let commands: Vec<Value> = wordings.iter().map(|words| json!({ "words": words })).collect();
        let answered = server.call("hostile__say_all", json!({ "commands": commands }));
        let outcomes = answered.answer()["outcomes"].as_array().expect("outcomes");
        assert_eq!(outcomes.len(), wordings.len());
        let through: Vec<String> = wordings
            .iter()
            .zip(outcomes)
            .filter(|(_, outcome)| {
                let error = outcome["error"].as_str().unwrap_or_default();
                // The last: the words were sent as a name, which nothing has.
                error != "denied"
                    && !error.starts_with("malformed:")
                    && error != "rejected:no-such-proxy"
            })
            .map(|(words, outcome)| format!("{words:?}: {outcome}"))
            .collect();
        assert!(through.is_empty(), "these were sent to HAProxy:\n{}", through.join("\n"));

        // A payload is no way around either, behind a command that is allowed.
        for payload in [json!(["set server be_app/app1 state maint"]), json!([""]), json!(["a", "", "disable server be_app/app1"])] {
            let refused = server.call("hostile__say", json!({ "words": ["show", "info"], "payload": payload }));
            assert!(["denied", "malformed"].contains(&refused.code()), "{}", refused.message);
        }

        assert_eq!(standing(&haproxy), before, "something was changed");
        // The module may ask what it was granted, so that the refusals above are not for want of a way.
        let allowed = server.call("hostile__say", json!({ "words": ["show", "info"] }));
        assert!(allowed.answer()["reply"].as_str().is_some_and(|reply| reply.contains("Pid: ")), "{}", allowed.message);
        all_succeed(&server);
    }
}
