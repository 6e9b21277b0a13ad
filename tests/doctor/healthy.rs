use std::time::{Duration, Instant};

use haproxy_mcp_testkit::{Haproxy, on_each_version};

use crate::{doctor, program};

on_each_version! {
    fn every_door_is_open(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().page("    stats admin if TRUE").start();
        let folder = haproxy.folder();
        let log = folder.join("haproxy.log");
        std::fs::write(&log, "a line\n").unwrap();
        let (socket, master) = (haproxy.admin_socket(), haproxy.master_socket());
        let (url, config) = (haproxy.page_url("/stats"), folder.join("haproxy.cfg"));
        let flags = [
            "--runtime-socket", socket.to_str().unwrap(), "--master-socket", master.to_str().unwrap(),
            "--stats-url", &url, "--haproxy-config", config.to_str().unwrap(), "--haproxy-log", log.to_str().unwrap(),
            "--access", "admin",
        ];
        let seen = doctor(&flags);
        seen.all_is_well();
        let doors: Vec<&str> = seen.findings().iter().map(|finding| finding["door"].as_str().unwrap()).collect();
        assert_eq!(doors, ["runtime", "master", "stats", "metrics", "config", "log"], "{seen:#?}");
        let runtime = seen.finding("runtime", "answers");
        runtime.saw(&binary.version).saw("level admin").saw("node `testnode`").saw(&haproxy.info("Pid"));
        assert_eq!(runtime.0["details"]["pid"].to_string(), haproxy.info("Pid"));
        seen.finding("stats", "answers").saw("it lets servers be changed");
        seen.finding("metrics", "answers").saw("gives metrics");
        // A tool like any other, and the same answer.
        let called = program().args(["call", "doctor"]).args(flags).output().unwrap();
        let called: serde_json::Value = serde_json::from_slice(&called.stdout).unwrap();
        assert_eq!(called["verdict"], "ok", "{called:#}");
    }
}

/// The number of the issue, with room for a machine that is busy and a build that is not optimised.
#[test]
fn it_takes_no_time() {
    let haproxy = Haproxy::builder(&haproxy_mcp_testkit::newest())
        .page("")
        .start();
    let (socket, url) = (haproxy.admin_socket(), haproxy.page_url("/stats"));
    let begun = Instant::now();
    doctor(&[
        "--runtime-socket",
        socket.to_str().unwrap(),
        "--stats-url",
        &url,
    ])
    .all_is_well();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
}
