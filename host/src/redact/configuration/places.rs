//! Where HAProxy's keywords have secrets (Configuration Manual), whatever stands before the keyword: a line may be in a
//! comment, after a `default` or a `no`, or wrong.

mod arguments;
mod doubts;
mod keywords;
mod samples;

use std::ops::Range;

use super::names::looks_like_a_key;
use crate::redact::names::is_secret;

pub(super) use self::doubts::doubts;

/// A part of a word that is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    /// Which word.
    pub(super) word: usize,
    /// Which of its bytes.
    pub(super) range: Range<usize>,
    /// What HAProxy takes it for.
    pub(super) kind: Kind,
}

/// What HAProxy takes a word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What it says.
    Literal,
    /// A text with expressions in it (`%[…]`).
    Format,
    /// An expression.
    Expression,
}

/// Where the secret after a keyword ends.
#[derive(Clone, Copy, Debug)]
enum Until {
    /// It is one word.
    Word,
    /// With the line, or where its condition begins.
    Condition,
    /// With the line, or at one of these words.
    One(&'static [&'static str]),
    /// With the line, or with a word that closes a bracket.
    Bracket,
    /// With the line.
    End,
}

/// Finds what is secret among the words of a line.
pub(super) fn secrets(words: &[&[u8]]) -> Vec<Secret> {
    let mut line = Line::of(words);
    for (at, word) in words.iter().enumerate() {
        line.keyword(at, word);
        line.variable(at, word);
        line.acl(at, word);
        line.constants(at, word);
        line.keys_of_converters(at, word);
    }
    line.keys_by_their_looks();
    line.secrets
}

struct Line<'a> {
    words: &'a [&'a [u8]],
    secrets: Vec<Secret>,
    // A line may repeat its keywords: what was dealt with for one of them is not gone through again.
    /// The words that were hidden last.
    hidden: Range<usize>,
    /// Those that something was last compared with.
    compared: Range<usize>,
    /// Those in which credentials were last looked for.
    sent: Range<usize>,
    /// All arguments to the end of the line were looked at.
    searched: bool,
}

impl<'a> Line<'a> {
    fn of(words: &'a [&'a [u8]]) -> Self {
        Self {
            words,
            secrets: Vec::new(),
            hidden: 0..0,
            compared: 0..0,
            sent: 0..0,
            searched: false,
        }
    }

    fn word(&self, at: usize) -> &'a [u8] {
        self.words.get(at).copied().unwrap_or_default()
    }

    fn is(&self, at: usize, wanted: &str) -> bool {
        self.word(at).eq_ignore_ascii_case(wanted.as_bytes())
    }

    fn is_one(&self, at: usize, wanted: &[&str]) -> bool {
        wanted.iter().any(|wanted| self.is(at, wanted))
    }

    fn is_condition(&self, at: usize) -> bool {
        self.is_one(at, &["if", "unless"])
    }

    /// Bytes of a word from here on.
    fn hide_from(&mut self, word: usize, from: usize) {
        self.hide_part(word, from..self.word(word).len());
    }

    /// A part of a word.
    fn hide_part(&mut self, word: usize, range: Range<usize>) {
        self.secrets.push(Secret {
            word,
            range,
            kind: Kind::Literal,
        });
    }

    /// Whole words of this kind.
    fn hide_values(&mut self, from: usize, until: Until, kind: Kind) {
        let first = self.secrets.len();
        self.hide(from, until);
        for secret in self.secrets.iter_mut().skip(first) {
            secret.kind = kind;
        }
    }

    /// Whole words.
    fn hide(&mut self, from: usize, until: Until) {
        for at in begin(&mut self.hidden, from)..self.words.len() {
            let ended = match until {
                Until::Word => at > from,
                Until::Condition => self.is_condition(at),
                // The first word is the secret, whatever it is.
                Until::One(words) => at > from && self.is_one(at, words),
                Until::Bracket => at > from && self.word(at - 1).contains(&b')'),
                Until::End => false,
            };
            if ended {
                return;
            }
            self.hide_from(at, 0);
            self.hidden.end = at + 1;
        }
    }

    /// What looks like a key, and comes after a word that speaks of one.
    fn keys_by_their_looks(&mut self) {
        let mut spoken_of = false;
        for at in 0..self.words.len() {
            let word = self.word(at);
            if spoken_of && looks_like_a_key(word) {
                self.hide_from(at, 0);
            }
            spoken_of = spoken_of || is_secret(word);
        }
    }
}

/// Where to begin with words from `from` on, of which those in `done` are done.
fn begin(done: &mut Range<usize>, from: usize) -> usize {
    if !(done.start..=done.end).contains(&from) {
        *done = from..from;
    }
    done.end
}
