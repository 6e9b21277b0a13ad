//! Requests to one page. The only place that makes an HTTP client, which opens sockets of its own; `clippy.toml` bans
//! it everywhere else.
//!
//! A request has a connection to itself, which ends with it. One that is kept would go on leading to the old worker
//! after a reload of HAProxy, which goes on answering there with the statistics of its last days, and it could end
//! just when it is used again, so that nobody knows whether a request was read. Nor is a TLS session kept: each
//! connection begins with a handshake in which the certificate is checked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, Response};
use rustls::ClientConfig;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tower::util::MapFutureLayer;
use url::Url;

use super::answer::{self, AnswerError, Head};
use super::connect::ConnectError;
use super::credentials::{Basic, Scrubber};
use super::door::PageDoor;
use super::error::PageError;
use super::fault;
use super::handshake::HandshakeError;
use super::names::Names;
use super::trial;
use super::trust::{self, TrustError};
use crate::haproxy::client::MAX_CONNECTIONS;
use crate::haproxy::stream::Leash;
use crate::policy::Page;

/// How often an answer that sends on is followed.
pub const MAX_REDIRECTS: usize = 3;

/// Asks for one page.
#[derive(Debug)]
pub(super) struct Agent {
    page: Page,
    door: PageDoor,
    credentials: Option<Basic>,
    slots: Arc<Semaphore>,
    /// Made at the first request: files are read for it.
    tls: OnceCell<ClientConfig>,
}

/// One request.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) url: Url,
    /// A form to be sent; without one, the request is `GET`.
    pub(super) form: Option<String>,
    /// Whether our credentials go along.
    pub(super) credentials: bool,
}

/// The last answer of a visit, and what its head says.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) response: Response,
    pub(super) verdict: Result<(), AnswerError>,
}

/// How far a request came.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<Mutex<Option<Instant>>>);

impl Progress {
    /// Since when there is a connection, with TLS where the address is one of `https`.
    pub(super) fn connected(&self) -> Option<Instant> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks on while a connection comes about.
    async fn look_on<T, E>(self, connecting: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let connected = connecting.await?;
        *self.lock() = Some(Instant::now());
        Ok(connected)
    }
}

impl Agent {
    pub(super) fn new(page: Page, door: PageDoor) -> Self {
        Self {
            credentials: door.credentials.as_ref().map(Basic::new),
            page,
            door,
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            tls: OnceCell::new(),
        }
    }

    pub(super) const fn page(&self) -> Page {
        self.page
    }

    pub(super) const fn door(&self) -> &PageDoor {
        &self.door
    }

    pub(super) const fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// What takes our credentials out of a content, or out of a header.
    pub(super) fn scrubber(&self) -> Scrubber {
        let scrubber = self.credentials.as_ref().map(Basic::scrubber);
        scrubber.unwrap_or_default()
    }

    /// Waits for leave to use one of the few connections.
    pub(super) async fn slot(&self, leash: &Leash) -> Result<OwnedSemaphorePermit, PageError> {
        let slots = Arc::clone(&self.slots);
        let slot = hold(leash, slots.acquire_owned()).await?;
        // The semaphore is never closed.
        slot.and_then(Result::ok).ok_or_else(|| PageError::Busy {
            url: leash.endpoint.clone(),
            limit: MAX_CONNECTIONS,
        })
    }

