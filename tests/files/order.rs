//! HAProxy reads a folder's files in some order, and leaves some out: so do we.

use std::process::Command;

use haproxy_mcp::policy::Artefact::Config;
use haproxy_mcp_testkit::{Binary, on_each_version};

use crate::folder::{Folder, config, names};

/// The files that HAProxy says it reads, in its order: each has a `.notice` with its name.
fn read_by(binary: &Binary, folder: &Folder) -> Vec<String> {
    let checked = Command::new(&binary.path)
        .args(["-c", "-f"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(checked.stderr).unwrap();
    let read: Vec<String> = said
        .lines()
        .filter_map(|line| line.split_once("says <")?.1.split_once('>'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert!(!read.is_empty(), "{said}");
    read
}

on_each_version! {
    fn files_are_those_that_haproxy_reads_in_its_order(binary: &Binary) {
        let folder = Folder::new();
        for name in [
            "b.cfg", "a.cfg", "B.cfg", "10-x.cfg", "9-x.cfg", "_u.cfg", "ä.cfg", "s p.cfg", "x-cfg.cfg",
            // What it does not read, the first of which may surprise.
            "a.cfg.cfg", "a.cfg.bak", "a.cfgx", "z.CFG", "a.conf", "cfg", ".hidden.cfg", ".cfg", "folder.cfg/within.cfg",
            "target",
        ] {
            folder.write(name, format!(".notice \"says <{name}>\"\n"));
        }
        folder.link("link.cfg", "target");
        folder.link("link-to-folder.cfg", "folder.cfg");
        let read = read_by(binary, &folder);
        let ours: Vec<String> = names(&config([folder.path().to_owned()]), Config)
            .into_iter()
            .map(|name| if name == "link.cfg" { "target".to_owned() } else { name })
            .collect();
        assert_eq!(ours, read);
    }

    fn a_link_to_nothing_counts_for_haproxy_too(binary: &Binary) {
        let folder = Folder::new();
        folder.write("a.cfg", "global\n");
        folder.link("b.cfg", "nowhere");
        let checked = Command::new(&binary.path).args(["-c", "-f"]).arg(folder.path()).output().unwrap();
        assert!(!checked.status.success());
        let granted = config([folder.path().to_owned()]);
        assert_eq!(names(&granted, Config), ["a.cfg", "b.cfg"]);
        assert_eq!(crate::folder::refused(&granted, Config, "b.cfg").code(), "not-found");
    }
}
