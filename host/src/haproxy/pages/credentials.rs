//! The operator's credentials on the wire: the header that carries them, and their traces in what comes back.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use memchr::memmem::Finder;
use percent_encoding::percent_decode;
use reqwest::header::HeaderValue;

use super::door::Credentials;

/// What stands for credentials.
pub(super) const REDACTED: &str = "[redacted]";

/// Bytes of a password from which on it is replaced wherever it stands. A shorter one is too likely to be part of a
/// name (`stats`, `admin`), and a name that is changed is a wrong answer; with the user before it, it is replaced
/// always.
pub const MIN_PASSWORD_BYTES: usize = 8;

/// Credentials as HTTP carries them (RFC 7617), and what of them must not come back.
#[derive(Clone)]
pub(super) struct Basic {
    header: HeaderValue,
    traces: Vec<Finder<'static>>,
}

impl Basic {
    pub(super) fn new(credentials: &Credentials) -> Self {
        let Credentials { user, password } = credentials;
        let pair = format!("{user}:{}", password.expose());
        let token = STANDARD.encode(&pair);
        let mut secrets = vec![token.clone(), pair];
        if password.expose().len() >= MIN_PASSWORD_BYTES {
            secrets.push(password.expose().to_owned());
        }
        // Base64 is always the value of a header.
        let mut header = HeaderValue::try_from(format!("Basic {token}"))
            .unwrap_or_else(|_| HeaderValue::from_static("Basic"));
        header.set_sensitive(true);
        Self {
            header,
            traces: secrets
                .iter()
                .map(|secret| Finder::new(secret).into_owned())
                .collect(),
        }
    }

    /// The value of `Authorization`, which shows itself to nobody.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// What takes these credentials out of a content.
    pub(super) fn scrubber(&self) -> Scrubber {
        Scrubber {
            traces: self.traces.clone(),
            held: Vec::new(),
        }
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic [secret]")
    }
}

/// Replaces credentials in a content that comes in pieces, which may be cut anywhere.
#[derive(Default)]
pub(super) struct Scrubber {
    traces: Vec<Finder<'static>>,
    /// The end of what came, where it may be the beginning of a secret.
    held: Vec<u8>,
}

impl Scrubber {
    /// Takes the next piece, and gives what is known to hold no secret by now.
    pub(super) fn push(&mut self, piece: Bytes) -> Bytes {
        if self.traces.is_empty() {
            return piece;
        }
        let text = if self.held.is_empty() {
            piece
        } else {
            self.held.extend_from_slice(&piece);
            Bytes::from(std::mem::take(&mut self.held))
        };
        let secrets = self.secrets(&text);
        let replaced_to = secrets.last().map_or(0, |secret| secret.end);
        let end = self.clear_end(&text, replaced_to);
        self.held = text.slice(end..).to_vec();
        if secrets.is_empty() {
            return text.slice(..end);
        }
        let mut clean = Vec::with_capacity(text.len());
        let mut at = 0;
        for secret in secrets {
            clean.extend_from_slice(&text.slice(at..secret.start));
            clean.extend_from_slice(REDACTED.as_bytes());
            at = secret.end;
        }
        clean.extend_from_slice(&text.slice(at..end));
        clean.into()
    }

