//! What a field of a reply is: a number, a text, or nothing.

use std::borrow::Cow;

/// The value of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// The field is empty: HAProxy has no such value for this object.
    Absent,
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A negative whole number.
    Signed(i64),
    /// A number with a fraction.
    Float(f64),
    /// Anything else; bytes that are not UTF-8 are replaced by U+FFFD.
    Text(Cow<'a, str>),
}

/// How the values of a column or field are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Always a text, also where it looks like a number: a server may be named `42`.
    Text,
    /// A number where it is written as one, else a text. All fields that HAProxy types as numbers are of this kind,
    /// and those that this crate does not know.
    Number,
}

impl<'a> Value<'a> {
    /// Reads a field. A number is one that could have been printed: without sign, leading zeros or spaces, except
    /// for the sign of a negative one; everything else keeps its form as a text.
    pub fn read(bytes: &'a [u8], kind: Kind) -> Self {
        if bytes.is_empty() {
            return Self::Absent;
        }
        if kind == Kind::Number
            && let Some(number) = number(bytes)
        {
            return number;
        }
        Self::Text(String::from_utf8_lossy(bytes))
    }

    /// The same, without what it was read from.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Absent => Value::Absent,
            Self::Unsigned(number) => Value::Unsigned(number),
            Self::Signed(number) => Value::Signed(number),
            Self::Float(number) => Value::Float(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        }
    }
}

/// A canonical whole number, the form of almost all fields.
pub fn unsigned(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 20 || (bytes.len() > 1 && bytes.first() == Some(&b'0')) || bytes.is_empty() {
        return None;
    }
    let mut sum: u64 = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = sum.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(sum)
}

fn number<'a>(bytes: &[u8]) -> Option<Value<'a>> {
    if let Some(number) = unsigned(bytes) {
        return Some(Value::Unsigned(number));
    }
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    if negative && let Some(number) = unsigned(digits) {
        // `-0` is no number that HAProxy prints
        return 0_i64
            .checked_sub_unsigned(number)
            .filter(|number| *number != 0)
            .map(Value::Signed);
    }
    let point = digits.iter().position(|byte| *byte == b'.')?;
    let (whole, fraction) = digits.split_at_checked(point)?;
    let fraction = fraction.get(1..)?;
    unsigned(whole)?;
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes)
        .ok()?
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers() {
        for (written, expected) in [
            ("0", Value::Unsigned(0)),
            ("18446744073709551615", Value::Unsigned(u64::MAX)),
            ("-1", Value::Signed(-1)),
            ("-9223372036854775808", Value::Signed(i64::MIN)),
            ("0.250000", Value::Float(0.25)),
            ("-1.5", Value::Float(-1.5)),
            ("", Value::Absent),
        ] {
            assert_eq!(
                Value::read(written.as_bytes(), Kind::Number),
                expected,
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_not_written_as_a_number_stays_text() {
        for written in [
            "007",
            "-0",
            "+1",
            "1e3",
            "1.",
            ".5",
            "18446744073709551616",
            "0x1",
            "-",
            " 1",
            "1.2.3",
            "NaN",
            "5%",
        ] {
            assert_eq!(
                Value::read(written.as_bytes(), Kind::Number),
                Value::Text(written.into()),
                "{written}"
            );
        }
        assert_eq!(Value::read(b"42", Kind::Text), Value::Text("42".into()));
        assert_eq!(
            Value::read(b"a\xff", Kind::Text),
            Value::Text("a\u{fffd}".into())
        );
    }
}
