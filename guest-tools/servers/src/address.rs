//! `set_server_addr`, and what an address is: an IP address and a port, never a name.

use std::net::{IpAddr, SocketAddr};

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Named, SET_SERVER};
use crate::seen::{Seen, made};

/// An address as the arguments have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) ip: IpAddr,
    pub(crate) port: Option<u16>,
}

impl Address {
    /// From `addr` (`192.0.2.7`, `192.0.2.7:8080`, `2001:db8::7`, `[2001:db8::7]:8080`) and `port`.
    pub(crate) fn read(addr: &str, port: Option<u16>) -> Result<Self, Failure> {
        let address = if let Ok(socket) = addr.parse::<SocketAddr>() {
            if let SocketAddr::V6(socket) = socket
                && socket.scope_id() != 0
            {
                return Err(no_address(addr));
            }
            Self {
                ip: socket.ip(),
                port: Some(socket.port()),
            }
        } else {
            let bare = addr
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .unwrap_or(addr);
            Self {
                ip: bare.parse().map_err(|_| no_address(addr))?,
                port: None,
            }
        };
        if address.ip.is_unspecified() {
            return Err(wrong(
                "/addr",
                format!("`addr` is no address of a server: `{addr}`"),
                "give the address at which the server is reached",
            ));
        }
        let port = match (address.port, port) {
            (Some(0), _) | (None, Some(0)) => {
                return Err(wrong(
                    "/port",
                    "a server cannot be reached at port 0".to_owned(),
                    "give the port at which the server listens",
                ));
            }
            (Some(one), Some(other)) if one != other => {
                return Err(wrong(
                    "/port",
                    format!("`addr` has another port than `port`: {one} and {other}"),
                    "leave one of them out",
                ));
            }
            (one, other) => one.or(other),
        };
        Ok(Self { port, ..address })
    }

    /// The same with a port, which must be there.
    pub(crate) fn with_port(addr: &str, port: Option<u16>) -> Result<SocketAddr, Failure> {
        let address = Self::read(addr, port)?;
        let port = address.port.ok_or_else(|| {
            wrong(
                "/port",
                format!("the address has no port: `{addr}`"),
                "give `port`, or the port behind the address: `192.0.2.7:8080`, `[2001:db8::7]:8080`",
            )
        })?;
        Ok(SocketAddr::new(address.ip, port))
    }
}

fn no_address(addr: &str) -> Failure {
    wrong(
        "/addr",
        format!("`addr` is not an IP address: `{addr}`"),
        "give an IPv4 or IPv6 address such as `192.0.2.7` or `2001:db8::7`, with brackets where a port follows: \
         `[2001:db8::7]:8080`; names are not taken here, set_server_fqdn changes the name of a server that has one",
    )
}

fn wrong(pointer: &str, message: String, hint: &str) -> Failure {
    Failure::invalid_argument(message)
        .hint(hint)
        .argument(pointer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    addr: String,
    port: Option<u16>,
}

/// Where a server is.
#[derive(Clone, PartialEq, Serialize)]
struct Place {
    /// None where it has none, or one of another kind.
    addr: Option<IpAddr>,
    port: u64,
}

impl From<Seen> for Place {
    fn from(seen: Seen) -> Self {
        Self {
            addr: seen.addr,
            port: seen.port,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.addr {
            None => write!(f, "no address, port {}", self.port),
            Some(IpAddr::V4(ip)) => write!(f, "{ip}:{}", self.port),
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
        }
    }
}

pub(crate) fn set_server_addr(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        addr,
        port,
    } = call.arguments()?;
    let address = Address::read(&addr, port)?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let (ip, port) = (
        address.ip.to_string(),
        address.port.map(|port| port.to_string()),
    );
    let change = made(
        call,
        || Ok(Place::from(named.seen(&instance)?)),
        |_| {
            let mut words = vec!["addr", &ip];
            if let Some(port) = &port {
                words.extend(["port", port]);
            }
            named.ask(&instance, &SET_SERVER, &words).map(drop)
        },
        |after| {
            after.addr == Some(address.ip)
                && address
                    .port
                    .is_none_or(|port| after.port == u64::from(port))
        },
        &format!("address of `{path}`"),
    )?;
    let line = format!("{path}: {} → {}", change.before, change.after);
    Ok(Outcome::of(&named.answer(change))?.text(line))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_either_family_with_or_without_a_port() {
        for (addr, port, read) in [
            ("192.0.2.7", None, ("192.0.2.7", None)),
            ("192.0.2.7", Some(80), ("192.0.2.7", Some(80))),
            ("192.0.2.7:8080", None, ("192.0.2.7", Some(8080))),
            ("192.0.2.7:80", Some(80), ("192.0.2.7", Some(80))),
            ("2001:db8::7", None, ("2001:db8::7", None)),
            // without brackets the last part belongs to the address
            ("2001:db8::7:80", Some(81), ("2001:db8::7:80", Some(81))),
            ("[2001:db8::7]", Some(80), ("2001:db8::7", Some(80))),
            ("[2001:db8::7]:80", None, ("2001:db8::7", Some(80))),
        ] {
            let address = Address::read(addr, port).unwrap();
            assert_eq!(
                (address.ip, address.port),
                (read.0.parse().unwrap(), read.1),
                "{addr}"
            );
        }
    }

    #[test]
    fn names_and_other_things_are_no_addresses() {
        for addr in [
            "help",
            "localhost",
            "localhost:80",
            "192.0.2",
            "192.0.2.7:",
            "192.0.2.7:+1",
            "192.0.2.7:70000",
            "",
            " 192.0.2.7",
            "192.0.2.07",
            "0300.0.2.7",
            "unix@/run/s",
            "/run/s",
            "ipv4@192.0.2.7",
            "[2001:db8::7",
            "2001:db8::7]:80",
            "[192.0.2.7]:80",
            "fe80::1%eth0",
            "[fe80::1%3]:80",
            "192.0.2.7:0",
            "0.0.0.0",
            "::",
            "0.0.0.0:80",
        ] {
            assert!(Address::read(addr, None).is_err(), "{addr}");
        }
        assert!(Address::read("192.0.2.7", Some(0)).is_err());
        assert!(Address::read("192.0.2.7:80", Some(81)).is_err());
        assert!(Address::with_port("192.0.2.7", None).is_err());
        assert!(Address::with_port("2001:db8::7:80", None).is_err());
        assert_eq!(
            Address::with_port("2001:db8::7", Some(80))
                .unwrap()
                .to_string(),
            "[2001:db8::7]:80"
        );
    }
}
