//! Links lead anywhere within a granted folder, and nowhere else.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use haproxy_mcp::policy::Artefact::{Config, Log};

use crate::folder::{Folder, config, log, names, permit, refused, rest, run, whole};

/// A volume of Kubernetes: the files are links to `..data/…`, and `..data` is a link that is replaced.
#[test]
fn links_within_the_folder_work() {
    let folder = Folder::new();
    folder.write("..2026_11_25/haproxy.cfg", "first");
    folder.write("..2026_11_26/haproxy.cfg", "second");
    folder.link("..data", "..2026_11_25");
    folder.link("haproxy.cfg", "..data/haproxy.cfg");
    let granted = config([folder.path().to_owned()]);
    assert_eq!(names(&granted, Config), ["haproxy.cfg"]);
    assert_eq!(whole(&granted, Config, "haproxy.cfg").unwrap(), b"first");
    symlink("..2026_11_26", folder.at("..next")).unwrap();
    fs::rename(folder.at("..next"), folder.at("..data")).unwrap();
    assert_eq!(whole(&granted, Config, "haproxy.cfg").unwrap(), b"second");
    // The same where the file was granted, and not its folder.
    let granted = config([folder.at("haproxy.cfg")]);
    assert_eq!(whole(&granted, Config, "haproxy.cfg").unwrap(), b"second");
}

#[test]
fn the_folders_above_may_be_links_and_what_was_granted_one_to_its_neighbour() {
    let folder = Folder::new();
    folder.write("real/conf.d/a.cfg", "a");
    folder.link("linked", "real");
    folder.link("above", folder.at("real"));
    folder.link("conf.d", "real/conf.d");
    for granted in [
        config([folder.at("linked/conf.d")]),
        config([folder.at("linked/conf.d/a.cfg")]),
        config([folder.at("above/conf.d")]),
        config([folder.at("conf.d")]),
    ] {
        assert_eq!(whole(&granted, Config, "a.cfg").unwrap(), b"a");
    }
}

#[test]
fn a_granted_folder_that_is_a_link_out_of_its_own_is_refused() {
    let folder = Folder::new();
    folder.write("elsewhere/conf.d/a.cfg", "secret");
    folder.write("etc/b.cfg", "b");
    for (name, to) in [
        ("absolute", folder.at("elsewhere/conf.d")),
        ("relative", "../elsewhere/conf.d".into()),
        ("up", "..".into()),
    ] {
        let path = folder.link(&format!("etc/{name}"), to);
        let granted = config([path.clone()]);
        assert_eq!(names(&granted, Config), [name]);
        let error = refused(&granted, Config, name);
        assert_eq!(error.code(), "leads-outside", "{name}: {error}");
        assert_eq!(refused(&granted, Config, "a.cfg").code(), "not-found");
        let facts = run(granted.look(Config));
        let trouble = facts[0].trouble.as_ref().unwrap();
        assert_eq!((trouble.code, facts[0].files), ("leads-outside", None));
    }
}

/// Who may write the folder of a granted file replaces it by a link to a folder that nobody granted.
#[test]
fn a_granted_file_that_becomes_a_link_to_a_folder_gives_nothing_away() {
    let folder = Folder::new();
    folder.write("secrets/password.log", "secret");
    let file = folder.write("logs/haproxy.log", "log");
    let granted = log([file.clone()]);
    assert_eq!(whole(&granted, Log, "haproxy.log").unwrap(), b"log");
    for to in [folder.at("secrets"), "../secrets".into()] {
        fs::remove_file(&file).unwrap();
        symlink(to, &file).unwrap();
        assert_eq!(names(&granted, Log), ["haproxy.log"]);
        assert_eq!(refused(&granted, Log, "password.log").code(), "not-found");
        let error = refused(&granted, Log, "haproxy.log");
        assert_eq!(error.code(), "leads-outside", "{error}");
        let facts = run(granted.look(Log));
        assert_eq!(facts[0].kind, Some("link"));
        assert!(!facts[0].readable);
    }
}

