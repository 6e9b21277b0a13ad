//! Where HAProxy listens for commands.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// Longest path of a Unix socket, in bytes: `sun_path` of unix(7) has room for 108 with its final NUL.
pub const SOCKET_PATH_BYTES: usize = 107;

/// An address of HAProxy's Runtime API.
///
/// Written as `unix:///path`, `tcp://host:port`, `tcp4://host:port` or `tcp6://host:port`; an IPv6 address stands
/// in brackets. [`Display`](fmt::Display) writes the same form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP port.
    Tcp {
        /// A name, an IPv4 address, or an IPv6 address without brackets.
        host: String,
        /// 1 to 65,535.
        port: u16,
        /// Which of the name's addresses to use.
        family: AddressFamily,
    },
}

/// Which addresses of a name to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AddressFamily {
    /// All of them, in the resolver's order.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// A socket that takes commands, and what kind of socket it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Door {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Whether it is the master's (`haproxy -S`): commands for the worker then go through `@1`.
    pub master: bool,
}

/// Why a text is no [`Endpoint`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EndpointError {
    /// It begins with none of the known schemes.
    #[error("not an address of HAProxy: `{0}`")]
    Scheme(String),
    /// The path of a Unix socket is not absolute.
    #[error("the path of a Unix socket must be absolute: `{0}`")]
    RelativePath(String),
    /// The path of a Unix socket has more than [`SOCKET_PATH_BYTES`].
    #[error("the path of a Unix socket is longer than {SOCKET_PATH_BYTES} bytes: `{0}`")]
    LongPath(String),
    /// The path of a Unix socket holds a NUL.
    #[error("the path of a Unix socket holds a NUL character")]
    NulInPath,
    /// There is no host, or it holds a character that no host has.
    #[error("not a host: `{0}`")]
    Host(String),
    /// There is no port from 1 to 65,535.
    #[error("not a port: `{0}`")]
    Port(String),
    /// An IPv6 address without brackets, which leaves open where the port begins.
    #[error("an IPv6 address needs brackets: `{0}`")]
    Brackets(String),
}

impl EndpointError {
    /// The form that is accepted.
    pub fn hint(&self) -> String {
        match self {
            Self::Scheme(_) => {
                "write `unix:///path`, `tcp://host:port`, `tcp4://host:port` or `tcp6://host:port`"
            }
            Self::RelativePath(_) | Self::LongPath(_) | Self::NulInPath => {
                "write `unix:///path`, for example `unix:///run/haproxy/admin.sock`"
            }
            Self::Host(_) | Self::Port(_) => {
                "write `tcp://host:port`, for example `tcp://127.0.0.1:9999`"
            }
            Self::Brackets(_) => "write `tcp://[address]:port`, for example `tcp://[::1]:9999`",
        }
        .to_owned()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some(path) = text.strip_prefix("unix://") {
            return socket(path).map(Self::Unix);
        }
        let (rest, family) = [
            ("tcp://", AddressFamily::Any),
            ("tcp4://", AddressFamily::V4),
            ("tcp6://", AddressFamily::V6),
        ]
        .into_iter()
        .find_map(|(scheme, family)| Some((text.strip_prefix(scheme)?, family)))
        .ok_or_else(|| EndpointError::Scheme(text.to_owned()))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = host_and_port(rest)?;
        Ok(Self::Tcp { host, port, family })
    }
}

/// The path of a Unix socket, checked.
fn socket(path: &str) -> Result<PathBuf, EndpointError> {
    if path.contains('\0') {
        return Err(EndpointError::NulInPath);
    }
    if !Path::new(path).is_absolute() {
        return Err(EndpointError::RelativePath(path.to_owned()));
    }
    if path.len() > SOCKET_PATH_BYTES {
        return Err(EndpointError::LongPath(path.to_owned()));
    }
    Ok(PathBuf::from(path))
}

