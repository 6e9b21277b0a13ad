//! The grammar of each single value. A parser answers `None` for what its setting does not take; the caller knows where
//! the value was written and makes the error.

use super::LogLevel;
use crate::haproxy::endpoint::{AddressFamily, Endpoint};
use crate::haproxy::pages::{Credentials, PageUrl, Source};
use crate::policy::Access;
use crate::secret::Secret;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Longest time that one command may be given, in seconds. A person who waits for an answer has left long before.
const TIMEOUT_SECONDS: u64 = 3600;

/// Longest name of an instance, a tool or a toolset in bytes.
const NAME_BYTES: usize = 64;

/// Longest name for a page, in bytes.
const USER_BYTES: usize = 256;

/// Longest password in bytes.
pub(super) const PASSWORD_BYTES: usize = 4096;

/// `runtime_mode` as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Tcp(AddressFamily),
    Unix,
}

pub(super) fn mode(text: &str) -> Option<Mode> {
    Some(match text {
        "tcp" => Mode::Tcp(AddressFamily::Any),
        "tcp4" => Mode::Tcp(AddressFamily::V4),
        "tcp6" => Mode::Tcp(AddressFamily::V6),
        "unix" => Mode::Unix,
        _ => return None,
    })
}

pub(super) fn name(text: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((1..=NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed)).then(|| text.to_owned())
}

/// Names with commas between; spaces around a name are not part of it. Whether they exist is known where tools are.
pub(super) fn names(text: &str) -> Option<Vec<String>> {
    text.split(',')
        .map(|part| name(part.trim_matches(' ')))
        .collect()
}

/// A host name, an IPv4 address, or an IPv6 address with or without brackets; the result has no brackets.
/// What a host is, the URL's grammar says.
pub(super) fn host(text: &str) -> Option<String> {
    let bracketed = text.contains(':') && !text.starts_with('[');
    let url = if bracketed {
        format!("tcp://[{text}]:1")
    } else {
        format!("tcp://{text}:1")
    };
    match url.parse() {
        Ok(Endpoint::Tcp { host, .. }) => Some(host),
        _ => None,
    }
}

/// The family of `host` where it is an address: a name has none until it is resolved.
pub(super) fn family_of(host: &str) -> Option<AddressFamily> {
    // The zone of an IPv6 address (RFC 4007 §11) is not part of what `std` reads.
    let address = host
        .split_once('%')
        .map_or(host, |(address, _zone)| address);
    Some(match address.parse().ok()? {
        IpAddr::V4(_) => AddressFamily::V4,
        IpAddr::V6(_) => AddressFamily::V6,
    })
}

/// Digits only: `u16::from_str` would take `+80` too.
fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

pub(super) fn port(text: &str) -> Option<u16> {
    digits(text)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|port| *port != 0)
}

pub(super) fn timeout(text: &str) -> Option<Duration> {
    digits(text)
        .filter(|seconds| (1..=TIMEOUT_SECONDS).contains(seconds))
        .map(Duration::from_secs)
}

/// Whether something is there: as booleans are written in TOML, and as people write them in environments.
pub(super) fn switch(text: &str) -> Option<bool> {
    Some(match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => true,
        "false" | "0" | "no" | "off" => false,
        _ => return None,
    })
}

/// The address of a page, and the credentials that stand in it.
pub(super) fn page(text: &str) -> Option<(PageUrl, Option<Credentials>)> {
    // The URL Standard repairs more than what is meant as an address: missing slashes, spaces, backslashes.
    let behind = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let written = behind.is_some_and(|behind| !behind.starts_with('/'));
    let repaired =
        |character: char| character.is_whitespace() || character.is_control() || character == '\\';
    if !written || text.contains(repaired) {
        return None;
    }
    let (url, credentials) = PageUrl::split(text).ok()?;
    // An `@` behind the host is more likely the end of a password with a `/` in it, of which the rest was taken for host
    // and path.
    if url.as_url().path().contains('@') {
        return None;
    }
    let fits = credentials.as_ref().is_none_or(|credentials| {
        user(&credentials.user).is_some() && password(credentials.password.expose()).is_some()
    });
    fits.then_some((url, credentials))
}

