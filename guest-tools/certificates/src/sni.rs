//! `show_ssl_sni`: what expires when, soonest first. HAProxy lists names with their certificates from 3.2 on; before,
//! the certificates are asked one by one.

use haproxy_listing::{Key, Page as Kept, Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::ssl::certificates::Section;
use haproxy_replies::ssl::sni::{Name, SniReader};
use serde::{Deserialize, Serialize};

use crate::asked::Page;
use crate::certificate::{days_left, section};
use crate::store::{CERTIFICATES, text};

/// Certificates that are asked one by one: a call may send 1,000 commands.
const ASKED: usize = 900;

/// Names of one certificate that become rows.
const NAMES: usize = 100;

/// What counts as soon, in days.
const SOON: i64 = 30;

/// Characters of a name.
const TEXT: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    within_days: Option<i64>,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(crate) fn show_ssl_sni(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let within = arguments.within_days.map(|days| days.to_string());
    let part = Page {
        filter: arguments.filter.as_deref(),
        limit: arguments.limit,
        cursor: arguments.cursor.as_deref(),
    }
    .of(&[Some("show_ssl_sni"), within.as_deref()])?;
    let mut table = Table {
        page: part.page(),
        part: &part,
        within: arguments.within_days,
        now: call.now(),
        totals: Totals::default(),
    };
    let instance = call.instance();
    let (source, left_out) = match names(&instance, &mut table) {
        Err(Failure::Unsupported(_)) => {
            ("show ssl cert", certificates(call, &instance, &mut table)?)
        }
        other => {
            other?;
            ("show ssl sni", 0)
        }
    };
    let written = part.write(&table.page.finish())?;
    let totals = Totals {
        source,
        certificates_left_out: left_out,
        ..table.totals
    };
    let line = written.line(&format!(
        "names, {} expired, {} within {SOON} days",
        totals.expired, totals.soon
    ));
    Ok(Outcome::of(&written.with(totals))?.text(line))
}

/// The names, from 3.2 on.
fn names(instance: &Instance, table: &mut Table<'_>) -> Result<(), Failure> {
    let mut reader = SniReader::default();
    instance.ask(&["show", "ssl", "sni"])?.for_each(|chunk| {
        reader
            .push(chunk, |name| table.name(&name))
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)
}

/// The certificates one by one; how many were left out.
fn certificates(
    call: &Call<'_>,
    instance: &Instance,
    table: &mut Table<'_>,
) -> Result<usize, Failure> {
    let mut files = Vec::new();
    let mut left_out = 0;
    CERTIFICATES.each(instance, |file| {
        if file.uncommitted {
            return;
        }
        if files.len() < ASKED {
            files.push(text(file.name));
        } else {
            left_out += 1;
        }
    })?;
    let total = u32::try_from(files.len()).unwrap_or(u32::MAX);
    for (done, file) in (0..).zip(&files) {
        call.progress(done, total, "asking for certificates one by one");
        match section(instance, file, false) {
            // It was deleted meanwhile.
            Err(Failure::NotFound(_)) => {}
            section => table.certificate(file, &section?),
        }
    }
    Ok(left_out)
}

/// A name, and until when its certificate is valid.
#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<String>,
    cert: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frontend: Option<String>,
    /// File and line of the `bind`, or its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    bind: Option<String>,
    /// Names that a wildcard does not stand for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    negative_filters: Vec<String>,
    /// Whether the certificate is used at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    names: u64,
    expired: u64,
    /// Within [`SOON`] days.
    #[serde(rename = "within_30_days")]
    soon: u64,
    /// The command that it comes from.
    source: &'static str,
    #[serde(skip_serializing_if = "is_zero")]
    certificates_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The rows while they are read.
struct Table<'a> {
    page: Kept<Row>,
    part: &'a Part,
    within: Option<i64>,
    now: i64,
    totals: Totals,
}

impl Table<'_> {
    /// Keeps a row that was asked for, in its place.
    fn offer(&mut self, texts: &[&str], until: Option<i64>, row: impl FnOnce(Option<i64>) -> Row) {
        let days = days_left(until, self.now);
        let soon_enough = self
            .within
            .is_none_or(|within| days.is_some_and(|days| days <= within));
        if !soon_enough || !self.part.holds(texts.iter().copied()) {
            return;
        }
        self.totals.names += 1;
        self.totals.expired += u64::from(days.is_some_and(|days| days < 0));
        self.totals.soon += u64::from(days.is_some_and(|days| (0..=SOON).contains(&days)));
        let key = until.map_or(Key::Absent, |seconds| Key::Whole(seconds.into()));
        self.page.offer(key, || row(days));
    }

    fn name(&mut self, name: &Name<'_>) {
        let field = |column| {
            name.field(column)
                .map(|text| cut(&text, TEXT).into_owned())
                .filter(|text| !text.is_empty() && text != "-")
        };
        let (sni, cert) = (field("SNI"), field("Filename").unwrap_or_default());
        let (frontend, bind) = name.place().unzip();
        let texts = [
            sni.as_deref().unwrap_or_default(),
            cert.as_str(),
            frontend.as_deref().unwrap_or_default(),
        ];
        self.offer(&texts, name.time("NotAfter"), |days_left| Row {
            not_after: field("NotAfter"),
            days_left,
            key_type: field("Type"),
            frontend: frontend.clone(),
            bind,
            negative_filters: name.negative_filters(),
            status: None,
            sni: sni.clone(),
            cert: cert.clone(),
        });
    }

    /// A certificate: a row for each of its names, or one where it has none.
    fn certificate(&mut self, cert: &str, section: &Section) {
        if section.field("notAfter").is_none() {
            return;
        }
        let mut names: Vec<Option<&str>> = section
            .alternative_names()
            .filter_map(|name| name.strip_prefix("DNS:"))
            .take(NAMES)
            .map(Some)
            .collect();
        if names.is_empty() {
            names.push(common_name(section.field("Subject").unwrap_or_default()));
        }
        let field = |name| section.field(name).map(|text| cut(text, TEXT).into_owned());
        for sni in names {
            let texts = [sni.unwrap_or_default(), cert];
            self.offer(&texts, section.time("notAfter"), |days_left| Row {
                sni: sni.map(|name| cut(name, TEXT).into_owned()),
                cert: cert.to_owned(),
                not_after: field("notAfter"),
                days_left,
                key_type: field("Algorithm"),
                frontend: None,
                bind: None,
                negative_filters: Vec::new(),
                status: field("Status"),
            });
        }
    }
}

/// `www.example.test` of `/C=DE/CN=www.example.test`.
fn common_name(subject: &str) -> Option<&str> {
    let (_, name) = subject.rsplit_once("/CN=")?;
    name.split('/').next().filter(|name| !name.is_empty())
}
