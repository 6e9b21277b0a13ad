//! Asking as the host does, with permission for everything.

use std::path::PathBuf;
use std::time::Duration;

use haproxy_mcp::haproxy::{
    AddressFamily, Bounds, Door, Endpoint, ExecuteError, Reply, RuntimeApi, Timeouts, WireError,
};
use haproxy_mcp::policy::{Access, Authority, Command, Grant, InstanceId, Permit, decide};
use haproxy_mcp_testkit::{Gate, Haproxy};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(2),
    first_byte: Duration::from_secs(5),
    total: Duration::from_secs(10),
};

/// Enough for any reply here.
pub(crate) const PLENTY: u64 = 64 * 1024 * 1024;

pub(crate) fn name() -> InstanceId {
    InstanceId::new("lb")
}

pub(crate) fn unix(path: PathBuf) -> RuntimeApi {
    api(Endpoint::Unix(path), false)
}

pub(crate) fn tcp(address: std::net::SocketAddr) -> RuntimeApi {
    host(
        &address.ip().to_string(),
        address.port(),
        AddressFamily::Any,
    )
}

pub(crate) fn host(host: &str, port: u16, family: AddressFamily) -> RuntimeApi {
    let host = host.to_owned();
    api(Endpoint::Tcp { host, port, family }, false)
}

pub(crate) fn master(haproxy: &Haproxy) -> RuntimeApi {
    api(Endpoint::Unix(haproxy.master_socket()), true)
}

fn api(endpoint: Endpoint, master: bool) -> RuntimeApi {
    RuntimeApi::new(name(), Door { endpoint, master }, TIMEOUTS)
}

pub(crate) fn bounds() -> Bounds {
    at_most(PLENTY)
}

pub(crate) fn at_most(max_bytes: u64) -> Bounds {
    Bounds {
        max_bytes,
        deadline: Instant::now() + Duration::from_mins(1),
    }
}

/// `show info`: a dump.
pub(crate) fn info() -> Permit {
    permit("show info").unwrap()
}

/// `show version`: a message.
pub(crate) fn version() -> Permit {
    permit("show version").unwrap()
}

/// A permit for these words, if there is a row for them at all.
pub(crate) fn permit(words: &str) -> Option<Permit> {
    permit_for(&name(), words)
}

/// What shows live traffic, or lines of the configuration, is in no grant of all commands.
const BY_NAME: [&str; 8] = [
    "show sess",
    "show sess *",
    "show errors",
    "show errors *",
    "show startup-logs",
    "@master show startup-logs",
    "reload",
    "hard-reload",
];

/// As [`permit`], for an instance of this name.
pub(crate) fn permit_for(instance: &InstanceId, words: &str) -> Option<Permit> {
    let named = BY_NAME.map(|pattern| pattern.parse().unwrap()).to_vec();
    let command = Command::new(words.split(' '));
    [Grant::all(Access::Admin), Grant::only(Access::Admin, named)]
        .iter()
        .find_map(|grant| {
            let authority = Authority {
                server: Access::Admin,
                module: grant,
                tool: Access::Admin,
            };
            decide(&authority, instance, &command).ok()
        })
}

/// Starts a command; its reply is open when this returns.
pub(crate) async fn execute(api: &RuntimeApi, permit: Permit) -> Result<Reply, ExecuteError> {
    api.execute(permit, bounds(), &CancellationToken::new())
        .await
}

/// Asks and reads to the end.
pub(crate) async fn text_of(api: &RuntimeApi, permit: Permit) -> Result<Vec<u8>, ExecuteError> {
    Ok(execute(api, permit).await?.text().await?)
}

/// Asks with these words and reads to the end.
pub(crate) async fn ask(api: &RuntimeApi, words: &str) -> Result<String, ExecuteError> {
    let permit = permit(words).unwrap_or_else(|| panic!("no permit for `{words}`"));
    text_of(api, permit)
        .await
        .map(|text| String::from_utf8(text).unwrap())
}

/// Asks for a dump, and gives the failure of the wire.
pub(crate) async fn failure(api: &RuntimeApi) -> WireError {
    match text_of(api, info()).await {
        Err(ExecuteError::Wire(error)) => error,
        other => panic!("not a failure of the wire: {other:?}"),
    }
}

/// Passes a gate without blocking the runtime; a paused clock stands still meanwhile.
pub(crate) async fn pass(gate: &Gate) {
    let gate = gate.clone();
    tokio::task::spawn_blocking(move || gate.pass())
        .await
        .unwrap();
}

/// The name of a verdict: `ok`, `unknown`, or the code of a refusal or failure.
pub(crate) fn class<T>(result: &Result<T, ExecuteError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(ExecuteError::Rejected { code, .. }) => code,
        Err(ExecuteError::UnknownCommand { .. }) => "unknown",
        Err(ExecuteError::Wire(error)) => error.code(),
        Err(ExecuteError::WrongInstance { .. }) => "wrong-instance",
    }
}
