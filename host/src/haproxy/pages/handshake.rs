//! Why there is no trust between us and a page.

use std::path::PathBuf;

use rustls::{AlertDescription, CertificateError, InvalidMessage};
use thiserror::Error;

use super::door::PageDoor;

/// Names of a certificate that a message repeats.
const MAX_NAMES: usize = 10;

/// Why a handshake with a page failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HandshakeError {
    /// Nobody whom we trust has signed its certificate.
    #[error("the certificate of `{url}` is signed by nobody that this server trusts")]
    UnknownAuthority {
        /// The page's address.
        url: String,
        /// Whom we trust; the authorities of the system where there is none.
        ca_file: Option<PathBuf>,
    },
    /// Its certificate is for other hosts.
    #[error("the certificate of `{url}` is for another name than `{host}`: {}", listed(.names))]
    Name {
        /// The page's address.
        url: String,
        /// Who was to be asked.
        host: String,
        /// The names that it holds.
        names: Vec<String>,
    },
    /// Its certificate was valid once.
    #[error("the certificate of `{url}` expired{}", .since.as_ref().map(|since| format!(" on {since}")).unwrap_or_default())]
    Expired {
        /// The page's address.
        url: String,
        /// When that was, in UTC.
        since: Option<String>,
    },
    /// Its certificate is not valid yet.
    #[error("the certificate of `{url}` is not valid{}", .from.as_ref().map_or_else(|| " yet".to_owned(), |from| format!(" before {from}")))]
    NotValidYet {
        /// The page's address.
        url: String,
        /// When it will be, in UTC.
        from: Option<String>,
    },
    /// Its certificate is one that signs others.
    #[error("the certificate of `{url}` is that of an authority (`CA:TRUE`), not that of a host")]
    IsAuthority {
        /// The page's address.
        url: String,
    },
    /// Its certificate is wrong in another way.
    #[error("the certificate of `{url}` is not valid: {reason}")]
    InvalidCertificate {
        /// The page's address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It wants a certificate from us, and none is configured.
    #[error("`{url}` wants a client certificate, and none is configured")]
    ClientRequired {
        /// The page's address.
        url: String,
    },
    /// It does not accept our certificate.
    #[error("`{url}` does not accept the configured client certificate: {reason}")]
    ClientRefused {
        /// The page's address.
        url: String,
        /// What it said.
        reason: String,
    },
    /// It does not speak TLS.
    #[error("what listens at `{url}` does not speak TLS")]
    NotTls {
        /// The page's address.
        url: String,
    },
    /// It does, and no session came about.
    #[error("no TLS session with `{url}`: {reason}")]
    Failed {
        /// The page's address.
        url: String,
        /// What went wrong.
        reason: String,
    },
}

