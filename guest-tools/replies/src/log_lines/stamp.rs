//! Points in time, as lines of a log write them: some without a year, most without a zone.

use crate::dates::{civil, iso, midnight, month_number, number, of_day};

const DAY: i64 = 86_400;

/// A point in time in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// As it is written.
    pub written: &'a [u8],
    year: Option<i64>,
    month: i64,
    day: i64,
    /// Of the day.
    second: i64,
    /// How many seconds that clock is ahead of UTC.
    offset: Option<i64>,
}

/// A point in time by a clock that may be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01 00:00:00 by that clock.
    pub local: i64,
    /// How many seconds that clock is ahead of UTC, where it is known.
    pub offset: Option<i64>,
}

impl Moment {
    /// Seconds since 1970-01-01 00:00:00 UTC; where the line has no zone, with this one.
    pub fn utc(self, assumed: i64) -> i64 {
        self.local.saturating_sub(self.offset.unwrap_or(assumed))
    }

    /// As ISO 8601, with its zone where it is known.
    pub fn iso(self) -> String {
        iso(self.local, self.offset)
    }

    /// Reads ISO 8601: `2026-11-25`, `2026-11-25T01:09`, `2026-11-25T01:09:06.5+01:00`.
    pub fn read(text: &[u8]) -> Option<Self> {
        let (stamp, rest) = Stamp::iso(text)?;
        let year = stamp.year?;
        rest.is_empty().then_some(())?;
        Some(Self {
            local: midnight(year, stamp.month, stamp.day)? + stamp.second,
            offset: stamp.offset,
        })
    }
}

impl<'a> Stamp<'a> {
    /// Which moment it is. Where no year is written, it is the last such day that is not after `today` (seconds since
    /// 1970 in UTC) by more than two days: clocks and zones differ.
    pub fn moment(&self, today: i64) -> Option<Moment> {
        let at = |year| Some(midnight(year, self.month, self.day)? + self.second);
        let local = if let Some(year) = self.year {
            at(year)?
        } else {
            let (year, _, _) = civil(today.div_euclid(DAY));
            // 29 February comes every four years, but for some that end a century
            (year - 8..=year + 1)
                .rev()
                .filter_map(at)
                .find(|local| *local <= today.saturating_add(2 * DAY))?
        };
        Some(Moment {
            local,
            offset: self.offset,
        })
    }

    /// Whether the line itself says which year it is.
    pub const fn has_year(&self) -> bool {
        self.year.is_some()
    }

    /// `Nov 25 01:09:05`, also with a fraction, at the beginning of a text; and what follows it.
    pub(super) fn syslog(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let month = month_number(text.get(..3)?)?;
        let day = match text.get(3..7)? {
            [b' ', b' ', ones, b' '] => number(&[*ones], 1)?,
            [b' ', tens, ones, b' '] => number(&[*tens, *ones], 2)?,
            _ => return None,
        };
        let second = of_day(text.get(7..15)?)?;
        let end = 15 + fraction(text.get(15..)?);
        let (written, rest) = text.split_at_checked(end)?;
        let stamp = Self {
            written,
            year: None,
            month,
            day,
            second,
            offset: None,
        };
        Some((stamp, rest))
    }

    /// `2026-11-25T01:09:05.068+01:00` at the beginning of a text, also with a blank for the `T`, without zone, or
    /// without seconds; and what follows it.
    pub(super) fn iso(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (date, rest) = text.split_at_checked(10)?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else {
            return None;
        };
        let year = number(&[*y1, *y2, *y3, *y4], 4)?;
        let (month, day) = (number(&[*m1, *m2], 2)?, number(&[*d1, *d2], 2)?);
        midnight(year, month, day)?;
        let clock = match rest {
            [b'T' | b't' | b' ', clock @ ..] => clock,
            _ => b"",
        };
        let (second, used) = if let Some(second) = clock.get(..8).and_then(of_day) {
            (second, 9 + fraction(clock.get(8..)?))
        } else if let Some([h1, h2, b':', m1, m2]) = clock.get(..5) {
            (of_day(&[*h1, *h2, b':', *m1, *m2, b':', b'0', b'0'])?, 6)
        } else {
            (0, 0)
        };
        let rest = rest.get(used..)?;
        let (offset, rest) = if used == 0 { (None, rest) } else { zone(rest) };
        let (written, _) = text.split_at_checked(text.len() - rest.len())?;
        let stamp = Self {
            written,
            year: Some(year),
            month,
            day,
            second,
            offset,
        };
        Some((stamp, rest))
    }

    /// What stands between brackets in a line of traffic: `25/Nov/2026:01:09:06.246`, `25/Nov/2026:01:09:07 +0000`.
    pub(super) fn bracketed(written: &'a [u8]) -> Option<Self> {
        let [
            d1,
            d2,
            b'/',
            m1,
            m2,
            m3,
            b'/',
            y1,
            y2,
            y3,
            y4,
            b':',
            rest @ ..,
        ] = written
        else {
            return None;
        };
        let second = of_day(rest.get(..8)?)?;
        let rest = rest.get(8..)?;
        let rest = rest.get(fraction(rest)..)?;
        let offset = match rest {
            [] => None,
            [b' ', zoned @ ..] => match zone(zoned) {
                (Some(offset), []) => Some(offset),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            written,
            year: Some(number(&[*y1, *y2, *y3, *y4], 4)?),
            month: month_number(&[*m1, *m2, *m3])?,
            day: number(&[*d1, *d2], 2)?,
            second,
            offset,
        })
    }
}

/// How many bytes a fraction of a second takes: a point or comma with digits behind it.
fn fraction(text: &[u8]) -> usize {
    match text {
        [b'.' | b',', digits @ ..] => {
            match digits
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
            {
                0 => 0,
                count => count + 1,
            }
        }
        _ => 0,
    }
}

/// A zone at the beginning of a text, `Z`, `+01:00`, `+0100` or `+01`, in seconds, where there is one; and the rest.
fn zone(text: &[u8]) -> (Option<i64>, &[u8]) {
    let none = (None, text);
    let (sign, digits) = match text {
        [b'Z' | b'z', rest @ ..] => return (Some(0), rest),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return none,
    };
    let (hours, minutes, rest) = match digits {
        [h1, h2, b':', m1, m2, rest @ ..]
        | [h1, h2, m1 @ b'0'..=b'9', m2 @ b'0'..=b'9', rest @ ..] => {
            (number(&[*h1, *h2], 2), number(&[*m1, *m2], 2), rest)
        }
        [h1, h2, rest @ ..] => (number(&[*h1, *h2], 2), Some(0), rest),
        _ => return none,
    };
    match (hours, minutes) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => {
            (Some(sign * (hours * 3600 + minutes * 60)), rest)
        }
        _ => none,
    }
}

/// How many seconds the clock of a log is ahead of UTC, by its last line and by when the file was last changed: zones
/// are quarters of an hour, and the two are within a minute of each other. None where they are not, since the file was
/// copied or the line tells of something that began earlier.
pub fn offset_between(last_local: i64, changed: i64) -> Option<i64> {
    const QUARTER: i64 = 900;
    let apart = last_local.checked_sub(changed)?;
    let quarters = apart.checked_add(QUARTER / 2)?.div_euclid(QUARTER);
    let offset = quarters.checked_mul(QUARTER)?;
    let near = (apart - offset).abs() <= 60 && (-12 * 3600..=14 * 3600).contains(&offset);
    near.then_some(offset)
}
