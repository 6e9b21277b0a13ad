use crate::sources::{Given, given, set_mode, write};
use haproxy_mcp::config::{ConfigError, FileKind, Setting};
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use tempfile::TempDir;

/// A page with a user, whose password is in a file of this content.
fn with(content: impl AsRef<[u8]>) -> Given {
    let given = given()
        .variable("HAPROXY_STATS_URL", "https://lb1/stats")
        .variable("HAPROXY_STATS_USER", "ops");
    let path = given.secret("password", content);
    given.variable("HAPROXY_STATS_PASSWORD_FILE", &path)
}

#[track_caller]
fn password(given: &Given) -> String {
    let page = given.load().unwrap().instance.stats.unwrap();
    page.credentials.unwrap().password.expose().to_owned()
}

#[test]
fn the_password_is_the_text_without_its_last_line_feed() {
    for (content, read) in [
        ("pass", "pass"),
        ("pass\n", "pass"),
        ("pass\r\n", "pass"),
        (" p ä s s ", " p ä s s "),
    ] {
        assert_eq!(password(&with(content)), read);
    }
    let longest = "p".repeat(4096);
    assert_eq!(password(&with(&longest)), longest);
}

#[test]
fn what_is_no_password_is_refused() {
    for content in [
        "", "\n", "\r\n", "pass\n\n", "pa\nss", "\npass", "pa\tss", "pass\0", "pass\r",
    ] {
        let refused = with(content).load();
        assert!(
            matches!(refused, Err(ConfigError::PasswordUnusable { .. })),
            "{content:?}: {refused:?}"
        );
    }
    let kind = FileKind::Password;
    let refused = with(b"pass\xff").load();
    assert!(
        matches!(refused, Err(ConfigError::FileNotText { kind: found, .. }) if found == kind),
        "{refused:?}"
    );
    let refused = with("p".repeat(4097)).load();
    assert!(
        matches!(refused, Err(ConfigError::FileTooLarge { kind: found, limit: 4096, .. }) if found == kind),
        "{refused:?}"
    );
}

#[test]
fn what_is_no_file_is_refused() {
    let given = with("pass");
    let nowhere = given
        .path("nowhere/password")
        .to_string_lossy()
        .into_owned();
    let folder = given.folder.path().to_string_lossy().into_owned();
    let named = |path: &str| with("pass").flag(Setting::StatsPasswordFile, path).load();
    assert!(matches!(
        named(&nowhere),
        Err(ConfigError::FileMissing {
            kind: FileKind::Password,
            ..
        })
    ));
    for path in [&*folder, "/dev/zero"] {
        let refused = named(path);
        // A folder's path has no file's name when it ends in a slash, and this one has none.
        assert!(
            matches!(
                refused,
                Err(ConfigError::FileNotRegular {
                    kind: FileKind::Password,
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

/// Kubernetes names a secret's file by a link to a link.
#[test]
fn a_link_is_followed() {
    let given = with("pass");
    let (real, link) = (given.path("password"), given.path("link"));
    symlink(&real, &link).unwrap();
    let given = given.flag(Setting::StatsPasswordFile, &link.to_string_lossy());
    assert_eq!(password(&given), "pass");
    set_mode(&real, 0o620);
    assert!(matches!(
        given.load(),
        Err(ConfigError::FileWritable {
            kind: FileKind::Password,
            mode: 0o620,
            ..
        })
    ));
}

/// A folder that everybody may enter, below others of that kind.
fn open_folder() -> TempDir {
    let folder = TempDir::new_in("/tmp").unwrap();
    set_mode(folder.path(), 0o755);
    folder
}

#[test]
fn a_file_that_everybody_may_read_is_refused_and_one_that_its_group_may_read_is_not() {
    let folder = open_folder();
    let path = folder.path().join("password");
    fs::write(&path, "pass").unwrap();
    let given = with("other").flag(Setting::StatsPasswordFile, &path.to_string_lossy());
    for mode in [0o400, 0o440, 0o600, 0o640] {
        set_mode(&path, mode);
        assert_eq!(password(&given), "pass", "{mode:o}");
    }
    for mode in [0o444, 0o644, 0o604] {
        set_mode(&path, mode);
        let refused = given.load();
        assert!(
            matches!(refused, Err(ConfigError::PasswordExposed { kind: FileKind::Password, mode: found, .. }) if found == mode),
            "{refused:?}"
        );
    }
    // Whoever cannot enter the folder cannot read the file.
    set_mode(folder.path(), 0o750);
    assert_eq!(password(&given), "pass");
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let given = with("pass");
    for mode in [0o620, 0o602, 0o666] {
        set_mode(&given.path("password"), mode);
        let refused = given.load();
        assert!(
            matches!(refused, Err(ConfigError::FileWritable { mode: found, .. }) if found == mode),
            "{refused:?}"
        );
    }
}

#[test]
fn a_file_of_another_user_is_refused() {
    let given = with("pass");
    let path = given.path("password");
    if fs::metadata(&path).unwrap().uid() == 0 {
        chown(&path, Some(12_345), None).unwrap();
        let refused = given.load();
        assert!(
            matches!(
                refused,
                Err(ConfigError::FileForeign {
                    kind: FileKind::Password,
                    owner: 12_345,
                    ..
                })
            ),
            "{refused:?}"
        );
    } else {
        // Only root can give a file away; a file of its own is the other half of the rule.
        assert_eq!(password(&given), "pass");
    }
}

#[test]
fn a_settings_file_with_a_password_in_it_is_held_to_the_same() {
    let folder = open_folder();
    let path = folder.path().join("config.toml");
    for (text, holds) in [
        ("stats_password = 'pass'\nstats_user = 'ops'", true),
        ("stats_url = 'http://ops:pass@lb1/stats'", true),
        ("metrics_url = 'http://ops:pass@lb1/m'", true),
        ("stats_url = 'http://lb1/stats'", false),
        ("stats_user = 'ops'\nstats_password_file = '/p'", false),
    ] {
        write(&path, format!("[instance]\n{text}\n"));
        let refused = given().config_flag(&path).load();
        let exposed = matches!(
            refused,
            Err(ConfigError::PasswordExposed {
                kind: FileKind::Settings,
                ..
            })
        );
        assert_eq!(exposed, holds, "{text}: {refused:?}");
        set_mode(&path, 0o640);
        let refused = given().config_flag(&path).load();
        assert!(
            !matches!(refused, Err(ConfigError::PasswordExposed { .. })),
            "{text}: {refused:?}"
        );
    }
}
