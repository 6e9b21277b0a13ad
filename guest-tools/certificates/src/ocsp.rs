//! `show_ocsp` and `set_ocsp_response`: what is known of certificates by OCSP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haproxy_listing::{Fields as Written, Key, Part, cut};
use haproxy_mcp_sdk::{Call, Change, Detail, Failure, Instance, Need, Outcome};
use haproxy_replies::dates::certificate_time;
use haproxy_replies::names::{LISTED, Nearest};
use haproxy_replies::ssl::ocsp::{Fields, ResponsesReader, UpdatesReader, response};
use haproxy_replies::value::{Kind, Value};
use serde::{Deserialize, Serialize};

use crate::asked::Page;
use crate::certificate::{days_left, section};
use crate::store::not_among;
use crate::transaction::admin;

/// Only from 3.4 on a socket of a lower level may not ask.
const RESPONSES: Need = admin(&["show", "ssl", "ocsp-response"], None);
const UPDATES: Need = admin(&["show", "ssl", "ocsp-updates"], Some("2.8"));

/// Characters of a value.
const TEXT: usize = 300;

/// What a response of the list is known by.
const KEY: &str = "Certificate ID key";

/// The certificate that it is of, from 3.0 on.
const PATH: &str = "Certificate path";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    response: Option<String>,
    #[serde(default)]
    updates: bool,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(crate) fn show_ocsp(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    if arguments.updates && arguments.response.is_some() {
        return Err(Failure::invalid_argument(
            "`updates` and `response` exclude each other: updates are those of all certificates",
        )
        .hint("leave one of them out")
        .argument("/updates"));
    }
    let part = Page {
        filter: arguments.filter.as_deref(),
        limit: arguments.limit,
        cursor: arguments.cursor.as_deref(),
    }
    .of(&[
        Some("show_ocsp"),
        arguments.response.as_deref(),
        arguments.updates.then_some("updates"),
    ])?;
    let instance = call.instance();
    match &arguments.response {
        _ if arguments.updates => updates(&instance, &part),
        None => responses(&instance, &part),
        Some(name) => one(call, &instance, name, &part),
    }
}

/// Names and values of a row.
struct Row(Vec<(String, String)>);

impl Serialize for Row {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.iter().map(|(name, value)| {
            let value = match Value::read(value.as_bytes(), Kind::Number) {
                Value::Text(text) => Value::Text(cut(&text, TEXT).into_owned().into()),
                number => number,
            };
            (name.as_str(), value)
        });
        Written(fields).serialize(serializer)
    }
}

fn updates(instance: &Instance, part: &Part) -> Result<Outcome, Failure> {
    let mut page = part.page();
    let mut reader = UpdatesReader::default();
    UPDATES
        .ask(instance, &[])
        .map_err(|failure| match failure {
            Failure::Unsupported(_) => failure.hint(
                "it takes HAProxy 2.8 or later, which can ask for responses by itself; without `updates` the responses \
                 that were loaded are listed",
            ),
            other => other,
        })?
        .for_each(|chunk| {
            reader
                .push(chunk, |update| {
                    let path = update.field("Path").unwrap_or_default();
                    if part.holds([path.as_ref()]) {
                        page.offer(Key::Absent, || {
                            Row(update
                                .fields()
                                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                                .collect())
                        });
                    }
                })
                .map_err(Failure::unparsable)
        })?;
    reader.finish().map_err(Failure::unparsable)?;
    let written = part.write(&page.finish())?;
    let line = written.line("certificates whose OCSP responses HAProxy updates");
    Ok(Outcome::of(&written.alone())?.text(line))
}

fn each_response(instance: &Instance, each: impl FnMut(Fields)) -> Result<(), Failure> {
    let mut each = each;
    let mut reader = ResponsesReader::default();
    RESPONSES
        .ask(instance, &[])?
        .for_each(|chunk| reader.push(chunk, &mut each).map_err(Failure::unparsable))?;
    reader.finish(each).map_err(Failure::unparsable)
}

fn responses(instance: &Instance, part: &Part) -> Result<Outcome, Failure> {
    let mut page = part.page();
    each_response(instance, |response| {
        let texts = [KEY, PATH, "Serial Number"].map(|name| response.field(name));
        if part.holds(texts.into_iter().flatten()) {
            page.offer(Key::Absent, || Text(response.0));
        }
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line("OCSP responses");
    Ok(Outcome::of(&written.alone())?.text(line))
}

/// Names and values, all of them texts: a serial number is none to count with.
struct Text(Vec<(String, String)>);

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), Value::Text(cut(value, TEXT))));
        Written(fields).serialize(serializer)
    }
}

#[derive(Serialize)]
struct Totals {
    /// Until the next response is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

fn one(call: &Call<'_>, instance: &Instance, name: &str, part: &Part) -> Result<Outcome, Failure> {
    let fields = read(instance, name)?;
    let totals = Totals {
        days_left: days_left(fields.time("Next Update"), call.now()),
    };
    let status = fields.field("Cert Status").unwrap_or("unknown").to_owned();
    let written = part.write(&part.of([Text(fields.0)]))?;
    Ok(Outcome::of(&written.with(totals))?.text(format!("{name}: {status}")))
}

/// The response of this key or, from 3.0 on, of this certificate.
pub(crate) fn read(instance: &Instance, name: &str) -> Result<Fields, Failure> {
    let reply = match RESPONSES.ask(instance, &[name]) {
        Err(failure) if failure.rejection() == Some("no-such-ocsp-response") => {
            let mut nearest = Nearest::new(name, LISTED);
            each_response(instance, |response| {
                let names = [PATH, KEY].map(|name| response.field(name));
                for name in names.into_iter().flatten() {
                    nearest.offer(name.as_bytes());
                }
            })?;
            let what = format!("this HAProxy has no OCSP response: `{name}`");
            return Err(not_among(what, "/response", &nearest.suggest()));
        }
        other => other?.bytes()?,
    };
    response(&reply).map_err(Failure::unparsable)
}

const SET: Need = admin(&["set", "ssl", "ocsp-response"], None);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    cert: String,
    content: String,
}

