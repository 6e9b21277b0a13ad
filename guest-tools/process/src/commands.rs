//! `help`.

use haproxy_listing::Part;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::help::{self, Entry};
use haproxy_replies::names::Suggestion;
use serde::{Deserialize, Serialize};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    usage: &'a str,
    does: &'a str,
}

pub(crate) fn help(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let command = arguments.command.as_deref();
    let part = Part::new(
        &[Some("help"), command],
        None,
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    // For a command that it does not have, HAProxy lists others: so all are asked for, and chosen from here.
    let reply = call.instance().ask(&["help"])?.bytes()?;
    let entries = help::read(&reply).map_err(Failure::unparsable)?;
    let matching = matching(&entries, command);
    if matching.is_empty() {
        return Err(no_such_command(&entries, command.unwrap_or_default()));
    }
    let rows = matching.into_iter().map(|entry| Row {
        usage: &entry.usage,
        does: &entry.does,
    });
    let written = part.write(&part.of(rows))?;
    let line = format!("{} of {} commands", written.shown, written.matched);
    Ok(Outcome::of(&written.alone())?.text(line))
}

/// The entries of the command: those that begin with its words, else those that hold them.
fn matching<'a>(entries: &'a [Entry], command: Option<&str>) -> Vec<&'a Entry> {
    let Some(command) = command else {
        return entries.iter().collect();
    };
    let begins = |entry: &&Entry| {
        let path = entry.path();
        path.strip_prefix(command)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let first: Vec<&Entry> = entries.iter().filter(begins).collect();
    if !first.is_empty() {
        return first;
    }
    let word = |entry: &&Entry| entry.path().split(' ').any(|word| word == command);
    entries.iter().filter(word).collect()
}

fn no_such_command(entries: &[Entry], command: &str) -> Failure {
    let mut paths: Vec<String> = entries.iter().map(Entry::path).collect();
    paths.dedup();
    let suggestion = Suggestion::among(command, &paths);
    Failure::not_found(format!("this HAProxy lists no command: `{command}`"))
        .hint(suggestion.hint(
            "without `command`, all are listed that HAProxy allows at the level of the stats socket",
        ))
        .argument_among("/command", suggestion.names())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn found(command: Option<&str>) -> Vec<String> {
        let reply = b"The following commands are valid at this level:\n  show stat [desc|json]*: report counters\n  \
            show servers conn [<backend>]  : dump\n  set server <bk>/<srv> [opts] : change\n  show statx : no\n";
        let entries = help::read(reply).unwrap();
        matching(&entries, command)
            .iter()
            .map(|entry| entry.path())
            .collect()
    }

    #[test]
    fn a_command_is_found_by_its_first_words_or_by_one_of_them() {
        assert_eq!(found(None).len(), 4);
        assert_eq!(found(Some("show stat")), ["show stat"]);
        assert_eq!(found(Some("show")).len(), 3);
        assert_eq!(found(Some("server")), ["set server"]);
        assert!(found(Some("show sta")).is_empty());
        assert!(found(Some("*")).is_empty());
    }
}
