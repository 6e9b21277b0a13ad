//! Addresses of `bind` and `stats socket`: who can reach what listens there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// A Unix socket in the file system: who its mode allows.
    Path,
    /// A Unix socket without a file: all that run on this machine.
    Abstract,
    /// All that run on this machine.
    Loopback,
    /// It is not in the configuration: a variable, a descriptor that HAProxy inherits, a name.
    Unknown,
    /// Other machines.
    Network,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    pub(crate) reach: Reach,
    /// As it is written, without its family.
    pub(crate) text: &'a str,
    /// Behind the last colon, where it has one.
    pub(crate) port: Option<&'a str>,
    /// Whether it speaks QUIC, and so TLS.
    pub(crate) quic: bool,
}

/// The addresses of a word, with commas between them. `expands` says that there is a variable in it.
pub(crate) fn addresses(word: &str, expands: bool) -> impl Iterator<Item = Address<'_>> {
    word.split(',').map(move |text| address(text, expands))
}

fn address(text: &str, expands: bool) -> Address<'_> {
    let (family, rest) = text.split_once('@').unwrap_or(("", text));
    let port = rest.rsplit_once(':').map(|(_, port)| port);
    let reach = match family {
        _ if expands && text.contains('$') => Reach::Unknown,
        "unix" | "uxst" | "uxdg" => Reach::Path,
        "abns" | "abnsz" => Reach::Abstract,
        "" if rest.starts_with('/') => Reach::Path,
        "" | "ipv4" | "ipv6" | "tcp" | "tcp4" | "tcp6" | "mptcp" | "mptcp4" | "mptcp6" | "udp"
        | "udp4" | "udp6" | "quic4" | "quic6" => host(rest),
        _ => Reach::Unknown,
    };
    Address {
        reach,
        text: rest,
        port: port.filter(|_| matches!(reach, Reach::Loopback | Reach::Network)),
        quic: matches!(family, "quic4" | "quic6"),
    }
}

fn host(text: &str) -> Reach {
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match host {
        "" | "*" => return Reach::Network,
        "localhost" => return Reach::Loopback,
        _ => {}
    }
    // an interface behind the address
    let host = host.split('%').next().unwrap_or(host);
    match host.parse::<IpAddr>() {
        Ok(ip) if is_loopback(ip) => Reach::Loopback,
        Ok(_) => Reach::Network,
        Err(_) => Reach::Unknown,
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
    }
}

/// Whether a network, `127.0.0.0/8`, has no address but those of this machine.
pub(crate) fn is_local_network(text: &str) -> bool {
    let (ip, bits) = text.split_once('/').unwrap_or((text, ""));
    match ip.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) if bits == "8" => ip == Ipv4Addr::new(127, 0, 0, 0) || ip.is_loopback(),
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() && bits.parse::<u8>().map_or(bits.is_empty(), |bits| bits >= 8)
        }
        Ok(IpAddr::V6(ip)) => ip == Ipv6Addr::LOCALHOST && matches!(bits, "" | "128"),
        Err(_) => text == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_reach_an_address_is_told_from_its_form() {
        for (text, reach) in [
            ("*:9999", Reach::Network),
            (":9999", Reach::Network),
            ("0.0.0.0:9999", Reach::Network),
            (":::9999", Reach::Network),
            ("[::]:9999", Reach::Network),
            ("ipv6@:::9999", Reach::Network),
            ("ipv4@*:9999", Reach::Network),
            ("192.0.2.1:80", Reach::Network),
            ("tcp6@2001:db8::1:80", Reach::Network),
            ("quic4@:443", Reach::Network),
            ("127.0.0.1:9999", Reach::Loopback),
            ("127.1.2.3:1-5", Reach::Loopback),
            ("::1:9999", Reach::Loopback),
            ("[::1]:9999", Reach::Loopback),
            ("ipv6@[::1]:9999", Reach::Loopback),
            ("::ffff:127.0.0.1:9999", Reach::Loopback),
            ("localhost:9999", Reach::Loopback),
            ("/run/haproxy/admin.sock", Reach::Path),
            ("unix@admin.sock", Reach::Path),
            ("abns@x:80", Reach::Abstract),
            ("abnsz@x", Reach::Abstract),
            ("fd@3", Reach::Unknown),
            ("sockpair@5", Reach::Unknown),
            ("rhttp@be/srv", Reach::Unknown),
            ("web.example.test:80", Reach::Unknown),
        ] {
            let found: Vec<Reach> = addresses(text, false)
                .map(|address| address.reach)
                .collect();
            assert_eq!(found, [reach], "{text}");
        }
    }

    #[test]
    fn several_addresses_stand_between_commas() {
        let found: Vec<(Reach, Option<&str>, bool)> =
            addresses("127.0.0.1:80,/x.sock,quic6@:::443", false)
                .map(|address| (address.reach, address.port, address.quic))
                .collect();
        assert_eq!(
            found,
            [
                (Reach::Loopback, Some("80"), false),
                (Reach::Path, None, false),
                (Reach::Network, Some("443"), true)
            ]
        );
    }

    #[test]
    fn a_variable_hides_the_address() {
        assert!(addresses("${ADDR}:80", true).all(|address| address.reach == Reach::Unknown));
        assert!(
            addresses("$ADDR:80,127.0.0.1:80", true)
                .any(|address| address.reach == Reach::Loopback)
        );
    }

    #[test]
    fn networks_of_this_machine_are_known() {
        for (text, local) in [
            ("127.0.0.1", true),
            ("127.0.0.0/8", true),
            ("127.0.0.1/32", true),
            ("::1", true),
            ("::1/128", true),
            ("localhost", true),
            ("127.0.0.0/4", false),
            ("0.0.0.0/0", false),
            ("10.0.0.0/8", false),
            ("::/0", false),
            ("app", false),
        ] {
            assert_eq!(is_local_network(text), local, "{text}");
        }
    }
}
