//! The statistics page, and the exporter beside it: passwords, TLS, actions, paths.

use std::net::SocketAddr;

use haproxy_mcp_testkit::Binary;

use crate::http::Client;
use crate::place::PASSWORD;
use crate::site::Site;

const USER: &str = "haproxy-mcp";

fn plain() -> Client {
    Client::default()
}

fn tls(site: &Site) -> Client {
    Client::tls(
        "lb1.example.com",
        &site.place.path("/etc/haproxy-mcp/lb-ca.pem"),
        None,
    )
}

/// The file of the authority that vouches for the load balancer.
fn authority(site: &Site) -> String {
    site.place
        .path("/etc/haproxy-mcp/lb-ca.pem")
        .display()
        .to_string()
}

/// What a client gets at a path: without a password, with a wrong one, with the right one.
pub(crate) fn locked(client: &Client, address: SocketAddr, path: &str) {
    assert_eq!(client.get(address, path).status, 401);
    for wrong in ["", "a", "PASSWORD", "HASH"] {
        assert_eq!(
            client.user(USER, wrong).get(address, path).status,
            401,
            "{wrong}"
        );
    }
    assert_eq!(
        client.user("nobody", PASSWORD).get(address, path).status,
        401
    );
    assert_eq!(client.user(USER, PASSWORD).get(address, path).status, 200);
}

/// haproxy-mcp with this page and nothing else, and these settings besides.
fn only<'a>(url: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("HAPROXY_STATS_URL", url)], more].concat()
}

const CREDENTIALS: [(&str, &str); 2] = [
    ("HAPROXY_STATS_USER", USER),
    ("HAPROXY_STATS_PASSWORD", PASSWORD),
];

/// haproxy-mcp has the rows that the page has, and its doctor is content.
#[track_caller]
fn read_by_haproxy_mcp(site: &Site, settings: &[(&str, &str)], rows: &[&str]) {
    let answer = site
        .ask(settings, &["show_stat", "fields=status", "limit=200"])
        .result();
    assert_eq!(answer["source"], "page", "{answer}");
    let row = |row: &serde_json::Value| {
        format!(
            "{}/{}",
            row["pxname"].as_str().unwrap(),
            row["svname"].as_str().unwrap()
        )
    };
    let seen: Vec<String> = answer["rows"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(seen, rows, "{answer}");
    let found = site.doctor(settings);
    assert_eq!(found[0], "stats ok answers", "{found:?}");
}

pub(crate) fn page(binary: &Binary) {
    let site = Site::start(binary, "page");
    let get = |path| plain().get(site.address(8404), path);
    assert_eq!(get("/stats;csv").rows(), ["stats/FRONTEND"]);
    assert_eq!(get("/stats;csv").header("content-type"), "text/plain");
    for html in [
        "/stats",
        "/statsx",
        "/stats/x",
        "/stats?csv",
        "/stats%3Bcsv",
    ] {
        let page = get(html);
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, "text/html"),
            "{html}"
        );
    }
    assert_eq!(get("/").status, 503);
    let url = format!("http://{}/stats", site.address(8404));
    read_by_haproxy_mcp(&site, &only(&url, &[]), &["stats/FRONTEND"]);
    // Nothing is allowed to be changed.
    let refused = plain().post(site.address(8404), "/stats", "s=a&action=maint&b=x");
    assert!(
        refused.header("location").ends_with(";st=DENY"),
        "{refused:?}"
    );
}

pub(crate) fn page_auth(binary: &Binary) {
    let site = Site::start(binary, "page_auth");
    locked(&plain(), site.address(8404), "/stats;csv");
    locked(&plain(), site.address(8404), "/statsx");
    let url = format!("http://{}/stats", site.address(8404));
    read_by_haproxy_mcp(&site, &only(&url, &CREDENTIALS), &["stats/FRONTEND"]);
    let file = site
        .place
        .path("/etc/haproxy-mcp/password")
        .display()
        .to_string();
    site.place.file("/etc/haproxy-mcp/password", PASSWORD);
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let kept = [CREDENTIALS[0], ("HAPROXY_STATS_PASSWORD_FILE", &file)];
    read_by_haproxy_mcp(&site, &only(&url, &kept), &["stats/FRONTEND"]);
    assert_eq!(
        site.doctor(&only(&url, &[]))[0],
        "stats problem password-missing"
    );
    let wrong = [CREDENTIALS[0], ("HAPROXY_STATS_PASSWORD", "PASSWORD")];
    assert_eq!(
        site.doctor(&only(&url, &wrong))[0],
        "stats problem password-wrong"
    );
}

