//! The little that is wanted of a certificate in DER (RFC 5280, section 4.1): until when it is valid, and for whom.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// When it ends, in seconds since 1970.
    pub(super) expires: u64,
    /// The names and addresses that it is for (`subjectAltName`).
    pub(super) names: Vec<String>,
}

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Of `TBSCertificate`: `version` and `extensions`.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// Of `GeneralName`: `dNSName` and `iPAddress`.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// 2.5.29.17, with tag and length.
const SUBJECT_ALT_NAME: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x11];

impl Certificate {
    /// Reads one; `None` where it is not one.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate, _) = element(der)?;
        let (_, mut rest, _) = element(certificate)?;
        let mut fields = Vec::new();
        while let Some((tag, content, after)) = element(rest) {
            fields.push((tag, content));
            rest = after;
        }
        // serialNumber, signature, issuer, validity; before them a version, but for the first one.
        let first = usize::from(fields.first()?.0 == VERSION);
        let (_, validity) = *fields.get(first + 3)?;
        let (_, _, after) = element(validity)?;
        let (tag, text, _) = element(after)?;
        let extensions = fields.iter().find(|(tag, _)| *tag == EXTENSIONS);
        Some(Self {
            expires: seconds(tag, text)?,
            names: extensions
                .map(|(_, content)| names(content))
                .unwrap_or_default(),
        })
    }
}

/// The first element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(*length & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn names(extensions: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let Some((SEQUENCE, mut rest, _)) = element(extensions) else {
        return names;
    };
    while let Some((_, extension, after)) = element(rest) {
        rest = after;
        let Some(value) = extension.strip_prefix(SUBJECT_ALT_NAME) else {
            continue;
        };
        // `critical` may stand before the value.
        let (mut value, mut found) = (value, None);
        while let Some((tag, content, after)) = element(value) {
            found = (tag == 0x04).then_some(content);
            value = after;
        }
        let Some((SEQUENCE, mut list, _)) = found.and_then(element) else {
            continue;
        };
        while let Some((tag, content, after)) = element(list) {
            list = after;
            names.extend(name(tag, content));
        }
    }
    names
}

fn name(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        DNS_NAME => Some(String::from_utf8_lossy(content).into_owned()),
        IP_ADDRESS => match content.len() {
            4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(content).ok()?).to_string()),
            16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(content).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` as seconds since 1970 (RFC 5280, section 4.1.2.5).
fn seconds(tag: u8, text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: u64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<u64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year begins in March, so that a leap day is its last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + part(4)? * 3_600 + part(6)? * 60 + part(8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (tag, text, expected) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "000229235959Z", Some(951_868_799)),
            (UTC_TIME, "251125000000Z", Some(1_764_028_800)),
            (GENERALIZED_TIME, "20991231235959Z", Some(4_102_444_799)),
            (GENERALIZED_TIME, "21000301000000Z", Some(4_107_542_400)),
            (UTC_TIME, "251325000000Z", None),
            (UTC_TIME, "2511250000Z", None),
            (UTC_TIME, "251125000000", None),
            (0x0c, "251125000000Z", None),
        ] {
            assert_eq!(seconds(tag, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_cut_is_no_certificate() {
        let der = [0x30, 0x82, 0xff, 0xff, 0x30, 0x80];
        for end in 0..der.len() {
            assert_eq!(Certificate::read(&der[..end]), None);
        }
    }
}
