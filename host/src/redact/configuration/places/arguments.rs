//! What other programs and scripts are given, what checks send, and what conditional blocks compare.

use std::ops::Range;

use super::{Line, Until, begin};
use crate::redact::configuration::names::{is_operators_secret, is_path, looks_like_a_key};
use crate::redact::configuration::prose::loose;
use crate::redact::configuration::words::is_blank;

/// Words of protocols after which credentials come: Redis, POP3, FTP, IMAP, SMTP.
const LOGINS: [&[u8]; 5] = [b"auth", b"pass", b"login", b"authenticate", b"identify"];

impl Line<'_> {
    /// What a check sends: credentials follow a command that is for them.
    pub(super) fn sent(&mut self, from: usize) {
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

    /// Arguments of a script or a command, which may be a command itself: `sh -c 'app --password …'`.
    pub(super) fn arguments(&mut self, from: usize) {
        if std::mem::replace(&mut self.searched, true) {
            return;
        }
        let mut before: Option<&[u8]> = None;
        for at in from..self.words.len() {
            let word = self.word(at);
            if !word.iter().copied().any(is_blank) {
                self.argument(at, 0..word.len(), before);
                before = Some(word);
                continue;
            }
            // Its quotes are read by another program: what may be in them is hidden to the end of the word.
            for place in loose(word) {
                let part = word.get(place.clone()).unwrap_or_default();
                let is_quoted = matches!(word.get(place.end), Some(b'"' | b'\''));
                if self.argument(at, place.clone(), before) || part == b"-p" && is_quoted {
                    self.hide_from(at, place.end);
                    before = None;
                    break;
                }
                before = Some(part);
            }
        }
    }

    /// Hides what is secret in an argument; whether the secret may go on behind it.
    fn argument(&mut self, at: usize, place: Range<usize>, before: Option<&[u8]>) -> bool {
        let word = self.word(at).get(place.clone()).unwrap_or_default();
        let is = |wanted: &[&[u8]]| before.is_some_and(|before| wanted.contains(&before));
        let names_one = before.is_some_and(|before| {
            is_operators_secret(before) && !before.contains(&b'=') && !is_path(before)
        });
        if names_one && !is_path(word) {
            self.hide_part(at, place);
            return true;
        }
        if is(&[b"-u", b"--user"]) {
            let colon = word.iter().position(|byte| *byte == b':');
            let secret = colon.map_or(place.end, |colon| place.start + colon + 1);
            self.hide_part(at, secret..place.end);
            return colon.is_some();
        }
        if word.starts_with(b"-p") && word.len() > 2 && !word.contains(&b'=') {
            self.hide_part(at, place.start + 2..place.end);
        } else if looks_like_a_key(word) {
            self.hide_part(at, place);
        }
        false
    }

    /// `.if streq("$API_KEY",…)`: all that is given to a predicate, but for variables.
    pub(super) fn compared(&mut self, from: usize) {
        if !(from..self.words.len()).any(|at| is_operators_secret(self.word(at))) {
            return;
        }
        for at in from..self.words.len() {
            let word = self.word(at);
            let Some(bracket) = word.iter().position(|byte| *byte == b'(') else {
                continue;
            };
            let closing = word.iter().rev().take_while(|byte| **byte == b')').count();
            // `defined(API_KEY)` is given no text.
            if closing > 0 && !word.contains(&b',') {
                continue;
            }
            let end = (word.len() - closing).max(bracket + 1);
            let mut start = bracket + 1;
            for part in word
                .get(start..end)
                .unwrap_or_default()
                .split(|byte| *byte == b',')
            {
                self.hide_part(at, start..start + part.len());
                start += part.len() + 1;
            }
            if closing == 0 {
                self.hide(at + 1, Until::End);
                return;
            }
        }
    }
}
