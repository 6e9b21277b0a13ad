//! From when to when, and by which clock the log is written.

use haproxy_mcp_sdk::Failure;
use haproxy_replies::dates::iso;
use haproxy_replies::log_lines::{Line, Moment, offset_between};

/// A point in time that was asked for.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Seconds ago.
    Ago(i64),
    At(Moment),
}

/// From when to when, as it was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    since: Option<When>,
    until: Option<When>,
}

impl Span {
    pub(super) fn read(since: Option<&str>, until: Option<&str>) -> Result<Self, Failure> {
        let read = |text: Option<&str>, pointer| {
            text.map(|text| when(text).ok_or_else(|| no_time(text, pointer)))
                .transpose()
        };
        Ok(Self {
            since: read(since, "/since")?,
            until: read(until, "/until")?,
        })
    }

    const fn is_any(self) -> bool {
        self.since.is_none() && self.until.is_none()
    }
}

fn no_time(text: &str, pointer: &str) -> Failure {
    Failure::invalid_argument(format!("not a time: `{text}`"))
        .hint("write how long ago (`90s`, `15m`, `2h`, `1d`) or a date (`2026-11-25T01:09:06Z`, `2026-11-25 01:09`)")
        .argument(pointer)
}

fn when(text: &str) -> Option<When> {
    let ago = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let number: u32 = number.parse().ok()?;
        Some(When::Ago(i64::from(number) * unit))
    };
    Moment::read(text.as_bytes()).map(When::At).or_else(ago)
}

/// What the end of the file says of its clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Peek {
    /// When its last line was logged, by its own clock.
    pub(super) last: Option<Moment>,
    /// When it was changed last, in seconds since 1970 in UTC.
    pub(super) modified: i64,
}

/// Which times are wanted, and how times of the log are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// In seconds since 1970 in UTC.
    since: Option<i64>,
    until: Option<i64>,
    /// Seconds that a time without zone is ahead of UTC.
    assumed: i64,
    zone: Zone,
    /// Which year a line without year is of.
    today: i64,
}

/// How times without zone are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// It does not matter.
    NotAsked,
    /// The lines say it.
    Written,
    /// By when the file was last changed.
    Seen,
    /// Nothing says it.
    Unknown,
}

impl Clock {
    pub(super) fn of(peek: &Peek, span: Span, now: i64) -> Self {
        let (assumed, zone) = match peek.last {
            _ if span.is_any() => (0, Zone::NotAsked),
            Some(Moment {
                offset: Some(offset),
                ..
            }) => (offset, Zone::Written),
            Some(moment) => offset_between(moment.local, peek.modified)
                .map_or((0, Zone::Unknown), |offset| (offset, Zone::Seen)),
            None => (0, Zone::Unknown),
        };
        let at = |when: When| match when {
            When::Ago(seconds) => now.saturating_sub(seconds),
            When::At(moment) => moment.utc(assumed),
        };
        Self {
            since: span.since.map(at),
            until: span.until.map(at),
            assumed,
            zone,
            today: peek.modified,
        }
    }

    /// How times without zone were taken, where that mattered.
    pub(super) fn zone(&self) -> Option<String> {
        let offset = iso(0, Some(self.assumed));
        let offset = offset.get(19..).unwrap_or_default();
        match self.zone {
            Zone::NotAsked | Zone::Written => None,
            Zone::Seen => Some(format!("{offset}, by when the file was last changed")),
            Zone::Unknown => Some("unknown, taken as UTC".to_owned()),
        }
    }

    /// When a line was logged, where it says so.
    pub(super) fn moment(&self, line: &Line<'_>) -> Option<Moment> {
        moment(line, self.today)
    }

    /// Whether a line of this moment is within what is wanted.
    pub(super) fn wants(&self, moment: Option<Moment>) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        moment.is_some_and(|moment| {
            let at = moment.utc(self.assumed);
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at <= until)
        })
    }

    /// Whether a line of this moment is from before all that is wanted.
    pub(super) fn is_before(&self, moment: Option<Moment>) -> bool {
        match (self.since, moment) {
            (Some(since), Some(moment)) => moment.utc(self.assumed) < since,
            _ => false,
        }
    }

    /// Whether the beginning of the span is asked for.
    pub(super) const fn has_since(&self) -> bool {
        self.since.is_some()
    }
}

