//! The rows of a proxy, or of all, whatever HAProxy's own selection makes of the name.

use haproxy_asking::{Origin, hidden, of_page, read};
use haproxy_mcp_sdk::{Failure, Instance, Pages};
use haproxy_replies::names::Suggestion;
use haproxy_replies::stat::{Consumer, ObjectType, OfTypes, ProxySearch};

use crate::error::TableError;
use crate::plan::{self, Scope, Words};

/// The types of the rows of the proxy that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<ObjectType>);

impl Seen {
    /// A row of that proxy, whether or not its type was asked for.
    pub(crate) fn add(&mut self, kind: Option<ObjectType>) {
        if let Some(kind) = kind
            && !self.0.contains(&kind)
        {
            self.0.push(kind);
        }
    }
}

/// Who says what it saw of the proxy that was asked for.
pub(crate) trait Sees {
    /// The types of its rows.
    fn seen(&self) -> &Seen;
}

/// Where names can be learnt.
const NAMES: &str = "list_backends and show_stat with type frontend list the names";

/// Reads the rows. `make` is called for each attempt: one that turns out to be of other rows is dropped.
pub(crate) fn fetch<C: Consumer<Error = TableError> + Sees>(
    origin: &Origin,
    scope: Scope<'_>,
    make: impl Fn() -> C,
) -> Result<C, Failure> {
    match origin {
        Origin::Runtime(instance) => of_instance(instance, scope, make),
        Origin::Page(pages) => shown(*pages, scope, make),
    }
}

/// Reads them from the statistics page, which selects no types.
fn shown<C: Consumer<Error = TableError> + Sees>(
    pages: Pages,
    scope: Scope<'_>,
    make: impl Fn() -> C,
) -> Result<C, Failure> {
    let table = of_page(pages, scope.proxy, make(), Failure::from)?;
    let Some(proxy) = scope.proxy else {
        return Ok(table);
    };
    if !table.seen().0.is_empty() {
        return Ok(table);
    }
    let search = OfTypes::new(&PROXIES, ProxySearch::new(proxy));
    let search = of_page(pages, None, search, Failure::unparsable)?;
    match search.into_inner().finish() {
        // It came meanwhile.
        Ok(()) => of_page(pages, None, make(), Failure::from),
        Err(suggestion) => Err(hidden(
            Failure::not_found(format!("the statistics page shows no proxy: `{proxy}`")),
            &suggestion,
            NAMES,
        )
        .argument_among("/proxy", suggestion.names())),
    }
}

const PROXIES: [ObjectType; 2] = [ObjectType::Frontend, ObjectType::Backend];

fn of_instance<C: Consumer<Error = TableError> + Sees>(
    instance: &Instance,
    scope: Scope<'_>,
    make: impl Fn() -> C,
) -> Result<C, Failure> {
    let everything = || ask(instance, &plan::everything(scope.types), make());
    let Some(proxy) = scope.proxy else {
        return everything();
    };
    let selected = match plan::selected(scope).map(|words| ask(instance, &words, make())) {
        None => None,
        Some(Err(failure)) if failure.rejection() == Some("no-such-proxy") => None,
        Some(read) => Some(read?),
    };
    if let Some(read) = selected
        && !read.seen().0.is_empty()
    {
        return match plan::twins(scope, &read.seen().0, &instance.version()?) {
            Some(twin) if search(instance, proxy, &[twin])?.is_ok() => everything(),
            _ => Ok(read),
        };
    }
    // no such proxy, one without such rows, one that shares its name, or a name that HAProxy took for a number
    match search(instance, proxy, &[])? {
        Ok(()) => everything(),
        Err(suggestion) => Err(
            Failure::not_found(format!("this HAProxy has no proxy: `{proxy}`"))
                .hint(suggestion.hint(NAMES))
                .argument_among("/proxy", suggestion.names()),
        ),
    }
}

/// Whether a proxy of these types has this name, else what to say of it.
fn search(
    instance: &Instance,
    name: &str,
    types: &[ObjectType],
) -> Result<Result<(), Suggestion>, Failure> {
    let types = if types.is_empty() { &PROXIES } else { types };
    Ok(ask(instance, &plan::proxies(types), ProxySearch::new(name))?.finish())
}

/// Sends a command and reads its reply to the end.
fn ask<C: Consumer>(instance: &Instance, words: &Words, consumer: C) -> Result<C, Failure>
where
    TableError: From<C::Error>,
{
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    read(&instance.ask(&words)?, consumer, |error| {
        TableError::from(error).into()
    })
}
