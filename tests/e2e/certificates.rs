//! What the tools about certificates must answer, by what the raw socket says; and on a site that has more of them.

use std::time::{SystemTime, UNIX_EPOCH};

use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::process::{case, paged};
use crate::serve;

/// The commands whose replies are compared.
pub(crate) const COMMANDS: [&str; 7] = [
    "show ssl cert",
    "show ssl cert site.pem",
    "show ssl ca-file",
    "show ssl crl-file",
    "show ssl crt-list",
    "show ssl sni",
    "show ssl ocsp-response",
];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        paged("show_ssl_certs", json!({})),
        Case {
            tool: "show_ssl_cert",
            succeeds: json!({ "cert": "site.pem" }),
            still: json!({ "cert": "site.pem" }),
            refused: json!({ "cert": "site.pe" }),
            because: ("not-found", "/cert"),
            since: None,
        },
        paged("show_ssl_sni", json!({})),
        case(
            "show_ssl_ca_files",
            json!({}),
            json!({ "ca_file": "nosuch.crt" }),
            ("not-found", "/ca_file"),
        ),
        case(
            "show_ssl_crl_files",
            json!({}),
            json!({ "crl_file": "nosuch.crl" }),
            ("not-found", "/crl_file"),
        ),
        case(
            "show_ssl_crt_list",
            json!({}),
            json!({ "crt_list": "nosuch.txt" }),
            ("not-found", "/crt_list"),
        ),
        case(
            "show_ocsp",
            json!({}),
            json!({ "response": "nosuch.pem" }),
            ("not-found", "/response"),
        ),
    ]
}

/// Says what is wrong in the answer of one of these tools; false for another tool.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    let replies = &check.before.replies;
    let held = |command: &str| -> Vec<String> {
        replies[command]
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    let said = |key: &str| -> Vec<String> { rows(answer).map(|row| text(row, key)).collect() };
    match tool {
        "show_ssl_certs" => {
            let expected = held("show ssl cert");
            check.same("the certificates", said("cert"), expected);
        }
        "show_ssl_cert" => {
            let cert = arguments["cert"].as_str().unwrap_or_default();
            let reply = replies[format!("show ssl cert {cert}").as_str()].clone();
            certificate(check, answer, &reply);
        }
        "show_ssl_sni" => sni(check, answer),
        "show_ssl_ca_files" => {
            let counted: Vec<String> = rows(answer)
                .map(|row| {
                    format!(
                        "{} - {} certificate(s)",
                        text(row, "ca_file"),
                        row["certificates"]
                    )
                })
                .collect();
            let expected = held("show ssl ca-file");
            check.same("the files", counted, expected);
        }
        "show_ssl_crl_files" => {
            let expected = held("show ssl crl-file");
            check.same("the files", said("crl_file"), expected);
        }
        "show_ssl_crt_list" => {
            let expected = held("show ssl crt-list");
            check.same("the lists", said("crt_list"), expected);
        }
        "show_ocsp" => {
            let expected: Vec<String> = replies["show ssl ocsp-response"]
                .lines()
                .filter_map(|line| line.strip_prefix("Certificate ID key : "))
                .map(str::to_owned)
                .collect();
            check.same("the responses", said("Certificate ID key"), expected);
        }
        _ => return false,
    }
    true
}

/// What follows these words in a line of a reply.
fn field(reply: &str, words: &str) -> Option<String> {
    reply
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(words))
        .map(|value| value.trim().to_owned())
}

