//! Secrets of HAProxy's configuration, replaced before a module reads it. Keywords, names of users, paths of files and
//! all else stay, so that what is configured can still be seen: `stats auth admin:[redacted]`.
//!
//! A line is split into words as HAProxy would (`words`), and searched for
//!
//! 1. keywords that have a secret (`places`): `stats auth`, `password`, `cluster-secret`, `setenv` of a name that
//!    speaks of one, headers such as `Authorization` that are set or sent, credentials of checks, keys of converters
//!    (`expression`), what a header or a cookie is compared with, where its name speaks of a secret, …
//! 2. what shows secrets in any text (`super::text`): `password=…`, `//user:…@`, `Bearer …`, JSON Web Tokens; and private
//!    keys in PEM, over as many lines as they have.
//!
//! Variables of the environment can make a keyword or a name (`"set-${X-header}"`). A line is therefore searched once more
//! with their defaults in their place; and where a variable is in a place of a keyword or a name, all that follows it is
//! hidden, since it may be anything (`places::doubts`).
//!
//! Comments (`prose`) are searched as well, since what is commented out may still be in use: there, and behind a quote that
//! is not closed, all is replaced from the first secret on.
//!
//! What stays although a secret could be there: `"${NAME}"`, where HAProxy puts a variable of its environment, and
//! expressions that only fetch (`%[var(txn.token)]`). In doubt more is replaced than is secret. A secret that nothing
//! gives away, such as a header `X-Origin: …` that a server checks, is not known for one.

mod expression;
mod names;
mod places;
mod prose;
mod words;

use std::ops::Range;

use self::places::{Kind, Secret};
use self::prose::{first_of_comment, lines, of_prose, of_texts};
use self::words::Split;
use super::lines::{Line, Lines, TOO_LONG};
use super::names::find;
use super::text::{REDACTED, credentials, named_values, user_information};

/// Keywords whose words are addresses: a number after a colon is a port.
const WITH_ADDRESSES: [&[u8]; 10] = [
    b"server",
    b"server-template",
    b"default-server",
    b"bind",
    b"peer",
    b"nameserver",
    b"log",
    b"source",
    b"dispatch",
    b"mailer",
];

/// Families of addresses that come before an `@` (Configuration Manual, section 11).
const FAMILIES: [&[u8]; 24] = [
    b"ipv4",
    b"ipv6",
    b"unix",
    b"abns",
    b"abnsz",
    b"fd",
    b"sockpair",
    b"ring",
    b"udp",
    b"udp4",
    b"udp6",
    b"uxst",
    b"uxdg",
    b"tcp",
    b"tcp4",
    b"tcp6",
    b"quic4",
    b"quic6",
    b"mptcp",
    b"mptcp4",
    b"mptcp6",
    b"rhttp",
    b"stream+ipv4",
    b"stream+ipv6",
];

/// Keywords that begin a section: a private key that does not end ends there.
const SECTIONS: [&[u8]; 20] = [
    b"global",
    b"defaults",
    b"frontend",
    b"backend",
    b"listen",
    b"userlist",
    b"peers",
    b"mailers",
    b"resolvers",
    b"cache",
    b"program",
    b"ring",
    b"log-forward",
    b"log-profile",
    b"http-errors",
    b"fcgi-app",
    b"crt-store",
    b"acme",
    b"traces",
    b"healthcheck",
];

/// Replaces secrets in a configuration that comes in pieces. The pieces may be cut anywhere.
#[derive(Debug, Default)]
pub struct Configuration {
    lines: Lines,
    /// A private key began, and has not ended.
    in_key: bool,
}

impl Configuration {
    /// Takes the next piece; what is known to hold no secret by now goes to `out`.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.lines
            .push(piece, |line| end_line(&line, &mut self.in_key, out));
    }

    /// The end of the text.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.lines
            .finish(|line| end_line(&line, &mut self.in_key, out));
    }
}

fn end_line(line: &Line<'_>, in_key: &mut bool, out: &mut Vec<u8>) {
    if line.overlong {
        out.extend_from_slice(TOO_LONG);
    } else {
        let words = Split::of(line.text);
        let mut secrets = secrets(line.text, &words);
        secrets.extend(private_key(line.text, in_key));
        replace(line.text, &words, secrets, out);
    }
    out.extend(line.end);
}

/// What is secret in a line.
fn secrets(line: &[u8], split: &Split) -> Vec<Range<usize>> {
    let mut found = of_words(split);
    // Of what HAProxy would not read as words, or at all, nothing behind the first secret is shown.
    for from in split.comment.into_iter().chain(split.open_quote) {
        let text = line.get(from..).unwrap_or_default();
        if let Some(start) = first_of_comment(text) {
            found.push(from + start..line.trim_ascii_end().len());
        }
    }
    found
}

/// What is secret in the words of a line: in those that are written, and in those that HAProxy reads where variables
/// are not set.
fn of_words(split: &Split) -> Vec<Range<usize>> {
    let mut found = of_reading(split, places::secrets);
    if let Some(read) = split.with_defaults() {
        found.extend(of_reading(&read, |words| {
            let mut secrets = places::secrets(words);
            secrets.extend(places::doubts(&split.words, words));
            secrets
        }));
    }
    found
}

