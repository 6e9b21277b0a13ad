//! `show_resolvers`: how name resolution goes.

use haproxy_listing::Fields as Written;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::resolvers::{self, Nameserver, Section};
use haproxy_replies::value::Value;
use serde::Serialize;

use crate::arguments::{self, Asked};
use haproxy_asking::no_such;

/// The tool.
pub(crate) fn show_resolvers(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let reply = call.instance().ask(&["show", "resolvers"])?.bytes()?;
    let sections = resolvers::read(&reply).map_err(Failure::unparsable)?;
    answer(&asked, &sections)
}

#[derive(Debug)]
struct Row<'a> {
    section: &'a Section<'a>,
    nameserver: &'a Nameserver<'a>,
}

impl Row<'_> {
    fn name(&self) -> String {
        let name = [self.section.name, b"/", self.nameserver.name].concat();
        String::from_utf8_lossy(&name).into_owned()
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = [
            ("resolvers", self.section.name),
            ("nameserver", self.nameserver.name),
        ];
        Written(
            names
                .iter()
                .map(|(name, bytes)| (*name, Value::Text(String::from_utf8_lossy(bytes))))
                .chain(self.nameserver.counters.iter().cloned()),
        )
        .serialize(serializer)
    }
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    nameservers: u64,
    sent: u64,
    valid: u64,
    timeout: u64,
}

fn answer(asked: &Asked, sections: &[Section<'_>]) -> Result<Outcome, Failure> {
    let part = asked.part("show_resolvers")?;
    if let Some(wanted) = &asked.within
        && sections
            .iter()
            .all(|section| section.name != wanted.as_bytes())
    {
        let names = sections.iter().map(|section| section.name);
        return Err(no_such("resolvers section", "/resolvers", wanted, names));
    }
    let rows: Vec<Row<'_>> = sections
        .iter()
        .filter(|section| {
            asked
                .within
                .as_ref()
                .is_none_or(|wanted| section.name == wanted.as_bytes())
        })
        .flat_map(|section| {
            section.nameservers.iter().map(move |nameserver| Row {
                section,
                nameserver,
            })
        })
        .filter(|row| part.holds([&*row.name()]))
        .collect();
    let mut totals = Totals::default();
    for row in &rows {
        totals.nameservers += 1;
        for (sum, name) in [
            (&mut totals.sent, "sent"),
            (&mut totals.valid, "valid"),
            (&mut totals.timeout, "timeout"),
        ] {
            *sum = sum.saturating_add(row.nameserver.counter(name).unwrap_or(0));
        }
    }
    let written = part.write(&part.of(rows))?;
    let what = format!(
        "nameservers; over all {} requests sent, {} answers valid, {} timeouts",
        totals.sent, totals.valid, totals.timeout
    );
    arguments::list(written, &totals, None, &what)
}
