//! `pages`: named pages over HTTP. `policy` says yes or no; the client asks for what it permitted.

use wasmtime::component::Resource;

use super::runtime::denied_while_describing;
use crate::haproxy::pages::{ActError, Body, PageError};
use crate::policy::{self, Parameter};
use crate::sandbox::bindings::haproxy::module::pages::{
    ActionError, Host, HostBody, Parameter as AskedParameter,
};
use crate::sandbox::bindings::haproxy::module::types::{HostError, Problem};
use crate::sandbox::error::Failure;
use crate::sandbox::interfaces::runtime::{MESSAGE_CHARACTERS, shown};
use crate::sandbox::state::{Authority, CallState};
use crate::visible::visible;

/// A page that began to arrive.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenPage {
    body: Body,
}

impl Host for CallState {
    async fn sources(&mut self) -> wasmtime::Result<Vec<String>> {
        let sources = self
            .authority
            .as_ref()
            .map(|authority| authority.request.doors.sources())
            .unwrap_or_default();
        Ok(sources
            .into_iter()
            .map(|source| source.as_str().to_owned())
            .collect())
    }

    async fn open(
        &mut self,
        page: String,
        parameters: Vec<AskedParameter>,
    ) -> wasmtime::Result<Result<Resource<OpenPage>, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        let Some(authority) = self.authority.clone() else {
            return Ok(Err(denied_while_describing("open")));
        };
        if let Err(error) = self.nothing_open() {
            return Ok(Err(error));
        }
        let parameters: Vec<Parameter> = parameters
            .into_iter()
            .map(|AskedParameter { name, value }| Parameter { name, value })
            .collect();
        match self.get(&authority, &page, &parameters).await {
            Ok(body) => {
                let page = self.keep(OpenPage { body })?;
                self.open_page = true;
                Ok(Ok(page))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn act(
        &mut self,
        action: String,
        backend: String,
        servers: Vec<String>,
    ) -> wasmtime::Result<Result<(), ActionError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(ActionError::Host(error)));
        }
        let Some(authority) = self.authority.clone() else {
            return Ok(Err(ActionError::Host(denied_while_describing("act"))));
        };
        Ok(self.post(&authority, &action, &backend, &servers).await)
    }
}

impl HostBody for CallState {
    async fn read(
        &mut self,
        page: Resource<OpenPage>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, HostError>> {
        // Reads are bounded by bytes, not by number: a slow page comes in many small pieces.
        let max = match self.read_size(max) {
            Ok(max) => max,
            Err(error) => return Ok(Err(error)),
        };
        let read = self.resources.get_mut(&page)?.body.read(max).await;
        Ok(match read {
            Ok(bytes) => {
                let received = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.meter.reply_bytes = self.meter.reply_bytes.saturating_add(received);
                Ok(bytes)
            }
            Err(error) => Err(self.tell_page(&error)),
        })
    }

    async fn drop(&mut self, page: Resource<OpenPage>) -> wasmtime::Result<()> {
        self.resources.delete(page)?;
        self.open_page = false;
        Ok(())
    }
}

impl CallState {
    /// Asks `policy`, then the page.
    async fn get(
        &mut self,
        authority: &Authority,
        page: &str,
        parameters: &[Parameter],
    ) -> Result<Body, HostError> {
        self.count_command()?;
        let permit = policy::decide_page(&authority.speaks_with(), page, parameters)
            .map_err(|refusal| self.tell_refusal(&refusal))?;
        let (bounds, cancel) = (self.bounds(), self.cancel_token());
        let pages = &authority.request.doors.pages;
        pages
            .open(permit, bounds, &cancel)
            .await
            .map_err(|error| self.tell_page(&error))
    }

    /// Asks `policy` for the command of each server, then the page's form.
    async fn post(
        &mut self,
        authority: &Authority,
        action: &str,
        backend: &str,
        servers: &[String],
    ) -> Result<(), ActionError> {
        let doors = &authority.request.doors;
        let permit = policy::decide_action(
            &authority.speaks_with(),
            doors.runtime.name(),
            action,
            backend,
            servers,
        )
        .map_err(|refusal| ActionError::Host(self.tell_refusal(&refusal)))?;
        self.count_commands(permit.permits().len())
            .map_err(ActionError::Host)?;
        let acts = &authority.request.acts;
        let sent: Vec<Option<usize>> = permit
            .permits()
            .iter()
            .map(|permit| acts.sent(permit))
            .collect();
        let (bounds, cancel) = (self.bounds(), self.cancel_token());
        match doors.pages.act(permit, bounds, &cancel).await {
            Ok(()) => {
                for act in sent {
                    acts.done(act);
                }
                Ok(())
            }
            Err(ActError::Page(error)) => Err(ActionError::Host(self.tell_page(&error))),
            Err(error @ ActError::Rejected { .. }) => Err(ActionError::Rejected(Problem {
                code: error.code().to_owned(),
                message: visible(&error.to_string(), MESSAGE_CHARACTERS).into_owned(),
            })),
            Err(error @ ActError::WrongInstance { .. }) => Err(ActionError::Other(Problem {
                code: error.code().to_owned(),
                message: error.to_string(),
            })),
        }
    }

    /// Tells the guest why there is no page, and keeps the hint for whoever asked.
    fn tell_page(&mut self, error: &PageError) -> HostError {
        let problem = Problem {
            code: error.code().to_owned(),
            message: error.to_string(),
        };
        let told = if matches!(error, PageError::Cancelled) {
            HostError::Cancelled
        } else if error.is_exhaustion() {
            HostError::Exhausted(problem)
        } else if error.is_timeout() {
            HostError::Timeout(problem)
        } else if error.is_interruption() {
            HostError::Interrupted(problem)
        } else {
            HostError::Unreachable(problem)
        };
        self.note_told(Failure {
            hint: error.hint(),
            ..shown(&told)
        });
        told
    }
}
