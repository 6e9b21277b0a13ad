//! A client that speaks MCP to a server over its standard streams, with nothing but JSON lines: no SDK, so that it
//! sees what is really written.
//!
//! Both eras: [`McpServer::initialize`] does the handshake of 2025-11-25; [`McpServer::stateless`] makes every further
//! request carry its own version and capabilities (2026-07-28). Every wait has a deadline ([`DEADLINE`], unless a
//! test sets another), and a line on standard output that is not JSON-RPC fails the test when the server is dropped.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::haproxy::Haproxy;
use crate::wait::{DEADLINE, until};

/// The version of the handshake.
pub const HANDSHAKE_VERSION: &str = "2025-11-25";

/// The version without a handshake.
pub const STATELESS_VERSION: &str = "2026-07-28";

/// Flags that name every door to HAProxy, at addresses where nobody is: each tool is listed then.
pub const EVERY_DOOR: [&str; 8] = [
    "--runtime-url",
    "unix:///nonexistent/haproxy.sock",
    "--stats-url",
    "http://127.0.0.1:1/stats",
    "--haproxy-config",
    "/nonexistent/haproxy.cfg",
    "--haproxy-log",
    "/nonexistent/haproxy.log",
];

/// A server that is wanted: [`McpServer::builder`].
#[derive(Clone, Debug)]
pub struct McpServerBuilder {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    deadline: Duration,
    reads_stderr: bool,
}

impl McpServerBuilder {
    /// A further argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Further arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// A variable of its environment, which is otherwise empty: no settings of whoever runs the tests get in.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// The Unix admin socket of this HAProxy.
    #[must_use]
    pub fn haproxy(self, haproxy: &Haproxy) -> Self {
        self.socket(&haproxy.admin_socket())
    }

    /// The Runtime API at this Unix socket.
    #[must_use]
    pub fn socket(self, path: &Path) -> Self {
        self.arg("--runtime-socket").arg(path)
    }

    /// A tool module, from its file.
    #[must_use]
    pub fn module(self, path: &Path) -> Self {
        self.arg("--module").arg(path)
    }

    /// How long any single wait may take; [`DEADLINE`] unless said.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Leaves standard error unread, as some clients do, until [`McpServer::read_stderr`].
    #[must_use]
    pub fn unread_stderr(mut self) -> Self {
        self.reads_stderr = false;
        self
    }

    /// Starts it. No message has been sent yet.
    pub fn start(self) -> McpServer {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", self.program.display()));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("a piped stdout");
        let stderr = child.stderr.take().expect("a piped stderr");
        let heard = Arc::new(Heard::default());
        let readers = vec![std::thread::spawn({
            let heard = Arc::clone(&heard);
            move || heard.read_messages(BufReader::new(stdout))
        })];
        let mut server = McpServer {
            child,
            stdin: Mutex::new(stdin),
            unread_stderr: Some(stderr),
            heard,
            readers,
            next_id: Mutex::new(1),
            stateless: Mutex::new(false),
            deadline: self.deadline,
        };
        if self.reads_stderr {
            server.read_stderr();
        }
        server
    }

    /// Runs it with nothing on standard input until it ends by itself: for a start that fails.
    pub fn run(self) -> Ended {
        let child = self.command().stdin(Stdio::null()).spawn();
        let mut child =
            child.unwrap_or_else(|error| panic!("start {}: {error}", self.program.display()));
        let (mut stdout, mut stderr) = (
            child.stdout.take().expect("a piped stdout"),
            child.stderr.take().expect("a piped stderr"),
        );
        let stdout = std::thread::spawn(move || read_all(&mut stdout));
        let stderr = std::thread::spawn(move || read_all(&mut stderr));
        let status = wait_for_end(&mut child, self.deadline);
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let status = status.unwrap_or_else(|| {
            panic!("the server did not end by itself; it said:\n{stdout}\n{stderr}")
        });
        Ended {
            status,
            stdout,
            stderr,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// How a server ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

/// A running MCP server; ended when dropped. It may be used by several threads at once.
#[derive(Debug)]
pub struct McpServer {
    child: Child,
    stdin: Mutex<Option<ChildStdin>>,
    /// Standard error that nobody reads.
    unread_stderr: Option<ChildStderr>,
    heard: Arc<Heard>,
    readers: Vec<JoinHandle<()>>,
    next_id: Mutex<i64>,
    stateless: Mutex<bool>,
    deadline: Duration,
}

/// A request that was sent and whose answer is wanted later.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Pending {
    id: i64,
    sent: Instant,
}

impl Pending {
    /// The JSON-RPC id; also the progress token of the request.
    pub fn id(&self) -> i64 {
        self.id
    }
}

/// A JSON-RPC response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The whole message.
    pub message: Value,
    /// From sending the request to reading the response.
    pub took: Duration,
}

impl Response {
    /// The result; panics at a protocol error.
    pub fn result(&self) -> &Value {
        self.message
            .get("result")
            .unwrap_or_else(|| panic!("a result was expected: {}", self.message))
    }

