//! Asks for pages. (Signatures only: the client comes next.)

use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::{PageDoor, Source};
use crate::haproxy::Bounds;
use crate::policy::{ActPermit, Page, PagePermit};

/// The configured pages.
#[derive(Debug)]
pub struct Pages {
    stats: Option<PageDoor>,
    metrics: Option<PageDoor>,
    preferred: Source,
}

/// The content of a page.
#[derive(Debug)]
pub struct Body(());

/// Why there is no page.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// Not configured.
    #[error("no page is configured")]
    NotConfigured,
    /// Given up.
    #[error("the call was cancelled")]
    Cancelled,
}

impl PageError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "not-configured",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        None
    }

    /// Whether a deadline passed.
    pub fn is_timeout(&self) -> bool {
        false
    }

    /// Whether the connection ended too early.
    pub fn is_interruption(&self) -> bool {
        false
    }

    /// Whether a limit was reached: of bytes, or of requests at once.
    pub fn is_exhaustion(&self) -> bool {
        false
    }
}

/// Why an action was not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ActError {
    /// There is no verdict.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The page's verdict.
    #[error("{message}")]
    Rejected {
        /// A stable code.
        code: &'static str,
        /// The verdict.
        message: String,
    },
    /// The permit is one for another instance.
    #[error("the permit is for another instance")]
    WrongInstance {},
}

impl ActError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Page(error) => error.code(),
            Self::Rejected { code, .. } => code,
            Self::WrongInstance {} => "wrong-instance",
        }
    }
}

impl Pages {
    /// These pages.
    pub fn new(stats: Option<PageDoor>, metrics: Option<PageDoor>, preferred: Source) -> Self {
        Self {
            stats,
            metrics,
            preferred,
        }
    }

    /// Which source of statistics is asked first.
    pub fn preferred(&self) -> Source {
        self.preferred
    }

    /// Where a page is.
    pub fn configured(&self, page: Page) -> Option<&PageDoor> {
        match page {
            Page::Stats => self.stats.as_ref(),
            Page::Metrics => self.metrics.as_ref(),
        }
    }

    /// Asks for a page.
    #[expect(clippy::unused_async, reason = "it will wait")]
    pub async fn open(
        &self,
        _permit: PagePermit,
        _bounds: Bounds,
        _cancel: &CancellationToken,
    ) -> Result<Body, PageError> {
        Err(PageError::NotConfigured)
    }

    /// Takes an action.
    #[expect(clippy::unused_async, reason = "it will wait")]
    pub async fn act(
        &self,
        _permit: ActPermit,
        _bounds: Bounds,
        _cancel: &CancellationToken,
    ) -> Result<(), ActError> {
        Err(PageError::NotConfigured.into())
    }
}

impl Body {
    /// The next bytes.
    #[expect(clippy::unused_async, reason = "it will wait")]
    pub async fn read(&mut self, _max: usize) -> Result<Vec<u8>, PageError> {
        Ok(Vec::new())
    }
}
