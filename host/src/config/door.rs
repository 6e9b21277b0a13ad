//! Which door leads to HAProxy, when several settings may name one.
//!
//! A door is named by `runtime_url`, by `runtime_socket`, or by `host` and `port`:
//!
//! 1. The strongest source that names one decides: flags, then environment, then file.
//! 2. Within one source the URL comes before the socket, and the socket before host and port. A URL and a socket that
//!    differ are refused.
//! 3. `runtime_mode` rules out doors of the other kind in its own source and in weaker ones, but never a URL of its own
//!    source: `unix` leaves sockets, `tcp`, `tcp4` and `tcp6` leave host and port. (The existing server's container
//!    image always sets `tcp4`, and its URL overrides that.)
//! 4. `host` and `port` are separate settings: one may come from a flag and the other from the file.
//! 5. `tcp4` and `tcp6` restrict how `host` is resolved; a URL only if it comes from a weaker source than the mode.
//! 6. Where nothing of this is set: the master socket if there is one. Without that, too, no Runtime API is named: there
//!    is none if a page is named, and the one at `127.0.0.1:9999` otherwise.

use super::value::{self, Mode};
use super::written::{Layers, Read};
use super::{ConfigError, Setting, Written, shown};
use crate::haproxy::endpoint::{AddressFamily, Door, Endpoint};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// Port of the Runtime API where none is set: the one of the existing server and of most examples.
const DEFAULT_PORT: u16 = 9999;

/// What the settings say about doors, each from the strongest source that says it.
struct Said<'a> {
    mode: Option<Read<'a, Mode>>,
    url: Option<Read<'a, Endpoint>>,
    socket: Option<Read<'a, PathBuf>>,
    host: Option<Read<'a, String>>,
    port: Option<Read<'a, u16>>,
}

/// The door for commands, where one is named. The master socket is a door for them only where no other is named.
pub(super) fn named(
    layers: &Layers,
    master: Option<&Endpoint>,
) -> Result<Option<Door>, ConfigError> {
    let said = Said {
        mode: layers.read(Setting::RuntimeMode, value::mode)?,
        url: layers.read(Setting::RuntimeUrl, value::url)?,
        socket: layers.read(Setting::RuntimeSocket, value::socket)?,
        host: layers.read(Setting::Host, value::host)?,
        port: layers.read(Setting::Port, value::port)?,
    };
    Ok(match (said.endpoint()?, master) {
        (Some(endpoint), _) => Some(Door {
            endpoint,
            master: false,
        }),
        (None, Some(master)) => Some(Door {
            endpoint: master.clone(),
            master: true,
        }),
        (None, None) => None,
    })
}

/// The door for commands where nothing is named at all.
pub(super) fn usual() -> Door {
    Door {
        endpoint: Endpoint::Tcp {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: DEFAULT_PORT,
            family: AddressFamily::Any,
        },
        master: false,
    }
}

impl Said<'_> {
    /// The door that is named, if one is.
    fn endpoint(&self) -> Result<Option<Endpoint>, ConfigError> {
        let mode = self.mode.as_ref().map(|mode| (mode.rank, mode.value));
        let url = self.url.as_ref().filter(|url| match (mode, &url.value) {
            (Some((rank, Mode::Unix)), Endpoint::Tcp { .. })
            | (Some((rank, Mode::Tcp(_))), Endpoint::Unix(_)) => rank <= url.rank,
            _ => true,
        });
        let socket = self
            .socket
            .as_ref()
            .filter(|socket| !matches!(mode, Some((rank, Mode::Tcp(_))) if rank >= socket.rank));
        let address_rank = self
            .host
            .as_ref()
            .map(|host| host.rank)
            .max(self.port.as_ref().map(|port| port.rank));
        let address_rank = address_rank
            .filter(|address| !matches!(mode, Some((rank, Mode::Unix)) if rank >= *address));

        let strongest = url
            .map(|url| url.rank)
            .max(socket.map(|socket| socket.rank))
            .max(address_rank);
        let Some(strongest) = strongest else {
            return match &self.mode {
                None => Ok(None),
                Some(Read {
                    value: Mode::Tcp(_),
                    ..
                }) => self.address().map(Some),
                Some(mode) => Err(ConfigError::SocketMissing {
                    origin: mode.written.origin.clone(),
                }),
            };
        };
        let url = url.filter(|url| url.rank == strongest);
        let socket = socket.filter(|socket| socket.rank == strongest);
        match (url, socket) {
            (Some(url), Some(socket)) if url.value != Endpoint::Unix(socket.value.clone()) => {
                Err(ConfigError::two_doors(url.written, socket.written))
            }
            (Some(url), _) => self.with_family(url).map(Some),
            (None, Some(socket)) => Ok(Some(Endpoint::Unix(socket.value.clone()))),
            (None, None) => self.address().map(Some),
        }
    }

    /// A URL, under the mode of a stronger source: `tcp` leaves the URL's own family.
    fn with_family(&self, url: &Read<'_, Endpoint>) -> Result<Endpoint, ConfigError> {
        match (&url.value, &self.mode) {
            (Endpoint::Tcp { host, port, family }, Some(mode)) if mode.rank > url.rank => {
                let family = match self.family_for(host, url.written)? {
                    AddressFamily::Any => *family,
                    asked => asked,
                };
                Ok(Endpoint::Tcp {
                    host: host.clone(),
                    port: *port,
                    family,
                })
            }
            (endpoint, _) => Ok(endpoint.clone()),
        }
    }

    /// Host and port, each with its default.
    fn address(&self) -> Result<Endpoint, ConfigError> {
        let port = self.port.as_ref().map_or(DEFAULT_PORT, |port| port.value);
        if let Some(host) = &self.host {
            let family = self.family_for(&host.value, host.written)?;
            return Ok(Endpoint::Tcp {
                host: host.value.clone(),
                port,
                family,
            });
        }
        let (host, family) = match self.mode.as_ref().map(|mode| mode.value) {
            Some(Mode::Tcp(AddressFamily::V6)) => {
                (Ipv6Addr::LOCALHOST.to_string(), AddressFamily::V6)
            }
            Some(Mode::Tcp(family)) => (Ipv4Addr::LOCALHOST.to_string(), family),
            Some(Mode::Unix) | None => (Ipv4Addr::LOCALHOST.to_string(), AddressFamily::Any),
        };
        Ok(Endpoint::Tcp { host, port, family })
    }

    /// The family that the mode asks for, unless `host` is an address of the other one.
    fn family_for(&self, host: &str, written: &Written) -> Result<AddressFamily, ConfigError> {
        let Some(Read {
            value: Mode::Tcp(family),
            written: mode,
            ..
        }) = &self.mode
        else {
            return Ok(AddressFamily::Any);
        };
        match value::family_of(host) {
            Some(actual) if *family != AddressFamily::Any && actual != *family => {
                Err(ConfigError::FamilyExcluded {
                    host_origin: written.origin.clone(),
                    mode_origin: mode.origin.clone(),
                    shown: shown::shown(&written.text),
                })
            }
            _ => Ok(*family),
        }
    }
}
