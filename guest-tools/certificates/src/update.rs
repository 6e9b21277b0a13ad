//! `update_ssl_cert`, `update_ssl_ca_file`, `update_ssl_crl_file` and `del_ssl_cert`.

use std::collections::BTreeSet;

use haproxy_listing::cut;
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Outcome};
use serde::{Deserialize, Serialize};

use crate::certificate::{Identity, section};
use crate::pem::{Block, Pem};
use crate::revocations::List;
use crate::store::{AUTHORITIES, CERTIFICATES, REVOCATIONS, is_unknown};
use crate::transaction::{Wanted, command, unchanged};

/// Subjects of a file, and lists, that an answer has room for.
const SHOWN: usize = 20;

/// Characters of a subject.
const TEXT: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    cert: String,
    content: String,
    #[serde(default)]
    create: bool,
}

#[derive(Serialize)]
struct Answer<'a, T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_file: Option<&'a str>,
    #[serde(flatten)]
    change: Change<Option<T>>,
}

impl<'a, T: Serialize> Answer<'a, T> {
    fn of(change: Change<Option<T>>) -> Self {
        Self {
            cert: None,
            ca_file: None,
            crl_file: None,
            change,
        }
    }

    fn outcome(&self, name: &'a str) -> Result<Outcome, Failure> {
        let line = match (&self.change.before, self.change.changed) {
            (None, _) => format!("{name}: made"),
            (Some(_), true) => format!("{name}: replaced"),
            (Some(_), false) => format!("{name}: the same as before"),
        };
        Ok(Outcome::of(self)?.text(line))
    }
}

pub(crate) fn update_ssl_cert(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Certificate {
        cert,
        content,
        create,
    } = call.arguments()?;
    let pem = Pem::read(&content);
    has_usable_key(&pem)?;
    let instance = call.instance();
    let wanted = Wanted {
        store: &CERTIFICATES,
        name: &cert,
        create,
        portions: vec![pem.portion()?],
    };
    let fingerprint = pem.certificates().next().and_then(Block::sha1);
    let chain = pem.certificates().skip(1).count();
    let change = wanted.replace(
        &instance,
        |drafted| held(&instance, &cert, drafted),
        |drafted| {
            fingerprint.is_some()
                && drafted.identity.sha1_fingerprint == fingerprint
                // Where the content has no chain HAProxy may look for one elsewhere (`issuers-chain-path`).
                && (chain == 0 || drafted.chain.len() == chain)
        },
    )?;
    let answer = Answer {
        cert: Some(&cert),
        ..Answer::of(change)
    };
    answer.outcome(&cert)
}

/// HAProxy 3.4 commits a new certificate without a key.
fn has_usable_key(pem: &Pem<'_>) -> Result<(), Failure> {
    let refused = |message: &str, hint: &str| {
        Err(Failure::invalid_argument(message)
            .hint(hint)
            .argument("/content"))
    };
    if pem.is_encrypted() {
        return refused(
            "the private key is behind a password, which HAProxy is not told at run time",
            "give the key without a password: `openssl pkey -in KEY`",
        );
    }
    if pem.certificates().next().is_some() && !pem.has_key() {
        return refused(
            "the content has a certificate and no private key, which HAProxy must not commit",
            "give certificate, chain and private key together, one behind the other",
        );
    }
    Ok(())
}

/// What HAProxy holds under the name of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Held {
    #[serde(flatten)]
    identity: Identity,
    /// The subjects of what is sent with it.
    chain: Vec<String>,
}