fn certificate(check: &mut Check<'_>, answer: &Value, reply: &str) {
    for (key, words) in [
        ("serial", "Serial: "),
        ("sha1_fingerprint", "SHA1 FingerPrint: "),
        ("subject", "Subject: "),
        ("issuer", "Issuer: "),
        ("not_before", "notBefore: "),
        ("not_after", "notAfter: "),
        ("algorithm", "Algorithm: "),
        ("status", "Status: "),
    ] {
        let said = answer[key].as_str().map(str::to_owned);
        check.same(key, said, field(reply, words));
    }
    let names: Vec<&str> = answer["names"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let expected = field(reply, "Subject Alternative Name: ").unwrap_or_default();
    check.same("names", names.join(", "), expected);
    let chain = answer["chain"].as_array().map_or(0, Vec::len);
    check.same("chain", chain, reply.matches("Chain Subject: ").count());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let left = days(
        &field(reply, "notAfter: ").unwrap_or_default(),
        now.as_secs(),
    );
    check.same("days_left", answer["days_left"].as_i64(), left);
}

/// Whole days until a date such as `Feb 22 22:09:11 2027 GMT`, counted by another way than the tool does.
fn days(date: &str, now: u64) -> Option<i64> {
    let words: Vec<&str> = date.split_ascii_whitespace().collect();
    let [month, day, clock, year, "GMT"] = words[..] else {
        return None;
    };
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(month)? / 3;
    let (day, year): (i64, i64) = (day.parse().ok()?, year.parse().ok()?);
    let leap = |year: i64| year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let before: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let lengths = [
        31,
        28 + i64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let in_year: i64 = lengths[..month].iter().sum();
    let clock: Vec<i64> = clock
        .split(':')
        .filter_map(|part| part.parse().ok())
        .collect();
    let seconds =
        (before + in_year + day - 1) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2];
    Some((seconds - i64::try_from(now).ok()?).div_euclid(86_400))
}

/// From 3.2 on HAProxy's own table; before, the names of the certificates one by one.
fn sni(check: &mut Check<'_>, answer: &Value) {
    let table = check.before.replies["show ssl sni"].clone();
    let mut said: Vec<String> = rows(answer)
        .map(|row| {
            ["sni", "cert", "not_after"]
                .map(|key| text(row, key))
                .join("\t")
        })
        .collect();
    let mut expected: Vec<String> = if table.starts_with("# Frontend/Bind") {
        check.same(
            "source",
            answer["totals"]["source"].as_str(),
            Some("show ssl sni"),
        );
        table
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let columns: Vec<&str> = line.split('\t').collect();
                [columns[1], columns[4], columns[5]].join("\t")
            })
            .collect()
    } else {
        check.same(
            "source",
            answer["totals"]["source"].as_str(),
            Some("show ssl cert"),
        );
        let reply = check.before.replies["show ssl cert site.pem"].clone();
        let until = field(&reply, "notAfter: ").unwrap_or_default();
        let names = field(&reply, "Subject Alternative Name: ").unwrap_or_default();
        names
            .split(", ")
            .filter_map(|name| name.strip_prefix("DNS:"))
            .map(|name| [name, "site.pem", &until].join("\t"))
            .collect()
    };
    said.sort();
    expected.sort();
    check.same("the names", said, expected);
}

/// A site with an authority, a list with options, revocations, and certificates of which one is over and one soon.
fn rich(binary: &Binary) -> (Haproxy, TempDir, Authority) {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test CA");
    let folder = files.path().display();
    let write = |name: &str, content: &[u8]| {
        std::fs::write(files.path().join(name), content).unwrap();
    };
    for (name, serial, names, days) in [
        (
            "www.pem",
            0x1000,
            &["www.example.test", "alias.example.test"][..],
            50,
        ),
        ("soon.pem", 0x1001, &["soon.example.test"], 10),
        ("over.pem", 0x1002, &["over.example.test"], 0),
    ] {
        write(name, authority.issue(serial, names, days).pem().as_bytes());
    }
    write("www.pem.ocsp", &authority.ocsp(0x1000, 0));
    let trusted = authority.pem() + &Authority::new("Other CA").pem();
    write("ca.crt", trusted.as_bytes());
    write("ca.crl", authority.revoke(&[16, 0xabc]).as_bytes());
    let list = format!(
        "{folder}/soon.pem [alpn h2,http/1.1 verify none] soon.example.test !not.example.test\n{folder}/over.pem\n"
    );
    write("list.txt", list.as_bytes());
    let sections = format!(
        "
frontend fe_tls
    bind {folder}/www.sock ssl crt {folder}/www.pem
    bind {folder}/list.sock ssl crt-list {folder}/list.txt ca-file {folder}/ca.crt crl-file {folder}/ca.crl verify optional
    default_backend be_app
"
    );
    let haproxy = Haproxy::builder(binary).with(&sections).start();
    (haproxy, files, authority)
}

