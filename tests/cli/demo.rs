use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use haproxy_mcp_testkit::{Binary, McpServer, haproxy, newest, on_each_version, until};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::{Ran, program};

/// Nothing is left in the folder for temporary files.
fn assert_empty(folder: &Path) {
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

on_each_version! {
    fn a_client_finds_a_site_with_visitors_and_takes_it_along(binary: &Binary) {
        let folder = tempfile::tempdir().unwrap();
        let server = McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
            .args(["demo", "--haproxy"])
            .arg(&binary.path)
            .env("TMPDIR", folder.path())
            // Of somebody's own HAProxy, which the demo must leave alone.
            .env("HAPROXY_RUNTIME_SOCKET", "/nowhere/admin.sock")
            .start();
        server.initialize();
        let info = server.call("show_info", json!({ "fields": ["Pid"] }));
        assert_eq!(info.answer()["version"], binary.version.as_str());
        let pid = info.answer()["fields"]["Pid"].as_i64().unwrap();
        assert!(runs(pid));

        let backends = server.call("list_backends", json!({}));
        let rows = backends.answer()["rows"].as_array().unwrap();
        let shop = rows.iter().find(|row| row["pxname"] == "shop").unwrap();
        let visits = shop["stot"].as_i64().unwrap();
        assert!(visits > 50, "{shop}");
        assert!(shop["hrsp_5xx"].as_i64().unwrap() > 0, "nobody was unlucky: {shop}");
        until("the check of the server that nobody started", || {
            let servers = server.call("list_servers", json!({ "backend": "api" }));
            let rows = servers.answer()["rows"].as_array().unwrap();
            let statuses: Vec<_> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
            if statuses == ["UP", "DOWN"] { Ok(()) } else { Err(format!("{statuses:?}")) }
        });
        until("further visitors", || {
            let backends = server.call("list_backends", json!({ "filter": "shop" }));
            let now = backends.answer()["rows"][0]["stot"].as_i64().unwrap();
            if now > visits { Ok(()) } else { Err(format!("{now} visits")) }
        });

        server.shutdown();
        assert!(!runs(pid), "HAProxy outlived the demo");
        assert_empty(folder.path());
    }
}

#[test]
fn signals_end_it_and_its_haproxy() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, socket) = start(&newest(), folder.path());
        let answer = haproxy::raw(&socket, "show info").unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let pid = answer
            .lines()
            .find_map(|line| line.strip_prefix("Pid: "))
            .unwrap();
        let pid: i64 = pid.parse().unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = end(&mut child);
        assert!(status.success(), "{signal:?}: {status}");
        assert!(!runs(pid), "{signal:?}: HAProxy outlived the demo");
        assert_empty(folder.path());
    }
}

/// A demo with its standard input open, once it serves; and HAProxy's socket.
fn start(binary: &Binary, folder: &Path) -> (Child, PathBuf) {
    let mut child = program()
        .args(["demo", "--haproxy"])
        .arg(&binary.path)
        .env("TMPDIR", folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let socket = lines.find_map(|line| {
        let line = line.unwrap();
        let (_, rest) = line.split_once("unix://")?;
        Some(PathBuf::from(rest.split(';').next()?))
    });
    // Whoever writes to it later must not be told that nobody reads.
    std::thread::spawn(move || lines.for_each(drop));
    (child, socket.unwrap())
}

fn end(child: &mut Child) -> ExitStatus {
    let mut status = None;
    until("the demo to end", || {
        status = child.try_wait().map_err(|error| error.to_string())?;
        status.map(drop).ok_or_else(|| "it runs".to_owned())
    });
    status.unwrap()
}

fn runs(pid: i64) -> bool {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    test_kill_process(pid).is_ok()
}

#[test]
fn without_haproxy_it_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    // Debian's own place is looked into, too; a machine that has HAProxy there cannot show this.
    if ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"]
        .iter()
        .any(|path| Path::new(path).exists())
    {
        eprintln!("\n!!! SKIPPED: a HAProxy is installed on this machine\n");
        return;
    }
    let ran = Ran::new(
        &program()
            .arg("demo")
            .env("PATH", folder.path())
            .output()
            .unwrap(),
    );
    ran.refused(2, "there is no `haproxy` in any folder of `PATH`");
    assert!(ran.stderr.contains("sudo apt install haproxy"), "{ran:?}");
    assert_eq!(ran.stdout, "");
}

#[test]
fn the_haproxy_in_path_is_found() {
    let (folder, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(newest().path, programs.path().join("haproxy")).unwrap();
    let path = format!(
        "relative:/nowhere:{}:/usr/bin:/bin",
        programs.path().display()
    );
    let server = McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .arg("demo")
        .env("PATH", path)
        .env("TMPDIR", folder.path())
        .start();
    server.initialize();
    let info = server.call("show_info", json!({}));
    assert_eq!(info.answer()["version"], newest().version.as_str());
    server.shutdown();
    assert_empty(folder.path());
}

#[test]
fn a_program_that_is_not_haproxy_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let demo = |path: &str| {
        let output = program()
            .args(["demo", "--haproxy", path])
            .env("TMPDIR", folder.path())
            .output();
        Ran::new(&output.unwrap())
    };
    demo("/etc/passwd").refused(2, "not a program: `/etc/passwd`");
    demo("/nowhere/haproxy").refused(2, "not a program: `/nowhere/haproxy`");
    demo("/bin/false").refused(1, "`/bin/false` ended at once, exit status: 1");
    assert_empty(folder.path());
}

/// How long a demo may take to be ready: a client gives up at some time.
#[test]
fn a_client_is_served_soon() {
    let folder = tempfile::tempdir().unwrap();
    let server = McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(["demo", "--haproxy"])
        .arg(newest().path)
        .env("TMPDIR", folder.path())
        .deadline(Duration::from_secs(10))
        .start();
    server.initialize();
    server.shutdown();
}
