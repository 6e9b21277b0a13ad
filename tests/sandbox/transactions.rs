//! Guests that open a version of a map or an ACL in HAProxy, and end before they settle it. Through the binary a module
//! from a file may only read; so these are called through the sandbox itself, with leave for everything.

use std::sync::Arc;
use std::time::Duration;

use haproxy_mcp::doors::Doors;
use haproxy_mcp::haproxy::{Door, Endpoint, RuntimeApi, Timeouts};
use haproxy_mcp::policy::{Access, Grant, InstanceId};
use haproxy_mcp::sandbox::{Acts, CallError, CallRequest, CallResult, Module, Sandbox, limits};
use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::{Binary, Haproxy, guests, on_each_version};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The module `hostile`, with leave for every command, in front of a HAProxy.
struct Site {
    haproxy: Haproxy,
    doors: Arc<Doors>,
    sandbox: Sandbox,
    module: Module,
}

impl Site {
    /// Its map `empty.map` and its ACL `empty.acl` have no entries: 3.4 drops a prepared version only then.
    async fn of(binary: &Binary) -> Self {
        let haproxy = Haproxy::builder(binary)
            .file("empty.map", "")
            .file("empty.acl", "")
            .file("both.map", "/a one\n")
            .with(
                "frontend fe_mapped
    bind unix@mapped.sock
    http-request deny if { path -f empty.acl }
    http-request deny if { path -M -f both.map }
    http-request set-header x-both %[path,map(both.map)]
    http-request set-header x-mapped %[path,map(empty.map)]
    default_backend be_app
",
            )
            .start();
        let timeout = Duration::from_secs(10);
        let instance = RuntimeApi::new(
            InstanceId::new("site"),
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
        let sandbox = Sandbox::default();
        let (module, _) = sandbox
            .file(&guests::path("hostile"), Grant::all(Access::Admin))
            .await
            .unwrap();
        Self {
            haproxy,
            doors: Arc::new(Doors::runtime_alone(instance)),
            sandbox,
            module,
        }
    }

    /// A call that says these commands and then ends so.
    fn request(&self, commands: &[&str], then: &str) -> CallRequest {
        let commands: Vec<Value> = commands
            .iter()
            .map(|command| match command.split_once(" << ") {
                None => json!({ "words": command.split(' ').collect::<Vec<_>>() }),
                Some((command, payload)) => json!({
                    "words": command.split(' ').collect::<Vec<_>>(),
                    "payload": payload.split(" | ").collect::<Vec<_>>(),
                }),
            })
            .collect();
        CallRequest {
            tool: "say_and".to_owned(),
            arguments: json!({ "commands": commands, "then": then }).to_string(),
            access: Access::Admin,
            ceiling: Access::Admin,
            doors: Arc::clone(&self.doors),
            deadline: Instant::now() + limits::WALL_CLOCK,
            wall_clock: limits::WALL_CLOCK,
            leaves_open: false,
            acts: Acts::default(),
            cancel: CancellationToken::new(),
            progress: None,
        }
    }

    /// Makes a call; what became of it, and what was sent for it.
    async fn call(&self, request: CallRequest) -> (Result<CallResult, CallError>, Vec<String>) {
        let acts = request.acts.clone();
        let result = self.sandbox.call(&self.module, request).await;
        let sent = acts.record().sent;
        let sent = sent.into_iter().map(|sent| {
            let failed = if sent.failed { " (failed)" } else { "" };
            sent.command + failed
        });
        (result, sent.collect())
    }

    /// The entries of a version, or of the live one.
    fn entries(&self, set: &str) -> Vec<String> {
        let text = self.haproxy.raw_text(&format!("show {set}"));
        assert!(!text.contains("Unknown"), "{text}");
        text.lines()
            .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()))
            .collect()
    }
}

/// Tells when the guest has said its commands.
fn told(request: &mut CallRequest) -> Arc<Notify> {
    let said = Arc::new(Notify::new());
    let reached = Arc::clone(&said);
    request.progress = Some(Arc::new(move |_| reached.notify_one()));
    said
}

fn code(result: &Result<CallResult, CallError>) -> String {
    match result {
        Ok(_) => "answered".to_owned(),
        Err(error) => error.failure().code,
    }
}

