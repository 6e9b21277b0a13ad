//! `reload_haproxy`. From 2.7 on the master says what came of it, after all is over. 2.6 closes the connection without
//! a word, and so does any other version where the answer takes longer than a command may: then the processes tell,
//! compared with those from before.

use std::time::Duration;

use haproxy_mcp_sdk::bindings::haproxy::module::types::HostError;
use haproxy_mcp_sdk::{Call, Change, Detail, Failure, Instance, Need, Outcome};
use haproxy_replies::info::Info;
use haproxy_replies::reload::{self, Reload, ReloadError};
use haproxy_replies::startup_logs::{self, Message};
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::need::ask;
use crate::processes::State;
use crate::startup::{Said, said};

const COMMAND: Need = Need {
    command: &["reload"],
    since: None,
    level: Some("operator"),
};

/// Between two looks at the processes.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a reload may take, where the arguments do not say.
const PATIENCE: u32 = 60;

/// Messages that an answer has room for.
const MESSAGES: usize = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    timeout_seconds: Option<u32>,
}

/// What HAProxy said while it loaded the configuration.
#[derive(Debug, Default, Serialize)]
struct Log {
    startup_log: Vec<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages_left_out: Option<usize>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    change: Change<State>,
    #[serde(flatten)]
    log: Log,
}

pub(crate) fn reload_haproxy(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { timeout_seconds } = call.arguments()?;
    let seconds = timeout_seconds.unwrap_or(PATIENCE);
    let instance = call.instance();
    let before = State::read(&instance)?;
    let wait = Wait {
        call,
        instance: &instance,
        begun: call.monotonic(),
        seconds,
        before: &before,
    };
    let (after, log) = match reload(&instance)? {
        Some(Reload {
            success: true,
            messages,
        }) => (wait.for_worker(false)?, Log::of(&messages)),
        Some(Reload {
            success: false,
            messages,
        }) => {
            // The processes are told along where they can be had.
            let after = State::read(&instance).ok();
            return Err(failed(&before, after.as_ref(), &Log::of(&messages))?);
        }
        None => {
            let after = wait.for_worker(true)?;
            let log = Log::of(&said_since(&instance));
            (after, log)
        }
    };
    if after.failed_reloads > 0 {
        return Err(failed(&before, Some(&after), &log)?);
    }
    let holds = after.has_new_worker(&before);
    let what = "a new worker with the configuration as it is in its files";
    let change = Change::confirmed(before, after, holds, what)?;
    let number = |worker: Option<u64>| worker.map_or("none".to_owned(), |pid| pid.to_string());
    let line = format!(
        "reloaded: worker {} → {}",
        number(change.before.worker),
        number(change.after.worker)
    );
    Ok(Outcome::of(&Answer { change, log })?.text(line))
}

/// What the master says of it; nothing where its answer is lost.
fn reload(instance: &Instance) -> Result<Option<Reload>, Failure> {
    let reply = match ask(&COMMAND, instance) {
        Err(failure) if is_lost(&failure) => return Ok(None),
        other => other?.bytes()?,
    };
    match reload::read(&reply) {
        Ok(reload) => Ok(Some(reload)),
        Err(ReloadError::Silent) => Ok(None),
        Err(error) => Err(Failure::unparsable(error)),
    }
}

/// Whether the command may have arrived and its answer did not.
fn is_lost(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Host(HostError::Interrupted(_) | HostError::Timeout(_))
    )
}

/// Whether HAProxy cannot be asked just now: its sockets go away and come back while it reloads.
fn is_away(failure: &Failure) -> bool {
    is_lost(failure) || matches!(failure, Failure::Host(HostError::Unreachable(_)))
}

/// The wait for the end of a reload.
struct Wait<'a> {
    call: &'a Call<'a>,
    instance: &'a Instance,
    begun: Duration,
    seconds: u32,
    before: &'a State,
}

