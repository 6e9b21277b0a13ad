//! Which words may follow a command's path, and what each of them is.
//!
//! HAProxy ignores most words after the last one that it reads, and takes some garbage for a default. So the
//! words of a command are matched against a grammar of our own, whole and exactly, before it is sent.

use std::fmt;

use super::object::{Object, is_number};

/// One element of what may follow a command's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// This word.
    Word(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The name of something.
    Object(Object),
    /// A value.
    Value(Value),
    /// A value that must not be shown.
    Secret,
    /// All of these or none.
    Optional(&'static [Part]),
    /// Any number of these, in any order.
    Repeated(&'static [&'static [Part]]),
    /// Whatever follows; only in what is never granted.
    Rest,
}

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Any word.
    Text,
    /// Decimal digits.
    Number,
    /// Decimal digits, with a minus sign if need be.
    Integer,
    /// Decimal digits of at most 63 bits, with a minus sign if need be: what a stick table counts.
    Long,
    /// Decimal digits, with a percent sign if need be.
    Weight,
    /// Decimal digits and a unit of time if need be (`us`, `ms`, `s`, `m`, `h`, `d`).
    Duration,
    /// `data.<type>` of a stick table.
    Data,
    /// A comparison: `eq`, `ne`, `le`, `ge`, `lt`, `gt`.
    Operator,
}

impl Value {
    const fn placeholder(self) -> &'static str {
        match self {
            Self::Text => "<text>",
            Self::Number => "<number>",
            Self::Integer | Self::Long => "<integer>",
            Self::Weight => "<weight>",
            Self::Duration => "<duration>",
            Self::Data => "data.<type>",
            Self::Operator => "<operator>",
        }
    }

    fn accepts(self, word: &str) -> bool {
        match self {
            Self::Text => !word.is_empty(),
            Self::Number => is_number(word),
            Self::Integer => is_number(word.strip_prefix('-').unwrap_or(word)),
            Self::Long => {
                let digits = word.strip_prefix('-').unwrap_or(word);
                digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<i64>().is_ok()
            }
            Self::Weight => is_number(word.strip_suffix('%').unwrap_or(word)),
            Self::Duration => {
                is_number(word.trim_end_matches(|c: char| c.is_ascii_lowercase()))
                    && matches!(
                        word.trim_start_matches(|c: char| c.is_ascii_digit()),
                        "" | "us" | "ms" | "s" | "m" | "h" | "d"
                    )
            }
            Self::Data => word
                .strip_prefix("data.")
                .is_some_and(|kind| !kind.is_empty()),
            Self::Operator => matches!(word, "eq" | "ne" | "le" | "ge" | "lt" | "gt"),
        }
    }
}

/// What a word turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A word of the grammar.
    Literal,
    /// The name of something.
    Object(Object),
    /// A value.
    Value,
    /// A value that must not be shown.
    Secret,
}

impl Part {
    /// What the word is here, or nothing when it cannot stand here.
    fn role(self, word: &str) -> Option<Role> {
        match self {
            Self::Word(wanted) => (wanted == word).then_some(Role::Literal),
            Self::OneOf(wanted) => wanted.contains(&word).then_some(Role::Literal),
            Self::Object(object) => object.accepts(word).then_some(Role::Object(object)),
            Self::Value(value) => value.accepts(word).then_some(Role::Value),
            Self::Secret => Some(Role::Secret),
            Self::Optional(_) | Self::Repeated(_) | Self::Rest => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::OneOf(words) => f.write_str(&words.join("|")),
            Self::Object(object) => f.write_str(object.placeholder()),
            Self::Value(value) => f.write_str(value.placeholder()),
            Self::Secret => f.write_str("<secret>"),
            Self::Optional(parts) => write!(f, "[{}]", Usage(parts)),
            Self::Repeated(choices) => {
                f.write_str("[")?;
                for (at, choice) in choices.iter().enumerate() {
                    if at > 0 {
                        f.write_str("|")?;
                    }
                    Usage(choice).fmt(f)?;
                }
                f.write_str("]*")
            }
            Self::Rest => f.write_str("…"),
        }
    }
}

