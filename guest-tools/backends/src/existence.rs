//! `add_backend` and `del_backend`: backends that come and go at run time.

use std::time::Duration;

use haproxy_asking::{is_number, no_such_backend};
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Seen, admin, ask, find};

const ADD_BACKEND: Need = admin(&["add", "backend"]);
const DEL_BACKEND: Need = admin(&["del", "backend"]);

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    #[serde(flatten)]
    change: Change<Option<Seen>>,
    /// What HAProxy said of it.
    said: &'a str,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Http,
    Tcp,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    from: String,
    mode: Option<Mode>,
    guid: Option<String>,
}

pub(crate) fn add_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        name,
        from,
        mode,
        guid,
    } = call.arguments()?;
    let instance = call.instance();
    let mut words = vec!["from", from.as_str()];
    if let Some(mode) = mode {
        words.extend(["mode", mode.word()]);
    }
    if let Some(guid) = &guid {
        words.extend(["guid", guid]);
    }
    let before = find(&instance, &name)?;
    let said = ask(&instance, &ADD_BACKEND, &name, &words)?;
    let after = find(&instance, &name)?;
    let holds = after
        .as_ref()
        .is_some_and(|after| mode.is_none_or(|mode| after.mode == mode.word()));
    answer(&name, before, after, holds, &said, "added")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    name: String,
    timeout_seconds: Option<u64>,
}

/// Longest part of a wait: one command may not take for ever.
const PART: Duration = Duration::from_millis(500);

pub(crate) fn del_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Which {
        name,
        timeout_seconds,
    } = call.arguments()?;
    let instance = call.instance();
    // HAProxy takes such a word for its own number, which no backend is named by.
    if is_number(&name) {
        return Err(no_such_backend(&instance, &name)?);
    }
    let before = find(&instance, &name)?;
    let at_most = Duration::from_secs(timeout_seconds.unwrap_or(30));
    let began = call.monotonic();
    let said = loop {
        let failure = match ask(&instance, &DEL_BACKEND, &name, &[]) {
            Ok(said) => break said,
            Err(failure) => failure,
        };
        let waited = call.monotonic().saturating_sub(began);
        if failure.rejection() != Some("still-connected") || waited >= at_most {
            return Err(failure);
        }
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let message = format!("the last sessions of {name}");
        call.progress(seconds(waited), seconds(at_most), &message);
        wait(&instance, &name, PART.min(at_most.saturating_sub(waited)))?;
    };
    let after = find(&instance, &name)?;
    let holds = after.is_none();
    answer(&name, before, after, holds, &said, "removed")
}

/// HAProxy wakes up when the last session ends. Why it does not, `del backend` says better.
fn wait(instance: &Instance, name: &str, time: Duration) -> Result<(), Failure> {
    let time = format!("{}ms", time.as_millis().max(1));
    match instance.ask(&["wait", &time, "be-removable", name]) {
        Ok(_) => Ok(()),
        Err(Failure::Rejected(code, _))
            if matches!(code.as_str(), "wait-expired" | "condition-failed") =>
        {
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}

fn answer(
    name: &str,
    before: Option<Seen>,
    after: Option<Seen>,
    holds: bool,
    said: &str,
    done: &str,
) -> Result<Outcome, Failure> {
    let change = Change::confirmed(before, after, holds, &format!("backend `{name}` {done}"))?;
    let line = match &change.after {
        Some(after) => format!("backend {name} was {done}: {}", after.status),
        None => format!("backend {name} was {done}"),
    };
    let answer = Answer {
        backend: name,
        change,
        said: said.trim(),
    };
    Ok(Outcome::of(&answer)?.text(line))
}
