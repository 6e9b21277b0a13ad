use haproxy_mcp_testkit::haproxy::reserve;
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, newest, on_each_version};

use crate::{Seen, doctor, looked, program, with};

/// What it finds where the statistics page should be at this address.
fn at(url: &str, more: &[&str]) -> Seen {
    doctor(&[&["--stats-url", url], more].concat())
}

/// The same with a name and a password.
fn with_password(url: &str, user: &str, password: &str, more: &[&str]) -> Seen {
    looked(
        program()
            .args(["doctor", "--json", "--stats-url", url])
            .args(more)
            .env("HAPROXY_STATS_USER", user)
            .env("HAPROXY_STATS_PASSWORD", password),
    )
}

fn config(haproxy: &Haproxy) -> String {
    let path = haproxy.folder().join("haproxy.cfg");
    path.to_str().unwrap().to_owned()
}

/// A page in another mode than HTTP, which is the mode of a frontend that says none.
const IGNORED: &str = "
frontend stats
    mode tcp
    bind {page}
    stats enable
    stats uri /stats
";

on_each_version! {
    fn the_mode_is_missing(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).with(IGNORED).start();
        let url = haproxy.page_url("/stats");
        at(&url, &["--stats-timeout", "2"]).problem("stats", "no-http-mode").mend("`mode http`");
        // HAProxy itself knows why.
        let socket = haproxy.admin_socket();
        let seen = at(&url, &["--stats-timeout", "2", "--runtime-socket", socket.to_str().unwrap()]);
        seen.problem("stats", "no-http-mode").saw("'stats' statement ignored for frontend 'stats'");
        let seen = at(&url, &["--stats-timeout", "2", "--haproxy-config", &config(&haproxy)]);
        seen.problem("stats", "no-http-mode").mend("in `frontend stats` (`haproxy.cfg:");
        seen.finding("config", "page-ignored").mend("in `frontend stats` (`haproxy.cfg:");
    }

    fn a_password_is_wanted(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    stats auth ops:s3cret-word").start();
        let url = haproxy.page_url("/stats");
        at(&url, &[]).problem("stats", "password-missing").mend("HAPROXY_STATS_USER=").mend("HAPROXY_STATS_PASSWORD_FILE=");
        at(&url, &["--haproxy-config", &config(&haproxy)])
            .problem("stats", "password-missing")
            .mend("`stats auth` of `frontend fe_page` (`haproxy.cfg:");
        let given = |password: &str| {
            let word = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            with(&[
                word("HAPROXY_STATS_URL", &url),
                word("HAPROXY_STATS_USER", "ops"),
                word("HAPROXY_STATS_PASSWORD", password),
            ])
        };
        given("another-word").problem("stats", "password-wrong").mend("HAPROXY_STATS_PASSWORD_FILE");
        let seen = given("s3cret-word");
        seen.all_is_well();
        seen.finding("stats", "answers").saw("takes the configured name and password");
    }

    /// What is advised works.
    fn the_path_is_another(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = haproxy.page_url("/haproxy-stats");
        at(&url, &[]).problem("stats", "wrong-path").saw("503").mend("stats uri /haproxy-stats");
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        let setting = seen.only_problem("stats", "wrong-path").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, haproxy.page_url("/stats"));
        with(&[setting]).all_is_well();
    }

    /// A website of another port, and HAProxy's configuration, which has the page elsewhere.
    fn the_page_is_on_another_port(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = format!("http://{}/stats", haproxy.http_address());
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        let setting = seen.problem("stats", "not-statistics").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, haproxy.page_url("/stats"));
        with(&[setting]).all_is_well();

        let port = reserve("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = port.local_addr().unwrap().as_socket().unwrap();
        let url = format!("http://{address}/stats");
        at(&url, &[]).only_problem("stats", "nobody-listens").mend("    mode http").mend(&format!("    bind {address}"));
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        with(&[seen.only_problem("stats", "wrong-address").setting("HAPROXY_STATS_URL")]).all_is_well();
    }

    /// The Runtime API where the page should be: it is asked for `GET`, which it does not know.
    fn the_runtime_api_is_no_page(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let url = format!("http://{}/stats", haproxy.admin_address());
        let seen = at(&url, &[]);
        let finding = seen.problem("stats", "is-runtime-api").mend("    mode http");
        with(&[finding.setting("HAPROXY_RUNTIME_URL")]).all_is_well();
    }

    /// What is advised works, although the suffixes of the address are sent on, too.
    fn it_sends_on_to_another_place(binary: &Binary) {
        let right = Haproxy::builder(binary).page("").start();
        let redirect = format!("http-request redirect prefix http://{}", right.page_address());
        let haproxy = Haproxy::builder(binary).with(&format!("frontend fe_page\n    bind {{page}}\n    {redirect}")).start();
        let seen = at(&haproxy.page_url("/stats"), &[]);
        let setting = seen.problem("stats", "redirected").saw(";csv").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, right.page_url("/stats"));
        with(&[setting]).all_is_well();
    }

    /// What is advised works, and the password is wanted after it as before.
    fn a_rule_refuses_us(binary: &Binary) {
        let serving = |rule: &str| {
            let rules = format!("    {rule}\n    http-request auth unless {{ http_auth(ops) }}\n\nuserlist ops\n    user ops insecure-password s3cret-word");
            Haproxy::builder(binary).page(&rules).start()
        };
        let deny = "http-request deny if { path_beg /stats }";
        let haproxy = serving(deny);
        let seen = at(&haproxy.page_url("/stats"), &[]);
        let finding = seen.problem("stats", "forbidden");
        assert!(finding.mends().iter().all(|line| !line.contains("http-request allow")), "{finding:?}");
        // `… deny if … !{ src ADDRESS }` for what is written
        let exception = finding.mends().iter().find_map(|line| Some(line.split_once("`… deny if … ")?.1.split('`').next()?.to_owned()));
        let exception = exception.unwrap().replace("ADDRESS", "127.0.0.1");
        let haproxy = serving(&format!("{deny} {exception}"));
        at(&haproxy.page_url("/stats"), &[]).problem("stats", "password-missing");
        with_password(&haproxy.page_url("/stats"), "ops", "s3cret-word", &[]).all_is_well();
    }

    /// What is advised works.
    fn the_users_are_in_a_userlist(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .page("    http-request auth unless { http_auth(ops) }\n\nuserlist ops\n    user ops insecure-password s3cret-word")
            .start();
        let url = haproxy.page_url("/stats");
        at(&url, &[]).problem("stats", "password-missing").mend("`userlist`");
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        seen.problem("stats", "password-missing").mend("`user` lines of `userlist ops` (`haproxy.cfg:");
        with_password(&url, "ops", "another-word", &[]).problem("stats", "password-wrong").mend("`userlist`");
        with_password(&url, "ops", "s3cret-word", &[]).all_is_well();
    }

    fn a_scope_that_names_nothing(binary: &Binary) {
        let look = |scope: &str| {
            let haproxy = Haproxy::builder(binary).page(scope).start();
            let text = std::fs::read_to_string(config(&haproxy)).unwrap();
            let line = text.lines().position(|line| line.contains("stats scope")).unwrap() + 1;
            let seen = at(&haproxy.page_url("/stats"), &["--haproxy-config", &config(&haproxy)]);
            (seen, format!("in `haproxy.cfg:{line}`: take the `stats scope` lines out"))
        };
        let (seen, mend) = look("    stats scope nobody\n    stats scope noone");
        seen.warning("stats", "page-empty").mend(&mend);
        // One that names something is somebody's wish.
        look("    stats scope nobody\n    stats scope .").0.all_is_well();
        look("    stats scope fe_page").0.all_is_well();
    }

    /// Asked for by name it is a problem; looked for beside the page, a warning.
    fn there_is_no_exporter(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("frontend fe_page\n    bind {page}\n    stats enable\n    stats uri /stats")
            .start();
        let line = "`http-request use-service prometheus-exporter if { path /metrics }`";
        at(&haproxy.page_url("/stats"), &[]).warning("metrics", "exporter-missing").mend(line);
        let url = haproxy.page_url("/prometheus");
        let seen = doctor(&["--metrics-url", &url, "--haproxy-config", &config(&haproxy)]);
        seen.problem("metrics", "exporter-missing")
            .mend("in `frontend fe_page` (`haproxy.cfg:")
            .mend("prometheus-exporter if { path /prometheus }`");
    }

    fn the_exporter_is_elsewhere(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let seen = doctor(&["--metrics-url", &haproxy.page_url("/prometheus"), "--haproxy-config", &config(&haproxy)]);
        let setting = seen.problem("metrics", "exporter-missing").setting("HAPROXY_METRICS_URL");
        assert_eq!(setting.1, haproxy.page_url("/metrics"));
        with(&[setting]).all_is_well();
    }

    fn nothing_may_be_changed_by_it(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = haproxy.page_url("/stats");
        at(&url, &[]).all_is_well();
        let seen = at(&url, &["--access", "operate"]);
        let finding = seen.only_problem("stats", "admin-missing").mend("`stats admin if { http_auth(page-users) }`");
        let mends = finding.mends();
        // Where there is a Runtime API, changes go there.
        let socket = haproxy.admin_socket();
        at(&url, &["--access", "operate", "--runtime-socket", socket.to_str().unwrap()]).all_is_well();

        // What is advised works: its lines, with a password in place of its hash.
        let quoted = |begin: &str| mends.iter().flat_map(|line| line.split('`')).find(|part| part.starts_with(begin)).unwrap().to_owned();
        let userlist = mends[..2].join("\n").replace("password HASH", "insecure-password s3cret-word");
        let lines = format!("    {}\n    {}\n\n{userlist}\n", quoted("stats http-request auth"), quoted("stats admin if"));
        let haproxy = Haproxy::builder(binary).page(&lines).start();
        let url = haproxy.page_url("/stats");
        let (_, user) = finding.setting("HAPROXY_STATS_USER");
        with_password(&url, &user, "s3cret-word", &["--access", "operate"]).all_is_well();
        at(&url, &["--access", "operate"]).problem("stats", "password-missing");

        // Where there is a `userlist`, it is the one.
        let haproxy = Haproxy::builder(binary).page(&lines.replace("stats admin", "# stats admin").replace("page-users", "ops")).start();
        let flags = ["--access", "operate", "--haproxy-config", &config(&haproxy)];
        with_password(&haproxy.page_url("/stats"), &user, "s3cret-word", &flags)
            .only_problem("stats", "admin-missing")
            .mend("`stats admin if { http_auth(ops) }`");
    }
}

