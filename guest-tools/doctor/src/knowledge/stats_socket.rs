//! `stats socket` lines.

use haproxy_configuration::{Setting, Words};

use super::Place;
use super::bind::{port_of, reached};

/// The level of a stats socket where none is set (Configuration Manual, `level`).
const DEFAULT_LEVEL: &str = "operator";

/// A `stats socket` line.
#[derive(Debug, Clone)]
pub(crate) struct StatsSocket {
    pub(crate) place: Place,
    /// The line as it is written.
    pub(crate) text: String,
    pub(crate) address: SocketAddress,
    pub(crate) level: String,
    words: Vec<String>,
}

/// Where a stats socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocketAddress {
    /// A path.
    Unix(String),
    /// A port, of all addresses where there is no host.
    Tcp { host: String, port: u16 },
    /// An abstract socket, an inherited descriptor, or what stands in a variable.
    Other(String),
}

impl StatsSocket {
    pub(super) fn of(setting: &Setting<'_, '_>) -> Self {
        let words = &setting.words;
        Self {
            place: Place::of_setting(setting),
            text: setting.statement.text().into_owned(),
            address: SocketAddress::of(words),
            level: words.value("level", 3).unwrap_or(DEFAULT_LEVEL).to_owned(),
            words: words.iter().map(str::to_owned).collect(),
        }
    }

    /// The same line with this value of a keyword.
    pub(crate) fn with(&self, keyword: &str, value: &str) -> String {
        self.with_all(&[(keyword, value)])
    }

    /// The same line with these values of keywords.
    pub(crate) fn with_all(&self, values: &[(&str, &str)]) -> String {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        for (keyword, value) in values {
            let behind = words
                .iter()
                .skip(3)
                .position(|word| word == keyword)
                .map(|place| place + 4);
            match behind.and_then(|place| words.get_mut(place)) {
                Some(old) => *old = value,
                None => words.extend([keyword, value]),
            }
        }
        words.join(" ")
    }

    /// Whether the line has this keyword.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        self.words.iter().skip(3).any(|word| word == keyword)
    }

    /// The same line without these keywords and their values.
    pub(crate) fn without(&self, keywords: &[&str]) -> String {
        let mut kept = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if kept.len() > 2 && keywords.contains(&&**word) {
                words.next();
            } else {
                kept.push(&**word);
            }
        }
        kept.join(" ")
    }

    /// How this server would be told of it.
    pub(crate) fn setting(&self) -> Option<String> {
        match &self.address {
            SocketAddress::Unix(path) => Some(format!("HAPROXY_RUNTIME_SOCKET={path}")),
            SocketAddress::Tcp { host, port } => Some(format!(
                "HAPROXY_RUNTIME_URL=tcp://{}:{port}",
                reached(host)
            )),
            SocketAddress::Other(_) => None,
        }
    }
}

impl SocketAddress {
    fn of(words: &Words<'_>) -> Self {
        let text = words.at(2);
        if words.expands(2) {
            return Self::Other(text.to_owned());
        }
        if text.starts_with('/') {
            return Self::Unix(text.to_owned());
        }
        let (family, rest) = text.split_once('@').unwrap_or(("", text));
        match (family, port_of(text)) {
            ("unix" | "uxst", _) => Self::Unix(rest.to_owned()),
            ("" | "ipv4" | "ipv6" | "tcp" | "tcp4" | "tcp6", Some((host, ports))) => Self::Tcp {
                host,
                port: *ports.start(),
            },
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// Paths that are the same on systems that have `/var/run` as a link to `/run`, as all have that use systemd.
pub(super) fn same_path(one: &str, other: &str) -> bool {
    fn short(path: &str) -> &str {
        match path.strip_prefix("/var") {
            Some(rest) if rest.starts_with("/run/") => rest,
            _ => path,
        }
    }
    short(one) == short(other)
}
