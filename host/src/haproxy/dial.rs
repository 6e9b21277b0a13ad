//! The only place that opens a socket, and the only one that resolves a name.
//!
//! `clippy.toml` bans both everywhere else.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, sleep, timeout_at};

use super::endpoint::{AddressFamily, Endpoint};
use super::error::seconds;

/// How long to wait before a Unix socket whose queue is full is tried again: the kernel does not say when there is
/// room.
const QUEUE_RETRY: Duration = Duration::from_millis(20);

/// A connection to HAProxy.
#[derive(Debug)]
pub struct Connection(Transport);

#[derive(Debug)]
enum Transport {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Connection {
    /// The number of the process that began to listen on a Unix socket, where the kernel gives one (`SO_PEERCRED` of
    /// unix(7)): a process of another container has none.
    pub(super) fn listener(&self) -> Option<i32> {
        match &self.0 {
            Transport::Unix(stream) => stream.peer_cred().ok()?.pid().filter(|pid| *pid > 0),
            Transport::Tcp(_) => None,
        }
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DialError {
    /// There is no file at the path.
    #[error("there is no socket at `{endpoint}`")]
    NotFound {
        /// Who was to be asked.
        endpoint: String,
    },
    /// The process may not use the socket, or not enter a folder on the way to it.
    #[error("no permission to use the socket `{endpoint}`")]
    PermissionDenied {
        /// Who was to be asked.
        endpoint: String,
    },
    /// Nobody listens.
    #[error("nobody listens at `{endpoint}`")]
    Refused {
        /// Who was to be asked.
        endpoint: String,
    },
    /// The host's name has no address, or none of the wanted family.
    #[error("the name in `{endpoint}` could not be resolved: {reason}")]
    NotResolved {
        /// Who was to be asked.
        endpoint: String,
        /// What the resolver said.
        reason: String,
    },
    /// There is no way to the host.
    #[error("the host of `{endpoint}` cannot be reached: {reason}")]
    Unreachable {
        /// Who was to be asked.
        endpoint: String,
        /// What the system said.
        reason: String,
    },
    /// No connection came about in time.
    #[error("no connection to `{endpoint}` within {}", seconds(.after))]
    Timeout {
        /// Who was to be asked.
        endpoint: String,
        /// The deadline.
        after: Duration,
    },
    /// Something else that the system says.
    #[error("no connection to `{endpoint}`: {reason}")]
    Failed {
        /// Who was to be asked.
        endpoint: String,
        /// What the system said.
        reason: String,
    },
}

impl DialError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not-found",
            Self::PermissionDenied { .. } => "permission-denied",
            Self::Refused { .. } => "connection-refused",
            Self::NotResolved { .. } => "name-not-resolved",
            Self::Unreachable { .. } => "host-unreachable",
            Self::Timeout { .. } => "connect-timeout",
            Self::Failed { .. } => "connect-failed",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let unix = |endpoint: &str| endpoint.strip_prefix("unix://").map(str::to_owned);
        Some(match self {
            Self::NotFound { endpoint } => {
                let path = unix(endpoint).unwrap_or_default();
                format!(
                    "is HAProxy running, and does its `global` section hold `stats socket {path} mode 660 level admin`? With `chroot` the path stays outside of it; in a container the socket's folder must be mounted"
                )
            }
            Self::PermissionDenied { endpoint } => {
                let path = unix(endpoint).unwrap_or_default();
                format!(
                    "`ls -l {path}` shows the socket's group, most often `haproxy`: with mode 660 its members may use it, so add the user that runs this server (`sudo usermod -aG haproxy USER`), log in again and check with `id`; each folder of the path must be open to that user as well"
                )
            }
            Self::Refused { endpoint } => match unix(endpoint) {
                Some(path) => format!(
                    "the file is there and nobody serves it: HAProxy is not running, or its `stats socket` is another one than `{path}`"
                ),
                None => {
                    "is HAProxy running, and does its `global` section hold a `stats socket ipv4@127.0.0.1:PORT level admin` with this port?".to_owned()
                }
            },
            Self::NotResolved { .. } => {
                "see whether the name is right and resolves on this machine (`getent hosts NAME`), or give an address"
                    .to_owned()
            }
            Self::Unreachable { .. } => {
                "see whether this machine has a route to that address (`ip route get ADDRESS`)".to_owned()
            }
            Self::Timeout { .. } => {
                "is a firewall in the way, or is HAProxy too busy to take connections?".to_owned()
            }
            Self::Failed { .. } => return None,
        })
    }

    /// Whether it may be over in a moment: a reload or a restart replaces the socket.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Refused { .. })
    }

