use crate::sources::{Given, given, set_mode, write};
use haproxy_mcp::config::{Environment, Setting, Settings, Sources};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

/// Each case as a heading and what the program prints.
fn rendered(cases: impl IntoIterator<Item = (String, Given)>) -> String {
    let blocks: Vec<String> = cases
        .into_iter()
        .map(|(name, given)| format!("## {name}\n{}", given.refusal()))
        .collect();
    blocks.join("\n")
}

#[test]
fn a_wrong_value_of_each_flag() {
    let flags = Setting::all().filter(|setting| setting.flag().is_some());
    insta::assert_snapshot!(rendered(
        flags.map(|setting| (format!("{setting}"), given().flag(setting, "it`s\nwrong")))
    ));
}

#[test]
fn a_wrong_value_of_each_variable() {
    let names = Setting::all().filter_map(Setting::environment);
    insta::assert_snapshot!(rendered(
        names.map(|name| (name.to_owned(), given().variable(name, "?")))
    ));
}

#[test]
fn a_wrong_value_of_each_key() {
    let in_instance = [
        "name = 'two words'",
        "host = 'lb1:9999'",
        "port = 0",
        "runtime_mode = 'udp'",
        "runtime_socket = 'admin.sock'",
        "runtime_url = 'http://lb1:8404/stats'",
        "runtime_timeout = -1",
        "master_socket = 'unix@/run/master.sock'",
        "stats_enabled = 'maybe'",
        "stats_url = 'lb1:8404/stats'",
        "stats_url = 'http://lb1:8404/stats;csv'",
        "stats_timeout = 0",
        "stats_user = 'ops:s3cret'",
        "stats_password = \"s3\\u0000cret\"",
        "stats_password_file = 's3cret'",
        "stats_ca_file = 'ca.pem'",
        "stats_client_cert = './client.pem'",
        "stats_client_key = '~/client.key'",
        "metrics_url = 'http://lb1:8404/metrics?scope=global'",
        "statistics_from = 'csv'",
        "haproxy_config = ['/etc/haproxy/haproxy.cfg', 'conf.d']",
        "haproxy_log = '/'",
    ];
    let outside = [
        "access = 'write'",
        "toolsets = 'default;stats'",
        "tools = []",
        "exclude_tools = ['show info']",
        "transport = 'sse'",
        "log_level = 'verbose'",
    ];
    let in_instance = in_instance.map(|line| {
        (
            line.to_owned(),
            given().file(&format!("[instance]\n{line}\n")),
        )
    });
    let outside = outside.map(|line| (line.to_owned(), given().file(&format!("{line}\n"))));
    insta::assert_snapshot!(rendered(outside.into_iter().chain(in_instance)));
}

#[test]
fn credentials_in_a_url() {
    let given = given().variable("HAPROXY_RUNTIME_URL", "tcp://admin:s3cret@lb1:9999");
    assert!(!given.refusal().contains("s3cret"));
    insta::assert_snapshot!(given.refusal());
}

