//! What the HAProxy that runs adds to the risks; and what is said of one is seen on one.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, newest};
use serde_json::{Value, json};

use crate::everything;
use crate::expected::rows;

/// A server in front of this HAProxy that was granted its configuration.
fn granted(haproxy: &Haproxy) -> McpServer {
    let config = haproxy.folder().join("haproxy.cfg");
    let server = everything()
        .haproxy(haproxy)
        .arg("--haproxy-config")
        .arg(config)
        .start();
    server.stateless();
    server
}

fn answer(server: &McpServer) -> Value {
    server
        .call("explain_config_risks", json!({ "limit": 500 }))
        .answer()
        .clone()
}

/// The risks of this id.
fn of(answer: &Value, id: &str) -> Vec<Value> {
    rows(answer)
        .filter(|row| row["id"] == id)
        .map(|row| json!(row))
        .collect()
}

/// The places of a risk.
fn places(risk: &Value) -> Vec<&str> {
    let evidence = risk["evidence"].as_array().expect("evidence").iter();
    evidence
        .map(|place| place["text"].as_str().expect("a text"))
        .collect()
}

/// The first line that a page answers to this request over a Unix socket.
fn status(socket: &Path, target: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("connect to the page");
    write!(stream, "GET {target} HTTP/1.0\r\n\r\n").expect("ask for the page");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("read the page");
    let reply = String::from_utf8_lossy(&reply).into_owned();
    reply.lines().next().unwrap_or_default().to_owned()
}

