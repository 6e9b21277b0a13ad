use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use haproxy_mcp_testkit::{Haproxy, newest, on_each_version, scripted};
use tempfile::TempDir;

use crate::{Seen, clean, doctor, looked, with};

/// What it finds where the Runtime API should be at this path.
fn at(path: &Path) -> Seen {
    doctor(&["--runtime-socket", path.to_str().unwrap()])
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn there_is_no_socket() {
    let folder = folder();
    let path = folder.path().join("admin.sock");
    let line = format!(
        "`stats socket {} mode 660 user haproxy group haproxy level admin`",
        path.to_str().unwrap()
    );
    at(&path)
        .only_problem("runtime", "socket-missing")
        .mend(&line)
        .mend("getent group haproxy || sudo groupadd --system haproxy")
        .mend("systemctl start haproxy");
}

#[test]
fn there_is_no_folder() {
    let folder = folder();
    let missing = folder.path().join("haproxy");
    let advice = format!(
        "sudo install -d -o haproxy -g haproxy -m 755 {}",
        missing.display()
    );
    at(&missing.join("deeper/admin.sock"))
        .only_problem("runtime", "folder-missing")
        .saw(missing.to_str().unwrap())
        .mend(&advice);
}

on_each_version! {
    fn haproxy_died_and_left_its_socket(binary: &Binary) {
        let mut haproxy = Haproxy::start(binary);
        let socket = haproxy.admin_socket();
        haproxy.stop();
        at(&socket).only_problem("runtime", "socket-stale").mend("systemctl start haproxy");
        haproxy.start_again();
        at(&socket).all_is_well();
    }

    /// What is advised works.
    fn the_configuration_has_another_socket(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let config = haproxy.folder().join("haproxy.cfg");
        let wrong = haproxy.folder().join("haproxy.sock");
        let seen = doctor(&[
            "--runtime-socket", wrong.to_str().unwrap(), "--haproxy-config", config.to_str().unwrap(),
        ]);
        let finding = seen.only_problem("runtime", "wrong-address").mend("`haproxy.cfg:");
        let setting = finding.setting("HAPROXY_RUNTIME_SOCKET");
        assert_eq!(setting.1, haproxy.admin_socket().to_str().unwrap());
        with(&[setting]).all_is_well();
    }

    /// The configuration is the right one, and HAProxy does not run.
    fn the_configuration_has_this_socket(binary: &Binary) {
        let mut haproxy = Haproxy::start(binary);
        let (socket, config) = (haproxy.admin_socket(), haproxy.folder().join("haproxy.cfg"));
        haproxy.stop();
        std::fs::remove_file(&socket).unwrap();
        let seen = doctor(&[
            "--runtime-socket", socket.to_str().unwrap(), "--haproxy-config", config.to_str().unwrap(),
        ]);
        let line = format!("`stats socket {} mode 660 level admin expose-fd listeners`", socket.display());
        seen.only_problem("runtime", "socket-missing").mend("systemctl start haproxy").mend(&line);
    }

    fn the_masters_socket_is_no_workers(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let seen = at(&haproxy.master_socket());
        let finding = seen.only_problem("runtime", "is-master-socket");
        let setting = finding.setting("HAPROXY_MASTER_SOCKET");
        assert_eq!(setting.1, haproxy.master_socket().to_str().unwrap());
        with(&[setting]).all_is_well();
    }

    fn a_workers_socket_is_no_masters(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let socket = haproxy.admin_socket();
        let seen = doctor(&[
            "--master-socket", socket.to_str().unwrap(), "--runtime-socket", socket.to_str().unwrap(),
        ]);
        let finding = seen.only_problem("master", "is-worker-socket").mend("`-W -S /run/haproxy-master.sock`");
        assert_eq!(finding.setting("HAPROXY_RUNTIME_SOCKET").1, socket.to_str().unwrap());
    }

    fn level_user_is_too_low(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).admin_level("user").start();
        let socket = haproxy.admin_socket();
        let line = format!("`stats socket {} mode 660 level operator`", socket.display());
        at(&socket).warning("runtime", "level-too-low").mend(&line);
        let seen = doctor(&["--runtime-socket", socket.to_str().unwrap(), "--access", "operate"]);
        seen.only_problem("runtime", "level-too-low").mend("level admin`");
    }

    fn level_operator_is_too_low_for_changes(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).admin_level("operator").start();
        let socket = haproxy.admin_socket();
        // Who only reads needs no more.
        at(&socket).all_is_well();
        let config = haproxy.folder().join("haproxy.cfg");
        let seen = doctor(&[
            "--runtime-socket", socket.to_str().unwrap(), "--access", "admin",
            "--haproxy-config", config.to_str().unwrap(),
        ]);
        // The line as it is, but for the level.
        let line = format!(
            "instead of `stats socket {0} mode 660 level operator expose-fd listeners`: `stats socket {0} mode 660 level admin expose-fd listeners`",
            socket.display()
        );
        seen.only_problem("runtime", "level-too-low").mend(&line).mend("in `haproxy.cfg:");
    }

    fn a_master_without_a_worker_socket_is_well(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let seen = doctor(&["--master-socket", haproxy.master_socket().to_str().unwrap()]);
        seen.all_is_well();
        seen.finding("runtime", "answers").saw(&haproxy.info("Pid"));
        seen.finding("master", "answers").saw("1 worker");
    }
}

