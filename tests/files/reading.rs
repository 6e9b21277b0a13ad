//! Reading files as they are: pieces, ends, sizes, and what is too large.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use haproxy_mcp::policy::Artefact::{Config, Log};
use proptest::prelude::*;

use crate::folder::{ALL, Folder, config, log, permit, refused, rest, run, whole};

const GIGABYTE: u64 = 1 << 30;

/// Bytes without a line.
const HOLE: u64 = 16 << 20;

/// What a file's end is, by its lines.
fn tail_of(content: &[u8], bytes: u64) -> &[u8] {
    let bytes = usize::try_from(bytes).unwrap();
    if bytes >= content.len() {
        return content;
    }
    let from = content.len() - bytes;
    let line = (from..content.len()).find(|at| content[at - 1] == b'\n');
    &content[line.unwrap_or(content.len())..]
}

fn tail(content: &[u8], bytes: u64, name: &str) -> Vec<u8> {
    let folder = Folder::new();
    let path = folder.write(name, content);
    run(async {
        let (granted, artefact) = if name == "log" {
            (log([path]), Log)
        } else {
            (config([path]), Config)
        };
        let mut file = granted
            .open_tail(&permit(artefact), name, bytes)
            .await
            .unwrap();
        rest(&mut file).await.unwrap()
    })
}

#[test]
fn a_file_says_its_name_its_size_and_its_time() {
    let folder = Folder::new();
    let path = folder.write("haproxy.log", "abc");
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    let file = run(log([path]).open(&permit(Log), "haproxy.log")).unwrap();
    assert_eq!(
        (file.name(), file.size(), file.modified()),
        ("haproxy.log", 3, 1_700_000_000)
    );
    assert!(SystemTime::now() > time);
}

#[test]
fn pieces_are_as_small_as_they_were_asked_for() {
    let folder = Folder::new();
    let granted = log([folder.write("log", "one\ntwo\nthree")]);
    run(async {
        let mut file = granted.open(&permit(Log), "log").await.unwrap();
        let mut pieces = Vec::new();
        loop {
            let piece = file.read(3, ALL).await.unwrap();
            if piece.is_empty() {
                break;
            }
            assert!(piece.len() <= 3);
            pieces.extend(piece);
        }
        assert_eq!(pieces, b"one\ntwo\nthree");
        // The end stays the end, and nothing at all is not asked for.
        assert!(file.read(0, ALL).await.unwrap().is_empty());
        assert_eq!(file.taken(), 13);
    });
}

#[test]
fn whatever_a_file_holds_is_read() {
    let folder = Folder::new();
    let binary: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for (content, artefact) in [
        (&b""[..], Log),
        (b"\n\n", Log),
        (b"no end", Log),
        (&binary, Log),
        (b"\xff\0x", Config),
    ] {
        let path = folder.write("file", content);
        let granted = if artefact == Log {
            log([path])
        } else {
            config([path])
        };
        assert!(whole(&granted, artefact, "file").unwrap() == content);
    }
}

#[test]
fn a_configuration_loses_its_secrets_and_a_log_loses_others() {
    let folder = Folder::new();
    let content = "    stats auth admin:hunter2\n\"GET /?token=hunter3 HTTP/1.1\" 200";
    let path = folder.write("file", content);
    let of_config = whole(&config([&path]), Config, "file").unwrap();
    let of_log = whole(&log([path]), Log, "file").unwrap();
    assert!(
        of_config.starts_with(b"    stats auth admin:[redacted]\n"),
        "{of_config:?}"
    );
    assert_eq!(
        String::from_utf8(of_log).unwrap(),
        "    stats auth admin:hunter2\n\"GET /?token=[redacted] HTTP/1.1\" 200"
    );
}

