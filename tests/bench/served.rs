//! MCP servers as processes, spoken to over pipes without threads between; and our sandbox without a process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use haproxy_mcp::doors::Doors;
use haproxy_mcp::haproxy::{Door, RuntimeApi, Timeouts};
use haproxy_mcp::policy::{Access, Grant, InstanceId};
use haproxy_mcp::sandbox::{Acts, CallRequest, Module, Sandbox, limits};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::floor;

/// A server that speaks MCP over stdio.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) name: String,
    command: Vec<String>,
}

impl Peer {
    /// This project's.
    pub(crate) fn own() -> Self {
        Self {
            name: "haproxy-mcp".to_owned(),
            command: vec![env!("CARGO_BIN_EXE_haproxy-mcp").to_owned()],
        }
    }

    /// The same with all tools listed, also those that nobody gets unasked.
    pub(crate) fn own_with_all_tools() -> Self {
        let mut own = Self::own();
        own.command.extend(["--toolsets", "all"].map(str::to_owned));
        own
    }

    /// The same with HAProxy's master at this socket.
    pub(crate) fn with_master(mut self, socket: &Path) -> Self {
        let socket = socket.to_str().unwrap();
        self.command
            .extend(["--master-socket", socket].map(str::to_owned));
        self
    }

    /// `peer.py`, run by the Python of `BENCH_PYTHON`, which has the SDK.
    pub(crate) fn python() -> Option<Self> {
        let python = floor::variable("BENCH_PYTHON")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/peer.py");
        Some(Self {
            name: "`tests/bench/peer.py`: the official Python SDK, one tool".to_owned(),
            command: [&python, "-I", script].map(str::to_owned).to_vec(),
        })
    }

    /// The one of `BENCH_PEER`.
    pub(crate) fn from_environment() -> Option<Self> {
        let peer = floor::variable("BENCH_PEER")?;
        let (name, command) = peer
            .split_once('=')
            .expect("`BENCH_PEER` is `name=command line`");
        Some(Self {
            name: name.to_owned(),
            command: command.split_whitespace().map(str::to_owned).collect(),
        })
    }
}

/// A running server.
pub(crate) struct Served {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    line: String,
}

/// One run of `haproxy-mcp doctor`, which must find nothing wrong.
#[expect(
    clippy::disallowed_methods,
    reason = "runs the program that is measured"
)]
pub(crate) fn doctor(socket: &Path, page: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .arg("doctor")
        .arg("--runtime-socket")
        .arg(socket)
        .args(["--stats-url", page])
        .output()
        .expect("`doctor` runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// Resident memory in KiB.
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) peak: u64,
}

impl Served {
    #[expect(
        clippy::disallowed_methods,
        reason = "starts the server that is measured"
    )]
    pub(crate) fn start(peer: &Peer, socket: Option<&Path>) -> Self {
        let mut command = Command::new(&peer.command[0]);
        command
            .args(&peer.command[1..])
            .env("LOG_LEVEL", "error")
            .env("HAPROXY_STATS_ENABLED", "false");
        if let Some(socket) = socket {
            command
                .env("HAPROXY_RUNTIME_MODE", "unix")
                .env("HAPROXY_RUNTIME_SOCKET", socket);
        }
        Self::spawn(command)
    }

    /// The same with these variables, and no Runtime API.
    #[expect(
        clippy::disallowed_methods,
        reason = "starts the server that is measured"
    )]
    pub(crate) fn start_with(peer: &Peer, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(&peer.command[0]);
        command
            .args(&peer.command[1..])
            .env("LOG_LEVEL", "error")
            .envs(variables.iter().copied());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            line: String::new(),
        }
    }

    /// The handshake, up to the server's answer.
    pub(crate) fn initialize(&mut self) {
        self.ask(r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#);
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    }

    /// The list of tools.
    pub(crate) fn list(&mut self) -> Vec<Value> {
        self.ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#);
        let mut answer: Value = serde_json::from_str(&self.line).unwrap();
        serde_json::from_value(answer["result"]["tools"].take()).unwrap()
    }

    /// One call; it must not be an error.
    pub(crate) fn call(&mut self, tool: &str, arguments: &str) {
        self.ask(&format!(
            r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        ));
        let answered =
            self.line.contains(r#""result""#) && !self.line.contains(r#""isError":true"#);
        assert!(answered, "`{tool}` refuses {arguments}: {}", self.line);
    }

    fn send(&mut self, message: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{message}\n").as_bytes()).unwrap();
        input.flush().unwrap();
    }

    fn ask(&mut self, message: &str) {
        self.send(message);
        loop {
            self.line.clear();
            assert!(
                self.output.read_line(&mut self.line).unwrap() > 0,
                "the server ended"
            );
            if self.line.contains(r#""result""#) || self.line.contains(r#""error""#) {
                return;
            }
        }
    }

    /// What the kernel says of its memory.
    #[expect(
        clippy::disallowed_methods,
        reason = "reads what the kernel says of the server"
    )]
    pub(crate) fn memory(&self) -> Memory {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let kib = |key: &str| {
            status
                .lines()
                .find_map(|line| {
                    line.strip_prefix(key)?
                        .trim()
                        .strip_suffix(" kB")?
                        .parse()
                        .ok()
                })
                .unwrap()
        };
        Memory {
            resident: kib("VmRSS:"),
            peak: kib("VmHWM:"),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A server ends when its standard input does.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The sandbox with the built-in module `process`, and no process, protocol or HAProxy around it.
pub(crate) struct Sandboxed {
    runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
    module: Module,
    doors: Arc<Doors>,
}

impl Sandboxed {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let module = haproxy_mcp_builtin::MODULES
            .iter()
            .find(|module| module.family == "process")
            .unwrap();
        let timeout = Duration::from_secs(1);
        let instance = RuntimeApi::new(
            InstanceId::new("bench"),
            Door {
                endpoint: "unix:///nowhere".parse().unwrap(),
                master: false,
            },
            Timeouts {
                connect: timeout,
                first_byte: timeout,
                total: timeout,
            },
        );
        Self {
            runtime,
            sandbox: Sandbox::default(),
            module: Sandbox::builtin(module, Access::Read, Grant::read),
            doors: Arc::new(Doors::runtime_alone(instance)),
        }
    }

    /// One call, timed within the runtime.
    pub(crate) fn call(&self, tool: &str) -> Duration {
        self.runtime.block_on(async {
            let begun = std::time::Instant::now();
            let request = CallRequest {
                tool: tool.to_owned(),
                arguments: "{}".to_owned(),
                access: Access::Read,
                ceiling: Access::Read,
                doors: Arc::clone(&self.doors),
                deadline: tokio::time::Instant::now() + limits::WALL_CLOCK,
                wall_clock: limits::WALL_CLOCK,
                leaves_open: false,
                acts: Acts::default(),
                cancel: CancellationToken::new(),
                progress: None,
            };
            let result = self.sandbox.call(&self.module, request).await;
            assert!(matches!(result, Err(error) if error.failure().code == "failed"));
            begun.elapsed()
        })
    }
}