fn held(instance: &Instance, cert: &str, drafted: bool) -> Result<Held, Failure> {
    let section = section(instance, cert, drafted)?;
    Ok(Held {
        identity: Identity::of(&section),
        chain: section
            .all("Chain Subject")
            .map(|subject| cut(subject, TEXT).into_owned())
            .collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAuthorities {
    ca_file: String,
    content: String,
    #[serde(default)]
    create: bool,
}

/// What a file of CA certificates holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Authorities {
    certificates: usize,
    /// Of the first of them.
    subjects: Vec<String>,
    #[serde(skip)]
    fingerprints: BTreeSet<String>,
}

pub(crate) fn update_ssl_ca_file(call: &Call<'_>) -> Result<Outcome, Failure> {
    let OfAuthorities {
        ca_file,
        content,
        create,
    } = call.arguments()?;
    let pem = Pem::read(&content);
    without_key(&pem)?;
    let wanted: Option<BTreeSet<String>> = pem.certificates().map(Block::sha1).collect();
    let instance = call.instance();
    let change = Wanted {
        store: &AUTHORITIES,
        name: &ca_file,
        create,
        portions: pem.portions()?,
    }
    .replace(
        &instance,
        |drafted| authorities(&instance, &ca_file, drafted),
        // A file without a certificate would let nobody in.
        |drafted| {
            !drafted.fingerprints.is_empty() && Some(&drafted.fingerprints) == wanted.as_ref()
        },
    )?;
    let answer = Answer {
        ca_file: Some(&ca_file),
        ..Answer::of(change)
    };
    answer.outcome(&ca_file)
}

/// What is shown of a command with such content, in the audit too, is all of it.
fn without_key(pem: &Pem<'_>) -> Result<(), Failure> {
    if pem.mentions_key() {
        return Err(
            Failure::invalid_argument("a private key does not belong into such a file")
                .hint("leave it out, and have a new one where others may have seen it")
                .argument("/content"),
        );
    }
    Ok(())
}

fn authorities(instance: &Instance, file: &str, drafted: bool) -> Result<Authorities, Failure> {
    let mut found = Authorities {
        certificates: 0,
        subjects: Vec::new(),
        fingerprints: BTreeSet::new(),
    };
    AUTHORITIES.sections(instance, file, drafted, |section| {
        if section.title.is_none() {
            return;
        }
        found.certificates += 1;
        if found.subjects.len() < SHOWN {
            let subject = section.field("Subject").unwrap_or_default();
            found.subjects.push(cut(subject, TEXT).into_owned());
        }
        let fingerprint = section.field("SHA1 FingerPrint").unwrap_or_default();
        found.fingerprints.insert(fingerprint.to_owned());
    })?;
    Ok(found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRevocations {
    crl_file: String,
    content: String,
    #[serde(default)]
    create: bool,
}

/// What a file of revocations holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Revocations {
    lists: usize,
    /// The first of them.
    of: Vec<List>,
}

pub(crate) fn update_ssl_crl_file(call: &Call<'_>) -> Result<Outcome, Failure> {
    let OfRevocations {
        crl_file,
        content,
        create,
    } = call.arguments()?;
    let pem = Pem::read(&content);
    without_key(&pem)?;
    let wanted: BTreeSet<Option<String>> = pem.revocations().map(Block::sha1).collect();
    let instance = call.instance();
    let change = Wanted {
        store: &REVOCATIONS,
        name: &crl_file,
        create,
        portions: vec![pem.portion()?],
    }
    .replace(
        &instance,
        |drafted| revocations(&instance, &crl_file, drafted),
        |drafted| drafted.lists > 0 && drafted.lists == wanted.len(),
    )?;
    let answer = Answer {
        crl_file: Some(&crl_file),
        ..Answer::of(change)
    };
    answer.outcome(&crl_file)
}

fn revocations(instance: &Instance, file: &str, drafted: bool) -> Result<Revocations, Failure> {
    let mut found = Revocations {
        lists: 0,
        of: Vec::new(),
    };
    REVOCATIONS.sections(instance, file, drafted, |section| {
        if section.title.is_none() {
            return;
        }
        found.lists += 1;
        if found.of.len() < SHOWN {
            found.of.push(List::of(&section));
        }
    })?;
    Ok(found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deleted {
    cert: String,
}

pub(crate) fn del_ssl_cert(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Deleted { cert } = call.arguments()?;
    let instance = call.instance();
    let before = held(&instance, &cert, false)?;
    unchanged(&instance, &CERTIFICATES, &cert)?;
    command(&instance, &CERTIFICATES, "del", &cert).map_err(|failure| match failure.rejection() {
        Some("in-use") => failure.hint(
            "it is used: take it out of its lists with del_ssl_crt_list; one that a `bind` of the configuration names stays \
             until a reload",
        ),
        _ => failure,
    })?;
    let after = match held(&instance, &cert, false) {
        Err(Failure::NotFound(_)) => None,
        Err(failure) if is_unknown(&failure) => None,
        other => Some(other?),
    };
    let holds = after.is_none();
    let what = format!("no certificate `{cert}`");
    let change = Change::confirmed(Some(before), after, holds, &what)?;
    let answer = Answer {
        cert: Some(&cert),
        ..Answer::of(change)
    };
    Ok(Outcome::of(&answer)?.text(format!("{cert}: deleted")))
}
