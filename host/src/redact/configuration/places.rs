//! Where HAProxy's keywords have secrets (Configuration Manual), whatever stands before the keyword: a line may be in a
//! comment, after a `default` or a `no`, or wrong.

use std::ops::Range;

use super::expression::{self, Expression};
use super::names::{is_of_file, is_operators_secret, is_path, last_name, looks_like_a_key};
use crate::redact::names::is_secret;

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

/// Keywords whose next words are a secret.
const SECRETS: [(&str, Until); 8] = [
    // section "userlist"; the rest of a password that lacks its quotes is secret, too
    ("password", Until::One(&["groups"])),
    ("insecure-password", Until::One(&["groups"])),
    // section "global"
    ("cluster-secret", Until::End),
    ("anonkey", Until::End),
    // section "acme"
    ("acme-vars", Until::End),
    // backends
    ("dynamic-cookie-key", Until::End),
    // options of bind and server
    ("ca-sign-pass", Until::Word),
    ("tcp-md5sig", Until::Word),
];

/// Keywords that are followed by a name and a value, which is secret where the name says so, and where it ends.
const NAMED: [(&str, Kind, Until); 11] = [
    ("setenv", Kind::Literal, Until::End),
    ("presetenv", Kind::Literal, Until::End),
    ("set-var", Kind::Expression, Until::Condition),
    ("set-var-fmt", Kind::Format, Until::Condition),
    ("set-header", Kind::Format, Until::Condition),
    ("add-header", Kind::Format, Until::Condition),
    ("replace-header", Kind::Format, Until::Condition),
    ("replace-value", Kind::Format, Until::Condition),
    ("early-hint", Kind::Format, Until::Condition),
    ("set-param", Kind::Format, Until::Condition),
    (
        "hdr",
        Kind::Format,
        Until::One(&[
            "hdr",
            "meth",
            "uri",
            "uri-lf",
            "ver",
            "body",
            "body-lf",
            "comment",
            "string",
            "lf-string",
            "file",
            "lf-file",
            "content-type",
            "status",
            "errorfile",
            "errorfiles",
            "default-errorfiles",
            "if",
            "unless",
        ]),
    ),
];

/// Words of protocols after which credentials come: Redis, POP3, FTP, IMAP, SMTP.
const LOGINS: [&[u8]; 5] = [b"auth", b"pass", b"login", b"authenticate", b"identify"];

/// Names of headers that hold a secret word and no secret.
const PUBLIC_HEADERS: [&str; 3] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-expose-headers",
];

