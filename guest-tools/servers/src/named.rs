//! A server by its name, as HAProxy wants it: `backend/server`.

use haproxy_asking::{
    Object, Origin, Row, SaidBy, act_on_page, admin_state, is_number, no_such_backend, row,
    row_of_page, states,
};
use haproxy_mcp_sdk::{Failure, Instance, Need};
use haproxy_replies::names::{LISTED, Nearest};
use serde::{Deserialize, Serialize};

use crate::page::Shown;
use crate::seen::{Seen, Service};

/// `set server …`.
pub(crate) const SET_SERVER: Need = admin(&["set", "server"]);

/// A command that every version has, and that takes a socket of level `admin`.
pub(crate) const fn admin(command: &'static [&'static str]) -> Need {
    Need {
        command,
        since: None,
        level: Some("admin"),
    }
}

/// Something that can be done with a server through the Runtime API and through the form of the statistics page.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    pub(crate) need: &'static Need,
    /// What stands behind the name of the server.
    pub(crate) further: &'static [&'static str],
    /// The page's word for it.
    pub(crate) page: &'static str,
}

/// A server that a tool is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) backend: String,
    pub(crate) server: String,
}

/// An answer about a server.
#[derive(Serialize)]
pub(crate) struct Answer<'a, T: Serialize> {
    pub(crate) backend: &'a str,
    pub(crate) server: &'a str,
    #[serde(flatten)]
    pub(crate) about: T,
    /// Where it was read and changed, for what can be done in more than one way.
    #[serde(flatten)]
    pub(crate) said: Option<SaidBy>,
}

