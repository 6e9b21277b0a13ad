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
    match condition(words, from) {
        None => Must::Nothing,
        Some((false, condition)) => fulfil(configuration, section, &condition),
        Some((true, condition)) => fail(configuration, section, &condition),
    }
}

/// What must be had to get past a rule that refuses; none where it refuses all.
pub(crate) fn must_to_pass(
    configuration: &Configuration<'_>,
    section: &Section<'_>,
    words: &Words<'_>,
    from: usize,
) -> Option<Must> {
    Some(match condition(words, from)? {
        (false, condition) => fail(configuration, section, &condition),
        // an alternative such as a path may not be the one that is asked of
        (true, condition) => fulfil(configuration, section, &condition).max(Must::Unknown),
    })
}

/// The words of a condition, and whether it is `unless`.
fn condition<'w>(words: &'w Words<'_>, from: usize) -> Option<(bool, Vec<&'w str>)> {
    let place = words
        .iter()
        .skip(from)
        .position(|word| matches!(word, "if" | "unless"))?
        + from;
    let behind = words.iter().skip(place + 1).collect();
    Some((words.at(place) == "unless", behind))
}

/// The easiest of the alternatives, each as hard as the hardest of its terms.
fn fulfil(configuration: &Configuration<'_>, section: &Section<'_>, words: &[&str]) -> Must {
    alternatives(words)
        .map(|alternative| {
            let terms = terms(configuration, section, alternative).into_iter();
            terms
                .map(|(must, not)| if not { Must::Unknown } else { must })
                .max()
                .unwrap_or(Must::Nothing)
        })
        .min()
        .unwrap_or(Must::Nothing)
}

/// None of the alternatives may be fulfilled: of each the easiest of its terms not.
fn fail(configuration: &Configuration<'_>, section: &Section<'_>, words: &[&str]) -> Must {
    alternatives(words)
        .map(|alternative| {
            let terms = terms(configuration, section, alternative).into_iter();
            terms
                .map(|(must, not)| match must {
                    _ if not => must,
                    // almost everybody comes from elsewhere
                    Must::ComeFromNetwork | Must::ComeFromHere => Must::Nothing,
                    _ => Must::Unknown,
                })
                .min()
                .unwrap_or(Must::Unknown)
        })
        .max()
        .unwrap_or(Must::Unknown)
}

fn alternatives<'w>(words: &'w [&'w str]) -> impl Iterator<Item = &'w [&'w str]> {
    words.split(|word| matches!(*word, "or" | "||"))
}

/// The terms of an alternative, and which are the other way round.
fn terms(
    configuration: &Configuration<'_>,
    section: &Section<'_>,
    words: &[&str],
) -> Vec<(Must, bool)> {
    let mut terms = Vec::new();
    let mut rest = words;
    let mut not = false;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let bare = first.trim_start_matches('!');
        not ^= (first.len() - bare.len()) % 2 == 1;
        let must = match bare {
            // it stands before a space
            "" => continue,
            "{" => {
                let end = behind.iter().position(|word| *word == "}");
                let (criterion, after) = behind
                    .split_at_checked(end.unwrap_or(behind.len()))
                    .unwrap_or((behind, &[]));
                rest = after.get(1..).unwrap_or_default();
                criterion_must(criterion)
            }
            name => named(configuration, section, name),
        };
        terms.push((must, std::mem::take(&mut not)));
    }
    terms
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
            ("unless here", Must::Nothing),
            ("unless !here", Must::ComeFromHere),
            ("unless ! { src 10.0.0.0/8 } or !auth", Must::ProveIdentity),
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

    #[test]
    fn a_rule_that_refuses_lets_pass_who_does_not_fulfil_its_condition() {
        let text = "frontend f\n acl auth http_auth(users)\n acl inside src 10.0.0.0/8\n";
        let configuration = Configuration::read([("a.cfg", text.as_bytes())]);
        let section = configuration.sections().last().unwrap();
        for (condition, expected) in [
            ("", None),
            ("unless auth", Some(Must::ProveIdentity)),
            ("if !auth", Some(Must::ProveIdentity)),
            ("if ! auth", Some(Must::ProveIdentity)),
            ("if !{ http_auth(users) }", Some(Must::ProveIdentity)),
            ("if !auth !inside", Some(Must::ComeFromNetwork)),
            ("if !auth || !inside", Some(Must::ProveIdentity)),
            ("if inside", Some(Must::Nothing)),
            ("if { path /x }", Some(Must::Unknown)),
            ("unless inside", Some(Must::ComeFromNetwork)),
            ("unless auth or inside", Some(Must::ComeFromNetwork)),
            ("unless auth or { path /x }", Some(Must::Unknown)),
        ] {
            let line = format!("http-request auth {condition}");
            let words = Words::read(line.as_bytes()).unwrap();
            let found = must_to_pass(&configuration, section, &words, 2);
            assert_eq!(found, expected, "{condition}");
        }
    }
}
