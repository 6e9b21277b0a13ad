//! The shown columns of a row.

use haproxy_asking::Origin;
use haproxy_listing::Fields as Written;
use haproxy_replies::stat::{Column, Columns, Row};
use haproxy_replies::value::{Kind, Value};

/// A row that is kept: names and values of the columns that have one.
pub(crate) type Fields = Vec<(String, Value<'static>)>;

/// Columns by name, and where they are in a row.
#[derive(Debug, Default)]
pub(crate) struct Shown(Vec<(String, Kind, usize)>);

impl Shown {
    /// Those of the named columns that this HAProxy has; adds them to `wanted`.
    pub(crate) fn named<'a>(
        columns: &Columns,
        names: impl IntoIterator<Item = &'a str>,
        wanted: &mut Vec<usize>,
    ) -> Self {
        let mut shown = Vec::new();
        for name in names {
            if let Some(index) = columns.index(name)
                && let Some(column) = columns.get(index)
            {
                shown.push((name.to_owned(), column.kind(), wanted.len()));
                wanted.push(index);
            }
        }
        Self(shown)
    }

    /// HAProxy's own columns but for these, and how many there are besides: own ones stand before `-`, those of its
    /// modules (TLS, HTTP/2, QUIC, …) after it. Adds the own ones to `wanted`.
    pub(crate) fn own(
        columns: &Columns,
        without: &[&str],
        wanted: &mut Vec<usize>,
    ) -> (Self, usize) {
        let own = columns.index("-").unwrap_or(columns.width());
        let names = columns
            .iter()
            .take(own)
            .map(Column::name)
            .filter(|name| !without.contains(name));
        let further = columns.width().saturating_sub(own + 1);
        (Self::named(columns, names, wanted), further)
    }

    /// The fields of a row, without those that are empty.
    pub(crate) fn fields(&self, row: &Row<'_>) -> Fields {
        self.0
            .iter()
            .map(|(name, kind, place)| {
                (
                    name.clone(),
                    Value::read(row.field(*place), *kind).into_owned(),
                )
            })
            .filter(|(_, value)| *value != Value::Absent)
            .collect()
    }
}

/// For what is left out where there is none.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it so; small only where pointers are large"
)]
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What the statistics page does not say of these backends; none where it says it.
pub(crate) fn without_algorithm<'a>(
    origin: &Origin,
    mut backends: impl Iterator<Item = &'a Fields>,
) -> Option<String> {
    let missing = matches!(origin, Origin::Page(_))
        && backends.any(|fields| fields.iter().all(|(name, _)| name != "algo"));
    missing.then(|| {
        "the statistics page does not say the balancing algorithm (without `stats show-legends` in HAProxy's \
         configuration)"
            .to_owned()
    })
}

/// Fields as a JSON object, without some.
pub(crate) fn written<'a>(
    fields: &'a [(String, Value<'static>)],
    without: &'a [&'a str],
) -> Written<impl Iterator<Item = (&'a str, Value<'a>)> + Clone> {
    Written(
        fields
            .iter()
            .filter(move |(name, _)| !without.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.clone())),
    )
}

/// A field that is a text; empty where there is none.
pub(crate) fn text<'a>(fields: &'a [(String, Value<'static>)], name: &str) -> &'a str {
    match fields.iter().find(|(other, _)| other == name) {
        Some((_, Value::Text(text))) => text,
        _ => "",
    }
}

/// A field that is a number, for a person.
pub(crate) fn number(fields: &[(String, Value<'static>)], name: &str) -> String {
    match fields.iter().find(|(other, _)| other == name) {
        Some((_, Value::Unsigned(number))) => number.to_string(),
        _ => "?".to_owned(),
    }
}
