//! The statistics page and the exporter.

mod password;
mod place;
mod refusal;

use password::admin_missing;
use place::{Page, is_exporter};

use crate::examine::Context;
use crate::facts::Facts;
use crate::finding::{Finding, counted, milliseconds};
use crate::url::Address;

/// Days before its end from which on a certificate is spoken of.
const SOON: u64 = 14;

/// What there is to say of a page.
pub(crate) fn examine(facts: &Facts, context: &Context<'_>) -> Vec<Finding> {
    if let Some(finding) = same_as_page(facts, context) {
        return vec![finding];
    }
    if let Some(error) = &facts.error {
        return vec![Page::of(facts, context).refused(error)];
    }
    if !facts.recognised {
        return vec![Finding::skipped(
            &facts.door,
            "not-looked-at",
            "the look was broken off",
        )];
    }
    let mut findings = vec![answers(facts)];
    findings.extend(without_rows(facts, context));
    findings.extend(admin_missing(facts, context));
    findings.extend(certificate_ends(facts, context));
    findings
}

fn answers(facts: &Facts) -> Finding {
    let took = facts.answer_ms.unwrap_or_default();
    let what = if is_exporter(facts) {
        "metrics"
    } else {
        "statistics"
    };
    let mut saw = format!(
        "`{}` gives {what}, answered in {}",
        facts.address,
        milliseconds(took)
    );
    match (facts.credentials, facts.wants_password) {
        (true, Some(true)) => saw.push_str("; it takes the configured name and password"),
        (true, Some(false)) => saw.push_str("; it does so without a password, too"),
        _ => {}
    }
    match facts.admin_form {
        Some(true) => saw.push_str("; it lets servers be changed"),
        Some(false) => saw.push_str("; it lets nothing be changed"),
        None => {}
    }
    let mut finding = Finding::ok(&facts.door, "answers", saw).detail("milliseconds", took);
    if let Some(admin) = facts.admin_form {
        finding = finding.detail("admin", admin);
    }
    if let Some(certificate) = &facts.certificate {
        finding = finding.detail("certificate_days_left", certificate.days_left);
    }
    finding
}

/// Statistics of nothing, as far as HAProxy's configuration is known.
fn without_rows(facts: &Facts, context: &Context<'_>) -> Option<Finding> {
    if is_exporter(facts) {
        return None;
    }
    let page = Page::of(facts, context);
    let mut pages = page.configured.iter();
    let place = pages.find_map(|page| page.scope_of_nothing.as_ref())?;
    Some(
        Finding::warning(
            &facts.door,
            "page-empty",
            format!(
                "`stats scope` in `{place}` names no proxy that there is: `{}` gives statistics of none",
                facts.address
            ),
        )
        .why("`stats scope` keeps all proxies from the page but those that it names")
        .mend(format!(
            "in `{place}`: take the `stats scope` lines out, or name proxies in them (`.` is the one of the page)"
        )),
    )
}

fn certificate_ends(facts: &Facts, context: &Context<'_>) -> Option<Finding> {
    let certificate = facts.certificate.as_ref()?;
    (certificate.days_left < SOON).then(|| {
        Finding::warning(
            &facts.door,
            "certificate-expires-soon",
            format!(
                "the certificate of `{}` expires on {}, in {}",
                facts.address,
                certificate.expires,
                counted(certificate.days_left, "day")
            ),
        )
        .why("from then on this server does not speak with the page any more")
        .mend(format!(
            "renew the file of {}, then `sudo systemctl reload haproxy`",
            Page::of(facts, context).bind()
        ))
    })
}

/// What stands before the page stands before an exporter on the same server: it is said once.
fn same_as_page(facts: &Facts, context: &Context<'_>) -> Option<Finding> {
    if !is_exporter(facts) {
        return None;
    }
    let page = context.facts("stats")?;
    let (own, other) = (
        Address::read(&facts.address)?,
        Address::read(&page.address)?,
    );
    let (reason, same) = (&facts.error.as_ref()?.code, &page.error.as_ref()?.code);
    let of_path = ["not-found", "unavailable"];
    (own.same_origin(&other) && reason == same && !of_path.contains(&&**reason)).then(|| {
        Finding::skipped(
            &facts.door,
            "same-as-stats",
            format!(
                "`{}` is on the server of the statistics page, and is of no use for the same reason",
                facts.address
            ),
        )
    })
}
