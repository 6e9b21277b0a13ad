//! Only regular files are read; nothing else is waited for, or touched.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use haproxy_mcp::policy::Artefact::{Config, Log};

use crate::folder::{Folder, config, log, names, refused, whole};

fn pipe(folder: &Folder, name: &str) -> PathBuf {
    let path = folder.at(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = Folder::new();
    let _listener = UnixListener::bind(folder.at("socket")).unwrap();
    let granted = |path: PathBuf| {
        (
            path.file_name().unwrap().to_str().unwrap().to_owned(),
            config([path]),
        )
    };
    for (path, kind) in [
        // Nobody writes to it: opening it in the usual way would wait for good.
        (pipe(&folder, "pipe"), "a pipe"),
        (folder.at("socket"), "a socket"),
        (PathBuf::from("/dev/null"), "a device"),
        (PathBuf::from("/dev/tty"), "a device"),
    ] {
        let (name, granted) = granted(path);
        let error = refused(&granted, Config, &name);
        assert_eq!(error.code(), "not-a-file", "{error}");
        assert!(error.to_string().ends_with(kind), "{error}");
    }
    // In a folder they do not count.
    folder.write("file", "x");
    assert_eq!(names(&log([folder.path().to_owned()]), Log), ["file"]);
    // But for a link, of which that is seen only when it is opened.
    folder.link("conf.d.cfg", "pipe");
    assert_eq!(names(&config([folder.path().to_owned()]), Config), [""; 0]);
    let (name, granted) = granted(folder.at("conf.d.cfg"));
    assert_eq!(refused(&granted, Config, &name).code(), "not-a-file");
}

#[test]
fn a_path_through_a_file_is_not_found() {
    let folder = Folder::new();
    let file = folder.write("haproxy.cfg", "");
    let granted = config([file.join("conf.d")]);
    assert_eq!(refused(&granted, Config, "conf.d").code(), "not-found");
}

/// It says that it has no bytes, so none are read, whoever granted it.
#[test]
fn the_environment_of_the_server_stays_its_own() {
    let granted = log([PathBuf::from("/proc/self/environ")]);
    assert_eq!(whole(&granted, Log, "environ").unwrap(), b"");
}
