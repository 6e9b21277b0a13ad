//! Secrets of live traffic, replaced in the bytes that a module reads: what it returns is too late, since a module can
//! write a secret in another way.
//!
//! Text goes through line by line. A line of HAProxy's dump of a message (`  00117+ …`, Management Guide, section 9.3,
//! "show errors") that goes on from the one before is one line with it, so that no border hides anything. What is
//! replaced, whatever the case of the letters:
//!
//! 1. In a dump: the value of a header whose name holds one of [`STEMS`] or [`WORDS`], with the lines that it is folded
//!    over, and also where the name is broken, which is what such a dump is made for.
//! 2. Anywhere: what follows such a name and a `:` or `=`, in quotes, in a query, or to the end of the line.
//! 3. Anywhere: user and password of a URL, what follows `Bearer`, `Basic` and the like, and JSON Web Tokens.
//!
//! In doubt more is replaced than is secret. A secret without a name, such as a part of a path or a cookie in a log line
//! of its own format, is not known for one.

use std::borrow::Cow;
use std::ops::Range;

/// What stands for a secret.
const REDACTED: &[u8] = b"[redacted]";

/// The longest line, in bytes, of which anything is passed on: a longer one becomes [`TOO_LONG`]. HAProxy's own lines
/// end at its buffer (`tune.bufsize`, 16 KiB unless configured).
const LINE_BYTES: usize = 256 * 1024;

/// What stands for a line that is too long to be looked at.
const TOO_LONG: &[u8] = b"[redacted: the line is too long]";

/// Parts of names whose values are secret, wherever they stand in the name; other characters in it do not count.
const STEMS: [&str; 16] = [
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
const WORDS: [&str; 9] = [
    "key", "keys", "auth", "pwd", "pass", "sid", "sig", "otp", "pin",
];

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

/// Replaces secrets in a text that comes in pieces. The pieces may be cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    /// A line whose end has not come yet.
    line: Vec<u8>,
    /// It is longer than [`LINE_BYTES`]; the rest of it is dropped.
    overlong: bool,
    dump: Option<Dump>,
    /// The last line of the dump was a secret header, which may go on.
    folding: bool,
}

/// A line of a dumped message, which may go on in the next line of the reply.
#[derive(Debug, Default)]
struct Dump {
    /// As it came, with the ends of its lines.
    raw: Vec<u8>,
    /// Where it begins: `  00047  `.
    head: Vec<u8>,
    /// The dumped text.
    text: Vec<u8>,
    overlong: bool,
}

impl Redactor {
    /// Takes the next piece; what is known to hold no secret by now goes to `out`.
    pub(crate) fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = piece.split_at(end);
            piece = tail.get(1..).unwrap_or_default();
            self.keep(head);
            self.end_line(Some(b'\n'), out);
        }
        self.keep(piece);
    }

    /// The end of the text.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.line.is_empty() || self.overlong {
            self.end_line(None, out);
        }
        self.end_dump(out);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.overlong || self.line.len() + bytes.len() > LINE_BYTES {
            self.overlong = true;
            // Enough to see whether it belongs to a dump.
            self.line.truncate(LINE_BYTES);
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, end: Option<u8>, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        let overlong = std::mem::take(&mut self.overlong);
        let Some((head, goes_on, text)) = split_dump(&line) else {
            self.end_dump(out);
            self.folding = false;
            if overlong {
                out.extend_from_slice(TOO_LONG);
            } else {
                out.extend_from_slice(&redacted(&line, false).0);
            }
            out.extend(end);
            return;
        };
        if !goes_on {
            self.end_dump(out);
        }
        let dump = self.dump.get_or_insert_with(|| Dump {
            head: head.to_vec(),
            ..Dump::default()
        });
        dump.overlong |= overlong || dump.text.len() + text.len() > LINE_BYTES;
        if !dump.overlong {
            dump.raw.extend_from_slice(&line);
            dump.raw.extend(end);
            dump.text.extend_from_slice(text);
        }
    }

    fn end_dump(&mut self, out: &mut Vec<u8>) {
        let Some(dump) = self.dump.take() else {
            return;
        };
        let folded = self.folding && dump.text.starts_with(b" ") | dump.text.starts_with(b"\\t");
        let (text, secret) = if dump.overlong {
            (Cow::Borrowed(TOO_LONG), true)
        } else if folded {
            let mut text = REDACTED.to_vec();
            text.extend_from_slice(line_end(&dump.text).1);
            (Cow::Owned(text), true)
        } else {
            redacted(&dump.text, true)
        };
        self.folding = secret;
        if let Cow::Borrowed(_) = text
            && !dump.overlong
        {
            out.extend_from_slice(&dump.raw);
        } else {
            out.extend_from_slice(&dump.head);
            out.extend_from_slice(&text);
            out.push(b'\n');
        }
    }
}

