use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::{Haproxy, on_each_version};

use crate::{Seen, doctor, with};

/// A page by TLS with a certificate for these names and days, and the file of its authority.
fn with_certificate(
    binary: &haproxy_mcp_testkit::Binary,
    names: &[&str],
    days: u64,
) -> (Haproxy, String) {
    let authority = Authority::new("Doctor CA");
    let issued = authority.issue(7, names, days);
    let haproxy = Haproxy::builder(binary)
        .file("page.pem", &issued.pem())
        .file("ca.pem", &authority.pem())
        .page_bound("ssl crt page.pem", "")
        .start();
    let ca = haproxy.folder().join("ca.pem");
    (haproxy, ca.to_str().unwrap().to_owned())
}

fn https(haproxy: &Haproxy) -> String {
    format!("https://{}/stats", haproxy.page_address())
}

fn at(url: &str, ca: Option<&str>) -> Seen {
    let mut flags = vec!["--stats-url", url];
    flags.extend(ca.into_iter().flat_map(|ca| ["--stats-ca-file", ca]));
    doctor(&flags)
}

on_each_version! {
    fn nobody_that_we_know_signed_it(binary: &Binary) {
        let (haproxy, ca) = with_certificate(binary, &["127.0.0.1"], 90);
        let url = https(&haproxy);
        // A machine may have no authorities at all.
        let seen = at(&url, None);
        let id = seen.findings()[0]["id"].as_str().unwrap();
        assert!(matches!(id, "certificate-unknown-authority" | "no-authorities"), "{seen:#?}");
        seen.problem("stats", id).mend("HAPROXY_STATS_CA_FILE");
        seen.finding("metrics", "same-as-stats");
        at(&url, Some(&ca)).all_is_well();
        // Another authority is not the right one.
        let other = haproxy.folder().join("other.pem");
        std::fs::write(&other, Authority::new("Another CA").pem()).unwrap();
        at(&url, other.to_str()).problem("stats", "certificate-unknown-authority").mend("HAPROXY_STATS_CA_FILE");
    }

    fn it_has_expired(binary: &Binary) {
        let (haproxy, ca) = with_certificate(binary, &["127.0.0.1"], 0);
        at(&https(&haproxy), Some(&ca)).problem("stats", "certificate-expired").mend("`bind … ssl crt FILE`");
    }

    fn it_ends_soon(binary: &Binary) {
        let (haproxy, ca) = with_certificate(binary, &["127.0.0.1"], 5);
        at(&https(&haproxy), Some(&ca)).warning("stats", "certificate-expires-soon").saw("in 4 days");
    }

    fn it_is_for_another_name(binary: &Binary) {
        let (haproxy, ca) = with_certificate(binary, &["lb.example.test"], 90);
        at(&https(&haproxy), Some(&ca))
            .problem("stats", "certificate-name")
            .saw("lb.example.test")
            .mend("HAPROXY_STATS_URL");
    }

    /// What is advised works, but for the certificate.
    fn plain_http_to_a_port_with_tls(binary: &Binary) {
        let (haproxy, ca) = with_certificate(binary, &["127.0.0.1"], 90);
        let seen = at(&haproxy.page_url("/stats"), None);
        let setting = seen.problem("stats", "needs-tls").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, https(&haproxy));
        with(&[setting, ("HAPROXY_STATS_CA_FILE".to_owned(), ca)]).all_is_well();
    }

    fn tls_to_a_plain_port(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").file("ca.pem", &Authority::new("Doctor CA").pem()).start();
        let ca = haproxy.folder().join("ca.pem");
        let seen = at(&https(&haproxy), ca.to_str());
        let setting = seen.problem("stats", "no-tls").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, haproxy.page_url("/stats"));
        with(&[setting]).all_is_well();
    }
}

#[test]
fn a_file_of_authorities_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "not PEM").unwrap();
    at("https://127.0.0.1:1/stats", path.to_str())
        .problem("stats", "ca-file-empty")
        .saw("ca.pem");
}