pub(crate) fn page_users(binary: &Binary) {
    let site = Site::start(binary, "page_users");
    locked(&plain(), site.address(8404), "/stats;csv");
    // No such server; but of these two only one gets so far.
    let act = |user| {
        let form =
            plain()
                .user(user, PASSWORD)
                .post(site.address(8404), "/stats", "s=a&action=maint&b=x");
        form.header("location").to_owned()
    };
    assert!(act("oncall").ends_with(";st=ERRP"), "{}", act("oncall"));
    assert!(act(USER).ends_with(";st=DENY"), "{}", act(USER));
}

pub(crate) fn page_tls(binary: &Binary) {
    let site = Site::start(binary, "page_tls");
    let address = site.address(8404);
    let url = format!("https://localhost:{}/stats", address.port());
    let authority = authority(&site);
    let settings = only(
        &url,
        &[&CREDENTIALS[..], &[("HAPROXY_STATS_CA_FILE", &authority)]].concat(),
    );
    read_by_haproxy_mcp(&site, &settings, &["stats/FRONTEND"]);
    let found = |url: &str, authority: &str| {
        let authority = [("HAPROXY_STATS_CA_FILE", authority)];
        let known = if authority[0].1.is_empty() {
            &[][..]
        } else {
            &authority
        };
        site.doctor(&only(url, &[&CREDENTIALS[..], known].concat()))[0].clone()
    };
    assert_eq!(
        found(&url, ""),
        "stats problem certificate-unknown-authority"
    );
    let by_number = url.replace("localhost", "127.0.0.1");
    assert_eq!(
        found(&by_number, &authority),
        "stats problem certificate-name"
    );
    let without = url.replace("https:", "http:");
    assert_eq!(found(&without, ""), "stats problem needs-tls");
    locked(&tls(&site), address, "/stats;csv");
    assert!(plain().try_get(address, "/stats").is_err(), "without TLS");
    let other = Client::tls(
        "lb2.example.com",
        &site.place.path("/etc/haproxy-mcp/lb-ca.pem"),
        None,
    );
    let error = other.try_get(address, "/stats").unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
    let other = Client::tls(
        "lb1.example.com",
        &site.place.path("/etc/haproxy/certs/ops-ca.pem"),
        None,
    );
    let error = other.try_get(address, "/stats").unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
}

pub(crate) fn page_client(binary: &Binary) {
    let site = Site::start(binary, "page_client");
    let with = |own: &str| {
        let own = site.place.path(&format!("/etc/haproxy-mcp/{own}.pem"));
        let client = Client::tls(
            "lb1.example.com",
            &site.place.path("/etc/haproxy-mcp/lb-ca.pem"),
            Some(&own),
        );
        client.try_get(site.address(8404), "/stats;csv")
    };
    assert_eq!(with("ops").unwrap().rows(), ["stats/FRONTEND"]);
    let url = format!("https://localhost:{}/stats", site.address(8404).port());
    let (authority, own) = (
        authority(&site),
        site.place
            .path("/etc/haproxy-mcp/ops.pem")
            .display()
            .to_string(),
    );
    let settings = [
        ("HAPROXY_STATS_CA_FILE", authority.as_str()),
        ("HAPROXY_STATS_CLIENT_CERT", &own),
        ("HAPROXY_STATS_CLIENT_KEY", &own),
    ];
    read_by_haproxy_mcp(&site, &only(&url, &settings), &["stats/FRONTEND"]);
    let refused = site.doctor(&only(&url, &settings[..1]));
    assert!(refused[0].starts_with("stats problem "), "{refused:?}");
    assert!(with("stranger").is_err());
    assert!(
        tls(&site)
            .try_get(site.address(8404), "/stats;csv")
            .is_err(),
        "without a certificate"
    );
}

const APP: &str = "
backend app
    mode http
    timeout connect 5s
    timeout server 50s
    server a1 192.0.2.11:8080
";

