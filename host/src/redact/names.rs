//! Names whose values are secret.

use std::borrow::Cow;

/// Parts of names whose values are secret, wherever they stand in the name; other characters in it do not count.
pub(super) const STEMS: [&str; 16] = [
    "authoriz",
    "cookie",
    "apikey",
    "accesskey",
    "privatekey",
    "token",
    "passw",
    "passphrase",
    "secret",
    "sess",
    "credential",
    "signature",
    "csrf",
    "xsrf",
    "jwt",
    "bearer",
];

/// Words whose values are secret where they are a whole word of a name.
const WORDS: [&str; 12] = [
    "key", "keys", "auth", "pwd", "pw", "pass", "sid", "sig", "otp", "pin", "psk", "creds",
];

/// Whether a name is that of a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    let decoded = percent_decoded(name);
    let squeezed: Vec<u8> = letters(&decoded)
        .into_iter()
        .map(|(_, letter)| letter)
        .collect();
    STEMS
        .iter()
        .any(|stem| contains(&squeezed, stem.as_bytes()))
        || decoded
            .split(|byte| !byte.is_ascii_alphanumeric())
            .any(|word| {
                WORDS
                    .iter()
                    .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
            })
}

/// Whether a name is that of a header whose value has spaces and separators in it.
pub(super) fn is_header(name: &[u8]) -> bool {
    let squeezed: Vec<u8> = letters(name)
        .into_iter()
        .map(|(_, letter)| letter)
        .collect();
    contains(&squeezed, b"authoriz") || contains(&squeezed, b"cookie")
}

/// The letters and digits of a text in lower case, and where they stand; HAProxy's escapes (`\xHH`, `\r`) are none.
pub(super) fn letters(text: &[u8]) -> Vec<(usize, u8)> {
    let mut letters = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        at += match rest {
            [] => break,
            [b'\\', b'x', _, _, ..] => 4,
            [b'\\', _, ..] => 2,
            [byte, ..] => {
                if byte.is_ascii_alphanumeric() {
                    letters.push((at, byte.to_ascii_lowercase()));
                }
                1
            }
        };
    }
    letters
}

fn percent_decoded(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'%') {
        return Cow::Borrowed(name);
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            decoded.push(high << 4 | low);
            rest = after;
        } else {
            decoded.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(decoded)
}

pub(super) fn contains(text: &[u8], wanted: &[u8]) -> bool {
    find(text, wanted).is_some()
}

pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len().max(1))
        .position(|window| window == wanted)
}