    fn from_io(endpoint: &Endpoint, error: &io::Error) -> Self {
        let endpoint = endpoint.to_string();
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound { endpoint },
            ErrorKind::PermissionDenied => Self::PermissionDenied { endpoint },
            ErrorKind::ConnectionRefused => Self::Refused { endpoint },
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => Self::Unreachable {
                endpoint,
                reason: error.to_string(),
            },
            _ => Self::Failed {
                endpoint,
                reason: error.to_string(),
            },
        }
    }
}

/// Connects to `endpoint`, at most `within` that time and never beyond `deadline`.
pub(super) async fn connect(
    endpoint: &Endpoint,
    within: Duration,
    deadline: Instant,
) -> Result<Connection, DialError> {
    let begun = Instant::now();
    let until = deadline.min(begun + within);
    let connected = timeout_at(until, async {
        match endpoint {
            Endpoint::Unix(path) => unix(endpoint, path).await,
            Endpoint::Tcp { host, port, family } => {
                let addresses = resolve(endpoint, host, *port, *family).await?;
                tcp(endpoint, &addresses, until).await
            }
        }
    });
    connected.await.unwrap_or_else(|_| {
        Err(DialError::Timeout {
            endpoint: endpoint.to_string(),
            after: until - begun,
        })
    })
}

pub(super) async fn unix(endpoint: &Endpoint, path: &Path) -> Result<Connection, DialError> {
    loop {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that opens sockets"
        )]
        let connected = UnixStream::connect(path).await;
        match connected {
            Ok(stream) => return Ok(Connection(Transport::Unix(stream))),
            // unix(7): EAGAIN when the queue of the listening socket is full.
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(QUEUE_RETRY).await,
            Err(error) => return Err(DialError::from_io(endpoint, &error)),
        }
    }
}

pub(super) async fn resolve(
    endpoint: &Endpoint,
    host: &str,
    port: u16,
    family: AddressFamily,
) -> Result<Vec<SocketAddr>, DialError> {
    let not_resolved = |reason: String| DialError::NotResolved {
        endpoint: endpoint.to_string(),
        reason,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that resolves names"
    )]
    let found = tokio::net::lookup_host((host, port)).await;
    let found = found.map_err(|error| not_resolved(error.to_string()))?;
    let wanted: Vec<SocketAddr> = found
        .filter(|address| match family {
            AddressFamily::Any => true,
            AddressFamily::V4 => address.is_ipv4(),
            AddressFamily::V6 => address.is_ipv6(),
        })
        .collect();
    if wanted.is_empty() {
        let name = match family {
            AddressFamily::Any => "no address",
            AddressFamily::V4 => "no IPv4 address",
            AddressFamily::V6 => "no IPv6 address",
        };
        return Err(not_resolved(name.to_owned()));
    }
    Ok(wanted)
}

/// The first address that takes the connection; each gets its share of the time that is left, so that one that does
/// not answer leaves some for the next.
pub(super) async fn tcp(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<Connection, DialError> {
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let begun = Instant::now();
        let share = until.saturating_duration_since(begun) / left;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that opens sockets"
        )]
        let connecting = TcpStream::connect(address);
        let error = match timeout_at(begun + share, connecting).await {
            // One small line goes out: it must not wait for more.
            Ok(Ok(stream)) => match stream.set_nodelay(true) {
                Ok(()) => return Ok(Connection(Transport::Tcp(stream))),
                Err(error) => DialError::from_io(endpoint, &error),
            },
            Ok(Err(error)) => DialError::from_io(endpoint, &error),
            Err(_) => DialError::Timeout {
                endpoint: endpoint.to_string(),
                after: share,
            },
        };
        // An address that refuses says more than one that this machine cannot reach at all.
        if !matches!((&last, &error), (Some(_), DialError::Unreachable { .. })) {
            last = Some(error);
        }
    }
    Err(last.unwrap_or_else(|| DialError::NotResolved {
        endpoint: endpoint.to_string(),
        reason: "no address".to_owned(),
    }))
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Transport::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Transport::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Transport::Unix(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tcp(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Transport::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that runs as root is refused nothing, so that the mapping is tested by itself.
    #[test]
    fn what_the_system_says_is_told_apart() {
        let endpoint = Endpoint::Unix("/run/haproxy/admin.sock".into());
        for (errno, code) in [
            (2, "not-found"),
            (13, "permission-denied"),
            (1, "permission-denied"),
            (111, "connection-refused"),
            (113, "host-unreachable"),
            (101, "host-unreachable"),
            (99, "host-unreachable"),
            (24, "connect-failed"),
        ] {
            let error = DialError::from_io(&endpoint, &io::Error::from_raw_os_error(errno));
            assert_eq!(error.code(), code, "errno {errno}: {error}");
        }
    }
}
