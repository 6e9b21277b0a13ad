use haproxy_mcp_testkit::Haproxy;
use haproxy_mcp_testkit::certificates::Authority;
use serde_json::{Value, json};

use super::{
    GARBAGE, base64, cases, encoded, line, list, no_transaction, path, site, site_key,
    with_certificates,
};
use crate::cases::serve;

haproxy_mcp_testkit::on_each_version! {
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