    /// Sends a request, and waits for the head of the answer.
    pub(super) async fn ask(
        &self,
        ask: Ask,
        leash: &Leash,
        progress: &Progress,
    ) -> Result<Response, PageError> {
        let client = hold(leash, self.client(progress)).await?;
        let client = client.unwrap_or_else(|| Err(out_of_time(leash, progress)))?;
        let method = match ask.form {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let mut request = client.request(method, ask.url);
        if let Some(credentials) = self.credentials.as_ref().filter(|_| ask.credentials) {
            request = request.header(AUTHORIZATION, credentials.header());
        }
        if let Some(form) = ask.form {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request = request.header(CONTENT_TYPE, kind).body(form);
        }
        match hold(leash, request.send()).await? {
            Some(Ok(response)) => Ok(response),
            Some(Err(error)) => Err(fault::of(&self.door, &error, 0)),
            None => Err(out_of_time(leash, progress)),
        }
    }

    /// Asks for a page, and goes where the answer sends on to, as long as that is of the page's own origin.
    pub(super) async fn visit(
        &self,
        mut url: Url,
        credentials: bool,
        leash: &Leash,
        progress: &Progress,
    ) -> Result<Visit, PageError> {
        for _ in 0..=MAX_REDIRECTS {
            let ask = Ask {
                url,
                form: None,
                credentials,
            };
            let response = self.ask(ask, leash, progress).await?;
            let sent = credentials && self.has_credentials();
            let (page, url_of_page) = (self.page, &self.door.url);
            match answer::head(page, url_of_page, sent, &self.scrubber(), &response) {
                Ok(Head::Page) => {
                    let verdict = Ok(());
                    return Ok(Visit { response, verdict });
                }
                Ok(Head::Elsewhere(target)) => url = target,
                Err(error) => {
                    let verdict = Err(error);
                    return Ok(Visit { response, verdict });
                }
            }
        }
        Err(AnswerError::TooManyRedirects {
            url: leash.endpoint.clone(),
            limit: MAX_REDIRECTS,
        }
        .into())
    }

    /// The same failure; where another one may be behind it, and it is, that one. Takes one of the few connections to find
    /// out: whoever asks must have given up its own.
    pub(super) async fn explained(&self, error: PageError, leash: &Leash) -> PageError {
        match error {
            // Whatever is behind it: what was sent was sent.
            PageError::OutcomeUnknown { cause } => PageError::OutcomeUnknown {
                cause: Box::new(self.behind(*cause, leash).await),
            },
            error => self.behind(error, leash).await,
        }
    }

    async fn behind(&self, error: PageError, leash: &Leash) -> PageError {
        let is_suspicious = match &error {
            PageError::NotHttp { .. }
            | PageError::Interrupted { received: 0, .. }
            | PageError::Reset { received: 0, .. }
            // What web servers answer to a request that is not encrypted.
            | PageError::Answer(AnswerError::UnexpectedStatus { status: 400, .. }) => true,
            _ => false,
        };
        if !is_suspicious {
            return error;
        }
        let Ok(tls) = self.tls.get_or_try_init(|| self.read_trust()).await else {
            return error;
        };
        let Ok(_slot) = self.slot(leash).await else {
            return error;
        };
        let why = trial::failure(&self.door, Arc::new(tls.clone()), leash).await;
        match (why, self.is_https()) {
            (Some(why), true) => HandshakeError::from_tls(&self.door, &why).into(),
            // Nobody is trusted there, so that whoever speaks TLS has a certificate to be refused, or refuses before.
            (
                Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_)),
                false,
            ) => PageError::TlsExpected {
                url: leash.endpoint.clone(),
            },
            _ => error,
        }
    }

    fn is_https(&self) -> bool {
        self.door.url.as_url().scheme() == "https"
    }

    /// A client for one request: it takes microseconds to make, and says how far the request came.
    async fn client(&self, progress: &Progress) -> Result<Client, PageError> {
        let tls = self
            .tls
            .get_or_try_init(|| self.read_trust())
            .await?
            .clone();
        let progress = progress.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that makes an HTTP client"
        )]
        let builder = Client::builder();
        builder
            .user_agent(concat!("haproxy-mcp/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls)
            .dns_resolver(Names)
            .connector_layer(MapFutureLayer::new(move |connecting| {
                progress.clone().look_on(connecting)
            }))
            // The environment has no say in where credentials go.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .tls_info(true)
            .build()
            .map_err(|error| {
                let reason = error.to_string();
                TrustError::Unavailable { reason }.into()
            })
    }

    async fn read_trust(&self) -> Result<ClientConfig, TrustError> {
        if !self.is_https() {
            return trust::tls(&self.door);
        }
        let door = self.door.clone();
        let read = spawn_blocking(move || trust::tls(&door)).await;
        read.unwrap_or_else(|error| {
            Err(TrustError::Unavailable {
                reason: error.to_string(),
            })
        })
    }
}

/// The time is up, and no head of an answer came.
fn out_of_time(leash: &Leash, progress: &Progress) -> PageError {
    let (url, after) = (leash.endpoint.clone(), leash.begun.elapsed());
    match progress.connected() {
        Some(_) => PageError::FirstByteTimeout { url, after },
        None => ConnectError::Timeout { url, after }.into(),
    }
}

/// Waits for `work`, unless the call is cancelled; `None` when the time is up.
pub(super) async fn hold<T>(
    leash: &Leash,
    work: impl Future<Output = T>,
) -> Result<Option<T>, PageError> {
    let held = leash.hold(leash.deadline, work).await;
    held.map_err(|_| PageError::Cancelled)
}
