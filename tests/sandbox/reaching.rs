//! A module that reaches for pages, files and doors: what it was granted it gets, within limits, and nothing else.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use haproxy_mcp::doors::Doors;
use haproxy_mcp::files::Granted;
use haproxy_mcp::haproxy::pages::{Credentials, PageDoor, PageUrl, Pages, Source};
use haproxy_mcp::haproxy::{Door, Endpoint, RuntimeApi, Timeouts};
use haproxy_mcp::policy::{Access, Artefact, Grant, InstanceId, Page};
use haproxy_mcp::sandbox::{Acts, CallRequest, LoadError, Module, Sandbox, limits};
use haproxy_mcp::secret::Secret;
use haproxy_mcp_testkit::{Haproxy, guests, newest};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::site::refusal;

const PASSWORD: &str = "correct-horse-battery";

/// The module `reaching` with this grant, in front of a HAProxy whose page wants a password.
struct Site {
    haproxy: Haproxy,
    doors: Arc<Doors>,
    sandbox: Sandbox,
    module: Module,
}

fn everything() -> Grant {
    Grant::all(Access::Operate)
        .with_pages(&Page::ALL)
        .with_files(&Artefact::ALL)
        .with_diagnostics()
}

impl Site {
    async fn with(grant: Grant) -> Self {
        Self::of(grant, Haproxy::builder(&newest()).page(&page()).start()).await
    }

    async fn of(grant: Grant, haproxy: Haproxy) -> Self {
        let folder = haproxy.folder().to_owned();
        let door = |path: &str| PageDoor {
            url: haproxy.page_url(path).parse::<PageUrl>().unwrap(),
            credentials: Some(Credentials {
                user: "ops".to_owned(),
                password: Secret::new(PASSWORD),
            }),
            ca_file: None,
            client: None,
            timeout: Duration::from_secs(10),
        };
        std::fs::write(
            folder.join("haproxy.log"),
            "one\ntwo\nthree token=hunter2 end\n",
        )
        .unwrap();
        let timeout = Duration::from_secs(10);
        let name = InstanceId::new("site");
        let runtime = RuntimeApi::new(
            name.clone(),
            Door {
                endpoint: Endpoint::Unix(haproxy.admin_socket()),
                master: false,
            },
            Timeouts {
                connect: timeout,
                first_byte: timeout,
                total: timeout,
            },
        );
        let doors = Doors {
            runtime: Arc::new(runtime),
            pages: Pages::new(
                name,
                Some(door("/stats")),
                Some(door("/metrics")),
                Source::Runtime,
            ),
            files: Granted::new(
                vec![folder.join("haproxy.cfg")],
                vec![folder.join("haproxy.log"), folder.join("large.log")],
            ),
        };
        let sandbox = Sandbox::default();
        let (module, _) = sandbox
            .file(&guests::path("reaching"), grant)
            .await
            .unwrap();
        Self {
            haproxy,
            doors: Arc::new(doors),
            sandbox,
            module,
        }
    }

    /// What a tool answers, and the commands that the audit would show.
    async fn call(&self, tool: &str, ceiling: Access, arguments: Value) -> (Value, Vec<String>) {
        let acts = Acts::default();
        let request = CallRequest {
            tool: tool.to_owned(),
            arguments: arguments.to_string(),
            access: Access::Operate,
            ceiling,
            doors: Arc::clone(&self.doors),
            deadline: Instant::now() + limits::WALL_CLOCK,
            wall_clock: limits::WALL_CLOCK,
            leaves_open: false,
            acts: acts.clone(),
            cancel: CancellationToken::new(),
            progress: None,
        };
        let result = self.sandbox.call(&self.module, request).await;
        let answer = match result {
            Ok(result) => serde_json::from_str(&result.structured).unwrap(),
            Err(error) => json!({ "failed": error.failure().code }),
        };
        let sent = acts.record().sent;
        (answer, sent.into_iter().map(|sent| sent.command).collect())
    }

    async fn answer(&self, tool: &str, arguments: Value) -> Value {
        self.call(tool, Access::Read, arguments).await.0
    }

