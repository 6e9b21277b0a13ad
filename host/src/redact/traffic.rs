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

use super::lines::{LINE_BYTES, Line, Lines, TOO_LONG};
use super::names::{STEMS, contains, find, is_secret, letters};
use super::text::{REDACTED, credentials, named_values, replaced, user_information};

/// Replaces secrets in a text that comes in pieces. The pieces may be cut anywhere.
#[derive(Debug, Default)]
pub struct Traffic {
    lines: Lines,
    dumps: Dumps,
}

/// Where a text is in dumps of messages.
#[derive(Debug, Default)]
struct Dumps {
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
    /// Its beginning is missing.
    torn: bool,
}

impl Traffic {
    /// Takes the next piece; what is known to hold no secret by now goes to `out`.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.lines
            .push(piece, |line| self.dumps.end_line(&line, out));
    }

    /// The end of the text.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.lines.finish(|line| self.dumps.end_line(&line, out));
        self.dumps.end_dump(out);
    }
}

impl Dumps {
    fn end_line(&mut self, line: &Line<'_>, out: &mut Vec<u8>) {
        let Some((head, goes_on, text)) = split_dump(line.text) else {
            self.end_dump(out);
            self.folding = false;
            if line.overlong {
                out.extend_from_slice(TOO_LONG);
            } else {
                out.extend_from_slice(&redacted(line.text, false).0);
            }
            out.extend(line.end);
            return;
        };
        if !goes_on {
            self.end_dump(out);
        }
        let dump = self.dump.get_or_insert_with(|| Dump {
            head: head.to_vec(),
            // What it goes on from was not seen, and may have been a secret.
            torn: goes_on,
            ..Dump::default()
        });
        dump.overlong |= line.overlong || dump.text.len() + text.len() > LINE_BYTES;
        if !dump.overlong {
            dump.raw.extend_from_slice(line.text);
            dump.raw.extend(line.end);
            dump.text.extend_from_slice(text);
        }
    }

    fn end_dump(&mut self, out: &mut Vec<u8>) {
        let Some(dump) = self.dump.take() else {
            return;
        };
        let folded = dump.torn
            || self.folding && dump.text.starts_with(b" ") | dump.text.starts_with(b"\\t");
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

#[cfg(test)]
mod tests;
