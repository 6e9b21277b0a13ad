//! What messages repeat of a value: one short line, and no password.

use super::Setting;
use crate::haproxy::pages::PageUrl;
use crate::visible::visible;

/// Longest value that a message repeats, in characters: a certificate pasted into the wrong variable fills no screen.
const SHOWN_CHARACTERS: usize = 100;

/// What is shown in place of a password: it has no backticks, because it is no value.
const HIDDEN: &str = "[secret]";

/// Longest part of a URL that a message repeats as its port: what is longer is none.
const PORT_DIGITS: usize = 5;

/// A value as [`shown`], and less of it where its setting is one that a password stands in, or was written into by
/// mistake.
pub(super) fn shown_of(setting: Setting, value: &str) -> String {
    match setting {
        _ if setting.is_secret() => HIDDEN.to_owned(),
        // The password itself, in place of the file's path.
        Setting::StatsPasswordFile if !value.starts_with('/') => HIDDEN.to_owned(),
        Setting::StatsUser => match value.split_once(':') {
            Some((user, _password)) => quoted(&format!("{user}:***")),
            None => shown(value),
        },
        Setting::StatsUrl | Setting::MetricsUrl => quoted(&without_secrets(value)),
        _ => shown(value),
    }
}

/// Whether a password stands in a value of this setting.
pub(super) fn holds_password(setting: Setting, value: &str) -> bool {
    match setting {
        Setting::StatsUrl | Setting::MetricsUrl => {
            matches!(PageUrl::split(value), Ok((_, Some(_))))
        }
        _ => setting.is_secret(),
    }
}

/// A value in backticks that may be printed: one line, limited in length, and without the credentials that somebody may
/// have put before the `@` of a URL.
pub(super) fn shown(value: &str) -> String {
    quoted(&without_credentials(value))
}

/// In backticks, on one line, of limited length.
fn quoted(text: &str) -> String {
    // A backtick would end the quotation.
    format!(
        "`{}`",
        visible(text, SHOWN_CHARACTERS).replace('`', "\\u{60}")
    )
}

/// A value without what stands before its last `@`, if that looks like credentials.
fn without_credentials(value: &str) -> String {
    // What has a colon in it is no scheme, but may be a user with the beginning of a password.
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(':') => (format!("{scheme}://"), rest),
        _ => (String::new(), value),
    };
    match rest.rsplit_once('@') {
        Some((before, after)) if !scheme.is_empty() || before.contains(':') => {
            format!("{scheme}***@{after}")
        }
        _ => value.to_owned(),
    }
}

/// The address of a page without credentials, without a query, and without what should be a port and is none: it may
/// be the password of credentials whose `@` was forgotten.
fn without_secrets(value: &str) -> String {
    if let Some((before, _)) = value.rsplit_once('@')
        && before.contains(['?', '#'])
    {
        // Either may be in a password, or the `@` in a query.
        return "***".to_owned();
    }
    let value = without_credentials(value);
    let begin = value.find("://").map_or(0, |scheme| scheme + "://".len());
    let (scheme, rest) = value.split_at(begin);
    let end = rest.find(['/', '\\', '?', '#', ';']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let is_port =
        |port: &str| port.len() <= PORT_DIGITS && port.bytes().all(|byte| byte.is_ascii_digit());
    let authority = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') && !is_port(port) => format!("{host}:***"),
        _ => authority.to_owned(),
    };
    let path = match path.find(['?', '#']) {
        // The character is ASCII, so that its end is a character's end.
        Some(query) if query + 1 < path.len() => {
            format!("{}***", path.get(..=query).unwrap_or_default())
        }
        _ => path.to_owned(),
    };
    format!("{scheme}{authority}{path}")
}

#[cfg(test)]
mod tests {
    use super::{shown, shown_of};
    use crate::config::Setting;

    #[test]
    fn credentials_are_not_shown() {
        for value in [
            "tcp://admin:s3cret@lb:9999",
            "tcp://s3cret@lb",
            "admin:s3cret@lb:9999",
            "tcp://a:s3cret/@@lb",
            "a:s3cret://x@lb",
            "http://ops:s3cret@lb:8404/stats",
            "https://ops:s3cret://@lb/stats;csv",
            "http://lb/@ops:s3cret@lb",
        ] {
            let text = shown(value);
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.contains("lb"), "{text}");
        }
    }

    #[test]
    fn of_a_page_no_password_is_shown_wherever_it_was_written() {
        for value in [
            "http://ops:s3cret@lb:8404/stats",
            "https://ops:s3cret@lb/stats?x",
            "https://ops:s3/cret@lb",
            "https://ops:s3?cr#et@lb",
            "https://ops:s3@cret@lb",
            "https://s3cret@lb/",
            "http:ops:s3cret@lb/stats",
            "ops:s3cret@lb/stats",
            "http://ops:s3cret",
            "http://ops:s3cret/stats",
            "ops:s3cret",
            "http://[::1]:s3cret/",
            "http://lb/stats?password=s3cret",
            "http://lb/stats#s3cret",
            "http://lb/stats?password=s3cr@et@",
        ] {
            for setting in [Setting::StatsUrl, Setting::MetricsUrl] {
                let text = shown_of(setting, value);
                assert!(!text.contains("cret") && !text.contains("et@"), "{text}");
            }
        }
        for value in [
            "http://lb:8404/stats;csv",
            "https://[::1]/stats",
            "http://[::1]:8404/",
            "lb:8404/stats",
            "/stats",
        ] {
            assert_eq!(shown_of(Setting::StatsUrl, value), format!("`{value}`"));
        }
    }

    #[test]
    fn a_password_is_not_shown_where_it_was_written_by_mistake() {
        assert_eq!(shown_of(Setting::StatsPassword, "s3cret"), "[secret]");
        assert_eq!(shown_of(Setting::StatsPasswordFile, "s3cret"), "[secret]");
        assert_eq!(shown_of(Setting::StatsPasswordFile, "/run/p"), "`/run/p`");
        assert_eq!(shown_of(Setting::StatsUser, "ops:s3cret"), "`ops:***`");
    }

    #[test]
    fn a_value_stays_on_one_short_line() {
        assert_eq!(shown("a\nb\u{1b}[31m\0"), r"`a\u{a}b\u{1b}[31m\u{0}`");
        let long = shown(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), 100 + "``…".chars().count());
    }

    #[test]
    fn a_path_is_shown_whole() {
        assert_eq!(shown("unix@/run/haproxy.sock"), "`unix@/run/haproxy.sock`");
        assert_eq!(shown("it's \"here\""), "`it's \"here\"`");
    }
}
