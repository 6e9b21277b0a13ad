//! `show ssl ocsp-response`, `show ssl ocsp-updates` (from 2.8): what is known of certificates by OCSP.
//!
//! Measured: where nothing is known, the list of responses is empty, without its header. From 2.8 on it has the path
//! of a certificate, and a response is found by that, too. A response ends with the certificate of who signed it.

use super::table::{Form, Row, TableReader};
use super::{SslError, field};
use crate::lines::Lines;

/// Names and values, in HAProxy's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// A date by name (`Produced At`, `This Update`, `Next Update`), in seconds since 1970.
    pub fn time(&self, name: &str) -> Option<i64> {
        crate::dates::certificate_time(self.field(name)?.as_bytes())
    }
}

/// Reads the list of responses chunk by chunk; keeps one.
#[derive(Debug, Default)]
pub struct ResponsesReader {
    lines: Lines,
    line: u64,
    current: Option<Fields>,
}

/// The field that a response of the list begins with: what `show ssl ocsp-response` takes.
const KEY: &str = "Certificate ID key";

impl ResponsesReader {
    /// The next bytes of the reply; hands each response to `response`: `Certificate ID key`, `Certificate path`,
    /// `Issuer Name Hash`, `Issuer Key Hash`, `Serial Number`.
    pub fn push(&mut self, chunk: &[u8], mut response: impl FnMut(Fields)) -> Result<(), SslError> {
        let (number, current) = (&mut self.line, &mut self.current);
        self.lines.push(chunk, |line| {
            *number += 1;
            let text = line.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                return Ok(());
            }
            let Some(field) = field(text) else {
                return Err(SslError::unexpected(*number, line));
            };
            if field.0 == KEY {
                if let Some(last) = current.replace(Fields(vec![field])) {
                    response(last);
                }
                return Ok(());
            }
            let Some(current) = current else {
                return Err(SslError::unexpected(*number, line));
            };
            // `Certificate ID:` stands above the rest
            if !field.1.is_empty() {
                current.0.push(field);
            }
            Ok(())
        })
    }

    /// The end of the reply: the last response.
    pub fn finish(self, mut response: impl FnMut(Fields)) -> Result<(), SslError> {
        if !self.lines.whole() {
            return Err(SslError::Truncated);
        }
        if let Some(last) = self.current {
            response(last);
        }
        Ok(())
    }
}

/// Reads one response, a whole reply: `OCSP Response Status`, `Produced At`, `Cert Status`, `This Update`,
/// `Next Update`, … What follows of the certificate that signed it is left out.
pub fn response(reply: &[u8]) -> Result<Fields, SslError> {
    let mut lines = (1_u64..).zip(reply.split(|byte| *byte == b'\n'));
    loop {
        match lines.next() {
            None => return Err(SslError::Empty),
            Some((_, line)) if line.trim_ascii().is_empty() => {}
            Some((_, b"OCSP Response Data:")) => break,
            Some((number, line)) => return Err(SslError::unexpected(number, line)),
        }
    }
    Ok(Fields(
        lines
            .map(|(_, line)| line)
            .take_while(|line| *line != b"Certificate:" && !line.starts_with(b"-----BEGIN"))
            .filter_map(|line| field(line.trim_ascii()))
            .filter(|(_, value)| !value.is_empty())
            .collect(),
    ))
}

/// The table of updates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Updates;

impl Form for Updates {
    const START: &'static str = "";
    const SEPARATOR: &'static str = " | ";
    const REQUIRED: &'static [&'static str] = &["OCSP Certid", "Path"];
}

/// When a certificate was asked about, with HAProxy's columns: `OCSP Certid`, `Path`, `Next Update`, `Last Update`
/// (`-` for never), `Successes`, `Failures`, `Last Update Status`, `Last Update Status (str)`.
pub type Update<'a> = Row<'a, Updates>;

/// Reads the updates chunk by chunk.
pub type UpdatesReader = TableReader<Updates>;

impl Row<'_, Updates> {
    /// A date by name (`Next Update`, `Last Update`), in seconds since 1970.
    pub fn time(&self, name: &str) -> Option<i64> {
        crate::dates::log_time(self.field(name)?.as_bytes())
    }
}
