//! One frontend or backend, with all that the statistics say of it, and its listeners or servers in short.

use haproxy_mcp_sdk::{Call, Failure, Instance, Pages};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, ProxySearch, Row, StatError};

use crate::columns::{Fields, Shown};
use crate::states::States;
use haproxy_asking::{
    Origin, from_any, is_number, is_unknown, no_such_on_page, of_page, selectable, statistics,
};

/// Columns that say nothing that the answer does not say elsewhere.
const ELSEWHERE: [&str; 5] = ["pxname", "svname", "type", "pid", "-"];

/// Listeners or servers that an answer holds at most.
const MEMBERS: usize = 10;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) proxy: ObjectType,
    pub(crate) member: ObjectType,
    /// The columns of its members.
    pub(crate) columns: &'static [&'static str],
    /// Whether members are listed that are up.
    pub(crate) healthy: bool,
    /// Where its name can be learnt.
    pub(crate) hint: &'static str,
}

/// A frontend or backend.
#[derive(Debug)]
pub(crate) struct Proxy<'a> {
    name: &'a str,
    kind: Kind,
    shown: Shown,
    short: Shown,
    /// Its columns; none where it did not come.
    pub(crate) fields: Option<Fields>,
    /// How many columns of HAProxy's modules are not taken.
    pub(crate) hidden: usize,
    /// Members, the first ones.
    pub(crate) members: Vec<Fields>,
    /// How many there are besides.
    pub(crate) further: u64,
    /// All members, counted.
    pub(crate) states: States,
}

/// Reads it, or says which names are near.
pub(crate) fn read<'a>(
    call: &Call<'_>,
    name: &'a str,
    kind: Kind,
) -> Result<(Proxy<'a>, Origin), Failure> {
    from_any(call, |origin| match origin {
        Origin::Runtime(instance) => of_instance(instance, name, kind),
        Origin::Page(pages) => shown(*pages, name, kind),
    })
}

fn shown(pages: Pages, name: &str, kind: Kind) -> Result<Proxy<'_>, Failure> {
    let proxy = of_page(
        pages,
        Some(name),
        Proxy::new(name, kind),
        Failure::unparsable,
    )?;
    if proxy.fields.is_none() {
        return Err(no_such_on_page(pages, kind.proxy, name)?);
    }
    Ok(proxy)
}

fn of_instance<'a>(instance: &Instance, name: &'a str, kind: Kind) -> Result<Proxy<'a>, Failure> {
    let mask = (kind.proxy.mask() | kind.member.mask()).to_string();
    let ask = |of: &str| {
        statistics(
            instance,
            &["show", "stat", of, &mask, "-1"],
            Proxy::new(name, kind),
        )
    };
    if selectable(name) && !is_number(name) {
        match ask(name) {
            Ok(proxy) if proxy.fields.is_some() => return Ok(proxy),
            Err(failure) if !is_unknown(&failure) => return Err(failure),
            _ => {}
        }
    }
    // no such proxy, or HAProxy selected another one: of the other kind with the same name, or by its number
    let search = statistics(
        instance,
        &["show", "stat", "-1", &kind.proxy.mask().to_string(), "-1"],
        ProxySearch::new(name),
    )?;
    let missing = search.finish().err();
    if missing.is_none() {
        let proxy = ask("-1")?;
        if proxy.fields.is_some() {
            return Ok(proxy);
        }
    }
    // one that was there just now has none
    let suggestion = missing.unwrap_or_default();
    let what = kind.proxy.name();
    Err(
        Failure::not_found(format!("this HAProxy has no {what}: `{name}`"))
            .hint(suggestion.hint(kind.hint))
            .argument_among(&format!("/{what}"), suggestion.names()),
    )
}

impl<'a> Proxy<'a> {
    pub(crate) fn new(name: &'a str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            shown: Shown::default(),
            short: Shown::default(),
            fields: None,
            hidden: 0,
            members: Vec::new(),
            further: 0,
            states: States::default(),
        }
    }
}

impl Consumer for Proxy<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("type")?,
            columns.require("status")?,
        ];
        (self.shown, self.hidden) = Shown::own(columns, &ELSEWHERE, &mut wanted);
        self.short = Shown::named(columns, self.kind.columns.iter().copied(), &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        if row.field(0) != self.name.as_bytes() {
            return Ok(());
        }
        let kind = ObjectType::read(row.field(1));
        if kind == Some(self.kind.proxy) {
            self.fields = Some(self.shown.fields(row));
        } else if kind == Some(self.kind.member) {
            let status = row.field(2);
            self.states.add(status);
            if !self.kind.healthy && (status.starts_with(b"UP") || status == b"no check") {
                return Ok(());
            }
            if self.members.len() < MEMBERS {
                self.members.push(self.short.fields(row));
            } else {
                self.further += 1;
            }
        }
        Ok(())
    }
}
