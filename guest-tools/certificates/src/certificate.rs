//! `show_ssl_certs` and `show_ssl_cert`; and what is said of a certificate wherever one is shown.

use std::collections::BTreeMap;

use haproxy_listing::cut;
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::ssl::certificates::Section;
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::store::CERTIFICATES;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Characters of a subject, and of other texts that come from a certificate.
const TEXT: usize = 500;

/// Names of a certificate that are shown; some have hundreds.
const NAMES: usize = 100;

pub(crate) fn show_ssl_certs(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    CERTIFICATES.list(&call.instance(), &asked.part("show_ssl_certs")?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cert: String,
    #[serde(default)]
    uncommitted: bool,
}

pub(crate) fn show_ssl_cert(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { cert, uncommitted } = call.arguments()?;
    let section = section(&call.instance(), &cert, uncommitted)?;
    let shown = Shown::of(&section, call.now());
    let line = match (&shown.subject, shown.days_left) {
        (Some(subject), Some(days)) => format!("{cert}: {subject}, {days} days left"),
        _ => format!("{cert}: {}", shown.status.unwrap_or("no certificate")),
    };
    let answer = Answer {
        cert: &cert,
        uncommitted,
        shown,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// What HAProxy says of a certificate.
pub(crate) fn section(
    instance: &Instance,
    cert: &str,
    uncommitted: bool,
) -> Result<Section, Failure> {
    let mut first = None;
    CERTIFICATES.sections(instance, cert, uncommitted, |section| {
        first.get_or_insert(section);
    })?;
    first.ok_or_else(|| Failure::unparsable("HAProxy says nothing of the certificate"))
}

#[derive(Serialize)]
struct Answer<'a> {
    cert: &'a str,
    uncommitted: bool,
    #[serde(flatten)]
    shown: Shown<'a>,
}

/// All that is said of a certificate.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(flatten)]
    identity: Identity,
    #[serde(skip)]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names_left_out: Option<usize>,
    chain: Vec<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocsp_response: Option<&'a str>,
    others: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct Link {
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
}

/// Fields that the answer has under names of its own.
const KNOWN: [&str; 13] = [
    "Filename",
    "Status",
    "Serial",
    "notBefore",
    "notAfter",
    "Subject Alternative Name",
    "Algorithm",
    "SHA1 FingerPrint",
    "Subject",
    "Issuer",
    "Chain Subject",
    "Chain Issuer",
    "OCSP Response Key",
];

impl<'a> Shown<'a> {
    fn of(section: &'a Section, now: i64) -> Self {
        let identity = Identity::of(section);
        let mut others: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in &section.fields {
            if KNOWN.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            let known = others.entry(name).or_default();
            if !known.is_empty() {
                known.push_str(", ");
            }
            known.push_str(value);
        }
        let issuers: Vec<&str> = section.all("Chain Issuer").collect();
        let chain = section
            .all("Chain Subject")
            .enumerate()
            .map(|(place, subject)| Link {
                subject: cut(subject, TEXT).into_owned(),
                issuer: issuers.get(place).map(|name| cut(name, TEXT).into_owned()),
            })
            .collect();
        Self {
            status: section.field("Status"),
            subject: identity.subject.clone(),
            algorithm: section.field("Algorithm"),
            days_left: days_left(section.time("notAfter"), now),
            names_left_out: section
                .alternative_names()
                .count()
                .checked_sub(NAMES)
                .filter(|more| *more > 0),
            chain,
            ocsp_response: section
                .field("OCSP Response Key")
                .filter(|key| !key.is_empty()),
            others,
            identity,
        }
    }
}

/// What tells one certificate from another, and what a person knows it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Identity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) serial: Option<String>,
    /// SHA-1 of the certificate, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha1_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    pub(crate) names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_after: Option<String>,
}

impl Identity {
    pub(crate) fn of(section: &Section) -> Self {
        let field = |name| section.field(name).map(|text| cut(text, TEXT).into_owned());
        Self {
            serial: field("Serial"),
            sha1_fingerprint: field("SHA1 FingerPrint"),
            subject: field("Subject"),
            issuer: field("Issuer"),
            names: section
                .alternative_names()
                .take(NAMES)
                .map(|name| cut(name, TEXT).into_owned())
                .collect(),
            not_before: field("notBefore"),
            not_after: field("notAfter"),
        }
    }
}

/// Whole days until then; less than 0 once it is over.
pub(crate) fn days_left(until: Option<i64>, now: i64) -> Option<i64> {
    Some((until? - now).div_euclid(DAY))
}
