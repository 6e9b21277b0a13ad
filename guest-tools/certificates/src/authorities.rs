//! `show_ssl_ca_files`: the files of CA certificates, or the certificates of one.

use haproxy_listing::{Key, Part};
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::ssl::certificates::Section;
use serde::Serialize;

use crate::asked::Asked;
use crate::certificate::{Identity, days_left};
use crate::store::AUTHORITIES;

pub(crate) fn show_ssl_ca_files(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_ssl_ca_files")?;
    let instance = call.instance();
    match &asked.within {
        None => AUTHORITIES.list(&instance, &part),
        Some(file) => certificates(&instance, file, &part, call.now()),
    }
}

/// A certificate of a file.
#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(flatten)]
    identity: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

#[derive(Default, Serialize)]
struct Totals {
    certificates: u64,
    expired: u64,
}

fn certificates(
    instance: &Instance,
    file: &str,
    part: &Part,
    now: i64,
) -> Result<Outcome, Failure> {
    let mut page = part.page();
    let mut totals = Totals::default();
    AUTHORITIES.sections(instance, file, false, |section| {
        if section.title.is_none() {
            return;
        }
        let subject = section.field("Subject").unwrap_or_default();
        if !part.holds([subject]) {
            return;
        }
        let left = days_left(section.time("notAfter"), now);
        totals.certificates += 1;
        totals.expired += u64::from(left.is_some_and(|days| days < 0));
        page.offer(Key::Absent, || row(&section, left));
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line(&format!(
        "certificates of `{file}`, {} expired",
        totals.expired
    ));
    Ok(Outcome::of(&written.with(totals))?.text(line))
}

fn row(section: &Section, days_left: Option<i64>) -> Row {
    Row {
        index: section.index,
        identity: Identity::of(section),
        days_left,
    }
}