#[test]
fn the_end_of_a_file_begins_with_a_line() {
    let content = b"first\nsecond\nthird\n";
    for (bytes, expected) in [
        (0, &b""[..]),
        (1, b""),
        (5, b""),
        (6, b"third\n"),
        (7, b"third\n"),
        (13, b"second\nthird\n"),
        (18, b"second\nthird\n"),
        (19, content),
        (1_000, content),
        (u64::MAX, content),
    ] {
        assert_eq!(tail(content, bytes, "log"), expected, "{bytes}");
        assert_eq!(tail(content, bytes, "config"), expected, "{bytes}");
    }
    assert_eq!(tail(b"first\nsecond", 6, "log"), b"second");
    assert_eq!(tail(b"first\nsecond", 5, "log"), b"");
    assert_eq!(tail(b"one line", 5, "log"), b"");
    assert_eq!(tail(b"", 5, "log"), b"");
}

/// What is secret in the last lines is known from those in front of them.
#[test]
fn the_end_of_a_configuration_has_no_part_of_a_key() {
    let body = format!("{}\n", "A".repeat(64)).repeat(20);
    let content =
        format!("# -----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\nglobal\n");
    for bytes in [10, 100, 500, 1_000, 2_000] {
        let end = String::from_utf8(tail(content.as_bytes(), bytes, "config")).unwrap();
        assert!(!end.contains("AAAA"), "{bytes}: {end}");
    }
}

#[test]
fn the_end_of_a_large_log_is_read_without_the_rest() {
    let folder = Folder::new();
    let path = folder.at("haproxy.log");
    let file = File::create(&path).unwrap();
    file.set_len(GIGABYTE).unwrap();
    file.write_all_at(b"\nlast but one\nlast\n", GIGABYTE)
        .unwrap();
    run(async {
        let granted = log([path]);
        let mut file = granted
            .open_tail(&permit(Log), "haproxy.log", 64 * 1024)
            .await
            .unwrap();
        assert_eq!(rest(&mut file).await.unwrap(), b"last but one\nlast\n");
        assert!(file.taken() <= 64 * 1024 + 1, "{}", file.taken());
    });
}

/// What an emptied log can look like whose writer goes on where it was: nothing, and no line of it.
#[test]
fn a_line_without_end_is_no_way_to_keep_the_server_busy() {
    let folder = Folder::new();
    let path = folder.at("haproxy.log");
    let file = File::create(&path).unwrap();
    file.set_len(HOLE).unwrap();
    file.write_all_at(b"\nlast\n", HOLE).unwrap();
    run(async {
        let granted = log([path]);
        let mut file = granted.open(&permit(Log), "haproxy.log").await.unwrap();
        let error = file.read(1_000, 1_000_000).await.unwrap_err();
        assert_eq!(error.code(), "file-bytes");
        assert!(error.is_exhaustion() && !error.is_interruption());
        assert_eq!(file.taken(), 1_000_000);
        // Whoever has more to spend may go on.
        let all = rest(&mut file).await.unwrap();
        assert_eq!(all, b"[redacted: the line is too long]\nlast\n");
    });
}

#[test]
fn a_configuration_that_is_too_large_is_refused() {
    let folder = Folder::new();
    let path = folder.at("haproxy.cfg");
    let file = File::create(&path).unwrap();
    let granted = config([&path]);
    file.set_len(16 * 1024 * 1024).unwrap();
    run(granted.open(&permit(Config), "haproxy.cfg")).unwrap();
    file.set_len(16 * 1024 * 1024 + 1).unwrap();
    let error = refused(&granted, Config, "haproxy.cfg");
    assert_eq!(error.code(), "too-large");
    assert!(error.to_string().contains("16777217"), "{error}");
    run(log([path]).open(&permit(Log), "haproxy.cfg")).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_end_is_the_same_however_it_is_found(
        lines in prop::collection::vec("[a-z ]{0,30}", 0..30),
        ended in any::<bool>(),
        bytes in 0_u64..400,
    ) {
        let mut content = lines.join("\n");
        if ended {
            content.push('\n');
        }
        let expected = tail_of(content.as_bytes(), bytes);
        prop_assert_eq!(&tail(content.as_bytes(), bytes, "log")[..], expected);
        prop_assert_eq!(&tail(content.as_bytes(), bytes, "config")[..], expected);
    }
}
