use std::path::Path;

use haproxy_mcp_testkit::certificates::{Authority, Issued};
use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Binary, Haproxy, HaproxyBuilder, ScriptedSocket, Step, newest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cases::{Case, Site, program, serve};

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

pub(crate) fn cases() -> Vec<Case> {
    let admin = |tool, site, succeeds, seen, refused, because| Case {
        tool,
        access: "admin",
        site,
        succeeds,
        seen,
        refused,
        because,
        since: None,
    };
    vec![
        admin(
            "update_ssl_cert",
            site,
            |site| json!({ "cert": path(site, "www.pem"), "content": new_certificate(0x77).pem() }),
            |site| live(site, "www.pem"),
            |site| json!({ "cert": path(site, "www.pem"), "content": mismatched() }),
            "rejected",
        ),
        admin(
            "del_ssl_cert",
            with_spare,
            |site| json!({ "cert": path(site, "spare.pem") }),
            |site| site.haproxy.raw_text("show ssl cert"),
            |site| json!({ "cert": path(site, "www.pem") }),
            "rejected",
        ),
        admin(
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
            |site| json!({ "crt_list": path(site, "list.txt"), "cert": path(site, "nosuch.pem") }),
            "not-found",
        ),
        admin(
            "del_ssl_crt_list",
            site,
            |site| json!({ "crt_list": path(site, "list.txt"), "cert": path(site, "second.pem") }),
            list,
            |site| json!({ "crt_list": path(site, "list.txt"), "cert": path(site, "www.pem") }),
            "not-found",
        ),
        admin(
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
            |site| json!({ "ca_file": path(site, "ca.crt"), "content": GARBAGE }),
            "rejected",
        ),
        admin(
            "update_ssl_crl_file",
            site,
            |site| {
                let content = Authority::new("Test CA").revoke(&[1, 2, 0xabcdef]);
                json!({ "crl_file": path(site, "ca.crl"), "content": content })
            },
            |site| {
                let file = path(site, "ca.crl");
                site.haproxy.raw_text(&format!("show ssl crl-file {file}"))
            },
            |site| json!({ "crl_file": path(site, "ca.crl"), "content": GARBAGE_CRL }),
            "rejected",
        ),
        admin(
            "set_ocsp_response",
            site,
            |site| json!({ "cert": path(site, "www.pem"), "content": base64(site, "newer.ocsp") }),
            |site| {
                let key = site_key(site);
                site.haproxy
                    .raw_text(&format!("show ssl ocsp-response {key}"))
            },
            |site| json!({ "cert": path(site, "www.pem"), "content": base64(site, "other.ocsp") }),
            "invalid-argument",
        ),
        Case {
            since: Some((3, 2)),
            ..admin(
                "renew_acme",
                with_acme,
                |site| json!({ "cert": path(site, "acme.pem") }),
                |site| site.haproxy.raw_text("acme status"),
                |_| json!({ "cert": "site.pem" }),
                "not-found",
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

fn update(
    server: &McpServer,
    site: &Site,
    name: &str,
    content: &str,
) -> haproxy_mcp_testkit::mcp::Response {
    server.call(
        "update_ssl_cert",
        json!({ "cert": path(site, name), "content": content }),
    )
}

haproxy_mcp_testkit::on_each_version! {
    fn a_new_certificate_is_live_and_is_the_one_that_was_given(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let new = new_certificate(0x77);
        let response = update(&server, &site, "www.pem", &new.pem());
        let answer = response.answer();
        let raw = live(&site, "www.pem");
        assert_eq!(line(&raw, "Serial: "), "77");
        assert_eq!(answer["after"]["serial"], json!("77"), "{answer}");
        assert_eq!(answer["after"]["sha1_fingerprint"], json!(line(&raw, "SHA1 FingerPrint: ")), "{answer}");
        assert_eq!(answer["before"]["serial"], json!(format!("{WWW:X}")), "{answer}");
        assert_eq!(answer["after"]["names"], json!(["DNS:www.example.test", "DNS:new.example.test"]), "{answer}");
        assert_eq!(line(&raw, "Chain Subject: "), "/CN=Another CA");
        no_transaction(&site);
        // Once more is the same as once.
        let response = update(&server, &site, "www.pem", &new.pem());
        let answer = response.answer();
        assert_eq!((&answer["changed"], &answer["holds"]), (&json!(false), &json!(true)), "{answer}");
    }

    /// As files come: with blank lines, ends of lines of another system, and notes around the blocks.
    fn what_stands_around_the_blocks_does_no_harm(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let new = new_certificate(0x78);
        let content = format!("Bag Attributes\n\tfriendlyName: x\n\n{}\n\n\n{}\n{}", new.key, new.certificate, new.chain)
            .replace('\n', "\r\n");
        let response = update(&server, &site, "www.pem", &content);
        assert_eq!(response.answer()["after"]["serial"], json!("78"), "{}", response.message);
        assert_eq!(line(&live(&site, "www.pem"), "Serial: "), "78");
    }

    fn what_is_no_whole_certificate_is_refused_and_the_old_one_stays(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let before = live(&site, "www.pem");
        let new = new_certificate(9);
        let encrypted = format!("{}-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", new.certificate);
        for (what, content, code, says) in [
            ("another key", mismatched(), "rejected", "inconsistencies between private key and certificate"),
            ("no key", [&*new.certificate, &new.chain].concat(), "invalid-argument", "private key"),
            ("a key alone", new.key.clone(), "rejected", "unable to load certificate"),
            ("garbage", "garbage".to_owned(), "rejected", "unable to load certificate"),
            ("garbage between marks", GARBAGE.to_owned() + &new.key, "rejected", "unable to load certificate"),
            ("a cut certificate", new.pem().replacen("-----END CERTIFICATE-----", "", 1), "not-applied", "read something else"),
            ("a key behind a password", encrypted, "invalid-argument", "password"),
            ("blanks", " \n\n".to_owned(), "invalid-argument", "blank"),
            ("too much", new.pem() + &new.chain.repeat(30), "invalid-argument", "15000 bytes"),
        ] {
            let response = update(&server, &site, "www.pem", &content);
            assert_eq!(response.code(), code, "{what}: {}", response.message);
            let error = response.error();
            assert!(error["message"].as_str().unwrap().contains(says), "{what}: {error}");
            assert!(error["hint"].is_string(), "{what}: {error}");
            if code != "invalid-argument" {
                assert!(error["message"].as_str().unwrap().ends_with("nothing was changed"), "{what}: {error}");
            }
            assert_eq!(live(&site, "www.pem"), before, "{what}");
            no_transaction(&site);
            assert_eq!(site.haproxy.get("/x"), 200, "{what}");
        }
    }

    fn a_certificate_is_made_only_where_that_is_asked_for(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let cert = path(&site, "fresh.pem");
        let new = new_certificate(0x99);
        let call = |content: &str, create: bool| {
            server.call("update_ssl_cert", json!({ "cert": cert, "content": content, "create": create }))
        };
        let response = call(&new.pem(), false);
        assert_eq!(response.code(), "not-found", "{}", response.message);
        assert!(response.error()["hint"].as_str().unwrap().contains("create"), "{}", response.message);
        let held = site.haproxy.raw_text("show ssl cert");
        for wrong in [mismatched(), GARBAGE.to_owned() + &new.key] {
            let response = call(&wrong, true);
            assert_eq!(response.code(), "rejected", "{}", response.message);
            assert_eq!(site.haproxy.raw_text("show ssl cert"), held, "an empty store is left");
        }
        let response = call(&new.certificate, true);
        assert_eq!(response.code(), "invalid-argument", "3.4 would commit it: {}", response.message);
        let response = call(&new.pem(), true);
        let answer = response.answer();
        assert_eq!((&answer["before"], &answer["after"]["serial"]), (&Value::Null, &json!("99")), "{answer}");
        assert_eq!(line(&live(&site, "fresh.pem"), "Status: "), "Unused");
        // And into use, and out of it, and away.
        let entry = json!({ "crt_list": path(&site, "list.txt"), "cert": cert, "filters": ["fresh.example.test"] });
        server.call("add_ssl_crt_list", entry).answer();
        assert_eq!(line(&live(&site, "fresh.pem"), "Status: "), "Used");
        let response = server.call("del_ssl_cert", json!({ "cert": cert }));
        assert_eq!(response.code(), "rejected", "{}", response.message);
        assert!(response.error()["hint"].as_str().unwrap().contains("del_ssl_crt_list"), "{}", response.message);
        server.call("del_ssl_crt_list", json!({ "crt_list": path(&site, "list.txt"), "cert": cert })).answer();
        let response = server.call("del_ssl_cert", json!({ "cert": cert }));
        let answer = response.answer();
        assert_eq!((&answer["before"]["serial"], &answer["after"]), (&json!("99"), &Value::Null), "{answer}");
        assert_eq!(site.haproxy.raw_text("show ssl cert"), held);
    }

    /// HAProxy has one transaction for all certificates; 2.6 would put this certificate into that of the other one.
    fn what_somebody_else_is_changing_is_left_to_them(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let (theirs, ours) = (new_certificate(0x1111), new_certificate(0x2222));
        begin(&site, "www.pem", &theirs.pem());
        let drafted = || {
            let cert = path(&site, "www.pem");
            site.haproxy.raw_text(&format!("show ssl cert *{cert}"))
        };
        let before = (live(&site, "www.pem"), live(&site, "listed.pem"), drafted());
        assert_eq!(line(&before.2, "Serial: "), "1111");
        for name in ["www.pem", "listed.pem"] {
            let response = update(&server, &site, name, &ours.pem());
            assert_eq!(response.code(), "rejected", "{name}: {}", response.message);
            let error = response.error();
            assert_eq!(error["details"]["reason"], "other-transaction", "{name}: {error}");
            assert!(error["hint"].as_str().unwrap().contains("show_ssl_certs"), "{name}: {error}");
        }
        let response = server.call("del_ssl_cert", json!({ "cert": path(&site, "www.pem") }));
        assert_eq!(response.error()["details"]["reason"], "other-transaction", "{}", response.message);
        assert_eq!((live(&site, "www.pem"), live(&site, "listed.pem"), drafted()), before);
        // They go on.
        let cert = path(&site, "www.pem");
        assert!(site.haproxy.raw_text(&format!("commit ssl cert {cert}")).contains("Success!"));
        let response = update(&server, &site, "www.pem", &ours.pem());
        assert_eq!(response.answer()["before"]["serial"], json!("1111"), "{}", response.message);
    }

    /// All or nothing for each: what is told is what is live afterwards.
    fn two_changes_at_once_do_not_mix(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let cert = path(&site, "www.pem");
        let calls: Vec<(&str, Value)> = (0..4_u64)
            .map(|number| {
                let content = new_certificate(0x1500 + number).pem();
                ("update_ssl_cert", json!({ "cert": cert, "content": content }))
            })
            .collect();
        let responses = server.call_concurrently(&calls);
        let mut done = Vec::new();
        for (number, response) in responses.iter().enumerate() {
            if response.result()["isError"] == json!(true) {
                assert_eq!(response.error()["details"]["reason"], "other-transaction", "{}", response.message);
            } else {
                assert_eq!(response.answer()["after"]["serial"], json!(format!("{:X}", 0x1500 + number)));
                done.push(format!("{:X}", 0x1500 + number));
            }
        }
        let serial = line(&live(&site, "www.pem"), "Serial: ");
        assert!(done.contains(&serial), "{serial} is none of {done:?}");
        no_transaction(&site);
    }

    fn the_key_is_shown_nowhere(binary: &Binary) {
        let site = site(binary);
        let server = program("admin")
            .haproxy(&site.haproxy)
            .args(["--log-level", "trace"])
            .start();
        server.stateless();
        let new = new_certificate(0x31);
        let mut said = Vec::new();
        for content in [new.pem(), mismatched() + &new.key, [GARBAGE, &new.key].concat()] {
            said.push(update(&server, &site, "www.pem", &content).message.to_string());
        }
        let content = [&*new.chain, &new.key].concat();
        let response = server.call("update_ssl_ca_file", json!({ "ca_file": path(&site, "ca.crt"), "content": content }));
        assert_eq!(response.code(), "invalid-argument", "{}", response.message);
        said.push(response.message.to_string());
        // What the schema refuses is not sent back either.
        let response = server.call("update_ssl_cert", json!({ "cert": 5, "content": new.pem() }));
        assert_eq!(response.code(), "invalid-argument");
        said.push(response.message.to_string());
        let log = server.wait_for_stderr("set ssl cert");
        assert!(log.contains("<< [secret]"), "{log}");
        let ended = server.shutdown();
        let secrets: Vec<&str> = new
            .key
            .lines()
            .filter(|line| line.len() > 20 && !line.starts_with("-----"))
            .collect();
        assert!(secrets.len() > 1, "{}", new.key);
        for secret in secrets {
            for text in said.iter().chain([&ended.stderr]) {
                assert!(!text.contains(secret), "the key is in: {text}");
            }
        }
    }

    fn sockets_of_a_lower_level_are_named(binary: &Binary) {
        for level in ["user", "operator"] {
            let site = with_certificates(Haproxy::builder(binary).admin_level(level));
            let server = serve(&site, "admin");
            for case in cases().iter().filter(|case| case.is_of(binary) && case.tool != "renew_acme") {
                let tool = case.tool;
                let response = server.call(tool, (case.succeeds)(&site));
                // `spare.pem` is not there, and below level admin it cannot be made; 2.6 to 3.2 take an OCSP response.
                if response.result()["isError"] != json!(true) {
                    assert!(tool == "set_ocsp_response" && level == "operator" && !binary.at_least(3, 4), "{tool}: {}", response.message);
                    continue;
                }
                if tool == "del_ssl_cert" && level == "operator" {
                    assert_eq!(response.code(), "not-found");
                    continue;
                }
                assert_eq!(response.code(), "rejected", "{tool} at {level}: {}", response.message);
                let error = response.error();
                assert_eq!(error["details"]["reason"], "permission-denied", "{tool} at {level}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("level"), "{tool} at {level}: {error}");
            }
        }
    }

    /// A master of 2.6 passes no severities on: success and refusal are told by their words.
    fn through_the_master_it_is_the_same(binary: &Binary) {
        let mut site = with_certificates(Haproxy::builder(binary).master_worker());
        site.master = true;
        let server = program("admin")
            .arg("--master-socket")
            .arg(site.haproxy.master_socket())
            .start();
        server.stateless();
        let response = update(&server, &site, "www.pem", &new_certificate(0x61).pem());
        assert_eq!(response.answer()["after"]["serial"], json!("61"), "{}", response.message);
        let response = update(&server, &site, "www.pem", &mismatched());
        assert_eq!(response.code(), "rejected", "{}", response.message);
        assert_eq!(line(&live(&site, "www.pem"), "Serial: "), "61");
        let cert = path(&site, "fresh.pem");
        let new = new_certificate(0x62).pem();
        let response = server.call("update_ssl_cert", json!({ "cert": cert, "content": new, "create": true }));
        assert_eq!(response.answer()["before"], Value::Null, "{}", response.message);
        let entry = json!({ "crt_list": path(&site, "list.txt"), "cert": cert });
        server.call("add_ssl_crt_list", entry.clone()).answer();
        let response = server.call("del_ssl_cert", json!({ "cert": cert }));
        assert_eq!(response.code(), "rejected", "{}", response.message);
        server.call("del_ssl_crt_list", entry).answer();
        server.call("del_ssl_cert", json!({ "cert": cert })).answer();
        let content = Authority::new("First").pem();
        let response = server.call("update_ssl_ca_file", json!({ "ca_file": path(&site, "ca.crt"), "content": content }));
        assert_eq!(response.answer()["after"]["subjects"], json!(["/CN=First"]), "{}", response.message);
        no_transaction(&site);
    }

    fn an_entry_of_several_is_deleted_by_its_line(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let (crt_list, cert) = (path(&site, "list.txt"), path(&site, "www.pem"));
        let add = |more: Value| {
            let mut arguments = json!({ "crt_list": crt_list, "cert": cert });
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            server.call("add_ssl_crt_list", arguments)
        };
        add(json!({})).answer();
        let response = add(json!({ "options": "alpn h2", "filters": ["a.example.test"] }));
        let after = response.answer()["after"].clone();
        assert_eq!(after.as_array().unwrap().len(), 2, "{after}");
        assert_eq!(after[1]["filters"], json!(["a.example.test"]), "{after}");
        assert!(after[1]["options"].as_str().unwrap().starts_with("alpn h2"), "{after}");
        let before = list(&site);
        for (wrong, code) in [
            (json!({ "options": "bogus" }), "rejected"),
            (json!({ "options": "alpn h2] x [y" }), "invalid-argument"),
            (json!({ "filters": ["a b"] }), "invalid-argument"),
            (json!({ "filters": ["ok.test", "#x"] }), "invalid-argument"),
        ] {
            let response = add(wrong.clone());
            assert_eq!(response.code(), code, "{wrong}: {}", response.message);
            assert!(response.error()["hint"].is_string(), "{wrong}: {}", response.message);
            assert_eq!(list(&site), before, "{wrong}");
        }
        let delete = |line: Option<u64>| {
            let mut arguments = json!({ "crt_list": crt_list, "cert": cert });
            if let Some(line) = line {
                arguments["line"] = json!(line);
            }
            server.call("del_ssl_crt_list", arguments)
        };
        for line in [None, Some(99)] {
            let response = delete(line);
            assert_eq!(response.code(), "invalid-argument", "{}", response.message);
            assert_eq!(response.error()["details"]["names"], json!(["3", "4"]), "{}", response.message);
        }
        let response = delete(Some(4));
        assert_eq!(response.answer()["after"], json!([after[0]]), "{}", response.message);
        assert!(!list(&site).contains("a.example.test"));
        delete(None).answer();
        assert!(!list(&site).contains("www.pem"));
        let first = path(&site, "listed.pem");
        let response = server.call("del_ssl_crt_list", json!({ "crt_list": crt_list, "cert": first }));
        assert_eq!(response.error()["details"]["reason"], "in-use", "{}", response.message);
        assert!(response.error()["hint"].is_string(), "{}", response.message);
        let response = server.call("del_ssl_crt_list", json!({ "crt_list": "nosuch", "cert": cert }));
        assert_eq!(response.code(), "not-found");
        assert_eq!(response.error()["details"]["argument"], json!("/crt_list"), "{}", response.message);
    }

    fn many_authorities_go_over_several_commands(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let file = path(&site, "ca.crt");
        let authorities: Vec<String> = (0..40).map(|number| Authority::new(&format!("CA {number}")).pem()).collect();
        let content = authorities.concat();
        assert!(content.len() > 15_000);
        let before = site.haproxy.raw_text(&format!("show ssl ca-file {file}"));
        let response = server.call("update_ssl_ca_file", json!({ "ca_file": file, "content": content }));
        if !binary.at_least(3, 0) {
            assert_eq!(response.code(), "unsupported", "{}", response.message);
            assert!(response.error()["message"].as_str().unwrap().contains("2.7"), "{}", response.message);
            assert_eq!(site.haproxy.raw_text(&format!("show ssl ca-file {file}")), before);
            no_transaction(&site);
            return;
        }
        assert_eq!(response.answer()["after"]["certificates"], json!(40), "{}", response.message);
        let after = site.haproxy.raw_text(&format!("show ssl ca-file {file}"));
        assert_eq!(after.matches("Certificate #").count(), 40);
        assert!(after.contains("/CN=CA 39"), "{after}");
        no_transaction(&site);
        // One that is there twice counts once, and a new file takes `create`.
        let file = path(&site, "more.crt");
        let content = [&*authorities[0], &authorities[0], &authorities[1]].concat();
        let call = |create: bool, content: &str| {
            server.call("update_ssl_ca_file", json!({ "ca_file": file, "content": content, "create": create }))
        };
        assert_eq!(call(false, &content).code(), "not-found");
        let response = call(true, GARBAGE);
        assert_eq!(response.code(), "rejected", "{}", response.message);
        assert!(!site.haproxy.raw_text("show ssl ca-file").contains("more.crt"));
        let response = call(true, &content);
        assert_eq!(response.answer()["after"]["certificates"], json!(2), "{}", response.message);
    }

    /// HAProxy takes a file without a certificate in it, and lets nobody in from then on.
    fn nothing_is_no_authority(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let file = path(&site, "ca.crt");
        let before = site.haproxy.raw_text(&format!("show ssl ca-file {file}"));
        for content in [Authority::new("Test CA").revoke(&[1]), "nothing".to_owned()] {
            let response = server.call("update_ssl_ca_file", json!({ "ca_file": file, "content": content }));
            assert!(["not-applied", "rejected"].contains(&response.code()), "{}", response.message);
            assert_eq!(site.haproxy.raw_text(&format!("show ssl ca-file {file}")), before);
            no_transaction(&site);
        }
    }

    fn an_ocsp_response_is_taken_for_its_certificate_only(binary: &Binary) {
        let site = site(binary);
        let server = serve(&site, "admin");
        let cert = path(&site, "www.pem");
        let shown = || site.haproxy.raw_text(&format!("show ssl ocsp-response {}", site_key(&site)));
        let before = shown();
        let newer = base64(&site, "newer.ocsp");
        for (content, code) in [
            (base64(&site, "other.ocsp"), "invalid-argument"),
            ("not base64!".to_owned(), "invalid-argument"),
            (encoded(b"no response"), "invalid-argument"),
            // Its certificate is named, and the rest is missing.
            (encoded(&std::fs::read(site.files.as_ref().unwrap().path().join("newer.ocsp")).unwrap()[..150]), "rejected"),
        ] {
            let response = server.call("set_ocsp_response", json!({ "cert": cert, "content": content }));
            assert_eq!(response.code(), code, "{}", response.message);
            assert!(response.error()["hint"].is_string(), "{}", response.message);
            assert_eq!(shown(), before);
        }
        let response = server.call("set_ocsp_response", json!({ "cert": path(&site, "listed.pem"), "content": newer }));
        assert_eq!(response.code(), "rejected", "{}", response.message);
        assert_eq!(response.error()["details"]["reason"], "not-configured", "{}", response.message);
        let response = server.call("set_ocsp_response", json!({ "cert": cert, "content": newer }));
        let answer = response.answer();
        assert_eq!(answer["after"]["produced_at"], json!(line(&shown(), "    Produced At: ")), "{answer}");
        assert_ne!(answer["after"]["produced_at"], answer["before"]["produced_at"], "{answer}");
    }
}

/// The list of files, in which nobody changes anything.
const HELD: &str = "\n# filename\n/x.pem\n\n";

fn shown(file: &str, serial: &str, fingerprint: &str) -> String {
    format!(
        "\nFilename: {file}\nStatus: Used\nSerial: {serial}\nSHA1 FingerPrint: {fingerprint}\nSubject: /CN=x\n\n"
    )
}

/// Answers each command in turn, and all further ones with the last answer.
fn in_turn(answers: &[&str]) -> ScriptedSocket {
    let connection = |text: &str| {
        // A payload has more lines than one: what is still to come does not matter.
        vec![
            Step::ReadLine,
            Step::send(text),
            Step::CloseWrite,
            Step::Hang,
        ]
    };
    let (last, first) = answers.split_last().unwrap();
    let first = first.iter().map(|text| connection(text)).collect();
    ScriptedSocket::unix_each(first, connection(last))
}

fn scripted(socket: &Path) -> haproxy_mcp_testkit::mcp::Response {
    let server = program("admin").socket(socket).start();
    server.stateless();
    server.call(
        "update_ssl_cert",
        json!({ "cert": "/x.pem", "content": new_certificate(1).pem() }),
    )
}

fn commands(socket: &ScriptedSocket) -> Vec<String> {
    let received = socket.received();
    received
        .iter()
        .map(|text| {
            let line = text.lines().next().unwrap_or_default().to_owned();
            line.trim_start_matches("set severity-output number;")
                .to_owned()
        })
        .collect()
}

/// Somebody opened a transaction between the look and the command: 2.6 put this certificate into theirs. Nobody may
/// commit that any more.
#[test]
fn a_transaction_that_was_opened_a_moment_ago_is_not_committed() {
    for (said, aborted) in [
        (
            "\n[5]: Transaction updated for certificate /other.pem!\n\n",
            "abort ssl cert /other.pem",
        ),
        (
            "\n[5]: Transaction updated for certificate /x.pem!\n\n",
            "abort ssl cert /x.pem",
        ),
    ] {
        let socket = in_turn(&[
            HELD,
            HELD,
            said,
            "\n[5]: Transaction aborted for certificate!\n\n",
        ]);
        let response = scripted(&socket.path());
        assert_eq!(response.code(), "rejected", "{}", response.message);
        assert_eq!(
            response.error()["details"]["reason"],
            "other-transaction",
            "{}",
            response.message
        );
        let commands = commands(&socket);
        assert!(
            commands.iter().any(|command| command == aborted),
            "{commands:?}"
        );
        assert!(
            !commands.iter().any(|command| command.starts_with("commit")),
            "{commands:?}"
        );
    }
}

/// What HAProxy read is not what was given: it is not committed.
#[test]
fn a_draft_that_is_another_certificate_is_thrown_away() {
    let (live, draft) = (shown("/x.pem", "01", "AA"), shown("*/x.pem", "02", "BB"));
    let socket = in_turn(&[
        HELD,
        HELD,
        "\n[5]: Transaction created for certificate /x.pem!\n\n",
        &live,
        &draft,
        "\n[5]: Transaction aborted for certificate '/x.pem'!\n\n",
    ]);
    let response = scripted(&socket.path());
    assert_eq!(response.code(), "not-applied", "{}", response.message);
    let error = response.error();
    assert_eq!(error["details"]["drafted"]["serial"], "02", "{error}");
    let commands = commands(&socket);
    assert!(
        commands.contains(&"abort ssl cert /x.pem".to_owned()),
        "{commands:?}"
    );
    assert!(
        !commands.iter().any(|command| command.starts_with("commit")),
        "{commands:?}"
    );
}

/// HAProxy goes away in the middle: no success, and nothing said of what is not known.
#[test]
fn a_worker_that_goes_away_in_the_middle_is_told() {
    let before = ["\n[5]: Transaction created for certificate /x.pem!\n\n"];
    for answers in [vec![HELD, HELD, ""], vec![HELD, HELD, before[0], ""]] {
        let socket = in_turn(&answers);
        let response = scripted(&socket.path());
        assert_eq!(response.code(), "interrupted", "{}", response.message);
        let commands = commands(&socket);
        assert!(
            !commands.iter().any(|command| command.starts_with("commit")),
            "{commands:?}"
        );
    }
}

/// The certificate was there when it was looked for, and the process is gone when it is committed.
#[test]
fn a_commit_that_is_cut_off_is_not_claimed() {
    let haproxy = site(&newest());
    let server = serve(&haproxy, "admin");
    let fingerprint = {
        let new = new_certificate(1);
        update(&server, &haproxy, "www.pem", &new.pem()).answer()["after"]["sha1_fingerprint"]
            .as_str()
            .map(|fingerprint| (new, fingerprint.to_owned()))
            .unwrap()
    };
    let (new, fingerprint) = fingerprint;
    let (live, draft) = (
        shown("/x.pem", "01", "AA"),
        shown("*/x.pem", "01", &fingerprint).replace("\n\n", "\nChain Subject: /CN=Another CA\n\n"),
    );
    let socket = in_turn(&[
        HELD,
        HELD,
        "\n[5]: Transaction created for certificate /x.pem!\n\n",
        &live,
        &draft,
        "\nCommitting /x.pem.",
        "\n[3]: No ongoing transaction!\n\n",
    ]);
    let scripted = program("admin").socket(&socket.path()).start();
    scripted.stateless();
    let arguments = json!({ "cert": "/x.pem", "content": new.pem() });
    let response = scripted.call("update_ssl_cert", arguments);
    assert_eq!(response.code(), "interrupted", "{}", response.message);
    let commands = commands(&socket);
    assert!(
        commands.contains(&"commit ssl cert /x.pem".to_owned()),
        "{commands:?}"
    );
}
