//! What `make demo` runs: a real HAProxy with traffic, `haproxy-mcp` in front of it, and a walk-through over MCP that
//! prints what was asked and what was answered.
//!
//! `demo BINARY HAPROXY MODULE`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a demonstration is what it prints, and stops where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; this one plays the client, the visitors and the sites"
)]

mod shown;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Binary, Haproxy, Origin, origin, until};
use serde_json::{Value, json};

/// Requests of visitors, and how many of them hit the page that is broken.
const VISITS: usize = 200;
const BROKEN: usize = 10;

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(binary), Some(haproxy), Some(module)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        panic!("usage: demo BINARY HAPROXY MODULE");
    };
    let site = Site::start(&haproxy);
    println!(
        "\nHAProxy {} is running with two backends, `shop` and `api`, and three web servers behind them.\n\
         A fourth server, `api/api2`, is configured, but nobody listens there.\n\
         {VISITS} visitors have just been served; {BROKEN} of them found a page that is broken.",
        site.haproxy.binary().version
    );

    let socket = site.haproxy.admin_socket();
    shown::step("Start haproxy-mcp, as an assistant's program would");
    shown::command(&binary, &socket, &module);
    let server = McpServer::builder(&binary)
        .socket(&socket)
        .module(&module)
        .start();
    server.stateless();
    let listed = server.request("tools/list", json!({}));
    shown::asked("tools/list", &json!({}));
    shown::tools(listed.result(), listed.took);
    println!(
        "       The last one comes from a module of somebody else, which took most of that time to compile.\n       \
         It says that it only reads."
    );

    let ask = |tool: &str, arguments: Value| -> Response {
        shown::asked(tool, &arguments);
        let response = server.call(tool, arguments);
        shown::answered(&response);
        response
    };

    shown::step("Which HAProxy is this, and how busy is it?");
    ask(
        "show_info",
        json!({ "fields": ["CurrConns", "Maxconn", "CumReq", "Idle_pct"] }),
    );

    shown::step("What is behind it?");
    ask("list_backends", json!({}));

    shown::step("Which servers do the work, and which fail?");
    let fields = [
        "status",
        "weight",
        "stot",
        "hrsp_2xx",
        "hrsp_5xx",
        "check_status",
    ];
    let stat = ask(
        "show_stat",
        json!({ "type": "server", "sort": "stot", "fields": fields }),
    );
    let counted = stat.answer()["totals"]["server"]["stot"].as_u64();
    assert_eq!(
        counted,
        Some(VISITS as u64),
        "HAProxy counted another number of visits"
    );

    shown::step("A name with a typing error");
    let lost = ask("list_servers", json!({ "backend": "shopp" }));
    assert_eq!(lost.code(), "not-found");

    shown::step("The other module's tool, which tries to take a server out of service");
    let before = site.state("shop1");
    let refused = ask(
        "somebody__look_at_server",
        json!({ "server": "shop/shop1" }),
    );
    assert_eq!(refused.code(), "denied");
    let after = site.state("shop1");
    assert_eq!(before, after, "a server was changed that nobody may change");
    println!(
        "       What HAProxy itself says of shop/shop1 (status, weight), before: {before}, after: {after}"
    );

    server.shutdown();
    drop(site);
    println!(
        "\nAll of it has been stopped again. To use it with your own HAProxy, give this to your MCP client:\n"
    );
    shown::configuration(&binary);
}

/// HAProxy and what stands behind it; ended when dropped.
struct Site {
    haproxy: Haproxy,
    _origins: [Origin; 3],
}

impl Site {
    fn start(program: &PathBuf) -> Self {
        let origins = ["shop1", "shop2", "api1"].map(Origin::start);
        let [shop1, shop2, api1] = [0, 1, 2].map(|index: usize| origins[index].address());
        let web = free_address();
        let haproxy = Haproxy::builder(&binary(program))
            .config(&format!(
                "
frontend web
    bind {web}
    use_backend api if {{ path_beg /api }}
    default_backend shop
backend shop
    option httpchk GET /health
    server shop1 {shop1} weight 100 check inter 500ms
    server shop2 {shop2} weight 50 check inter 500ms
backend api
    option httpchk GET /health
    server api1 {api1} check inter 500ms
    server api2 127.0.0.1:1 check inter 500ms fall 1
"
            ))
            .start();
        let site = Self {
            haproxy,
            _origins: origins,
        };
        until("the first health checks", || {
            let states = ["shop1", "shop2", "api1", "api2"].map(|server| site.state(server));
            let settled = states.iter().zip(["UP", "UP", "UP", "DOWN"]);
            let settled = settled
                .into_iter()
                .all(|(state, wanted)| state.starts_with(wanted));
            if settled {
                Ok(())
            } else {
                Err(format!("{states:?}"))
            }
        });
        for visit in 0..VISITS {
            let (path, wanted) = match visit % (VISITS / BROKEN) {
                0 => ("/fail", 500),
                odd if odd % 3 == 0 => ("/api/orders", 200),
                _ => ("/", 200),
            };
            assert_eq!(
                origin::get(web, path).expect("visit the site"),
                wanted,
                "{path}"
            );
        }
        site
    }

    /// Status and weight of a server, from HAProxy's own mouth.
    fn state(&self, server: &str) -> String {
        let table = self.haproxy.raw_text("show stat");
        let mut lines = table.lines();
        let columns: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let at = |name| columns.iter().position(|column| *column == name).unwrap();
        let (name, status, weight) = (at("svname"), at("status"), at("weight"));
        let row: Vec<&str> = lines
            .map(|line| line.split(',').collect::<Vec<_>>())
            .find(|row| row.get(name) == Some(&server))
            .unwrap_or_else(|| panic!("`show stat` has no {server}:\n{table}"));
        format!("{} {}", row[status], row[weight])
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on 127.0.0.1");
    listener.local_addr().expect("a bound address")
}

/// The HAProxy to run, which need not be one of those that the tests run on.
fn binary(program: &PathBuf) -> Binary {
    let output = Command::new(program)
        .arg("-v")
        .output()
        .expect("run HAProxy");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .split(" version ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let version = version.unwrap_or_else(|| panic!("not HAProxy's version: {text}"));
    let label: Vec<&str> = version.split('.').take(2).collect();
    Binary {
        label: label.join(".").leak(),
        path: program.clone(),
        version: version.to_owned(),
    }
}
