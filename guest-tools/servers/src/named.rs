//! A server by its name, as HAProxy wants it: `backend/server`.

use haproxy_asking::{is_number, no_such_backend, states};
use haproxy_mcp_sdk::{Failure, Instance};
use haproxy_replies::names::{LISTED, Nearest};

/// A server that a tool is about.
pub(crate) struct Named {
    pub(crate) backend: String,
    pub(crate) server: String,
}

impl Named {
    /// `backend/server`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.backend, self.server)
    }

    /// Asks something of it. A refusal of the name says which are near.
    pub(crate) fn ask(&self, instance: &Instance, words: &[&str]) -> Result<String, Failure> {
        // HAProxy takes these for its own numbers, which no backend and no server is named by.
        if is_number(&self.backend) {
            return Err(no_such_backend(instance, &self.backend)?);
        }
        if self.server.starts_with('#') {
            return Err(self.unknown(instance)?);
        }
        match instance.ask(words) {
            Err(failure) if is_no_such(&failure) => Err(self.unknown(instance)?),
            Err(failure) => Err(failure),
            Ok(reply) => reply.text(),
        }
    }

    /// The failure for a server that HAProxy does not have, with the names that are near.
    fn unknown(&self, instance: &Instance) -> Result<Failure, Failure> {
        let mut nearest = Nearest::new(&self.server, LISTED);
        states(instance, Some(&self.backend), |state| {
            if state.require("be_name")? == self.backend.as_bytes() {
                nearest.offer(state.require("srv_name")?);
            }
            Ok(())
        })?;
        let suggestion = nearest.suggest();
        let (backend, server) = (&self.backend, &self.server);
        Ok(
            Failure::not_found(format!("backend `{backend}` has no server: `{server}`"))
                .hint(suggestion.hint("list_servers lists the servers of a backend"))
                .argument_among("/server", suggestion.names()),
        )
    }
}

fn is_no_such(failure: &Failure) -> bool {
    matches!(
        failure.rejection(),
        Some("no-such-server" | "no-such-backend" | "no-such-proxy")
    )
}
