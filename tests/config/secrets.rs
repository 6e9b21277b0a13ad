use crate::sources::{Given, given, set_mode};
use haproxy_mcp::config::{Environment, Setting, Settings, Sources};
use proptest::prelude::*;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt;

/// The first and the last letters of every planted password: neither part of one is to be seen.
const MARKS: [&str; 2] = ["s3cret", "t3rces"];

fn secret() -> impl Strategy<Value = String> {
    "s3cret[a-zA-Z0-9!#%&@/?;:+=~.,_ (){}\\[\\]\\\\-]{0,24}t3rces"
}

/// The same in a URL, with what would end its place there in percent signs.
fn encoded(secret: &str) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
        text
    })
}

/// A URL with the password in it, right or wrong.
fn url(secret: &str, shape: usize) -> String {
    let right = encoded(secret);
    match shape {
        0 => format!("http://ops:{right}@lb:8404/stats"),
        1 => format!("https://ops:{right}@lb/stats;csv"),
        2 => format!("http://ops:{right}@lb/stats?a"),
        3 => format!("http://ops:{secret}@lb/stats"),
        4 => format!("http://ops:{secret}@"),
        5 => format!("ops:{secret}@lb/stats"),
        6 => format!("http:/ops:{secret}@lb"),
        7 => format!("ftp://ops:{secret}@lb"),
        8 => format!("http://:{secret}@lb"),
        9 => format!("http://{right}@lb"),
        _ => format!("http://lb/stats?password={secret}"),
    }
}

const SHAPES: usize = 11;

/// A settings file with the password in it, right or wrong.
fn file(secret: &str, shape: usize) -> String {
    // As in a basic string of TOML.
    let quoted = format!("\"{}\"", secret.replace('\\', "\\\\"));
    let line = match shape {
        0 => format!("stats_user = 'ops'\nstats_password = {quoted}"),
        1 => format!("stats_password = {quoted}"),
        2 => format!("stats_pasword = {quoted}"),
        3 => format!("stats_password = {secret}"),
        4 => format!("stats_password = \"{secret}"),
        5 => format!("stats_password = [{quoted}]"),
        6 => format!("stats_password = {{ text = {quoted} }}"),
        7 => format!("stats_password_file = {quoted}"),
        8 => format!("stats_user = \"ops:{}", quoted.trim_start_matches('"')),
        9 => format!("stats_password = {quoted}\nstats_password = {quoted}"),
        10 => format!("stats_password: {quoted}"),
        11 => format!("stats_password {quoted}"),
        12 => format!("haproxy_config = [5, {quoted}]"),
        _ => return format!("stats_password = {quoted}"),
    };
    format!("[instance]\nstats_url = 'http://lb/stats'\n{line}\n")
}

const FILES: usize = 14;

/// Everything that anybody gets to see of settings and of what is wrong with them.
fn seen(given: &Given) -> String {
    let sources = given.sources();
    let mut text = format!("{sources:?} {:#?}\n", sources.environment);
    match Settings::load(sources) {
        Ok(settings) => write!(text, "{settings:?} {settings:#?}").unwrap(),
        Err(error) => write!(text, "{error}\n{}\n{error:?} {error:#?}", error.hint()).unwrap(),
    }
    text
}

#[track_caller]
fn hidden(given: &Given) {
    let seen = seen(given);
    for mark in MARKS {
        assert!(!seen.contains(mark), "{seen}");
    }
}

const PAGES: [Setting; 2] = [Setting::StatsUrl, Setting::MetricsUrl];

