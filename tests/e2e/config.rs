//! What the tools about the configuration must answer: the files as they are, without their secrets.

mod risks;
mod running;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cases::has_shape;
use crate::expected::rows;
use crate::{everything, serve};

/// The tools of this family.
const TOOLS: [&str; 2] = ["show_config", "explain_config_risks"];

/// A server that was granted files, and nobody behind it.
struct Granted {
    folder: TempDir,
    server: McpServer,
}

impl Granted {
    /// These files in a folder; what is granted are these paths within it.
    fn start(files: &[(&str, &[u8])], granted: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the configuration");
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).expect("write a configuration");
        }
        let granted: Vec<String> = granted
            .iter()
            .map(|name| folder.path().join(name).display().to_string())
            .collect();
        let server = everything()
            .args(["--haproxy-config", &granted.join(",")])
            .socket(&folder.path().join("nobody.sock"))
            .start();
        server.stateless();
        Self { folder, server }
    }

    /// One file.
    fn of(content: &str) -> Self {
        Self::start(&[("haproxy.cfg", content.as_bytes())], &["haproxy.cfg"])
    }

    /// Other content from now on.
    fn write(&self, content: &[u8]) {
        std::fs::write(self.path(), content).expect("write a configuration");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("haproxy.cfg")
    }

    fn show(&self, arguments: Value) -> Value {
        self.server.call("show_config", arguments).answer().clone()
    }
}

/// The lines of all rows.
fn texts(answer: &Value) -> Vec<&str> {
    rows(answer)
        .flat_map(|row| row["text"].as_array().expect("lines").iter())
        .map(|line| line.as_str().expect("a line"))
        .collect()
}

/// All pages of a list of lines, one after another.
fn pages(granted: &Granted, arguments: &Value) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut arguments = arguments.clone();
        if !cursor.is_null() {
            arguments["cursor"] = cursor;
        }
        let answer = granted.show(arguments);
        pages.push(texts(&answer).into_iter().map(str::to_owned).collect());
        cursor = answer["next_cursor"].clone();
        if cursor.is_null() {
            return pages;
        }
    }
}

/// An error that says what to do, of this code and reason.
fn refused(response: &Response, code: &str, reason: Option<&str>) -> Value {
    let error = response.error();
    has_shape(error);
    assert_eq!(error["code"], json!(code), "{error}");
    if let Some(reason) = reason {
        assert_eq!(error["details"]["reason"], json!(reason), "{error}");
    }
    error.clone()
}

const SITE: &str = "\
# The site.

# Who runs it.
global
    maxconn 100
    stats socket /run/haproxy/admin.sock mode 660

defaults
\tmode http

# For everybody.
frontend web
    bind :80 # plain
    default_backend app

backend app
    server one 192.0.2.1:80 check
    server two 192.0.2.2:80 check

backend web
    server one 192.0.2.3:80 check
";

