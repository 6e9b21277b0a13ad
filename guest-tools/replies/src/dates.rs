//! Points in time and spans of it, as HAProxy and the OpenSSL in it write them.
//!
//! Years are those of the Gregorian calendar, also before it began; leap seconds do not exist.

use crate::value::unsigned;

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Reads a date of a certificate, `Nov  2 10:00:00 2026 GMT`, as seconds since 1970-01-01 00:00:00 UTC.
///
/// OpenSSL's `ASN1_TIME_print` writes it: a day below ten has a space in front, seconds may have a fraction (which is
/// left out here), and for a date that it does not understand it writes `Bad time value`.
pub fn certificate_time(text: &[u8]) -> Option<i64> {
    let mut words = text
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let (month, day, clock, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if words.next() != Some(b"GMT".as_slice()) || words.next().is_some() {
        return None;
    }
    let seconds = match memchr::memchr(b'.', clock).map(|point| clock.split_at(point)) {
        Some((clock, fraction)) if fraction.iter().skip(1).all(u8::is_ascii_digit) => clock,
        Some(_) => return None,
        None => clock,
    };
    Some(midnight(number(year, 4)?, month_number(month)?, number(day, 2)?)? + of_day(seconds)?)
}

/// Reads a date of a log, `22/Nov/2026:09:48:11 +0100`, as seconds since 1970-01-01 00:00:00 UTC.
pub fn log_time(text: &[u8]) -> Option<i64> {
    let (date, zone) = text.split_at_checked(memchr::memchr(b' ', text)?)?;
    let mut parts = date.splitn(3, |byte| *byte == b'/');
    let (day, month, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, clock) = rest.split_at_checked(memchr::memchr(b':', rest)?)?;
    let local = midnight(number(year, 4)?, month_number(month)?, number(day, 2)?)?
        + of_day(clock.get(1..)?)?;
    let (sign, hours, minutes) = match zone {
        [b' ', sign @ (b'+' | b'-'), a, b, c, d] => {
            (*sign, number(&[*a, *b], 2)?, number(&[*c, *d], 2)?)
        }
        _ => return None,
    };
    let offset = hours * 3600 + minutes * 60;
    Some(if sign == b'+' {
        local - offset
    } else {
        local + offset
    })
}

/// Reads a span of time, `1d3h` or `0d00h00m24s`, in seconds.
///
/// HAProxy writes no more than two units of most spans (`1d3h` is anything from 27 hours to 28), and `?` for a negative
/// one.
pub fn span(text: &[u8]) -> Option<u64> {
    let mut rest = text;
    let mut sum: u64 = 0;
    let mut larger = u64::MAX;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, tail) = rest.split_at_checked(end)?;
        let (unit, tail) = tail.split_first()?;
        let unit = match unit {
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        if unit >= larger {
            return None;
        }
        larger = unit;
        // leading zeros: `00h`
        let first = digits.iter().position(|byte| *byte != b'0');
        let count = match first.and_then(|first| digits.get(first..)) {
            Some(digits) => unsigned(digits)?,
            None if digits.is_empty() => return None,
            None => 0,
        };
        sum = sum.checked_add(count.checked_mul(unit)?)?;
        rest = tail;
    }
    (larger != u64::MAX).then_some(sum)
}

/// Writes seconds since 1970-01-01 00:00:00, by a clock that is so many seconds ahead of UTC, as ISO 8601:
/// `2026-11-25T01:09:06+01:00`. Where that is not known, no zone is written.
pub fn iso(local: i64, offset: Option<i64>) -> String {
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let zone = match offset {
        None => String::new(),
        Some(0) => "Z".to_owned(),
        Some(offset) => {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs() / 60;
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
}

/// Year, month and day of the day that is so many days after 1970-01-01.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    // eras of 400 years that begin in March
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

pub(crate) fn month_number(name: &[u8]) -> Option<i64> {
    let index = MONTHS.iter().position(|month| *month == name)?;
    i64::try_from(index + 1).ok()
}

/// A number of at most so many digits.
pub(crate) fn number(digits: &[u8], most: usize) -> Option<i64> {
    if digits.is_empty() || digits.len() > most || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
    )
}

/// `09:48:11`
pub(crate) fn of_day(clock: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else {
        return None;
    };
    let part = |digits: [u8; 2], limit| number(&digits, 2).filter(|part| *part < limit);
    Some(part([*h1, *h2], 24)? * 3600 + part([*m1, *m2], 60)? * 60 + part([*s1, *s2], 60)?)
}

/// The first second of a day, where there is such a day.
pub(crate) fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || day < 1 || day > days {
        return None;
    }
    // years that begin in March, so that the day that some have more is the last one
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // from 0000-03-01 to 1970-01-01
    Some((before + day_of_year - 719_468) * 86_400)
}
