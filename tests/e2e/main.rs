//! End to end: the binary as it is shipped, a client on its standard streams, a real HAProxy behind it.
//!
//! What a tool answers is compared with what HAProxy's raw socket says, read in another format by other code
//! ([`oracle`]). What must hold for every tool is asked of every tool that the server lists ([`cases`]).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test starts programs and opens sockets itself"
)]

/// Arguments that the schema refuses, and names that mean something else to HAProxy.
mod arguments;
/// A client that gives up.
mod cancellation;
/// For every tool: a call that succeeds, and one that is refused.
mod cases;
/// Certificates: which there are, when they expire, and what goes with them.
mod certificates;
/// What an independent client makes of it.
mod client;
/// HAProxy's configuration, and the risks in it.
mod config;
/// The whole table of statistics, as the raw CSV has it.
mod csv;
/// Every tool over every door.
mod doors;
/// What an answer must be, by the raw socket.
mod expected;
/// HAProxy that is down, starts again, or is something else altogether.
mod gone;
/// Lines that are no messages, or not the ones that MCP knows.
mod lines;
/// The log, read and unread.
mod log;
/// What HAProxy logs: errors, events, messages of the start.
mod logs;
/// Maps and ACLs, and their entries.
mod maps;
/// The master: its processes, and what it said.
mod master;
/// What was seen of every tool on every version, for the documentation.
mod matrix;
/// What the server takes of the machine's memory.
mod memory;
/// The Prometheus exporter.
mod metrics;
/// HAProxy's own word.
mod oracle;
/// The statistics page in place of the Runtime API.
mod page;
/// The process, its memory and threads, and what it can be asked.
mod process;
/// MCP itself: both eras, what is not a tool call, what is on which stream.
mod protocol;
/// Samples, rankings and the file of statistics.
mod rates;
/// Pages, sorting and choosing, with the whole table for comparison.
mod selection;
/// The weight of a server.
mod servers;
/// Sessions.
mod sessions;
/// Stick tables and their entries.
mod tables;
/// The log file's last lines.
mod tail_log;
/// Frontends and backends, servers one by one, and what they use.
mod topology;
/// Every value of every tool, on every version of HAProxy.
mod values;

use std::sync::atomic::{AtomicUsize, Ordering};

use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::{Binary, Haproxy};

/// The program that is tested.
fn everything() -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp")).args(["--toolsets", "all"])
}

/// The same without the tools that want a master, which the HAProxy of most tests has not, and without the one that
/// answers also where nothing can be reached ([`doors`]).
fn program() -> McpServerBuilder {
    let excluded = [&master::TOOLS[..], &["doctor"]].concat();
    everything().args(["--exclude-tools", &excluded.join(",")])
}

/// A server in front of this HAProxy, ready to be asked.
fn serve(haproxy: &Haproxy) -> McpServer {
    let server = program().haproxy(haproxy).start();
    server.stateless();
    server
}

/// A HAProxy that has served visitors, some of whom found a page that is broken; quiet from now on.
fn busy(binary: &Binary) -> Haproxy {
    let haproxy = Haproxy::builder(binary).with(&listeners()).start();
    haproxy.traffic(12);
    for _ in 0..3 {
        assert_eq!(haproxy.get("/fail"), 500);
    }
    haproxy
}

/// A frontend whose listeners have statistics of their own. Its sockets have neither file nor port.
fn listeners() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = format!(
        "{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    format!(
        "
frontend fe_listeners
    option socket-stats
    bind abns@haproxy-mcp-e2e-{id}-a name first
    bind abns@haproxy-mcp-e2e-{id}-b name second
    default_backend be_app
"
    )
}
