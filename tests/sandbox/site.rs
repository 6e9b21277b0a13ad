//! A server with modules, and a HAProxy behind it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use haproxy_mcp_testkit::mcp::{Ended, McpServerBuilder, Response};
use haproxy_mcp_testkit::{Haproxy, McpServer, guests, newest};
use serde_json::{Value, json};

/// The server that is tested, without any settings.
pub(crate) fn builder() -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
}

/// What a busy machine may add to a time that a limit sets.
pub(crate) const LATE: Duration = Duration::from_secs(10);

/// What is not slow on a busy machine either: far less than it would take without the limit.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(3);

/// As the server writes it.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

/// A path at which no HAProxy listens.
pub(crate) const NOWHERE: &str = "/nonexistent/haproxy.sock";

/// A server with these modules and nobody to speak to, past its handshake.
pub(crate) fn alone(modules: &[PathBuf]) -> McpServer {
    started(builder().socket(Path::new(NOWHERE)), modules)
}

/// As [`alone`], with `hostile`.
pub(crate) fn hostile_alone() -> McpServer {
    alone(&[guests::path("hostile")])
}

/// A server with these modules for this HAProxy, past its handshake.
pub(crate) fn before(haproxy: &Haproxy, modules: &[PathBuf]) -> McpServer {
    started(builder().haproxy(haproxy), modules)
}

/// The newest HAProxy, and a server with `hostile` before it.
pub(crate) fn hostile() -> (Haproxy, McpServer) {
    let haproxy = Haproxy::start(&newest());
    let server = before(&haproxy, &[guests::path("hostile")]);
    (haproxy, server)
}

/// Starts the server and does the handshake.
pub(crate) fn started(builder: McpServerBuilder, modules: &[PathBuf]) -> McpServer {
    let server = modules
        .iter()
        .fold(builder, |builder, module| builder.module(module))
        .start();
    server.initialize();
    server
}

/// What the server says when it cannot start with this module.
pub(crate) fn refused(module: &Path) -> Ended {
    let ended = builder().socket(Path::new(NOWHERE)).module(module).run();
    assert!(
        !ended.status.success(),
        "the module was loaded: {}\n{}",
        module.display(),
        ended.stderr
    );
    assert_eq!(
        ended.stdout, "",
        "standard output is for the protocol alone"
    );
    ended
}

/// The error and the hint of [`refused`], without the folder of the module.
pub(crate) fn refusal(module: &Path) -> String {
    let ended = refused(module);
    let folder = module.parent().unwrap().display().to_string();
    let lines: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: ") || line.starts_with("hint: "))
        .collect();
    assert!(!lines.is_empty(), "no error in:\n{}", ended.stderr);
    lines.join("\n").replace(&folder, "…")
}

/// The rest of the server goes on: the same module answers, and so does a built-in tool.
pub(crate) fn goes_on(server: &McpServer) {
    let fine = server.call("hostile__fine", json!({}));
    assert_eq!(fine.answer(), &json!({ "fine": true }));
    let unknown = server.call("show_info", json!({ "nonsense": true }));
    assert_eq!(unknown.code(), "invalid-argument");
}

/// [`goes_on`], with an answer of HAProxy.
pub(crate) fn still_asks(server: &McpServer, haproxy: &Haproxy) {
    goes_on(server);
    let info = server.call("show_info", json!({}));
    let text = info.answer().to_string();
    assert!(
        text.contains(&haproxy.info("Pid")),
        "`show_info` does not name the process of HAProxy: {text}"
    );
}

/// Calls a tool of `hostile`.
pub(crate) fn call(server: &McpServer, tool: &str, arguments: Value) -> Response {
    server.call(&format!("hostile__{tool}"), arguments)
}
