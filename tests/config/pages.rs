use crate::sources::{Given, given};
use haproxy_mcp::config::{ConfigError, InstanceSettings, Setting};
use haproxy_mcp::haproxy::endpoint::{AddressFamily, Door, Endpoint};
use haproxy_mcp::haproxy::pages::{PageDoor, Source};
use std::path::{Path, PathBuf};
use std::time::Duration;

const STATS: &str = "HAPROXY_STATS_URL";
const ENABLED: &str = "HAPROXY_STATS_ENABLED";
const USER: &str = "HAPROXY_STATS_USER";
const PASSWORD: &str = "HAPROXY_STATS_PASSWORD";
const METRICS: &str = "HAPROXY_METRICS_URL";
const SOCKET: &str = "HAPROXY_RUNTIME_SOCKET";

const USUAL: &str = "http://127.0.0.1:8404/stats";
const USUAL_METRICS: &str = "http://127.0.0.1:8404/metrics";

#[track_caller]
fn instance(given: &Given) -> InstanceSettings {
    given.load().unwrap().instance
}

fn usual_runtime() -> Door {
    Door {
        endpoint: Endpoint::Tcp {
            host: "127.0.0.1".to_owned(),
            port: 9999,
            family: AddressFamily::Any,
        },
        master: false,
    }
}

/// Where the two pages are, `-` for none.
fn addresses(instance: &InstanceSettings) -> (String, String) {
    let address = |page: &Option<PageDoor>| {
        page.as_ref()
            .map_or("-".to_owned(), |page| page.url.to_string())
    };
    (address(&instance.stats), address(&instance.metrics))
}

/// Statistics page and exporter.
#[track_caller]
fn pages_are(given: &Given, stats: &str, metrics: &str) {
    assert_eq!(
        addresses(&instance(given)),
        (stats.to_owned(), metrics.to_owned())
    );
}

/// `user:password` of a page.
fn who(page: Option<&PageDoor>) -> Option<String> {
    let credentials = page?.credentials.as_ref()?;
    Some(format!(
        "{}:{}",
        credentials.user,
        credentials.password.expose()
    ))
}

/// Who we are on the statistics page and at the exporter.
#[track_caller]
fn we_are(given: &Given, stats: Option<&str>, metrics: Option<&str>) {
    let instance = instance(given);
    assert_eq!(who(instance.stats.as_ref()).as_deref(), stats);
    assert_eq!(who(instance.metrics.as_ref()).as_deref(), metrics);
}

#[test]
fn with_nothing_given_there_are_the_usual_runtime_api_and_the_usual_pages() {
    let instance = instance(&given());
    assert_eq!(instance.door, Some(usual_runtime()));
    let stats = instance.stats.unwrap();
    assert_eq!(stats.url.to_string(), USUAL);
    assert_eq!(stats.timeout, Duration::from_secs(5));
    assert_eq!(
        (&stats.credentials, &stats.ca_file, &stats.client),
        (&None, &None, &None)
    );
    let metrics = instance.metrics.unwrap();
    assert_eq!(metrics.url.to_string(), USUAL_METRICS);
    assert_eq!(metrics.timeout, Duration::from_secs(5));
    assert_eq!(instance.statistics_from, Source::Runtime);
    assert_eq!((instance.config, instance.log), (Vec::new(), Vec::new()));
}

#[test]
fn with_only_a_page_given_there_is_no_runtime_api() {
    let page = "https://lb1:8404/haproxy/stats";
    let sources = [
        given().variable(STATS, page),
        given().flag(Setting::StatsUrl, page),
        given().file(&format!("[instance]\nstats_url = '{page}'")),
        given().variable(STATS, page).variable(ENABLED, "true"),
        given()
            .variable(STATS, page)
            .variable("HAPROXY_RUNTIME_TIMEOUT", "3"),
    ];
    for given in sources {
        assert_eq!(instance(&given).door, None);
        pages_are(&given, page, "https://lb1:8404/metrics");
    }

    // Where HAProxy has it without `stats uri`.
    let usual = given().variable(STATS, "http://lb1/haproxy?stats");
    pages_are(&usual, "http://lb1/haproxy?stats", "http://lb1/metrics");

    let exporter = given().variable(METRICS, "http://lb1:9101/m");
    assert_eq!(instance(&exporter).door, None);
    pages_are(&exporter, "-", "http://lb1:9101/m");
}

