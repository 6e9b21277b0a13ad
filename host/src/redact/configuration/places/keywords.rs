//! Keywords whose next words are a secret, or a name that may be that of one.

use super::{Kind, Line, Until};
use crate::redact::configuration::names::{is_of_file, is_operators_secret, is_path, last_name};
use crate::redact::names::is_secret;

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

/// Names of headers that hold a secret word and no secret.
const PUBLIC_HEADERS: [&str; 3] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-expose-headers",
];

/// Whether a secret comes after this word.
pub(super) fn is_keyword(word: &[u8]) -> bool {
    SECRETS
        .iter()
        .any(|(keyword, _)| word.eq_ignore_ascii_case(keyword.as_bytes()))
        || until_of_named(word).is_some()
}

/// Where the value ends that has a name after this word.
pub(super) fn until_of_named(word: &[u8]) -> Option<Until> {
    NAMED
        .iter()
        .find(|(keyword, _, _)| word.eq_ignore_ascii_case(keyword.as_bytes()))
        .map(|(_, _, until)| *until)
}

impl Line<'_> {
    pub(super) fn keyword(&mut self, at: usize, word: &[u8]) {
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
    pub(super) fn named(&mut self, at: usize, kind: Kind, until: Until) {
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
    pub(super) fn variable(&mut self, at: usize, word: &[u8]) {
        for (keyword, kind) in [
            (&b"set-var("[..], Kind::Expression),
            (b"set-var-fmt(", Kind::Format),
        ] {
            if word.strip_prefix(keyword).is_some_and(is_operators_secret) {
                self.hide_values(at + 1, Until::Condition, kind);
            }
        }
    }
}
