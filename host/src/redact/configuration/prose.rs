//! Texts that are no words of HAProxy's: comments, descriptions, what a check sends.

use std::ops::Range;

use super::names::has_word;
use super::words::{Split, is_blank};
use super::{expression, of_words, places, shown};
use crate::redact::names::{STEMS, contains, letters};

/// Secrets in a word that holds blanks, such as a description or what a check sends.
pub(super) fn of_prose(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, line) in lines(text) {
        let places = loose(line);
        let words: Vec<&[u8]> = places
            .iter()
            .filter_map(|place| line.get(place.clone()))
            .collect();
        found.extend(places::secrets(&words).into_iter().filter_map(|secret| {
            let place = places.get(secret.word)?;
            let range = place.start + secret.range.start..place.start + secret.range.end;
            let is_dynamic = expression::is_dynamic(line.get(range.clone())?, secret.kind);
            (!is_dynamic).then_some(start + range.start..start + range.end)
        }));
    }
    found
}

/// The lines of a text, such as the headers that a check sends, and where each begins.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    text.split(|byte| matches!(byte, b'\r' | b'\n'))
        .map(move |line| {
            let start = next;
            next += line.len() + 1;
            (start, line)
        })
}

/// Where the first secret of a comment begins.
pub(super) fn first_of_comment(text: &[u8]) -> Option<usize> {
    let places = loose(text);
    let announced = places.iter().enumerate().find_map(|(at, place)| {
        let word = text.get(place.clone())?;
        let next = places.get(at + 1)?;
        announces(word).then_some(next.start)
    });
    let shown = shown(text, false)
        .into_iter()
        .filter(|range| !is_everyday(text, range));
    of_prose(text)
        .into_iter()
        .chain(shown)
        .chain(commented_out(text))
        .filter(|range| !range.is_empty())
        .map(|range| range.start)
        .chain(announced)
        .min()
}

/// What is behind a word that announces a secret, in texts for people: a word of the line, and the part of it.
pub(super) fn of_texts(words: &[&[u8]]) -> Vec<(usize, Range<usize>)> {
    const KEYWORDS: [&[u8]; 5] = [b"description", b".notice", b".warning", b".alert", b".diag"];
    let is = |at: usize, wanted: &[u8]| words.get(at).is_some_and(|word| *word == wanted);
    if words.first().is_some_and(|first| KEYWORDS.contains(first)) {
        return behind_announced(words, 1..words.len());
    }
    if is(0, b"stats") && is(1, b"show-desc") {
        return behind_announced(words, 2..words.len());
    }
    if !is(0, b"http-check") && !is(0, b"tcp-check") {
        return Vec::new();
    }
    (2..words.len())
        .filter(|at| is(at - 1, b"comment"))
        .flat_map(|at| behind_announced(words, at..at + 1))
        .collect()
}

/// All of some words from behind the first that announces a secret.
fn behind_announced(words: &[&[u8]], among: Range<usize>) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    let mut announced = false;
    for at in among {
        let word = words.get(at).copied().unwrap_or_default();
        let mut places = loose(word).into_iter();
        let first = places.find(|place| {
            let is_behind = announced;
            announced |= word.get(place.clone()).is_some_and(announces);
            is_behind
        });
        found.extend(first.map(|place| (at, place.start..word.len())));
    }
    found
}

/// Secrets of a line that is commented out, and of what is commented out in that.
fn commented_out(text: &[u8]) -> Vec<Range<usize>> {
    /// A line may be nothing but `#`.
    const MOST: usize = 4;
    let mut found = Vec::new();
    let mut from = 0;
    for _ in 0..MOST {
        let rest = text.get(from..).unwrap_or_default();
        from += rest
            .iter()
            .take_while(|byte| is_blank(**byte) || **byte == b'#')
            .count();
        let split = Split::of(text.get(from..).unwrap_or_default());
        found.extend(
            of_words(&split)
                .into_iter()
                .map(|range| from + range.start..from + range.end),
        );
        let Some(comment) = split.comment else {
            break;
        };
        from += comment;
    }
    found
}

/// `Basic settings`: what comes after the name of a scheme, and is a common word.
fn is_everyday(text: &[u8], value: &Range<usize>) -> bool {
    const SCHEMES: [&[u8]; 4] = [b"basic", b"digest", b"negotiate", b"ntlm"];
    let before = text.get(value.start.saturating_sub(12)..value.start);
    let before = before
        .unwrap_or_default()
        .trim_ascii_end()
        .to_ascii_lowercase();
    let value = text.get(value.clone()).unwrap_or_default();
    let word = value.trim_ascii_end().strip_suffix(b":").unwrap_or(value);
    let (first, rest) = word
        .split_first()
        .map_or((b'a', word), |(first, rest)| (*first, rest));
    SCHEMES.iter().any(|scheme| before.ends_with(scheme))
        && first.is_ascii_alphabetic()
        && (rest
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
            || word.iter().all(u8::is_ascii_uppercase))
}

/// Whether a word of a comment says that a secret follows, without a sign between them.
fn announces(word: &[u8]) -> bool {
    /// Of [`STEMS`], those that are no everyday words of HAProxy.
    const PLAIN: [&str; 5] = ["authoriz", "cookie", "sess", "signature", "bearer"];
    const WORDS: [&[u8]; 7] = [b"pw", b"pwd", b"psk", b"otp", b"pin", b"cred", b"creds"];
    let squeezed: Vec<u8> = letters(word)
        .into_iter()
        .map(|(_, letter)| letter)
        .collect();
    has_word(word, &WORDS)
        || STEMS
            .iter()
            .filter(|stem| !PLAIN.contains(stem))
            .any(|stem| contains(&squeezed, stem.as_bytes()))
}

/// The words of a text that is no line of configuration, and where they are: quotes and brackets are between words.
pub(super) fn loose(text: &[u8]) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let width = if *byte == b'\\' && at + 1 < text.len() {
            2
        } else {
            1
        };
        let between = is_blank(*byte) || matches!(byte, b'"' | b'\'' | b'`' | b'#' | b'<' | b'>');
        match start {
            Some(from) if between => {
                words.push(from..at);
                start = None;
            }
            None if !between => start = Some(at),
            _ => {}
        }
        at += width;
    }
    if let Some(from) = start {
        words.push(from..text.len());
    }
    words
}