/// Commands go through the master's socket where no other is given: what is wrong with it is said once.
#[test]
fn a_master_socket_that_is_not_there_is_one_problem() {
    let folder = folder();
    let path = folder.path().join("master.sock");
    let flags = ["--master-socket", path.to_str().unwrap()];
    let seen = doctor(&flags);
    seen.only_problem("master", "socket-missing")
        .mend(&format!("`-W -S {}`", path.display()));
    seen.finding("runtime", "same-as-master");
}

#[test]
fn the_path_is_a_folder() {
    let folder = folder();
    at(folder.path())
        .only_problem("runtime", "is-folder")
        .mend("HAPROXY_RUNTIME_SOCKET=");
}

#[test]
fn the_path_is_a_file() {
    let folder = folder();
    let path = folder.path().join("admin.sock");
    std::fs::write(&path, "").unwrap();
    at(&path)
        .only_problem("runtime", "is-file")
        .mend("`stats socket`");
}

#[test]
fn the_path_is_a_link_to_nothing() {
    let folder = folder();
    let path = folder.path().join("admin.sock");
    symlink("gone.sock", &path).unwrap();
    at(&path)
        .only_problem("runtime", "dangling-link")
        .saw("`gone.sock`");
}

#[test]
fn a_socket_that_nobody_serves_any_more() {
    let folder = folder();
    let path = folder.path().join("admin.sock");
    scripted::abandoned(&path);
    at(&path).only_problem("runtime", "socket-stale");
}

// -- permissions: nothing is refused to root, so that somebody else looks --

/// A user and a group that every Linux has and nobody uses: `nobody`, and the group of that number.
const SOMEBODY: &str = "65534";

/// The program in a place that everybody may come to.
fn public_program(folder: &Path) -> PathBuf {
    let program = folder.join("haproxy-mcp");
    let built = Path::new(env!("CARGO_BIN_EXE_haproxy-mcp"));
    std::fs::hard_link(built, &program)
        .or_else(|_| std::fs::copy(built, &program).map(drop))
        .unwrap();
    program
}

/// What somebody finds who may not do everything; none where this test cannot be somebody else.
fn as_somebody(program: &Path, groups: &str, flags: &[&str]) -> Option<Seen> {
    let mut command = clean(Command::new("/usr/bin/setpriv"));
    command
        .args(["--reuid", SOMEBODY, "--regid", SOMEBODY, "--groups", groups])
        .arg(program)
        .args(["doctor", "--json"])
        .args(flags);
    if !rustix::process::geteuid().is_root() {
        assert!(
            std::env::var_os("CI").is_none(),
            "as another user nothing can be tested without being root"
        );
        eprintln!("\n!!! SKIPPED: whoever is not root cannot run it as another user\n");
        return None;
    }
    Some(looked(&mut command))
}

fn open_folder() -> TempDir {
    let folder = folder();
    mode(folder.path(), 0o755);
    folder
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

on_each_version! {
    fn the_socket_is_not_for_us(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        mode(haproxy.folder(), 0o755);
        let (socket, folder) = (haproxy.admin_socket(), open_folder());
        let program = public_program(folder.path());
        let config = haproxy.folder().join("haproxy.cfg");
        let flags = ["--runtime-socket", socket.to_str().unwrap(), "--haproxy-config", config.to_str().unwrap()];
        let Some(seen) = as_somebody(&program, SOMEBODY, &flags) else { return };
        // It is root's, and root's group is nobody's to join: the line gives it another.
        let line = format!("`stats socket {} mode 660 level admin expose-fd listeners group haproxy`", socket.display());
        seen.only_problem("runtime", "socket-denied")
            .saw("root:root, mode 0660")
            .saw("user nobody (65534)")
            .mend(&line)
            .mend("in `haproxy.cfg:")
            .mend("getent group haproxy || sudo groupadd --system haproxy")
            .mend("sudo usermod -aG haproxy nobody");

        // A group that may is one to join: `daemon` is everywhere, and 1.
        chown(&socket, None, Some(1)).unwrap();
        let seen = as_somebody(&program, SOMEBODY, &flags).unwrap();
        seen.only_problem("runtime", "socket-denied").mend("sudo usermod -aG daemon nobody");
        // What is advised works.
        as_somebody(&program, "1", &flags).unwrap().all_is_well();
    }
}

#[test]
fn a_folder_does_not_let_us_pass() {
    let haproxy = Haproxy::start(&newest());
    let (socket, open) = (haproxy.admin_socket(), open_folder());
    let program = public_program(open.path());
    let flags = ["--runtime-socket", socket.to_str().unwrap()];
    // Others may use the socket; a folder of `tempfile` is for its owner alone.
    mode(&socket, 0o666);
    mode(haproxy.folder(), 0o700);
    let Some(seen) = as_somebody(&program, SOMEBODY, &flags) else {
        return;
    };
    let folder = haproxy.folder().display();
    seen.only_problem("runtime", "folder-denied")
        .saw(&format!("`{folder}` (root:root, mode 0700)"))
        .mend(&format!("sudo chmod o+x {folder}"));
    // What is advised works.
    mode(haproxy.folder(), 0o701);
    as_somebody(&program, SOMEBODY, &flags)
        .unwrap()
        .all_is_well();

    mode(haproxy.folder(), 0o710);
    chown(haproxy.folder(), None, Some(1)).unwrap();
    let seen = as_somebody(&program, SOMEBODY, &flags).unwrap();
    seen.only_problem("runtime", "folder-denied")
        .mend("sudo usermod -aG daemon nobody");
    as_somebody(&program, "1", &flags).unwrap().all_is_well();
}