pub(crate) fn page_admin(binary: &Binary) {
    let site = Site::with(binary, "page_admin", APP, |_| vec!["-db".to_owned()]);
    let address = site.address(8404);
    locked(&plain(), address, "/stats;csv");
    let form = "s=a1&action=maint&b=app";
    assert_eq!(plain().post(address, "/stats", form).status, 401);
    let user = plain().user(USER, PASSWORD);
    assert_eq!(
        user.get(address, "/stats;csv").status_of("app/a1"),
        "no check"
    );
    // By haproxy-mcp, with the page alone.
    let url = format!("http://{address}/stats");
    let act = |access, tool| {
        let settings = [&CREDENTIALS[..], &[("HAPROXY_MCP_ACCESS", access)]].concat();
        site.ask(&only(&url, &settings), &[tool, "backend=app", "server=a1"])
    };
    act("read", "disable_server").refused("needs access `operate`");
    act("operate", "disable_server").result();
    assert_eq!(user.get(address, "/stats;csv").status_of("app/a1"), "MAINT");
    act("operate", "enable_server").result();
    assert_eq!(
        user.get(address, "/stats;csv").status_of("app/a1"),
        "no check"
    );
    let acted = user.post(address, "/stats", form);
    assert_eq!(acted.status, 303);
    assert!(
        acted.header("location").ends_with("/stats;st=DONE"),
        "{acted:?}"
    );
    assert_eq!(user.get(address, "/stats;csv").status_of("app/a1"), "MAINT");
}

pub(crate) fn page_path(binary: &Binary) {
    let site = Site::start(binary, "page_path");
    let address = site.address(443);
    locked(&tls(&site), address, "/haproxy-stats;csv");
    locked(&tls(&site), address, "/haproxy-stats");
    let user = tls(&site).user(USER, PASSWORD);
    assert!(
        user.get(address, "/haproxy-stats;csv")
            .rows()
            .contains(&"app/a1".to_owned())
    );
    let url = format!("https://localhost:{}/haproxy-stats", address.port());
    let authority = authority(&site);
    let settings = only(
        &url,
        &[&CREDENTIALS[..], &[("HAPROXY_STATS_CA_FILE", &authority)]].concat(),
    );
    let rows = ["www/FRONTEND", "stats/BACKEND", "app/a1", "app/BACKEND"];
    read_by_haproxy_mcp(&site, &settings, &rows);
    // The website's own, whose only server is away.
    assert_eq!(user.get(address, "/haproxy-statsx").status, 503);
    let refused = user.post(address, "/haproxy-stats", "s=a1&action=maint&b=app");
    assert!(
        refused.header("location").ends_with(";st=DENY"),
        "{refused:?}"
    );
}

pub(crate) fn page_behind(binary: &Binary) {
    let site = Site::start(binary, "page_behind");
    locked(&tls(&site), site.address(443), "/lb1/stats;csv");
    locked(&plain(), site.address(8404), "/lb1/stats;csv");
    assert_eq!(tls(&site).get(site.address(443), "/").status, 403);
    let answer = tls(&site).user(USER, PASSWORD).post(
        site.address(443),
        "/lb1/stats",
        "s=a&action=maint&b=x",
    );
    assert_eq!(answer.header("location"), "/lb1/stats;st=DENY");
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let name = name.trim().to_owned();
    assert!(!name.is_empty());
    name
}

pub(crate) fn page_shows(binary: &Binary) {
    let site = Site::start(binary, "page_shows");
    let csv = plain().get(site.address(8404), "/stats;csv");
    assert_eq!(
        csv.rows(),
        ["app/a1", "app/BACKEND", "api/b1", "api/BACKEND"]
    );
    assert_eq!(csv.header("refresh"), "10");
    let version = binary.version.split('-').next().unwrap();
    // The name of the machine, where the configuration has no other.
    let node = format!(" on {}", host_name());
    let legend = |site: &Site| format!("IPv4: {}", site.address(8080));
    let html = plain().get(site.address(8404), "/stats").body;
    assert!(!html.contains(version), "`stats hide-version`: {html}");
    assert!(html.contains(&node), "`stats show-node`: {html}");
    assert!(
        html.contains(&legend(&site)),
        "`stats show-legends`: {html}"
    );
    // Without these lines; from 3.4 on the version is hidden anyway.
    let bare = Site::with(binary, "page", APP, |_| vec!["-db".to_owned()]);
    let page = plain().get(bare.address(8404), "/stats");
    let html = &page.body;
    assert_eq!(html.contains(version), !binary.at_least(3, 4), "{html}");
    assert!(!html.contains(&node), "{html}");
    assert!(
        html.contains("a1") && !html.contains(&legend(&bare)),
        "{html}"
    );
    assert_eq!(page.header("refresh"), "");
}

