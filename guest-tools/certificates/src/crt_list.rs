//! `show_ssl_crt_list`, `add_ssl_crt_list` and `del_ssl_crt_list`: the lists of certificates, and their entries.

use haproxy_listing::{Key, Part, cut};
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::names::{LISTED, Nearest};
use haproxy_replies::ssl::crt_lists::{CrtListReader, Entry, Item};
use haproxy_replies::ssl::files::FilesReader;
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::store::{CERTIFICATES, is_unknown, not_among, text, unlocked};
use crate::transaction::admin;

const SHOW: Need = admin(&["show", "ssl", "crt-list"], None);
const ADD: Need = admin(&["add", "ssl", "crt-list"], None);
const DEL: Need = admin(&["del", "ssl", "crt-list"], None);

/// Characters of options, and of a name.
const TEXT: usize = 500;

/// Names of an entry that are shown.
const NAMES: usize = 100;

pub(crate) fn show_ssl_crt_list(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_ssl_crt_list")?;
    let instance = call.instance();
    match &asked.within {
        None => lists(&instance, &part),
        Some(list) => entries(&instance, list, &part),
    }
}

#[derive(Serialize)]
struct Named {
    crt_list: String,
}

fn lists(instance: &Instance, part: &Part) -> Result<Outcome, Failure> {
    let mut page = part.page();
    each_list(instance, |name| {
        let crt_list = text(name);
        if part.holds([crt_list.as_str()]) {
            page.offer(Key::Absent, || Named { crt_list });
        }
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line("lists of certificates");
    Ok(Outcome::of(&written.alone())?.text(line))
}

/// Hands the name of every list to `list`.
fn each_list(instance: &Instance, mut list: impl FnMut(&[u8])) -> Result<(), Failure> {
    let mut reader = FilesReader::without_header();
    unlocked(|| SHOW.ask(instance, &[]))?.for_each(|chunk| {
        reader
            .push(chunk, |file| list(file.name))
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) cert: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) options: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) filters: Vec<String>,
}

impl Row {
    fn of(entry: &Entry<'_>) -> Self {
        Self {
            cert: text(entry.certificate),
            line: entry.line,
            options: entry
                .options
                .as_deref()
                .map(|options| cut(options, TEXT).into_owned()),
            filters: entry
                .filters()
                .take(NAMES)
                .map(|name| cut(&text(name), TEXT).into_owned())
                .collect(),
        }
    }
}

/// Hands every entry of a list to `entry`.
pub(crate) fn each(
    instance: &Instance,
    list: &str,
    mut entry: impl FnMut(Row),
) -> Result<(), Failure> {
    let reply = match unlocked(|| SHOW.ask(instance, &["-n", list])) {
        Err(failure) if is_unknown(&failure) => return Err(unknown(instance, list)?),
        other => other?,
    };
    let mut reader = CrtListReader::new(true);
    reply.for_each(|chunk| {
        reader
            .push(chunk, |item| {
                if let Item::Entry(found) = item {
                    entry(Row::of(&found));
                }
            })
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)
}

fn unknown(instance: &Instance, list: &str) -> Result<Failure, Failure> {
    let mut nearest = Nearest::new(list, LISTED);
    each_list(instance, |name| nearest.offer(name))?;
    let what = format!("this HAProxy has no list of certificates: `{list}`");
    Ok(not_among(what, "/crt_list", &nearest.suggest()))
}

fn entries(instance: &Instance, list: &str, part: &Part) -> Result<Outcome, Failure> {
    let mut page = part.page();
    each(instance, list, |line| {
        let texts = std::iter::once(&line.cert).chain(&line.filters);
        if part.holds(texts.map(String::as_str)) {
            page.offer(Key::Absent, || line);
        }
    })?;
    let written = part.write(&page.finish())?;
    let line = written.line(&format!("entries of `{list}`"));
    Ok(Outcome::of(&written.alone())?.text(line))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    crt_list: String,
    cert: String,
    options: Option<String>,
    #[serde(default)]
    filters: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deleted {
    crt_list: String,
    cert: String,
    line: Option<u64>,
}

#[derive(Serialize)]
struct Answer<'a> {
    crt_list: &'a str,
    cert: &'a str,
    #[serde(flatten)]
    change: Change<Vec<Row>>,
}

impl Answer<'_> {
    fn outcome(&self) -> Result<Outcome, Failure> {
        let line = format!(
            "{}: {} → {} entries of {}",
            self.crt_list,
            self.change.before.len(),
            self.change.after.len(),
            self.cert
        );
        Ok(Outcome::of(self)?.text(line))
    }
}

/// The entries of a certificate in a list.
fn of(instance: &Instance, list: &str, cert: &str) -> Result<Vec<Row>, Failure> {
    let mut lines = Vec::new();
    each(instance, list, |line| {
        if line.cert == cert {
            lines.push(line);
        }
    })?;
    Ok(lines)
}

pub(crate) fn add_ssl_crt_list(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Added = call.arguments()?;
    let entry = arguments.entry()?;
    let Added {
        crt_list,
        cert,
        filters,
        ..
    } = arguments;
    let instance = call.instance();
    let before = of(&instance, &crt_list, &cert)?;
    if !CERTIFICATES.has(&instance, &cert)? {
        return Err(CERTIFICATES.unknown(&instance, &cert, false)?);
    }
    unlocked(|| match &entry {
        None => ADD.ask(&instance, &[&crt_list, &cert]),
        Some(entry) => ADD.ask_with(&instance, &[&crt_list], vec![entry.clone()]),
    })
    .map_err(|failure| match failure.rejection() {
        None | Some("permission-denied" | "locked") => failure,
        Some(_) => failure
            .hint("options are those of a `crt-list` file: `alpn h2,http/1.1`, `verify none`, …"),
    })?;
    let after = of(&instance, &crt_list, &cert)?;
    let holds = after
        .iter()
        .any(|line| !before.contains(line) && line.filters == filters);
    let what = format!("an entry of `{cert}` in `{crt_list}`");
    let change = Change::confirmed(before, after, holds, &what)?;
    let answer = Answer {
        crt_list: &crt_list,
        cert: &cert,
        change,
    };
    answer.outcome()
}

impl Added {
    /// The entry as a line of a list, where it has more than a name. HAProxy splits such a line at spaces.
    fn entry(&self) -> Result<Option<String>, Failure> {
        if self.options.is_none() && self.filters.is_empty() {
            return Ok(None);
        }
        let plain =
            |text: &str| !text.contains(|c: char| c.is_whitespace() || "[]\"'\\#".contains(c));
        let wrong = |message: String, pointer: &str| {
            Err(Failure::invalid_argument(message)
                .hint("HAProxy would read it as something else in a line of a list")
                .argument(pointer))
        };
        if !plain(&self.cert) {
            return wrong(
                format!(
                    "a name with such characters takes neither options nor filters: `{}`",
                    self.cert
                ),
                "/cert",
            );
        }
        let options = self.options.as_deref().map(str::trim);
        if options.is_some_and(|options| {
            options.is_empty()
                || options.contains(|c: char| c.is_control() || "[]\"'\\#".contains(c))
        }) {
            return wrong(
                "the options hold brackets, quotes or nothing".to_owned(),
                "/options",
            );
        }
        for (index, filter) in self.filters.iter().enumerate() {
            if !plain(filter) {
                return wrong(
                    format!("not a name to filter by: `{filter}`"),
                    &format!("/filters/{index}"),
                );
            }
        }
        let mut words = vec![self.cert.clone()];
        words.extend(options.map(|options| format!("[{options}]")));
        words.extend(self.filters.iter().cloned());
        Ok(Some(words.join(" ")))
    }
}

pub(crate) fn del_ssl_crt_list(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Deleted {
        crt_list,
        cert,
        line,
    } = call.arguments()?;
    let instance = call.instance();
    let before = of(&instance, &crt_list, &cert)?;
    let numbers: Vec<u64> = before.iter().filter_map(|line| line.line).collect();
    let number = match (line, numbers.as_slice()) {
        (_, []) => {
            let mut nearest = Nearest::new(&cert, LISTED);
            each(&instance, &crt_list, |row| {
                nearest.offer(row.cert.as_bytes());
            })?;
            let what = format!("`{crt_list}` has no entry of `{cert}`");
            return Err(not_among(what, "/cert", &nearest.suggest()));
        }
        (None, [only]) => *only,
        (Some(line), _) if numbers.contains(&line) => line,
        _ => {
            let named: Vec<String> = numbers.iter().map(u64::to_string).collect();
            return Err(Failure::invalid_argument(format!(
                "`{cert}` stands in these lines of `{crt_list}`: {}",
                named.join(", ")
            ))
            .hint("say which one with `line`")
            .argument_among("/line", &named));
        }
    };
    let entry = format!("{cert}:{number}");
    unlocked(|| DEL.ask(&instance, &[&crt_list, &entry])).map_err(|failure| match failure.rejection() {
        Some("in-use") => failure.hint(
            "the first certificate of a list is the one that its binds serve where no name fits: it stays until a reload \
             with another one in the file",
        ),
        _ => failure,
    })?;
    let after = of(&instance, &crt_list, &cert)?;
    let holds = after.iter().all(|line| line.line != Some(number));
    let what = format!("no line {number} of `{cert}` in `{crt_list}`");
    let change = Change::confirmed(before, after, holds, &what)?;
    let answer = Answer {
        crt_list: &crt_list,
        cert: &cert,
        change,
    };
    answer.outcome()
}
