//! Keywords and names that a variable of the environment may make into others: what comes after them is hidden.

use super::super::words::Word;
use super::{Line, Secret, Until, keywords};

/// Keywords whose next word is a keyword as well.
const FAMILIES: [&str; 8] = [
    "stats",
    "option",
    "http-request",
    "http-response",
    "http-after-response",
    "http-check",
    "tcp-check",
    "quic-initial",
];

/// What is hidden since a variable is where a keyword or a name is. `read` are the words with their variables replaced
/// by what these have for defaults, and the places are theirs.
pub(in crate::redact::configuration) fn doubts(words: &[Word], read: &[&[u8]]) -> Vec<Secret> {
    let mut line = Line::of(read);
    let holds = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| !word.variables().is_empty())
    };
    let first = usize::from(!holds(0) && line.is_one(0, &["no", "default"]));
    if let Some(at) = line.keywords(first).into_iter().find(|at| holds(*at)) {
        line.hide(at + 1, Until::End);
    }
    let mut in_condition = false;
    let mut in_expression = false;
    for at in 0..words.len() {
        match line.word(at) {
            b"if" | b"unless" => in_condition = true,
            b"{" | b"!{" => {
                in_expression = true;
                if holds(at + 1) {
                    line.patterns(at + 2, Some("}"));
                }
            }
            b"}" => in_expression = false,
            b"acl" if holds(at + 2) || words.get(at + 1).is_some_and(Word::joins) => {
                line.patterns(at + 3, None);
            }
            _ => {}
        }
        let may_open = in_condition && !in_expression && holds(at);
        if may_open || words.get(at).is_some_and(Word::splits) {
            line.hide(at + 1, Until::End);
        }
        line.named_by_a_variable(at, &holds);
    }
    line.joined(words);
    line.secrets
}

impl Line<'_> {
    /// Where the keywords are that say what a line is; it may have less words.
    fn keywords(&self, first: usize) -> Vec<usize> {
        if self.is_one(first, &["tcp-request", "tcp-response"]) {
            vec![first, first + 1, first + 2]
        } else if self.is_one(first, &FAMILIES) {
            vec![first, first + 1]
        } else if self.is(first, "user") {
            // user NAME insecure-password …
            vec![first, first + 2]
        } else {
            vec![first]
        }
    }

    /// `setenv "${PREFIX}_X" VALUE`
    fn named_by_a_variable(&mut self, at: usize, holds: &impl Fn(usize) -> bool) {
        /// Words after `hdr name` that may be a part of the name, at most.
        const FLAGS: usize = 8;
        let word = self.word(at);
        if holds(at) && (word.starts_with(b"set-var(") || word.starts_with(b"set-var-fmt(")) {
            self.hide(at + 1, Until::Condition);
        }
        let Some(until) = keywords::until_of_named(word) else {
            return;
        };
        if self.is(at, "hdr") && self.is(at + 1, "name") {
            let mut next = at + 2..at + 2 + FLAGS;
            if next.clone().any(holds)
                && let Some(value) = next.find(|value| self.is(*value, "value"))
            {
                self.patterns(value + 1, None);
            }
        } else if holds(at + 1) {
            self.hide(at + 2, until);
        }
    }

    /// `tcp-"${X}" md5sig KEY`: HAProxy skips the blanks behind a variable that is not set, and the quote in front of
    /// them.
    fn joined(&mut self, words: &[Word]) {
        let mut at = 0;
        while at < words.len() {
            let mut joined = self.word(at).to_vec();
            let mut last = at;
            while words.get(last).is_some_and(Word::joins) && last + 1 < words.len() {
                last += 1;
                joined.extend_from_slice(self.word(last));
            }
            // An empty word in front of a keyword is no part of it.
            if !self.word(at).is_empty() && last > at && keywords::is_keyword(&joined) {
                self.hide(last + 1, Until::End);
            }
            at = last + 1;
        }
    }
}
