//! The key of an entry, checked by the type of its table before HAProxy sees it.
//!
//! HAProxy takes much for a key that is none (measured on 2.6, 3.0, 3.2 and 3.4): 2.6 reads `abc` as the address
//! 0.0.0.0, later versions read it as the integer 0; `-1` and `4294967296` become 4294967295, `10.0.0.1/24` becomes
//! 10.0.0.1. Of tables with binary keys it takes no key at all, but makes an entry out of the refused one (3.0 and
//! later), which is never freed in 3.0.

use std::net::{Ipv4Addr, Ipv6Addr};

use haproxy_mcp_sdk::Failure;
use haproxy_replies::value::unsigned;

/// What keys a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    Ip,
    Ipv6,
    Integer,
    Text,
    Binary,
}

/// Why a text is no key of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the table has IPv4 addresses for keys, and this is none: `{0}`")]
    NoIp(String),
    #[error("the table has IPv6 addresses for keys, and this is none: `{0}`")]
    NoIpv6(String),
    #[error("the table has whole numbers from 0 to 4294967295 for keys, and this is none: `{0}`")]
    NoInteger(String),
    #[error("the table has binary keys, and this is no even number of hexadecimal digits: `{0}`")]
    NoBinary(String),
    #[error("this server does not know such keys: `{0}`")]
    UnknownType(String),
}

impl KeyError {
    fn hint(&self) -> &'static str {
        match self {
            Self::NoIp(_) => "write one address such as 192.0.2.7, without port or prefix length",
            Self::NoIpv6(_) => {
                "write one address such as 2001:db8::7, without brackets, port, prefix length or zone"
            }
            Self::NoInteger(_) => "write decimal digits, without sign or leading zeros",
            Self::NoBinary(_) => "write the bytes as show_table shows them: 0A1B2C",
            Self::UnknownType(_) => "show_table shows the entries of such a table",
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let pointer = if matches!(error, KeyError::UnknownType(_)) {
            "/table"
        } else {
            "/key"
        };
        Self::invalid_argument(error.to_string())
            .hint(error.hint())
            .argument(pointer)
    }
}

impl KeyType {
    /// HAProxy's name for it.
    pub(crate) fn read(name: &str) -> Result<Self, KeyError> {
        match name {
            "ip" => Ok(Self::Ip),
            "ipv6" => Ok(Self::Ipv6),
            "integer" => Ok(Self::Integer),
            "string" => Ok(Self::Text),
            "binary" => Ok(Self::Binary),
            other => Err(KeyError::UnknownType(other.to_owned())),
        }
    }

    /// The key as HAProxy writes it.
    pub(crate) fn key(self, text: &str) -> Result<String, KeyError> {
        let wrong = |error: fn(String) -> KeyError| error(text.to_owned());
        match self {
            Self::Ip => match text.parse::<Ipv4Addr>() {
                Ok(address) => Ok(address.to_string()),
                Err(_) => Err(wrong(KeyError::NoIp)),
            },
            Self::Ipv6 => match (text.parse::<Ipv6Addr>(), text.parse::<Ipv4Addr>()) {
                (Ok(address), _) => Ok(address.to_string()),
                // what such a table has for a client that came by IPv4
                (_, Ok(address)) => Ok(address.to_ipv6_mapped().to_string()),
                _ => Err(wrong(KeyError::NoIpv6)),
            },
            Self::Integer => match unsigned(text.as_bytes()) {
                Some(number) if u32::try_from(number).is_ok() => Ok(number.to_string()),
                _ => Err(wrong(KeyError::NoInteger)),
            },
            Self::Text => Ok(text.to_owned()),
            Self::Binary => {
                let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
                if digits && !text.is_empty() && text.len().is_multiple_of(2) {
                    Ok(text.to_ascii_uppercase())
                } else {
                    Err(wrong(KeyError::NoBinary))
                }
            }
        }
    }

    /// Whether two keys are the same one, of which the first may be written in another way.
    pub(crate) fn same(self, one: &[u8], other: &str) -> bool {
        one == other.as_bytes()
            || std::str::from_utf8(one)
                .ok()
                .and_then(|one| self.key(one).ok())
                .is_some_and(|one| one == other)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_haproxy_writes_them() {
        for (name, text, written) in [
            ("ip", "192.0.2.7", "192.0.2.7"),
            ("ipv6", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("ipv6", "::1", "::1"),
            ("ipv6", "10.0.0.1", "::ffff:10.0.0.1"),
            ("ipv6", "::ffff:10.0.0.1", "::ffff:10.0.0.1"),
            ("integer", "0", "0"),
            ("integer", "4294967295", "4294967295"),
            ("string", " a=b\\é", " a=b\\é"),
            ("binary", "0a1B", "0A1B"),
        ] {
            let kind = KeyType::read(name).unwrap();
            assert_eq!(kind.key(text).as_deref(), Ok(written), "{name}");
            assert!(kind.same(written.as_bytes(), written), "{name}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_advice() {
        for (name, text) in [
            ("ip", "abc"),
            ("ip", ""),
            ("ip", "10.0.0"),
            ("ip", "1"),
            ("ip", "010.0.0.1"),
            ("ip", "10.0.0.1/24"),
            ("ip", "10.0.0.1:80"),
            ("ip", "::ffff:10.0.0.1"),
            ("ip", "2001:db8::1"),
            ("ip", "localhost"),
            ("ipv6", "2001:db8::1/64"),
            ("ipv6", "[2001:db8::1]"),
            ("ipv6", "fe80::1%eth0"),
            ("ipv6", "abc"),
            ("integer", "-1"),
            ("integer", "4294967296"),
            ("integer", "010"),
            ("integer", "0x10"),
            ("integer", "12abc"),
            ("integer", "+1"),
            ("binary", "abc"),
            ("binary", "xy"),
            ("binary", ""),
        ] {
            let error = KeyType::read(name).unwrap().key(text).unwrap_err();
            assert!(error.to_string().ends_with(&format!(": `{text}`")));
            assert!(!error.hint().is_empty());
        }
        assert!(KeyType::read("float").is_err());
    }

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let same = |kind: KeyType, one: &str, other: &str| {
            kind.same(one.as_bytes(), &kind.key(other).unwrap())
        };
        assert!(same(KeyType::Ipv6, "::ffff:10.0.0.1", "10.0.0.1"));
        assert!(same(KeyType::Ipv6, "2001:db8:0::1", "2001:db8::1"));
        assert!(!same(KeyType::Text, "0123456789", "0123456789abc"));
        assert!(!KeyType::Text.same(b"\xc3", "\u{fffd}"));
    }
}
