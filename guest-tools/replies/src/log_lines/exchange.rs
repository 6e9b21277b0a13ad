//! Lines about traffic.

use crate::value::unsigned;

use super::{Kind, Line, Stamp, word};

/// How long what took, in milliseconds; -1 where it did not come to that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timers {
    /// `TR`: until the request was there.
    pub request: Option<i64>,
    /// `Tw`: in queues.
    pub queue: Option<i64>,
    /// `Tc`: until the connection to the server stood.
    pub connect: Option<i64>,
    /// `Tr`: until the server answered.
    pub response: Option<i64>,
    /// `Ta` of a request, `Tt` of a connection: in all.
    pub total: Option<i64>,
}

/// Whether the message is about traffic; takes it in then.
pub(super) fn read(line: &mut Line<'_>) -> bool {
    connection(line).or_else(|| dated(line)).is_some()
}

/// `Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)`
fn connection(line: &mut Line<'_>) -> Option<()> {
    let message = line.message;
    let (client, rest) = word(message.strip_prefix(b"Connect from ")?)?;
    let (_, rest) = word(rest.strip_prefix(b"to ")?)?;
    let inner = rest.strip_prefix(b"(")?.strip_suffix(b")")?;
    let (frontend, _) = inner.split_at_checked(memchr::memrchr(b'/', inner)?)?;
    line.kind = Kind::Connection;
    line.client = Some(client);
    line.frontend = Some(frontend);
    Some(())
}

/// A client, and a point in time in brackets.
fn dated(line: &mut Line<'_>) -> Option<()> {
    let (client, rest) = word(line.message)?;
    let (common, rest) = match rest.strip_prefix(b"- - ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let inner = rest.strip_prefix(b"[")?;
    let (written, rest) = inner.split_at_checked(memchr::memchr(b']', inner)?)?;
    let accepted = Stamp::bracketed(written)?;
    let rest = rest.strip_prefix(b"] ")?;
    let mut read = *line;
    read.client = Some(client);
    read.accepted = Some(accepted);
    if common {
        common_log(&mut read, rest)?;
    } else {
        own_format(&mut read, rest)?;
    }
    *line = read;
    Some(())
}

/// `fe_https~ be_app/app2 …`, or `fe_https/1: SSL handshake failure`.
fn own_format<'a>(line: &mut Line<'a>, text: &'a [u8]) -> Option<()> {
    let (first, rest) = word(text)?;
    if let Some(listener) = first.strip_suffix(b":")
        && let Some(slash) = memchr::memchr(b'/', listener)
    {
        line.kind = Kind::Refused;
        line.frontend = listener.get(..slash);
        line.text = Some(rest);
        return Some(());
    }
    frontend(line, first);
    let (target, rest) = word(rest)?;
    let (backend, server) = target.split_at_checked(memchr::memchr(b'/', target)?)?;
    line.backend = Some(backend);
    line.server = server.get(1..);
    let (timers, rest) = word(rest)?;
    if let Some([request, queue, connect, response, total]) = numbers(timers) {
        line.kind = Kind::Http;
        line.timers = Timers {
            request: Some(request),
            queue: Some(queue),
            connect: Some(connect),
            response: Some(response),
            total: Some(total),
        };
        let (status, rest) = word(rest)?;
        line.status = Some(number(status)?);
        let (bytes, rest) = word(rest)?;
        line.bytes = count(bytes);
        let rest = ending(line, rest)?;
        captured_and_request(line, rest);
    } else {
        let [queue, connect, total] = numbers(timers)?;
        line.kind = Kind::Tcp;
        line.timers = Timers {
            queue: Some(queue),
            connect: Some(connect),
            total: Some(total),
            ..Timers::default()
        };
        let (bytes, rest) = word(rest)?;
        line.bytes = count(bytes);
        let rest = ending_of_tcp(line, rest)?;
        line.text = some(rest);
    }
    Some(())
}

fn frontend<'a>(line: &mut Line<'a>, name: &'a [u8]) {
    let plain = name.strip_suffix(b"~");
    line.tls = plain.is_some();
    line.frontend = Some(plain.unwrap_or(name));
}

