//! `show errors`: the last request and the last response of each proxy that HAProxy could not parse.

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::unsigned;

/// Bytes of the dump of one message that are kept; HAProxy captures at most one buffer (`tune.bufsize`, 16 KiB).
const DUMP_LIMIT: usize = 256 * 1024;

/// Why the errors could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorsError {
    /// The first line is not the one that HAProxy begins with.
    #[error("the captured errors do not start with `Total events captured`: `{line}`")]
    NotErrors {
        /// The start of the first line.
        line: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the captured errors is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply is empty, or ends within a line.
    #[error("the captured errors end too soon")]
    Truncated,
}

impl From<TooLong> for ErrorsError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// One message that HAProxy refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// When, in the local time of HAProxy's machine.
    pub time: String,
    /// `frontend` for a request, `backend` for a response: which side of the proxy.
    pub side: String,
    /// The proxy.
    pub proxy: String,
    /// What it was: `invalid request`.
    pub what: String,
    /// The proxy on the other side; none where there is none (`<NONE>`).
    pub other: Option<String>,
    /// The server; none where there is none.
    pub server: Option<String>,
    /// Number of the event.
    pub event: Option<u64>,
    /// Address and port of the client.
    pub source: Option<String>,
    /// Bytes of the message.
    pub length: Option<u64>,
    /// Where in the message HAProxy stopped, from 0.
    pub position: Option<u64>,
    /// What else HAProxy says of it, line by line: flags and states.
    pub notes: Vec<String>,
    /// The message, line by line.
    pub dump: Vec<DumpLine>,
    /// Whether the dump was longer than what is kept.
    pub cut: bool,
}

/// One line of a message, with HAProxy's escapes (`\r`, `\n`, `\t`, `\e`, `\\`, `\xHH`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpLine {
    /// Where in the message it begins, from 0.
    pub at: u64,
    /// Its text; lines that HAProxy wrapped are whole.
    pub text: String,
}

impl Captured {
    /// The line in which HAProxy stopped, as an index of `dump`.
    pub fn line_of_error(&self) -> Option<usize> {
        let position = self.position?;
        self.dump.iter().rposition(|line| line.at <= position)
    }
}

/// Reads the errors chunk by chunk; keeps one.
#[derive(Debug, Default)]
pub struct ErrorsReader {
    lines: Lines,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    total: Option<u64>,
    started: bool,
    current: Option<Captured>,
    kept: usize,
}

impl ErrorsReader {
    /// The next bytes of the reply; hands each error to `captured`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut captured: impl FnMut(Captured),
    ) -> Result<(), ErrorsError> {
        let state = &mut self.state;
        self.lines
            .push(chunk, |line| state.line(line, &mut captured))
    }

    /// The end of the reply: the last error, and how many HAProxy has captured since it started.
    pub fn finish(self, mut captured: impl FnMut(Captured)) -> Result<Option<u64>, ErrorsError> {
        if !self.lines.whole() || !self.state.started {
            return Err(ErrorsError::Truncated);
        }
        if let Some(last) = self.state.current {
            captured(last);
        }
        Ok(self.state.total)
    }
}

impl State {
    fn line(
        &mut self,
        line: &[u8],
        captured: &mut impl FnMut(Captured),
    ) -> Result<(), ErrorsError> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if text.trim_start().is_empty() {
            return Ok(());
        }
        if !self.started {
            // `Total events captured on [22/Nov/2026:09:57:18.911] : 162`
            if !text.starts_with("Total events captured on ") {
                return Err(ErrorsError::NotErrors {
                    line: crate::excerpt(line),
                });
            }
            self.started = true;
            self.total = text
                .rsplit_once(" : ")
                .and_then(|(_, total)| unsigned(total.as_bytes()));
            return Ok(());
        }
        if text.starts_with('[') {
            if let Some(last) = self.current.replace(head(text)) {
                captured(last);
            }
            self.kept = 0;
            return Ok(());
        }
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        match dump_line(line) {
            Some((at, wrapped, dumped)) => {
                self.kept += dumped.len();
                if self.kept > DUMP_LIMIT {
                    current.cut = true;
                } else if let (true, Some(last)) = (wrapped, current.dump.last_mut()) {
                    last.text.push_str(&String::from_utf8_lossy(dumped));
                } else {
                    let text = String::from_utf8_lossy(dumped).into_owned();
                    current.dump.push(DumpLine { at, text });
                }
            }
            None => note(current, text.trim_start()),
        }
        Ok(())
    }
}

/// `[22/Nov/2026:09:57:18.087] frontend fe_http (#2): invalid request`
fn head(line: &str) -> Captured {
    let whole = || {
        let (time, rest) = line.strip_prefix('[')?.split_once("] ")?;
        let (place, what) = rest.rsplit_once(": ")?;
        let (side, proxy) = place.split_once(' ')?;
        let proxy = proxy.rsplit_once(" (#").map_or(proxy, |(name, _)| name);
        Some(Captured {
            time: time.to_owned(),
            side: side.to_owned(),
            proxy: proxy.to_owned(),
            what: what.to_owned(),
            ..Captured::default()
        })
    };
    whole().unwrap_or_else(|| Captured {
        what: line.to_owned(),
        ..Captured::default()
    })
}

/// `  00117+ aaaa`: where it begins, whether the line goes on from the one before, and its text.
fn dump_line(line: &[u8]) -> Option<(u64, bool, &[u8])> {
    let rest = line.strip_prefix(b"  ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < 5 {
        return None;
    }
    let (at, rest) = rest.split_at_checked(digits)?;
    let at = std::str::from_utf8(at).ok()?.parse().ok()?;
    match rest {
        [b' ', b' ', text @ ..] => Some((at, false, text)),
        [b'+', b' ', text @ ..] => Some((at, true, text)),
        _ => None,
    }
}

/// Takes what is known from a line such as `backend <NONE> (#-1), server <NONE> (#-1), event #133, src …`; what is
/// not stays a note.
fn note(captured: &mut Captured, line: &str) {
    let name = |text: &str| {
        let name = text.rsplit_once(" (#").map_or(text, |(name, _)| name);
        (name != "<NONE>").then(|| name.to_owned())
    };
    let number = |text: &str| unsigned(text.as_bytes());
    let mut unknown = Vec::new();
    for part in line.trim_end_matches([',', ':', ' ']).split(", ") {
        match part.split_once(' ') {
            Some(("frontend" | "backend", other)) => captured.other = name(other),
            Some(("server", server)) => captured.server = name(server),
            Some(("event", event)) => {
                captured.event = event.strip_prefix('#').and_then(number);
            }
            Some(("src", source)) => captured.source = Some(source.to_owned()),
            Some(("len", length)) => captured.length = number(length),
            _ => match part.strip_prefix("error at position ") {
                Some(position) => captured.position = number(position),
                None => unknown.push(part),
            },
        }
    }
    if !unknown.is_empty() {
        captured.notes.push(unknown.join(", "));
    }
}
