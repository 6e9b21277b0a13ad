use crate::sources::{given, set_mode, write};
use haproxy_mcp::config::{ConfigError, LogLevel, Origin};
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};

const DEBUG: &str = "log_level = 'debug'";
const TRACE: &str = "log_level = 'trace'";
const ERROR: &str = "log_level = 'error'";
const WARN: &str = "log_level = 'warn'";

#[test]
fn the_first_file_that_is_there_is_read_and_no_other() {
    let given = given().file(ERROR);
    let level = |given: &crate::sources::Given| given.load().unwrap().log_level;
    assert_eq!(level(&given), LogLevel::Error);

    let home = given.path("home").to_string_lossy().into_owned();
    write(&given.path("home/.config/haproxy-mcp/config.toml"), WARN);
    let given = given.variable("HOME", &home);
    assert_eq!(level(&given), LogLevel::Warn);

    let configuration = given.path("xdg").to_string_lossy().into_owned();
    let given = given.variable("XDG_CONFIG_HOME", &configuration);
    // The folder is another one now, and no file is in it: the system's is next.
    assert_eq!(level(&given), LogLevel::Error);
    write(&given.path("xdg/haproxy-mcp/config.toml"), DEBUG);
    assert_eq!(level(&given), LogLevel::Debug);

    let named = given.path("named.toml");
    write(&named, TRACE);
    let given = given.variable("HAPROXY_MCP_CONFIG", &named.to_string_lossy());
    assert_eq!(level(&given), LogLevel::Trace);

    let flag = given.path("flag.toml");
    write(&flag, "# the defaults");
    let given = given.config_flag(&flag);
    assert_eq!(level(&given), LogLevel::Info);
}

#[test]
fn a_named_file_must_be_there() {
    let given = given().file(ERROR);
    let missing = given.path("missing.toml");
    let refused = given.config_flag(&missing).load();
    assert!(
        matches!(
            refused,
            Err(ConfigError::FileMissing {
                origin: Origin::Flag("config"),
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_relative_path_is_refused_however_it_is_named() {
    for path in ["config.toml", "./config.toml", "../config.toml"] {
        let flag = given().config_flag(path).load();
        assert!(
            matches!(flag, Err(ConfigError::FileRelative { .. })),
            "{flag:?}"
        );
        let variable = given().variable("HAPROXY_MCP_CONFIG", path).load();
        assert!(
            matches!(variable, Err(ConfigError::FileRelative { .. })),
            "{variable:?}"
        );
    }
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    for mode in [0o664, 0o646, 0o666, 0o620, 0o602] {
        let given = given().file(DEBUG);
        set_mode(&given.path("system.toml"), mode);
        let refused = given.load();
        assert!(
            matches!(refused, Err(ConfigError::FileWritable { mode: found, .. }) if found == mode),
            "{refused:?}"
        );
    }
}

/// What counts is the file that a link leads to: a link's own mode is always 0777.
#[test]
fn a_link_is_judged_by_its_target() {
    let given = given();
    let target = given.path("target.toml");
    write(&target, DEBUG);
    symlink(&target, given.path("system.toml")).unwrap();
    assert_eq!(given.load().unwrap().log_level, LogLevel::Debug);
    set_mode(&target, 0o666);
    assert!(matches!(
        given.load(),
        Err(ConfigError::FileWritable { .. })
    ));
}

#[test]
fn a_file_of_another_user_is_refused() {
    let given = given().file(DEBUG);
    let path = given.path("system.toml");
    if fs::metadata(&path).unwrap().uid() == 0 {
        chown(&path, Some(12_345), None).unwrap();
        let refused = given.load();
        assert!(
            matches!(refused, Err(ConfigError::FileForeign { owner: 12_345, .. })),
            "{refused:?}"
        );
    } else {
        // Only root can give a file away; a file of its own is the other half of the rule.
        assert_eq!(given.load().unwrap().log_level, LogLevel::Debug);
    }
}

#[test]
fn what_is_not_a_regular_file_is_refused() {
    let given = given();
    fs::create_dir(given.path("system.toml")).unwrap();
    assert!(matches!(
        given.load(),
        Err(ConfigError::FileNotRegular { .. })
    ));
    // A device that never ends, and is never opened.
    let device = crate::sources::given().config_flag("/dev/zero").load();
    assert!(
        matches!(device, Err(ConfigError::FileNotRegular { .. })),
        "{device:?}"
    );
}

#[test]
fn a_file_below_a_file_is_a_missing_file() {
    let given = given();
    write(&given.path("home"), "");
    let home = given.path("home").to_string_lossy().into_owned();
    assert_eq!(
        given.variable("HOME", &home).load().unwrap().log_level,
        LogLevel::Info
    );
}

#[test]
fn a_file_larger_than_settings_is_refused() {
    let given = given().file(&"#".repeat(1024 * 1024));
    given.load().unwrap();
    let larger = given.file(&"#".repeat(1024 * 1024 + 1));
    assert!(matches!(
        larger.load(),
        Err(ConfigError::FileTooLarge { .. })
    ));
}

#[test]
fn unknown_keys_are_named_with_their_line() {
    let top = given().file("# access\nacces = 'admin'\n").load();
    let Err(ConfigError::UnknownKey {
        key,
        line,
        accepted,
        ..
    }) = top
    else {
        panic!("{top:?}")
    };
    assert_eq!((key.as_str(), line), ("`acces`", 2));
    let outside = [
        "access",
        "toolsets",
        "tools",
        "exclude_tools",
        "audit_file",
        "transport",
        "log_level",
        "instance",
    ];
    assert_eq!(accepted, outside);

    let inner = given()
        .file("access = 'read'\n\n[instance]\nhost = 'lb1'\nsocket = '/run/a.sock'\n")
        .load();
    let Err(ConfigError::UnknownKey {
        key,
        line,
        accepted,
        ..
    }) = inner
    else {
        panic!("{inner:?}")
    };
    assert_eq!((key.as_str(), line), ("`socket`", 5));
    assert!(accepted.contains(&"runtime_socket"), "{accepted:?}");
}

/// The hints list the keys; this holds the lists to what is really taken.
#[test]
fn every_key_of_the_hints_is_known() {
    let hinted = |text: &str| match given().file(text).load() {
        Err(ConfigError::UnknownKey { accepted, .. }) => accepted,
        other => panic!("{other:?}"),
    };
    for (accepted, table) in [
        (hinted("x = 1"), ""),
        (hinted("[instance]\nx = 1"), "[instance]\n"),
    ] {
        assert!(accepted.len() >= 4);
        for key in accepted {
            // A value of the wrong type: refused, but never as an unknown key.
            let refused = given().file(&format!("{table}{key} = [[]]\n")).load();
            assert!(
                matches!(refused, Err(ConfigError::FileSyntax { .. })),
                "{key}: {refused:?}"
            );
        }
    }
}

/// A list has no names, so a value would be taken by its position.
#[test]
fn an_instance_is_a_table_and_not_a_list() {
    let list = "instance = ['n', 'lb1', 1, 'tcp', '/run/a.sock', 'tcp://lb1:1', 1, '/run/m.sock']";
    let refused = given().file(list).load();
    assert!(
        matches!(refused, Err(ConfigError::FileSyntax { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_number_may_stand_in_quotation_marks() {
    let instance = given()
        .file("[instance]\nport = '81'\nruntime_timeout = '3'")
        .load()
        .unwrap()
        .instance;
    assert_eq!(
        instance,
        given()
            .file("[instance]\nport = 81\nruntime_timeout = 3")
            .load()
            .unwrap()
            .instance
    );
}
