//! What stands in front of HAProxy's own words: by HAProxy itself, a syslog daemon, a journal, or a container's runtime.

use crate::value::unsigned;

use super::{Line, Stamp, word};

/// Reads what stands in front, and leaves the rest as the message.
pub(super) fn read(line: &[u8]) -> Line<'_> {
    let mut read = Line::default();
    let mut rest = line;
    // A container's runtime, or a daemon that takes no notice, has a whole line of syslog in its own.
    for _ in 0..2 {
        let before = rest;
        rest = priority(&mut read, rest);
        if let Some(message) = rfc5424(&mut read, rest) {
            rest = message;
            break;
        }
        rest = dated(&mut read, rest);
        if rest.len() == before.len() {
            break;
        }
    }
    read.message = rest;
    read
}

/// `<134>`
fn priority<'a>(line: &mut Line<'a>, text: &'a [u8]) -> &'a [u8] {
    let split = || {
        let (digits, rest) = text
            .strip_prefix(b"<")
            .and_then(|inner| inner.split_at_checked(memchr::memchr(b'>', inner)?))?;
        let priority = unsigned(digits).filter(|priority| *priority < 192)?;
        Some((u8::try_from(priority).ok()?, rest.get(1..)?))
    };
    match split() {
        Some((priority, rest)) => {
            line.priority = Some(priority);
            rest
        }
        None => text,
    }
}

/// `1 2026-11-25T01:09:05.068045+00:00 lb1 haproxy 19372 - - ` (RFC 5424, section 6), and what follows it.
fn rfc5424<'a>(line: &mut Line<'a>, text: &'a [u8]) -> Option<&'a [u8]> {
    let rest = text.strip_prefix(b"1 ")?;
    let (stamp, rest) = if let Some(rest) = rest.strip_prefix(b"- ") {
        (None, rest)
    } else {
        let (stamp, rest) = Stamp::iso(rest)?;
        (Some(stamp), rest.strip_prefix(b" ")?)
    };
    let (host, rest) = word(rest)?;
    let (program, rest) = word(rest)?;
    let (pid, rest) = word(rest)?;
    let (_, rest) = word(rest)?;
    let rest = structured(rest)?;
    let said = |text: &'a [u8]| (text != b"-").then_some(text);
    line.logged = stamp.or(line.logged);
    line.host = said(host);
    line.program = said(program);
    line.pid = unsigned(pid);
    let message = rest.strip_prefix(b" ").unwrap_or(rest);
    // a mark that the text is UTF-8
    Some(message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message))
}

/// What follows the structured data, `-` or `[id name="value"]…`.
fn structured(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest);
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut bytes = text.iter().enumerate().peekable();
    (text.first() == Some(&b'[')).then_some(())?;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted && bytes.peek().is_none_or(|(_, next)| **next != b'[') => {
                return text.get(at + 1..);
            }
            _ => {}
        }
    }
    None
}

/// A point in time, a host where there is one, and `haproxy[123]: `; whatever of it there is.
fn dated<'a>(line: &mut Line<'a>, text: &'a [u8]) -> &'a [u8] {
    let stamped = Stamp::syslog(text)
        .or_else(|| Stamp::iso(text))
        .and_then(|(stamp, rest)| Some((stamp, rest.strip_prefix(b" ")?)));
    let rest = match stamped {
        Some((stamp, rest)) => {
            if line.logged.is_none_or(|known| !known.has_year()) || stamp.has_year() {
                line.logged = Some(stamp);
            }
            rest
        }
        None => text,
    };
    if stamped.is_some()
        && let Some(rest) = [b"stdout F ", b"stderr F "]
            .iter()
            .find_map(|stream| rest.strip_prefix(*stream))
    {
        return rest;
    }
    let Some((first, behind)) = word(rest) else {
        return rest;
    };
    if let Some((program, pid)) = tag(first) {
        line.program = Some(program);
        line.pid = pid.or(line.pid);
        return behind;
    }
    let second = word(behind).and_then(|(second, behind)| Some((tag(second)?, behind)));
    match second {
        // Without a process it may be a word of the message itself.
        Some(((program, pid), behind))
            if stamped.is_some() && (pid.is_some() || program == b"haproxy") =>
        {
            line.host = Some(first);
            line.program = Some(program);
            line.pid = pid;
            behind
        }
        _ => rest,
    }
}

/// `haproxy[123]:` or `haproxy:`; the name is one that a program may have.
fn tag(word: &[u8]) -> Option<(&[u8], Option<u64>)> {
    let word = word.strip_suffix(b":")?;
    let (name, pid) = match word.strip_suffix(b"]") {
        Some(open) => {
            let (name, pid) = open.split_at_checked(memchr::memrchr(b'[', open)?)?;
            (name, Some(unsigned(pid.get(1..)?)?))
        }
        None => (word, None),
    };
    let named = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    (named && (pid.is_some() || name == b"haproxy")).then_some((name, pid))
}