/// Parts as they stand in a usage line.
pub(super) struct Usage<'a>(pub(super) &'a [Part]);

impl fmt::Display for Usage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

/// How a word is compared with a part: as a word of a command, or as a word of a grant's pattern.
pub(super) trait Fits {
    /// What the word is at this part, or nothing when it cannot stand there.
    fn fits(&self, part: Part, word: &str) -> Option<Role>;

    /// Whether what is left of the words, from this index, stands for all that may follow.
    fn is_rest(&self, _words: &[&str], _at: usize) -> bool {
        false
    }
}

/// A command's words, compared exactly.
pub(super) struct Exact;

impl Fits for Exact {
    fn fits(&self, part: Part, word: &str) -> Option<Role> {
        part.role(word)
    }
}

/// The words that follow a command's path do not fit: the first that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Its index among the words after the path; the number of words when one is missing.
    pub(super) at: usize,
}

/// What is still to be matched: these parts, then the next link.
struct Chain<'a> {
    parts: &'a [Part],
    next: Option<&'a Chain<'a>>,
}

/// The most steps of one match. A command takes a few hundred; a pattern of many `*` could take years.
const MAX_STEPS: u32 = 50_000;

struct Matcher<'a, F> {
    fits: &'a F,
    words: &'a [&'a str],
    roles: Vec<Role>,
    furthest: usize,
    steps: u32,
}

/// Matches all the words against all the parts.
///
/// The alternatives of a [`Part::Repeated`] differ in their first word, so that for a command the work stays
/// linear in the number of words. A pattern's `*` fits all of them: [`MAX_STEPS`] ends that.
pub(super) fn match_words<F: Fits>(
    fits: &F,
    parts: &[Part],
    words: &[&str],
) -> Result<Vec<Role>, Misfit> {
    let mut matcher = Matcher {
        fits,
        words,
        roles: Vec::with_capacity(words.len()),
        furthest: 0,
        steps: MAX_STEPS,
    };
    if matcher.run(&Chain { parts, next: None }) {
        Ok(matcher.roles)
    } else {
        Err(Misfit {
            at: matcher.furthest,
        })
    }
}

impl<F: Fits> Matcher<'_, F> {
    fn run(&mut self, chain: &Chain<'_>) -> bool {
        let at = self.roles.len();
        self.furthest = self.furthest.max(at);
        let Some(left) = self.steps.checked_sub(1) else {
            return false;
        };
        self.steps = left;
        let Some((&part, rest)) = chain.parts.split_first() else {
            return match chain.next {
                Some(next) => self.run(next),
                None => at == self.words.len(),
            };
        };
        if at < self.words.len() && self.fits.is_rest(self.words, at) {
            self.roles.resize(self.words.len(), Role::Value);
            return true;
        }
        let after = Chain {
            parts: rest,
            next: chain.next,
        };
        match part {
            Part::Optional(body) => {
                self.run(&Chain {
                    parts: body,
                    next: Some(&after),
                }) || self.back(at, &after)
            }
            Part::Repeated(choices) => {
                let again = Chain {
                    parts: chain.parts,
                    next: chain.next,
                };
                choices.iter().any(|choice| {
                    self.roles.truncate(at);
                    self.run(&Chain {
                        parts: choice,
                        next: Some(&again),
                    })
                }) || self.back(at, &after)
            }
            Part::Rest => {
                self.roles.resize(self.words.len(), Role::Value);
                true
            }
            _ => match self
                .words
                .get(at)
                .and_then(|word| self.fits.fits(part, word))
            {
                Some(role) => {
                    self.roles.push(role);
                    self.run(&after)
                }
                None => false,
            },
        }
    }

    /// Goes on from an earlier word.
    fn back(&mut self, at: usize, chain: &Chain<'_>) -> bool {
        self.roles.truncate(at);
        self.run(chain)
    }
}
