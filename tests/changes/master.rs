use std::path::Path;
use std::time::Duration;

use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, newest};
use serde_json::{Value, json};

use crate::cases::{Case, Site, program, serve};

/// The usual site, whose worker has a master.
fn site(binary: &Binary) -> Site {
    Site {
        haproxy: Haproxy::builder(binary).master_worker().start(),
        files: None,
        master: true,
    }
}

pub(crate) fn cases() -> Vec<Case> {
    vec![Case {
        tool: "reload_haproxy",
        access: "admin",
        site,
        succeeds: |_| json!({}),
        seen: |site| site.haproxy.info("Pid"),
        refused: |site| {
            append(&site.haproxy, "frontend broken\n    bogus word\n");
            json!({})
        },
        because: "rejected",
        since: None,
    }]
}

/// The file that HAProxy reads at its next reload.
fn configuration(haproxy: &Haproxy) -> std::path::PathBuf {
    haproxy.folder().join("haproxy.cfg")
}

fn append(haproxy: &Haproxy, sections: &str) {
    let path = configuration(haproxy);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}\n{sections}")).unwrap();
}

/// Sections of which every version warns, and which it takes.
const WARNED_OF: &str =
    "defaults bare\n    mode http\nbackend be_bare from bare\n    server s 127.0.0.1:1\n";

/// An address that no machine of the tests has: HAProxy tries for two seconds, and gives up.
const UNBINDABLE: &str = "frontend fe_elsewhere\n    bind 203.0.113.7:1\n";

fn messages(log: &Value) -> Vec<String> {
    log.as_array()
        .unwrap_or_else(|| panic!("a list of messages was expected: {log}"))
        .iter()
        .map(|said| said["message"].as_str().unwrap().to_owned())
        .collect()
}

fn holds(log: &Value, text: &str) -> bool {
    messages(log).iter().any(|message| message.contains(text))
}

