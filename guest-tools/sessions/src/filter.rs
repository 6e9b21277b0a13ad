//! Whose sessions are meant: those of a frontend, a backend, a server.
//!
//! HAProxy has such filters from 3.2 on; 2.6 and 3.0 pass over them without a word and show all sessions. So what it
//! shows is filtered here in any case, and its own filter only makes the reply shorter. It takes one of them (a later one
//! takes the place of a former).

use haproxy_asking::{is_number, no_such_backend, no_such_frontend, states, statistics};
use haproxy_mcp_sdk::{Failure, Instance};
use haproxy_replies::names::{LISTED, Nearest};
use haproxy_replies::sessions::{Session, SessionsReader};
use haproxy_replies::stat::{ObjectType, ProxySearch};
use haproxy_replies::value::Value;

use crate::SHOW;

/// The first version with filters.
const FILTERS_SINCE: (u32, u32) = (3, 2);

/// Those of which all that are given hold.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) frontend: Option<&'a str>,
    pub(crate) backend: Option<&'a str>,
    pub(crate) server: Option<&'a str>,
}

impl Filter<'_> {
    fn is_empty(self) -> bool {
        self.frontend.is_none() && self.backend.is_none() && self.server.is_none()
    }

    fn matches(self, session: &Session<'_>) -> bool {
        let is = |wanted: Option<&str>, name: &str| {
            wanted.is_none_or(
                |wanted| matches!(session.field(name), Some(Value::Text(text)) if text == wanted),
            )
        };
        is(self.frontend, "fe") && is(self.backend, "be") && is(self.server, "srv")
    }

    /// HAProxy's own filter, as far as it has one.
    fn words(self, instance: &Instance) -> Result<Vec<String>, Failure> {
        if self.is_empty() || !filters(&instance.version()?) {
            return Ok(Vec::new());
        }
        let (kind, name) = match self {
            Self {
                backend: Some(backend),
                server: Some(server),
                ..
            } => ("server", format!("{backend}/{server}")),
            Self {
                backend: Some(backend),
                ..
            } => ("backend", backend.to_owned()),
            Self {
                frontend: Some(frontend),
                ..
            } => ("frontend", frontend.to_owned()),
            _ => return Ok(Vec::new()),
        };
        Ok(vec![kind.to_owned(), name])
    }

    /// Hands each session that is meant to `session`. A name that HAProxy does not have is told where nothing matched.
    pub(crate) fn each(
        self,
        instance: &Instance,
        mut session: impl FnMut(&Session<'_>),
    ) -> Result<(), Failure> {
        let words = self.words(instance)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let reply = match SHOW.ask(instance, &words) {
            Ok(reply) => reply,
            Err(failure) => {
                self.check_names(instance)?;
                return Err(failure);
            }
        };
        let mut reader = SessionsReader::default();
        let mut matched = false;
        reply.for_each(|chunk| {
            reader
                .push(chunk, |read| {
                    if self.matches(&read) {
                        matched = true;
                        session(&read);
                    }
                })
                .map_err(Failure::unparsable)
        })?;
        reader.finish().map_err(Failure::unparsable)?;
        drop(reply);
        if !matched {
            self.check_names(instance)?;
        }
        Ok(())
    }

    /// Whether HAProxy has all that is named.
    pub(crate) fn check_names(self, instance: &Instance) -> Result<(), Failure> {
        if let Some(frontend) = self.frontend {
            let mask = ObjectType::Frontend.mask().to_string();
            let words = ["show", "stat", "-1", &mask, "-1"];
            if statistics(instance, &words, ProxySearch::new(frontend))?
                .finish()
                .is_err()
            {
                return Err(no_such_frontend(instance, frontend)?);
            }
        }
        if let Some(backend) = self.backend
            && is_number(backend)
        {
            return Err(no_such_backend(instance, backend)?);
        }
        if self.backend.is_none() && self.server.is_none() {
            return Ok(());
        }
        let (mut found, mut nearest) =
            (false, Nearest::new(self.server.unwrap_or_default(), LISTED));
        states(instance, self.backend, |state| {
            let name = state.require("srv_name")?;
            found |= self.server.is_some_and(|server| server.as_bytes() == name);
            nearest.offer(name);
            Ok(())
        })?;
        match self.server {
            Some(server) if !found => {
                let suggestion = nearest.suggest();
                let of = self.backend.map_or_else(
                    || "this HAProxy".to_owned(),
                    |name| format!("backend `{name}`"),
                );
                Err(
                    Failure::not_found(format!("{of} has no server: `{server}`"))
                        .hint(suggestion.hint("list_servers lists the servers of a backend"))
                        .argument_among("/server", suggestion.names()),
                )
            }
            _ => Ok(()),
        }
    }
}

/// Whether this version, `3.2.26-1`, has filters.
fn filters(version: &str) -> bool {
    let mut numbers = version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= FILTERS_SINCE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_came_with_3_2() {
        for (version, has) in [
            ("2.6.12-1+deb12u4", false),
            ("3.0.11", false),
            ("3.1-dev5", false),
            ("3.2.26-1", true),
            ("3.5-dev5-abc", true),
            ("4.0.0", true),
            ("10.0", true),
            ("", false),
            ("x", false),
        ] {
            assert_eq!(filters(version), has, "{version}");
        }
    }
}