#[test]
fn no_link_leads_outside() {
    let folder = Folder::new();
    let outside = folder.write("outside.cfg", "secret");
    folder.write("conf.d/inside.cfg", "inside");
    folder.write("conf.d/within/deep.cfg", "deep");
    let at = |name: &str| format!("conf.d/{name}");
    folder.link(&at("relative.cfg"), "../outside.cfg");
    folder.link(&at("absolute.cfg"), &outside);
    // Even one that comes back: where it leads is not the folder's to say.
    folder.link(&at("around.cfg"), "../conf.d/inside.cfg");
    folder.link(&at("absolute-inside.cfg"), folder.at("conf.d/inside.cfg"));
    folder.link(&at("chain.cfg"), "chain-2");
    folder.link(&at("chain-2"), "within/../../outside.cfg");
    folder.link(&at("way"), "..");
    folder.link(&at("by-folder.cfg"), "way/outside.cfg");
    folder.link(&at("environment.cfg"), "/proc/self/environ");
    folder.link(&at("descriptor.cfg"), "/proc/self/fd/0");
    folder.link(&at("fine.cfg"), "within/deep.cfg");
    let granted = config([folder.at("conf.d")]);
    let leading = [
        "absolute-inside.cfg",
        "absolute.cfg",
        "around.cfg",
        "by-folder.cfg",
        "chain.cfg",
        "descriptor.cfg",
        "environment.cfg",
        "relative.cfg",
    ];
    for name in leading {
        let error = refused(&granted, Config, name);
        assert_eq!(error.code(), "leads-outside", "{name}: {error}");
        let path = folder.at(&at(name));
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("readlink -f"), "{error}");
    }
    // They are listed, because HAProxy reads them.
    let listed = names(&granted, Config);
    assert!(
        leading
            .iter()
            .all(|name| listed.iter().any(|listed| listed == name)),
        "{listed:?}"
    );
    assert_eq!(whole(&granted, Config, "fine.cfg").unwrap(), b"deep");
    // One file, granted by a link that leads out of its folder.
    let granted = config([folder.at("conf.d/relative.cfg")]);
    assert_eq!(
        refused(&granted, Config, "relative.cfg").code(),
        "leads-outside"
    );
    let granted = config([outside]);
    assert_eq!(whole(&granted, Config, "outside.cfg").unwrap(), b"secret");
}

#[test]
fn a_link_in_a_circle_is_an_error() {
    let folder = Folder::new();
    folder.link("a.log", "b.log");
    folder.link("b.log", "a.log");
    let granted = log([folder.path().to_owned()]);
    assert_eq!(refused(&granted, Log, "a.log").code(), "unreadable");
}

/// Somebody exchanges a file, a link that leads out and a folder as fast as they can: what is read is the file's
/// content, always.
#[test]
fn a_link_that_is_exchanged_meanwhile_gives_nothing_away() {
    let folder = Folder::new();
    folder.write("outside/haproxy.log", "secret");
    folder.write("logs/real/haproxy.log", "inside");
    folder.link("logs/current", "real");
    folder.link("logs/haproxy.log", "current/haproxy.log");
    let granted = log([folder.at("logs")]);
    let done = AtomicBool::new(false);
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut targets = ["../outside", "real", "..", "nowhere"].iter().cycle();
            while !done.load(Ordering::Relaxed) {
                symlink(targets.next().unwrap(), folder.at("logs/next")).unwrap();
                fs::rename(folder.at("logs/next"), folder.at("logs/current")).unwrap();
            }
        });
        run(async {
            // Until each of the three was met, or often enough.
            for _ in 0..20_000 {
                let outcome = match granted.open(&permit(Log), "haproxy.log").await {
                    Ok(mut file) => String::from_utf8(rest(&mut file).await.unwrap()).unwrap(),
                    Err(error) => error.code().to_owned(),
                };
                *seen.entry(outcome).or_default() += 1;
                if seen.len() == 3 && seen.values().all(|count| *count > 50) {
                    break;
                }
            }
            done.store(true, Ordering::Relaxed);
        });
    });
    let outcomes: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(
        outcomes,
        ["inside", "leads-outside", "not-found"],
        "{seen:?}"
    );
}