/// `- - --NI 1/1/0/0/0 0/0`: cookies, how it ended, connections and queues; and what follows them.
///
/// HAProxy writes cookies as the client sent them, so there may be such a group in one, with a quote and a request behind
/// it. Where more than one could be HAProxy's, none is taken.
fn ending<'a>(line: &mut Line<'a>, text: &'a [u8]) -> Option<&'a [u8]> {
    let mut groups = Groups {
        rest: text,
        before: b"",
    };
    let first = groups.next()?;
    let mut last = first;
    let before = text.get(..text.len().checked_sub(first.behind.len())?)?;
    // What begins with a quote may be the request, of a format that has no such group.
    let mut is_certain =
        memchr::memmem::find(before, b" \"").is_none() && !before.starts_with(b"\"");
    // A quote or brace in a captured header is written as its number: what is in braces is of the client, and no group.
    let mut braces = captured_in_braces(first.behind);
    for group in groups {
        if group.behind.len() < braces.len() {
            is_certain = false;
            last = group;
            braces = captured_in_braces(group.behind);
        }
    }
    if is_certain {
        line.termination = some(first.termination);
        counted(line, first.connections);
        line.queues = first.queues;
        return Some(first.behind);
    }
    let until_last = text.len().checked_sub(last.behind.len())?;
    let is_quoted = memchr::memchr(b'"', text.get(..until_last)?).is_some();
    // With a quote between them, it is as uncertain where the request begins.
    Some(if is_quoted { b"" } else { last.behind })
}

/// The same of a connection, of which nothing that the client sent stands before it.
fn ending_of_tcp<'a>(line: &mut Line<'a>, text: &'a [u8]) -> Option<&'a [u8]> {
    let group = Groups {
        rest: text,
        before: b"",
    }
    .next()?;
    line.termination = some(group.termination);
    counted(line, group.connections);
    line.queues = group.queues;
    Some(group.behind)
}

/// How it ended, connections and queues, wherever they stand.
#[derive(Clone, Copy)]
struct Group<'a> {
    termination: &'a [u8],
    connections: ([u64; 5], bool),
    /// None where the line is cut within them.
    queues: Option<[u64; 2]>,
    behind: &'a [u8],
}

struct Groups<'a> {
    rest: &'a [u8],
    /// The word before.
    before: &'a [u8],
}

impl<'a> Iterator for Groups<'a> {
    type Item = Group<'a>;

    fn next(&mut self) -> Option<Group<'a>> {
        loop {
            let (this, behind) = word(self.rest)?;
            let termination = std::mem::replace(&mut self.before, this);
            self.rest = behind;
            if let Some(connections) = connections(this)
                && let Some((queues, behind)) = queues(behind)
            {
                return Some(Group {
                    termination,
                    connections,
                    queues,
                    behind,
                });
            }
        }
    }
}

/// `0/0`, or as far as it goes at the end of a line that is cut; and what follows it.
fn queues(text: &[u8]) -> Option<(Option<[u64; 2]>, &[u8])> {
    if let Some((queues, behind)) = word(text) {
        return Some((Some(counts(queues)?), behind));
    }
    let is_cut = |byte: &u8| byte.is_ascii_digit() || *byte == b'/';
    text.iter()
        .all(is_cut)
        .then(|| (counts(text), &[] as &[u8]))
}

/// What stands behind the captured headers at the beginning of this, in one pair of braces or two; all of it where there
/// are none.
fn captured_in_braces(text: &[u8]) -> &[u8] {
    let mut rest = text;
    for _ in 0..2 {
        let Some(inner) = rest.strip_prefix(b"{") else {
            break;
        };
        let behind = inner
            .iter()
            .position(|byte| matches!(byte, b'{' | b'}' | b'"'))
            .and_then(|end| inner.get(end..)?.strip_prefix(b"} "));
        let Some(behind) = behind else {
            return text;
        };
        rest = behind;
    }
    if rest.starts_with(b"\"") { rest } else { text }
}

/// `1/1/0/0/0`, or `1/1/0/0/+1` where another server was taken.
fn connections(text: &[u8]) -> Option<([u64; 5], bool)> {
    let at = memchr::memrchr(b'/', text)? + 1;
    let redispatched = text.get(at) == Some(&b'+');
    Some((counts(text)?, redispatched))
}

fn counted(
    line: &mut Line<'_>,
    ([process, frontend, backend, server, retries], redispatched): ([u64; 5], bool),
) {
    line.connections = Some([process, frontend, backend, server]);
    line.retries = Some(retries);
    line.redispatched = redispatched;
}

/// `{host|agent} {server} "GET / HTTP/1.1" …`. HAProxy writes a quote within any of it as `#22`.
fn captured_and_request<'a>(line: &mut Line<'a>, text: &'a [u8]) {
    let Some(quote) = memchr::memchr(b'"', text) else {
        line.captured = some(text);
        return;
    };
    let (captured, request) = text.split_at_checked(quote).unwrap_or((text, b""));
    line.captured = some(captured.trim_ascii());
    let request = request.get(1..).unwrap_or_default();
    if let Some(end) = memchr::memchr(b'"', request) {
        line.request = request.get(..end);
        line.text = request
            .get(end + 1..)
            .map(<[u8]>::trim_ascii)
            .and_then(some);
    } else {
        line.request = Some(request);
        line.cut = true;
    }
}

