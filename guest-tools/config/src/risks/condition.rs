//! What a condition (`if …`) lets in, as far as it can be told: by a password, a certificate, an address.

use haproxy_configuration::{Configuration, Section, Words};

use super::address::is_local_network;

/// What somebody must have to fulfil a condition. The weakest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Must {
    /// Nothing that keeps anybody out: a path, `TRUE`.
    Nothing,
    /// It cannot be told.
    Unknown,
    /// An address of some networks.
    ComeFromNetwork,
    /// An address of this machine.
    ComeFromHere,
    /// A password or a client certificate.
    ProveIdentity,
}

/// What must be had for the rule of these words, whose condition begins with the first `if` or `unless` at or behind a
/// place. Without a condition: nothing.
pub(crate) fn must(
    configuration: &Configuration<'_>,
    section: &Section<'_>,
    words: &Words<'_>,
    from: usize,
) -> Must {
    let start = |word| words.place(word, from);
    let Some(start) = start("if") else {
        return if start("unless").is_some() {
            Must::Unknown
        } else {
            Must::Nothing
        };
    };
    let all: Vec<&str> = words.iter().skip(start + 1).collect();
    // the easiest of the alternatives
    all.split(|word| matches!(*word, "or" | "||"))
        .map(|alternative| all_of(configuration, section, alternative))
        .min()
        .unwrap_or(Must::Nothing)
}

/// The hardest of the terms of an alternative.
fn all_of(configuration: &Configuration<'_>, section: &Section<'_>, terms: &[&str]) -> Must {
    let mut hardest = Must::Nothing;
    let mut rest = terms;
    while let Some((first, behind)) = rest.split_first() {
        let (term, not, after): (Must, bool, &[&str]) = match *first {
            open @ ("{" | "!{") => {
                let end = behind
                    .iter()
                    .position(|word| *word == "}")
                    .unwrap_or(behind.len());
                let (criterion, after) = behind.split_at_checked(end).unwrap_or((behind, &[]));
                (
                    criterion_must(criterion),
                    open == "!{",
                    after.get(1..).unwrap_or_default(),
                )
            }
            "!" => {
                // what follows is the other way round
                let after = match behind.first() {
                    Some(&"{") => behind
                        .iter()
                        .position(|word| *word == "}")
                        .and_then(|end| behind.get(end + 1..)),
                    _ => behind.get(1..),
                };
                (Must::Unknown, true, after.unwrap_or_default())
            }
            name => (
                named(configuration, section, name.trim_start_matches('!')),
                name.starts_with('!'),
                behind,
            ),
        };
        hardest = hardest.max(if not { Must::Unknown } else { term });
        rest = after;
    }
    hardest
}

/// An ACL by its name: the easiest of its lines.
fn named(configuration: &Configuration<'_>, section: &Section<'_>, name: &str) -> Must {
    let lines = configuration
        .settings(section, &["acl"])
        .filter(|acl| acl.words.at(1) == name);
    let own = lines
        .map(|acl| {
            let criterion: Vec<&str> = acl.words.iter().skip(2).collect();
            criterion_must(&criterion)
        })
        .min();
    own.unwrap_or(match name {
        "LOCALHOST" => Must::ComeFromHere,
        "TRUE" | "HTTP" | "WAIT_END" => Must::Nothing,
        _ if name.starts_with("HTTP_") || name.starts_with("METH_") => Must::Nothing,
        _ => Must::Unknown,
    })
}

/// `src 10.0.0.0/8`, `http_auth(users)`, `path /metrics`, …
fn criterion_must(words: &[&str]) -> Must {
    let Some((criterion, values)) = words.split_first() else {
        return Must::Unknown;
    };
    let name: &str = criterion.split([',', '(']).next().unwrap_or_default();
    match name {
        "src" => {
            let networks: Vec<&&str> = values
                .iter()
                .filter(|value| !value.starts_with('-'))
                .collect();
            let everybody = networks
                .iter()
                .any(|network| matches!(network.split_once('/'), Some((_, "0"))));
            // `-f file`: what is in it is not known
            let listed = values.contains(&"-f");
            if everybody {
                Must::Nothing
            } else if !listed
                && !networks.is_empty()
                && networks.iter().all(|network| is_local_network(network))
            {
                Must::ComeFromHere
            } else {
                Must::ComeFromNetwork
            }
        }
        "http_auth" | "http_auth_group" | "ssl_fc_has_crt" | "always_false" => Must::ProveIdentity,
        _ if name.starts_with("ssl_c_") => Must::ProveIdentity,
        "always_true" | "method" | "ssl_fc" | "dst_port" | "req.ver" => Must::Nothing,
        _ if ["path", "url", "base"]
            .iter()
            .any(|start| name.starts_with(start)) =>
        {
            Must::Nothing
        }
        _ => Must::Unknown,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_as_hard_as_its_easiest_alternative() {
        let text = "defaults d\n acl inherited src 127.0.0.1\nfrontend f from d\n acl inside src 10.0.0.0/8 192.168.0.0/16\n acl here src 127.0.0.0/8 ::1\n acl auth http_auth(users)\n acl mixed src ::1\n acl mixed path /x\n acl all src 0.0.0.0/0\n acl file src -f list\n";
        let configuration = Configuration::read([("a.cfg", text.as_bytes())]);
        let section = configuration.sections().last().unwrap();
        for (condition, expected) in [
            ("", Must::Nothing),
            ("if TRUE", Must::Nothing),
            ("if LOCALHOST", Must::ComeFromHere),
            ("if here", Must::ComeFromHere),
            ("if inherited", Must::ComeFromHere),
            ("if inside", Must::ComeFromNetwork),
            ("if file", Must::ComeFromNetwork),
            ("if all", Must::Nothing),
            ("if auth", Must::ProveIdentity),
            ("if inside auth", Must::ProveIdentity),
            ("if inside or auth", Must::ComeFromNetwork),
            ("if here || TRUE", Must::Nothing),
            ("if mixed", Must::Nothing),
            ("if { src 10.0.0.0/8 }", Must::ComeFromNetwork),
            ("if { path /metrics } { src 127.0.0.1 }", Must::ComeFromHere),
            ("if { path /metrics }", Must::Nothing),
            ("if { ssl_c_used }", Must::ProveIdentity),
            ("if !here", Must::Unknown),
            ("if !{ src 10.0.0.0/8 } { path /x }", Must::Unknown),
            ("if ! { src 10.0.0.0/8 } TRUE", Must::Unknown),
            ("if { hdr(x) y }", Must::Unknown),
            ("if gone", Must::Unknown),
            ("unless here", Must::Unknown),
            ("if {", Must::Unknown),
        ] {
            let line = format!("stats admin {condition}");
            let words = Words::read(line.as_bytes()).unwrap();
            assert_eq!(
                must(&configuration, section, &words, 2),
                expected,
                "{condition}"
            );
        }
    }
}
