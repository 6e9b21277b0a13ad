use std::path::Path;

use haproxy_mcp_testkit::{Binary, Haproxy, newest, on_each_version};

use crate::{Seen, doctor};

/// What it finds in this configuration, of a HAProxy that runs with another one.
fn in_configuration(haproxy: &Haproxy, text: &str) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haproxy.cfg");
    std::fs::write(&path, text).unwrap();
    let socket = haproxy.admin_socket();
    doctor(&[
        "--haproxy-config",
        path.to_str().unwrap(),
        "--runtime-socket",
        socket.to_str().unwrap(),
    ])
}

/// What HAProxy itself says of a configuration.
fn is_right(binary: &Binary, haproxy: &Haproxy, text: &str) -> bool {
    let file = haproxy.folder().join("checked.cfg");
    std::fs::write(&file, text).unwrap();
    let checked = std::process::Command::new(&binary.path)
        .arg("-c")
        .arg("-f")
        .arg(&file)
        .output()
        .unwrap();
    checked.status.success()
}

on_each_version! {
    /// As in a guide that many have followed; what is advised is right.
    fn a_stats_socket_has_a_password(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let socket = haproxy.admin_socket();
        let line = format!("stats socket {} level admin", socket.display());
        let wrong = format!("global\n    {line} user admin password YourSecurePassword\n");
        let right = format!("global\n    {line}\n");
        assert!(!is_right(binary, &haproxy, &wrong));
        assert!(is_right(binary, &haproxy, &right));
        in_configuration(&haproxy, &wrong)
            .only_problem("config", "stats-socket-password")
            .mend(&format!("in `haproxy.cfg:2`: `{line}`"));
        in_configuration(&haproxy, &right).all_is_well();
    }

    fn it_does_not_parse(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let socket = format!("    stats socket {}\n", haproxy.admin_socket().display());
        let text = format!("global\n{socket}fronted fe\n    bind :80\n    acl a path \"/x\n");
        // HAProxy agrees.
        assert!(!is_right(binary, &haproxy, &text));
        let seen = in_configuration(&haproxy, &text);
        seen.only_problem("config", "does-not-parse")
            .saw("haproxy.cfg:3:")
            .saw("haproxy.cfg:5:")
            .mend("haproxy -c -f");
    }
}

#[test]
fn it_has_no_stats_socket() {
    let line =
        "`stats socket /run/haproxy/admin.sock mode 660 user haproxy group haproxy level admin`";
    let text = "global\n    maxconn 100\ndefaults\n    mode http\n";
    // It works all the same: what runs was started with another one.
    in_configuration(&Haproxy::start(&newest()), text)
        .warning("config", "no-stats-socket")
        .mend(line);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haproxy.cfg");
    std::fs::write(&path, text).unwrap();
    let socket = folder.path().join("admin.sock");
    let seen = doctor(&[
        "--haproxy-config",
        path.to_str().unwrap(),
        "--runtime-socket",
        socket.to_str().unwrap(),
    ]);
    seen.problem("config", "no-stats-socket")
        .mend(&format!("in `global` (`haproxy.cfg:1`): {line}"));
    seen.problem("runtime", "socket-missing");
}

#[test]
fn a_page_is_ignored() {
    let haproxy = Haproxy::start(&newest());
    let text =
        "global\n    stats socket /run/a.sock\nfrontend stats\n    bind :8404\n    stats enable\n";
    in_configuration(&haproxy, text)
        .warning("config", "page-ignored")
        .mend("in `frontend stats` (`haproxy.cfg:3`): `mode http`");
    // `defaults` may say the mode.
    let text = text.replace("frontend", "defaults\n    mode http\nfrontend");
    in_configuration(&haproxy, &text).all_is_well();
}

/// Each door by itself: one that is not there does not hide the other.
#[test]
fn what_was_granted_is_not_there() {
    let haproxy = Haproxy::start(&newest());
    let socket = haproxy.admin_socket();
    let missing = |name: &str| haproxy.folder().join(name);
    let (config, log) = (missing("other.cfg"), missing("haproxy.log"));
    let seen = doctor(&[
        "--runtime-socket",
        socket.to_str().unwrap(),
        "--haproxy-config",
        config.to_str().unwrap(),
        "--haproxy-log",
        log.to_str().unwrap(),
    ]);
    seen.problem("config", "file-missing")
        .mend("HAPROXY_CONFIG_PATH=");
    seen.problem("log", "file-missing")
        .mend("HAPROXY_LOG_PATH=");
    seen.finding("runtime", "answers");
}

#[test]
fn a_log_is_empty() {
    let haproxy = Haproxy::start(&newest());
    let socket = haproxy.admin_socket();
    let log = haproxy.folder().join("haproxy.log");
    let look = |log: &Path| {
        doctor(&[
            "--runtime-socket",
            socket.to_str().unwrap(),
            "--haproxy-log",
            log.to_str().unwrap(),
        ])
    };
    std::fs::write(&log, "").unwrap();
    look(&log)
        .warning("log", "log-empty")
        .mend("option httplog");
    std::fs::write(&log, "a line\n").unwrap();
    let seen = look(&log);
    seen.all_is_well();
    seen.finding("log", "reads").saw("1 file with 7 bytes");
    // A folder is none of a log's files.
    let seen = look(&haproxy.folder().join("none"));
    seen.problem("log", "file-missing");
}

#[test]
fn a_log_is_of_long_ago() {
    let haproxy = Haproxy::start(&newest());
    let socket = haproxy.admin_socket();
    let log = haproxy.folder().join("haproxy.log");
    std::fs::write(&log, "a line\n").unwrap();
    let day = std::time::Duration::from_hours(24);
    let file = std::fs::File::options().write(true).open(&log).unwrap();
    file.set_modified(std::time::SystemTime::now() - 400 * day)
        .unwrap();
    let look = || {
        doctor(&[
            "--runtime-socket",
            socket.to_str().unwrap(),
            "--haproxy-log",
            log.to_str().unwrap(),
        ])
    };
    look()
        .warning("log", "log-old")
        .saw("last written 400 days ago")
        .mend("`HAPROXY_LOG_PATH`");
    file.set_modified(std::time::SystemTime::now() - day)
        .unwrap();
    look().all_is_well();
}