/// The name in HTTP's basic authentication (RFC 7617, section 2), which ends at the first colon.
pub(super) fn user(text: &str) -> Option<String> {
    let allowed = |character: char| character != ':' && !character.is_control();
    ((1..=USER_BYTES).contains(&text.len()) && text.chars().all(allowed)).then(|| text.to_owned())
}

/// The password in HTTP's basic authentication.
pub(super) fn password(text: &str) -> Option<Secret> {
    let fits = (1..=PASSWORD_BYTES).contains(&text.len()) && !text.contains(char::is_control);
    fits.then(|| Secret::new(text))
}

pub(super) fn source(text: &str) -> Option<Source> {
    Some(match text {
        "runtime" => Source::Runtime,
        "page" => Source::Page,
        _ => return None,
    })
}

/// Absolute paths of files and folders, with commas between; spaces around a path are not part of it, nor is the slash
/// behind a folder. The root of all folders is not meant by anybody who knows what is in it.
pub(super) fn paths(text: &str) -> Option<Vec<PathBuf>> {
    text.split(',')
        .map(|part| absolute(part.trim_matches(' ').trim_end_matches('/')))
        .collect()
}

/// An absolute path of a file.
pub(super) fn absolute(text: &str) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    let fits = path.is_absolute() && !text.ends_with('/') && !text.contains(char::is_control);
    fits.then_some(path)
}

/// An absolute path: the current folder is whatever the client that starts this server happens to stand in.
pub(super) fn socket(text: &str) -> Option<PathBuf> {
    match format!("unix://{text}").parse() {
        Ok(Endpoint::Unix(path)) => Some(path),
        _ => None,
    }
}

/// An endpoint as a URL whose scheme and address do not contradict each other.
pub(super) fn url(text: &str) -> Option<Endpoint> {
    let endpoint = text.parse().ok()?;
    if let Endpoint::Tcp { host, family, .. } = &endpoint
        && *family != AddressFamily::Any
        && family_of(host).is_some_and(|actual| actual != *family)
    {
        return None;
    }
    Some(endpoint)
}

/// The master socket: HAProxy's `-S` takes an address as well as a path, and so does this.
pub(super) fn master(text: &str) -> Option<Endpoint> {
    if text.contains("://") {
        url(text)
    } else {
        socket(text).map(Endpoint::Unix)
    }
}

pub(super) fn access(text: &str) -> Option<Access> {
    text.parse().ok()
}

