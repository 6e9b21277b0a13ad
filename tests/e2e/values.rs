use haproxy_mcp_testkit::topology::ODD_BACKEND;
use serde_json::{Value, json};

use crate::expected::agree;
use crate::{busy, serve};

haproxy_mcp_testkit::on_each_version! {
    fn answers_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let ask = |calls: &[(&str, Value)]| {
            calls
                .iter()
                .map(|(tool, arguments)| {
                    let answer = server.call(tool, arguments.clone()).answer().clone();
                    ((*tool).to_owned(), arguments.clone(), answer)
                })
                .collect::<Vec<_>>()
        };
        let groups = ["summary", "sessions", "requests", "traffic", "errors", "health", "times", "connections", "identity"];
        let shop = if binary.at_least(3, 3) { "shop_be" } else { "shop" };
        for calls in [
            vec![
                ("show_info", json!({})),
                ("show_info", json!({ "fields": ["all"] })),
                ("show_info", json!({ "fields": ["limits", "traffic", "ssl", "memory", "threads", "build"] })),
                ("show_info", json!({ "fields": ["Maxconn", "node", "description", "Nbthread"] })),
            ],
            vec![
                ("show_stat", json!({ "limit": 500 })),
                ("show_stat", json!({ "fields": ["all"], "limit": 500 })),
                ("show_stat", json!({ "fields": groups, "limit": 500 })),
                ("show_stat", json!({ "proxy": "be_app", "fields": ["all"] })),
                ("show_stat", json!({ "proxy": "be_app", "type": "server" })),
                ("show_stat", json!({ "proxy": ODD_BACKEND, "fields": ["all"] })),
                ("show_stat", json!({ "proxy": "be_empty" })),
                ("show_stat", json!({ "proxy": "shop", "fields": ["all"] })),
                ("show_stat", json!({ "proxy": "fe_listeners", "type": "listener", "fields": ["all"] })),
                ("show_stat", json!({ "type": "frontend" })),
                ("show_stat", json!({ "type": "backend" })),
                ("show_stat", json!({ "proxy": "be_app", "server": "app1", "fields": ["all"] })),
                ("show_stat", json!({ "server": "app_maint" })),
            ],
            vec![("list_backends", json!({}))],
            vec![
                ("list_servers", json!({ "backend": "be_app" })),
                ("list_servers", json!({ "backend": ODD_BACKEND })),
                ("list_servers", json!({ "backend": "be_empty" })),
                ("list_servers", json!({ "backend": shop })),
            ],
            vec![
                ("get_server", json!({ "backend": "be_app", "server": "app1" })),
                ("get_server", json!({ "backend": "be_app", "server": "app_maint" })),
                ("get_server", json!({ "backend": "be_app", "server": "app_dead" })),
                ("get_server", json!({ "backend": ODD_BACKEND, "server": "api:2" })),
                ("get_server", json!({ "backend": shop, "server": "cart" })),
            ],
        ] {
            agree(&haproxy, calls[0].0, || ask(&calls));
        }
    }

    /// What is changed by somebody else is seen: nothing is kept from one call to the next.
    fn changes_are_seen(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let one = json!({ "backend": "be_app", "server": "app1" });
        let weight = || server.call("get_server", one.clone()).answer()["stat"]["weight"].clone();
        assert_eq!(weight(), json!(100));
        haproxy.raw("set server be_app/app1 weight 50");
        assert_eq!(weight(), json!(50));
        haproxy.raw("set server be_app/app1 state maint");
        let after = server.call("get_server", one.clone());
        assert_eq!(after.answer()["status"], json!("MAINT"));
        assert_eq!(after.answer()["admin_state"], json!(["fmaint"]));
        agree(&haproxy, "get_server after a change", || {
            vec![("get_server".to_owned(), one.clone(), server.call("get_server", one.clone()).answer().clone())]
        });
    }
}
