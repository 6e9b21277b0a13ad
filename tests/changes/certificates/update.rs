use haproxy_mcp_testkit::Haproxy;
use haproxy_mcp_testkit::certificates::Authority;
use serde_json::{Value, json};

use super::{
    GARBAGE, WWW, begin, line, live, mismatched, new_certificate, no_transaction, path, site,
    update, with_certificates,
};
use crate::cases::{program, serve};

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
        let ca_file = path(&site, "ca.crt");
        for content in [
            [&*new.chain, &new.key].concat(),
            // behind a byte order mark, and without a line end before it
            ["\u{feff}", &new.key].concat(),
            [new.chain.trim_end(), &new.key].concat(),
        ] {
            let response = server.call("update_ssl_ca_file", json!({ "ca_file": ca_file, "content": content }));
            assert_eq!(response.code(), "invalid-argument", "{}", response.message);
            said.push(response.message.to_string());
        }
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
}
