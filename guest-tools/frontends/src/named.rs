//! A frontend by its name, and what the statistics say of it.

use haproxy_asking::{Object, is_number, no_such_frontend, row};
use haproxy_mcp_sdk::{Change, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

/// A command that every version has, and that takes a socket of level `admin`.
pub(crate) const fn admin(command: &'static [&'static str]) -> Need {
    Need {
        command,
        since: None,
        level: Some("admin"),
    }
}

/// A frontend that a tool is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) frontend: String,
}

/// What is changed of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Seen {
    /// `OPEN`, `PAUSED` or `STOP`.
    pub(crate) status: String,
    /// The most connections at once; 0 where HAProxy names none.
    pub(crate) maxconn: u64,
}

impl Named {
    /// Asks something of it. A refusal of the name says which are near, and any other what to do next.
    pub(crate) fn ask(
        &self,
        instance: &Instance,
        need: &Need,
        further: &[&str],
    ) -> Result<(), Failure> {
        let words = [&[self.frontend.as_str()], further].concat();
        match need.ask(instance, &words) {
            Err(failure) if failure.rejection() == Some("no-such-frontend") => {
                Err(no_such_frontend(instance, &self.frontend)?)
            }
            Err(failure) => Err(hinted(failure)),
            Ok(_) => Ok(()),
        }
    }

    /// The answer of a tool.
    pub(crate) fn answer(&self, change: &Change<Seen>, line: String) -> Result<Outcome, Failure> {
        #[derive(Serialize)]
        struct Answer<'a> {
            frontend: &'a str,
            #[serde(flatten)]
            change: &'a Change<Seen>,
        }
        let answer = Answer {
            frontend: &self.frontend,
            change,
        };
        Ok(Outcome::of(&answer)?.text(line))
    }

    /// What the statistics say of it.
    pub(crate) fn seen(&self, instance: &Instance) -> Result<Seen, Failure> {
        // HAProxy takes such a word for its own number, which no frontend is named by.
        let found = if is_number(&self.frontend) {
            None
        } else {
            row(
                instance,
                Object::Frontend(&self.frontend),
                &["status", "slim"],
            )?
        };
        match found {
            None => Err(no_such_frontend(instance, &self.frontend)?),
            Some(row) => Ok(Seen {
                status: row.text("status").to_owned(),
                maxconn: row.number("slim").unwrap_or_default(),
            }),
        }
    }
}

/// A refusal with what to do next.
fn hinted(failure: Failure) -> Failure {
    let hint = match failure.rejection() {
        // said by what the command needs
        None | Some("permission-denied") => return failure,
        Some("shut-down") => {
            "a frontend that was shut down comes back at the next reload or restart only"
        }
        Some(_) => {
            "HAProxy's words say what is wrong, and its log may say more; show_frontend shows how it is set"
        }
    };
    failure.hint(hint)
}