/// A website answers every path with a page of HTML.
#[test]
fn a_website_is_no_statistics_page() {
    let website = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        ),
        Step::Close,
    ]);
    let seen = at(&format!("http://{}/stats", website.address()), &[]);
    seen.problem("stats", "not-statistics")
        .saw("a page of HTML");
}

#[test]
fn a_service_that_greets_is_no_page() {
    let service = ScriptedSocket::tcp(vec![
        Step::send("220 mail.example.test ESMTP\r\n"),
        Step::Hang,
    ]);
    let seen = at(
        &format!("http://{}/stats", service.address()),
        &["--stats-timeout", "2"],
    );
    seen.problem("stats", "not-http")
        .saw("220 mail.example.test");
}

/// Everything of the wrong page is told, and the way to the right one.
#[test]
fn a_page_with_the_usual_path() {
    let haproxy = Haproxy::builder(&newest())
        .with("frontend fe_page\n    bind {page}\n    stats enable")
        .start();
    let url = haproxy.page_url("/stats");
    let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
    let setting = seen
        .problem("stats", "wrong-path")
        .setting("HAPROXY_STATS_URL");
    assert_eq!(setting.1, haproxy.page_url("/haproxy?stats"));
    let seen = with(&[setting]);
    assert_eq!(seen.finding("stats", "answers").0["verdict"], "ok");
}