#[test]
fn with_only_a_runtime_api_given_there_is_no_page() {
    let named = [
        given().variable(SOCKET, "/run/a.sock"),
        given().variable("HAPROXY_RUNTIME_URL", "tcp://lb1:1"),
        given().variable("HAPROXY_HOST", "lb1"),
        given().file("[instance]\nport = 1"),
        given().flag(Setting::RuntimeMode, "tcp4"),
        given().variable("HAPROXY_MASTER_SOCKET", "/run/master.sock"),
    ];
    for given in named {
        assert!(instance(&given).door.is_some());
        pages_are(&given, "-", "-");
        // A time-out alone names none.
        pages_are(&given.variable("HAPROXY_STATS_TIMEOUT", "3"), "-", "-");
    }
}

#[test]
fn with_both_given_there_are_both() {
    let both = given()
        .flag(Setting::RuntimeSocket, "/run/a.sock")
        .variable(STATS, "http://lb1/")
        .file("[instance]\nmetrics_url = 'http://lb2/m'");
    let endpoint = Endpoint::Unix("/run/a.sock".into());
    let door = Door {
        endpoint,
        master: false,
    };
    assert_eq!(instance(&both).door, Some(door));
    pages_are(&both, "http://lb1/", "http://lb2/m");
}

#[test]
fn stats_enabled_alone_means_the_usual_page() {
    let socket = given()
        .variable(SOCKET, "/run/a.sock")
        .variable(ENABLED, "yes");
    pages_are(&socket, USUAL, USUAL_METRICS);
    let alone = given().variable(ENABLED, "1");
    assert_eq!(instance(&alone).door, Some(usual_runtime()));
    pages_are(&alone, USUAL, USUAL_METRICS);
    let exporter = given()
        .variable(METRICS, "http://lb1/m")
        .variable(ENABLED, "on");
    assert_eq!(instance(&exporter).door, None);
    pages_are(&exporter, USUAL, "http://lb1/m");
    for text in [
        "[instance]\nstats_enabled = true\nport = 1",
        "[instance]\nstats_enabled = 'On'\nport = 1",
    ] {
        pages_are(&given().file(text), USUAL, USUAL_METRICS);
    }
}

#[test]
fn stats_enabled_can_turn_the_statistics_page_off() {
    let off = || given().variable(ENABLED, "false");
    assert_eq!(instance(&off()).door, Some(usual_runtime()));
    pages_are(&off(), "-", "-");
    // A page that is turned off is none that is given.
    let page = off().variable(STATS, "http://lb1/stats");
    assert_eq!(instance(&page).door, Some(usual_runtime()));
    pages_are(&page, "-", "-");
    pages_are(&off().variable(SOCKET, "/run/a.sock"), "-", "-");
    // The exporter is not the statistics page.
    let exporter = off().variable(METRICS, "http://lb1/m");
    assert_eq!(instance(&exporter).door, None);
    pages_are(&exporter, "-", "http://lb1/m");
    // A stronger source wants the page.
    let stronger = off().flag(Setting::StatsUrl, "http://lb1/stats");
    assert_eq!(instance(&stronger).door, None);
    pages_are(&stronger, "http://lb1/stats", "http://lb1/metrics");
    let weaker = off().file("[instance]\nstats_url = 'http://lb1/stats'");
    pages_are(&weaker, "-", "-");
    let again = off().flag(Setting::StatsEnabled, "true");
    pages_are(&again, USUAL, USUAL_METRICS);
}

/// Turning the page off and on again leaves everything else where it is.
#[test]
fn what_is_said_of_a_page_that_is_turned_off_rests() {
    let off = given()
        .variable(ENABLED, "no")
        .variable(STATS, "http://lb1/stats")
        .variable(USER, "ops")
        .variable("HAPROXY_STATS_PASSWORD_FILE", "/nowhere/password")
        .variable("HAPROXY_STATS_CLIENT_KEY", "/nowhere/key");
    pages_are(&off, "-", "-");
    // But its grammar is held to.
    let wrong = off.variable("HAPROXY_STATS_CA_FILE", "ca.pem").load();
    assert!(
        matches!(
            wrong,
            Err(ConfigError::InvalidValue {
                setting: Setting::StatsCaFile,
                ..
            })
        ),
        "{wrong:?}"
    );
}