/// `"GET / HTTP/1.1" 200 96 "" "" 48980 250 "fe_clf" "be_app" "app1" 0 0 0 0 0 --NI 1 1 0 0 0 0 0 "" "" …`, or as far
/// as it goes: other programs write the first three.
fn common_log<'a>(line: &mut Line<'a>, text: &'a [u8]) -> Option<()> {
    let mut fields = Fields(text);
    let request = fields.next()?;
    let status = fields.next()?;
    let tcp = request == b"TCP " && status == b"000";
    line.bytes = count(fields.next()?);
    if tcp {
        line.kind = Kind::Tcp;
    } else {
        line.kind = Kind::Http;
        line.request = Some(request);
        line.status = Some(number(status)?);
    }
    // The rest is as long as it is.
    let _ = common_log_of_haproxy(line, fields, tcp);
    Some(())
}

/// What HAProxy writes behind the fields that other programs write, too.
fn common_log_of_haproxy<'a>(line: &mut Line<'a>, mut fields: Fields<'a>, tcp: bool) -> Option<()> {
    let [_, _, port, _, front, backend, server] = fields.several()?;
    line.client_port = Some(port);
    frontend(line, front);
    line.backend = Some(backend);
    line.server = Some(server);
    let [first, second, third, fourth, fifth] = fields.several()?.map(number);
    line.timers = if tcp {
        // `Th`, `Tw`, `Tc`, `Tt` and the bytes from the client
        Timers {
            queue: second,
            connect: third,
            total: fourth,
            ..Timers::default()
        }
    } else {
        Timers {
            request: first,
            queue: second,
            connect: third,
            response: fourth,
            total: fifth,
        }
    };
    line.termination = fields.next();
    let counted_fields: [&[u8]; 5] = fields.several()?;
    let redispatched = counted_fields
        .last()
        .is_some_and(|retries| retries.starts_with(b"+"));
    if let [
        Some(process),
        Some(frontend),
        Some(backend),
        Some(server),
        Some(retries),
    ] = counted_fields.map(count)
    {
        counted(
            line,
            ([process, frontend, backend, server, retries], redispatched),
        );
    }
    if let [Some(server), Some(backend)] = fields.several()?.map(count) {
        line.queues = Some([server, backend]);
    }
    // two cookies, and then the captured headers
    let [_, _] = fields.several()?;
    line.captured = some(fields.0.trim_ascii());
    Some(())
}

/// Fields between blanks; those in quotes may have blanks.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn several<const N: usize>(&mut self) -> Option<[&'a [u8]; N]> {
        let mut all: [&[u8]; N] = [b""; N];
        for field in &mut all {
            *field = self.next()?;
        }
        Some(all)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.0;
        let (field, rest) = match text.strip_prefix(b"\"") {
            Some(inner) => {
                let (field, rest) = inner.split_at_checked(memchr::memchr(b'"', inner)?)?;
                (field, rest.get(1..)?)
            }
            None if text.is_empty() => return None,
            None => {
                let end = memchr::memchr(b' ', text).unwrap_or(text.len());
                text.split_at_checked(end)?
            }
        };
        self.0 = rest.strip_prefix(b" ").unwrap_or(rest);
        Some(field)
    }
}

/// So many numbers with slashes between them.
fn numbers<const N: usize>(text: &[u8]) -> Option<[i64; N]> {
    let mut parts = text.split(|byte| *byte == b'/');
    let mut all = [0; N];
    for part in &mut all {
        *part = number(parts.next()?)?;
    }
    parts.next().is_none().then_some(all)
}

/// The same of numbers that are not negative.
fn counts<const N: usize>(text: &[u8]) -> Option<[u64; N]> {
    let mut all = [0; N];
    for (part, number) in all.iter_mut().zip(numbers::<N>(text)?) {
        *part = u64::try_from(number).ok()?;
    }
    Some(all)
}

/// `-1`, or `+5` where the line was written before the end (`option logasap`).
fn number(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    let number = i64::try_from(unsigned(digits)?).ok()?;
    Some(if negative { -number } else { number })
}

fn count(text: &[u8]) -> Option<u64> {
    u64::try_from(number(text)?).ok()
}

fn some(text: &[u8]) -> Option<&[u8]> {
    (!text.is_empty()).then_some(text)
}