/// What HAProxy says of its processes, over the raw socket: the lines of workers that came with the last reload.
fn workers(haproxy: &Haproxy) -> Vec<String> {
    let text = String::from_utf8(haproxy.raw_master("show proc")).unwrap();
    text.lines()
        .filter(|line| line.contains("worker"))
        .filter_map(|line| line.split_ascii_whitespace().next())
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

haproxy_mcp_testkit::on_each_version! {
    fn a_reload_brings_what_the_files_say_and_tells_the_warnings(binary: &Binary) {
        let site = site(binary);
        let haproxy = &site.haproxy;
        let server = serve(&site, "admin");
        haproxy.raw("set server be_app/app1 weight 7");
        append(haproxy, WARNED_OF);
        let before = haproxy.info("Pid");
        let response = server.call("reload_haproxy", json!({}));
        let answer = response.answer();
        assert_eq!(answer["before"]["worker"].to_string(), before, "{answer}");
        assert_eq!(answer["after"]["worker"].to_string(), haproxy.info("Pid"), "{answer}");
        assert_eq!(answer["after"]["reloads"], json!(1), "{answer}");
        assert_eq!((&answer["changed"], &answer["holds"]), (&json!(true), &json!(true)), "{answer}");
        assert!(workers(haproxy).contains(&haproxy.info("Pid")));
        assert_eq!(haproxy.get("/x"), 200);
        assert!(haproxy.raw_text("show backend").contains("be_bare"));
        assert!(haproxy.raw_text("get weight be_app/app1").starts_with("100 "), "what was changed at run time is lost");
        assert!(holds(&answer["startup_log"], "be_bare"), "the warning is told: {answer}");
    }

    fn a_configuration_that_does_not_parse_is_told_with_its_lines_and_the_old_worker_goes_on(binary: &Binary) {
        let site = site(binary);
        let haproxy = &site.haproxy;
        let server = serve(&site, "admin");
        let (worker, good) = (haproxy.info("Pid"), std::fs::read(configuration(haproxy)).unwrap());
        append(haproxy, "frontend broken\n    bogus word\n");
        for failures in 1..=2 {
            let response = server.call("reload_haproxy", json!({}));
            assert_eq!(response.code(), "rejected");
            let error = response.error();
            assert_eq!(error["details"]["reason"], "reload-failed", "{error}");
            // From 3.2 on HAProxy counts no further than 1.
            let counted = if binary.at_least(3, 2) { 1 } else { failures };
            assert_eq!(error["details"]["after"]["failed_reloads"], json!(counted), "{error}");
            assert_eq!(error["details"]["after"]["worker"].to_string(), worker, "{error}");
            assert!(error["hint"].as_str().unwrap().contains("haproxy -c"), "{error}");
            if binary.at_least(3, 0) {
                // It names the file and the line.
                assert!(error["message"].as_str().unwrap().contains("haproxy.cfg"), "{error}");
                assert!(holds(&error["details"]["startup_log"], "bogus"), "{error}");
                let log = server.call("show_master_startup_logs", json!({ "level": "alert" }));
                let rows = &log.answer()["rows"];
                assert!(holds(rows, "bogus"), "{}", log.message);
            }
            assert_eq!(haproxy.info("Pid"), worker);
            assert_eq!(haproxy.get("/x"), 200);
        }
        std::fs::write(configuration(haproxy), good).unwrap();
        let response = server.call("reload_haproxy", json!({}));
        let answer = response.answer();
        assert_ne!(answer["before"]["failed_reloads"], json!(0), "{answer}");
        assert_eq!(answer["after"]["failed_reloads"], json!(0), "{answer}");
        assert_ne!(haproxy.info("Pid"), worker);
    }

    /// The answer comes after the time that a command may take: the processes tell in its place.
    fn a_failure_is_told_also_where_the_masters_answer_is_lost(binary: &Binary) {
        let site = site(binary);
        let haproxy = &site.haproxy;
        let server = program("admin")
            .haproxy(haproxy)
            .arg("--master-socket")
            .arg(haproxy.master_socket())
            .args(["--runtime-timeout", "1"])
            .start();
        server.stateless();
        let worker = haproxy.info("Pid");
        append(haproxy, UNBINDABLE);
        let pending = server.begin("reload_haproxy", json!({}));
        let token = pending.id();
        let response = server.finish(pending);
        assert_eq!(response.code(), "rejected", "{}", response.message);
        let error = response.error();
        assert_eq!(error["details"]["after"]["worker"].to_string(), worker, "{error}");
        if binary.at_least(3, 0) {
            assert!(holds(&error["details"]["startup_log"], "203.0.113.7"), "{error}");
        }
        let progress = server.notifications("notifications/progress");
        assert!(progress.iter().any(|report| report["progressToken"] == json!(token)), "{progress:?}");
        assert_eq!(haproxy.info("Pid"), worker);
        assert_eq!(haproxy.get("/x"), 200);
    }

    /// Each is told what came of it, and afterwards one worker serves.
    fn two_reloads_at_once_end_with_one_worker(binary: &Binary) {
        let site = site(binary);
        let haproxy = &site.haproxy;
        let server = serve(&site, "admin");
        let before = haproxy.info("Pid");
        let responses = server.call_concurrently(&[("reload_haproxy", json!({})), ("reload_haproxy", json!({}))]);
        let held = responses.iter().filter(|response| response.result()["isError"] != json!(true));
        assert!(held.count() >= 1, "{responses:?}");
        for response in &responses {
            if response.result()["isError"] == json!(true) {
                let code = response.code();
                assert!(["rejected", "unreachable", "interrupted"].contains(&code), "{}", response.message);
            }
        }
        assert_ne!(haproxy.info("Pid"), before);
        assert_eq!(haproxy.get("/x"), 200);
    }

    fn a_master_whose_socket_has_too_low_a_level_refuses(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().master_level("user").start();
        let worker = haproxy.info("Pid");
        let site = Site { haproxy, files: None, master: true };
        let server = serve(&site, "admin");
        for tool in ["reload_haproxy", "show_master_startup_logs"] {
            let response = server.call(tool, json!({}));
            if tool == "show_master_startup_logs" && !binary.at_least(3, 0) {
                assert_eq!(response.code(), "unsupported");
                continue;
            }
            assert_eq!(response.code(), "rejected", "{tool}: {}", response.message);
            let hint = response.error()["hint"].as_str().unwrap();
            assert!(hint.contains("level,operator"), "{tool}: {hint}");
        }
        assert_eq!(site.haproxy.info("Pid"), worker);
    }
}

/// A worker's socket alone does not do: what is missing is said, and nothing was sent.
#[test]
fn without_a_masters_socket_the_setting_is_named() {
    let haproxy = Haproxy::start(&newest());
    let server = program("admin").haproxy(&haproxy).start();
    server.stateless();
    for tool in ["reload_haproxy", "show_proc", "show_master_startup_logs"] {
        let response = server.call(tool, json!({}));
        assert_eq!(response.code(), "unreachable", "{tool}");
        let error = response.error();
        assert_eq!(
            error["details"]["reason"], "needs-master",
            "{tool}: {error}"
        );
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("HAPROXY_MASTER_SOCKET"), "{tool}: {hint}");
    }
}