    /// The end of the content.
    pub(super) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }

    /// A text that is whole, such as the value of a header. Where it holds credentials percent-encoded, it is decoded.
    pub(super) fn clean(&self, text: &[u8]) -> String {
        let text = self.replaced(text);
        let decoded: Vec<u8> = percent_decode(&text).collect();
        let clean = self.replaced(&decoded);
        let shown = if clean == decoded { text } else { clean };
        String::from_utf8_lossy(&shown).into_owned()
    }

    fn replaced(&self, text: &[u8]) -> Vec<u8> {
        let mut whole = Self {
            traces: self.traces.clone(),
            held: Vec::new(),
        };
        let mut clean = whole.push(Bytes::copy_from_slice(text)).to_vec();
        clean.extend_from_slice(&whole.finish());
        clean
    }

    /// Where secrets lie, in order, those that overlap as one.
    fn secrets(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = self
            .traces
            .iter()
            .flat_map(|trace| {
                let length = trace.needle().len();
                trace.find_iter(text).map(move |at| at..at + length)
            })
            .collect();
        found.sort_by_key(|secret| secret.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for secret in found {
            match merged.last_mut() {
                Some(last) if secret.start < last.end => last.end = last.end.max(secret.end),
                _ => merged.push(secret),
            }
        }
        merged
    }

    /// Up to where the text holds no beginning of a secret that may go on in the next piece.
    fn clear_end(&self, text: &[u8], from: usize) -> usize {
        let begins = |at: &usize| {
            let end = text.get(*at..).unwrap_or_default();
            self.traces
                .iter()
                .any(|trace| trace.needle().len() > end.len() && trace.needle().starts_with(end))
        };
        let longest = self.traces.iter().map(|trace| trace.needle().len()).max();
        let first = text.len().saturating_sub(longest.unwrap_or_default());
        (first.max(from)..text.len())
            .find(begins)
            .unwrap_or(text.len())
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::secret::Secret;

    fn basic(user: &str, password: &str) -> Basic {
        Basic::new(&Credentials {
            user: user.to_owned(),
            password: Secret::new(password),
        })
    }

    fn scrubbed(basic: &Basic, pieces: &[&[u8]]) -> String {
        let mut scrubber = basic.scrubber();
        let mut clean = Vec::new();
        for piece in pieces {
            clean.extend_from_slice(&scrubber.push(Bytes::copy_from_slice(piece)));
        }
        clean.extend_from_slice(&scrubber.finish());
        String::from_utf8(clean).unwrap()
    }

    #[test]
    fn the_header_is_that_of_the_standard_and_is_not_shown() {
        // RFC 7617, section 2.
        let basic = basic("Aladdin", "open sesame");
        assert_eq!(
            basic.header().as_bytes(),
            b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        let shown = format!("{:?} {:?} {:?}", basic, basic.header(), basic.scrubber());
        assert_eq!(shown, "Basic [secret] Sensitive Scrubber");
    }

    #[test]
    fn credentials_are_replaced_wherever_the_content_is_cut() {
        let basic = basic("ops", "correct horse");
        let text = b"a,Basic b3BzOmNvcnJlY3QgaG9yc2U=,b\nops:correct horse@lb\ncorrect horsecorrect horse,correct";
        let clean = "a,Basic [redacted],b\n[redacted]@lb\n[redacted][redacted],correct";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(
                    scrubbed(&basic, &pieces),
                    clean,
                    "cut at {first} and {second}"
                );
            }
        }
    }

    #[test]
    fn a_short_password_is_replaced_behind_its_user_only() {
        let basic = basic("admin", "stats");
        assert_eq!(
            scrubbed(&basic, &[b"stats,admin\nadmin:stats YWRtaW46c3RhdHM="]),
            "stats,admin\n[redacted] [redacted]"
        );
    }

    #[test]
    fn credentials_are_replaced_in_a_header() {
        let scrubber = basic("ops", "correct horse").scrubber();
        for (text, clean) in [
            ("/ops:correct horse", "/[redacted]"),
            ("/correct%20horse/a%2Fb", "/[redacted]/a/b"),
            ("/ops%3acorrect%20horse", "/[redacted]"),
            ("b3BzOmNvcnJlY3QgaG9yc2U%3D", "[redacted]"),
            ("/a%2Fb/correct", "/a%2Fb/correct"),
        ] {
            assert_eq!(scrubber.clean(text.as_bytes()), clean);
        }
        assert_eq!(scrubber.clean(b"\xff%ff"), "\u{fffd}%ff");
    }

    #[test]
    fn without_credentials_nothing_is_touched() {
        let mut scrubber = Scrubber::default();
        assert_eq!(scrubber.push(Bytes::from_static(b"a")), "a");
        assert_eq!(scrubber.finish(), "");
    }
}
