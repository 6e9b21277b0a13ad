use std::process::{Command, Stdio};

use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::Value;

use crate::{doctor, program};

/// As a person gets it, without a terminal.
fn text(flags: &[&str]) -> (Option<i32>, String, String) {
    let output = program().arg("doctor").args(flags).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn people_get_a_block_for_each_finding() {
    let (code, out, err) = text(&["--runtime-socket", "/nowhere/at/all.sock"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert_eq!(err, "");
    let wanted = "\
✗ runtime problem: folder-missing
    the folder `/nowhere` does not exist, so that there is no socket `/nowhere/at/all.sock`
    why: ";
    assert!(out.starts_with(wanted), "{out}");
    assert!(
        out.contains("\n    mend: sudo install -d -o haproxy -g haproxy -m 755 /nowhere && "),
        "{out}"
    );
    assert!(
        out.ends_with("\n\n1 problem: runtime (folder-missing)\n"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "colours in a pipe: {out:?}");
}

/// A warning is no reason to fail.
#[test]
fn the_exit_code_is_for_scripts() {
    let haproxy = Haproxy::builder(&newest()).admin_level("user").start();
    let socket = haproxy.admin_socket();
    let socket = socket.to_str().unwrap();
    let (code, out, _) = text(&["--runtime-socket", socket]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("! runtime warning: level-too-low"), "{out}");
    let (code, out, _) = text(&["--runtime-socket", socket, "--access", "admin"]);
    assert_eq!(code, Some(1), "{out}");
    for wrong in [
        &["--runtime-socket", "relative.sock"][..],
        &["--runtime-timeout", "never"],
        &["--no-such-flag"],
        &["further"],
    ] {
        let (code, out, err) = text(wrong);
        assert_eq!((code, &*out), (Some(2), ""), "{wrong:?}: {err}");
    }
}

/// Nothing configured: both usual addresses are tried, and it is said what to configure.
#[test]
fn nothing_is_configured() {
    // Somebody's HAProxy may be there.
    if std::net::TcpStream::connect("127.0.0.1:9999").is_ok()
        || std::net::TcpStream::connect("127.0.0.1:8404").is_ok()
    {
        eprintln!("\n!!! SKIPPED: something listens at a usual address\n");
        return;
    }
    let seen = doctor(&[]);
    seen.problem("settings", "nothing-configured")
        .mend("HAPROXY_RUNTIME_SOCKET=/run/haproxy/admin.sock")
        .mend("`stats socket /run/haproxy/admin.sock mode 660 user haproxy group haproxy level admin`")
        .mend("sudo usermod -aG haproxy USER");
    seen.problem("runtime", "nobody-listens");
    seen.problem("stats", "nobody-listens");
    seen.finding("metrics", "same-as-stats");
}

/// It is of use however little else is right: the tool may be excluded, a module missing, the audit without a place.
#[test]
fn other_settings_do_not_hinder_it() {
    let haproxy = Haproxy::start(&newest());
    let socket = haproxy.admin_socket();
    doctor(&[
        "--runtime-socket",
        socket.to_str().unwrap(),
        "--exclude-tools",
        "show_info",
        "--module",
        "/nowhere/module.wasm",
        "--audit-file",
        "/nowhere/audit",
    ])
    .all_is_well();
}

/// On a terminal, unless its owner wants none.
#[test]
fn colours_are_for_terminals() {
    let on_terminal = |variables: &[(&str, &str)]| {
        let line = format!(
            "exec '{}' doctor --runtime-socket /nowhere/at/all.sock",
            env!("CARGO_BIN_EXE_haproxy-mcp")
        );
        let output = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let coloured = on_terminal(&[]);
    assert!(coloured.contains("\u{1b}[31m✗\u{1b}[0m"), "{coloured:?}");
    let plain = on_terminal(&[("NO_COLOR", "1")]);
    assert!(
        plain.contains("✗ runtime") && !plain.contains("\u{1b}["),
        "{plain:?}"
    );
}

/// Neither a password that is right, nor one that is wrong, nor one of the configuration.
#[test]
fn no_secret_is_shown() {
    let haproxy = Haproxy::builder(&newest())
        .page("    stats auth ops:s3cret-of-the-page")
        .start();
    let config = haproxy.folder().join("haproxy.cfg");
    let socket = haproxy.admin_socket();
    let host = haproxy.page_address();
    for password in ["s3cret-of-the-page", "s3cret-that-is-wrong"] {
        for url in [
            format!("http://ops:{password}@{host}/stats"),
            format!("http://ops:{password}@{host}/elsewhere"),
            format!("https://ops:{password}@{host}/stats"),
            format!("http://ops:{password}@haproxy.invalid/stats"),
        ] {
            for json in [&["--json"][..], &[]] {
                let output = program()
                    .arg("doctor")
                    .args(json)
                    .args(["--stats-url", &url, "--log-level", "trace"])
                    .args(["--haproxy-config", config.to_str().unwrap()])
                    .args(["--runtime-socket", socket.to_str().unwrap()])
                    .output()
                    .unwrap();
                let all = [output.stdout, output.stderr].concat();
                let all = String::from_utf8_lossy(&all);
                assert!(all.contains("stats"), "{all}");
                assert!(!all.contains("s3cret"), "{url}: {all}");
            }
        }
    }
}

/// What is printed is what the tool declares.
#[test]
fn the_answer_is_as_the_schema_says() {
    let output = program()
        .args([
            "tools",
            "--format",
            "json",
            "--tools",
            "doctor",
            "--runtime-socket",
            "/nowhere/at/all.sock",
        ])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tools = listed
        .as_array()
        .or_else(|| listed["tools"].as_array())
        .unwrap();
    let tool = tools.iter().find(|tool| tool["name"] == "doctor").unwrap();
    let schema = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
    let seen = doctor(&["--runtime-socket", "/nowhere/at/all.sock"]);
    assert!(schema.is_valid(&seen.answer), "{seen:#?}");
    assert!(!schema.is_valid(&serde_json::json!({ "findings": [] })));
}
