//! Which files there are, what they are called, and that nothing else can be asked for.

use std::fs;
use std::path::PathBuf;

use haproxy_mcp::files::Granted;
use haproxy_mcp::policy::Artefact::{self, Config, Log};
use proptest::prelude::*;

use crate::folder::{Folder, config, log, names, permit, refused, run, whole};

#[test]
fn without_a_grant_there_is_nothing() {
    let granted = Granted::new(Vec::new(), Vec::new());
    for artefact in Artefact::ALL {
        assert!(!granted.has(artefact));
        let error = run(granted.names(&permit(artefact))).unwrap_err();
        assert_eq!(error.code(), "not-configured");
        assert_eq!(refused(&granted, artefact, "haproxy.cfg"), error);
        assert!(error.hint().unwrap().contains("_PATH="), "{error}");
    }
    // What is granted under one name is not under the other.
    let folder = Folder::new();
    let granted = config([folder.write("haproxy.cfg", "global\n")]);
    assert_eq!(
        refused(&granted, Log, "haproxy.cfg").code(),
        "not-configured"
    );
}

#[test]
fn a_file_goes_by_its_name() {
    let folder = Folder::new();
    let granted = config([folder.write("haproxy.conf", "global\n")]);
    folder.write("other.cfg", "global\n");
    assert_eq!(names(&granted, Config), ["haproxy.conf"]);
    assert_eq!(
        whole(&granted, Config, "haproxy.conf").unwrap(),
        b"global\n"
    );
    assert_eq!(refused(&granted, Config, "other.cfg").code(), "not-found");
}

#[test]
fn all_regular_files_of_a_folder_of_logs_count() {
    let folder = Folder::new();
    for name in [
        "haproxy.log",
        "haproxy.log.1",
        "a b",
        ".hidden",
        "within/x.log",
    ] {
        folder.write(name, name);
    }
    let granted = log([folder.path().to_owned()]);
    assert_eq!(
        names(&granted, Log),
        ["a b", "haproxy.log", "haproxy.log.1"]
    );
    assert_eq!(whole(&granted, Log, "a b").unwrap(), b"a b");
    for name in [".hidden", "within", "within/x.log"] {
        assert_eq!(refused(&granted, Log, name).code(), "not-found");
    }
}

#[test]
fn names_of_several_grants_tell_files_apart() {
    let folder = Folder::new();
    let main = folder.write("etc/haproxy.cfg", "1");
    folder.write("etc/conf.d/haproxy.cfg", "2");
    folder.write("etc/conf.d/web.cfg", "3");
    let of_folder = folder.at("etc/conf.d");
    // The file is granted twice: by itself and with its folder.
    let granted = config([main, of_folder.clone(), of_folder.join("web.cfg")]);
    let found = names(&granted, Config);
    assert_eq!(found, ["etc/haproxy.cfg", "conf.d/haproxy.cfg", "web.cfg"]);
    for (name, content) in found.iter().zip(["1", "2", "3"]) {
        assert_eq!(whole(&granted, Config, name).unwrap(), content.as_bytes());
    }
    // The short name means neither.
    assert_eq!(refused(&granted, Config, "haproxy.cfg").code(), "not-found");
    assert_eq!(
        refused(&granted, Config, "conf.d/web.cfg").code(),
        "not-found"
    );
}

#[test]
fn files_may_come_and_go_after_the_start() {
    let folder = Folder::new();
    let (file, of_folder) = (folder.at("haproxy.cfg"), folder.at("conf.d"));
    let granted = config([file.clone(), of_folder]);
    assert!(granted.has(Config));
    // Whether the second is a file or a folder is not known yet.
    assert_eq!(names(&granted, Config), ["haproxy.cfg", "conf.d"]);
    for name in ["haproxy.cfg", "conf.d"] {
        let error = refused(&granted, Config, name);
        assert_eq!(error.code(), "not-found");
        assert!(
            error
                .to_string()
                .contains(folder.at(name).to_str().unwrap()),
            "{error}"
        );
    }
    folder.write("haproxy.cfg", "global\n");
    folder.write("conf.d/a.cfg", "defaults\n");
    assert_eq!(names(&granted, Config), ["haproxy.cfg", "a.cfg"]);
    assert_eq!(whole(&granted, Config, "a.cfg").unwrap(), b"defaults\n");
    fs::remove_file(file).unwrap();
    assert_eq!(refused(&granted, Config, "haproxy.cfg").code(), "not-found");
}

#[test]
fn what_was_not_listed_cannot_be_opened() {
    let folder = Folder::new();
    let outside = folder.write("outside.cfg", "secret");
    folder.write("conf.d/a.cfg", "a");
    folder.write("conf.d/.hidden.cfg", "secret");
    folder.write("conf.d/within/b.cfg", "secret");
    let granted = config([folder.at("conf.d")]);
    let absolute = outside.to_str().unwrap().to_owned();
    let listed = folder.at("conf.d/a.cfg").to_str().unwrap().to_owned();
    for name in [
        "",
        ".",
        "..",
        "/",
        "../outside.cfg",
        "./a.cfg",
        "a.cfg/",
        "/a.cfg",
        "//a.cfg",
        "a.cfg/.",
        "a.cfg/../a.cfg",
        "within",
        "within/b.cfg",
        ".hidden.cfg",
        "a.cfg\0",
        "a.cfg\n",
        " a.cfg",
        "A.CFG",
        "conf.d/a.cfg",
        &absolute,
        &listed,
    ] {
        let error = refused(&granted, Config, name);
        assert_eq!(error.code(), "not-found", "{name:?}");
        assert!(error.hint().unwrap().contains("`a.cfg`"), "{error}");
        assert!(!error.to_string().contains(['\0', '\n']), "{error}");
    }
}

#[test]
fn an_odd_name_is_one_that_can_be_said() {
    let folder = Folder::new();
    folder.write("conf.d/a\nb\u{202e}\\.cfg", "odd");
    let granted = config([folder.at("conf.d")]);
    let name = r"a\u{a}b\u{202e}\\.cfg";
    assert_eq!(names(&granted, Config), [name]);
    assert_eq!(whole(&granted, Config, name).unwrap(), b"odd");
}

#[test]
fn a_folder_with_too_many_files_is_refused() {
    let folder = Folder::new();
    for at in 0..=2_000 {
        folder.write(&format!("{at}"), "");
    }
    let granted = log([folder.path().to_owned()]);
    let error = run(granted.names(&permit(Log))).unwrap_err();
    assert_eq!(error.code(), "too-many-files");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a guest asks for, it gets a file of the folder under its own name, or none.
    #[test]
    fn no_name_leads_outside(name in "[./a-c\\\\ ]{0,12}|\\PC{0,8}") {
        let folder = Folder::new();
        folder.write("a.cfg", "secret");
        folder.write("b/a.cfg", "inside");
        let granted = config([folder.at("b"), PathBuf::from("/nowhere/at/all.cfg")]);
        match run(granted.open(&permit(Config), &name)) {
            Ok(file) => prop_assert_eq!(file.name(), "a.cfg"),
            Err(error) => prop_assert_eq!(error.code(), "not-found"),
        }
        prop_assert_eq!(whole(&granted, Config, "a.cfg").unwrap(), b"inside");
    }
}