impl Named {
    /// `backend/server`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.backend, self.server)
    }

    /// An answer about it.
    pub(crate) fn answer<T: Serialize>(&self, about: T) -> Answer<'_, T> {
        Answer {
            backend: &self.backend,
            server: &self.server,
            about,
            said: None,
        }
    }

    /// An answer about it, from this source.
    pub(crate) fn answer_from<T: Serialize>(&self, origin: &Origin, about: T) -> Answer<'_, T> {
        Answer {
            said: Some(origin.said(None)),
            ..self.answer(about)
        }
    }

    /// An answer about whether it is in service, from this source.
    pub(crate) fn answer_on_service<T: Serialize>(
        &self,
        origin: &Origin,
        about: T,
    ) -> Answer<'_, T> {
        let note = match origin {
            Origin::Runtime(_) => None,
            Origin::Page(_) => Some(format!(
                "the statistics page does not say {}",
                admin_state::CMAINT_NOT_SHOWN
            )),
        };
        Answer {
            said: Some(origin.said(note)),
            ..self.answer(about)
        }
    }

    /// Does something with it, the way that it was read.
    pub(crate) fn act(&self, origin: &Origin, action: Action) -> Result<(), Failure> {
        match origin {
            Origin::Runtime(instance) => self.ask(instance, action.need, action.further).map(drop),
            Origin::Page(pages) => act_on_page(*pages, action.page, &self.backend, &self.server),
        }
    }

    /// Does something that is done already where there is nothing to do, as the page says of a check that is not configured.
    pub(crate) fn act_if_any(&self, origin: &Origin, action: Action) -> Result<(), Failure> {
        match self.act(origin, action) {
            Err(failure) if failure.rejection() == Some("nothing-done") => Ok(()),
            other => other,
        }
    }

    /// Whether it is in service.
    pub(crate) fn service(&self, origin: &Origin) -> Result<Service, Failure> {
        match origin {
            Origin::Runtime(instance) => Ok(Service::from(&self.seen(instance)?)),
            Origin::Page(pages) => Ok(Service::from(&Shown::read(*pages, self)?)),
        }
    }

    /// Columns of its statistics from this source; `id` is HAProxy's number of it, which the page does not need.
    pub(crate) fn row_from(
        &self,
        origin: &Origin,
        id: &str,
        columns: &'static [&'static str],
    ) -> Result<Row, Failure> {
        match origin {
            Origin::Runtime(instance) => self.row(instance, id, columns),
            Origin::Page(pages) => row_of_page(*pages, &self.backend, &self.server, columns),
        }
    }

    /// Asks something of it; the first word after the command is its path. A refusal of the name says which are near, and
    /// any other what to do next.
    pub(crate) fn ask(
        &self,
        instance: &Instance,
        need: &Need,
        further: &[&str],
    ) -> Result<String, Failure> {
        self.check(instance)?;
        let path = self.path();
        let words = [&[path.as_str()], further].concat();
        match need.ask(instance, &words) {
            Err(failure) if is_no_such(&failure) => Err(self.unknown(instance)?),
            Err(failure) => Err(hinted(failure)),
            Ok(reply) => reply.text(),
        }
    }

    /// What `show servers state` says of it.
    pub(crate) fn seen(&self, instance: &Instance) -> Result<Seen, Failure> {
        match self.look(instance)? {
            (Some(seen), _) => Ok(seen),
            (None, nearest) => Err(self.missing(nearest)),
        }
    }

    /// Columns of its statistics; `id` is HAProxy's number of it.
    pub(crate) fn row(
        &self,
        instance: &Instance,
        id: &str,
        columns: &'static [&'static str],
    ) -> Result<Row, Failure> {
        let object = Object::Server {
            backend: &self.backend,
            server: &self.server,
            id,
        };
        match row(instance, object, columns)? {
            Some(row) => Ok(row),
            // removed since its number was read
            None => Err(self.unknown(instance)?),
        }
    }

    /// The same as [`Named::seen`]; none where its backend has no such server.
    pub(crate) fn find(&self, instance: &Instance) -> Result<Option<Seen>, Failure> {
        Ok(self.look(instance)?.0)
    }

    /// HAProxy takes these for its own numbers, which no backend and no server is named by.
    fn check(&self, instance: &Instance) -> Result<(), Failure> {
        if is_number(&self.backend) {
            return Err(no_such_backend(instance, &self.backend)?);
        }
        if self.server.starts_with('#') {
            return Err(self.unknown(instance)?);
        }
        Ok(())
    }

    fn look(&self, instance: &Instance) -> Result<(Option<Seen>, Nearest), Failure> {
        let mut found = None;
        let mut nearest = Nearest::new(&self.server, LISTED);
        states(instance, Some(&self.backend), |state| {
            if state.require("be_name")? == self.backend.as_bytes() {
                let name = state.require("srv_name")?;
                if name == self.server.as_bytes() {
                    found = Some(Seen::of(state)?);
                } else {
                    nearest.offer(name);
                }
            }
            Ok(())
        })?;
        Ok((found, nearest))
    }

    /// The failure for a server that HAProxy does not have, with the names that are near.
    fn unknown(&self, instance: &Instance) -> Result<Failure, Failure> {
        let (_, nearest) = self.look(instance)?;
        Ok(self.missing(nearest))
    }

    fn missing(&self, nearest: Nearest) -> Failure {
        let suggestion = nearest.suggest();
        let (backend, server) = (&self.backend, &self.server);
        Failure::not_found(format!("backend `{backend}` has no server: `{server}`"))
            .hint(suggestion.hint("list_servers lists the servers of a backend"))
            .argument_among("/server", suggestion.names())
    }
}

fn is_no_such(failure: &Failure) -> bool {
    matches!(
        failure.rejection(),
        Some("no-such-server" | "no-such-backend" | "no-such-proxy")
    )
}

/// A refusal with what to do next, where HAProxy's words alone do not say it.
pub(crate) fn hinted(failure: Failure) -> Failure {
    let hint = match failure.rejection() {
        // said by what the command needs
        None | Some("permission-denied") => return failure,
        Some("not-configured") => {
            "the server is not configured for it: that takes a change of HAProxy's configuration and a reload, or another \
             server that is added with it"
        }
        Some("tracking") => {
            "the server follows the health of the one that it tracks (`tracked` of get_server): change that one"
        }
        Some("not-supported") => {
            "how the backend or the server is configured does not allow it at run time: see get_backend and get_server"
        }
        Some("already-exists") => {
            "choose another name, or remove the one that is there with del_server"
        }
        Some("in-use") => {
            "other elements of the configuration name this server (a tracking server, a `use-server` rule, …): take it \
             out of service with set_server_state instead"
        }
        Some("still-connected") => "wait for its sessions to end (drain_server), then try again",
        Some("not-in-maintenance") => {
            "somebody else has just put it back into service: look at it with get_server"
        }
        Some("disabled") => "the backend is `disabled` in the configuration",
        Some(_) => "HAProxy's words say what is wrong; get_server shows how the server is set",
    };
    failure.hint(hint)
}
