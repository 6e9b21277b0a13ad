//! What a page answered: status, headers and first bytes → what was asked for, or why not.

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, WWW_AUTHENTICATE,
};
use reqwest::{Response, StatusCode};
use thiserror::Error;
use url::Url;

use super::door::PageUrl;
use crate::policy::Page;
use crate::visible::visible;

/// Characters of a header that a message repeats.
pub(super) const SHOWN_CHARACTERS: usize = 200;

/// How the statistics begin (Management Guide, section 9.1, "CSV format").
pub(super) const STATISTICS: &[u8] = b"# pxname";

/// How the exporter's metrics begin: with a comment, or with a sample.
const METRICS: [&[u8]; 2] = [b"#", b"haproxy_"];

/// First bytes by which the content is known.
pub(super) const FIRST_BYTES: usize = STATISTICS.len();

/// Characters of a content that is something else, for a message.
const BEGINNING_CHARACTERS: usize = 40;

/// Why an answer is not the page that was asked for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AnswerError {
    /// 401.
    #[error("{} (401{})", refusal(.url, *.sent), realm_of(.realm.as_deref()))]
    Unauthorized {
        /// The page's address.
        url: String,
        /// What it calls the place that it guards.
        realm: Option<String>,
        /// Whether credentials were sent.
        sent: bool,
    },
    /// 403.
    #[error("`{url}` is not for this server (403)")]
    Forbidden {
        /// The page's address.
        url: String,
    },
    /// 404.
    #[error("there is no page at `{url}` (404)")]
    NotFound {
        /// The page's address.
        url: String,
        /// Which page it should be.
        page: Page,
    },
    /// 500 to 599.
    #[error("`{url}` answered with status {status}")]
    Unavailable {
        /// The page's address.
        url: String,
        /// Which page it should be.
        page: Page,
        /// The status.
        status: u16,
    },
    /// Any other status.
    #[error("`{url}` answered with status {status}")]
    UnexpectedStatus {
        /// The page's address.
        url: String,
        /// The status.
        status: u16,
    },
    /// Sent on to another origin, or from an action.
    #[error("`{url}` sends on to `{target}`, which was not configured")]
    Redirected {
        /// The page's address.
        url: String,
        /// Where to: origin and path.
        target: String,
    },
    /// Sent on too often.
    #[error("`{url}` sends on more than {limit} times")]
    TooManyRedirects {
        /// The page's address.
        url: String,
        /// How often is followed.
        limit: usize,
    },
    /// Compressed, although that was not offered.
    #[error("`{url}` answered in the encoding `{encoding}`, which was not asked for")]
    ContentEncoding {
        /// The page's address.
        url: String,
        /// The encoding.
        encoding: String,
    },
    /// Not the statistics in CSV.
    #[error("`{url}` answered with something else than statistics: {seen}")]
    NotStatistics {
        /// The page's address.
        url: String,
        /// What came.
        seen: String,
    },
    /// Not metrics in Prometheus' format.
    #[error("`{url}` answered with something else than metrics: {seen}")]
    NotMetrics {
        /// The page's address.
        url: String,
        /// What came.
        seen: String,
    },
}

impl AnswerError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not-found",
            Self::Unavailable { .. } => "unavailable",
            Self::UnexpectedStatus { .. } => "unexpected-status",
            Self::Redirected { .. } => "redirected",
            Self::TooManyRedirects { .. } => "too-many-redirects",
            Self::ContentEncoding { .. } => "content-encoding",
            Self::NotStatistics { .. } => "not-statistics",
            Self::NotMetrics { .. } => "not-metrics",
        }
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unauthorized { sent: false, .. } => {
                "set `HAPROXY_STATS_USER` and `HAPROXY_STATS_PASSWORD_FILE` to a user of the page: one of its `stats auth USER:PASSWORD` lines, or of the `userlist` that its `stats http-request auth` names"
            }
            Self::Unauthorized { sent: true, .. } => {
                "compare `HAPROXY_STATS_USER` and the password with the page's `stats auth USER:PASSWORD` lines, or with the `userlist` that its `stats http-request auth` names"
            }
            Self::Forbidden { .. } => {
                "a rule of HAProxy's configuration (`http-request deny`, `stats http-request deny`) refuses this path, this user or the address of this machine"
            }
            Self::NotFound {
                page: Page::Stats, ..
            } => {
                "compare the path with `stats uri` in HAProxy's configuration (`/haproxy?stats` where there is none), and see whether it is HAProxy that listens there"
            }
            Self::Unavailable {
                page: Page::Stats,
                status: 503,
                ..
            } => {
                "this is also what HAProxy answers for a path that is not the page's, where the frontend has no backend to send it to: compare the path with `stats uri` in HAProxy's configuration (`/haproxy?stats` where there is none)"
            }
            Self::NotFound {
                page: Page::Metrics,
                ..
            } => {
                "compare the path with the one in HAProxy's configuration (`http-request use-service prometheus-exporter if { path /metrics }`), and see whether it is HAProxy that listens there"
            }
            Self::Unavailable {
                page: Page::Metrics,
                status: 503,
                ..
            } => {
                "this is also what HAProxy answers for a path that is not the exporter's, where the frontend has no backend to send it to: compare the path with `http-request use-service prometheus-exporter if { path /metrics }` in HAProxy's configuration"
            }
            Self::Unavailable { .. } => {
                "see HAProxy's log, and that of a proxy before the page, if there is one"
            }
            Self::UnexpectedStatus { status: 400, .. } => {
                "the page may want another protocol: see whether its `bind` has `ssl` or `accept-proxy`"
            }
            Self::UnexpectedStatus { .. } => "see whether the address is that of the page itself",
            Self::Redirected { .. } => {
                "credentials go to no other origin than the configured one: if that address is meant, configure it"
            }
            Self::TooManyRedirects { .. } => {
                "see the `redirect` lines of HAProxy's configuration, and configure the address of the page itself"
            }
            Self::ContentEncoding { .. } => {
                "take the encoding off the page in HAProxy's configuration, or in the proxy before it (`compression`)"
            }
            Self::NotStatistics { .. } => {
                "is it the address of the statistics page? It is the one of `stats uri`, in a frontend with `mode http` and `stats enable`"
            }
            Self::NotMetrics { .. } => {
                "is it the address of the exporter? It is the path of `http-request use-service prometheus-exporter`, in a frontend with `mode http`"
            }
        };
        Some(hint.to_owned())
    }
}

