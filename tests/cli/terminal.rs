//! A terminal is made by `script` (util-linux), which every Linux distribution has.

use std::process::{Command, Stdio};

use haproxy_mcp_testkit::{Haproxy, newest};

/// What the program writes to a terminal of so many columns; standard output and error are both it.
fn on_terminal(
    haproxy: &Haproxy,
    columns: usize,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> String {
    let line = format!(
        "stty rows 24 cols {columns}; exec '{}' call {} --runtime-socket '{}'",
        env!("CARGO_BIN_EXE_haproxy-mcp"),
        arguments.join(" "),
        haproxy.admin_socket().display()
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
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    text.replace("\r\n", "\n")
}

/// Text without the sequences that colour it.
fn plain(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let mut plain = pieces.next().unwrap().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').unwrap().1);
    }
    plain
}

#[test]
fn a_table_fits_whatever_the_terminal_is() {
    let haproxy = Haproxy::start(&newest());
    for columns in [20, 40, 80, 200] {
        for arguments in [
            &["list_servers", "backend=be_app"][..],
            &["list_backends"],
            &["show_info", "fields=all"],
            &["get_server", "backend=be_app", "server=app_dead"],
        ] {
            let text = plain(&on_terminal(&haproxy, columns, &[], arguments));
            for line in text.lines() {
                assert!(
                    line.chars().count() <= columns,
                    "{columns} columns, {arguments:?}: {line:?}"
                );
            }
        }
        let text = plain(&on_terminal(
            &haproxy,
            columns,
            &[],
            &["list_servers", "backend=be_app"],
        ));
        for word in ["app1", "app_maint", "MAINT", "app_dead", "DOWN"] {
            assert!(
                text.contains(word),
                "{columns} columns without `{word}`: {text}"
            );
        }
    }
}

#[test]
fn colours_are_for_terminals_whose_owner_wants_them() {
    let haproxy = Haproxy::start(&newest());
    let arguments = ["list_servers", "backend=be_app"];
    let coloured = on_terminal(&haproxy, 200, &[], &arguments);
    assert!(coloured.contains("\u{1b}[31mDOWN\u{1b}[0m"), "{coloured:?}");
    for unwanted in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = on_terminal(&haproxy, 200, &[unwanted], &arguments);
        assert!(!text.contains('\u{1b}'), "{unwanted:?}: {text:?}");
        assert!(text.contains("DOWN"), "{text:?}");
    }
}

#[test]
fn whoever_waits_sees_it() {
    let haproxy = Haproxy::start(&newest());
    let text = on_terminal(
        &haproxy,
        80,
        &[("NO_COLOR", "1")],
        &["sample_stat", "seconds=2"],
    );
    assert!(text.contains("\r\u{1b}[Ksample_stat: 1 s"), "{text:?}");
    // The line is gone when the answer comes.
    let (_, after) = text.rsplit_once("sample_stat: ").unwrap();
    assert!(after.contains("\r\u{1b}[K"), "{text:?}");

    let text = on_terminal(&haproxy, 80, &[("NO_COLOR", "1")], &["show_info"]);
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