    fn state(&self, server: &str) -> String {
        let state = self.haproxy.raw_text("show stat be_app 4 -1");
        let row = state.lines().find(|line| line.contains(server)).unwrap();
        row.split(',').nth(17).unwrap().to_owned()
    }
}

fn page() -> String {
    format!("    stats auth ops:{PASSWORD}\n    stats admin if TRUE")
}

/// Through the binary a module from a file is granted pages, and neither files nor the look at the doors: it does not
/// load, and the message names the first of them.
#[test]
fn a_module_that_imports_what_it_was_not_granted_does_not_load() {
    insta::assert_snapshot!(refusal(&guests::path("reaching")));
}

#[tokio::test]
async fn each_interface_is_granted_for_itself() {
    let sandbox = Sandbox::default();
    for (grant, missing) in [
        (everything(), None),
        (
            Grant {
                pages: Vec::new(),
                ..everything()
            },
            Some("pages"),
        ),
        (
            Grant {
                files: Vec::new(),
                ..everything()
            },
            Some("files"),
        ),
        (
            Grant {
                diagnostics: false,
                ..everything()
            },
            Some("diagnostics"),
        ),
    ] {
        let loaded = sandbox.file(&guests::path("reaching"), grant).await;
        match (loaded, missing) {
            (Ok(_), None) => {}
            (Err(LoadError::Import { import, .. }), Some(missing)) => {
                assert_eq!(import, format!("haproxy:module/{missing}@0.1.0"));
            }
            (other, missing) => panic!("{missing:?}: {:?}", other.err()),
        }
    }
}

#[tokio::test]
async fn what_is_granted_is_given() {
    let site = Site::with(everything()).await;
    let csv = json!([["csv", null]]);
    let page = site
        .answer("page", json!({ "page": "stats", "parameters": csv }))
        .await;
    assert!(
        page["begins"]
            .as_str()
            .unwrap()
            .starts_with("# pxname,svname"),
        "{page}"
    );
    let page = site.answer("page", json!({ "page": "metrics" })).await;
    assert!(
        page["begins"].as_str().unwrap().starts_with("# HELP"),
        "{page}"
    );
    let names = site.answer("names", json!({ "artefact": "config" })).await;
    assert_eq!(names, json!({ "names": ["haproxy.cfg"] }));
    let file = site
        .answer(
            "file",
            json!({ "artefact": "config", "name": "haproxy.cfg" }),
        )
        .await;
    let text = file["text"].as_str().unwrap();
    assert!(text.starts_with("global\n"), "{text}");
    let file = site
        .answer(
            "file",
            json!({ "artefact": "log", "name": "haproxy.log", "tail": 31 }),
        )
        .await;
    let text = file["text"].as_str().unwrap();
    assert_eq!(text, "two\nthree token=[redacted] end\n");
    let look = site.answer("look", json!({ "door": "runtime" })).await;
    assert!(look["facts"].is_object(), "{look}");
    assert_eq!(
        look["doors"],
        json!(["runtime", "stats", "metrics", "config", "log"])
    );
}

/// Neither what the page says nor what is in the configuration.
#[tokio::test]
async fn no_secret_reaches_the_module() {
    let site = Site::with(everything()).await;
    for (tool, arguments) in [
        (
            "file",
            json!({ "artefact": "config", "name": "haproxy.cfg" }),
        ),
        ("file", json!({ "artefact": "log", "name": "haproxy.log" })),
        ("page", json!({ "page": "stats" })),
        ("look", json!({ "door": "stats" })),
        ("look", json!({ "door": "metrics" })),
        ("look", json!({ "door": "config" })),
    ] {
        let answer = site.answer(tool, arguments).await;
        assert!(answer.get("error").is_none(), "{answer}");
        let hidden = tool == "file";
        let answer = answer.to_string();
        assert!(!answer.contains(PASSWORD), "{answer}");
        assert!(!answer.contains("hunter2"), "{answer}");
        assert!(!hidden || answer.contains("[redacted]"), "{answer}");
    }
}