pub(crate) fn metrics(binary: &Binary) {
    let site = Site::start(binary, "metrics");
    let get = |path| plain().get(site.address(8405), path);
    let page = get("/metrics");
    assert!(
        page.header("content-type")
            .starts_with("text/plain; version=0.0.4"),
        "{}",
        page.head
    );
    let version = format!("haproxy_process_build_info{{version=\"{}", binary.version);
    assert!(page.body.contains(&version), "{}", page.body);
    assert!(
        page.body
            .contains("haproxy_frontend_status{proxy=\"metrics\""),
        "{}",
        page.body
    );
    assert!(
        !get("/metrics?scope=global")
            .body
            .contains("proxy=\"metrics\"")
    );
    assert_eq!(get("/").status, 503);
    let url = format!("http://{}/metrics", site.address(8405));
    let settings = [("HAPROXY_METRICS_URL", url.as_str())];
    assert_eq!(site.doctor(&settings), ["metrics ok answers"]);
    let answer = site
        .ask(
            &settings,
            &["show_metrics", "family=haproxy_process_build_info"],
        )
        .result();
    assert!(answer.to_string().contains(&binary.version), "{answer}");
}

pub(crate) fn one_port(binary: &Binary) {
    let site = Site::start(binary, "one_port");
    let address = site.address(8404);
    locked(&plain(), address, "/stats;csv");
    locked(&plain(), address, "/metrics");
    let url = format!("http://{address}/stats");
    let settings = only(&url, &CREDENTIALS);
    read_by_haproxy_mcp(&site, &settings, &["stats/FRONTEND"]);
    assert_eq!(
        site.doctor(&settings),
        ["stats ok answers", "metrics ok answers"]
    );
    let user = plain().user(USER, PASSWORD);
    assert_eq!(user.get(address, "/stats;csv").rows(), ["stats/FRONTEND"]);
    assert!(
        user.get(address, "/metrics")
            .body
            .contains("haproxy_process_build_info")
    );
}

pub(crate) fn wrong_mode(binary: &Binary) {
    let site = Site::start(binary, "wrong_mode");
    // The port is open, and answers nothing.
    let error = plain()
        .try_get(site.address(8404), "/stats")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no answer: \"\"") || error.contains("reset"),
        "{error}"
    );
    assert!(
        site.output().contains("'stats' statement ignored"),
        "{}",
        site.output()
    );
    let url = format!("http://{}/stats", site.address(8404));
    assert_eq!(
        site.doctor(&only(&url, &[]))[0],
        "stats problem no-http-mode"
    );
}

pub(crate) fn wrong_networks(binary: &Binary) {
    let site = Site::start(binary, "wrong_networks");
    let address = site.address(8404);
    let acted = tls(&site).post(address, "/stats", "s=a1&action=maint&b=app");
    assert!(acted.header("location").ends_with(";st=DONE"), "{acted:?}");
    assert_eq!(
        tls(&site).get(address, "/stats;csv").status_of("app/a1"),
        "MAINT"
    );
}

/// What the first proxy is told of its client's address, and so knows to be another machine's, is lost on the second.
pub(crate) fn wrong_localhost(binary: &Binary) {
    let more = "
frontend from_afar
    bind 127.0.0.1:8081 accept-proxy
    http-request deny if LOCALHOST
    use_backend to_stats if { path_beg /stats }
";
    let site = Site::with(binary, "wrong_localhost", more, |_| vec!["-db".to_owned()]);
    let act = |address: &str| {
        let preface = format!("PROXY TCP4 {address} 192.0.2.1 40000 8081\r\n");
        plain()
            .prefaced(&preface)
            .post(site.address(8081), "/stats", "s=a1&action=maint&b=app")
    };
    assert_eq!(act("127.0.0.1").status, 403);
    let acted = act("192.0.2.99");
    assert!(acted.header("location").ends_with(";st=DONE"), "{acted:?}");
    let csv = plain().get(site.address(8080), "/stats;csv");
    assert_eq!(csv.status_of("app/a1"), "MAINT");
}

pub(crate) fn wrong_metrics(binary: &Binary) {
    let site = Site::start(binary, "wrong_metrics");
    locked(&plain(), site.address(8404), "/stats;csv");
    let page = plain().get(site.address(8404), "/metrics");
    assert!(
        page.status == 200 && page.body.contains("haproxy_process_build_info"),
        "{page:?}"
    );
}

pub(crate) fn wrong_hash(binary: &Binary) {
    let site = Site::start(binary, "wrong_hash");
    let status = |password| {
        plain()
            .user(USER, password)
            .get(site.address(8404), "/stats")
            .status
    };
    assert_eq!((status("a#b"), status("a")), (401, 200));
}
