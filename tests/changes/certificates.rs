//! A site with certificates, and what must hold for every tool that changes them; the rest is in the files below.

/// Authorities, lists and OCSP responses; and what the level of a socket allows.
mod others;
/// What HAProxy may say and a real one says too seldom for a test.
mod scripted;
/// Certificates: replaced whole, or not at all.
mod update;

use haproxy_mcp_testkit::certificates::{Authority, Issued};
use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Binary, Haproxy, HaproxyBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cases::{Case, Site};

/// Serial numbers of the certificates that the site is started with.
const WWW: u64 = 0x1000;
const LISTED: u64 = 0x2000;
const SECOND: u64 = 0x3000;

/// Where a file of the site is; only a name where the site has none.
fn path(site: &Site, name: &str) -> String {
    match &site.files {
        Some(files) => files.path().join(name).display().to_string(),
        None => name.to_owned(),
    }
}

/// Files of a site with certificates, and the sections that use them: `www.pem` at a bind of its own with an OCSP
/// response, `listed.pem` and `second.pem` in `list.txt`, `ca.crt` and `ca.crl` for visitors.
fn prepared() -> (TempDir, String) {
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        std::fs::write(files.path().join(name), content).unwrap();
    };
    let authority = Authority::new("Test CA");
    let www = authority.issue(WWW, &["www.example.test"], 50);
    write("www.pem", www.pem().as_bytes());
    write("www.pem.ocsp", &authority.ocsp(WWW, 0));
    // For later: the one who issued it knows more of it than anybody else.
    write("newer.ocsp", &authority.ocsp(WWW, 30));
    write("other.ocsp", &authority.ocsp(LISTED, 0));
    let listed = authority.issue(LISTED, &["listed.example.test"], 50);
    write("listed.pem", listed.pem().as_bytes());
    let second = authority.issue(SECOND, &["second.example.test"], 50);
    write("second.pem", second.pem().as_bytes());
    write("ca.crt", authority.pem().as_bytes());
    write("ca.crl", authority.revoke(&[1]).as_bytes());
    let folder = files.path().display();
    write(
        "list.txt",
        format!(
            "{folder}/listed.pem listed.example.test\n{folder}/second.pem second.example.test\n"
        )
        .as_bytes(),
    );
    let sections = format!(
        "
frontend fe_tls
    bind {folder}/www.sock ssl crt {folder}/www.pem
    bind {folder}/list.sock ssl crt-list {folder}/list.txt ca-file {folder}/ca.crt crl-file {folder}/ca.crl verify optional
    default_backend be_app
"
    );
    (files, sections)
}

fn with_certificates(builder: HaproxyBuilder) -> Site {
    let (files, sections) = prepared();
    Site {
        haproxy: builder.with(&sections).start(),
        files: Some(files),
        master: false,
    }
}

fn site(binary: &Binary) -> Site {
    with_certificates(Haproxy::builder(binary))
}

/// The site, with a certificate that nothing uses.
fn with_spare(binary: &Binary) -> Site {
    let site = site(binary);
    let spare = path(&site, "spare.pem");
    assert!(
        site.haproxy
            .raw_text(&format!("new ssl cert {spare}"))
            .contains("New empty")
    );
    site
}

/// A certificate that HAProxy renews by ACME, from an authority that nobody reaches.
fn with_acme(binary: &Binary) -> Site {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test CA");
    let issued = authority.issue(7, &["acme.example.test"], 80);
    let folder = files.path().display().to_string();
    std::fs::write(files.path().join("acme.pem"), issued.pem()).unwrap();
    std::fs::write(files.path().join("account.key"), issued.key).unwrap();
    let sections = format!(
        "
global
    expose-experimental-directives
acme le
    directory http://127.0.0.1:1/directory
    contact nobody@example.test
    challenge HTTP-01
    account-key {folder}/account.key
    map virt@acme
crt-store
    load crt {folder}/acme.pem acme le domains acme.example.test
frontend fe_acme
    bind {folder}/acme.sock ssl crt {folder}/acme.pem
    http-request return status 200 content-type text/plain lf-string %[path,map(virt@acme)]
"
    );
    Site {
        haproxy: Haproxy::builder(binary).with(&sections).start(),
        files: Some(files),
        master: false,
    }
}

fn new_certificate(serial: u64) -> Issued {
    Authority::new("Another CA").issue(serial, &["www.example.test", "new.example.test"], 200)
}

/// A certificate with the key of another one.
fn mismatched() -> String {
    let (one, other) = (new_certificate(5), new_certificate(6));
    [one.certificate, one.chain, other.key].concat()
}

const GARBAGE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const GARBAGE_CRL: &str = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";

fn base64(site: &Site, name: &str) -> String {
    let bytes = match &site.files {
        Some(files) => std::fs::read(files.path().join(name)).unwrap(),
        None => vec![0x30, 0],
    };
    encoded(&bytes)
}

