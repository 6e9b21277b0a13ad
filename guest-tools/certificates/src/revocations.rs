//! `show_ssl_crl_files`: the files of revocations, or the lists in one.

use haproxy_listing::{Key, Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::ssl::certificates::Section;
use serde::Serialize;

use crate::asked::Asked;
use crate::certificate::days_left;
use crate::store::REVOCATIONS;

/// Revoked certificates of a list that are shown: there may be thousands.
const SHOWN: usize = 50;

/// Characters of the name of who made a list.
const TEXT: usize = 500;

pub(crate) fn show_ssl_crl_files(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_ssl_crl_files")?;
    let instance = call.instance();
    match &asked.within {
        None => REVOCATIONS.list(&instance, &part),
        Some(file) => lists(&instance, file, &part, call.now()),
    }
}

/// A list of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct List {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<String>,
    /// How many certificates it revokes.
    revoked: usize,
    /// Serial numbers of the first of them.
    serials: Vec<String>,
}

impl List {
    pub(crate) fn of(section: &Section) -> Self {
        let field = |name| section.field(name).map(|text| cut(text, TEXT).into_owned());
        Self {
            index: section.index,
            issuer: field("Issuer"),
            last_update: field("Last Update"),
            next_update: field("Next Update"),
            revoked: section.revoked().count(),
            serials: section
                .revoked()
                .take(SHOWN)
                .map(|revoked| revoked.serial.to_owned())
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    list: List,
    /// Until the next one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

#[derive(Default, Serialize)]
struct Totals {
    lists: u64,
    overdue: u64,
}

fn lists(instance: &Instance, file: &str, part: &Part, now: i64) -> Result<Outcome, Failure> {
    let mut page = part.page();
    let mut totals = Totals::default();
    REVOCATIONS.sections(instance, file, false, |section| {
        if section.title.is_none() || !part.holds([section.field("Issuer").unwrap_or_default()]) {
            return;
        }
        let left = days_left(section.time("Next Update"), now);
        totals.lists += 1;
        totals.overdue += u64::from(left.is_some_and(|days| days < 0));
        page.offer(Key::Absent, || Row {
            list: List::of(&section),
            days_left: left,
        });
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line(&format!("lists of `{file}`, {} overdue", totals.overdue));
    Ok(Outcome::of(&written.with(totals))?.text(line))
}
