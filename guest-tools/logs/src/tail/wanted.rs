//! Which lines are wanted.

use haproxy_mcp_sdk::Failure;
use haproxy_replies::log_lines::Line;

use super::Arguments;

/// Which lines are wanted, but for their time.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) backend: Option<&'a str>,
    pub(super) frontend: Option<&'a str>,
    pub(super) server: Option<&'a str>,
    statuses: Vec<Status>,
    /// In lower case.
    text: Option<Vec<u8>>,
}

/// A status, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Class(i64),
    One(i64),
}

impl<'a> Wanted<'a> {
    pub(super) fn new(arguments: &'a Arguments) -> Result<Self, Failure> {
        let statuses: Option<Vec<Status>> = arguments
            .status
            .iter()
            .flat_map(|list| list.split(','))
            .map(status)
            .collect();
        Ok(Self {
            backend: arguments.backend.as_deref(),
            frontend: arguments.frontend.as_deref(),
            server: arguments.server.as_deref(),
            statuses: statuses.ok_or_else(|| {
                Failure::invalid_argument("not a list of statuses")
                    .hint("such as `5xx` or `502,504`")
                    .argument("/status")
            })?,
            text: arguments
                .text
                .as_ref()
                .map(|text| text.to_ascii_lowercase().into_bytes()),
        })
    }

    /// Whether the text is one that is wanted, before anything else of the line is looked at.
    pub(super) fn takes_text(&self, line: &[u8]) -> bool {
        self.text
            .as_ref()
            .is_none_or(|text| contains_any_case(line, text))
    }

    /// Whether the rest of what is known of it is.
    pub(super) fn takes(&self, line: &Line<'_>) -> bool {
        let is = |wanted: Option<&str>, fields: &[Option<&[u8]>]| {
            wanted.is_none_or(|wanted| fields.contains(&Some(wanted.as_bytes())))
        };
        is(self.backend, &[line.backend, line.proxy])
            && is(self.frontend, &[line.frontend, line.proxy])
            && is(self.server, &[line.server])
            && (self.statuses.is_empty()
                || line.status.is_some_and(|status| {
                    self.statuses.iter().any(|wanted| match wanted {
                        Status::Class(class) => status / 100 == *class,
                        Status::One(one) => status == *one,
                    })
                }))
    }

    /// Whether it takes more than the text of a line to know whether it is wanted.
    pub(super) const fn is_about_fields(&self) -> bool {
        self.backend.is_some()
            || self.frontend.is_some()
            || self.server.is_some()
            || !self.statuses.is_empty()
    }
}

fn status(text: &str) -> Option<Status> {
    match text.strip_suffix("xx") {
        Some(class) => class.parse().ok().map(Status::Class),
        None => text.parse().ok().map(Status::One),
    }
}

/// Whether a text is in a line, letters of ASCII in any case.
fn contains_any_case(line: &[u8], lower: &[u8]) -> bool {
    let Some((first, rest)) = lower.split_first() else {
        return true;
    };
    let upper = first.to_ascii_uppercase();
    let mut from = 0;
    while let Some(found) = line
        .get(from..)
        .and_then(|line| memchr::memchr2(*first, upper, line))
    {
        let behind = from + found + 1;
        let same = line
            .get(behind..behind + rest.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(rest));
        if same {
            return true;
        }
        from = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_in_any_case() {
        for (line, text, found) in [
            ("GET /Visit-7", "visit-7", true),
            ("aaab", "aab", true),
            ("AAAB", "aab", true),
            ("aaa", "aab", false),
            ("", "a", false),
            ("xa", "a", true),
            ("\u{fc}", "\u{fc}", true),
        ] {
            assert_eq!(
                contains_any_case(line.as_bytes(), text.as_bytes()),
                found,
                "{line} {text}"
            );
        }
    }
}
