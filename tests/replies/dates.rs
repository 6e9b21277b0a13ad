//! Dates of certificates and logs, and spans of time.

use haproxy_replies::dates::{certificate_time, iso, log_time, span};
use proptest::prelude::*;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// Year, month and day of a day since 1970-01-01, counted off year by year and month by month.
fn day(mut days: i64) -> (i64, usize, i64) {
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += if is_leap(year) { 366 } else { 365 };
    }
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[test]
fn dates_of_certificates() {
    for (text, expected) in [
        ("Jan  1 00:00:00 1970 GMT", 0),
        ("Nov 22 10:00:00 2026 GMT", 1_795_341_600),
        ("Nov  2 10:00:00 2026 GMT", 1_793_613_600),
        ("Feb 29 23:59:59 2024 GMT", 1_709_251_199),
        ("Feb 29 00:00:00 2000 GMT", 951_782_400),
        ("Dec 31 23:59:59 1969 GMT", -1),
        ("Jan  1 00:00:00 1950 GMT", -631_152_000),
        ("Dec 31 23:59:59 9999 GMT", 253_402_300_799),
        ("Jan 19 03:14:08 2038 GMT", 2_147_483_648),
        ("Nov 22 10:00:00.123 2026 GMT", 1_795_341_600),
        ("Jan  1 00:00:00 0 GMT", -62_167_219_200),
    ] {
        assert_eq!(certificate_time(text.as_bytes()), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "Bad time value",
        "Nov 22 10:00:00 2026",
        "Nov 22 10:00:00 2026 CET",
        "Nov 22 10:00:00 2026 GMT GMT",
        "nov 22 10:00:00 2026 GMT",
        "Nov 31 10:00:00 2026 GMT",
        "Feb 29 10:00:00 2026 GMT",
        "Feb 29 10:00:00 2100 GMT",
        "Nov 0 10:00:00 2026 GMT",
        "Nov 22 24:00:00 2026 GMT",
        "Nov 22 10:60:00 2026 GMT",
        "Nov 22 10:00:60 2026 GMT",
        "Nov 22 1:00:00 2026 GMT",
        "Nov 22 10:00:00.x 2026 GMT",
        "Nov 22 10:00:00 20260 GMT",
        "Nov 022 10:00:00 2026 GMT",
        "Nov -2 10:00:00 2026 GMT",
    ] {
        assert_eq!(certificate_time(text.as_bytes()), None, "{text}");
    }
    for text in [
        "",
        "22/Nov/2026:09:48:11",
        "22/Nov/2026:09:48:11 0100",
        "22/Nov/2026:09:48:11 +01:00",
        "22/Nov/2026 09:48:11 +0100",
        "22/11/2026:09:48:11 +0100",
        "31/Nov/2026:09:48:11 +0100",
        "-",
    ] {
        assert_eq!(log_time(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn dates_of_logs_have_a_zone() {
    for (text, expected) in [
        ("01/Jan/1970:00:00:00 +0000", 0),
        ("22/Nov/2026:10:00:00 +0000", 1_795_341_600),
        ("22/Nov/2026:11:00:00 +0100", 1_795_341_600),
        ("22/Nov/2026:06:30:00 -0330", 1_795_341_600),
    ] {
        assert_eq!(log_time(text.as_bytes()), Some(expected), "{text}");
    }
}

#[test]
fn spans() {
    for (text, expected) in [
        ("0s", 0),
        ("5s", 5),
        ("2m", 120),
        ("1m30s", 90),
        ("1h", 3_600),
        ("3h5m", 11_100),
        ("1d", 86_400),
        ("1d3h", 97_200),
        ("24855d23h", 2_147_554_800),
        ("0d00h00m24s", 24),
        ("12d03h04m05s", 1_047_845),
    ] {
        assert_eq!(span(text.as_bytes()), Some(expected), "{text}");
    }
    for text in [
        "",
        "?",
        "5",
        "s",
        "5s5s",
        "5s1m",
        "-5s",
        "1w",
        "5 s",
        "99999999999999999999d",
        "18446744073709551615d",
    ] {
        assert_eq!(span(text.as_bytes()), None, "{text}");
    }
}

proptest! {
    #[test]
    fn every_day_is_found_again(days in -700_000_i64..2_900_000, second in 0_i64..86_400, zone in -720_i64..=840) {
        let (year, month, date) = day(days);
        let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let at = days * 86_400 + second;
        let text = format!("{} {date:2} {clock} {year} GMT", MONTHS[month]);
        prop_assert_eq!(certificate_time(text.as_bytes()), Some(at), "{}", text);
        let sign = if zone < 0 { '-' } else { '+' };
        let text = format!("{date:02}/{}/{year:04}:{clock} {sign}{:02}{:02}", MONTHS[month], zone.abs() / 60, zone.abs() % 60);
        prop_assert_eq!(log_time(text.as_bytes()), Some(at - zone * 60), "{}", text);
        let plain = format!("{year:04}-{:02}-{date:02}T{clock}", month + 1);
        let zoned = format!("{plain}{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60);
        prop_assert_eq!(iso(at, None), plain.clone());
        prop_assert_eq!(iso(at, Some(zone * 60)), if zone == 0 { plain + "Z" } else { zoned });
    }

    #[test]
    fn spans_come_back(seconds in 0_u64..4_000_000_000) {
        let text = format!("{}d{:02}h{:02}m{:02}s", seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        prop_assert_eq!(span(text.as_bytes()), Some(seconds));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), place in 0_usize..30) {
        for start in ["", "Nov 22 10:00:00 2026 GMT", "22/Nov/2026:09:48:11 +0100", "1d3h5m"] {
            let mut text = start.as_bytes().to_vec();
            let place = place.min(text.len());
            text.splice(place..place, bytes.iter().copied());
            let _ = certificate_time(&text);
            let _ = log_time(&text);
            let _ = span(&text);
        }
    }
}