fn encoded(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let three = [
            group[0],
            group.get(1).copied().unwrap_or(0),
            group.get(2).copied().unwrap_or(0),
        ];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

/// A case of which only this differs from the others.
fn case(
    tool: &'static str,
    site: fn(&Binary) -> Site,
    succeeds: fn(&Site) -> Value,
    seen: fn(&Site) -> String,
    (refused, because): (fn(&Site) -> Value, &'static str),
) -> Case {
    Case {
        tool,
        access: "admin",
        site,
        succeeds,
        seen,
        refused,
        because,
        since: None,
    }
}

pub(crate) fn cases() -> Vec<Case> {
    [files(), lists(), from_others()].concat()
}

/// Certificates, authorities, revocations.
fn files() -> Vec<Case> {
    vec![
        case(
            "update_ssl_cert",
            site,
            |site| json!({ "cert": path(site, "www.pem"), "content": new_certificate(0x77).pem() }),
            |site| live(site, "www.pem"),
            (
                |site| json!({ "cert": path(site, "www.pem"), "content": mismatched() }),
                "rejected",
            ),
        ),
        case(
            "del_ssl_cert",
            with_spare,
            |site| json!({ "cert": path(site, "spare.pem") }),
            |site| site.haproxy.raw_text("show ssl cert"),
            (|site| json!({ "cert": path(site, "www.pem") }), "rejected"),
        ),
        case(
            "update_ssl_ca_file",
            site,
            |site| {
                let content = Authority::new("First").pem() + &Authority::new("Second").pem();
                json!({ "ca_file": path(site, "ca.crt"), "content": content })
            },
            |site| {
                let file = path(site, "ca.crt");
                site.haproxy.raw_text(&format!("show ssl ca-file {file}"))
            },
            (
                |site| json!({ "ca_file": path(site, "ca.crt"), "content": GARBAGE }),
                "rejected",
            ),
        ),
        case(
            "update_ssl_crl_file",
            site,
            |site| {
                let content = Authority::new("Test CA").revoke(&[1, 2, 0x00ab_cdef]);
                json!({ "crl_file": path(site, "ca.crl"), "content": content })
            },
            |site| {
                let file = path(site, "ca.crl");
                site.haproxy.raw_text(&format!("show ssl crl-file {file}"))
            },
            (
                |site| json!({ "crl_file": path(site, "ca.crl"), "content": GARBAGE_CRL }),
                "rejected",
            ),
        ),
    ]
}

fn lists() -> Vec<Case> {
    vec![
        case(
            "add_ssl_crt_list",
            site,
            |site| {
                json!({
                    "crt_list": path(site, "list.txt"),
                    "cert": path(site, "www.pem"),
                    "options": "alpn h2 verify none",
                    "filters": ["*.shop.example.test", "!not.shop.example.test"],
                })
            },
            list,
            (
                |site| json!({ "crt_list": path(site, "list.txt"), "cert": path(site, "nosuch.pem") }),
                "not-found",
            ),
        ),
        case(
            "del_ssl_crt_list",
            site,
            |site| json!({ "crt_list": path(site, "list.txt"), "cert": path(site, "second.pem") }),
            list,
            (
                |site| json!({ "crt_list": path(site, "list.txt"), "cert": path(site, "www.pem") }),
                "not-found",
            ),
        ),
    ]
}

/// What others say of certificates.
fn from_others() -> Vec<Case> {
    vec![
        case(
            "set_ocsp_response",
            site,
            |site| json!({ "cert": path(site, "www.pem"), "content": base64(site, "newer.ocsp") }),
            |site| {
                let key = site_key(site);
                site.haproxy
                    .raw_text(&format!("show ssl ocsp-response {key}"))
            },
            (
                |site| json!({ "cert": path(site, "www.pem"), "content": base64(site, "other.ocsp") }),
                "invalid-argument",
            ),
        ),
        Case {
            since: Some((3, 2)),
            ..case(
                "renew_acme",
                with_acme,
                |site| json!({ "cert": path(site, "acme.pem") }),
                |site| site.haproxy.raw_text("acme status"),
                (|_| json!({ "cert": "site.pem" }), "not-found"),
            )
        },
    ]
}

/// What is live, by the raw socket.
fn live(site: &Site, name: &str) -> String {
    let cert = path(site, name);
    site.haproxy.raw_text(&format!("show ssl cert {cert}"))
}

fn list(site: &Site) -> String {
    let list = path(site, "list.txt");
    site.haproxy
        .raw_text(&format!("show ssl crt-list -n {list}"))
}

fn site_key(site: &Site) -> String {
    line(&live(site, "www.pem"), "OCSP Response Key: ")
}

/// What follows these words in a reply.
fn line(reply: &str, words: &str) -> String {
    reply
        .lines()
        .find_map(|line| line.strip_prefix(words))
        .unwrap_or_else(|| panic!("no `{words}`: {reply}"))
        .trim()
        .to_owned()
}

fn no_transaction(site: &Site) {
    for kind in ["cert", "ca-file", "crl-file"] {
        let list = site.haproxy.raw_text(&format!("show ssl {kind}"));
        assert!(!list.contains("# transaction"), "left open: {list}");
    }
}

/// Has somebody else begin to change a certificate.
fn begin(site: &Site, name: &str, pem: &str) {
    let cert = path(site, name);
    let lines: Vec<&str> = pem.lines().filter(|line| !line.is_empty()).collect();
    let said = site
        .haproxy
        .raw_text(&format!("set ssl cert {cert} <<\n{}\n", lines.join("\n")));
    assert!(said.contains("Transaction created"), "{said}");
}

fn update(server: &McpServer, site: &Site, name: &str, content: &str) -> Response {
    server.call(
        "update_ssl_cert",
        json!({ "cert": path(site, name), "content": content }),
    )
}
