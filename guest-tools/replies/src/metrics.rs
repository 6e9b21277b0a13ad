//! The Prometheus exporter's page: families of metrics and their series.
//!
//! # References
//! Prometheus, "Exposition formats", text-based format 0.0.4. HAProxy Configuration Manual, section "Prometheus exporter".

use std::borrow::Cow;

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::unsigned;

/// Why metrics could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// A line that is neither a comment nor a series with its value.
    #[error("line {number} is no metric: `{line}`")]
    NotAMetric {
        /// Its number, from 1.
        number: u64,
        /// Its start.
        line: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the metrics is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The metrics end within a line.
    #[error("the metrics end within a line")]
    Truncated,
}

impl From<TooLong> for MetricsError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// What the values of a family are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Type {
    /// Only grows, until it begins anew at 0.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets; HAProxy has none.
    Histogram,
    /// Quantiles; HAProxy has none.
    Summary,
    /// Not said.
    #[default]
    Untyped,
}

impl Type {
    /// Its name in the format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Untyped => "untyped",
        }
    }

    fn named(name: &[u8]) -> Self {
        [Self::Counter, Self::Gauge, Self::Histogram, Self::Summary]
            .into_iter()
            .find(|kind| kind.as_str().as_bytes() == name)
            .unwrap_or_default()
    }
}

/// Series that say the same of different things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    /// For example `haproxy_server_bytes_in_total`.
    pub name: String,
    /// What its values are.
    pub kind: Type,
    /// What it says, in the exporter's words; empty where it does not say.
    pub help: String,
}

impl Family {
    fn named(name: &[u8]) -> Self {
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            ..Self::default()
        }
    }

    /// Whether a series of this name belongs here: its own, or that of a part of a histogram or summary.
    fn has(&self, series: &[u8]) -> bool {
        let Some(rest) = series.strip_prefix(self.name.as_bytes()) else {
            return false;
        };
        match self.kind {
            Type::Histogram => matches!(rest, b"" | b"_bucket" | b"_sum" | b"_count"),
            Type::Summary => matches!(rest, b"" | b"_sum" | b"_count"),
            Type::Counter | Type::Gauge | Type::Untyped => rest.is_empty(),
        }
    }
}

/// The value of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number that is not negative, as almost all are.
    Whole(u64),
    /// Any other, also `NaN` (HAProxy has no such value for this object) and the infinite ones.
    Float(f64),
}

impl Number {
    fn read(text: &[u8]) -> Option<Self> {
        if let Some(number) = unsigned(text) {
            return Some(Self::Whole(number));
        }
        let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        Some(Self::Float(number))
    }

    /// Whether it is no number at all.
    pub fn is_nan(self) -> bool {
        matches!(self, Self::Float(number) if number.is_nan())
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        match self {
            Self::Whole(number) => number == 0,
            Self::Float(number) => number == 0.0,
        }
    }
}

/// One series and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// Its name: that of its family, or of a part of it.
    pub name: &'a [u8],
    /// What it is about.
    pub labels: Labels<'a>,
    /// Its value.
    pub value: Number,
}

/// The labels of a series, in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Labels<'a> {
    /// The value of the label of this name.
    pub fn get(&self, wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
        self.iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Cow<'a, [u8]>)> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (label, tail) = label(rest)?;
            rest = tail;
            Some((label.name, unescaped(label.value)))
        })
    }
}

/// Reads metrics chunk by chunk.
#[derive(Debug, Default)]
pub struct MetricsReader {
    lines: Lines,
    number: u64,
    family: Family,
}

