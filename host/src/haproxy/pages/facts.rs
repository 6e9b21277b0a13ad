//! What a page is like, for whoever wants to know why it is of no use: tried, and nothing changed.

use std::time::SystemTime;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderName, REFRESH, SERVER};
use reqwest::tls::TlsInfo;
use serde::Serialize;
use tokio::time::Instant;

use super::agent::{Agent, Progress, Visit};
use super::answer;
use super::body::Body;
use super::certificate::Certificate;
use super::credentials::Scrubber;
use super::error::PageError;
use super::handshake::date;
use crate::facts::{Trouble, milliseconds};
use crate::haproxy::stream::Leash;
use crate::policy::{Page, PagePermit};
use crate::visible::visible;

/// Bytes of the page in HTML in which the form for actions is looked for.
const FORM_WITHIN: u64 = 1024 * 1024;

/// What the form for actions has, and nothing else of the page.
const FORM: &[u8] = b"<form method=\"post\"";

/// Facts about a page. What could not be found out, or does not apply, is left out.
#[derive(Clone, Debug, Serialize)]
pub struct PageFacts {
    /// Its address, without credentials.
    pub address: String,
    /// Seconds that one request may take.
    pub timeout: f64,
    /// Whether a name and a password are configured for it.
    pub credentials: bool,
    /// The file of the authorities that are trusted, where one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Whether a client certificate is configured for it.
    pub client_certificate: bool,
    /// The address and port that were connected to: `127.0.0.1:8404`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_to: Option<String>,
    /// Milliseconds until there was a connection, with TLS where the address is one of `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
    /// Milliseconds until the head of the answer had come, connecting included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<f64>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_version: Option<String>,
    /// The answer's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The answer's `Content-Type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The answer's `Server`: HAProxy sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Where the answer sends on to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether the page is refused to who gives no password; only where it is known that there is such a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wants_password: Option<bool>,
    /// What the page calls the place that it guards by a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// The certificate, where TLS is spoken and it is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
    /// Whether it is what it should be: statistics, or metrics.
    pub recognised: bool,
    /// Seconds after which a browser asks for the statistics page again (`stats refresh`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// Whether the statistics page offers us its form for actions (`stats admin`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_form: Option<bool>,
    /// Why it is of no use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

/// What a page's certificate says.
#[derive(Clone, Debug, Serialize)]
pub struct CertificateFacts {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// When it ends, in UTC: `2026-11-25 00:00 UTC`.
    pub expires: String,
    /// Whole days until then.
    pub days_left: u64,
}

/// Looks at a page: asks for it as a tool would, and, where that is answered, once without credentials and once as a
/// browser would.
pub(super) async fn look(agent: &Agent, leash: &Leash) -> PageFacts {
    let door = agent.door();
    let mut facts = PageFacts {
        address: door.url.to_string(),
        timeout: door.timeout.as_secs_f64(),
        credentials: agent.has_credentials(),
        ca_file: door.ca_file.as_ref().map(|path| path.display().to_string()),
        client_certificate: door.client.is_some(),
        connected_to: None,
        connect_ms: None,
        answer_ms: None,
        http_version: None,
        status: None,
        content_type: None,
        server: None,
        location: None,
        wants_password: None,
        realm: None,
        certificate: None,
        recognised: false,
        refresh: None,
        admin_form: None,
        error: None,
    };
    if let Err(error) = ask(agent, leash, &mut facts).await {
        let error = agent.explained(error, leash).await;
        facts.error = Some(Trouble::new(error.code(), &error, error.hint()));
        return facts;
    }
    facts.recognised = true;
    let (open, ()) = tokio::join!(
        is_open(agent, leash),
        see_html(agent, leash, &mut facts.admin_form, &mut facts.refresh)
    );
    facts.wants_password = open.map(|open| !open);
    facts
}

async fn ask(agent: &Agent, leash: &Leash, facts: &mut PageFacts) -> Result<(), PageError> {
    let permit = PagePermit::probe(agent.page());
    let slot = agent.slot(leash).await?;
    let progress = Progress::default();
    let begun = Instant::now();
    let url = agent.door().url.with_suffix(permit.suffix());
    let visit = agent.visit(url, true, leash, &progress).await;
    let since = |moment: Instant| milliseconds(moment.saturating_duration_since(begun));
    facts.connect_ms = progress.connected().map(since);
    let Visit { response, verdict } = visit?;
    facts.answer_ms = Some(since(Instant::now()));
    facts.see(&response, &agent.scrubber());
    verdict?;
    let headers = response.headers().clone();
    let mut body = Body::new(response, slot, leash.clone(), agent)?;
    let page = agent.page();
    let first = body.first(answer::first_bytes(page)).await?;
    // The metrics of the process itself, for which is asked here, are always there.
    answer::content(page, &agent.door().url, &headers, first, false)?;
    Ok(())
}

/// Whether the page is given to who has no credentials.
async fn is_open(agent: &Agent, leash: &Leash) -> Option<bool> {
    if !agent.has_credentials() {
        return Some(true);
    }
    let permit = PagePermit::probe(agent.page());
    let _slot = agent.slot(leash).await.ok()?;
    let url = agent.door().url.with_suffix(permit.suffix());
    let visit = agent.visit(url, false, leash, &Progress::default()).await;
    match visit.ok()?.verdict {
        Ok(()) => Some(true),
        Err(answer::AnswerError::Unauthorized { .. } | answer::AnswerError::Forbidden { .. }) => {
            Some(false)
        }
        Err(_) => None,
    }
}

/// Looks at the statistics page as a browser gets it.
async fn see_html(
    agent: &Agent,
    leash: &Leash,
    form: &mut Option<bool>,
    refresh: &mut Option<String>,
) {
    if agent.page() != Page::Stats {
        return;
    }
    let Ok(slot) = agent.slot(leash).await else {
        return;
    };
    let url = agent.door().url.as_url().clone();
    let visit = agent.visit(url, true, leash, &Progress::default()).await;
    let Ok(Visit {
        response,
        verdict: Ok(()),
    }) = visit
    else {
        return;
    };
    *refresh = answer::text(response.headers(), &REFRESH, &agent.scrubber());
    let leash = Leash {
        max_bytes: leash.max_bytes.min(FORM_WITHIN),
        ..leash.clone()
    };
    let Ok(mut body) = Body::new(response, slot, leash, agent) else {
        return;
    };
    let form_finder = memchr::memmem::Finder::new(FORM);
    // The end of what was looked through, in which the form may begin.
    let mut seen = Vec::new();
    while let Ok(piece) = body.read(usize::MAX).await {
        if piece.is_empty() {
            *form = Some(false);
            return;
        }
        seen.extend_from_slice(&piece);
        if form_finder.find(&seen).is_some() {
            *form = Some(true);
            return;
        }
        seen.drain(..seen.len().saturating_sub(FORM.len()));
    }
}

impl PageFacts {
    /// What the head of an answer says.
    fn see(&mut self, response: &Response, scrubber: &Scrubber) {
        let text = |name: &HeaderName| answer::text(response.headers(), name, scrubber);
        self.connected_to = response.remote_addr().map(|address| address.to_string());
        self.http_version = Some(format!("{:?}", response.version()));
        self.status = Some(response.status().as_u16());
        self.content_type = text(&CONTENT_TYPE);
        self.server = text(&SERVER);
        self.realm = answer::realm(response.headers(), scrubber);
        self.wants_password = (response.status() == 401).then_some(true);
        self.location = answer::elsewhere(response, scrubber);
        self.certificate = certificate(response);
    }
}

fn certificate(response: &Response) -> Option<CertificateFacts> {
    let der = response.extensions().get::<TlsInfo>()?.peer_certificate()?;
    let Certificate { expires, names } = Certificate::read(der)?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some(CertificateFacts {
        names: names
            .iter()
            .map(|name| visible(name, answer::SHOWN_CHARACTERS).into_owned())
            .collect(),
        expires: date(expires),
        days_left: expires.saturating_sub(now.as_secs()) / 86_400,
    })
}
