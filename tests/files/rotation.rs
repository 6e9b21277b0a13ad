//! Logs that are rotated, and files that are written, while they are read.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use haproxy_mcp::files::OpenFile;
use haproxy_mcp::policy::Artefact::{Config, Log};

use crate::folder::{ALL, Folder, config, log, permit, rest, run};

/// Enough that the first piece is not all of it.
const LINES: usize = 50_000;

fn lines(mark: &str) -> String {
    let mut text = String::new();
    for at in 0..LINES {
        writeln!(text, "{mark} {at}").unwrap();
    }
    text
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

async fn begun(folder: &Folder) -> (OpenFile, Vec<u8>) {
    let granted = log([folder.at("haproxy.log")]);
    let mut file = granted.open(&permit(Log), "haproxy.log").await.unwrap();
    let first = file.read(100, ALL).await.unwrap();
    assert!(!first.is_empty() && file.taken() < file.size());
    (file, first)
}

/// As logrotate does it with `create`.
#[test]
fn a_log_that_is_moved_away_is_read_to_its_end() {
    let folder = Folder::new();
    let path = folder.write("haproxy.log", lines("old"));
    run(async {
        let (mut file, mut read) = begun(&folder).await;
        fs::rename(&path, folder.at("haproxy.log.1")).unwrap();
        folder.write("haproxy.log", "new\n");
        // HAProxy's syslog writes to the old one until it is told.
        append(&folder.at("haproxy.log.1"), "late\n");
        read.extend(rest(&mut file).await.unwrap());
        assert!(read == lines("old").as_bytes());
        let mut file = log([path]).open(&permit(Log), "haproxy.log").await.unwrap();
        assert_eq!(rest(&mut file).await.unwrap(), b"new\n");
    });
}

/// As logrotate does it with `delaycompress` missing, or a person: the file is gone, and its content is not.
#[test]
fn a_log_that_is_removed_is_read_to_its_end() {
    let folder = Folder::new();
    let path = folder.write("haproxy.log", lines("old"));
    run(async {
        let (mut file, mut read) = begun(&folder).await;
        fs::remove_file(&path).unwrap();
        read.extend(rest(&mut file).await.unwrap());
        assert!(read == lines("old").as_bytes());
    });
}

/// As logrotate does it with `copytruncate`.
#[test]
fn a_log_that_is_cut_off_is_an_interruption() {
    let folder = Folder::new();
    let path = folder.write("haproxy.log", lines("old"));
    run(async {
        let (mut file, first) = begun(&folder).await;
        assert_eq!(&first[..6], b"old 0\n");
        fs::copy(&path, folder.at("haproxy.log.1")).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(0)
            .unwrap();
        append(&path, "new\n");
        let error = rest(&mut file).await.unwrap_err();
        assert_eq!(error.code(), "interrupted");
        assert!(error.is_interruption());
        assert!(error.hint().unwrap().contains("rotated"), "{error}");
        // It stays one: nothing of the new lines is taken for the old.
        append(&path, &lines("new"));
        append(&path, &lines("new"));
        assert_eq!(rest(&mut file).await.unwrap_err().code(), "interrupted");
    });
}

#[test]
fn a_log_that_grows_is_read_as_far_as_it_went() {
    let folder = Folder::new();
    let path = folder.write("haproxy.log", lines("old"));
    run(async {
        let (mut file, mut read) = begun(&folder).await;
        append(&path, &lines("new"));
        read.extend(rest(&mut file).await.unwrap());
        assert!(read == lines("old").as_bytes());
    });
}

/// An editor that writes in place, and one that puts a new file there.
#[test]
fn a_configuration_that_is_written_meanwhile_is_never_half_of_two() {
    let folder = Folder::new();
    let path = folder.write("haproxy.cfg", lines("old"));
    let granted = config([&path]);
    run(async {
        let mut file = granted.open(&permit(Config), "haproxy.cfg").await.unwrap();
        file.read(100, ALL).await.unwrap();
        fs::write(&path, "new\n").unwrap();
        assert_eq!(rest(&mut file).await.unwrap_err().code(), "interrupted");

        fs::write(&path, lines("old")).unwrap();
        let mut file = granted.open(&permit(Config), "haproxy.cfg").await.unwrap();
        let mut read = file.read(100, ALL).await.unwrap();
        fs::write(folder.at("next"), lines("new")).unwrap();
        fs::rename(folder.at("next"), &path).unwrap();
        read.extend(rest(&mut file).await.unwrap());
        assert!(read == lines("old").as_bytes());
    });
}
