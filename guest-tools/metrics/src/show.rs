//! `show_metrics`.

use std::collections::BTreeMap;

use haproxy_listing::{Key, Part, Written};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::choice::{Choice, Seen};
use crate::exporter::{Ask, read};
use crate::missing;
use crate::outline::Outline;
use crate::series::{Described, Families, Row};
use crate::sums::Sums;

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    family: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    scope: Option<String>,
    #[serde(default)]
    sum: bool,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    non_zero: bool,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    families: Vec<Described>,
    rows: Box<RawValue>,
    matched: u64,
    totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct Totals {
    families: u64,
    series: u64,
    #[serde(skip_serializing_if = "is_zero")]
    without_value: u64,
    #[serde(skip_serializing_if = "is_zero")]
    zero: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    kinds: BTreeMap<String, u64>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it so; small only where pointers are large"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

pub(crate) fn show_metrics(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let part = part(&arguments)?;
    let outlines = arguments.family.is_none()
        && arguments.labels.is_empty()
        && arguments.by.is_empty()
        && !arguments.sum;
    if outlines {
        return outline(call, &arguments, &part);
    }
    let whole = Ask::about(arguments.family.as_deref(), arguments.scope.as_deref());
    let mut found = find(call, &arguments, &part, whole)?;
    // The name may be a part of others, which the exporter was not asked for.
    let ask = Ask {
        family: None,
        ..whole
    };
    if whole.family.is_some() && !found.seen.named {
        found = find(call, &arguments, &part, ask)?;
    }
    explain(call, &arguments, ask, &found)?;
    answer(&arguments, &part, found)
}

fn part(arguments: &Arguments) -> Result<Part, Failure> {
    let labels = serde_json::to_string(&arguments.labels)?;
    let by = serde_json::to_string(&arguments.by)?;
    let said = |flag: bool| flag.then_some("true");
    let others = [
        Some("show_metrics"),
        arguments.family.as_deref(),
        Some(&*labels),
        arguments.scope.as_deref(),
        said(arguments.sum),
        Some(&*by),
        said(arguments.non_zero),
    ];
    Ok(Part::new(
        &others,
        None,
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?)
}

fn outline(call: &Call<'_>, arguments: &Arguments, part: &Part) -> Result<Outcome, Failure> {
    let labels = BTreeMap::new();
    let mut choice = Choice::new(None, &labels, arguments.non_zero);
    let mut outline = Outline::default();
    let ask = Ask::about(None, arguments.scope.as_deref());
    read(call, ask, |family, sample| {
        let verdict = choice.judge(family, sample);
        outline.add(family, verdict.chosen);
    })?;
    let totals = Totals {
        families: outline.families(),
        series: outline.series,
        without_value: choice.seen.without_value,
        zero: choice.seen.zero,
        kinds: outline.kinds(),
    };
    let rows = outline.into_rows(arguments.non_zero);
    let written = part.write(&part.of(rows))?;
    let line = format!(
        "{}, {} series in all",
        written.line("families"),
        totals.series
    );
    finish(Vec::new(), written, totals, None, line)
}

/// What was found on the exporter's page.
struct Found<'a> {
    families: Families,
    seen: Seen,
    series: u64,
    kept: Kept<'a>,
}

/// Rows of the page of the answer, or sums.
enum Kept<'a> {
    Rows(haproxy_listing::Page<Row>),
    Sums(Sums<'a>),
}

fn find<'a>(
    call: &Call<'_>,
    arguments: &'a Arguments,
    part: &Part,
    ask: Ask<'_>,
) -> Result<Found<'a>, Failure> {
    let adds_up = arguments.sum || !arguments.by.is_empty();
    let kept = || {
        if adds_up {
            Kept::Sums(Sums::new(&arguments.by, &arguments.labels))
        } else {
            Kept::Rows(part.page())
        }
    };
    let mut choice = Choice::new(
        arguments.family.as_deref(),
        &arguments.labels,
        arguments.non_zero,
    );
    let mut found = Found {
        families: Families::default(),
        seen: Seen::default(),
        series: 0,
        kept: kept(),
    };
    read(call, ask, |family, sample| {
        let verdict = choice.judge(family, sample);
        if verdict.instead {
            found.families = Families::default();
            found.series = 0;
            found.kept = kept();
        }
        if !verdict.chosen {
            return;
        }
        found.families.add(family);
        found.series += 1;
        match &mut found.kept {
            Kept::Rows(page) => page.offer(Key::Absent, || Row::of(family, sample)),
            Kept::Sums(sums) => sums.add(family, sample),
        }
    })?;
    found.seen = choice.seen;
    Ok(found)
}

/// The failure that says which argument names nothing that is there.
fn explain(
    call: &Call<'_>,
    arguments: &Arguments,
    ask: Ask<'_>,
    found: &Found<'_>,
) -> Result<(), Failure> {
    let family = arguments.family.as_deref();
    if !found.seen.named {
        return match family {
            Some(wanted) => Err(missing::family(call, arguments.scope.as_deref(), wanted)?),
            // nothing of this scope is configured
            None => Ok(()),
        };
    }
    if !found.seen.labelled {
        for (name, value) in &arguments.labels {
            let pointer = format!("/labels/{name}");
            if let Some(failure) = missing::label(call, ask, family, name, Some(value), &pointer)? {
                return Err(failure);
            }
        }
    }
    if let Kept::Sums(sums) = &found.kept
        && let Some(place) = sums.unknown_label()
        && let Some(name) = arguments.by.get(place)
        && let Some(failure) =
            missing::label(call, ask, family, name, None, &format!("/by/{place}"))?
    {
        return Err(failure);
    }
    Ok(())
}

fn answer(arguments: &Arguments, part: &Part, found: Found<'_>) -> Result<Outcome, Failure> {
    let one = found.families.is_one();
    let adapt = |row: Row| if one { row.of_the_one() } else { row };
    let mut note = None;
    let (pages, what) = match found.kept {
        Kept::Rows(page) => {
            let mut pages = page.finish();
            for kept in &mut pages.rows {
                if one {
                    kept.row.family = None;
                    kept.row.r#type = None;
                }
            }
            (pages, "series")
        }
        Kept::Sums(sums) => {
            let (rows, without) = sums.into_rows()?;
            note = without;
            (part.of(rows.into_iter().map(adapt)), "sums")
        }
    };
    let written = part.write(&pages)?;
    let totals = Totals {
        families: found.families.count,
        series: found.series,
        without_value: found.seen.without_value,
        zero: found.seen.zero,
        kinds: BTreeMap::new(),
    };
    let mut line = written.line(what);
    if let (true, Some(family)) = (one, arguments.family.as_deref()) {
        line = format!("{line}, family `{family}`");
    } else {
        line = format!("{line}, of {} families", totals.families);
    }
    if totals.without_value > 0 {
        line = format!(
            "{line}; {} series without value left out",
            totals.without_value
        );
    }
    if let Some(note) = &note {
        line = format!("{line}; {note}");
    }
    finish(found.families.described(), written, totals, note, line)
}

fn finish(
    families: Vec<Described>,
    written: Written,
    totals: Totals,
    note: Option<String>,
    line: String,
) -> Result<Outcome, Failure> {
    let answer = Answer {
        families,
        rows: written.rows,
        matched: written.matched,
        totals,
        note,
        next_cursor: written.next_cursor,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
