//! `show ssl cert X`, `show ssl ca-file X`, `show ssl crl-file X`: what a file holds.
//!
//! The reply begins with the file, and in `show ssl cert` goes on with its certificate; in the others each certificate
//! or list of revocations has a section of its own. Measured besides:
//! - The file of a change that was not committed is `*X`; its `Status` is `Unused` up to 3.0 and `Uncommitted` from
//!   3.2 on.
//! - A `ca-file` that holds nothing yet gives an empty reply.
//! - `Subject Alternative Name` has the names of hosts alone: in place of addresses and others stand empty ones.
//! - From 3.2 on there are `Crt filename`, `Key filename` and the like, from 3.3 on `Option` (more than once).
//! - `OCSP Response Key` is empty where nothing is known by OCSP.

use super::{SslError, field};
use crate::lines::Lines;

/// A part of the reply: the file, a certificate of it, or a list of revocations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// `Certificate` or `Certificate Revocation List`; none for the file.
    pub title: Option<String>,
    /// The number of the certificate or list in its file, from 1: `show ssl ca-file X:2`.
    pub index: Option<u64>,
    /// HAProxy's names and values, in its order; some names come more than once. Bytes that are not UTF-8 are replaced
    /// by U+FFFD.
    pub fields: Vec<(String, String)>,
}

/// A certificate that is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked<'a> {
    /// Its serial number, in hexadecimal digits.
    pub serial: &'a str,
    /// Since when: `Nov  1 09:00:00 2026 GMT`.
    pub date: Option<&'a str>,
}

impl Section {
    /// The first value of a name: `Status`, `Serial`, `notAfter`, `Subject`, `Issuer`, `Algorithm`, …
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a name: `Option`, `Chain Subject`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// A date by name (`notBefore`, `notAfter`, `Last Update`, `Next Update`), in seconds since 1970.
    pub fn time(&self, name: &str) -> Option<i64> {
        crate::dates::certificate_time(self.field(name)?.as_bytes())
    }

    /// The name of the file without the asterisk, and whether it had one: a change that was not committed.
    pub fn file(&self) -> Option<(&str, bool)> {
        let name = self.field("Filename")?;
        Some(match name.strip_prefix('*') {
            Some(name) => (name, true),
            None => (name, false),
        })
    }

    /// The names that a certificate is for, with their kind: `DNS:www.example.test`.
    pub fn alternative_names(&self) -> impl Iterator<Item = &str> {
        self.all("Subject Alternative Name")
            .flat_map(|names| names.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty())
    }

    /// What a list of revocations revokes.
    pub fn revoked(&self) -> impl Iterator<Item = Revoked<'_>> {
        self.fields
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| name == "Serial Number")
            .map(|(place, (_, serial))| Revoked {
                serial,
                date: self
                    .fields
                    .get(place + 1)
                    .filter(|(name, _)| name == "Revocation Date")
                    .map(|(_, date)| date.as_str()),
            })
    }
}

/// Reads such a reply chunk by chunk; keeps one section.
#[derive(Debug, Default)]
pub struct SectionsReader {
    lines: Lines,
    line: u64,
    current: Option<Section>,
}

impl SectionsReader {
    /// The next bytes of the reply; hands each section to `section`.
    pub fn push(&mut self, chunk: &[u8], mut section: impl FnMut(Section)) -> Result<(), SslError> {
        let (number, current) = (&mut self.line, &mut self.current);
        self.lines.push(chunk, |line| {
            *number += 1;
            let text = line.trim_ascii();
            let Some(open) = current else {
                return match text {
                    b"" => Ok(()),
                    _ if text.starts_with(b"Filename: ") => {
                        *current = Some(Section {
                            fields: field(text).into_iter().collect(),
                            ..Section::default()
                        });
                        Ok(())
                    }
                    _ => Err(SslError::unexpected(*number, line)),
                };
            };
            if let Some((title, index)) = heading(text) {
                section(std::mem::replace(
                    open,
                    Section {
                        title: Some(title),
                        index: Some(index),
                        fields: Vec::new(),
                    },
                ));
            } else {
                take(open, text);
            }
            Ok(())
        })
    }

    /// The end of the reply: the last section. There is none where the file holds nothing yet.
    pub fn finish(self, mut section: impl FnMut(Section)) -> Result<(), SslError> {
        if !self.lines.whole() {
            return Err(SslError::Truncated);
        }
        if let Some(last) = self.current {
            section(last);
        }
        Ok(())
    }
}

fn take(section: &mut Section, text: &[u8]) {
    match text {
        b"" | b"Revoked Certificates:" | b"No Revoked Certificates." => {}
        _ if text.starts_with(b"Version ") => {
            let version = String::from_utf8_lossy(text.get(8..).unwrap_or_default());
            section
                .fields
                .push(("Version".to_owned(), version.into_owned()));
        }
        _ => {
            if let Some(field) = field(text) {
                section.fields.push(field);
            } else if let Some((_, last)) = section.fields.last_mut() {
                // the subject of a certificate may hold anything, a line break too
                last.push('\n');
                last.push_str(&String::from_utf8_lossy(text));
            }
        }
    }
}

/// `Certificate #1:`
fn heading(text: &[u8]) -> Option<(String, u64)> {
    let text = text.strip_suffix(b":")?;
    let (title, index) = text.split_at_checked(memchr::memmem::rfind(text, b" #")?)?;
    let index = crate::value::unsigned(index.get(2..)?)?;
    title
        .starts_with(b"Certificate")
        .then(|| (String::from_utf8_lossy(title).into_owned(), index))
}
