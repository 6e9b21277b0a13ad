//! Secrets in sample expressions, and in what samples are compared with.

use super::{Line, Until, begin};
use crate::redact::configuration::expression::{self, Expression};

impl Line<'_> {
    /// `acl NAME EXPRESSION PATTERN…` and `{ EXPRESSION PATTERN… }`, where what is compared with is a secret.
    pub(super) fn acl(&mut self, at: usize, word: &[u8]) {
        let (expression, end) = if word.eq_ignore_ascii_case(b"acl") {
            (at + 2, None)
        } else if matches!(word, b"{" | b"!{") {
            (at + 1, Some("}"))
        } else {
            return;
        };
        let expected = Expression(self.word(expression));
        for range in expected.constants() {
            self.hide_part(expression, range);
        }
        if expected.is_secret() {
            self.patterns(expression + 1, end);
        }
    }

    /// What a sample is compared with, but for flags, names of files, and comparisons of numbers.
    pub(super) fn patterns(&mut self, from: usize, end: Option<&str>) {
        let mut at = begin(&mut self.compared, from);
        while at < self.words.len() && !end.is_some_and(|end| self.is(at, end)) {
            let is_number = |at: usize| {
                let word = self.word(at);
                !word.is_empty()
                    && word
                        .iter()
                        .all(|byte| byte.is_ascii_digit() || *byte == b':')
            };
            at += match self.word(at) {
                b"-i" | b"-n" | b"-M" | b"-u" | b"--" => 1,
                b"-m" | b"-f" => 2,
                b"eq" | b"ge" | b"gt" | b"le" | b"lt" if is_number(at + 1) => 2,
                _ => {
                    self.hide_from(at, 0);
                    1
                }
            };
            self.compared.end = at;
        }
    }

    /// `str(KEY),secure_memcmp(txn.token)`, wherever it is.
    pub(super) fn constants(&mut self, at: usize, word: &[u8]) {
        let expression = Expression(word);
        if expression.compares() {
            for range in expression.constants() {
                self.hide_part(at, range);
            }
        }
    }

    /// `hmac(sha256,KEY)` and the like.
    pub(super) fn keys_of_converters(&mut self, at: usize, word: &[u8]) {
        for key in expression::keys(word) {
            let open = key.open;
            self.hide_part(at, key.range);
            if open {
                // Without quotes, the rest of the key is in the next words.
                self.hide(at + 1, Until::Bracket);
            }
        }
    }
}