haproxy_mcp_testkit::on_each_version! {
    fn what_expires_first_comes_first(binary: &Binary) {
        let (haproxy, files, _authority) = rich(binary);
        let server = serve(&haproxy);
        let file = |name: &str| files.path().join(name).display().to_string();
        let response = server.call("show_ssl_sni", json!({ "filter": "example.test" }));
        let answer = response.answer();
        let mut order: Vec<String> = rows(answer).map(|row| text(row, "cert")).collect();
        order.dedup();
        assert_eq!(order[..3], [file("over.pem"), file("soon.pem"), file("www.pem")], "{answer}");
        let first = &answer["rows"][0];
        assert_eq!(first["sni"], "over.example.test", "{answer}");
        assert_eq!(first["days_left"], json!(-1), "{answer}");
        assert!(answer["totals"]["expired"].as_u64().unwrap() >= 1, "{answer}");
        assert!(answer["totals"]["within_30_days"].as_u64().unwrap() >= 1, "{answer}");
        let response = server.call("show_ssl_sni", json!({ "within_days": 0 }));
        let answer = response.answer();
        assert!(rows(answer).all(|row| text(row, "cert") == file("over.pem")), "{answer}");
        let response = server.call("show_ssl_sni", json!({ "within_days": 20, "filter": "SOON" }));
        let answer = response.answer();
        let row = rows(answer).find(|row| text(row, "sni") == "soon.example.test").unwrap();
        assert_eq!(row["days_left"], json!(9), "{answer}");
        if binary.at_least(3, 2) {
            assert_eq!(row["frontend"], "fe_tls", "{answer}");
        } else {
            assert_eq!(row["status"], "Used", "{answer}");
        }
        // Page after page they are the same.
        let whole: Vec<Value> = rows(server.call("show_ssl_sni", json!({ "limit": 500 })).answer()).map(|row| json!(row)).collect();
        let (mut paged, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let mut arguments = json!({ "limit": 2 });
            if !cursor.is_null() {
                arguments["cursor"] = cursor;
            }
            let response = server.call("show_ssl_sni", arguments);
            paged.extend(rows(response.answer()).map(|row| json!(row)));
            cursor = response.answer()["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(paged, whole);
    }

    fn authorities_revocations_and_lists_are_those_of_the_files(binary: &Binary) {
        let (haproxy, files, _authority) = rich(binary);
        let server = serve(&haproxy);
        let file = |name: &str| files.path().join(name).display().to_string();
        let ca = server.call("show_ssl_ca_files", json!({ "ca_file": file("ca.crt") }));
        let subjects: Vec<String> = rows(ca.answer()).map(|row| text(row, "subject")).collect();
        assert_eq!(subjects.len(), 2, "{}", ca.message);
        for subject in ["/CN=Test CA", "/CN=Other CA"] {
            assert!(subjects.iter().any(|said| said == subject), "{subjects:?}");
        }
        assert_eq!(ca.answer()["totals"], json!({ "certificates": 2, "expired": 0 }));
        let crl = server.call("show_ssl_crl_files", json!({ "crl_file": file("ca.crl") }));
        let row = &crl.answer()["rows"][0];
        assert_eq!((&row["issuer"], &row["revoked"]), (&json!("/CN=Test CA"), &json!(2)), "{row}");
        assert_eq!(row["serials"], json!(["10", "0ABC"]), "{row}");
        let list = server.call("show_ssl_crt_list", json!({ "crt_list": file("list.txt") }));
        let rows = &list.answer()["rows"];
        assert_eq!(rows[0]["cert"], json!(file("soon.pem")), "{rows}");
        assert_eq!(rows[0]["line"], json!(1), "{rows}");
        assert_eq!(rows[0]["filters"], json!(["soon.example.test", "!not.example.test"]), "{rows}");
        for option in ["alpn h2,http/1.1", "verify none"] {
            assert!(rows[0]["options"].as_str().unwrap().contains(option), "{rows}");
        }
        assert_eq!(rows[1], json!({ "cert": file("over.pem"), "line": 2 }));
    }

    fn a_change_that_somebody_has_begun_is_marked_and_can_be_looked_at(binary: &Binary) {
        let (haproxy, files, authority) = rich(binary);
        let server = serve(&haproxy);
        let cert = files.path().join("www.pem").display().to_string();
        let marked = || {
            let response = server.call("show_ssl_certs", json!({}));
            let answer = response.answer();
            let marked: Vec<String> = rows(answer)
                .filter(|row| row.get("uncommitted").is_some())
                .map(|row| text(row, "cert"))
                .collect();
            assert_eq!(answer["totals"]["uncommitted"], json!(marked.len()), "{answer}");
            assert_eq!(answer["totals"]["files"], json!(4), "{answer}");
            marked
        };
        assert_eq!(marked(), [""; 0]);
        let response = server.call("show_ssl_cert", json!({ "cert": cert, "uncommitted": true }));
        assert_eq!(response.code(), "not-found", "{}", response.message);
        assert_eq!(response.error()["details"]["argument"], "/uncommitted", "{}", response.message);
        let new = authority.issue(0x2000, &["new.example.test"], 100).pem();
        let lines: Vec<&str> = new.lines().filter(|line| !line.is_empty()).collect();
        let said = haproxy.raw_text(&format!("set ssl cert {cert} <<\n{}\n", lines.join("\n")));
        assert!(said.contains("Transaction created"), "{said}");
        assert_eq!(marked(), [cert.as_str()]);
        let show = |uncommitted: bool| {
            let response = server.call("show_ssl_cert", json!({ "cert": cert, "uncommitted": uncommitted }));
            response.answer().clone()
        };
        assert_eq!(show(false)["serial"], "1000");
        assert_eq!(show(true)["serial"], "2000");
        assert_eq!(show(true)["chain"], json!([{ "subject": "/CN=Test CA", "issuer": "/CN=Test CA" }]));
        haproxy.raw(&format!("abort ssl cert {cert}"));
        assert_eq!(marked(), [""; 0]);
    }

    fn an_ocsp_response_is_told_as_the_raw_socket_has_it(binary: &Binary) {
        let (haproxy, files, _authority) = rich(binary);
        let server = serve(&haproxy);
        let cert = files.path().join("www.pem").display().to_string();
        let key = server.call("show_ssl_cert", json!({ "cert": cert })).answer()["ocsp_response"].clone();
        let list = server.call("show_ocsp", json!({}));
        let listed = &list.answer()["rows"][0];
        assert_eq!(listed["Certificate ID key"], key, "{listed}");
        assert_eq!(listed["Serial Number"], "1000", "{listed}");
        let raw = haproxy.raw_text(&format!("show ssl ocsp-response {}", key.as_str().unwrap()));
        let mut names = vec![key.clone()];
        if binary.at_least(3, 0) {
            names.push(json!(cert));
        }
        for name in names {
            let response = server.call("show_ocsp", json!({ "response": name }));
            let row = &response.answer()["rows"][0];
            for words in ["Cert Status", "Produced At", "This Update", "Next Update"] {
                assert_eq!(row[words].as_str(), field(&raw, &format!("{words}: ")).as_deref(), "{row}");
            }
            assert_eq!(row["Cert Status"], "good", "{row}");
            assert_eq!(response.answer()["totals"]["days_left"], json!(6), "{}", response.message);
        }
        let updates = server.call("show_ocsp", json!({ "updates": true }));
        if binary.at_least(3, 0) {
            assert_eq!(updates.answer()["matched"], json!(0), "{}", updates.message);
        } else {
            assert_eq!(updates.code(), "unsupported", "{}", updates.message);
            assert!(updates.error()["message"].as_str().unwrap().contains("2.8"), "{}", updates.message);
        }
        let both = server.call("show_ocsp", json!({ "updates": true, "response": key }));
        assert_eq!(both.code(), "invalid-argument", "{}", both.message);
    }

    fn what_the_level_of_the_socket_keeps_back_is_said(binary: &Binary) {
        for (level, refused) in [
            ("user", &["show_ssl_certs", "show_ssl_cert", "show_ssl_ca_files", "show_ssl_crl_files", "show_ssl_crt_list"][..]),
            ("operator", &["show_ssl_crt_list"]),
        ] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let server = serve(&haproxy);
            for case in cases() {
                let tool = case.tool;
                let response = server.call(tool, case.succeeds);
                let refuses = refused.contains(&tool)
                    || tool == "show_ocsp" && binary.at_least(3, 4)
                    || tool == "show_ssl_sni" && level == "user" && !binary.at_least(3, 2);
                if !refuses {
                    assert!(response.answer().is_object(), "{tool} at {level}");
                    continue;
                }
                let error = response.error();
                assert_eq!(error["code"], "rejected", "{tool} at {level}: {error}");
                assert_eq!(error["details"]["reason"], "permission-denied", "{tool} at {level}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("level `"), "{tool} at {level}: {error}");
            }
        }
    }
}