#[test]
fn pages() {
    let case = |name: &str, given: Given| (name.to_owned(), given);
    let page = || given().variable("HAPROXY_STATS_URL", "https://lb1:8404/stats");
    let within = || given().variable("HAPROXY_STATS_URL", "https://ops:s3cret@lb1:8404/stats");
    let text = rendered([
        case(
            "credentials in a URL that is wrong",
            given().variable("HAPROXY_STATS_URL", "https://ops:s3cret@lb1:8404/stats;csv"),
        ),
        case(
            "a password that is not written as in a URL",
            given().variable("HAPROXY_STATS_URL", "https://ops:s3c/ret@lb1:8404/stats"),
        ),
        case(
            "a user without a page",
            given()
                .variable("HAPROXY_RUNTIME_SOCKET", "/run/haproxy/admin.sock")
                .variable("HAPROXY_STATS_USER", "ops"),
        ),
        case(
            "a CA without a page",
            given().file("[instance]\nport = 9999\nstats_ca_file = '/etc/haproxy-mcp/ca.pem'"),
        ),
        case(
            "a user without a password",
            page().flag(Setting::StatsUser, "ops"),
        ),
        case(
            "a password without a user",
            page().variable("HAPROXY_STATS_PASSWORD", "s3cret"),
        ),
        case(
            "another user than in the URL",
            within().variable("HAPROXY_STATS_USER", "monitor"),
        ),
        case(
            "another password than in the URL",
            within().file("[instance]\nstats_password = 's3cret2'"),
        ),
        case(
            "two passwords",
            page()
                .variable("HAPROXY_STATS_PASSWORD", "s3cret")
                .variable("HAPROXY_STATS_PASSWORD_FILE", "/run/secrets/stats"),
        ),
        case(
            "a key without a certificate",
            page().flag(Setting::StatsClientKey, "/etc/haproxy-mcp/client.key"),
        ),
    ]);
    assert!(!text.contains("s3c"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_password_file_that_cannot_be_used() {
    let file = |content: &[u8], mode| {
        let given = given().variable("HAPROXY_STATS_USER", "ops");
        let path = given.secret("password", content);
        set_mode(&given.path("password"), mode);
        given.variable("HAPROXY_STATS_PASSWORD_FILE", &path)
    };
    let case = |name: &str, given: Given| (name.to_owned(), given);
    let missing = file(b"", 0o600);
    fs::remove_file(missing.path("password")).unwrap();
    let folder = file(b"", 0o600);
    let path = folder.folder.path().to_string_lossy().into_owned();
    insta::assert_snapshot!(rendered([
        case("missing", missing),
        case(
            "a folder",
            folder.variable("HAPROXY_STATS_PASSWORD_FILE", &path)
        ),
        case("writable by others", file(b"s3cret", 0o660)),
        case("empty", file(b"\n", 0o600)),
        case("two lines", file(b"s3cret\n\n", 0o600)),
        case("not text", file(b"s3cret\xff", 0o600)),
        case("too large", file(&[b'x'; 4097], 0o600)),
    ]));
}

/// With the mode that everybody may read it, in a folder that everybody may enter.
#[test]
fn a_file_that_shows_a_password_to_everybody() {
    let folder = tempfile::TempDir::new_in("/tmp").unwrap();
    set_mode(folder.path(), 0o755);
    let path = folder.path().join("file");
    write(
        &path,
        "[instance]\nstats_user = 'ops'\nstats_password = 's3cret'\n",
    );
    let settings = given().config_flag(&path);
    let password = given()
        .variable("HAPROXY_STATS_USER", "ops")
        .flag(Setting::StatsPasswordFile, &path.to_string_lossy());
    let text = rendered([
        ("the settings file".to_owned(), settings),
        ("the password file".to_owned(), password),
    ]);
    insta::assert_snapshot!(text.replace(&*folder.path().to_string_lossy(), "[folder]"));
}

#[test]
fn doors_and_transports() {
    let case = |name: &str, given: Given| (name.to_owned(), given);
    insta::assert_snapshot!(rendered([
        case(
            "http is not served",
            given().variable("MCP_TRANSPORT", "http")
        ),
        case(
            "a port that Kubernetes set",
            given().variable("HAPROXY_PORT", "tcp://10.0.0.1:80")
        ),
        case(
            "unix without a socket",
            given().flag(Setting::RuntimeMode, "unix")
        ),
        case(
            "a URL and another socket",
            given()
                .variable("HAPROXY_RUNTIME_URL", "tcp://lb1:9999")
                .variable("HAPROXY_RUNTIME_SOCKET", "/run/haproxy/admin.sock")
        ),
        case(
            "an address of the other family",
            given()
                .file("[instance]\nhost = '::1'")
                .variable("HAPROXY_RUNTIME_MODE", "tcp4")
        ),
    ]));
}

#[test]
fn a_file_that_cannot_be_used() {
    let case = |name: &str, given: Given| (name.to_owned(), given);
    let missing = given();
    let missing_path = missing.path("missing.toml");
    let folder = given();
    fs::create_dir(folder.path("system.toml")).unwrap();
    let writable = given().file("");
    set_mode(&writable.path("system.toml"), 0o666);
    let binary = given();
    write(&binary.path("system.toml"), b"# one\n# two \xff\n");
    insta::assert_snapshot!(rendered([
        case("relative, from a flag", given().config_flag("config.toml")),
        case(
            "relative, from the environment",
            given().variable("HAPROXY_MCP_CONFIG", "./config.toml")
        ),
        case("named and missing", missing.config_flag(missing_path)),
        case("a folder", folder),
        case("writable by others", writable),
        case("not text", binary),
        case("too large", given().file(&" ".repeat(1024 * 1024 + 1))),
    ]));
}

#[test]
fn a_file_that_cannot_be_understood() {
    let texts = [
        "acces = 'read'",
        "[instance]\nsocket = '/run/a.sock'",
        "[instances]\nhost = 'lb1'",
        "[[instance]]\nhost = 'lb1'",
        "[instance]\nport = 9999.0",
        "[instance]\nhost = 5",
        "[instance]\nport = 99999999999999999999",
        "instance = 'lb1'",
        "access = read",
        "access = 'read'\naccess = 'admin'",
        "access: read",
        "[instance]\nstats_password = 12345",
        "[instance]\nstats_enabled = 1",
        "tools = 5",
        "tools = ['show_info', 5]",
        "[instance",
    ];
    insta::assert_snapshot!(rendered(
        texts.map(|text| (text.replace('\n', " ⏎ "), given().file(text)))
    ));
}

#[test]
fn a_variable_that_is_not_text() {
    let value = OsString::from_vec(b"/run/\xff.sock".to_vec());
    let environment = Environment::from_pairs([("HAPROXY_RUNTIME_SOCKET", value)]);
    let folder = tempfile::TempDir::new().unwrap();
    let sources = Sources {
        environment,
        system_file: folder.path().join("none"),
        ..Sources::default()
    };
    let error = Settings::load(sources).unwrap_err();
    insta::assert_snapshot!(format!("error: {error}\nhint: {}", error.hint()));
}