fn host_and_port(text: &str) -> Result<(String, u16), EndpointError> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, port) = bracketed
            .split_once(']')
            .ok_or_else(|| EndpointError::Host(text.to_owned()))?;
        let address = host
            .split_once('%')
            .map_or(host, |(address, _zone)| address);
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(EndpointError::Host(host.to_owned()));
        }
        let port = port
            .strip_prefix(':')
            .ok_or_else(|| EndpointError::Port(port.to_owned()))?;
        (host, port)
    } else {
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| EndpointError::Port(String::new()))?;
        if host.contains(':') {
            return Err(EndpointError::Brackets(text.to_owned()));
        }
        (host, port)
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    if host.is_empty() || !host.bytes().all(allowed) {
        return Err(EndpointError::Host(host.to_owned()));
    }
    // Digits only: `u16::from_str` would take `+80` too.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number) if digits && number != 0 => Ok((host.to_owned(), number)),
        _ => Err(EndpointError::Port(port.to_owned())),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, family } => {
                let scheme = match family {
                    AddressFamily::Any => "tcp",
                    AddressFamily::V4 => "tcp4",
                    AddressFamily::V6 => "tcp6",
                };
                if host.contains(':') {
                    write!(f, "{scheme}://[{host}]:{port}")
                } else {
                    write!(f, "{scheme}://{host}:{port}")
                }
            }
        }
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.master { " (the master's)" } else { "" };
        write!(f, "{}{kind}", self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn tcp(host: &str, port: u16, family: AddressFamily) -> Endpoint {
        Endpoint::Tcp {
            host: host.to_owned(),
            port,
            family,
        }
    }

    #[test]
    fn each_form_is_read() {
        for (text, endpoint) in [
            (
                "unix:///run/a b.sock",
                Endpoint::Unix("/run/a b.sock".into()),
            ),
            ("tcp://lb:9999", tcp("lb", 9999, AddressFamily::Any)),
            ("tcp4://127.0.0.1:1", tcp("127.0.0.1", 1, AddressFamily::V4)),
            ("tcp6://[::1]:65535", tcp("::1", 65535, AddressFamily::V6)),
            (
                "tcp://[fe80::1%eth0]:9999",
                tcp("fe80::1%eth0", 9999, AddressFamily::Any),
            ),
        ] {
            assert_eq!(text.parse(), Ok(endpoint.clone()), "{text}");
            assert_eq!(endpoint.to_string(), text);
        }
        assert_eq!(
            "tcp://lb:9999/".parse(),
            Ok(tcp("lb", 9999, AddressFamily::Any))
        );
    }

    #[test]
    fn each_error_is_told_apart() {
        let long = format!("unix:///{}", "s".repeat(SOCKET_PATH_BYTES));
        for (text, error) in [
            ("", EndpointError::Scheme(String::new())),
            ("lb:9999", EndpointError::Scheme("lb:9999".into())),
            (
                "http://lb:9999",
                EndpointError::Scheme("http://lb:9999".into()),
            ),
            ("unix://run/a", EndpointError::RelativePath("run/a".into())),
            ("unix://", EndpointError::RelativePath(String::new())),
            (
                &long,
                EndpointError::LongPath(long["unix://".len()..].to_owned()),
            ),
            ("unix:///a\0b", EndpointError::NulInPath),
            ("tcp://:9999", EndpointError::Host(String::new())),
            ("tcp://a@lb:9999", EndpointError::Host("a@lb".into())),
            ("tcp://[lb]:9999", EndpointError::Host("lb".into())),
            ("tcp://[::1:9999", EndpointError::Host("[::1:9999".into())),
            ("tcp://::1:9999", EndpointError::Brackets("::1:9999".into())),
            ("tcp://lb", EndpointError::Port(String::new())),
            ("tcp://lb:0", EndpointError::Port("0".into())),
            ("tcp://lb:+80", EndpointError::Port("+80".into())),
            ("tcp://lb:65536", EndpointError::Port("65536".into())),
            ("tcp://[::1]", EndpointError::Port(String::new())),
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(error), "{text}");
        }
    }

    #[test]
    fn each_hint_shows_forms_that_are_read() {
        for error in [
            EndpointError::NulInPath,
            EndpointError::Port(String::new()),
            EndpointError::Brackets(String::new()),
        ] {
            let hint = error.hint();
            let example = hint.split('`').rev().nth(1).unwrap();
            assert!(example.parse::<Endpoint>().is_ok(), "{hint}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            for scheme in ["", "unix://", "tcp://", "tcp6://["] {
                let _ = format!("{scheme}{text}").parse::<Endpoint>();
            }
        }

        #[test]
        fn what_is_read_is_written_again(text in "(tcp|tcp4|tcp6)://([a-z0-9.]{1,9}|\\[::[0-9a-f]{1,4}\\]):[0-9]{1,5}") {
            if let Ok(endpoint) = text.parse::<Endpoint>() {
                prop_assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
            }
        }
    }
}