#[test]
fn credentials_stand_in_the_url_or_beside_it() {
    let beside = given()
        .variable(STATS, "http://lb1/stats")
        .variable(USER, "ops")
        .variable(PASSWORD, "p@ss: wörd");
    we_are(&beside, Some("ops:p@ss: wörd"), Some("ops:p@ss: wörd"));
    let within = given().variable(STATS, "http://ops:p%40ss@lb1/stats");
    we_are(&within, Some("ops:p@ss"), Some("ops:p@ss"));
    pages_are(&within, "http://lb1/stats", "http://lb1/metrics");
    // Said twice, or half of it twice, is no contradiction.
    let twice = within.variable(USER, "ops");
    we_are(&twice, Some("ops:p@ss"), Some("ops:p@ss"));
    let twice = twice.variable(PASSWORD, "p@ss");
    we_are(&twice, Some("ops:p@ss"), Some("ops:p@ss"));
    let usual = given().variable(USER, "ops").variable(PASSWORD, "pass");
    we_are(&usual, Some("ops:pass"), Some("ops:pass"));
    // Each half from its strongest source.
    let mixed = given()
        .file("[instance]\nstats_user = 'file'\nstats_password = 'pass'\nstats_url = 'http://lb/'")
        .flag(Setting::StatsUser, "flag");
    we_are(&mixed, Some("flag:pass"), Some("flag:pass"));
}

#[test]
fn credentials_that_contradict_each_other_or_are_incomplete_are_refused() {
    let within = || given().variable(STATS, "http://ops:pass@lb1/stats");
    for (given, what) in [
        (within().variable(USER, "other"), "user"),
        (within().variable(PASSWORD, "other"), "password"),
        (
            within().variable(USER, "ops").variable(PASSWORD, "other"),
            "password",
        ),
        (
            given()
                .variable(METRICS, "http://ops:pass@lb1/m")
                .variable(USER, "other"),
            "user",
        ),
    ] {
        let refused = given.load();
        assert!(
            matches!(refused, Err(ConfigError::CredentialsDiffer { what: found, .. }) if found == what),
            "{refused:?}"
        );
    }
    let page = || given().variable(STATS, "http://lb1/stats");
    let incomplete = |given: Given, half| {
        let refused = given.load();
        assert!(
            matches!(refused, Err(ConfigError::CredentialsIncomplete { setting, .. }) if setting == half),
            "{refused:?}"
        );
    };
    incomplete(page().variable(USER, "ops"), Setting::StatsUser);
    incomplete(page().variable(PASSWORD, "pass"), Setting::StatsPassword);
    let file = page();
    let path = file.secret("password", "pass");
    incomplete(
        file.flag(Setting::StatsPasswordFile, &path),
        Setting::StatsPasswordFile,
    );
}

#[test]
fn of_a_password_and_a_file_with_one_the_stronger_source_decides() {
    let page = || {
        given()
            .variable(STATS, "http://lb1/stats")
            .variable(USER, "ops")
    };
    let given = page().variable(PASSWORD, "variable");
    let path = given.secret("password", "file\n");
    let flag = given.flag(Setting::StatsPasswordFile, &path);
    we_are(&flag, Some("ops:file"), Some("ops:file"));

    let weaker = "[instance]\nstats_password_file = '/nowhere/password'";
    let given = page().variable(PASSWORD, "variable").file(weaker);
    we_are(&given, Some("ops:variable"), Some("ops:variable"));

    let given = page().variable(PASSWORD, "variable");
    let path = given.secret("password", "variable");
    let both = given.variable("HAPROXY_STATS_PASSWORD_FILE", &path).load();
    assert!(
        matches!(both, Err(ConfigError::TwoPasswords { .. })),
        "{both:?}"
    );
}

/// A password is for those whom it was given for.
#[test]
fn the_exporter_gets_the_credentials_of_the_statistics_page_only_at_the_same_origin() {
    let page = || given().variable(STATS, "http://ops:pass@lb1:8404/stats");
    let same = page().variable(METRICS, "http://lb1:8404/m");
    we_are(&same, Some("ops:pass"), Some("ops:pass"));
    for other in [
        "http://lb2:8404/m",
        "http://lb1:8405/m",
        "https://lb1:8404/m",
        "http://lb1/m",
    ] {
        we_are(&page().variable(METRICS, other), Some("ops:pass"), None);
    }
    let own = page().variable(METRICS, "http://prom:own@lb1:8404/m");
    we_are(&own, Some("ops:pass"), Some("prom:own"));
    let beside = given()
        .variable(STATS, "http://lb1/stats")
        .variable(USER, "ops")
        .variable(PASSWORD, "pass")
        .variable(METRICS, "http://prom:own@lb2/m");
    we_are(&beside, Some("ops:pass"), Some("prom:own"));
    // The only page is the one that they are for.
    let alone = given()
        .variable(METRICS, "http://lb2/m")
        .variable(USER, "ops")
        .variable(PASSWORD, "pass");
    we_are(&alone, None, Some("ops:pass"));
}