haproxy_mcp_testkit::on_each_version! {
    fn the_running_haproxy_is_asked_too(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let server = granted(&haproxy);
        let answer = answer(&server);
        assert_eq!(answer["running"], json!({ "asked": true, "version": binary.version }), "{answer}");
        assert_eq!(answer["files"], json!(["haproxy.cfg"]));
        // Its own socket has the mode 660, and another one is on the loopback.
        assert_eq!(of(&answer, "runtime-api-on-network"), Vec::<Value>::new());
        let loopback = of(&answer, "runtime-api-on-loopback");
        assert!(places(&loopback[0])[0].contains("stats socket ipv4@127.0.0.1:"), "{answer}");
    }

    fn certificates_that_expire_are_told(binary: &Binary) {
        let files = tempfile::tempdir().unwrap();
        let authority = Authority::new("Test CA");
        let folder = files.path().display();
        let mut list = String::new();
        for (serial, (name, days)) in [("over", 0), ("late", 5), ("soon", 20), ("fine", 90)].into_iter().enumerate() {
            let host = format!("{name}.example.test");
            let pem = authority.issue(u64::try_from(serial).unwrap() + 0x1000, &[&host], days).pem();
            std::fs::write(files.path().join(format!("{name}.pem")), pem).unwrap();
            writeln!(list, "{folder}/{name}.pem").unwrap();
        }
        std::fs::write(files.path().join("list.txt"), list).unwrap();
        let sections = format!("frontend fe_certificates\n    bind unix@{folder}/list.sock ssl crt-list {folder}/list.txt\n");
        let haproxy = Haproxy::builder(binary).with(&sections).start();
        let answer = answer(&granted(&haproxy));
        let expired = of(&answer, "certificate-expired");
        assert_eq!(expired.len(), 1, "{answer}");
        assert_eq!(expired[0]["severity"], "high");
        assert_eq!(places(&expired[0]).len(), 1, "{expired:?}");
        assert!(places(&expired[0])[0].contains("/over.pem: valid until ") && places(&expired[0])[0].ends_with("(-1 days)"), "{expired:?}");
        let soon = of(&answer, "certificate-expires");
        let told: Vec<(&str, bool)> = soon.iter().map(|risk| (risk["severity"].as_str().unwrap(), places(risk).len() == 1)).collect();
        assert_eq!(told, [("high", true), ("medium", true)], "{soon:?}");
        assert!(places(&soon[0])[0].contains("/late.pem") && places(&soon[1])[0].contains("/soon.pem"), "{soon:?}");
        let command = if binary.at_least(3, 2) { "`show ssl sni`" } else { "`show ssl cert`" };
        assert_eq!(soon[0]["evidence"][0]["at"], command);
        assert!(!answer.to_string().contains("fine.pem"), "{answer}");
    }

    fn what_haproxy_warned_of_is_told(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("defaults\n    mode tcp\nfrontend fe_bare\n    bind unix@bare.sock\n    stats enable\n")
            .start();
        let answer = answer(&granted(&haproxy));
        let warned = of(&answer, "start-warning");
        let said = places(&warned[0]).join("\n");
        assert!(said.contains("missing timeouts for frontend 'fe_bare'"), "{warned:?}");
        assert!(said.contains("'stats' statement ignored for frontend 'fe_bare'"), "{warned:?}");
        assert_eq!(of(&answer, "timeout-missing").len(), 1, "{answer}");
        assert_eq!(of(&answer, "stats-page-ignored").len(), 1, "{answer}");
    }

    fn secrets_in_what_haproxy_warned_of_are_in_no_answer(binary: &Binary) {
        // 3.2 says the whole line
        if binary.at_least(3, 4) {
            return;
        }
        let haproxy = Haproxy::builder(binary)
            .with("listen page\n    bind unix@page.sock\n    stats auth admin:s3cret-1 \"\"\n")
            .start();
        let server = granted(&haproxy);
        let answer = answer(&server);
        assert_eq!(of(&answer, "line-unreadable").len(), 1, "{answer}");
        assert_eq!(of(&answer, "start-warning").len(), usize::from(binary.at_least(3, 2)), "{answer}");
        assert!(!answer.to_string().contains("s3cret-1"), "{answer}");
    }

    fn a_keyword_is_gone_for_the_version_that_runs(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let config = haproxy.folder().join("other.cfg");
        std::fs::write(&config, "global\nfrontend web\n    bind-process 1\n").unwrap();
        let server = everything().haproxy(&haproxy).arg("--haproxy-config").arg(config).start();
        server.stateless();
        let answer = answer(&server);
        let severity = if binary.at_least(3, 0) { "high" } else { "low" };
        let unlimited = of(&answer, "process-maxconn");
        assert_eq!(places(&unlimited[0]), ["global", "Maxconn: 4000"], "{answer}");
        assert_eq!(of(&answer, "keyword-removed")[0]["severity"], severity, "{answer}");
    }

    fn what_the_level_of_the_socket_keeps_back_is_said(binary: &Binary) {
        for (level, kept) in [("user", true), ("operator", false)] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let answer = answer(&granted(&haproxy));
            assert_eq!(answer["running"]["asked"], json!(true));
            let not_asked: Vec<(&str, &str)> = answer["running"]["not_asked"]
                .as_array()
                .map(|list| list.iter().map(|one| (one["command"].as_str().unwrap(), one["reason"].as_str().unwrap())).collect())
                .unwrap_or_default();
            let startup = ("show startup-logs", "permission-denied");
            assert_eq!(not_asked.contains(&startup), kept, "{level}: {answer}");
            assert!(not_asked.iter().all(|(_, reason)| *reason == "permission-denied"), "{level}: {answer}");
        }
    }

    fn a_haproxy_that_is_gone_is_no_failure(binary: &Binary) {
        let mut haproxy = Haproxy::start(binary);
        let server = granted(&haproxy);
        let before = answer(&server);
        haproxy.stop();
        let response = server.call("explain_config_risks", json!({ "limit": 500 }));
        let after = response.answer();
        assert_eq!(after["running"]["asked"], json!(false), "{after}");
        assert_eq!(after["running"]["not_asked"][0]["reason"], "connection-refused", "{after}");
        let written = |answer: &Value| rows(answer).filter(|row| row["id"] != "start-warning").map(|row| json!(row)).collect::<Vec<_>>();
        assert_eq!(written(after), written(&before));
        assert!(response.texts()[0].contains("was not asked"), "{}", response.message);
        assert!(server.call("show_config", json!({ "section": "global" })).answer().is_object());
    }

    fn a_stats_line_of_the_proxy_takes_the_password_of_defaults_away(binary: &Binary) {
        let sections = "
defaults secured
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    stats uri /stats
    stats auth a:b
frontend fe_inherits from secured
    bind unix@inherits.sock
frontend fe_own from secured
    bind unix@own.sock
    stats uri /stats
frontend fe_enabled from secured
    bind unix@enabled.sock
    stats show-legends
";
        let haproxy = Haproxy::builder(binary).with(sections).start();
        let at = |name: &str| haproxy.folder().join(name);
        assert!(status(&at("inherits.sock"), "/stats").contains("401"));
        assert!(status(&at("own.sock"), "/stats").contains("200"));
        // and without `stats uri` it is where everybody looks for it
        assert!(!status(&at("enabled.sock"), "/stats").contains("200"));
        assert!(status(&at("enabled.sock"), "/haproxy?stats").contains("200"));
        let answer = answer(&granted(&haproxy));
        let lost = of(&answer, "stats-password-not-inherited");
        let shown: Vec<&str> = lost.iter().flat_map(places).collect();
        assert!(shown.contains(&"stats show-legends") && shown.contains(&"stats auth a:[redacted]"), "{lost:?}");
        assert!(of(&answer, "stats-page-default-address").iter().flat_map(places).any(|line| line == "stats show-legends"), "{answer}");
    }

    fn rules_keep_out_as_is_said(binary: &Binary) {
        /// A name, rules, what page and exporter answer without a password, and what is told of it.
        type Case<'a> = (&'a str, Vec<String>, [&'a str; 2], &'a [&'a str]);
        let (page, exporter) = ("stats-page-without-password", "exporter-open");
        let using = "http-request use-service prometheus-exporter if { path /metrics }";
        let asking = "http-request auth unless { http_auth(u) }";
        let cases: [Case<'_>; 8] = [
            ("before", vec![asking.to_owned(), using.to_owned()], ["401", "401"], &[]),
            ("behind", vec![using.to_owned(), asking.to_owned()], ["401", "200"], &[exporter]),
            ("beside", vec![using.to_owned(), "stats auth a:b".to_owned()], ["401", "200"], &[exporter]),
            ("asked", vec!["stats http-request auth if !{ http_auth(u) }".to_owned()], ["401", "503"], &[]),
            ("denied", vec!["stats http-request allow if { http_auth(u) }".to_owned(), "stats http-request deny".to_owned()], ["403", "503"], &[]),
            ("allowed", vec!["stats http-request allow if { http_auth(u) }".to_owned()], ["200", "503"], &[page]),
            ("too_late", vec!["stats http-request allow".to_owned(), "stats http-request auth".to_owned()], ["200", "503"], &[page]),
            ("few", vec!["stats http-request deny if { src 192.0.2.1 }".to_owned()], ["200", "503"], &[page]),
        ];
        let mut sections = "userlist u\n    user a password $5$x\n".to_owned();
        for (name, rules, ..) in &cases {
            // by an address that tells nothing of who may come
            write!(sections, "frontend fe_{name}\n    mode http\n    timeout client 5s\n    bind \"${{NOWHERE-unix@}}{name}.sock\"\n    stats uri /stats\n    {}\n", rules.join("\n    ")).unwrap();
        }
        let haproxy = Haproxy::builder(binary).with(&sections).start();
        let answer = answer(&granted(&haproxy));
        for (name, _, [of_page, of_exporter], told) in &cases {
            let socket = haproxy.folder().join(format!("{name}.sock"));
            assert!(status(&socket, "/stats").contains(of_page), "{name}: {}", status(&socket, "/stats"));
            assert!(status(&socket, "/metrics").contains(of_exporter), "{name}: {}", status(&socket, "/metrics"));
            for id in [page, exporter] {
                let found = of(&answer, id);
                let here = found.iter().flat_map(|risk| risk["evidence"].as_array().unwrap());
                let is_told = here.filter(|place| place["section"] == format!("frontend fe_{name}")).count() > 0;
                assert_eq!(is_told, told.contains(&id), "{name}, {id}: {answer}");
            }
        }
    }

    fn tls_in_front_of_the_runtime_api_works_as_it_is_mended(binary: &Binary) {
        let folder = tempfile::tempdir().unwrap();
        let owner = std::fs::metadata(folder.path()).unwrap();
        // nobody but root may have another root folder
        let chroot = if owner.uid() == 0 { format!("    chroot {}\n", folder.path().display()) } else { String::new() };
        let global = format!("global\n{chroot}    uid {}\n    gid {}\n", owner.uid(), owner.gid());
        let line = "    stats socket ipv4@127.0.0.1:9999 level user ssl crt lb.pem ca-file ca.pem verify required\n";
        let config = folder.path().join("haproxy.cfg");
        std::fs::write(&config, format!("{global}{line}")).unwrap();
        let server = everything().socket(&folder.path().join("nobody.sock")).arg("--haproxy-config").arg(config).start();
        server.stateless();
        let found = of(&answer(&server), "runtime-api-tls-ignored");
        let mend = found[0]["mend"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n");
        assert!(mend.contains("bind ipv4@127.0.0.1:9999 ssl crt lb.pem ca-file ca.pem verify required"), "{mend}");
        assert!(!mend.lines().any(|line| line.starts_with("stats socket") && line.contains("9999")), "{mend}");
        let mend = mend
            .replace("127.0.0.1:9999", haproxy_mcp_testkit::haproxy::PAGE)
            .replace("/run/haproxy/admin.sock", &folder.path().join("admin.sock").display().to_string());
        let client = |name: &str, own: &str| format!(
            "listen {name}\n    mode tcp\n    bind unix@{name}.sock\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n    server a {} ssl {own} ca-file ca.pem verify required verifyhost lb.example.test\n",
            haproxy_mcp_testkit::haproxy::PAGE
        );
        let authority = Authority::new("Operators");
        let haproxy = Haproxy::builder(binary)
            .file("lb.pem", &authority.issue(1, &["lb.example.test"], 9).pem())
            .file("ops.pem", &authority.issue_client(2, &["ops"], 9).pem())
            .file("ca.pem", &authority.pem())
            .with(&format!("{global}{mend}\n{}{}", client("known", "crt ops.pem"), client("stranger", "")))
            .start();
        let ask = |name: &str| {
            let mut stream = UnixStream::connect(haproxy.folder().join(name)).unwrap();
            writeln!(stream, "show cli level").unwrap();
            let mut reply = Vec::new();
            // a connection that is refused may be reset
            let _ = stream.read_to_end(&mut reply);
            String::from_utf8_lossy(&reply).trim().to_owned()
        };
        assert_eq!(ask("known.sock"), "user");
        assert_eq!(ask("stranger.sock"), "");
    }

    fn an_empty_password_lets_in(binary: &Binary) {
        let page = |name: &str, auth: &str| format!("frontend {name}\n    mode http\n    timeout client 5s\n    bind unix@{name}.sock\n    stats uri /stats\n    stats auth {auth}\n");
        let sections = page("without_colon", "a") + &page("empty", "a:") + &page("whole", "a:b");
        let haproxy = Haproxy::builder(binary).with(&sections).start();
        let status = |name: &str| {
            let mut stream = UnixStream::connect(haproxy.folder().join(name)).unwrap();
            // `a:`
            write!(stream, "GET /stats HTTP/1.0\r\nAuthorization: Basic YTo=\r\n\r\n").unwrap();
            let mut reply = Vec::new();
            stream.read_to_end(&mut reply).unwrap();
            String::from_utf8_lossy(&reply).lines().next().unwrap_or_default().to_owned()
        };
        assert!(status("without_colon.sock").contains("200"));
        assert!(status("empty.sock").contains("200"));
        assert!(status("whole.sock").contains("401"));
        let answer = answer(&granted(&haproxy));
        let told: Vec<Value> = of(&answer, "stats-password-empty").iter().flat_map(|risk| risk["evidence"].as_array().unwrap().clone()).map(|place| place["section"].clone()).collect();
        assert_eq!(told, ["frontend without_colon", "frontend empty"], "{answer}");
    }

    fn a_stats_socket_with_tls_speaks_plain_text(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("global\n    stats socket unix@tls.sock mode 660 ssl crt site.pem\n    stats socket unix@plain.sock mode 660\n")
            .start();
        let raw = |name: &str, command: &str| {
            let mut stream = UnixStream::connect(haproxy.folder().join(name)).unwrap();
            writeln!(stream, "{command}").unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).unwrap();
            reply
        };
        assert!(raw("tls.sock", "show info").contains("Version: "));
        // a socket without `level` is of level operator
        let sockets = raw("plain.sock", "show cli sockets");
        assert!(sockets.contains("plain.sock operator"), "{sockets}");
        let answer = answer(&granted(&haproxy));
        assert_eq!(of(&answer, "runtime-api-tls-ignored").len(), 1, "{answer}");
    }
}

/// HAProxy's answers to what is asked of it, by a script.
fn script(replies: &[(&str, &str)]) -> ScriptedSocket {
    let connections = replies
        .iter()
        .map(|(_, reply)| vec![Step::ReadLine, Step::send(reply), Step::Close]);
    ScriptedSocket::unix_each(
        connections.collect(),
        vec![
            Step::ReadLine,
            Step::send("\n[3]: Permission denied\n\n"),
            Step::Close,
        ],
    )
}

#[test]
fn a_socket_that_is_in_no_file_is_a_risk_all_the_same() {
    let info = "\nName: HAProxy\nVersion: 3.2.26-1\nMaxconn: 10\n\n";
    let sockets = "\n# socket lvl processes\nsockpair@5 admin all\nunix@/run/a.sock admin all\nipv4@0.0.0.0:9999 admin all\nipv6@[::]:9998 operator all\nipv4@127.0.0.1:9997 admin all\n\n";
    for (text, expected) in [
        (
            "global\n",
            &["ipv4@0.0.0.0:9999 admin", "ipv6@[::]:9998 operator"][..],
        ),
        (
            "global\n    stats socket *:9999 level admin\n    stats socket [::]:9998\n",
            &[],
        ),
    ] {
        let socket = script(&[("show info", info), ("show cli sockets", sockets)]);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("haproxy.cfg");
        std::fs::write(&config, text).unwrap();
        let server = everything()
            .socket(&socket.path())
            .arg("--haproxy-config")
            .arg(&config)
            .start();
        server.stateless();
        let answer = answer(&server);
        let said: Vec<Value> = of(&answer, "runtime-api-on-network")
            .into_iter()
            .flat_map(|risk| risk["evidence"].as_array().unwrap().clone())
            .filter(|place| place["at"] == "`show cli sockets`")
            .map(|place| place["text"].clone())
            .collect();
        assert_eq!(said, expected, "{answer}");
    }
}

#[test]
fn the_files_alone_are_enough() {
    let haproxy = Haproxy::start(&newest());
    let config = haproxy.folder().join("haproxy.cfg");
    let server = everything()
        .args(["--stats-url", "http://127.0.0.1:1/stats"])
        .arg("--haproxy-config")
        .arg(config)
        .start();
    server.stateless();
    let answer = answer(&server);
    assert_eq!(answer["running"]["asked"], json!(false), "{answer}");
    let not_asked = answer["running"]["not_asked"].as_array().unwrap();
    let commands: Vec<&Value> = not_asked.iter().map(|one| &one["command"]).collect();
    assert_eq!(
        commands,
        [
            "show info",
            "show cli sockets",
            "show ssl cert",
            "show startup-logs"
        ]
    );
    assert!(
        not_asked
            .iter()
            .all(|one| one["reason"] == "not-configured"),
        "{answer}"
    );
}

#[test]
fn certificates_that_were_not_looked_at_are_counted() {
    let info = "\nName: HAProxy\nVersion: 3.0.11-1\nMaxconn: 10\n\n";
    let unknown = "\nUnknown command: 'sni', but maybe one of the following ones is a better match:\n  show ssl cert [<certfile>]\n\n";
    for (count, left_out) in [(300, Value::Null), (305, json!(5))] {
        let mut list = "\n# filename\n".to_owned();
        for number in 0..count {
            writeln!(list, "/certs/{number}.pem").unwrap();
        }
        list.push('\n');
        let socket = script(&[
            ("show info", info),
            ("show cli sockets", "\n# socket lvl processes\n\n"),
            ("show ssl sni", unknown),
            ("show ssl cert", &list),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("haproxy.cfg");
        std::fs::write(&config, "global\n").unwrap();
        let server = everything()
            .socket(&socket.path())
            .arg("--haproxy-config")
            .arg(&config)
            .start();
        server.stateless();
        let answer = answer(&server);
        assert_eq!(
            answer["running"]["certificates_left_out"], left_out,
            "{answer}"
        );
    }
}
