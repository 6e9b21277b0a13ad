//! Names that an operator gives: of variables, headers, arguments; and what keys look like.

use crate::redact::names::is_secret;

/// Words in the names of variables that say no more than where a file is.
const OF_FILES: [&[u8]; 8] = [
    b"file", b"path", b"dir", b"folder", b"base", b"cert", b"crt", b"pem",
];

/// Further words of names that an operator gives.
const OPERATORS_WORDS: [&[u8]; 6] = [b"salt", b"cred", b"nonce", b"hmac", b"license", b"licence"];

/// Ends of words in names that an operator gives: `MYAUTH`, `DBPASS`.
const OPERATORS_ENDS: [&[u8]; 5] = [b"auth", b"pass", b"pwd", b"key", b"psk"];

/// Words with such an end that speak of no secret.
const EVERYDAY: [&[u8]; 4] = [b"bypass", b"compass", b"monkey", b"turkey"];

/// Last words of names that are about a secret and do not hold it.
const ABOUT_SECRETS: [&[u8]; 9] = [
    b"alg",
    b"algorithm",
    b"type",
    b"len",
    b"length",
    b"size",
    b"count",
    b"rate",
    b"ttl",
];

/// The least length of a word that is taken for a key by its looks.
const KEY_LENGTH: usize = 16;

/// Whether the name of a variable, a header or an argument is that of a secret.
pub(super) fn is_operators_secret(name: &[u8]) -> bool {
    const SCOPE: &[u8] = b"sess.";
    let name = name.strip_prefix(SCOPE).unwrap_or(name);
    let last = name
        .rsplit(|byte| !byte.is_ascii_alphanumeric())
        .find(|part| !part.is_empty());
    let is_about_one = last.is_some_and(|last| {
        ABOUT_SECRETS
            .iter()
            .any(|word| last.eq_ignore_ascii_case(word))
    });
    !is_about_one
        && (is_secret(name)
            || has_word(name, &OPERATORS_WORDS)
            || name
                .split(|byte| !byte.is_ascii_alphanumeric())
                .any(ends_as_a_secret))
}

/// `MYAUTH`, `AUTHKEY`, `OAUTH2`, but not `AUTHOR` and `WWW-Authenticate`.
fn ends_as_a_secret(word: &[u8]) -> bool {
    let word = word.to_ascii_lowercase();
    has_stem(&word, b"auth", &[b"or", b"enticate"])
        || OPERATORS_ENDS.iter().any(|end| word.ends_with(end))
            && !EVERYDAY.iter().any(|everyday| word.ends_with(everyday))
}

/// Whether a word has this part, and none of these behind it.
fn has_stem(word: &[u8], stem: &[u8], others: &[&[u8]]) -> bool {
    (0..word.len()).any(|at| {
        word.get(at..)
            .and_then(|rest| rest.strip_prefix(stem))
            .is_some_and(|rest| !others.iter().any(|other| rest.starts_with(other)))
    })
}

/// Whether a variable's name says that it holds a file's path.
pub(super) fn is_of_file(name: &[u8]) -> bool {
    has_word(name, &OF_FILES)
}

pub(super) fn has_word(name: &[u8], words: &[&[u8]]) -> bool {
    name.split(|byte| !byte.is_ascii_alphanumeric())
        .any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

pub(super) fn is_path(word: &[u8]) -> bool {
    word.starts_with(b"/") || word.starts_with(b"./") || word.starts_with(b"../")
}

/// Long, and hexadecimal, or Base64 with small and capital letters and digits, which names hardly are.
pub(super) fn looks_like_a_key(word: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
    let is_base64 = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
    };
    let is_hexadecimal = word.iter().all(u8::is_ascii_hexdigit);
    let is_mixed =
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && word.iter().all(is_base64);
    word.len() >= KEY_LENGTH
        && !word.starts_with(b"/")
        && has(u8::is_ascii_digit)
        && (is_hexadecimal || is_mixed)
}

/// The name at the end of a text.
pub(super) fn last_name(text: &[u8]) -> &[u8] {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = text.iter().rev().take_while(|byte| is_name(byte)).count();
    text.get(text.len() - length..).unwrap_or_default()
}
