//! What cannot be reached, and what its hint says.

use haproxy_mcp::haproxy::{AddressFamily, DialError, RuntimeApi, WireError};
use tokio_util::sync::CancellationToken;

use crate::asking::{TIMEOUTS, bounds, class, failure, host, name, permit, text_of, unix};

/// Code, message and hint as an operator reads them.
fn told(error: &WireError) -> String {
    format!(
        "{}\n{error}\n{}",
        error.code(),
        error.hint().unwrap_or_default()
    )
}

/// The same error, with a path that is the same everywhere.
fn at(path: &str, make: impl Fn(String) -> DialError) -> String {
    told(&WireError::Dial(make(format!("unix://{path}"))))
}

/// Only pages are configured.
#[tokio::test]
async fn no_runtime_api() {
    let api = RuntimeApi::new(name(), None, TIMEOUTS);
    assert_eq!(api.door(), None);
    insta::assert_snapshot!(told(&failure(&api).await), @r"
    not-configured
    no Runtime API is configured
    only pages over HTTP were configured: name a `stats socket` of HAProxy with `HAPROXY_RUNTIME_SOCKET`, `HAPROXY_RUNTIME_URL` or `HAPROXY_HOST`
    ");
    // A command for the master, a line of many, and who it is.
    let reload = permit("show proc").unwrap();
    assert_eq!(class(&text_of(&api, reload).await), "not-configured");
    let keys = ["a", "b"].map(|key| permit(&format!("add acl blocked.acl {key}")).unwrap());
    for batch in api.batches(keys.into()).unwrap() {
        let refused = api
            .execute_batch(batch, bounds(), &CancellationToken::new())
            .await
            .unwrap_err();
        assert_eq!(refused.done, 0);
        assert_eq!(class::<()>(&Err(refused.error)), "not-configured");
    }
    let unknown = api.identity(bounds(), &CancellationToken::new()).await;
    assert_eq!(unknown.unwrap_err().code(), "not-configured");
}

#[tokio::test]
async fn a_path_without_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let error = failure(&unix(folder.path().join("admin.sock"))).await;
    assert!(
        matches!(error, WireError::Dial(DialError::NotFound { .. })),
        "{error}"
    );
    insta::assert_snapshot!(at("/run/haproxy/admin.sock", |endpoint| DialError::NotFound { endpoint }), @r"
    not-found
    there is no socket at `unix:///run/haproxy/admin.sock`
    is HAProxy running, and does its `global` section hold `stats socket /run/haproxy/admin.sock mode 660 level admin`? With `chroot` the path stays outside of it; in a container the socket's folder must be mounted
    ");
}

#[tokio::test]
async fn a_socket_that_nobody_serves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    haproxy_mcp_testkit::scripted::abandoned(&path);
    let error = failure(&unix(path)).await;
    assert!(
        matches!(error, WireError::Dial(DialError::Refused { .. })),
        "{error}"
    );
    insta::assert_snapshot!(at("/run/haproxy/admin.sock", |endpoint| DialError::Refused { endpoint }), @r"
    connection-refused
    nobody listens at `unix:///run/haproxy/admin.sock`
    the file is there and nobody serves it: HAProxy is not running, or its `stats socket` is another one than `/run/haproxy/admin.sock`
    ");
}

#[tokio::test]
async fn a_file_that_is_no_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    std::fs::write(&path, "").unwrap();
    assert_eq!(failure(&unix(path)).await.code(), "connection-refused");
}

/// Root may do everything, so that the error itself is made here; the mapping has a test beside it in `dial`.
#[test]
fn a_socket_that_one_may_not_use() {
    insta::assert_snapshot!(at("/run/haproxy/admin.sock", |endpoint| DialError::PermissionDenied { endpoint }), @r"
    permission-denied
    no permission to use the socket `unix:///run/haproxy/admin.sock`
    `ls -l /run/haproxy/admin.sock` shows the socket's group, most often `haproxy`: with mode 660 its members may use it, so add the user that runs this server (`sudo usermod -aG haproxy USER`), log in again and check with `id`; each folder of the path must be open to that user as well
    ");
}

#[tokio::test]
async fn a_port_that_nobody_serves() {
    // Bound and not listening: nobody else can serve it meanwhile.
    let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    bound
        .bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let port = bound.local_addr().unwrap().as_socket().unwrap().port();
    let error = failure(&host("127.0.0.1", port, AddressFamily::Any)).await;
    assert!(
        matches!(error, WireError::Dial(DialError::Refused { .. })),
        "{error}"
    );
    let endpoint = "tcp://127.0.0.1:9999".to_owned();
    insta::assert_snapshot!(told(&WireError::Dial(DialError::Refused { endpoint })), @r"
    connection-refused
    nobody listens at `tcp://127.0.0.1:9999`
    is HAProxy running, and does its `global` section hold a `stats socket ipv4@127.0.0.1:PORT level admin` with this port?
    ");
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    // RFC 6761: never resolves.
    let error = failure(&host("haproxy.invalid", 9999, AddressFamily::Any)).await;
    assert!(
        matches!(error, WireError::Dial(DialError::NotResolved { .. })),
        "{error}"
    );
    let (endpoint, reason) = (
        "tcp://haproxy.invalid:9999".to_owned(),
        "no address".to_owned(),
    );
    insta::assert_snapshot!(told(&WireError::Dial(DialError::NotResolved { endpoint, reason })), @r"
    name-not-resolved
    the name in `tcp://haproxy.invalid:9999` could not be resolved: no address
    see whether the name is right and resolves on this machine (`getent hosts NAME`), or give an address
    ");
}

#[tokio::test]
async fn an_address_of_the_other_family() {
    for (name, family, reason) in [
        ("127.0.0.1", AddressFamily::V6, "no IPv6 address"),
        ("::1", AddressFamily::V4, "no IPv4 address"),
    ] {
        let error = failure(&host(name, 9999, family)).await;
        assert_eq!(error.code(), "name-not-resolved");
        assert!(error.to_string().ends_with(reason), "{error}");
    }
}

/// Which addresses lead nowhere is the network's affair; the mapping has a test beside it in `dial`.
#[test]
fn an_address_without_a_route() {
    let (endpoint, reason) = (
        "tcp://10.0.0.1:9999".to_owned(),
        "No route to host (os error 113)".to_owned(),
    );
    insta::assert_snapshot!(told(&WireError::Dial(DialError::Unreachable { endpoint, reason })), @r"
    host-unreachable
    the host of `tcp://10.0.0.1:9999` cannot be reached: No route to host (os error 113)
    see whether this machine has a route to that address (`ip route get ADDRESS`)
    ");
}