#[test]
fn certificates_and_time_out_hold_for_both_pages() {
    let given = given()
        .variable(STATS, "https://lb1/stats")
        .variable(METRICS, "https://lb2/m")
        .variable("HAPROXY_STATS_TIMEOUT", "7")
        // None of them is there: a server may start before they come.
        .variable("HAPROXY_STATS_CA_FILE", "/nowhere/ca.pem")
        .variable("HAPROXY_STATS_CLIENT_CERT", "/nowhere/client.pem");
    let one_file = instance(&given);
    for page in [one_file.stats.unwrap(), one_file.metrics.unwrap()] {
        assert_eq!(page.timeout, Duration::from_secs(7));
        assert_eq!(page.ca_file.as_deref(), Some(Path::new("/nowhere/ca.pem")));
        let client = page.client.unwrap();
        assert_eq!(client.certificate, Path::new("/nowhere/client.pem"));
        assert_eq!(client.key, Path::new("/nowhere/client.pem"));
    }
    let two_files = instance(&given.flag(Setting::StatsClientKey, "/nowhere/client.key"));
    let client = two_files.metrics.unwrap().client.unwrap();
    assert_eq!(client.certificate, Path::new("/nowhere/client.pem"));
    assert_eq!(client.key, Path::new("/nowhere/client.key"));

    let key = crate::sources::given().flag(Setting::StatsClientKey, "/nowhere/client.key");
    let refused = key.load();
    assert!(
        matches!(refused, Err(ConfigError::CertificateMissing { .. })),
        "{refused:?}"
    );
}

#[test]
fn what_is_said_of_a_page_without_one_is_refused() {
    for (name, value) in [
        (USER, "ops"),
        (PASSWORD, "pass"),
        ("HAPROXY_STATS_PASSWORD_FILE", "/nowhere/password"),
        ("HAPROXY_STATS_CA_FILE", "/nowhere/ca.pem"),
        ("HAPROXY_STATS_CLIENT_CERT", "/nowhere/client.pem"),
        ("HAPROXY_STATS_CLIENT_KEY", "/nowhere/client.key"),
    ] {
        let refused = given()
            .variable(SOCKET, "/run/a.sock")
            .variable(name, value)
            .load();
        assert!(
            matches!(refused, Err(ConfigError::PageMissing { .. })),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn who_is_asked_first_can_be_chosen() {
    let page = given().file("[instance]\nstatistics_from = 'page'");
    assert_eq!(instance(&page).statistics_from, Source::Page);
    let variable = page.variable("HAPROXY_STATISTICS_FROM", "runtime");
    assert_eq!(instance(&variable).statistics_from, Source::Runtime);
    let flag = variable.flag(Setting::StatisticsFrom, "page");
    assert_eq!(instance(&flag).statistics_from, Source::Page);
}

#[test]
fn files_and_folders_are_named_with_commas_or_as_an_array() {
    let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    let array = given().file(
        "[instance]\nhaproxy_config = ['/etc/haproxy/haproxy.cfg', '/etc/haproxy/conf.d/']\n\
         haproxy_log = '/var/log/haproxy.log'",
    );
    let both = paths(&["/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d"]);
    assert_eq!(instance(&array).config, both);
    assert_eq!(instance(&array).log, paths(&["/var/log/haproxy.log"]));
    // Files are no door to a running HAProxy.
    assert_eq!(instance(&array).door, Some(usual_runtime()));

    let variable = array.variable("HAPROXY_CONFIG_PATH", "/a/b.cfg, /c");
    assert_eq!(instance(&variable).config, paths(&["/a/b.cfg", "/c"]));
    let flag = variable.flag(Setting::HaproxyConfig, "/d");
    assert_eq!(instance(&flag).config, paths(&["/d"]));
    let log = flag.variable("HAPROXY_LOG_PATH", "/e/log");
    assert_eq!(instance(&log).log, paths(&["/e/log"]));
}