    /// The structured content of a tool's answer; panics where the call has none.
    pub fn answer(&self) -> &Value {
        assert_ne!(
            self.result()["isError"],
            json!(true),
            "an answer was expected: {}",
            self.message
        );
        &self.result()["structuredContent"]
    }

    /// The tool error: an object with `code`, `message` and often `hint` and `details`; panics where there is none.
    pub fn error(&self) -> &Value {
        assert_eq!(
            self.result()["isError"],
            json!(true),
            "a tool error was expected: {}",
            self.message
        );
        &self.result()["structuredContent"]
    }

    /// The code of the tool error; panics where there is none.
    pub fn code(&self) -> &str {
        self.error()["code"]
            .as_str()
            .unwrap_or_else(|| panic!("a tool error without a code: {}", self.message))
    }

    /// Code and message of a JSON-RPC error; panics where there is none.
    pub fn protocol_error(&self) -> (i64, &str) {
        let error = &self.message["error"];
        match (error["code"].as_i64(), error["message"].as_str()) {
            (Some(code), Some(message)) => (code, message),
            _ => panic!("a protocol error was expected: {}", self.message),
        }
    }

    /// The text content of a tool's answer, block after block.
    pub fn texts(&self) -> Vec<&str> {
        let blocks = self.result()["content"].as_array();
        blocks
            .into_iter()
            .flatten()
            .filter_map(|block| block["text"].as_str())
            .collect()
    }
}

impl McpServer {
    /// A server to be set up; `program` is normally `env!("CARGO_BIN_EXE_haproxy-mcp")`.
    pub fn builder(program: impl AsRef<Path>) -> McpServerBuilder {
        McpServerBuilder {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            deadline: DEADLINE,
            reads_stderr: true,
        }
    }

    /// The handshake of 2025-11-25; gives the result of `initialize`.
    pub fn initialize(&self) -> Value {
        let response = self.request(
            "initialize",
            json!({
                "protocolVersion": HANDSHAKE_VERSION,
                "capabilities": {},
                "clientInfo": { "name": "testkit", "version": "0" },
            }),
        );
        self.notify("notifications/initialized", json!({}));
        response.result().clone()
    }

    /// From now on each request carries version and capabilities itself, as 2026-07-28 wants it.
    pub fn stateless(&self) -> &Self {
        *self.stateless.lock().unwrap() = true;
        self
    }

    /// Calls a tool and waits for its answer.
    pub fn call(&self, tool: &str, arguments: Value) -> Response {
        self.finish(self.begin(tool, arguments))
    }

    /// Calls a tool; [`finish`](Self::finish) waits for its answer. Progress is asked for, with the id as its token.
    pub fn begin(&self, tool: &str, arguments: Value) -> Pending {
        let arguments = object(arguments);
        self.begin_request(
            "tools/call",
            |id| json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": id } }),
        )
    }

    /// Sends all calls before it waits for any; the answers are in the order of the calls.
    pub fn call_concurrently(&self, calls: &[(&str, Value)]) -> Vec<Response> {
        let pending: Vec<Pending> = calls
            .iter()
            .map(|(tool, arguments)| self.begin(tool, arguments.clone()))
            .collect();
        pending
            .into_iter()
            .map(|pending| self.finish(pending))
            .collect()
    }

