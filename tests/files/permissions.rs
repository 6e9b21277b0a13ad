//! Files that this process may not read. Root may read all, so that the test runs once more without that right.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use haproxy_mcp::policy::Artefact::{Config, Log};

use crate::folder::{Folder, config, log, names, permit, refused, run, whole};

/// Set where the test runs for the second time.
const AGAIN: &str = "HAPROXY_MCP_TEST_WITHOUT_RIGHTS";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[expect(clippy::print_stderr, reason = "what is left out is said loudly")]
fn leave_out(why: &std::io::Error) {
    eprintln!("\n!!! SKIPPED: root may read all, and `setpriv` does not give that up: {why}\n");
}

/// Whether this process is one that modes hold for; if not, runs the test of this name in one.
fn is_held_by_modes(test: &str) -> bool {
    let folder = Folder::new();
    let path = folder.write("closed", "");
    set_mode(&path, 0);
    if fs::File::open(&path).is_err() {
        return true;
    }
    assert!(
        std::env::var_os(AGAIN).is_none(),
        "the right to read all could not be given up"
    );
    let again = Command::new("setpriv")
        .args([
            "--inh-caps=-all",
            "--bounding-set=-dac_override,-dac_read_search",
            "--",
        ])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1"])
        .env(AGAIN, "1")
        .output();
    let again = match again {
        Ok(again) => again,
        Err(error) => {
            assert!(
                std::env::var_os("CI").is_none(),
                "`setpriv` (util-linux) is needed: {error}"
            );
            leave_out(&error);
            return false;
        }
    };
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(
        again.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&again.stderr)
    );
    false
}

#[test]
fn what_may_not_be_read_says_who_may_not_and_what_to_do() {
    if !is_held_by_modes("permissions::what_may_not_be_read_says_who_may_not_and_what_to_do") {
        return;
    }
    let folder = Folder::new();
    let file = folder.write("log/haproxy.log", "x");
    folder.write("log/other.log", "y");
    let user = rustix::process::geteuid().as_raw().to_string();
    let granted = log([folder.at("log")]);
    set_mode(&file, 0);
    let error = refused(&granted, Log, "haproxy.log");
    assert_eq!(error.code(), "permission-denied");
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("`adm`") && hint.contains(&format!("user {user}")),
        "{hint}"
    );
    assert_eq!(whole(&granted, Log, "other.log").unwrap(), b"y");

    // Of a configuration, another hint.
    let granted = config([&file]);
    let error = refused(&granted, Config, "haproxy.log");
    assert_eq!(error.code(), "permission-denied");
    assert!(error.hint().unwrap().contains("chgrp"), "{error}");

    // A folder that may be entered and not be listed: a file that was granted by itself can be read.
    set_mode(&file, 0o400);
    set_mode(&folder.at("log"), 0o100);
    let granted = log([folder.at("log")]);
    let error = run(granted.names(&permit(Log))).unwrap_err();
    assert_eq!(error.code(), "permission-denied");
    assert_eq!(refused(&granted, Log, "haproxy.log"), error);
    assert_eq!(whole(&log([&file]), Log, "haproxy.log").unwrap(), b"x");

    // One that may not be entered, either.
    set_mode(&folder.at("log"), 0);
    let granted = log([file]);
    assert_eq!(names(&granted, Log), ["haproxy.log"]);
    assert_eq!(
        refused(&granted, Log, "haproxy.log").code(),
        "permission-denied"
    );
    set_mode(&folder.at("log"), 0o700);
}

#[test]
fn facts_say_what_may_not_be_read() {
    if !is_held_by_modes("permissions::facts_say_what_may_not_be_read") {
        return;
    }
    let folder = Folder::new();
    let file = folder.write("log/haproxy.log", "x");
    folder.write("log/other.log", "y");
    set_mode(&file, 0o040);
    let granted = log([folder.at("log"), file.clone()]);
    let facts = run(granted.look(Log));
    let [of_folder, of_file] = &facts[..] else {
        panic!("{facts:?}");
    };
    assert_eq!(
        (
            of_folder.readable,
            of_folder.files,
            of_folder.troubles.len()
        ),
        (true, Some(2), 1)
    );
    assert_eq!(of_folder.troubles[0].code, "permission-denied");
    assert!(
        of_folder.troubles[0]
            .message
            .contains(file.to_str().unwrap())
    );
    assert_eq!(
        (of_file.exists, of_file.readable, of_file.mode.as_deref()),
        (Some(true), false, Some("0040"))
    );
    assert_eq!(of_file.trouble.as_ref().unwrap().code, "permission-denied");
}
