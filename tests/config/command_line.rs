use crate::sources::write;
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
        assert!(
            text(&output.stderr).contains(&format!("environment variable `{name}`: `?`")),
            "{name}"
        );
    }
}

#[test]
fn each_flag_reaches_the_program() {
    let flags = haproxy_mcp::config::Setting::all().filter_map(haproxy_mcp::config::Setting::flag);
    for flag in flags {
        let output = run(&[&format!("--{flag}"), "?"]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let stderr = text(&output.stderr);
        assert!(
            stderr.contains(&format!("flag `--{flag}`: `?`")),
            "{stderr}"
        );
    }
    let stderr = text(&run(&["--config", "/nowhere/config.toml"]).stderr);
    assert!(
        stderr.contains("flag `--config`: `/nowhere/config.toml`"),
        "{stderr}"
    );
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