#[test]
fn a_small_configuration_is_shown_whole_and_as_it_is() {
    let granted = Granted::of(SITE);
    let answer = granted.show(json!({}));
    assert_eq!(answer["shown"], "text");
    assert_eq!(answer["files"], json!(["haproxy.cfg"]));
    let expected: Vec<String> = SITE
        .lines()
        .map(|line| line.replace('\t', "    "))
        .collect();
    assert_eq!(texts(&answer), expected);
    assert_eq!(answer["matched"], json!(expected.len()));
    let sections: Vec<(u64, &str)> = rows(&answer)
        .map(|row| {
            (
                row["line"].as_u64().unwrap(),
                row.get("section").and_then(Value::as_str).unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(
        sections,
        [
            (1, "-"),
            (3, "global"),
            (8, "defaults"),
            (11, "frontend web"),
            (16, "backend app"),
            (20, "backend web")
        ]
    );
    for key in ["next_cursor", "problems", "unread", "hint"] {
        assert_eq!(answer.get(key), None, "{answer}");
    }
}

#[test]
fn a_section_is_found_by_its_kind_its_name_or_both() {
    let granted = Granted::of(SITE);
    let found = |section: &str| {
        let answer = granted.show(json!({ "section": section }));
        rows(&answer)
            .map(|row| row["section"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("global"), ["global"]);
    assert_eq!(found("backend"), ["backend app", "backend web"]);
    assert_eq!(found("web"), ["frontend web", "backend web"]);
    assert_eq!(found("backend web"), ["backend web"]);
    let answer = granted.show(json!({ "section": "backend app" }));
    assert_eq!(
        texts(&answer)[..2],
        ["backend app", "    server one 192.0.2.1:80 check"]
    );
    assert_eq!(answer["rows"][0]["line"], json!(16));
    let error = refused(
        &granted
            .server
            .call("show_config", json!({ "section": "backend ap" })),
        "not-found",
        None,
    );
    assert_eq!(error["details"]["argument"], "/section", "{error}");
    assert_eq!(
        error["details"]["names"],
        json!(["backend app", "backend web"]),
        "{error}"
    );
    assert_eq!(
        error["hint"], "did you mean backend app, backend web?",
        "{error}"
    );
}

#[test]
fn lines_are_found_by_a_part_of_them() {
    let granted = Granted::of(SITE);
    let answer = granted.show(json!({ "search": "SERVER ONE" }));
    assert_eq!(answer["shown"], "matches");
    assert_eq!(
        answer["rows"],
        json!([
            { "file": "haproxy.cfg", "line": 17, "section": "backend app", "text": ["server one 192.0.2.1:80 check"] },
            { "file": "haproxy.cfg", "line": 21, "section": "backend web", "text": ["server one 192.0.2.3:80 check"] },
        ])
    );
    let answer = granted.show(json!({ "search": "server", "section": "backend app" }));
    assert_eq!(answer["matched"], json!(2));
    // in a comment, and under no section
    assert_eq!(
        granted.show(json!({ "search": "the site" }))["rows"][0]["line"],
        json!(1)
    );
    let answer = granted.show(json!({ "search": "no such text" }));
    assert_eq!(
        (&answer["rows"], &answer["matched"]),
        (&json!([]), &json!(0)),
        "{answer}"
    );
    assert!(
        answer["hint"].as_str().unwrap().contains("no line"),
        "{answer}"
    );
}

/// A site of so many backends.
fn large(backends: usize) -> String {
    let mut text = String::from("global\n    maxconn 100\n");
    for number in 0..backends {
        writeln!(
            text,
            "backend be_{number}\n    balance leastconn\n    server one 192.0.2.1:{number} check"
        )
        .unwrap();
    }
    text
}

#[test]
fn of_a_large_configuration_the_sections_are_listed() {
    let granted = Granted::of(&large(500));
    let answer = granted.show(json!({}));
    assert_eq!(answer["shown"], "outline");
    assert_eq!(answer["matched"], json!(501));
    assert_eq!(
        answer["rows"][0],
        json!({ "file": "haproxy.cfg", "line": 1, "section": "global", "lines": 2 })
    );
    assert_eq!(
        answer["rows"][1],
        json!({ "file": "haproxy.cfg", "line": 3, "section": "backend be_0", "lines": 3 })
    );
    assert!(
        answer["hint"].as_str().unwrap().contains("`section`"),
        "{answer}"
    );
    // Page after page they are all there.
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut arguments = json!({});
        if !cursor.is_null() {
            arguments["cursor"] = cursor;
        }
        let answer = granted.show(arguments);
        assert_eq!(answer["shown"], "outline");
        assert!(
            answer.to_string().len() < 8_000,
            "{}",
            answer.to_string().len()
        );
        seen.extend(
            rows(&answer)
                .map(|row| row["section"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>(),
        );
        cursor = answer["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 501);
    assert_eq!(seen[500], "backend be_499");
}

#[test]
fn lines_come_page_after_page() {
    let text = large(300);
    let granted = Granted::of(&text);
    let expected: Vec<&str> = text.lines().collect();
    for arguments in [
        json!({ "limit": 100 }),
        json!({ "limit": 2_000 }),
        json!({ "limit": 7, "section": "be_3" }),
    ] {
        let pages = pages(&granted, &arguments);
        let limit = usize::try_from(arguments["limit"].as_u64().unwrap()).unwrap();
        assert!(pages.iter().all(|page| page.len() <= limit), "{arguments}");
        let all: Vec<&str> = pages.iter().flatten().map(String::as_str).collect();
        if arguments.get("section").is_some() {
            assert_eq!(
                all,
                [
                    "backend be_3",
                    "    balance leastconn",
                    "    server one 192.0.2.1:3 check"
                ]
            );
        } else {
            assert_eq!(all, expected, "{arguments}");
        }
    }
    // A kind of section that is too much for one answer goes on where it ended, without `limit`, too.
    let answer = granted.show(json!({ "section": "backend" }));
    assert!(
        answer.to_string().len() < 12_000,
        "{}",
        answer.to_string().len()
    );
    let all: Vec<String> = pages(&granted, &json!({ "section": "backend" })).concat();
    assert_eq!(all, expected[2..]);
    // A cursor is of one list.
    let cursor = answer["next_cursor"].clone();
    for arguments in [
        json!({ "cursor": cursor }),
        json!({ "cursor": cursor, "section": "be_1" }),
        json!({ "cursor": cursor, "search": "a" }),
    ] {
        let error = refused(
            &granted.server.call("show_config", arguments),
            "invalid-argument",
            None,
        );
        assert_eq!(error["details"]["argument"], "/cursor", "{error}");
    }
}

#[test]
fn pages_of_files_that_have_changed_are_not_mixed() {
    let granted = Granted::of(&large(300));
    for arguments in [
        json!({ "limit": 7 }),
        json!({}),
        json!({ "limit": 7, "search": "be_" }),
        json!({ "section": "backend" }),
    ] {
        granted.write(large(300).as_bytes());
        let mut next = arguments.clone();
        next["cursor"] = granted.show(arguments)["next_cursor"].clone();
        assert!(granted.show(next.clone())["rows"].is_array());
        granted.write(("# new\n".to_owned() + &large(300)).as_bytes());
        let error = refused(
            &granted.server.call("show_config", next.clone()),
            "invalid-argument",
            None,
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("the files have changed"), "{error}");
        assert_eq!(error["details"]["argument"], "/cursor", "{error}");
        granted.write(large(300).as_bytes());
        assert!(granted.show(next)["rows"].is_array());
    }
}

#[test]
fn what_stands_between_if_and_endif_is_marked() {
    let granted = Granted::of(
        "global\n    maxconn 10\n.if defined(FOO)\nbackend cond\n    balance first\n.endif\nbackend always\n    balance first\n.if defined(BAR)\n    balance leastconn\n.endif\n",
    );
    let marked = |arguments: Value| -> Vec<(u64, bool)> {
        let answer = granted.show(arguments);
        rows(&answer)
            .map(|row| {
                (
                    row["line"].as_u64().unwrap(),
                    row.get("conditional") == Some(&json!(true)),
                )
            })
            .collect()
    };
    assert_eq!(marked(json!({ "section": "backend cond" })), [(4, true)]);
    assert_eq!(marked(json!({ "section": "backend always" })), [(7, false)]);
    assert_eq!(
        marked(json!({ "search": "balance" })),
        [(5, true), (8, false), (10, true)]
    );
    assert_eq!(marked(json!({})), [(1, false), (4, true), (7, false)]);
}

#[test]
fn files_of_a_folder_come_in_the_order_of_haproxy() {
    let files: [(&str, &[u8]); 5] = [
        ("conf.d/20-web.cfg", b"frontend web\n    bind :80\n"),
        ("conf.d/10-defaults.cfg", b"defaults\n    mode http\n"),
        ("conf.d/.hidden.cfg", b"backend hidden\n"),
        ("conf.d/readme.txt", b"backend readme\n"),
        ("main.cfg", b"global\n    maxconn 10\n"),
    ];
    let granted = Granted::start(&files, &["main.cfg", "conf.d"]);
    let answer = granted.show(json!({}));
    assert_eq!(
        answer["files"],
        json!(["main.cfg", "10-defaults.cfg", "20-web.cfg"])
    );
    assert_eq!(
        texts(&answer),
        [
            "global",
            "    maxconn 10",
            "defaults",
            "    mode http",
            "frontend web",
            "    bind :80"
        ]
    );
    let answer = granted.show(json!({ "file": "20-web.cfg" }));
    assert_eq!(texts(&answer), ["frontend web", "    bind :80"]);
    let error = refused(
        &granted
            .server
            .call("show_config", json!({ "file": "20-wep.cfg" })),
        "not-found",
        None,
    );
    assert_eq!(error["details"]["argument"], "/file", "{error}");
    assert_eq!(error["hint"], "did you mean 20-web.cfg?", "{error}");
    // `mode http` is in another file than the page that needs it.
    std::fs::write(
        granted.folder.path().join("conf.d/20-web.cfg"),
        "frontend web\n    bind :80\n    stats uri /s\n",
    )
    .unwrap();
    let found = risks::found(&granted, &json!({}));
    assert!(
        found
            .iter()
            .any(|risk| risk["id"] == "stats-page-without-password"),
        "{found:?}"
    );
    assert!(
        found.iter().all(|risk| risk["id"] != "stats-page-ignored"),
        "{found:?}"
    );
}

#[test]
fn lines_that_cannot_be_read_are_named_and_all_others_shown() {
    let text = "global\n    log \"stdout local0\n    maxconn 10\nforntend web\n    bind :80\n";
    let granted = Granted::of(text);
    let answer = granted.show(json!({}));
    assert_eq!(texts(&answer), text.lines().collect::<Vec<_>>());
    let problems: Vec<&str> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem.as_str().unwrap())
        .collect();
    assert_eq!(
        problems[0],
        "haproxy.cfg:2: the quote at position 9 is not closed"
    );
    assert!(
        problems[1].starts_with("haproxy.cfg:4: there is no section `forntend`"),
        "{problems:?}"
    );
    let found = risks::found(&granted, &json!({ "severity": "high" }));
    assert_eq!(
        found
            .iter()
            .filter(|risk| risk["id"] == "line-unreadable")
            .count(),
        2,
        "{found:?}"
    );
    // any bytes
    granted.write(b"\0\xff\xfe global\n\"\n[\n\x1b[31m\n");
    for tool in TOOLS {
        assert!(
            granted.server.call(tool, json!({})).answer().is_object(),
            "{tool}"
        );
    }
    granted.write(b"");
    assert_eq!(granted.show(json!({}))["rows"], json!([]));
}

#[test]
fn what_cannot_be_read_is_told_with_the_cause() {
    let granted = Granted::start(&[("other/x.cfg", b"")], &["haproxy.cfg"]);
    for tool in TOOLS {
        let error = refused(
            &granted.server.call(tool, json!({})),
            "unreachable",
            Some("not-found"),
        );
        assert!(
            error["message"].as_str().unwrap().contains("haproxy.cfg"),
            "{error}"
        );
    }
    std::os::unix::fs::symlink("nowhere", granted.path()).unwrap();
    refused(
        &granted.server.call("show_config", json!({})),
        "unreachable",
        Some("not-found"),
    );
    std::fs::remove_file(granted.path()).unwrap();
    std::os::unix::net::UnixListener::bind(granted.path()).unwrap();
    refused(
        &granted.server.call("show_config", json!({})),
        "unreachable",
        Some("not-a-file"),
    );
    std::fs::remove_file(granted.path()).unwrap();
    // It is there again, and all is well.
    granted.write(b"global\n");
    assert_eq!(texts(&granted.show(json!({}))), ["global"]);
    // Nobody else than root is kept out by a mode.
    set_mode(&granted.path(), 0o000);
    if std::fs::File::open(granted.path()).is_err() {
        refused(
            &granted.server.call("show_config", json!({})),
            "unreachable",
            Some("permission-denied"),
        );
    }
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn of_several_files_those_that_can_be_read_are_shown() {
    let granted = Granted::start(&[("a.cfg", b"global\n")], &["gone.cfg", "a.cfg"]);
    let answer = granted.show(json!({}));
    assert_eq!(texts(&answer), ["global"]);
    assert_eq!(answer["unread"][0]["reason"], "not-found", "{answer}");
    assert_eq!(answer["unread"][0]["file"], "gone.cfg", "{answer}");
    let response = granted.server.call("explain_config_risks", json!({}));
    assert_eq!(
        response.answer()["unread"][0]["file"],
        "gone.cfg",
        "{}",
        response.message
    );
}

#[test]
fn without_the_files_the_tools_are_not_there_and_a_call_says_how_to_get_them() {
    let haproxy = Haproxy::start(&newest());
    let server = serve(&haproxy);
    let listed = crate::cases::listed(&server);
    for tool in TOOLS {
        assert!(!listed.iter().any(|name| name == tool), "{tool} is listed");
        let response = server.call(tool, json!({}));
        assert!(
            response.message.to_string().contains("HAPROXY_CONFIG_PATH"),
            "{}",
            response.message
        );
    }
    let granted = Granted::of(SITE);
    let listed = crate::cases::listed(&granted.server);
    for tool in TOOLS {
        assert!(
            listed.iter().any(|name| name == tool),
            "{tool} is not listed"
        );
    }
}

/// Secrets where HAProxy's configuration has them; none of them may be seen.
const SECRET: &str = "global
    setenv DB_PASSWORD s3cret-0
    stats socket /run/a.sock level admin user admin password s3cret-1
userlist users
    user one password $5$salt$s3cret-2
    user two insecure-password s3cret-3
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend stats
    bind :8404
    stats enable
    # stats auth admin:s3cret-4
    stats auth admin:s3cret-5
    stats auth \"other:s3cret-6 with blanks\"
    stats auth third:s3cret-7 \"
    http-request set-header Authorization \"Basic s3cret-8\"
    use_backend b if { req.hdr(X-Api-Key) s3cret-9 }
backend b
    option httpchk
    http-check send meth GET uri / hdr Authorization \"Bearer s3cret-10\"
    server s 192.0.2.1:80 check
peers p
    peer a 192.0.2.9:1024
";

#[test]
fn secrets_are_in_no_answer() {
    let granted = Granted::of(SECRET);
    let mut calls = vec![
        ("show_config", json!({})),
        ("explain_config_risks", json!({ "limit": 500 })),
    ];
    for search in ["s3cret", "stats", "password", "user", "[redacted]", "Basic"] {
        calls.push(("show_config", json!({ "search": search })));
    }
    for section in ["global", "userlist", "frontend stats", "backend"] {
        calls.push(("show_config", json!({ "section": section })));
    }
    for (tool, arguments) in calls {
        let response = granted.server.call(tool, arguments.clone());
        assert!(response.answer().is_object());
        assert!(
            !response.message.to_string().contains("s3cret-"),
            "{tool} {arguments}: {}",
            response.message
        );
    }
    // Nothing else is hidden, and they cannot be searched for.
    let answer = granted.show(json!({ "search": "stats auth admin" }));
    assert_eq!(answer["matched"], json!(2), "{answer}");
    assert!(
        texts(&answer)
            .iter()
            .all(|line| line.contains("[redacted]")),
        "{answer}"
    );
    assert_eq!(
        granted.show(json!({ "search": "s3cret-5" }))["matched"],
        json!(0)
    );
    assert!(
        !granted.server.stderr().contains("s3cret-"),
        "{}",
        granted.server.stderr()
    );
}

#[test]
fn a_very_large_configuration_is_answered_in_time() {
    // 16 MiB are read in a module of 64 MiB.
    let mut text = large(150_000);
    text.truncate(text[..12_000_000.min(text.len())].rfind('\n').unwrap() + 1);
    let granted = Granted::of(&text);
    let answer = granted.show(json!({}));
    assert_eq!(answer["shown"], "outline");
    let answer = granted.show(json!({ "search": "be_149" }));
    assert!(
        answer["matched"].as_u64().unwrap() > 1,
        "{}",
        answer["matched"]
    );
    let response = granted.server.call("explain_config_risks", json!({}));
    let found = rows(response.answer())
        .find(|risk| risk["id"] == "timeout-missing")
        .expect("missing time-outs");
    assert!(found["more"].as_u64().unwrap() > 1_000, "{found:?}");
}
