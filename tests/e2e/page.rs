//! The statistics page in place of the Runtime API: the same tools, the same answers.

mod answers;
mod doors;
mod pages;
mod samples;

use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::{Binary, Haproxy};

use crate::listeners;

/// What the page is configured with so that it says as much as the Runtime API does.
const LEGENDS: &str = "    stats show-legends";

/// The tools that read from either.
const TOOLS: [&str; 10] = [
    "show_stat",
    "top",
    "sample_stat",
    "list_backends",
    "list_servers",
    "get_server",
    "list_frontends",
    "show_frontend",
    "show_backend",
    "get_backend",
];

/// The program with this page, and nothing else.
fn with_page(url: &str) -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(["--toolsets", "all"])
        .env("HAPROXY_STATS_URL", url)
}

/// A server in front of this HAProxy's page alone, ready to be asked.
fn serve(haproxy: &Haproxy) -> McpServer {
    let server = with_page(&haproxy.page_url("/stats")).start();
    server.stateless();
    server
}

/// A HAProxy with a page, which has served visitors.
fn busy(binary: &Binary, lines: &str) -> Haproxy {
    let haproxy = Haproxy::builder(binary)
        .with(&listeners())
        .page(lines)
        .start();
    haproxy.traffic(12);
    for _ in 0..3 {
        assert_eq!(haproxy.get("/fail"), 500);
    }
    haproxy
}