fn of_reading(split: &Split, secrets: impl Fn(&[&[u8]]) -> Vec<Secret>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let words: Vec<&[u8]> = split
        .words
        .iter()
        .map(|word| word.text.as_slice())
        .collect();
    let mut add = |word: usize, range: Range<usize>| {
        // `stats auth admin:pass#word`: HAProxy's password ends at the `#`, and what was meant for one may not.
        let is_last =
            word + 1 == words.len() && words.last().is_some_and(|last| range.end >= last.len());
        found.extend(split.glued.clone().filter(|_| is_last));
        found.extend(split.place(word, range));
    };
    for secret in secrets(&words) {
        let text = words
            .get(secret.word)
            .and_then(|word| word.get(secret.range.clone()));
        if !text.is_some_and(|text| expression::is_dynamic(text, secret.kind)) {
            add(secret.word, secret.range);
        }
    }
    for (word, range) in of_texts(&words) {
        add(word, range);
    }
    let has_addresses = has_addresses(&words);
    for (at, word) in words.iter().enumerate() {
        for range in shown(word, has_addresses) {
            add(at, range);
        }
        if word.iter().copied().any(words::is_blank) {
            for range in of_prose(word) {
                add(at, range);
            }
        }
    }
    found
}

/// Whether a number after a colon is a port.
fn has_addresses(words: &[&[u8]]) -> bool {
    match words {
        [b"stats", b"socket", ..] | [b"http-check" | b"tcp-check", b"connect", ..] => true,
        [first, ..] => WITH_ADDRESSES.contains(first),
        [] => false,
    }
}

/// Secrets that a word shows by itself.
fn shown(word: &[u8], has_addresses: bool) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (start, text) in lines(word) {
        let mut found = Vec::new();
        named_values(text, false, &mut found);
        user_information(text, &mut found);
        credentials(text, &mut found);
        found.retain(|range| {
            let (before, value) = (
                text.get(..range.start).unwrap_or_default(),
                text.get(range.clone()).unwrap_or_default(),
            );
            !(is_port(before, value, has_addresses)
                || is_family(before, value)
                || expression::is_dynamic(value, Kind::Format))
        });
        ranges.extend(
            found
                .into_iter()
                .map(|range| start + range.start..start + range.end),
        );
    }
    ranges
}

/// `auth:8080`, `http://auth:8080/`
fn is_port(before: &[u8], value: &[u8], has_addresses: bool) -> bool {
    let digits = value
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let Some(host) = before.strip_suffix(b":") else {
        return false;
    };
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let name = host.iter().rev().take_while(|byte| is_host(byte)).count();
    let of_url = host
        .get(..host.len() - name)
        .is_some_and(|before| before.ends_with(b"//"));
    let ends = match value.get(digits..) {
        Some([]) => true,
        Some([next, ..]) => of_url && matches!(next, b'/' | b'?' | b'"'),
        None => false,
    };
    (1..=5).contains(&digits) && ends && (of_url || has_addresses)
}

/// `ipv4@:80,ipv6@:443`
fn is_family(before: &[u8], user: &[u8]) -> bool {
    let last = user.rsplit(|byte| *byte == b',').next().unwrap_or_default();
    FAMILIES.contains(&last) && !before.ends_with(b"//")
}

/// The part of a line that belongs to a private key in PEM (RFC 7468).
fn private_key(line: &[u8], in_key: &mut bool) -> Option<Range<usize>> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    let mut start = None;
    if *in_key {
        let blank = line
            .iter()
            .take_while(|byte| words::is_blank(**byte) || **byte == b'#')
            .count();
        let first = line
            .get(blank..)
            .unwrap_or_default()
            .split(|byte| words::is_blank(*byte))
            .next()
            .unwrap_or_default();
        if SECTIONS.contains(&first) && blank == 0 {
            *in_key = false;
        } else {
            start = Some(blank);
        }
    }
    if let Some(begin) = find(line, BEGIN) {
        let after = begin + BEGIN.len();
        let label = line.get(after..).unwrap_or_default();
        let label_length = find(label, b"-----").unwrap_or(label.len());
        if find(
            label.get(..label_length).unwrap_or_default(),
            b"PRIVATE KEY",
        )
        .is_some()
        {
            *in_key = true;
            start = start.or(Some(
                (after + label_length + b"-----".len()).min(line.len()),
            ));
        }
    }
    let from = start?;
    let mut end = line.trim_ascii_end().len();
    if let Some(found) = line.get(from..).and_then(|rest| find(rest, END)) {
        end = from + found;
        *in_key = false;
    }
    Some(from..end.max(from))
}

/// The line without its secrets.
fn replace(line: &[u8], words: &Split, mut secrets: Vec<Range<usize>>, out: &mut Vec<u8>) {
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort_by_key(|secret| secret.start);
    let mut secrets = secrets.into_iter().peekable();
    let mut at = 0;
    while let Some(first) = secrets.next() {
        let (mut part, mut closes) = words.whole(first);
        // Those that touch are one.
        while let Some(next) = secrets.next_if(|next| next.start <= part.end) {
            (part, closes) = words.whole(part.start..part.end.max(next.end));
        }
        out.extend_from_slice(line.get(at..part.start).unwrap_or_default());
        out.extend_from_slice(REDACTED);
        out.extend(closes);
        at = part.end.min(line.len());
    }
    out.extend_from_slice(line.get(at..).unwrap_or_default());
}
