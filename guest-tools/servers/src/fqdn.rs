//! `set_server_fqdn`: the name under which HAProxy looks up a server's address.

use std::net::IpAddr;

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Named, SET_SERVER};
use crate::seen::made;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    fqdn: String,
}

#[derive(Clone, PartialEq, Serialize)]
struct Name {
    fqdn: Option<String>,
}

/// Whether it is the name of a host: labels of letters, digits, `-` and `_`, at most 253 bytes.
fn is_host_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

pub(crate) fn set_server_fqdn(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        fqdn,
    } = call.arguments()?;
    if !is_host_name(&fqdn) || fqdn.parse::<IpAddr>().is_ok() {
        return Err(Failure::invalid_argument(format!(
            "`fqdn` is not the name of a host: `{fqdn}`"
        ))
        .hint("give a name such as `app1.example.net`; set_server_addr takes an address")
        .argument("/fqdn"));
    }
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let change = made(
        call,
        || {
            let fqdn = named.seen(&instance)?.fqdn;
            Ok(Name { fqdn })
        },
        |_| {
            named
                .ask(&instance, &SET_SERVER, &["fqdn", &fqdn])
                .map(drop)
        },
        |after| {
            let after = after.fqdn.as_deref();
            after.is_some_and(|after| after.eq_ignore_ascii_case(&fqdn))
        },
        &format!("name `{fqdn}` of `{path}`"),
    )?;
    let line = format!(
        "{path}: name {} → {}",
        change.before.fqdn.as_deref().unwrap_or("none"),
        change.after.fqdn.as_deref().unwrap_or("none")
    );
    Ok(Outcome::of(&named.answer(change))?.text(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts() {
        for name in [
            "a",
            "app1.example.net",
            "app_1.example.net.",
            "xn--bcher-kva.example",
            "1.example",
        ] {
            assert!(is_host_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in [
            "",
            ".",
            "a..b",
            "a b",
            "a/b",
            "a:80",
            "-a.test",
            "a-.test",
            "bücher.test",
            "a;b",
            long.as_str(),
        ] {
            assert!(!is_host_name(name), "{name}");
        }
    }
}
