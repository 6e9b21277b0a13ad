//! A handshake of its own with whoever listens at a page's address. The HTTP library does not always tell why a
//! connection ended: a server that refuses a client's certificate says so after the handshake (TLS 1.3), where the
//! library may only see that the connection is gone; and what answers plain HTTP with an alert is no HTTP to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use url::Host;

use super::door::PageDoor;
use crate::haproxy::dial;
use crate::haproxy::endpoint::{AddressFamily, Endpoint};
use crate::haproxy::stream::Leash;

/// How long a trial may take.
const WITHIN: Duration = Duration::from_secs(1);

/// Why a handshake fails; `None` where it does not, or where that is not to be learnt. Nothing is sent but the handshake.
pub(super) async fn failure(
    door: &PageDoor,
    tls: Arc<ClientConfig>,
    leash: &Leash,
) -> Option<rustls::Error> {
    let until = leash.deadline.min(Instant::now() + WITHIN);
    let shaken = leash.hold(until, shake(door, tls, until)).await;
    let error = shaken.ok().flatten()?.err()?;
    error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
}

/// Shakes hands, and waits for the first byte after that.
async fn shake(door: &PageDoor, tls: Arc<ClientConfig>, until: Instant) -> io::Result<()> {
    let url = door.url.as_url();
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Ok(()),
    };
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    let endpoint = Endpoint::Tcp {
        host,
        port: url.port_or_known_default().unwrap_or_default(),
        family: AddressFamily::Any,
    };
    let connection = dial::connect(&endpoint, WITHIN, until)
        .await
        .map_err(io::Error::other)?;
    let mut stream = TlsConnector::from(tls).connect(name, connection).await?;
    // Whether a byte comes or the end is the same: that it came about was to be seen.
    let _ = stream.read(&mut [0]).await?;
    Ok(())
}