/// What tells one response from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Standing {
    #[serde(skip_serializing_if = "Option::is_none")]
    cert_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    produced_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    this_update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<String>,
    /// Seconds of `produced_at` and `this_update`.
    #[serde(skip)]
    times: [Option<i64>; 2],
}

impl Standing {
    fn of(fields: &Fields) -> Self {
        let field = |name| fields.field(name).map(|text| cut(text, TEXT).into_owned());
        Self {
            cert_status: field("Cert Status"),
            produced_at: field("Produced At"),
            this_update: field("This Update"),
            next_update: field("Next Update"),
            times: ["Produced At", "This Update"].map(|name| fields.time(name)),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    cert: &'a str,
    #[serde(flatten)]
    change: Change<Standing>,
}

pub(crate) fn set_ocsp_response(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted { cert, content } = call.arguments()?;
    let wrong = |message: &str, hint: &str| {
        Err(Failure::invalid_argument(message)
            .hint(hint)
            .argument("/content"))
    };
    let text: String = content.split_ascii_whitespace().collect();
    let Ok(der) = STANDARD.decode(&text) else {
        return wrong(
            "the content is not in base64",
            "give the response as DER in base64, without a header: `base64 -w0 FILE`",
        );
    };
    let instance = call.instance();
    let shown = section(&instance, &cert, false)?;
    let Some(key) = shown
        .field("OCSP Response Key")
        .filter(|key| !key.is_empty())
    else {
        return Err(Failure::Rejected(
            "not-configured".to_owned(),
            Detail {
                message: format!("HAProxy keeps no OCSP response for this certificate: `{cert}`"),
                hint: Some(
                    "it does for one that has a file with `.ocsp` behind its name when it is loaded, or is configured with \
                     `ocsp-update on` (from 2.8)"
                        .to_owned(),
                ),
                details: serde_json::json!({ "reason": "not-configured" }).to_string(),
            },
        ));
    };
    // HAProxy would take it for the certificate that it is of.
    if !is_of(&der, key) {
        return wrong(
            "the response is not of this certificate",
            "show_ssl_cert says of which responses HAProxy takes for it; ask the issuer for one of this serial number",
        );
    }
    let before = read(&instance, key).map(|fields| Standing::of(&fields))?;
    SET.ask(&instance, &[&text])
        .map_err(|failure| match failure.rejection() {
            None | Some("permission-denied") => failure,
            Some(_) => failure
                .hint("HAProxy takes a response that is successful, of one certificate, and valid just now"),
        })?;
    let after = read(&instance, key).map(|fields| Standing::of(&fields))?;
    let times = generalized_times(&der);
    let holds = after
        .times
        .iter()
        .all(|time| time.is_some_and(|time| times.contains(&time)));
    let change = Change::confirmed(
        before,
        after,
        holds,
        &format!("this OCSP response of `{cert}`"),
    )?;
    let status = change.after.cert_status.clone().unwrap_or_default();
    let answer = Answer {
        cert: &cert,
        change,
    };
    Ok(Outcome::of(&answer)?.text(format!("{cert}: {status}")))
}

/// Whether a response is of the certificate with this key, which is the `CertID` of RFC 6960 in hexadecimal digits.
fn is_of(der: &[u8], key: &str) -> bool {
    let digits: Option<Vec<u8>> = key
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    digits.is_some_and(|id| !id.is_empty() && der.windows(id.len()).any(|window| window == id))
}

/// The points in time that stand in DER, in seconds since 1970: `GeneralizedTime` of the form `20261124220911Z`.
fn generalized_times(der: &[u8]) -> Vec<i64> {
    der.windows(17)
        .filter_map(|window| match window {
            [0x18, 15, digits @ .., b'Z'] => generalized_time(digits),
            _ => None,
        })
        .collect()
}

fn generalized_time(digits: &[u8]) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = std::str::from_utf8(digits).ok()?;
    let part = |from, to| text.get(from..to);
    let month: usize = part(4, 6)?.parse().ok()?;
    let written = format!(
        "{} {} {}:{}:{} {} GMT",
        MONTHS.get(month.checked_sub(1)?)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
        part(0, 4)?
    );
    certificate_time(written.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_in_der() {
        let mut der = vec![0x30, 0x20, 0x18, 15];
        der.extend(b"20261124220911Z");
        der.extend([0x18, 15]);
        der.extend(b"19700101000001Z");
        der.extend([0x18, 15]);
        der.extend(b"20261324220911Z");
        assert_eq!(generalized_times(&der), [1_795_558_151, 1]);
    }

    #[test]
    fn a_response_names_its_certificate() {
        assert!(is_of(&[1, 0xab, 0x0c, 2], "ab0c"));
        for key in ["", "ab0d", "ab0", "xx"] {
            assert!(!is_of(&[1, 0xab, 0x0c, 2], key), "{key}");
        }
    }
}
