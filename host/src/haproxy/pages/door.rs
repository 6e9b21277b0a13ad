//! Where a page is, who we are there, and whom we trust.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use url::Url;

use crate::secret::Secret;

/// Bytes of a query that is a word.
const MAX_WORD_BYTES: usize = 20;

/// A page that was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageDoor {
    /// Where it is.
    pub url: PageUrl,
    /// Who we are there, where it wants to know.
    pub credentials: Option<Credentials>,
    /// Who signs the certificate of an `https` page, in PEM; the authorities of the system where none is named.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate, where the page wants one.
    pub client: Option<ClientCertificate>,
    /// How long one request may take, from connecting to the last byte.
    pub timeout: Duration,
}

/// Name and password for HTTP's basic authentication (RFC 7617). Neither is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name; without a colon.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials [secret]")
    }
}

/// Files of a client certificate, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, and those of who signed it.
    pub certificate: PathBuf,
    /// The private key; may be the same file.
    pub key: PathBuf,
}

/// The address of a page: `http` or `https`, a host, no credentials, no fragment, and no query but a single word, as in
/// `/haproxy?stats`, where HAProxy has the statistics page unless `stats uri` says otherwise. Credentials that were
/// written in it are handed out by [`PageUrl::split`], and are not in it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageUrl(Url);

/// Why a text is no [`PageUrl`]. The text itself is not repeated: a password may stand in it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PageUrlError {
    /// Not a URL.
    #[error("not a URL: {0}")]
    Syntax(String),
    /// Another scheme.
    #[error("not `http` or `https`: `{0}`")]
    Scheme(String),
    /// What a page's address does not have.
    #[error("the address of a page has no {0}")]
    Part(&'static str),
    /// A name without a password, or a name with a colon.
    #[error("credentials in a URL are `user:password@`")]
    Credentials,
}

impl PageUrl {
    /// Reads an address and the credentials that may stand in it.
    pub fn split(text: &str) -> Result<(Self, Option<Credentials>), PageUrlError> {
        let mut url = Url::parse(text).map_err(|error| PageUrlError::Syntax(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PageUrlError::Scheme(url.scheme().to_owned()));
        }
        if url.query().is_some_and(|query| !is_word(query)) {
            return Err(PageUrlError::Part("query"));
        }
        if url.fragment().is_some() {
            return Err(PageUrlError::Part("fragment"));
        }
        if url.path().contains(';') {
            return Err(PageUrlError::Part("parameters"));
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| PageUrlError::Credentials)
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(PageUrlError::Credentials),
            (user, Some(password)) => Some(Credentials {
                user: decoded(user)?,
                password: Secret::new(decoded(password)?),
            }),
        };
        if credentials
            .as_ref()
            .is_some_and(|credentials| credentials.user.contains(':'))
        {
            return Err(PageUrlError::Credentials);
        }
        // Neither fails on a URL with a host, and `http` always has one.
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        if cleared.is_err() {
            return Err(PageUrlError::Credentials);
        }
        Ok((Self(url), credentials))
    }

    /// The address as a URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The same origin, another path.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(None);
        Self(url)
    }

    /// The address with what was permitted to stand behind it: `;csv;norefresh`, or `?scope=server`.
    pub(super) fn with_suffix(&self, suffix: &str) -> Url {
        let mut url = self.0.clone();
        match (suffix.strip_prefix('?'), url.query().map(str::to_owned)) {
            (Some(parameters), None) => url.set_query(Some(parameters)),
            (Some(parameters), Some(query)) => {
                url.set_query(Some(&format!("{query}&{parameters}")));
            }
            (None, Some(query)) => url.set_query(Some(&format!("{query}{suffix}"))),
            (None, None) => url.set_path(&format!("{}{suffix}", self.0.path())),
        }
        url
    }

    /// Whether both are of one scheme, host and port (RFC 6454, section 5).
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }
}

/// Whether a query is a word, which names a page and hides no secret.
fn is_word(query: &str) -> bool {
    (1..=MAX_WORD_BYTES).contains(&query.len())
        && query
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Of an address without credentials.
impl FromStr for PageUrl {
    type Err = PageUrlError;

    fn from_str(text: &str) -> Result<Self, PageUrlError> {
        match Self::split(text)? {
            (url, None) => Ok(url),
            (_, Some(_)) => Err(PageUrlError::Credentials),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{PageUrl, PageUrlError};

    #[test]
    fn credentials_are_taken_out() {
        let (url, credentials) = PageUrl::split("http://ops:p%40ss@lb:8404/stats").unwrap();
        assert_eq!(url.to_string(), "http://lb:8404/stats");
        let credentials = credentials.unwrap();
        assert_eq!(credentials.user, "ops");
        assert_eq!(credentials.password.expose(), "p@ss");
    }

    #[test]
    fn what_was_asked_for_stands_behind_the_address() {
        for (address, suffix, expected) in [
            ("http://lb:8404", ";csv", "http://lb:8404/;csv"),
            (
                "http://lb/stats",
                ";csv;scope=be%3Aa%2F",
                "http://lb/stats;csv;scope=be%3Aa%2F",
            ),
            (
                "http://lb/haproxy?stats",
                ";csv;norefresh",
                "http://lb/haproxy?stats;csv;norefresh",
            ),
            ("http://lb/metrics", "", "http://lb/metrics"),
            (
                "http://lb/metrics",
                "?scope=global&no-maint",
                "http://lb/metrics?scope=global&no-maint",
            ),
            (
                "http://lb/metrics?a",
                "?scope=global",
                "http://lb/metrics?a&scope=global",
            ),
        ] {
            let url: PageUrl = address.parse().unwrap();
            assert_eq!(url.with_suffix(suffix).as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_page_is_refused_without_being_repeated() {
        for text in [
            "",
            "lb:8404/stats",
            "ftp://ops:s3cret@lb/stats",
            "http://ops:s3cret@/stats",
            "http://ops:s3cret@lb:99999/stats",
            "http://ops:s3cret@lb/stats;csv",
            "http://ops:s3cret@lb/stats?a=b",
            "http://ops:s3cret@lb/stats?0123456789abcdef01234567",
            "http://ops:s3cret@lb/stats#a",
            "http://ops@lb/stats",
            "http://:s3cret@lb/stats",
            "http://a%3Ab:s3cret@lb/stats",
        ] {
            let error = PageUrl::split(text).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{text}: {error}");
        }
        assert_eq!(
            "http://a:b@lb/".parse::<PageUrl>(),
            Err(PageUrlError::Credentials)
        );
    }
}
