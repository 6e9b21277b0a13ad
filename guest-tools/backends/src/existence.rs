//! `add_backend` and `del_backend`: backends that come and go at run time.

use std::time::Duration;

use haproxy_asking::{Waiting, is_number, no_such_backend};
use haproxy_mcp_sdk::{Call, Change, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Seen, admin, ask, find};

const ADD_BACKEND: Need = admin(&["add", "backend"]);
const DEL_BACKEND: Need = admin(&["del", "backend"]);

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    #[serde(flatten)]
    change: Change<Option<Seen>>,
    /// What HAProxy said of it, on one line; 3.4 tells along what it had said before.
    said: String,
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
    let waiting = Waiting::new(call, Duration::from_secs(timeout_seconds.unwrap_or(60)));
    let said = loop {
        match ask(&instance, &DEL_BACKEND, &name, &[]) {
            Ok(said) => break said,
            Err(failure)
                if failure.rejection() == Some("still-connected") && !waiting.is_over() =>
            {
                let message = format!("{name} has sessions left");
                waiting.pause_until(&instance, &["be-removable", &name], &message)?;
            }
            Err(failure) => return Err(failure),
        }
    };
    let after = find(&instance, &name)?;
    let holds = after.is_none();
    answer(&name, before, after, holds, &said, "removed")
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
        said: said
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
    };
    Ok(Outcome::of(&answer)?.text(line))
}
