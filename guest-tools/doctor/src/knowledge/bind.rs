//! What listens: `bind` lines of frontends.

use std::ops::RangeInclusive;

use haproxy_configuration::{Configuration, Modifier, Section};

use super::Place;

/// A port on which a frontend listens.
#[derive(Debug, Clone)]
pub(crate) struct BindAt {
    pub(crate) section: String,
    pub(crate) place: Place,
    tls: bool,
    ports: RangeInclusive<u16>,
    host: String,
    /// Backends that it may send requests to.
    backends: Vec<String>,
}

impl BindAt {
    /// Those of a frontend.
    pub(super) fn all(configuration: &Configuration<'_>, section: &Section<'_>) -> Vec<Self> {
        let backends: Vec<String> = [&["default_backend"][..], &["use_backend"]]
            .into_iter()
            .flat_map(|words| configuration.settings(section, words))
            .map(|setting| format!("backend {}", setting.words.at(1)))
            .collect();
        let mut found = Vec::new();
        for bind in section.lines(&["bind"]) {
            if bind.words.modifier() != Modifier::None || bind.words.expands(1) {
                continue;
            }
            for address in bind.words.at(1).split(',') {
                if let Some((host, ports)) = port_of(address) {
                    found.push(Self {
                        section: section.to_string(),
                        place: Place::of_setting(&bind),
                        tls: bind.words.place("ssl", 2).is_some(),
                        ports,
                        host,
                        backends: backends.clone(),
                    });
                }
            }
        }
        found
    }

    /// Whether it is about this port.
    pub(super) fn has(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// Whether what comes to it may come to this proxy.
    pub(super) fn leads_to(&self, section: &str) -> bool {
        self.section == section || self.backends.iter().any(|name| name == section)
    }

    /// The address of a path behind it, as seen from this machine.
    pub(super) fn address(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!(
            "{scheme}://{}:{}{path}",
            reached(&self.host),
            self.ports.start()
        )
    }
}

/// Host and ports of `ipv4@127.0.0.1:9999`, `*:8404`, `:80-89`, `[::1]:8404`; none of a path.
pub(super) fn port_of(address: &str) -> Option<(String, RangeInclusive<u16>)> {
    let address = match address.split_once('@') {
        Some(("ipv4" | "ipv6" | "tcp" | "tcp4" | "tcp6" | "quic4" | "quic6", rest)) => rest,
        Some(_) => return None,
        None => address,
    };
    if address.starts_with('/') {
        return None;
    }
    let (host, ports) = address.rsplit_once(':')?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    Some((host.trim_matches(['[', ']']).to_owned(), first..=last))
}

/// The host by which what listens on this address is reached from the same machine.
pub(super) fn reached(host: &str) -> String {
    match host {
        "" | "*" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    }
}