impl Wait<'_> {
    /// The processes once there is a new worker, or the reload failed. While a configuration is loaded its worker is
    /// listed already, from 3.2 on: `answering` says whether it has to answer, too, before it counts.
    fn for_worker(&self, answering: bool) -> Result<State, Failure> {
        let patience = Duration::from_secs(self.seconds.into());
        loop {
            let last = match State::read(self.instance) {
                Ok(state) => {
                    let over = state.reloads > self.before.reloads && state.failed_reloads > 0;
                    if over || self.is_there(&state, answering)? {
                        return Ok(state);
                    }
                    Some(state)
                }
                Err(failure) if is_away(&failure) => None,
                Err(failure) => return Err(failure),
            };
            let waited = self.call.monotonic().saturating_sub(self.begun);
            if waited >= patience {
                return Err(self.out_of_time(last.as_ref()));
            }
            let done = u32::try_from(waited.as_secs()).unwrap_or(u32::MAX);
            self.call
                .progress(done, self.seconds, "waiting for the new worker");
            self.call.sleep(PAUSE)?;
        }
    }

    fn is_there(&self, state: &State, answering: bool) -> Result<bool, Failure> {
        if !state.has_new_worker(self.before) {
            return Ok(false);
        }
        if !answering {
            return Ok(true);
        }
        match answers(self.instance) {
            Ok(pid) => Ok(pid == state.worker),
            Err(failure) if is_away(&failure) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The master itself may not answer while it loads the configuration (2.6 and 3.0): that it cannot be reached must not
    /// be told alone, as if nothing had been sent.
    fn out_of_time(&self, state: Option<&State>) -> Failure {
        let seen = match state {
            Some(_) => "there is no new worker that serves",
            None => "the master does not answer, and what became of the reload is not known",
        };
        let details = serde_json::json!({ "before": self.before, "after": state });
        Failure::not_applied(format!("after {} seconds {seen}", self.seconds))
            .hint(
                "HAProxy may still be loading the configuration: look with show_proc, and ask for more \
                 `timeout_seconds` the next time",
            )
            .details(details.to_string())
    }
}

/// The number of the worker that answers.
fn answers(instance: &Instance) -> Result<Option<u64>, Failure> {
    let reply = instance.ask(&["show", "info"])?.bytes()?;
    let info = Info::read(&reply).map_err(Failure::unparsable)?;
    Ok(match info.get("Pid") {
        Some(Value::Unsigned(pid)) => Some(*pid),
        _ => None,
    })
}

/// What was said at the last reload, where the answer to it is lost: the master has it from 2.7 on, of 2.6 the worker.
/// It is no more than an explanation: what cannot be had is left out.
fn said_since(instance: &Instance) -> Vec<Message> {
    said(instance)
        .or_else(|_| {
            let reply = instance.ask(&["show", "startup-logs"])?.bytes()?;
            Ok::<_, Failure>(startup_logs::read(&reply))
        })
        .unwrap_or_default()
}

impl Log {
    /// The worst first: those that a failure is due to must not be left out.
    fn of(messages: &[Message]) -> Self {
        let mut all: Vec<Said> = messages.iter().map(Said::of).collect();
        let left_out = all.len().saturating_sub(MESSAGES);
        if left_out > 0 {
            all.sort_by_key(|said| match said.level.as_deref() {
                Some("emerg" | "alert") => 0,
                Some("warning") => 1,
                _ => 2,
            });
            all.truncate(MESSAGES);
        }
        Self {
            startup_log: all,
            messages_left_out: (left_out > 0).then_some(left_out),
        }
    }
}

/// The failure for a reload that failed, with what HAProxy said.
fn failed(before: &State, after: Option<&State>, log: &Log) -> Result<Failure, Failure> {
    let first = log
        .startup_log
        .iter()
        .find(|said| said.level.as_deref() == Some("alert"))
        .map_or(String::new(), |said| format!(": {}", said.message));
    let goes_on = match after {
        Some(State { worker: None, .. }) => "and no worker is left",
        Some(_) => "and the old worker goes on",
        None => "and what became of the old worker is not known",
    };
    let hint = if log.startup_log.is_empty() {
        "HAProxy 2.6 says why in its own log alone: look there, or check the files with `haproxy -c -f …`; then reload \
         again"
    } else {
        "`startup_log` has what HAProxy said: mend the configuration, check it with `haproxy -c -f …`, and reload again"
    };
    let details = serde_json::json!({
        "reason": "reload-failed",
        "before": before,
        "after": after,
        "startup_log": log.startup_log,
    });
    Ok(Failure::Rejected(
        "reload-failed".to_owned(),
        Detail {
            message: format!("HAProxy did not take the configuration, {goes_on}{first}"),
            hint: Some(hint.to_owned()),
            details: serde_json::to_string(&details)?,
        },
    ))
}