/// When a line was logged; of one that does not say so, when what it tells of was over.
pub(super) fn moment(line: &Line<'_>, today: i64) -> Option<Moment> {
    let over = line
        .accepted
        .and_then(|accepted| accepted.moment(today))
        .map(|accepted| {
            let took = line.timers.total.unwrap_or_default().max(0) / 1000;
            Moment {
                local: accepted.local.saturating_add(took),
                ..accepted
            }
        });
    match line.logged {
        // It was over just before, which says the year.
        Some(logged) => logged.moment(over.map_or(today, |over| over.local)),
        None => over,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// 2026-11-25T12:00:00Z
    const NOON: i64 = 1_795_608_000;

    fn clock(line: &str, modified: i64, since: Option<&str>, until: Option<&str>) -> Clock {
        let last = moment(&Line::read(line.as_bytes()), modified);
        let span = Span::read(since, until).unwrap();
        Clock::of(&Peek { last, modified }, span, NOON)
    }

    fn wants(clock: &Clock, line: &str) -> bool {
        clock.wants(clock.moment(&Line::read(line.as_bytes())))
    }

    #[test]
    fn the_zone_is_the_lines_own_or_seen() {
        let last = "Nov 25 13:00:00 x haproxy[1]: m";
        let local = clock(last, NOON, Some("10m"), None);
        assert_eq!(
            local.zone().as_deref(),
            Some("+01:00, by when the file was last changed")
        );
        assert!(wants(&local, "Nov 25 12:50:00 x haproxy[1]: m"));
        assert!(!wants(&local, "Nov 25 12:49:59 x haproxy[1]: m"));
        assert!(!wants(&local, "no time at all"));
        // a time without zone is as the log writes it
        let local = clock(
            last,
            NOON,
            Some("2026-11-25 12:50"),
            Some("2026-11-25T12:00:00Z"),
        );
        assert!(wants(&local, "Nov 25 13:00:00 x haproxy[1]: m"));
        assert!(!wants(&local, "Nov 25 13:00:01 x haproxy[1]: m"));
        assert!(!wants(&local, "Nov 25 12:49:59 x haproxy[1]: m"));

        let zoned = clock(
            "2026-11-25T07:00:00-05:00 x haproxy[1]: m",
            NOON + 500,
            Some("1m"),
            None,
        );
        assert_eq!(zoned.zone(), None);
        assert!(wants(&zoned, "2026-11-25T11:59:00Z x haproxy[1]: m"));

        let unknown = clock(last, NOON + 500, Some("1h"), None);
        assert_eq!(unknown.zone().as_deref(), Some("unknown, taken as UTC"));
        assert_eq!(clock(last, NOON, None, None).zone(), None);
    }

    #[test]
    fn a_line_without_year_is_of_the_year_of_what_it_tells() {
        let line = "Jan  1 00:00:05 x haproxy[1]: 10.0.0.1:1 [31/Dec/2020:23:59:58.000] fe be/s 0/0/0/7000/7000 200 1 - - \
            ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"";
        let read = |line: &str| moment(&Line::read(line.as_bytes()), NOON).unwrap().iso();
        assert_eq!(read(line), "2021-01-01T00:00:05");
        assert_eq!(read(&line[30..]), "2021-01-01T00:00:05");
        assert_eq!(
            read("Dec 31 00:00:05 x haproxy[1]: m"),
            "2025-12-31T00:00:05"
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "10",
            "m",
            "10 m",
            "-5m",
            "99999999999d",
            "2026-13-01",
            "yesterday",
            "5ü",
        ] {
            assert!(Span::read(Some(text), None).is_err(), "{text}");
        }
        assert!(Span::read(Some("0s"), Some("2026-11-25")).is_ok());
    }
}
