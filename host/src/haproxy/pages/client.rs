//! The configured pages, and what is asked of them.

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::agent::{Agent, Ask, Progress, Visit};
use super::answer;
use super::body::Body;
use super::door::PageDoor;
use super::error::{ActError, PageError};
use super::facts::{self, PageFacts};
use super::{Source, verdict};
use crate::haproxy::Bounds;
use crate::haproxy::stream::Leash;
use crate::policy::{ActPermit, InstanceId, Page, PagePermit, Permit};

/// The configured pages of one HAProxy. Nothing is opened, and no file is read, before it is needed.
#[derive(Debug)]
pub struct Pages {
    instance: InstanceId,
    stats: Option<Agent>,
    metrics: Option<Agent>,
    preferred: Source,
}

impl Pages {
    /// The pages of the instance that the operator calls `instance`.
    pub fn new(
        instance: InstanceId,
        stats: Option<PageDoor>,
        metrics: Option<PageDoor>,
        preferred: Source,
    ) -> Self {
        Self {
            instance,
            stats: stats.map(|door| Agent::new(Page::Stats, door)),
            metrics: metrics.map(|door| Agent::new(Page::Metrics, door)),
            preferred,
        }
    }

    /// Which source of statistics is asked first.
    pub fn preferred(&self) -> Source {
        self.preferred
    }

    /// Where a page is.
    pub fn configured(&self, page: Page) -> Option<&PageDoor> {
        self.agent(page).ok().map(Agent::door)
    }

    fn agent(&self, page: Page) -> Result<&Agent, PageError> {
        let agent = match page {
            Page::Stats => &self.stats,
            Page::Metrics => &self.metrics,
        };
        agent.as_ref().ok_or(PageError::NotConfigured { page })
    }

    /// Asks for a page. Returns when it is known to be what was asked for: by its status, its kind and its first bytes.
    pub async fn open(
        &self,
        permit: PagePermit,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<Body, PageError> {
        let agent = self.agent(permit.page())?;
        let leash = leash(agent, bounds, cancel);
        match get(agent, &permit, &leash).await {
            Ok(body) => Ok(body),
            Err(error) => Err(agent.explained(error, &leash).await),
        }
    }

    /// Takes an action, once. Whatever is answered but a verdict or a refusal, and any failure after there was a
    /// connection, leaves its outcome unknown, and says so.
    pub async fn act(
        &self,
        permit: ActPermit,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<(), ActError> {
        let mut instances = permit.permits().iter().map(Permit::instance);
        if let Some(other) = instances.find(|instance| **instance != self.instance) {
            return Err(ActError::WrongInstance {
                permitted: other.clone(),
                asked: self.instance.clone(),
            });
        }
        let agent = self.agent(Page::Stats)?;
        let leash = leash(agent, bounds, cancel);
        let slot = agent.slot(&leash).await?;
        let url = &agent.door().url;
        let ask = Ask {
            url: url.as_url().clone(),
            form: Some(permit.form().to_owned()),
            credentials: true,
        };
        let progress = Progress::default();
        let response = match agent.ask(ask, &leash, &progress).await {
            Ok(response) => response,
            Err(error) => {
                drop(slot);
                let error = match progress.connected() {
                    Some(_) => error.with_outcome_unknown(),
                    None => error,
                };
                return Err(agent.explained(error, &leash).await.into());
            }
        };
        let scrubber = agent.scrubber();
        // Nothing is followed, so that a verdict counts whatever the origin before it: a proxy before the page may not
        // know by which address it is asked.
        let word = (response.status() == 303)
            .then(|| answer::location(response.headers(), &scrubber))
            .flatten()
            .and_then(|location| verdict::word(&location).map(str::to_owned));
        if let Some(verdict) = word.as_deref().and_then(|word| verdict::of(url, word)) {
            return verdict;
        }
        let sent = agent.has_credentials();
        let error = answer::without_verdict(url, sent, &scrubber, &response, word);
        let error = PageError::from(error).with_outcome_unknown();
        drop((response, slot));
        Err(agent.explained(error, &leash).await.into())
    }

    /// Leave to use one of the few connections to where a page is, for something that is not HTTP.
    pub(crate) async fn slot(
        &self,
        page: Page,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<OwnedSemaphorePermit, PageError> {
        let agent = self.agent(page)?;
        agent.slot(&leash(agent, bounds, cancel)).await
    }

    /// What a page is like; `None` where it is not configured. Changes nothing.
    pub async fn look(
        &self,
        page: Page,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Option<PageFacts> {
        let agent = self.agent(page).ok()?;
        Some(facts::look(agent, &leash(agent, bounds, cancel)).await)
    }
}

fn leash(agent: &Agent, bounds: Bounds, cancel: &CancellationToken) -> Leash {
    let (door, begun) = (agent.door(), Instant::now());
    Leash {
        endpoint: door.url.to_string(),
        begun,
        deadline: bounds.deadline.min(begun + door.timeout),
        max_bytes: bounds.max_bytes,
        cancel: cancel.clone(),
    }
}

async fn get(agent: &Agent, permit: &PagePermit, leash: &Leash) -> Result<Body, PageError> {
    let slot = agent.slot(leash).await?;
    let url = agent.door().url.with_suffix(permit.suffix());
    let progress = Progress::default();
    let Visit { response, verdict } = agent.visit(url, true, leash, &progress).await?;
    verdict?;
    let headers = response.headers().clone();
    let mut body = Body::new(response, slot, leash.clone(), agent)?;
    if permit.wants_csv() || permit.page() == Page::Metrics {
        let page = permit.page();
        let first = body.first(answer::first_bytes(page)).await?;
        let is_chosen = !permit.suffix().is_empty();
        answer::content(page, &agent.door().url, &headers, first, is_chosen)?;
    }
    Ok(body)
}
