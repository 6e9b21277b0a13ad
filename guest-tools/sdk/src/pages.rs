//! HAProxy's pages over HTTP: the statistics page and the Prometheus exporter.

use crate::bindings::haproxy::module::pages;
use crate::chunks::{Body, Chunks};
use crate::failure::Failure;

/// Where statistics come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The Runtime API.
    Runtime,
    /// The statistics page.
    Page,
}

impl Source {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Page => "page",
        }
    }
}

/// The pages that a call may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Pages(());

impl Pages {
    pub(crate) const fn of_call() -> Self {
        Self(())
    }

    /// Where the operator wants statistics to come from, the preferred first; empty where nothing is configured. Take
    /// the next where one is unreachable ([`Failure::is_unreachable`]), and say which it was.
    pub fn sources(self) -> Vec<Source> {
        pages::sources()
            .iter()
            .filter_map(|name| match name.as_str() {
                "runtime" => Some(Source::Runtime),
                "page" => Some(Source::Page),
                // of a later host
                _ => None,
            })
            .collect()
    }

    /// Asks for a page, `stats` or `metrics`, with these parameters.
    ///
    /// # Errors
    /// [`Failure::Host`] where it is not configured, could not be reached, said no, or is not what was asked for.
    pub fn open(self, page: &str, parameters: &[(&str, Option<&str>)]) -> Result<Body, Failure> {
        let parameters: Vec<pages::Parameter> = parameters
            .iter()
            .map(|(name, value)| pages::Parameter {
                name: (*name).to_owned(),
                value: value.map(str::to_owned),
            })
            .collect();
        Ok(Chunks::new(pages::open(page, &parameters)?))
    }

    /// Does one thing with some servers of a backend, through the form of the statistics page: `drain`, `maint`, …
    ///
    /// # Errors
    /// [`Failure::Rejected`] with the page's verdict, such as `denied-by-page`; [`Failure::Host`] where there is none.
    pub fn act(self, action: &str, backend: &str, servers: &[&str]) -> Result<(), Failure> {
        let servers: Vec<String> = servers.iter().map(|&server| server.to_owned()).collect();
        Ok(pages::act(action, backend, &servers)?)
    }
}
