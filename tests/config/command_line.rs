use crate::sources::{set_mode, write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The program with nothing of the tester's own environment in it.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"));
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    program(folder.path()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_goes_to_standard_output() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn version_is_one_line() {
    let output = run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stdout),
        concat!("haproxy-mcp ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_settings_exit_with_2_and_write_nothing_to_standard_output() {
    for arguments in [
        &["--port", "http"][..],
        &["serve", "--port", "http"],
        &["--port=-1"],
        &["--port", "-1"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        let stderr = text(&output.stderr);
        let lines: Vec<&str> = stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{stderr}");
        assert!(
            lines[0].starts_with("error: invalid `port`, from flag `--port`: `"),
            "{stderr}"
        );
        assert!(lines[1].starts_with("hint: "), "{stderr}");
    }
}

#[test]
fn wrong_usage_exits_with_2_and_writes_nothing_to_standard_output() {
    for arguments in [
        &["--prot", "1"][..],
        &["dance"],
        &["--port"],
        &["--port", "1", "--port", "2"],
        &["--host", "a", "serve"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(
            text(&output.stderr).starts_with("error: "),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn each_variable_reaches_the_program() {
    let names =
        haproxy_mcp::config::Setting::all().filter_map(haproxy_mcp::config::Setting::environment);
    for name in names {
        let folder = TempDir::new().unwrap();
        let output = program(folder.path()).env(name, "?").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        let stderr = text(&output.stderr);
        let origin = format!("environment variable `{name}`");
        // A user and a password may be `?`, but not one without the other; and a password's file may be a password.
        let refusal = match name {
            "HAPROXY_STATS_USER" => format!("{origin}, is given without a password"),
            "HAPROXY_STATS_PASSWORD" => format!("{origin}, is given without a user"),
            "HAPROXY_STATS_PASSWORD_FILE" => format!("{origin}: [secret]"),
            _ => format!("{origin}: `?`"),
        };
        assert!(stderr.contains(&refusal), "{stderr}");
    }
}

#[test]
fn each_flag_reaches_the_program() {
    let flags = haproxy_mcp::config::Setting::all().filter_map(haproxy_mcp::config::Setting::flag);
    for flag in flags {
        let output = run(&[&format!("--{flag}"), "?"]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let stderr = text(&output.stderr);
        let origin = format!("flag `--{flag}`");
        let refusal = match flag {
            "stats-user" => format!("{origin}, is given without a password"),
            "stats-password-file" => format!("{origin}: [secret]"),
            _ => format!("{origin}: `?`"),
        };
        assert!(stderr.contains(&refusal), "{stderr}");
    }
    let stderr = text(&run(&["--config", "/nowhere/config.toml"]).stderr);
    assert!(
        stderr.contains("flag `--config`: `/nowhere/config.toml`"),
        "{stderr}"
    );
}

/// Arguments and the environment of a process can be read by others; the log is written for them.
#[test]
fn the_log_says_which_doors_there_are_and_no_password() {
    let folder = TempDir::new().unwrap();
    let password = folder.path().join("password");
    write(&password, "s3cret\n");
    set_mode(&password, 0o600);
    let start = |variables: &[(&str, &str)]| {
        let output = program(folder.path())
            .env("LOG_LEVEL", "trace")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(!stderr.contains("s3cret"), "{stderr}");
        let line = stderr.lines().find(|line| line.contains("starting"));
        line.unwrap().to_owned()
    };
    let line = start(&[
        ("HAPROXY_STATS_URL", "https://ops:s3cret@lb1:8404/stats"),
        ("HAPROXY_METRICS_URL", "http://prom:s3cret@lb2:9101/m"),
        (
            "HAPROXY_CONFIG_PATH",
            "/etc/haproxy/haproxy.cfg,/etc/haproxy/conf.d",
        ),
        ("HAPROXY_LOG_PATH", "/var/log/haproxy.log"),
    ]);
    for door in [
        "stats=https://lb1:8404/stats",
        "metrics=http://lb2:9101/m",
        "config=\"/etc/haproxy/haproxy.cfg,/etc/haproxy/conf.d\"",
        "log=\"/var/log/haproxy.log\"",
    ] {
        assert!(line.contains(door), "{line}");
    }
    assert!(!line.contains("runtime="), "{line}");

    let line = start(&[
        ("HAPROXY_MASTER_SOCKET", "/run/master.sock"),
        ("HAPROXY_STATS_ENABLED", "true"),
        ("HAPROXY_STATS_USER", "ops"),
        ("HAPROXY_STATS_PASSWORD_FILE", &password.to_string_lossy()),
    ]);
    for door in [
        "runtime=unix:///run/master.sock",
        "master=unix:///run/master.sock",
        "stats=http://127.0.0.1:8404/stats",
    ] {
        assert!(line.contains(door), "{line}");
    }
    assert!(!line.contains("config="), "{line}");
}

/// A folder that an assistant opens must not grant anything, whatever the environment says about folders.
#[test]
fn the_current_folder_is_never_read() {
    let folder = TempDir::new().unwrap();
    for name in [
        "config.toml",
        "haproxy-mcp/config.toml",
        ".config/haproxy-mcp/config.toml",
        "haproxy-mcp.toml",
    ] {
        write(&folder.path().join(name), "planted = true");
    }
    // The file is read before values are judged: had it been read, the refusal would be about it.
    for relative in [".", "", "./.config"] {
        let output = program(folder.path())
            .env("XDG_CONFIG_HOME", relative)
            .env("HOME", relative)
            .args(["--port", "?"])
            .output();
        let stderr = text(&output.unwrap().stderr);
        assert!(
            stderr.starts_with("error: invalid `port`"),
            "{relative}: {stderr}"
        );
    }
    let folder_itself = program(folder.path())
        .env("HOME", folder.path())
        .args(["--port", "?"])
        .output()
        .unwrap();
    let stderr = text(&folder_itself.stderr);
    assert!(
        stderr.starts_with("error: unknown key `planted`"),
        "the planted file is not one that would be read: {stderr}"
    );
}