/// In any case of letters, and `warning` for `warn`: configurations of the existing server are written like this.
pub(super) fn log_level(text: &str) -> Option<LogLevel> {
    Some(match text.to_ascii_lowercase().as_str() {
        "error" => LogLevel::Error,
        "warn" | "warning" => LogLevel::Warn,
        "info" => LogLevel::Info,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;
    use proptest::prelude::*;

    #[test]
    fn hosts() {
        for good in [
            "127.0.0.1",
            "lb1.example",
            "my_service",
            "::1",
            "fe80::1%eth0",
            "a",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(host(good).as_deref(), Some(good), "{good}");
        }
        assert_eq!(host("[::1]").as_deref(), Some("::1"));
        for bad in [
            "", " ", "lb:9999", "[::1", "::1]", "[lb]", "lb 1", "a/b", "user@lb", "bücher",
            "::1]:80", "tcp://lb",
        ] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(port("1"), Some(1));
        assert_eq!(port("65535"), Some(65535));
        for bad in [
            "",
            "0",
            "65536",
            "-1",
            "+80",
            " 80",
            "80 ",
            "8e1",
            "0x50",
            "99999999999999999999",
        ] {
            assert_eq!(port(bad), None, "{bad}");
        }
        assert_eq!(timeout("10"), Some(Duration::from_secs(10)));
        for bad in ["", "0", "3601", "10s", "1.5", "-1"] {
            assert_eq!(timeout(bad), None, "{bad}");
        }
    }

    #[test]
    fn sockets() {
        let longest = format!("/{}", "s".repeat(106));
        for good in ["/s", "/var/run/haproxy/admin.sock", "/a b/ü.sock", &longest] {
            assert_eq!(socket(good), Some(PathBuf::from(good)), "{good}");
        }
        for bad in [
            "",
            "admin.sock",
            "./admin.sock",
            "/a\0b",
            &format!("{longest}s"),
            "unix@/run/a",
        ] {
            assert_eq!(socket(bad), None, "{bad}");
        }
    }

    #[test]
    fn urls() {
        let tcp = |host: &str, port| {
            Some(Endpoint::Tcp {
                host: host.to_owned(),
                port,
                family: AddressFamily::Any,
            })
        };
        assert_eq!(url("tcp://lb:9999"), tcp("lb", 9999));
        assert_eq!(url("tcp://lb:9999/"), tcp("lb", 9999));
        assert_eq!(url("tcp://[::1]:9999"), tcp("::1", 9999));
        assert_eq!(
            url("unix:///run/a%20b.sock"),
            Some(Endpoint::Unix("/run/a%20b.sock".into()))
        );
        for bad in [
            "",
            "lb:9999",
            "/run/a.sock",
            "tcp://",
            "tcp://lb",
            "tcp://:9999",
            "tcp://::1:9999",
            "tcp://::1",
            "tcp://lb:0",
            "tcp://a:b@lb:9999",
            "tcp://lb:9999/x",
            "tcp://lb:9999?x",
            "http://lb:9999",
            "TCP://lb:9999",
            "unix://run/a",
            "unix:/run/a",
            "unix://",
            "tcp://[::1]",
            "tcp://[::1]9999",
            "tcp4://[::1]:1",
            "tcp6://1.2.3.4:1",
            "tcp4://[fe80::1%eth0]:1",
        ] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }

    #[test]
    fn pages() {
        let of = |text: &str| {
            page(text).map(|(url, credentials)| {
                let pair = |it: Credentials| format!("{}:{}", it.user, it.password.expose());
                (url.to_string(), credentials.map(pair))
            })
        };
        let plain = |text: &str| Some((text.to_owned(), None));
        for good in [
            "http://lb:8404/stats",
            "http://lb/haproxy?stats",
            "https://[::1]/",
            "http://lb/a%20b",
        ] {
            assert_eq!(of(good), plain(good), "{good}");
        }
        assert_eq!(of("http://lb:8404"), plain("http://lb:8404/"));
        let with = |pair: &str| Some(("http://lb/stats".to_owned(), Some(pair.to_owned())));
        assert_eq!(of("http://ops:p%40ss@lb/stats"), with("ops:p@ss"));
        assert_eq!(of("http://ops:p@ss@lb/stats"), with("ops:p@ss"));
        for bad in [
            "",
            "lb:8404/stats",
            "http:lb/stats",
            "http:/lb/stats",
            " http://lb/stats",
            "http://lb/st ats",
            "http://lb\\stats",
            "HTTP://lb/stats",
            "ftp://lb/stats",
            "http:///stats",
            "http://lb:99999/",
            "http://lb/stats;csv",
            "http://lb/stats?a=b",
            "http://lb/stats#a",
            "http://lb/@stats",
            "http://ops:1/2@lb/stats",
            "http://ops:a@b/c@lb/stats",
            "http://ops@lb/stats",
            "http://:s3cret@lb/stats",
            "http://ops:@lb/stats",
            "http://ops:a%0ab@lb/stats",
            "http://o%00s:ab@lb/stats",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn users_and_passwords() {
        for good in ["a", "über wir", &"u".repeat(256)] {
            assert_eq!(user(good).as_deref(), Some(good));
        }
        for bad in ["", "a:b", "a\n", &"u".repeat(257)] {
            assert_eq!(user(bad), None, "{bad:?}");
        }
        for good in [" ", "a:b@c", "päss", &"p".repeat(4096)] {
            assert_eq!(password(good).map(|it| it.expose() == good), Some(true));
        }
        for bad in ["", "a\n", "\0", &"p".repeat(4097)] {
            assert!(password(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn files_and_folders() {
        let of = |text: &str| {
            let found = paths(text)?;
            Some(
                found
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(of("/a b/c").unwrap_or_default(), ["/a b/c"]);
        assert_eq!(of(" /a/b , /c/d// ").unwrap_or_default(), ["/a/b", "/c/d"]);
        for bad in [
            "", ",", "/a,", "a", "/a,b", "/", "/a,/", "//", "/a\nb", "~/a",
        ] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn switches() {
        for on in ["true", "1", "yes", "on", "TRUE", "On"] {
            assert_eq!(switch(on), Some(true), "{on}");
        }
        for off in ["false", "0", "no", "off", "False"] {
            assert_eq!(switch(off), Some(false), "{off}");
        }
        for bad in ["", "2", "t", "enabled", " true"] {
            assert_eq!(switch(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(mode("unix"), Some(Mode::Unix));
        assert_eq!(mode("UNIX"), None);
        assert_eq!(access("operate"), Some(Access::Operate));
        assert_eq!(access("write"), None);
        assert_eq!(log_level("WARNING"), Some(LogLevel::Warn));
        assert_eq!(log_level("verbose"), None);
        assert_eq!(name("edge-1.example"), Some("edge-1.example".to_owned()));
        assert_eq!(name("edge 1"), None);
        assert_eq!(names("a"), Some(vec!["a".to_owned()]));
        let both = Some(vec!["a_b".to_owned(), "mine__c".to_owned()]);
        assert_eq!(names(" a_b , mine__c"), both);
        for bad in ["", ",", "a,", ",a", "a,,b", "a b", "a;b", "a\nb"] {
            assert_eq!(names(bad), None, "{bad:?}");
        }
    }

    /// The examples of an accepted form must be accepted: they are what a reader copies.
    #[test]
    fn accepted_forms_are_accepted() {
        for setting in Setting::all() {
            let examples: Vec<&str> = setting.accepted().split('`').skip(1).step_by(2).collect();
            for example in examples
                .iter()
                .filter(|example| !example.contains("host:port") && !example.contains("///path"))
            {
                let taken = match setting {
                    // Its backticks hold single characters too, which are names themselves.
                    Setting::Name => name(example).is_some(),
                    Setting::Host => host(example).is_some(),
                    Setting::Port => port(example).is_some(),
                    Setting::RuntimeMode => mode(example).is_some(),
                    Setting::RuntimeSocket => socket(example).is_some(),
                    Setting::RuntimeUrl => url(example).is_some(),
                    Setting::RuntimeTimeout | Setting::StatsTimeout => timeout(example).is_some(),
                    Setting::MasterSocket => master(example).is_some(),
                    Setting::Access => access(example).is_some(),
                    Setting::Toolsets | Setting::Tools | Setting::ExcludeTools => {
                        names(example).is_some()
                    }
                    Setting::AuditFile
                    | Setting::StatsPasswordFile
                    | Setting::StatsCaFile
                    | Setting::StatsClientCert
                    | Setting::StatsClientKey => absolute(example).is_some(),
                    Setting::StatsEnabled => switch(example).is_some(),
                    Setting::StatsUrl | Setting::MetricsUrl => page(example).is_some(),
                    Setting::StatsUser => user(example).is_some(),
                    Setting::StatsPassword => password(example).is_some(),
                    Setting::StatisticsFrom => source(example).is_some(),
                    Setting::HaproxyConfig | Setting::HaproxyLog => paths(example).is_some(),
                    Setting::Transport => *example == "stdio",
                    Setting::LogLevel => log_level(example).is_some(),
                };
                assert!(
                    taken,
                    "`{setting}` does not take its own example `{example}`"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn a_tcp_url_keeps_its_parts(name in "[a-z][a-z0-9-]{0,20}(\\.[a-z]{1,5})?", number in 1_u16..) {
            let expected = Endpoint::Tcp { host: name.clone(), port: number, family: AddressFamily::Any };
            prop_assert_eq!(url(&format!("tcp://{name}:{number}")), Some(expected));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (names(&text), host(&text), port(&text), socket(&text), url(&text), master(&text), timeout(&text));
            let _ = (switch(&text), page(&text), user(&text), password(&text), source(&text), paths(&text));
        }
    }
}
