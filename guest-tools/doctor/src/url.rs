//! The address of a page, taken apart as far as it matters here.

/// `scheme://host:port/path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    pub(crate) tls: bool,
    /// As it is written; an IPv6 address in its brackets.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
}

impl<'a> Address<'a> {
    /// Reads one; none where it is no such address.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let usual = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            // the colon of an IPv6 address without a port
            Some((_, port)) if port.ends_with(']') => (authority, usual),
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, usual),
        };
        Some(Self {
            tls,
            host,
            port,
            path,
        })
    }

    /// Whether both are of one scheme, host and port.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.tls, self.host, self.port) == (other.tls, other.host, other.port)
    }

    /// The same server, with another path, and with or without TLS.
    pub(crate) fn with(&self, tls: bool, path: &str) -> String {
        let scheme = if tls { "https" } else { "http" };
        format!("{scheme}://{}:{}{path}", self.host, self.port)
    }
}