proptest! {
    #[test]
    fn no_password_beside_a_url_is_seen(secret in secret(), user in "[a-z:]{0,3}", page in 0..SHAPES) {
        let given = given()
            .variable("HAPROXY_STATS_USER", &user)
            .variable("HAPROXY_STATS_PASSWORD", &secret);
        hidden(&given);
        let given = given.variable("HAPROXY_STATS_URL", &url(&secret, page));
        hidden(&given);
        hidden(&given.variable("HAPROXY_RUNTIME_SOCKET", "/run/a.sock").variable("HAPROXY_STATS_URL", ""));
    }

    #[test]
    fn no_password_in_a_url_is_seen(secret in secret(), shape in 0..SHAPES) {
        let url = url(&secret, shape);
        for setting in PAGES {
            hidden(&given().flag(setting, &url));
            hidden(&given().variable(setting.environment().unwrap(), &url));
            let text = url.replace('\\', "\\\\");
            hidden(&given().file(&format!("[instance]\n{setting} = \"{text}\"\n")));
            hidden(&given().file(&format!("{setting} = \"{text}\"\n")));
            hidden(&given().file(&format!("[instance]\n{setting} = {text}\n")));
        }
    }

    /// A URL with credentials in the place of another value. (A query is a page's alone.)
    #[test]
    fn no_password_of_a_url_is_seen_in_a_wrong_place(
        secret in secret(),
        shape in 0..8_usize,
        name in prop::sample::select(Setting::all().filter_map(Setting::environment).collect::<Vec<_>>()),
    ) {
        let url = url(&secret, shape);
        hidden(&given().variable(name, &url));
        let text = url.replace('\\', "\\\\");
        hidden(&given().file(&format!("instance = \"{text}\"\n")));
    }

    #[test]
    fn no_password_in_the_settings_file_is_seen(secret in secret(), shape in 0..FILES) {
        hidden(&given().file(&file(&secret, shape)));
    }

    #[test]
    fn no_password_in_a_file_of_its_own_is_seen(
        secret in secret(),
        end in prop::sample::select(vec!["", "\n", "\n\n", "\0", "\u{7f}x"]),
        mode in prop::sample::select(vec![0o600, 0o644, 0o666]),
    ) {
        let given = given().variable("HAPROXY_STATS_USER", "ops");
        let path = given.secret("password", format!("{secret}{end}"));
        set_mode(&given.path("password"), mode);
        hidden(&given.flag(Setting::StatsPasswordFile, &path));
    }

    #[test]
    fn no_password_in_the_place_of_another_is_seen(secret in secret()) {
        hidden(&given().flag(Setting::StatsPasswordFile, &secret));
        hidden(&given().flag(Setting::StatsUser, &format!("ops:{secret}")));
        hidden(&given().variable("HAPROXY_STATS_PASSWORD", &format!("{secret}\n")));
    }
}

#[test]
fn a_password_of_digits_is_not_seen() {
    let text = "[instance]\nstats_user = 'ops'\nstats_password = 73313377331337\n";
    assert!(!seen(&given().file(text)).contains("7331337"));
    let text = "[instance]\nstats_password = 73313377331337.5\n";
    assert!(!seen(&given().file(text)).contains("7331337"));
}

#[test]
fn a_password_that_is_not_text_is_not_seen() {
    for name in ["HAPROXY_STATS_PASSWORD", "HAPROXY_STATS_PASSWORD_FILE"] {
        let value = OsString::from_vec(b"s3cret\xff".to_vec());
        let sources = Sources {
            environment: Environment::from_pairs([(name, value)]),
            system_file: "/nowhere/config.toml".into(),
            ..Sources::default()
        };
        let shown = format!("{sources:?}");
        let error = Settings::load(sources).unwrap_err();
        let seen = format!("{shown} {error} {error:?} {}", error.hint());
        assert!(!seen.contains("s3cret"), "{seen}");
    }
}

/// The search finds what is there to be found.
#[test]
fn what_is_not_secret_is_seen() {
    let given = given()
        .variable("HAPROXY_STATS_URL", "http://ops:pass@lb1/stats")
        .flag(Setting::HaproxyLog, "/var/log/s3c.log");
    let seen = seen(&given);
    for text in ["HAPROXY_STATS_URL", "lb1", "/var/log/s3c.log", "[secret]"] {
        assert!(seen.contains(text), "{text}: {seen}");
    }
}