on_each_version! {
    /// However a guest ends: what it prepared is gone, and what is live is as it was.
    async fn a_prepared_version_does_not_outlive_its_guest(binary: &Binary) {
        let site = Site::of(binary).await;
        let live = site.entries("map hosts.map");
        for (round, (then, ended)) in [
            ("return", "answered"),
            ("return-nonsense", "answered"),
            ("fail", "failed"),
            ("panic", "module-trapped"),
            ("recurse", "module-trapped"),
            ("memory", "memory-limit"),
            ("spin", "cpu-limit"),
        ]
        .into_iter()
        .enumerate()
        {
            let version = round + 1;
            let (prepare, fill) = ("prepare map empty.map", format!("add map @{version} empty.map << a one | b two"));
            let (result, sent) = site.call(site.request(&[prepare, &fill], then)).await;
            assert_eq!(code(&result), ended, "{then}: {result:?}");
            assert_eq!(sent, [prepare.to_owned(), fill, format!("clear map @{version} empty.map")], "{then}");
            assert_eq!(site.entries(&format!("map @{version} empty.map")), [""; 0], "{then}");
            assert_eq!(site.entries("map empty.map"), [""; 0], "{then}");

            let prepare = ["prepare acl empty.acl", "prepare map hosts.map"];
            let fill = [format!("add acl @{version} empty.acl /a"), format!("add map @{version} hosts.map c three")];
            let (result, sent) = site.call(site.request(&[prepare[0], &fill[0], prepare[1], &fill[1]], then)).await;
            assert_eq!(code(&result), ended, "{then}: {result:?}");
            // The last that was opened comes first.
            let cleared = [format!("clear map @{version} hosts.map"), format!("clear acl @{version} empty.acl")];
            assert_eq!(sent[4..], cleared, "{then}");
            assert_eq!(site.entries(&format!("acl @{version} empty.acl")), [""; 0], "{then}");
            assert_eq!(site.entries("acl empty.acl"), [""; 0], "{then}");
            assert_eq!(site.entries("map hosts.map"), live, "{then}");
            if !binary.at_least(3, 4) {
                assert_eq!(site.entries(&format!("map @{version} hosts.map")), [""; 0], "{then}");
            }
        }
    }

    /// Of a guest that waits for ever, whether its time is up or its caller gives up.
    async fn nor_does_it_outlive_one_that_is_ended(binary: &Binary) {
        let site = Site::of(binary).await;
        let commands = ["prepare map empty.map", "add map @1 empty.map a one"];
        let time = Duration::from_secs(2);
        let mut request = site.request(&commands, "stay");
        (request.deadline, request.wall_clock) = (Instant::now() + time, time);
        let (result, sent) = site.call(request).await;
        assert_eq!(code(&result), "wall-clock-limit", "{result:?}");
        assert_eq!(sent.last().map(String::as_str), Some("clear map @1 empty.map"));
        assert_eq!(site.entries("map @1 empty.map"), [""; 0]);

        let mut request = site.request(&["prepare acl empty.acl", "add acl @1 empty.acl /a"], "stay");
        let (cancel, said) = (request.cancel.clone(), told(&mut request));
        let giving_up = async {
            said.notified().await;
            assert_eq!(site.entries("acl @1 empty.acl"), ["/a"]);
            cancel.cancel();
        };
        let ((result, sent), ()) = tokio::join!(site.call(request), giving_up);
        assert!(matches!(result, Err(CallError::Cancelled)), "{result:?}");
        assert_eq!(sent.last().map(String::as_str), Some("clear acl @1 empty.acl"));
        assert_eq!(site.entries("acl @1 empty.acl"), [""; 0]);
    }

    /// To clear a version that is live by now would empty the map.
    async fn what_was_settled_is_left_alone(binary: &Binary) {
        let site = Site::of(binary).await;
        for then in ["return", "panic"] {
            let version = if then == "return" { 1 } else { 2 };
            let commands = [
                "prepare map hosts.map".to_owned(),
                format!("add map @{version} hosts.map a one"),
                format!("commit map @{version} hosts.map"),
            ];
            let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
            let (_, sent) = site.call(site.request(&commands, then)).await;
            assert_eq!(sent, commands, "{then}");
            assert_eq!(site.entries("map hosts.map"), ["a one"], "{then}");
        }
        // It abandons it itself.
        let commands = ["prepare map empty.map", "clear map @1 empty.map"];
        let (_, sent) = site.call(site.request(&commands, "panic")).await;
        assert_eq!(sent, commands);
        // Another version than the one it opened: that one is still open.
        let commands = ["prepare map empty.map", "prepare map empty.map", "commit map @3 empty.map"];
        let (_, sent) = site.call(site.request(&commands, "panic")).await;
        assert_eq!(sent[3..], ["clear map @2 empty.map"]);
        // HAProxy refused to commit.
        let commands = ["prepare map empty.map", "commit map @9 empty.map"];
        let (result, sent) = site.call(site.request(&commands, "return")).await;
        assert_eq!(code(&result), "rejected");
        assert_eq!(sent[1..], ["commit map @9 empty.map (failed)", "clear map @4 empty.map"]);
        assert_eq!(site.entries("map hosts.map"), ["a one"]);
    }

    /// A tool that says so may leave it open, but not by dying.
    async fn what_may_stay_open_stays_after_a_success_alone(binary: &Binary) {
        let site = Site::of(binary).await;
        for (then, version, left) in [("return", 1, &["a one"][..]), ("panic", 2, &[]), ("fail", 3, &[])] {
            let fill = format!("add map @{version} empty.map a one");
            let mut request = site.request(&["prepare map empty.map", &fill], then);
            request.leaves_open = true;
            let (_, sent) = site.call(request).await;
            assert_eq!(sent.len(), if then == "return" { 2 } else { 3 }, "{then}: {sent:?}");
            if then == "return" || !binary.at_least(3, 4) {
                assert_eq!(site.entries(&format!("map @{version} empty.map")), left, "{then}");
            }
        }
    }

    /// Nobody hears what a call left open that was cancelled just before its end.
    async fn nor_after_its_caller_gave_up(binary: &Binary) {
        let site = Site::of(binary).await;
        let mut request = site.request(&["prepare map empty.map", "add map @1 empty.map a one"], "return");
        request.leaves_open = true;
        let cancel = request.cancel.clone();
        request.progress = Some(Arc::new(move |_| cancel.cancel()));
        let (result, sent) = site.call(request).await;
        assert!(matches!(result, Err(CallError::Cancelled)), "{result:?}");
        assert_eq!(sent.last().map(String::as_str), Some("clear map @1 empty.map"));
        assert_eq!(site.entries("map @1 empty.map"), [""; 0]);
    }

    /// A file that an ACL reads as a map has one row of versions, by whichever name they are settled.
    async fn a_map_that_is_an_acl_is_settled_by_either_name(binary: &Binary) {
        let site = Site::of(binary).await;
        let commands = ["prepare map both.map", "add map @1 both.map /b two", "commit acl @1 both.map"];
        let (result, sent) = site.call(site.request(&commands, "fail")).await;
        assert_eq!(code(&result), "failed", "{result:?}");
        assert_eq!(sent, commands);
        assert_eq!(site.entries("map both.map"), ["/b two"]);
    }

    /// A change that HAProxy refuses leaves those before it in the transaction, which is still to be taken back.
    async fn a_refused_change_does_not_hide_those_before_it(binary: &Binary) {
        let site = Site::of(binary).await;
        let pem = Authority::new("Second CA").pem();
        let set = format!("set ssl ca-file second.pem << {}", pem.trim().replace('\n', " | "));
        let commands = ["new ssl ca-file second.pem", &set, "set ssl ca-file second.pem << nonsense"];
        let (result, sent) = site.call(site.request(&commands, "return")).await;
        assert_eq!(code(&result), "rejected", "{result:?}");
        assert_eq!(sent[2], "set ssl ca-file second.pem << [secret] (failed)");
        assert_eq!(sent[3..], ["abort ssl ca-file second.pem", "del ssl ca-file second.pem"]);
        let files = site.haproxy.raw_text("show ssl ca-file");
        assert!(!files.contains("second.pem"), "{files}");
    }

    /// What a call wants to settle may be something else by the time that it is its turn: `clear map @1` after
    /// `commit map @1` would empty the live map.
    async fn what_another_call_settled_meanwhile_is_left_alone(binary: &Binary) {
        let site = Site::of(binary).await;
        let mut first = site.request(
            &["prepare map hosts.map", "add map @1 hosts.map a one", "commit map @1 hosts.map"],
            "stay",
        );
        let (cancel, said) = (first.cancel.clone(), told(&mut first));
        let second = async {
            said.notified().await;
            let second = site.request(&["show map @1 hosts.map", "clear map @1 hosts.map"], "return");
            // The first ends once the second runs; it is polled first.
            let begins = async {
                tokio::task::yield_now().await;
                cancel.cancel();
            };
            let (second, ()) = tokio::join!(site.call(second), begins);
            second
        };
        let (_, (result, sent)) = tokio::join!(site.call(first), second);
        assert_eq!(sent, [""; 0], "{result:?}");
        let failure = result.unwrap_err().failure();
        assert_eq!(failure.code, "host-failed");
        assert!(failure.message.contains("another call has committed"), "{}", failure.message);
        assert_eq!(site.entries("map hosts.map"), ["a one"]);
        // Whoever looks now knows.
        let (result, sent) = site.call(site.request(&["clear map @1 hosts.map"], "return")).await;
        assert_eq!((code(&result), sent.len()), ("answered".to_owned(), 1), "{result:?}");
    }

    /// One call at a time has something open: the second prepares when the first has ended and was cleared up after.
    async fn the_next_waits_until_it_was_cleared_up(binary: &Binary) {
        let site = Site::of(binary).await;
        let time = Duration::from_secs(2);
        let mut first = site.request(&["prepare map empty.map", "add map @1 empty.map a one"], "stay");
        (first.deadline, first.wall_clock) = (Instant::now() + time, time);
        let said = told(&mut first);
        let second = async {
            said.notified().await;
            let commands = ["show map @1 empty.map", "prepare map empty.map", "show map @1 empty.map"];
            site.call(site.request(&commands, "return")).await
        };
        let ((ended, _), (result, sent)) = tokio::join!(site.call(first), second);
        assert_eq!(code(&ended), "wall-clock-limit");
        let structured: Value = serde_json::from_str(&result.unwrap().structured).unwrap();
        let replies = structured["replies"].as_array().unwrap();
        assert!(replies[0].as_str().unwrap().contains("a one"), "it is open: {structured}");
        assert!(replies[1].as_str().unwrap().contains("version created: 2"), "{structured}");
        assert!(!replies[2].as_str().unwrap().contains("a one"), "it was cleared by then: {structured}");
        assert_eq!(sent, ["prepare map empty.map", "clear map @2 empty.map"]);
    }
}