impl HandshakeError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownAuthority { .. } => "certificate-unknown-authority",
            Self::Name { .. } => "certificate-name",
            Self::Expired { .. } => "certificate-expired",
            Self::NotValidYet { .. } => "certificate-not-valid-yet",
            Self::IsAuthority { .. } => "certificate-is-authority",
            Self::InvalidCertificate { .. } => "certificate-invalid",
            Self::ClientRequired { .. } => "client-certificate-required",
            Self::ClientRefused { .. } => "client-certificate-refused",
            Self::NotTls { .. } => "not-tls",
            Self::Failed { .. } => "tls-failed",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownAuthority { ca_file: Some(path), .. } => format!(
                "`{}` does not hold the authority that signed it: `openssl s_client -connect HOST:PORT -showcerts` shows who did. A `crt` file of HAProxy must hold the intermediate certificates as well",
                path.display()
            ),
            Self::UnknownAuthority { ca_file: None, .. } => {
                "name the file of the authority that signed it (in PEM) with `HAPROXY_STATS_CA_FILE`; of a self-signed certificate that is the certificate itself".to_owned()
            }
            Self::Name { .. } => {
                "use one of its names in the address, or have a certificate that names this host as a `subjectAltName`; the subject (`CN`) does not count".to_owned()
            }
            Self::Expired { .. } => {
                "renew it and reload HAProxy; if it was renewed, HAProxy still serves the old one. See also whether the clock of this machine is right".to_owned()
            }
            Self::NotValidYet { .. } => "see whether the clock of this machine is right".to_owned(),
            Self::IsAuthority { .. } => {
                "make one for the host: with `openssl req -x509`, add `-addext basicConstraints=critical,CA:FALSE`".to_owned()
            }
            Self::InvalidCertificate { .. } => {
                "`openssl s_client -connect HOST:PORT` and `openssl x509 -noout -text` show the certificate".to_owned()
            }
            Self::ClientRequired { .. } => {
                "the page's `bind` has `verify required`: name a certificate that its `ca-file` accepts with `HAPROXY_STATS_CLIENT_CERT` and `HAPROXY_STATS_CLIENT_KEY`".to_owned()
            }
            Self::ClientRefused { .. } => {
                "it must be valid, and signed by an authority in the `ca-file` of the page's `bind`".to_owned()
            }
            Self::NotTls { .. } => {
                "write `http://` in the address, or give the page's `bind` the words `ssl crt FILE`".to_owned()
            }
            Self::Failed { .. } => {
                "the page's `bind` may want a client certificate, or allow no TLS that this server speaks (1.2 and 1.3)".to_owned()
            }
        })
    }

    /// What the library's error means.
    pub(super) fn from_tls(door: &PageDoor, error: &rustls::Error) -> Self {
        let url = door.url.to_string();
        match error {
            rustls::Error::InvalidCertificate(error) => Self::from_certificate(door, error),
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
                Self::ClientRequired { url }
            }
            rustls::Error::AlertReceived(alert)
                if door.client.is_some() && is_of_client(*alert) =>
            {
                Self::ClientRefused {
                    url,
                    reason: format!("{alert:?}"),
                }
            }
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                Self::NotTls { url }
            }
            error => Self::Failed {
                url,
                reason: error.to_string(),
            },
        }
    }

    fn from_certificate(door: &PageDoor, error: &CertificateError) -> Self {
        let url = door.url.to_string();
        match error {
            CertificateError::UnknownIssuer => Self::UnknownAuthority {
                url,
                ca_file: door.ca_file.clone(),
            },
            CertificateError::NotValidForName => Self::Name {
                host: host(door),
                url,
                names: Vec::new(),
            },
            CertificateError::NotValidForNameContext { presented, .. } => Self::Name {
                host: host(door),
                url,
                names: presented.iter().map(|name| bare(name)).collect(),
            },
            CertificateError::Expired => Self::Expired { url, since: None },
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired {
                url,
                since: Some(date(not_after.as_secs())),
            },
            CertificateError::NotValidYet => Self::NotValidYet { url, from: None },
            CertificateError::NotValidYetContext { not_before, .. } => Self::NotValidYet {
                url,
                from: Some(date(not_before.as_secs())),
            },
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::IsAuthority { url }
            }
            error => Self::InvalidCertificate {
                url,
                reason: error.to_string(),
            },
        }
    }
}

/// Whether an alert is about our certificate (RFC 8446, section 6.2).
fn is_of_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::HandshakeFailure
    )
}

fn host(door: &PageDoor) -> String {
    door.url.as_url().host_str().unwrap_or_default().to_owned()
}

/// `DnsName("a.example")` → `a.example`.
fn bare(name: &str) -> String {
    let inside = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"').to_owned()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "it holds none".to_owned();
    }
    let mut shown: Vec<String> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > MAX_NAMES {
        shown.push(format!("and {} more", names.len() - MAX_NAMES));
    }
    format!("it holds {}", shown.join(", "))
}

/// Seconds since 1970 as `2026-11-25 00:00 UTC`.
pub(super) fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from the first of March of the year 0, in cycles of 400 years (146,097 days).
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = cycle * 400 + year + later;
    let (hour, minute) = (rest / 3_600, rest / 60 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::{bare, date};

    #[test]
    fn seconds_become_a_date() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_764_028_800, "2025-11-25 00:00 UTC"),
            (4_102_444_799, "2099-12-31 23:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn names_lose_their_kind() {
        assert_eq!(bare("DnsName(\"www.example.test\")"), "www.example.test");
        assert_eq!(bare("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(bare("www.example.test"), "www.example.test");
    }
}
