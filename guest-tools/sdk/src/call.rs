//! One call: what was asked, whom to ask in turn, and the answer.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::haproxy::module::{clock, invocation, progress, runtime};
use crate::chunks::Reply;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::files::Files;
use crate::pages::Pages;

/// One call of a tool.
pub struct Call<'a> {
    request: &'a invocation::Request,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a invocation::Request) -> Self {
        Self { request }
    }

    /// The arguments, which the host has checked against the tool's input schema.
    ///
    /// # Errors
    /// [`Failure::InvalidArgument`] where the schema allows what `T` cannot hold.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.request.arguments())
            .map_err(|error| Failure::invalid_argument(error.to_string()))
    }

    /// The arguments as JSON text.
    pub fn arguments_text(&self) -> String {
        self.request.arguments()
    }

    /// Whether the caller gave up; a long tool asks now and then and returns soon.
    pub fn cancelled(&self) -> bool {
        self.request.cancelled()
    }

    /// Time since an arbitrary point; never goes back.
    pub fn monotonic(&self) -> Duration {
        Duration::from_nanos(clock::monotonic())
    }

    /// Seconds since 1970-01-01 00:00:00 UTC, by the clock of the machine that the host runs on.
    pub fn now(&self) -> i64 {
        i64::try_from(clock::wall() / 1000).unwrap_or(i64::MAX)
    }

    /// Waits, to the millisecond.
    ///
    /// # Errors
    /// [`Failure::Host`] where the caller gave up meanwhile, or where the wait would end after the call's deadline:
    /// return it.
    pub fn sleep(&self, time: Duration) -> Result<(), Failure> {
        let milliseconds = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        Ok(clock::sleep(milliseconds)?)
    }

    /// Tells the person who waits that `done` of `total` steps (0: unknown) are done; at most 200 characters.
    pub fn progress(&self, done: u32, total: u32, message: &str) {
        progress::report(done, total, message);
    }

    /// The HAProxy that this call is about.
    pub fn instance(&self) -> Instance {
        Instance(runtime::current())
    }

    /// HAProxy's pages over HTTP.
    pub fn pages(&self) -> Pages {
        Pages::of_call()
    }

    /// The files that the operator granted under a name: `config` or `log`.
    pub fn files(&self, artefact: &'static str) -> Files {
        Files::named(artefact)
    }

    /// The doors that the operator configured, to look at.
    pub fn doors(&self) -> Doors {
        Doors::of_call()
    }
}

/// An HAProxy that a call may speak to.
pub struct Instance(runtime::Instance);

impl Instance {
    /// The operator's name for it.
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Its version, for example `3.0.11-1+deb13u5`.
    pub fn version(&self) -> Result<String, Failure> {
        Ok(self.0.version()?)
    }

    /// Whether it lists the command in its help.
    pub fn supports(&self, words: &[&str]) -> Result<bool, Failure> {
        Ok(self.0.supports(&owned(words))?)
    }

    /// Sends one command, given as words: each reaches HAProxy as it is, whatever characters it has.
    ///
    /// # Errors
    /// [`Failure::Rejected`] with HAProxy's words, [`Failure::Unsupported`] where it does not know the command,
    /// [`Failure::Host`] where it could not be asked or must not be.
    pub fn ask(&self, words: &[&str]) -> Result<Reply, Failure> {
        let command = runtime::Command {
            words: owned(words),
            payload: Vec::new(),
        };
        Ok(Reply::new(self.0.execute(&command)?))
    }

    /// Sends one command and the lines that belong to it, at most 15,000 bytes, none of them blank.
    ///
    /// # Errors
    /// As [`Instance::ask`].
    pub fn ask_with(&self, words: &[&str], payload: Vec<String>) -> Result<Reply, Failure> {
        let command = runtime::Command {
            words: owned(words),
            payload,
        };
        Ok(Reply::new(self.0.execute(&command)?))
    }

    /// Sends commands to each of which HAProxy answers nothing when it did it (`add acl`, `set table`, …), as many at
    /// once as fit on a line.
    ///
    /// # Errors
    /// As [`Instance::ask`], for the first that failed.
    pub fn do_all(
        &self,
        commands: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<(), BatchFailure> {
        let commands: Vec<runtime::Command> = commands
            .into_iter()
            .map(|words| runtime::Command {
                words,
                payload: Vec::new(),
            })
            .collect();
        self.0.execute_all(&commands).map_err(|error| BatchFailure {
            done: usize::try_from(error.done).unwrap_or(usize::MAX),
            failure: error.error.into(),
        })
    }
}

/// Why not all commands of [`Instance::do_all`] were done.
#[derive(Debug)]
pub struct BatchFailure {
    /// Commands before the one that failed, all of which were done.
    pub done: usize,
    /// What became of that one; nothing is known of a few behind it.
    pub failure: Failure,
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The answer of a tool.
pub struct Outcome {
    structured: String,
    text: Vec<String>,
}

impl Outcome {
    /// `structured` is JSON text: an object that is valid under the tool's output schema.
    pub fn new(structured: String) -> Self {
        Self {
            structured,
            text: Vec::new(),
        }
    }

    /// The answer as JSON, which is to be valid under the tool's output schema.
    ///
    /// # Errors
    /// [`Failure::Other`] where it cannot be written as JSON.
    pub fn of(answer: &impl Serialize) -> Result<Self, Failure> {
        Ok(Self::new(serde_json::to_string(answer)?))
    }

    /// Adds a line for a person.
    #[must_use]
    pub fn text(mut self, line: impl Into<String>) -> Self {
        self.text.push(line.into());
        self
    }

    pub(crate) fn into_wit(self) -> invocation::Outcome {
        let outcome = invocation::Outcome::new(&self.structured);
        for line in &self.text {
            outcome.add_text(line);
        }
        outcome
    }
}
