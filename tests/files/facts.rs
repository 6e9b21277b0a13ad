//! What is said of granted files, also of those that cannot be read.

use std::fs;

use haproxy_mcp::policy::Artefact::{Config, Log};
use serde_json::{Value, json};

use crate::folder::{Folder, config, log, run};

#[test]
fn facts_tell_files_folders_and_nothing_apart() {
    let folder = Folder::new();
    let file = folder.write("haproxy.cfg", "global\n");
    folder.write("conf.d/a.cfg", "a");
    folder.write("conf.d/b.txt", "b");
    folder.link("conf.d/outside.cfg", "../haproxy.cfg");
    folder.link("outside.cfg", "/etc/passwd");
    folder.link("dangling.cfg", "nowhere");
    let paths = [
        file,
        folder.at("conf.d"),
        folder.at("absent/haproxy.cfg"),
        folder.at("outside.cfg"),
        folder.at("dangling.cfg"),
        "/dev/null".into(),
    ];
    let facts = serde_json::to_value(run(config(&paths).look(Config))).unwrap();
    let user = rustix::process::geteuid().as_raw();
    let of = |at: usize| facts[at].clone();
    let picked = |at: usize, keys: &[&str]| {
        let value = of(at);
        Value::Array(keys.iter().map(|key| value[*key].clone()).collect())
    };
    let keys = ["exists", "kind", "readable", "size", "files"];
    assert_eq!(picked(0, &keys), json!([true, "file", true, 7, null]));
    assert_eq!(picked(1, &keys), json!([true, "folder", true, null, 2]));
    assert_eq!(picked(2, &keys), json!([false, null, false, null, null]));
    assert_eq!(picked(3, &keys), json!([true, "link", false, null, null]));
    assert_eq!(picked(4, &keys), json!([true, "link", false, null, null]));
    assert_eq!(picked(5, &keys), json!([true, "device", false, null, null]));
    let codes: Vec<Value> = (0..6).map(|at| of(at)["trouble"]["code"].clone()).collect();
    assert_eq!(
        Value::Array(codes),
        json!([
            null,
            null,
            "not-found",
            "leads-outside",
            "not-found",
            "not-a-file"
        ])
    );
    assert_eq!(of(1)["troubles"][0]["code"], "leads-outside");
    assert_eq!(of(0)["owner"], user);
    let mode = of(0)["mode"].as_str().unwrap().to_owned();
    assert_eq!(u32::from_str_radix(&mode, 8).unwrap() & 0o700, 0o600);
    assert_eq!(of(0)["path"], folder.at("haproxy.cfg").to_str().unwrap());
    assert!(of(2)["trouble"]["hint"].as_str().unwrap().contains("ls -l"));
}

#[test]
fn the_age_of_a_file_is_told() {
    let folder = Folder::new();
    let path = folder.write("haproxy.log", "x");
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    let facts = run(log([path]).look(Log));
    let age = facts[0].changed_seconds_ago.unwrap();
    assert!((3_600..3_700).contains(&age), "{age}");
}

#[test]
fn of_nothing_there_is_nothing_to_say() {
    assert!(run(log(Vec::<std::path::PathBuf>::new()).look(Log)).is_empty());
}