    /// Waits for the answer to a request.
    pub fn finish(&self, pending: Pending) -> Response {
        self.finish_within(pending, self.deadline)
            .unwrap_or_else(|| {
                panic!(
                    "no answer to request {} within {:?}; the log:\n{}",
                    pending.id,
                    self.deadline,
                    self.stderr()
                )
            })
    }

    /// Waits for the answer to a request, at most so long; `None` where there was none.
    pub fn finish_within(&self, pending: Pending, at_most: Duration) -> Option<Response> {
        let mut state = self.heard.lock();
        let end = Instant::now() + at_most;
        loop {
            if let Some((message, at)) = state.responses.remove(&pending.id) {
                return Some(Response {
                    message,
                    took: at.saturating_duration_since(pending.sent),
                });
            }
            assert!(
                !state.ended,
                "the server ended before it answered request {}; the log:\n{}",
                pending.id, state.log
            );
            let left = end.checked_duration_since(Instant::now())?;
            state = self.heard.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Gives up on a request, as a client does.
    pub fn cancel(&self, pending: Pending) {
        self.notify(
            "notifications/cancelled",
            json!({ "requestId": pending.id, "reason": "the test gave up" }),
        );
    }

    /// Sends a request and waits for its response.
    pub fn request(&self, method: &str, params: Value) -> Response {
        self.finish(self.begin_request(method, |_| params))
    }

    /// Sends a request; `params` gets its id.
    pub fn begin_request(&self, method: &str, params: impl FnOnce(i64) -> Value) -> Pending {
        let id = {
            let mut next = self.next_id.lock().unwrap();
            let id = *next;
            *next += 1;
            id
        };
        let mut params = object(params(id));
        if *self.stateless.lock().unwrap() {
            let meta = params
                .entry("_meta")
                .or_insert_with(|| json!({}))
                .as_object_mut()
                .expect("`_meta` is an object");
            meta.insert(
                "io.modelcontextprotocol/protocolVersion".to_owned(),
                json!(STATELESS_VERSION),
            );
            meta.insert(
                "io.modelcontextprotocol/clientCapabilities".to_owned(),
                json!({}),
            );
        }
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let sent = Instant::now();
        self.send_line(&message.to_string());
        Pending { id, sent }
    }

    /// Sends a notification.
    pub fn notify(&self, method: &str, params: Value) {
        let params = object(params);
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.send_line(&message.to_string());
    }

    /// Sends these characters and a newline, whatever they are.
    pub fn send_line(&self, line: &str) {
        let mut stdin = self.stdin.lock().unwrap();
        let stdin = stdin.as_mut().expect("standard input is open");
        let sent = stdin
            .write_all(line.as_bytes())
            .and_then(|()| stdin.write_all(b"\n"))
            .and_then(|()| stdin.flush());
        sent.unwrap_or_else(|error| {
            panic!("send to the server: {error}; the log:\n{}", self.stderr())
        });
    }

    /// The responses whose id is no number of this client's: those to lines that were sent raw.
    pub fn unasked(&self) -> Vec<Value> {
        self.heard.lock().unasked.clone()
    }

    /// The notifications of this method so far, oldest first: their `params`.
    pub fn notifications(&self, method: &str) -> Vec<Value> {
        let state = self.heard.lock();
        state
            .notifications
            .iter()
            .filter(|message| message["method"] == method)
            .map(|message| message["params"].clone())
            .collect()
    }

    /// Every line of standard output so far, as it was written.
    pub fn stdout_lines(&self) -> Vec<String> {
        self.heard.lock().lines.clone()
    }

    /// The log so far.
    pub fn stderr(&self) -> String {
        self.heard.lock().log.clone()
    }

    /// Begins to read standard error, if nobody does yet.
    pub fn read_stderr(&mut self) {
        if let Some(stderr) = self.unread_stderr.take() {
            let heard = Arc::clone(&self.heard);
            self.readers
                .push(std::thread::spawn(move || heard.read_log(stderr)));
        }
    }

    /// Waits until the log holds this text; gives the log.
    pub fn wait_for_stderr(&self, text: &str) -> String {
        until(&format!("`{text}` in the log"), || {
            let log = self.stderr();
            if log.contains(text) {
                Ok(log)
            } else {
                Err(log)
            }
        })
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory that is in use by it now, and the most that ever was, in bytes (`VmRSS` and `VmHWM`).
    pub fn memory(&self) -> (u64, u64) {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("read the status of the process");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes =
                line.and_then(|line| line.trim_matches([':', '\t', ' ', 'k', 'B']).parse().ok());
            kilobytes.map_or_else(|| panic!("no `{name}` in:\n{status}"), |n: u64| n * 1024)
        };
        (field("VmRSS"), field("VmHWM"))
    }

    /// Closes standard input, as a client does that is done, and waits for the server to end.
    pub fn shutdown(mut self) -> Ended {
        drop(self.stdin.lock().unwrap().take());
        let status = wait_for_end(&mut self.child, self.deadline).unwrap_or_else(|| {
            panic!(
                "the server went on after its client had gone; the log:\n{}",
                self.stderr()
            )
        });
        for reader in self.readers.drain(..) {
            reader.join().expect("read what the server wrote");
        }
        let state = self.heard.lock();
        let mut stdout = state.lines.join("\n");
        if !stdout.is_empty() {
            stdout.push('\n');
        }
        let stderr = state.log.clone();
        drop(state);
        Ended {
            status,
            stdout,
            stderr,
        }
    }
}

impl McpServer {
    /// As [`shutdown`](Self::shutdown), without waiting for the end of standard error, which nobody reads.
    pub fn shutdown_unread(mut self) -> ExitStatus {
        drop(self.stdin.lock().unwrap().take());
        wait_for_end(&mut self.child, self.deadline)
            .expect("the server went on after its client had gone")
    }
}

impl Drop for McpServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("!!! the server's log:\n{}", self.stderr());
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let strays = std::mem::take(&mut self.heard.lock().strays);
        assert!(
            strays.is_empty() || std::thread::panicking(),
            "standard output carried what is not JSON-RPC: {strays:#?}"
        );
    }
}

/// What the server has written so far.
#[derive(Debug, Default)]
struct Heard {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    /// Lines that are not JSON-RPC.
    strays: Vec<String>,
    responses: HashMap<i64, (Value, Instant)>,
    unasked: Vec<Value>,
    notifications: Vec<Value>,
    log: String,
    ended: bool,
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn read_messages(&self, mut stdout: impl BufRead) {
        let mut line = Vec::new();
        loop {
            line.clear();
            // A server that was killed in the middle of a line leaves half of it, which is no fault of its own.
            let whole = stdout.read_until(b'\n', &mut line).is_ok() && line.ends_with(b"\n");
            let at = Instant::now();
            let mut state = self.lock();
            if whole {
                line.pop();
                state.take(String::from_utf8_lossy(&line).into_owned(), at);
            } else {
                state.ended = true;
            }
            drop(state);
            self.changed.notify_all();
            if !whole {
                return;
            }
        }
    }

    fn read_log(&self, mut stderr: impl Read) {
        let mut buffer = [0; 8192];
        while let Ok(count) = stderr.read(&mut buffer) {
            if count == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            self.lock().log.push_str(&text);
        }
    }
}

impl State {
    fn take(&mut self, line: String, at: Instant) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["jsonrpc"] != "2.0" {
            self.strays.push(line.clone());
        } else if message.get("method").is_some() {
            self.notifications.push(message);
        } else if let Some(id) = message["id"].as_i64().filter(|id| *id > 0) {
            self.responses.insert(id, (message, at));
        } else {
            self.unasked.push(message);
        }
        self.lines.push(line);
    }
}

fn object(arguments: Value) -> Map<String, Value> {
    match arguments {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => panic!("an object was expected: {other}"),
    }
}

fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is still worth showing.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the end of a process, at most so long; then ends it and gives `None`.
fn wait_for_end(child: &mut Child, at_most: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("ask after the server") {
            return Some(status);
        }
        if start.elapsed() > at_most {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