/// `  00117+ aaaa`: what stands before the text, whether it goes on from the line before, and the text.
fn split_dump(line: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let rest = line.strip_prefix(b"  ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < 5 {
        return None;
    }
    let goes_on = match rest.get(digits..digits + 2)? {
        b"  " => false,
        b"+ " => true,
        _ => return None,
    };
    let (head, text) = line.split_at_checked(2 + digits + 2)?;
    Some((head, goes_on, text))
}

/// A dumped line without the escapes of its end, and these.
fn line_end(text: &[u8]) -> (&[u8], &[u8]) {
    let mut end = text.len();
    for escape in [b"\\n", b"\\r"] {
        if text.get(..end).is_some_and(|text| text.ends_with(escape)) {
            end -= escape.len();
        }
    }
    text.split_at_checked(end).unwrap_or((text, b""))
}

/// One line without its secrets, and whether it is a secret header. Borrowed where nothing had to be replaced.
fn redacted(line: &[u8], is_dump: bool) -> (Cow<'_, [u8]>, bool) {
    let (text, _) = if is_dump {
        line_end(line)
    } else {
        (line, &b""[..])
    };
    let mut secrets = Vec::new();
    let header = if is_dump { secret_header(text) } else { None };
    let is_header = header.is_some();
    secrets.extend(header);
    named_values(text, is_dump, &mut secrets);
    user_information(text, &mut secrets);
    credentials(text, &mut secrets);
    (replaced(line, secrets), is_header)
}

fn replaced(line: &[u8], mut secrets: Vec<Range<usize>>) -> Cow<'_, [u8]> {
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

/// The value of a dumped line that is a secret header, also of one whose name is broken or has no colon.
fn secret_header(text: &[u8]) -> Option<Range<usize>> {
    let is_request = contains(text, b" HTTP/");
    let colon = text.iter().position(|byte| *byte == b':');
    if let Some(colon) = colon.filter(|_| !is_request)
        && is_secret(text.get(..colon)?)
    {
        return Some(colon + 1..text.len());
    }
    if is_request || colon.is_some() {
        return None;
    }
    // Without a colon, what follows the stem: its letters, whatever stands between them.
    let letters: Vec<(usize, u8)> = letters(text);
    let squeezed: Vec<u8> = letters.iter().map(|(_, letter)| *letter).collect();
    let end = STEMS
        .iter()
        .filter_map(|stem| {
            let at = find(&squeezed, stem.as_bytes())?;
            letters.get(at + stem.len() - 1).map(|(at, _)| at + 1)
        })
        .min()?;
    Some(end..text.len())
}

/// Values that follow a secret name and a separator.
fn named_values(text: &[u8], is_dump: bool, secrets: &mut Vec<Range<usize>>) {
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
    let length = head.iter().rev().take_while(|byte| is_name(byte)).count();
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
fn user_information(text: &[u8], secrets: &mut Vec<Range<usize>>) {
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'<' | b'(' | b'/' | b'?' | b'&')
    };
    for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'@') {
        let head = text.get(..at).unwrap_or_default();
        let start = head.iter().rposition(ends).map_or(0, |end| end + 1);
        let of_url = head
            .get(..start)
            .is_some_and(|before| before.ends_with(b"//"));
        if of_url || head.get(start..).is_some_and(|user| user.contains(&b':')) {
            secrets.push(start..at);
        }
    }
}

/// What follows the name of a scheme of credentials, and JSON Web Tokens (RFC 7519).
fn credentials(text: &[u8], secrets: &mut Vec<Range<usize>>) {
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

/// Whether a name is that of a secret.
fn is_secret(name: &[u8]) -> bool {
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
fn is_header(name: &[u8]) -> bool {
    let squeezed: Vec<u8> = letters(name)
        .into_iter()
        .map(|(_, letter)| letter)
        .collect();
    contains(&squeezed, b"authoriz") || contains(&squeezed, b"cookie")
}

/// The letters and digits of a text in lower case, and where they stand; HAProxy's escapes (`\xHH`, `\r`) are none.
fn letters(text: &[u8]) -> Vec<(usize, u8)> {
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

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    find(text, wanted).is_some()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len().max(1))
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests;
