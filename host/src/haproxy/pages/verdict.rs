//! What the statistics page's form says of an action: the word after `;st=` in the address that it sends on to.
//!
//! Source: `stat_status_codes` in HAProxy's own source, and the sentence that its page shows for each; 2.6, 3.0, 3.2 and
//! 3.4 were seen to say the same.

use super::door::PageUrl;
use super::error::ActError;

/// The word in an address such as `/stats;st=DONE` or `/stats;up;st=DENY;norefresh`.
pub(super) fn word(location: &str) -> Option<&str> {
    let (_, after) = location.split_once(";st=")?;
    let end = after.find([';', '?', '#', '&']).unwrap_or(after.len());
    after.get(..end)
}

/// Whether an action was taken, by the word that was said of it; `None` where HAProxy has no such word.
pub(super) fn of(url: &PageUrl, word: &str) -> Option<Result<(), ActError>> {
    let (code, message, hint) = match word {
        "DONE" => return Some(Ok(())),
        "PART" => (
            "partly-done",
            "did it with some of the servers, and not with others",
            Some(
                "read what is there now: a server may be missing, or not be one for this action (no check, no agent)",
            ),
        ),
        "ERRP" => (
            "no-such-object",
            "did nothing: it knows no such backend, server or action",
            Some("names are case-sensitive; read which servers there are"),
        ),
        "DENY" => (
            "denied-by-page",
            "takes no actions from this user or address",
            Some(
                "the section of the page in HAProxy's configuration needs `stats admin if …`, with a condition that this server meets, and a password with it: `stats auth USER:PASSWORD`",
            ),
        ),
        "NONE" => (
            "nothing-done",
            "did nothing: there was nothing to do",
            Some(
                "read what is there now: a server without a health check or an agent has none to be stopped or started",
            ),
        ),
        "EXCD" => (
            "too-large",
            "takes no form of that size",
            Some(
                "name fewer servers at once: the form must fit into one buffer of HAProxy (`tune.bufsize`)",
            ),
        ),
        "IVAL" => (
            "invalid-method",
            "takes no such request",
            Some("is it the address of HAProxy's statistics page?"),
        ),
        _ => return None,
    };
    Some(Err(ActError::Rejected {
        code,
        message: format!("`{url}` {message}"),
        hint: hint.map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn the_word_is_found_wherever_it_stands() {
        for (location, expected) in [
            ("/stats;st=DONE", Some("DONE")),
            ("http://lb:8404/stats;up;st=DENY;norefresh", Some("DENY")),
            ("/haproxy?stats;st=PART#top", Some("PART")),
            ("/stats;st=", Some("")),
            ("/stats", None),
            ("/stats?st=DONE", None),
        ] {
            assert_eq!(word(location), expected, "{location}");
        }
    }
}
