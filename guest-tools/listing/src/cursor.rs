//! Where the next page begins, as a text that a client hands back.

use std::fmt;

use crate::key::Key;

/// Stands for the arguments of a list, except for the page: a cursor belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of the arguments, in an order that the tool fixes; an absent one is not an empty one.
    pub fn of<'a>(arguments: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        // FNV-1a: not to keep anybody out, since a cursor opens nothing that its arguments do not
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add =
            |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        for argument in arguments {
            match argument {
                None => add(0xfe),
                Some(text) => text.bytes().for_each(&mut add),
            }
            // neither occurs in UTF-8
            add(0xff);
        }
        Self(hash)
    }
}

/// Why a cursor is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It is not one that a list gave out.
    #[error("the cursor is not one that this tool gave out")]
    Malformed,
    /// It belongs to a list with other arguments.
    #[error("the cursor belongs to a call with other arguments")]
    OtherArguments,
}

impl CursorError {
    /// What to do next.
    pub fn hint(self) -> &'static str {
        "begin without a cursor; then pass `next_cursor` of the last answer with the same other arguments (`limit` may \
         change)"
    }
}

/// The last row of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// What the row is sorted by.
    pub key: Key,
    /// Its number among the rows that matched, from 0.
    pub ordinal: u64,
}

impl Cursor {
    /// Reads what [`Cursor::write`] wrote for the same arguments.
    pub fn read(text: &str, arguments: Fingerprint) -> Result<Self, CursorError> {
        let mut parts = text.splitn(3, '.');
        let (Some(fingerprint), Some(ordinal), Some(key)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(CursorError::Malformed);
        };
        let fingerprint = hexadecimal(fingerprint).ok_or(CursorError::Malformed)?;
        let ordinal = ordinal.parse().map_err(|_| CursorError::Malformed)?;
        let key = read_key(key).ok_or(CursorError::Malformed)?;
        if fingerprint != arguments.0 {
            return Err(CursorError::OtherArguments);
        }
        Ok(Self { key, ordinal })
    }

    /// The text; at most 320 characters.
    pub fn write(&self, arguments: Fingerprint) -> String {
        struct Bytes<'a>(&'a [u8]);
        impl fmt::Display for Bytes<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        let (fingerprint, ordinal) = (arguments.0, self.ordinal);
        match &self.key {
            Key::Absent => format!("{fingerprint:016x}.{ordinal}.-"),
            Key::Whole(number) => format!("{fingerprint:016x}.{ordinal}.n{number}"),
            Key::Float(number) => {
                format!("{fingerprint:016x}.{ordinal}.f{:016x}", number.to_bits())
            }
            Key::Text(bytes) => format!("{fingerprint:016x}.{ordinal}.t{}", Bytes(bytes)),
        }
    }
}

fn hexadecimal(text: &str) -> Option<u64> {
    (text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

fn read_key(text: &str) -> Option<Key> {
    match text.split_at_checked(1)? {
        ("-", "") => Some(Key::Absent),
        ("n", number) => number.parse().ok().map(Key::Whole),
        ("f", bits) => hexadecimal(bits).map(|bits| Key::Float(f64::from_bits(bits))),
        ("t", digits) => {
            let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
                return None;
            };
            let digit = |byte: u8| {
                char::from(byte)
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            };
            pairs
                .iter()
                .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
                .collect::<Option<_>>()
                .map(Key::Text)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments() -> Fingerprint {
        Fingerprint::of([Some("show_stat"), None, Some("be_app")])
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for key in [
            Key::Absent,
            Key::Whole(0),
            Key::Whole(-5),
            Key::Whole(i128::from(u64::MAX)),
            Key::Float(0.5),
            Key::Text(vec![]),
            Key::Text("a.b-ü\0".as_bytes().to_vec()),
        ] {
            let cursor = Cursor { key, ordinal: 41 };
            let text = cursor.write(arguments());
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
            assert_eq!(Cursor::read(&text, arguments()), Ok(cursor));
        }
    }

    #[test]
    fn a_cursor_of_other_arguments_is_refused() {
        let text = Cursor {
            key: Key::Absent,
            ordinal: 1,
        }
        .write(arguments());
        for other in [
            Fingerprint::of([Some("show_stat"), Some("be_app"), None]),
            Fingerprint::of([Some("show_stat"), Some(""), Some("be_app")]),
            Fingerprint::of([Some("show_statbe_app")]),
        ] {
            assert_eq!(Cursor::read(&text, other), Err(CursorError::OtherArguments));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let good = Cursor {
            key: Key::Text(b"ab".to_vec()),
            ordinal: 1,
        }
        .write(arguments());
        assert!(Cursor::read(&good, arguments()).is_ok());
        let fingerprint = good.get(..16).unwrap_or_default();
        for text in [
            "",
            "x",
            "..",
            fingerprint,
            &format!("{fingerprint}.1"),
            &format!("{fingerprint}.1."),
            &format!("{fingerprint}.-1.-"),
            &format!("{fingerprint}.1.-x"),
            &format!("{fingerprint}.1.t6"),
            &format!("{fingerprint}.1.tzz"),
            &format!("{fingerprint}.1.nx"),
            &format!("{fingerprint}.1.f1"),
            &format!("{fingerprint}.1.ü"),
            &format!("+{fingerprint}.1.-"),
        ] {
            assert_eq!(
                Cursor::read(text, arguments()),
                Err(CursorError::Malformed),
                "{text}"
            );
        }
    }
}