impl MetricsReader {
    /// The next bytes of the page; hands each series to `sample`, with its family as far as it was described before.
    pub fn push<E: From<MetricsError>>(
        &mut self,
        chunk: &[u8],
        mut sample: impl FnMut(&Family, &Sample<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (number, family) = (&mut self.number, &mut self.family);
        self.lines.push_for::<MetricsError, E>(chunk, |line| {
            *number += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii();
            if let Some(comment) = line.strip_prefix(b"#") {
                describe(family, comment);
                return Ok(());
            }
            if line.is_empty() {
                return Ok(());
            }
            let read = read(line).ok_or_else(|| MetricsError::NotAMetric {
                number: *number,
                line: crate::excerpt(line),
            })?;
            if !family.has(read.name) {
                *family = Family::named(read.name);
            }
            sample(family, &read)
        })
    }

    /// The end of the page.
    pub fn finish(self) -> Result<(), MetricsError> {
        if self.lines.whole() {
            Ok(())
        } else {
            Err(MetricsError::Truncated)
        }
    }
}

/// Takes in ` HELP name text` and ` TYPE name type`; other comments say nothing.
fn describe(family: &mut Family, comment: &[u8]) {
    let (keyword, rest) = word(comment.trim_ascii_start());
    let (name, said) = word(rest);
    if !matches!(keyword, b"HELP" | b"TYPE") || !is_name(name) {
        return;
    }
    if family.name.as_bytes() != name {
        *family = Family::named(name);
    }
    if keyword == b"HELP" {
        family.help = String::from_utf8_lossy(&unescaped(said)).into_owned();
    } else {
        family.kind = Type::named(said);
    }
}

/// The first word, and what follows the blanks behind it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| is_blank(*byte))
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (word, blanks_off(rest))
}

fn blanks_off(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte));
    start
        .and_then(|start| text.get(start..))
        .unwrap_or_default()
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `name{label="value",…} value`, with a point in time behind it that HAProxy does not write.
fn read(line: &[u8]) -> Option<Sample<'_>> {
    let end = line.iter().position(|byte| !in_name(*byte))?;
    let (name, rest) = line.split_at_checked(end)?;
    if !is_name(name) {
        return None;
    }
    let (labels, rest) = match blanks_off(rest).strip_prefix(b"{") {
        Some(inner) => {
            let end = labels_end(inner)?;
            (Labels(inner.get(..end)?), blanks_off(inner.get(end + 1..)?))
        }
        None => (Labels::default(), blanks_off(rest)),
    };
    let (value, time) = word(rest);
    let (_, behind) = word(time);
    let timed = time.is_empty()
        || std::str::from_utf8(time.trim_ascii())
            .ok()?
            .parse::<i64>()
            .is_ok();
    (behind.is_empty() && timed).then_some(())?;
    Some(Sample {
        name,
        labels,
        value: Number::read(value)?,
    })
}

/// Where the labels end: the place of their `}`.
fn labels_end(inner: &[u8]) -> Option<usize> {
    let mut rest = inner;
    while let Some((_, tail)) = label(rest) {
        rest = tail;
    }
    let rest = blanks_off(rest);
    rest.starts_with(b"}").then(|| inner.len() - rest.len())
}

/// A label as it is written.
struct Written<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// `name="value"`, a comma where there is one, and the rest.
fn label(text: &[u8]) -> Option<(Written<'_>, &[u8])> {
    let text = blanks_off(text);
    let end = text.iter().position(|byte| !in_name(*byte))?;
    let (name, rest) = text.split_at_checked(end)?;
    if !is_name(name) {
        return None;
    }
    let rest = blanks_off(rest).strip_prefix(b"=")?;
    let rest = blanks_off(rest).strip_prefix(b"\"")?;
    let mut from = 0;
    let end = loop {
        let at = from + memchr::memchr2(b'"', b'\\', rest.get(from..)?)?;
        if rest.get(at) == Some(&b'"') {
            break at;
        }
        from = at + 2;
    };
    let (value, rest) = rest.split_at_checked(end)?;
    let rest = blanks_off(rest.get(1..)?);
    let rest = match rest.first() {
        Some(b',') => rest.get(1..)?,
        // within the labels alone, whose end was found before
        None | Some(b'}') => rest,
        Some(_) => return None,
    };
    Some((Written { name, value }, rest))
}

const fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')
}

fn is_name(text: &[u8]) -> bool {
    text.first()
        .is_some_and(|first| !first.is_ascii_digit() && in_name(*first))
}

/// Without `\\`, `\"` and `\n`; any other backslash stands for itself.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => plain.push(b'\n'),
            Some(escaped @ (b'\\' | b'"')) => plain.push(*escaped),
            Some(other) => plain.extend([b'\\', *other]),
            None => plain.push(b'\\'),
        }
    }
    Cow::Owned(plain)
}