/// Finds what is secret among the words of a line.
pub(super) fn secrets(words: &[&[u8]]) -> Vec<Secret> {
    let mut line = Line {
        words,
        secrets: Vec::new(),
        hidden: 0..0,
        compared: 0..0,
        sent: 0..0,
        searched: false,
    };
    for (at, word) in words.iter().enumerate() {
        line.keyword(at, word);
        line.variable(at, word);
        line.acl(at, word);
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
        let range = from..self.word(word).len();
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

    fn keyword(&mut self, at: usize, word: &[u8]) {
        for (keyword, until) in SECRETS {
            if word.eq_ignore_ascii_case(keyword.as_bytes()) {
                self.hide(at + 1, until);
            }
        }
        for (keyword, kind, until) in NAMED {
            if word.eq_ignore_ascii_case(keyword.as_bytes()) {
                self.named(at, kind, until);
            }
        }
        if let [name @ .., sign @ (b':' | b'=')] = word
            && is_secret(last_name(name))
        {
            // `Authorization: Bearer …`, where the quotes are missing
            let until = if *sign == b':' {
                Until::Condition
            } else {
                Until::Word
            };
            self.hide_values(at + 1, until, Kind::Format);
        }
        let after = |line: &Self, first: &str| at > 0 && line.is(at - 1, first);
        match word.to_ascii_lowercase().as_slice() {
            b"auth" if after(self, "stats") => {
                let colon = self.word(at + 1).iter().position(|byte| *byte == b':');
                self.hide_from(at + 1, colon.map_or(0, |colon| colon + 1));
                self.hide(at + 2, Until::End);
            }
            b"send" | b"send-lf" if after(self, "tcp-check") => self.sent(at + 1),
            b"send-binary" | b"send-binary-lf" => self.hide(at + 1, Until::One(&["comment"])),
            b"lua-load" | b"lua-load-per-thread" => self.arguments(at + 2),
            b"ssl-passphrase-cmd" | b"password-cmd" => self.hide(at + 2, Until::End),
            b"command" if at == 0 => self.arguments(at + 1),
            b".if" | b".elif" if at == 0 => self.compared(at + 1),
            _ => {}
        }
    }

    /// `KEYWORD NAME VALUE`
    fn named(&mut self, at: usize, kind: Kind, until: Until) {
        /// Words between a name and its value, at most: two flags `-m METHOD`, and `value`.
        const FLAGS: usize = 8;
        if self.is(at, "hdr") && self.is(at + 1, "name") {
            // http-check expect hdr name NAME value [-m METHOD] VALUE
            let mut next = at + 2..at + 2 + FLAGS;
            if next
                .clone()
                .any(|name| is_operators_secret(self.word(name)))
                && let Some(value) = next.find(|value| self.is(*value, "value"))
            {
                self.patterns(value + 1, None);
            }
            return;
        }
        let name = self.word(at + 1);
        if PUBLIC_HEADERS.iter().any(|public| self.is(at + 1, public)) || !is_operators_secret(name)
        {
            return;
        }
        if is_path(self.word(at + 2)) && is_of_file(name) {
            return;
        }
        self.hide_values(at + 2, until, kind);
    }

    /// `set-var(NAME) EXPRESSION`
    fn variable(&mut self, at: usize, word: &[u8]) {
        for (keyword, kind) in [
            (&b"set-var("[..], Kind::Expression),
            (b"set-var-fmt(", Kind::Format),
        ] {
            if word.strip_prefix(keyword).is_some_and(is_operators_secret) {
                self.hide_values(at + 1, Until::Condition, kind);
            }
        }
    }

    /// What a check sends: credentials follow a command that is for them.
    fn sent(&mut self, from: usize) {
        for at in begin(&mut self.sent, from)..self.words.len() {
            self.sent.end = at + 1;
            if self.is(at, "comment") {
                return;
            }
            let word = self.word(at);
            let login = (0..word.len()).find_map(|start| {
                let begins =
                    start == 0 || !word.get(start - 1).is_some_and(u8::is_ascii_alphanumeric);
                let rest = word.get(start..).filter(|_| begins)?;
                LOGINS.iter().find_map(|login| {
                    let found = rest.get(..login.len())?.eq_ignore_ascii_case(login);
                    let ends = !rest.get(login.len()).is_some_and(u8::is_ascii_alphanumeric);
                    (found && ends).then_some(start + login.len())
                })
            });
            if let Some(login) = login {
                let rest = word.get(login..).unwrap_or_default();
                self.hide_from(at, login + rest.len() - rest.trim_ascii_start().len());
                // Without quotes, the rest is in the next words.
                if !self.is(at + 1, "comment") {
                    self.hide(at + 1, Until::One(&["comment"]));
                }
                return;
            }
        }
    }

    /// Arguments of a script or a command.
    fn arguments(&mut self, from: usize) {
        if std::mem::replace(&mut self.searched, true) {
            return;
        }
        for at in from..self.words.len() {
            let word = self.word(at);
            let before = self.word(at.saturating_sub(1));
            if at > from && !is_path(word) && is_operators_secret(before) && !before.contains(&b'=')
            {
                self.hide_from(at, 0);
            } else if at > from && (self.is_one(at - 1, &["-u", "--user"])) {
                let colon = word.iter().position(|byte| *byte == b':');
                self.hide_from(at, colon.map_or(word.len(), |colon| colon + 1));
            } else if word.starts_with(b"-p") && word.len() > 2 && !word.contains(&b'=') {
                self.hide_from(at, 2);
            } else if looks_like_a_key(word) {
                self.hide_from(at, 0);
            }
        }
    }

    /// `.if streq("$API_KEY",…)`
    fn compared(&mut self, from: usize) {
        if !(from..self.words.len()).any(|at| is_operators_secret(self.word(at))) {
            return;
        }
        let comma = (from..self.words.len()).find_map(|at| {
            let comma = self.word(at).iter().position(|byte| *byte == b',')?;
            Some((at, comma))
        });
        if let Some((at, comma)) = comma {
            let word = self.word(at);
            let brackets = word.iter().rev().take_while(|byte| **byte == b')').count();
            self.secrets.push(Secret {
                word: at,
                range: comma + 1..(word.len() - brackets).max(comma + 1),
                kind: Kind::Literal,
            });
            self.hide(at + 1, Until::End);
        }
    }

    /// `acl NAME EXPRESSION PATTERN…` and `{ EXPRESSION PATTERN… }`, where what is compared with is a secret.
    fn acl(&mut self, at: usize, word: &[u8]) {
        let (expression, end) = if word.eq_ignore_ascii_case(b"acl") {
            (at + 2, None)
        } else if matches!(word, b"{" | b"!{") {
            (at + 1, Some("}"))
        } else {
            return;
        };
        let expected = Expression(self.word(expression));
        for range in expected.constants() {
            self.secrets.push(Secret {
                word: expression,
                range,
                kind: Kind::Literal,
            });
        }
        if expected.is_secret() {
            self.patterns(expression + 1, end);
        }
    }

    /// What a sample is compared with, but for flags, names of files, and comparisons of numbers.
    fn patterns(&mut self, from: usize, end: Option<&str>) {
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

    /// `hmac(sha256,KEY)` and the like.
    fn keys_of_converters(&mut self, at: usize, word: &[u8]) {
        for key in expression::keys(word) {
            let open = key.open;
            self.secrets.push(Secret {
                word: at,
                range: key.range,
                kind: Kind::Literal,
            });
            if open {
                // Without quotes, the rest of the key is in the next words.
                self.hide(at + 1, Until::Bracket);
            }
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
