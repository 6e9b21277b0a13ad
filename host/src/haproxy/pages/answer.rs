//! What a page answered: status, headers and first bytes → what was asked for, or why not.

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, WWW_AUTHENTICATE,
};
use reqwest::{Response, StatusCode};
use thiserror::Error;
use url::Url;

use super::credentials::{REDACTED, Scrubber};
use super::door::PageUrl;
use crate::policy::Page;
use crate::visible::visible;

/// Characters of a header that a message repeats.
pub(super) const SHOWN_CHARACTERS: usize = 200;

/// How the statistics begin (Management Guide, section 9.1, "CSV format").
pub(super) const STATISTICS: &[u8] = b"# pxname";

/// How the exporter's metrics begin: with a comment on one of HAProxy's, or with a sample. Those of other exporters
/// begin with comments too.
const METRICS: [&[u8]; 3] = [b"# HELP haproxy_", b"# TYPE haproxy_", b"haproxy_"];

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
    /// Sent on to another origin.
    #[error("`{url}` sends on to `{target}`, which was not configured")]
    Redirected {
        /// The page's address.
        url: String,
        /// Where to: origin and path.
        target: String,
    },
    /// An action was sent on, within the page's own origin.
    #[error("`{url}` sends an action on to `{target}`, and an action is sent once")]
    ActionRedirected {
        /// The page's address.
        url: String,
        /// Where to: origin and path.
        target: String,
    },
    /// An action was answered, and not with a verdict that HAProxy has.
    #[error("`{url}` answered an action with {}", said(.word.as_deref()))]
    UnexpectedVerdict {
        /// The page's address.
        url: String,
        /// The word where a verdict should be, if there was one.
        word: Option<String>,
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
            Self::Redirected { .. } | Self::ActionRedirected { .. } => "redirected",
            Self::UnexpectedVerdict { .. } => "unexpected-verdict",
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
            Self::ActionRedirected { .. } => {
                "see the `redirect` lines of HAProxy's configuration: if that address is the page's own, configure it"
            }
            Self::UnexpectedVerdict { .. } => "is it the address of HAProxy's statistics page?",
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

fn said(word: Option<&str>) -> String {
    word.map_or_else(
        || "no verdict".to_owned(),
        |word| format!("`{}`", visible(word, BEGINNING_CHARACTERS)),
    )
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
    scrubber: &Scrubber,
    response: &Response,
) -> Result<Head, AnswerError> {
    let (status, headers) = (response.status(), response.headers());
    if let Some(target) = target(status, headers, response.url()) {
        return if target.origin() == url.as_url().origin() {
            Ok(Head::Elsewhere(target))
        } else {
            Err(redirected(url, scrubber, response))
        };
    }
    refused(page, url, sent, scrubber, response)?;
    if status != StatusCode::OK {
        return Err(AnswerError::UnexpectedStatus {
            url: url.to_string(),
            status: status.as_u16(),
        });
    }
    match text(headers, &CONTENT_ENCODING, scrubber) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(AnswerError::ContentEncoding {
                url: url.to_string(),
                encoding,
            })
        }
        _ => Ok(Head::Page),
    }
}

/// What the answer to an action at `url` is, in which the word `said` stands where HAProxy has its verdict, and is none.
pub(super) fn without_verdict(
    url: &PageUrl,
    sent: bool,
    scrubber: &Scrubber,
    response: &Response,
    word: Option<String>,
) -> AnswerError {
    if let Err(error) = refused(Page::Stats, url, sent, scrubber, response) {
        return error;
    }
    let status = response.status();
    let is_same = |target: Url| target.origin() == url.as_url().origin();
    let is_within = target(status, response.headers(), response.url()).map(is_same);
    let address = url.to_string();
    match (status.as_u16(), is_within) {
        (303, Some(false)) if word.is_none() => redirected(url, scrubber, response),
        (200 | 303, _) => AnswerError::UnexpectedVerdict { url: address, word },
        (_, Some(false)) => redirected(url, scrubber, response),
        (_, Some(true)) => AnswerError::ActionRedirected {
            url: address,
            target: elsewhere(response, scrubber).unwrap_or_default(),
        },
        (status, None) => AnswerError::UnexpectedStatus {
            url: address,
            status,
        },
    }
}