/// With the master's socket alone all goes through it.
#[test]
fn the_masters_socket_alone_is_enough() {
    let haproxy = Haproxy::builder(&newest()).master_worker().start();
    let server = program("admin")
        .arg("--master-socket")
        .arg(haproxy.master_socket())
        .start();
    server.stateless();
    let before = haproxy.info("Pid");
    let response = server.call("reload_haproxy", json!({}));
    assert_eq!(
        response.answer()["before"]["worker"].to_string(),
        before,
        "{}",
        response.message
    );
    let info = server.call("show_info", json!({ "fields": ["Pid"] }));
    assert_ne!(info.answer()["fields"]["Pid"].to_string(), before);
}

const BEFORE: &str = "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
    10              master          0 [failed: 0]   0d00h00m24s     3.0.11         \n\
    # workers\n\
    11              worker          0               0d00h00m24s     3.0.11         \n\
    \n";

/// One connection: the command is read, and this is said.
fn says(text: &str) -> Vec<Step> {
    vec![Step::ReadLine, Step::send(text), Step::Close]
}

fn asked(
    master: &ScriptedSocket,
    worker: &Path,
    arguments: Value,
) -> haproxy_mcp_testkit::mcp::Response {
    let server = program("admin")
        .socket(worker)
        .arg("--master-socket")
        .arg(master.path())
        .start();
    server.stateless();
    server.call("reload_haproxy", arguments)
}

/// Nothing comes of it: no success is claimed, and no failure either.
#[test]
fn a_reload_of_which_nothing_is_seen_is_not_claimed() {
    let worker = ScriptedSocket::unix(says("\nName: HAProxy\nPid: 11\n\n"));
    for said in ["", "Success=1\n--\n\n"] {
        let master = ScriptedSocket::unix_each(vec![says(BEFORE), says(said)], says(BEFORE));
        let response = asked(&master, &worker.path(), json!({ "timeout_seconds": 1 }));
        assert_eq!(response.code(), "not-applied", "{}", response.message);
        let error = response.error();
        assert_eq!(error["details"]["after"]["worker"], json!(11), "{error}");
        assert!(
            error["hint"].as_str().unwrap().contains("show_proc"),
            "{error}"
        );
        assert!(
            response.took >= Duration::from_secs(1),
            "{:?}",
            response.took
        );
    }
}

/// 2.6 and 3.0 serve no socket of the master while they load the configuration: that nobody answers is not all, since the
/// reload was sent.
#[test]
fn a_master_that_stays_away_after_a_reload_is_told_as_a_reload_of_unknown_outcome() {
    let worker = ScriptedSocket::unix(says("\nName: HAProxy\nPid: 11\n\n"));
    let away = vec![Step::ReadLine, Step::Close];
    let master = ScriptedSocket::unix_each(vec![says(BEFORE), says("")], away);
    let response = asked(&master, &worker.path(), json!({ "timeout_seconds": 1 }));
    assert_eq!(response.code(), "not-applied", "{}", response.message);
    let error = response.error();
    assert_eq!(error["details"]["before"]["worker"], json!(11), "{error}");
    assert_eq!(error["details"]["after"], json!(null), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("not known"), "{error}");
}

/// From 3.2 on a worker is listed before it has loaded its configuration.
#[test]
fn a_worker_that_does_not_answer_yet_does_not_count() {
    let loading = BEFORE
        .replace("0 [failed: 0]", "1 [failed: 0]")
        .replace("11  ", "12  ")
        .replace(
            "3.0.11         \n\n",
            "3.0.11         \n# old workers\n11              worker          1               0d00h00m24s     3.0.11\n\n",
        );
    let failed = BEFORE.replace("0 [failed: 0]", "1 [failed: 1]");
    let worker = ScriptedSocket::unix(says("\nName: HAProxy\nPid: 11\n\n"));
    let master = ScriptedSocket::unix_each(
        vec![says(BEFORE), says(""), says(&loading), says(&loading)],
        says(&failed),
    );
    let response = asked(&master, &worker.path(), json!({}));
    assert_eq!(response.code(), "rejected", "{}", response.message);
    let answers = ScriptedSocket::unix_each(
        vec![says("\nName: HAProxy\nPid: 11\n\n")],
        says("\nName: HAProxy\nPid: 12\n\n"),
    );
    let master = ScriptedSocket::unix_each(vec![says(BEFORE), says("")], says(&loading));
    let response = asked(&master, &answers.path(), json!({}));
    assert_eq!(
        response.answer()["after"]["worker"],
        json!(12),
        "{}",
        response.message
    );
}

/// Words that are neither a success nor a failure are none.
#[test]
fn an_answer_that_says_neither_is_no_success() {
    let worker = ScriptedSocket::unix(says("\n\n"));
    let master =
        ScriptedSocket::unix_each(vec![says(BEFORE), says("Success=maybe\n\n")], says(BEFORE));
    let response = asked(&master, &worker.path(), json!({}));
    assert_eq!(response.code(), "unparsable", "{}", response.message);
}