/// The denied twin of each: with a grant of the others, so that the module loads.
#[tokio::test]
async fn what_is_not_granted_is_refused() {
    let grant = everything()
        .with_pages(&[Page::Metrics])
        .with_files(&[Artefact::Log]);
    let site = Site::with(grant).await;
    for (tool, arguments, error) in [
        ("page", json!({ "page": "stats" }), "denied: stats"),
        ("names", json!({ "artefact": "config" }), "denied: config"),
        (
            "file",
            json!({ "artefact": "config", "name": "haproxy.cfg" }),
            "denied: config",
        ),
        (
            "page",
            json!({ "page": "http://127.0.0.1/" }),
            "malformed: unknown-page",
        ),
        (
            "page",
            json!({ "page": "metrics", "parameters": [["csv", null]] }),
            "malformed: unknown-parameter",
        ),
        (
            "names",
            json!({ "artefact": "/etc" }),
            "malformed: unknown-artefact",
        ),
        (
            "look",
            json!({ "door": "master" }),
            "malformed: unknown-door",
        ),
    ] {
        let answer = site.answer(tool, arguments.clone()).await;
        assert_eq!(answer["error"], error, "{tool} {arguments}");
    }
    let act = json!({ "action": "drain", "backend": "be_app", "servers": ["app1"] });
    let (answer, sent) = site.call("act", Access::Operate, act).await;
    assert_eq!(answer["told"], "denied: stats");
    assert_eq!(sent, [""; 0]);
    assert_eq!(site.state("app1"), "UP");
}