/// Whether a status says no, to a request for a page as to an action.
fn refused(
    page: Page,
    url: &PageUrl,
    sent: bool,
    scrubber: &Scrubber,
    response: &Response,
) -> Result<(), AnswerError> {
    let url = || url.to_string();
    Err(match response.status().as_u16() {
        401 => AnswerError::Unauthorized {
            url: url(),
            realm: realm(response.headers(), scrubber),
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

/// First bytes by which the content of a page is known.
pub(super) fn first_bytes(page: Page) -> usize {
    match page {
        Page::Stats => STATISTICS.len(),
        Page::Metrics => METRICS.iter().map(|start| start.len()).max().unwrap_or(0),
    }
}

/// Whether the first bytes of a content are those of what was asked for. Metrics that a parameter chose, and only those,
/// may be none.
pub(super) fn content(
    page: Page,
    url: &PageUrl,
    headers: &HeaderMap,
    first: &[u8],
    is_chosen: bool,
) -> Result<(), AnswerError> {
    let is_html = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .trim_ascii_start()
            .to_ascii_lowercase()
            .starts_with(b"text/html")
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
                || !(is_chosen && first.is_empty()
                    || METRICS.iter().any(|start| first.starts_with(start))) =>
        {
            Err(AnswerError::NotMetrics {
                url: url(),
                seen: seen(),
            })
        }
        _ => Ok(()),
    }
}

fn redirected(url: &PageUrl, scrubber: &Scrubber, response: &Response) -> AnswerError {
    AnswerError::Redirected {
        url: url.to_string(),
        target: elsewhere(response, scrubber).unwrap_or_default(),
    }
}

/// Where an answer sends on to, without the credentials that may stand in it.
pub(super) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Url> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?.to_str().ok()?;
    joined(from, location)
}

fn joined(from: &Url, location: &str) -> Option<Url> {
    let mut target = from.join(location).ok()?;
    // Neither fails on a URL with a host; without one there is no origin, and it is not followed.
    let _ = target
        .set_username("")
        .and_then(|()| target.set_password(None));
    Some(target)
}

/// The address that an answer sends on to, or names as its own, to be looked at and not to be followed.
pub(super) fn location(headers: &HeaderMap, scrubber: &Scrubber) -> Option<String> {
    Some(scrubber.clean(headers.get(LOCATION)?.as_bytes()))
}

/// Origin and path of the address that an answer sends on to, and nothing that may be secret.
pub(super) fn elsewhere(response: &Response, scrubber: &Scrubber) -> Option<String> {
    target(response.status(), response.headers(), response.url())?;
    let location = location(response.headers(), scrubber)?;
    // Without the credentials that were its host, it may be no address any more.
    let Some(mut target) = joined(response.url(), &location) else {
        return Some(REDACTED.to_owned());
    };
    target.set_query(None);
    target.set_fragment(None);
    let shown = scrubber.clean(target.as_str().as_bytes());
    Some(visible(&shown, SHOWN_CHARACTERS).into_owned())
}

/// `Basic realm="HAProxy Statistics"` → `HAProxy Statistics`.
pub(super) fn realm(headers: &HeaderMap, scrubber: &Scrubber) -> Option<String> {
    let challenge = scrubber.clean(headers.get(WWW_AUTHENTICATE)?.as_bytes());
    let start = challenge.to_ascii_lowercase().find("realm=")? + "realm=".len();
    let rest = challenge.get(start..)?;
    let realm = match rest.strip_prefix('"') {
        Some(quoted) => unquoted(quoted),
        None => rest.split([',', ' ']).next()?.to_owned(),
    };
    let realm = scrubber.clean(realm.as_bytes());
    Some(visible(&realm, SHOWN_CHARACTERS).into_owned())
}

/// What stands before the closing quotation mark (RFC 9110, section 5.6.4).
fn unquoted(quoted: &str) -> String {
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            None | Some('"') => return text,
            Some('\\') => text.extend(characters.next()),
            Some(character) => text.push(character),
        }
    }
}

/// A header as text that can be looked at.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName, scrubber: &Scrubber) -> Option<String> {
    let value = scrubber.clean(headers.get(name)?.as_bytes());
    Some(visible(&value, SHOWN_CHARACTERS).into_owned())
}
