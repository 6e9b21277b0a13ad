//! Secrets that a text shows by what stands before or around them: `password=…`, `//user:…@`, `Bearer …`, `eyJ….…`.

use std::borrow::Cow;
use std::ops::Range;

use super::names::{is_header, is_secret};

/// What stands for a secret.
pub(super) const REDACTED: &[u8] = b"[redacted]";

/// Bytes in front of a separator that are looked at, at most: a longer name has its last words there.
const NAME_BYTES: usize = 128;

/// Schemes of credentials (IANA, HTTP Authentication Scheme Registry): the next word is secret.
const SCHEMES: [&str; 7] = [
    "bearer",
    "basic",
    "digest",
    "negotiate",
    "ntlm",
    "hoba",
    "aws4-hmac-sha256",
];

pub(super) fn replaced(line: &[u8], mut secrets: Vec<Range<usize>>) -> Cow<'_, [u8]> {
    secrets.retain(|secret| !secret.is_empty());
    if secrets.is_empty() {
        return Cow::Borrowed(line);
    }
    secrets.sort_by_key(|secret| secret.start);
    let mut text = Vec::with_capacity(line.len());
    let mut at = 0;
    for secret in secrets {
        if secret.start > at || (secret.start == at && !text.ends_with(REDACTED)) {
            text.extend_from_slice(line.get(at..secret.start).unwrap_or_default());
            text.extend_from_slice(REDACTED);
        }
        at = at.max(secret.end);
    }
    text.extend_from_slice(line.get(at..).unwrap_or_default());
    Cow::Owned(text)
}

/// Values that follow a secret name and a separator.
pub(super) fn named_values(text: &[u8], is_dump: bool, secrets: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some((separator, width)) = next_separator(text, from) {
        from = separator + width;
        let colon = text.get(separator) == Some(&b':');
        let name = name_before(text, separator, colon, is_dump);
        if !is_secret(name) {
            continue;
        }
        let value = value_after(text, from, colon || is_header(name), is_dump);
        from = from.max(value.end);
        secrets.push(value);
    }
}

/// The next `:`, `=` or `%3D`, and its width.
fn next_separator(text: &[u8], from: usize) -> Option<(usize, usize)> {
    (from..text.len()).find_map(|at| match text.get(at..)? {
        [b':' | b'=', ..] => Some((at, 1)),
        [b'%', b'3', b'D' | b'd', ..] => Some((at, 3)),
        _ => None,
    })
}

/// The name that ends at the separator, spaces and a closing quote aside.
fn name_before(text: &[u8], separator: usize, colon: bool, is_dump: bool) -> &[u8] {
    let head = text.get(..separator).unwrap_or_default();
    let head = head.trim_ascii_end();
    let head = match head {
        [head @ .., b'\\', b'"' | b'\''] | [head @ .., b'"' | b'\''] => head,
        _ => head,
    };
    let is_name = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-')
            || (!colon && matches!(byte, b'.' | b'%' | b'[' | b']' | b'+'))
            || (is_dump && *byte == b'\\')
    };
    let last = head.iter().rev().take(NAME_BYTES);
    let length = last.take_while(|byte| is_name(byte)).count();
    head.get(head.len() - length..).unwrap_or_default()
}

/// Where the value lies that begins after `from`.
fn value_after(text: &[u8], from: usize, to_end: bool, is_dump: bool) -> Range<usize> {
    let rest = text.get(from..).unwrap_or_default();
    let start = from + rest.iter().take_while(|byte| **byte == b' ').count();
    let value = text.get(start..).unwrap_or_default();
    // `"…"`, and `\"…\"` where it stands in a text that is quoted itself.
    let quote: Option<&[u8]> = match value {
        [b'\\', b'"', ..] => Some(b"\\\""),
        [b'\\', b'\'', ..] => Some(b"\\'"),
        [b'"', ..] => Some(b"\""),
        [b'\'', ..] => Some(b"'"),
        _ => None,
    };
    if let Some(quote) = quote {
        let inside = start + quote.len();
        return inside..inside + quoted(text.get(inside..).unwrap_or_default(), quote);
    }
    if to_end {
        return start..text.len();
    }
    let ends = |at: usize| match value.get(at..) {
        Some([b'&' | b'"', ..] | [b';', b' ', ..]) => true,
        Some([byte, ..]) if byte.is_ascii_whitespace() => true,
        Some([b'\\', b'r' | b'n' | b't', ..]) => is_dump,
        _ => false,
    };
    let length = (0..value.len()).find(|at| ends(*at));
    start..start + length.unwrap_or(value.len())
}

/// How much comes before the closing quote; a quote after a backslash is none, unless the opening one had one as well.
fn quoted(text: &[u8], quote: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quote) {
            return at;
        }
        at += if rest.starts_with(b"\\") { 2 } else { 1 };
    }
    text.len()
}

/// User and password before an `@`: of a URL, or a name, a colon and more.
pub(super) fn user_information(text: &[u8], secrets: &mut Vec<Range<usize>>) {
    let mut start = 0;
    let mut has_colon = false;
    // An `@` came before that may have been a part of the password.
    let mut goes_on = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\'' | b'<' | b'(' | b'/' | b'?' | b'&' => {
                (start, has_colon, goes_on) = (at + 1, false, false);
            }
            byte if byte.is_ascii_whitespace() => {
                (start, has_colon, goes_on) = (at + 1, false, false);
            }
            b':' => has_colon = true,
            b'@' => {
                let before = text.get(..start).unwrap_or_default();
                if !has_colon && !before.ends_with(b"//") {
                    continue;
                }
                match secrets.last_mut().filter(|last| last.start == start) {
                    Some(last) if goes_on => last.end = at,
                    _ => secrets.push(start..at),
                }
                goes_on = true;
            }
            _ => {}
        }
    }
}

/// What follows the name of a scheme of credentials, and JSON Web Tokens (RFC 7519).
pub(super) fn credentials(text: &[u8], secrets: &mut Vec<Range<usize>>) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut from = 0;
    while let Some(skipped) = text
        .get(from..)
        .and_then(|rest| rest.iter().position(is_word))
    {
        let start = from + skipped;
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_word(byte)).count();
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, b""));
        from = start + length;
        let value = |at: usize| {
            let rest = text.get(at..).unwrap_or_default();
            let ends = |byte: &u8| {
                byte.is_ascii_whitespace() || matches!(byte, b'"' | b'&' | b'|' | b'}' | b'\\')
            };
            at..at + rest.iter().position(ends).unwrap_or(rest.len())
        };
        if word.starts_with(b"eyJ") && after.starts_with(b".") {
            let token = value(start);
            from = token.end;
            secrets.push(token);
        } else if SCHEMES
            .iter()
            .any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()))
        {
            // One space or an encoded one.
            let gap = match after {
                [b' ' | b'+', ..] => after
                    .iter()
                    .take_while(|byte| **byte == b' ' || **byte == b'+')
                    .count(),
                [b'%', b'2', b'0', ..] => 3,
                _ => continue,
            };
            let secret = value(from + gap);
            from = secret.end.max(from);
            secrets.push(secret);
        }
    }
}