fn refusal(url: &str, sent: bool) -> String {
    if sent {
        format!("`{url}` refuses the configured name and password")
    } else {
        format!("`{url}` wants a name and a password, and none are configured")
    }
}

fn realm_of(realm: Option<&str>) -> String {
    realm
        .map(|realm| format!(", realm `{realm}`"))
        .unwrap_or_default()
}

/// What to do with an answer.
#[derive(Debug)]
pub(super) enum Head {
    /// Read on.
    Page,
    /// Ask there.
    Elsewhere(Url),
}

/// Reads the head of an answer to a request for `page` at `url`.
pub(super) fn head(
    page: Page,
    url: &PageUrl,
    sent: bool,
    response: &Response,
) -> Result<Head, AnswerError> {
    let (status, headers) = (response.status(), response.headers());
    if let Some(target) = target(status, headers, response.url()) {
        return if target.origin() == url.as_url().origin() {
            Ok(Head::Elsewhere(target))
        } else {
            Err(redirected(url, &target))
        };
    }
    refused(page, url, sent, status, headers)?;
    if status != StatusCode::OK {
        return Err(AnswerError::UnexpectedStatus {
            url: url.to_string(),
            status: status.as_u16(),
        });
    }
    match text(headers, &CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(AnswerError::ContentEncoding {
                url: url.to_string(),
                encoding,
            })
        }
        _ => Ok(Head::Page),
    }
}

/// Whether a status says no, to a request for a page as to an action.
pub(super) fn refused(
    page: Page,
    url: &PageUrl,
    sent: bool,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<(), AnswerError> {
    let url = || url.to_string();
    Err(match status.as_u16() {
        401 => AnswerError::Unauthorized {
            url: url(),
            realm: realm(headers),
            sent,
        },
        403 => AnswerError::Forbidden { url: url() },
        404 => AnswerError::NotFound { url: url(), page },
        status @ 500..=599 => AnswerError::Unavailable {
            url: url(),
            page,
            status,
        },
        _ => return Ok(()),
    })
}

/// Whether the first bytes of a content are those of what was asked for.
pub(super) fn content(
    page: Page,
    url: &PageUrl,
    headers: &HeaderMap,
    first: &[u8],
) -> Result<(), AnswerError> {
    let is_html = text(headers, &CONTENT_TYPE).is_some_and(|kind| {
        kind.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    });
    let seen = || {
        if is_html {
            "a page of HTML".to_owned()
        } else if first.is_empty() {
            "nothing at all".to_owned()
        } else {
            let beginning = String::from_utf8_lossy(first);
            format!(
                "it begins with `{}`",
                visible(&beginning, BEGINNING_CHARACTERS)
            )
        }
    };
    let url = || url.to_string();
    match page {
        Page::Stats if is_html || !first.starts_with(STATISTICS) => {
            Err(AnswerError::NotStatistics {
                url: url(),
                seen: seen(),
            })
        }
        Page::Metrics
            if is_html
                || !(first.is_empty() || METRICS.iter().any(|start| first.starts_with(start))) =>
        {
            Err(AnswerError::NotMetrics {
                url: url(),
                seen: seen(),
            })
        }
        _ => Ok(()),
    }
}

pub(super) fn redirected(url: &PageUrl, target: &Url) -> AnswerError {
    AnswerError::Redirected {
        url: url.to_string(),
        target: shown(target),
    }
}

/// Where an answer sends on to, without the credentials that may stand in it.
pub(super) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Url> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let mut target = from.join(location).ok()?;
    // Neither fails on a URL with a host; without one there is no origin, and it is not followed.
    let _ = target
        .set_username("")
        .and_then(|()| target.set_password(None));
    Some(target)
}

/// Origin and path of an address, and nothing that may be secret.
pub(super) fn shown(target: &Url) -> String {
    let mut target = target.clone();
    target.set_query(None);
    target.set_fragment(None);
    visible(target.as_str(), SHOWN_CHARACTERS).into_owned()
}

/// `Basic realm="HAProxy Statistics"` → `HAProxy Statistics`.
pub(super) fn realm(headers: &HeaderMap) -> Option<String> {
    let challenge = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let start = challenge.to_ascii_lowercase().find("realm=")? + "realm=".len();
    let rest = challenge.get(start..)?;
    let realm = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([',', ' ']).next()?,
    };
    Some(visible(realm, SHOWN_CHARACTERS).into_owned())
}

/// A header as text that can be looked at.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes());
    Some(visible(&value, SHOWN_CHARACTERS).into_owned())
}
