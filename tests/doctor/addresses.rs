use haproxy_mcp_testkit::haproxy::reserve;
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, on_each_version};

use crate::{doctor, with};

/// A port that nobody listens on, and that nobody else gets.
#[test]
fn nobody_listens() {
    let port = reserve("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = port.local_addr().unwrap().as_socket().unwrap();
    let seen = doctor(&["--runtime-url", &format!("tcp://{address}")]);
    seen.only_problem("runtime", "nobody-listens")
        .saw(&format!("(tried: {address})"))
        .mend(&format!("`stats socket ipv4@{address} level admin`"))
        .mend("systemctl start haproxy");
}

#[test]
fn a_name_has_no_address() {
    // RFC 6761: never resolves.
    let seen = doctor(&["--host", "haproxy.invalid", "--runtime-timeout", "3"]);
    seen.only_problem("runtime", "name-not-resolved")
        .saw("haproxy.invalid")
        .mend("getent hosts");
}

on_each_version! {
    /// What is advised works.
    fn the_configuration_has_another_port(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let port = reserve("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = port.local_addr().unwrap().as_socket().unwrap();
        let config = haproxy.folder().join("haproxy.cfg");
        let seen = doctor(&[
            "--runtime-url", &format!("tcp://{address}"), "--haproxy-config", config.to_str().unwrap(),
        ]);
        let finding = seen.only_problem("runtime", "wrong-address");
        let setting = finding.setting("HAPROXY_RUNTIME_URL");
        assert_eq!(setting.1, format!("tcp://{}", haproxy.admin_address()));
        with(&[setting]).all_is_well();
        with(&[finding.setting("HAPROXY_RUNTIME_SOCKET")]).all_is_well();
    }

    /// HAProxy's own page where its Runtime API should be.
    fn a_web_page_is_no_runtime_api(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = format!("tcp://{}", haproxy.page_address());
        let seen = doctor(&["--runtime-url", &url]);
        seen.only_problem("runtime", "is-web-page")
            .mend(&format!("`HAPROXY_STATS_URL=http://{}/stats`", haproxy.page_address()));
        // With the configuration both ways are exact, and work.
        let config = haproxy.folder().join("haproxy.cfg");
        let seen = doctor(&["--runtime-url", &url, "--haproxy-config", config.to_str().unwrap()]);
        let finding = seen.only_problem("runtime", "is-web-page");
        with(&[finding.setting("HAPROXY_STATS_URL")]).all_is_well();
        with(&[finding.setting("HAPROXY_RUNTIME_SOCKET")]).all_is_well();
    }

    fn a_port_with_tls_is_no_runtime_api(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page_bound("ssl crt site.pem", "").start();
        let config = haproxy.folder().join("haproxy.cfg");
        let seen = doctor(&[
            "--runtime-url", &format!("tcp://{}", haproxy.page_address()),
            "--haproxy-config", config.to_str().unwrap(),
        ]);
        let problem = seen.findings().iter().find(|finding| finding["verdict"] == "problem").unwrap();
        assert!(matches!(problem["id"].as_str().unwrap(), "speaks-tls" | "not-haproxy"), "{seen:#?}");
        with(&[seen.problem("runtime", problem["id"].as_str().unwrap()).setting("HAPROXY_RUNTIME_SOCKET")])
            .all_is_well();
    }
}

/// A service that greets, as mail servers do.
#[test]
fn another_service_is_no_runtime_api() {
    let service = ScriptedSocket::tcp(vec![
        Step::send("220 mail.example.test ESMTP\r\n"),
        Step::Hang,
    ]);
    let seen = doctor(&["--runtime-url", &format!("tcp://{}", service.address())]);
    seen.only_problem("runtime", "not-haproxy")
        .saw("220 mail.example.test")
        .mend("`stats socket`");
}

#[test]
fn whoever_closes_without_a_word_is_no_haproxy() {
    let service = ScriptedSocket::tcp(vec![Step::ReadLine, Step::Close]);
    let seen = doctor(&["--runtime-url", &format!("tcp://{}", service.address())]);
    seen.only_problem("runtime", "closed-at-once")
        .mend("HAPROXY_RUNTIME_URL=");
}