#[tokio::test]
async fn no_name_leads_out_of_what_was_granted() {
    let site = Site::with(everything()).await;
    let secret = site.haproxy.folder().join("site.pem");
    std::os::unix::fs::symlink("/etc/passwd", site.haproxy.folder().join("large.log")).unwrap();
    for name in [
        "",
        ".",
        "..",
        "site.pem",
        "./haproxy.cfg",
        "../haproxy.cfg",
        "/etc/passwd",
        secret.to_str().unwrap(),
        "haproxy.cfg/",
        "haproxy.cfg\0",
        "large.log",
    ] {
        for artefact in ["config", "log"] {
            let arguments = json!({ "artefact": artefact, "name": name });
            let answer = site.answer("file", arguments).await;
            assert!(
                answer["error"]
                    .as_str()
                    .is_some_and(|error| error.starts_with("unreachable: ")),
                "{artefact} {name:?}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn an_action_needs_the_access_of_its_command() {
    let site = Site::with(everything()).await;
    let act = || json!({ "action": "drain", "backend": "be_app", "servers": ["app1", "app2"] });
    let (answer, sent) = site.call("act", Access::Read, act()).await;
    assert_eq!(answer["told"], "denied: set server be_app/app1 state drain");
    assert_eq!(sent, [""; 0]);
    assert_eq!(site.state("app1"), "UP");

    let (answer, sent) = site.call("act", Access::Operate, act()).await;
    assert_eq!(answer["told"], "done");
    assert_eq!(
        sent,
        [
            "set server be_app/app1 state drain",
            "set server be_app/app2 state drain"
        ]
    );
    assert_eq!(
        (site.state("app1"), site.state("app2")),
        ("DRAIN".to_owned(), "DRAIN".to_owned())
    );
}

/// One of the servers is not granted: nothing is done with the other, either.
#[tokio::test]
async fn an_action_is_for_all_of_its_servers_or_for_none() {
    let grant = Grant::only(
        Access::Operate,
        vec!["set server be_app/app1 state *".parse().unwrap()],
    )
    .with_pages(&Page::ALL)
    .with_files(&Artefact::ALL)
    .with_diagnostics();
    let site = Site::with(grant).await;
    let act =
        |servers: Value| json!({ "action": "drain", "backend": "be_app", "servers": servers });
    let (answer, sent) = site
        .call("act", Access::Operate, act(json!(["app1", "app2"])))
        .await;
    assert_eq!(answer["told"], "denied: set server be_app/app2 state drain");
    assert_eq!(sent, [""; 0]);
    assert_eq!(site.state("app1"), "UP");
    let (answer, _) = site
        .call("act", Access::Operate, act(json!(["app1"])))
        .await;
    assert_eq!(answer["told"], "done");
    assert_eq!(site.state("app1"), "DRAIN");
}

#[tokio::test]
async fn one_page_at_a_time() {
    let site = Site::with(everything()).await;
    let answer = site.answer("hold_page", json!({ "page": "stats" })).await;
    assert_eq!(
        answer,
        json!({ "again": "exhausted: open-pages", "after": "open" })
    );
}

/// Nor a page beside a reply: each would have all that is left of the call.
#[tokio::test]
async fn no_page_beside_a_reply() {
    let site = Site::with(everything()).await;
    let answer = site.answer("page_beside_reply", json!({})).await;
    assert_eq!(
        answer,
        json!({ "page": "exhausted: open-replies", "reply": "exhausted: open-pages" })
    );
}

/// An action counts for each of its servers: 100 of them are 100 commands.
#[tokio::test]
async fn actions_without_end() {
    let site = Site::with(everything()).await;
    let servers: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
    let act = json!({ "action": "ready", "backend": "be_app", "servers": servers, "times": 11 });
    let (answer, sent) = site.call("act", Access::Operate, act).await;
    assert_eq!(answer["told"], "exhausted: commands");
    assert_eq!(answer["done"], 10);
    assert!(!sent.is_empty());
}

/// [`limits::COMMANDS`] counts pages, too; and so does a look.
#[tokio::test]
async fn pages_without_end() {
    let site = Site::with(everything()).await;
    let flood = json!({ "page": "metrics", "parameters": [["scope", "global"]], "times": limits::COMMANDS + 1 });
    let answer = site.answer("page", flood).await;
    assert_eq!(answer["error"], "exhausted: commands");
    let flood = json!({ "door": "config", "times": limits::COMMANDS + 1 });
    let answer = site.answer("look", flood).await;
    assert_eq!(answer["error"], "exhausted: commands");
}

/// [`limits::REPLY_BYTES`] counts the bytes of pages.
#[tokio::test]
async fn more_of_a_page_than_a_call_may_read() {
    let haproxy = Haproxy::builder(&newest())
        .servers(20_000)
        .page(&page())
        .start();
    let site = Site::of(everything(), haproxy).await;
    let flood = json!({ "page": "stats", "parameters": [["csv", null]], "times": 100 });
    let answer = site.answer("page", flood).await;
    assert_eq!(answer["error"], "exhausted: reply-bytes", "{answer}");
    assert!(answer["bytes"].as_u64().unwrap() <= limits::REPLY_BYTES);
}

/// [`limits::FILE_BYTES`], and [`limits::READ_BYTES`] at a time.
#[tokio::test]
async fn file_bytes() {
    let site = Site::with(everything()).await;
    let large: PathBuf = site.haproxy.folder().join("large.log");
    let line = format!("{}\n", "x".repeat(1_023));
    std::fs::write(&large, line.repeat(16 * 1_024)).unwrap();
    let flood = json!({ "artefact": "log", "name": "large.log", "times": 10 });
    let answer = site.answer("file", flood).await;
    assert_eq!(answer["error"], "exhausted: file-bytes", "{answer}");
    let read = answer["bytes"].as_u64().unwrap();
    assert!(
        (limits::FILE_BYTES..limits::FILE_BYTES + limits::READ_BYTES as u64).contains(&read),
        "{read}"
    );
}

#[tokio::test]
async fn open_files() {
    let site = Site::with(everything()).await;
    let hoard =
        json!({ "artefact": "config", "name": "haproxy.cfg", "count": limits::OPEN_FILES + 1 });
    let answer = site.answer("hold_files", hoard).await;
    assert_eq!(
        answer,
        json!({ "held": limits::OPEN_FILES, "error": "exhausted: open-files" })
    );
}
