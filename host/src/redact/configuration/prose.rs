//! Texts that are no words of HAProxy's: comments, descriptions, what a check sends.

use std::ops::Range;

use super::names::has_word;
use super::words::is_blank;
use super::{expression, places, shown};
use crate::redact::names::{STEMS, contains, letters};

/// Secrets in a word that holds blanks, such as a description or what a check sends.
pub(super) fn of_prose(text: &[u8]) -> Vec<Range<usize>> {
    let places = loose(text);
    let words: Vec<&[u8]> = places
        .iter()
        .filter_map(|place| text.get(place.clone()))
        .collect();
    places::secrets(&words)
        .into_iter()
        .filter_map(|secret| {
            let place = places.get(secret.word)?;
            let range = place.start + secret.range.start..place.start + secret.range.end;
            let is_dynamic = expression::is_dynamic(text.get(range.clone())?, secret.kind);
            (!is_dynamic && !range.is_empty()).then_some(range)
        })
        .collect()
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
        .filter(|range| !range.is_empty())
        .map(|range| range.start)
        .chain(announced)
        .min()
}

/// `Basic settings`: what comes after the name of a scheme, and is a common word.
fn is_everyday(text: &[u8], value: &Range<usize>) -> bool {
    const SCHEMES: [&[u8]; 4] = [b"basic", b"digest", b"negotiate", b"ntlm"];
    let before = text
        .get(..value.start)
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
fn loose(text: &[u8]) -> Vec<Range<usize>> {
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
