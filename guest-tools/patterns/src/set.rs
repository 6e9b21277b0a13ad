//! One set of patterns, by its name.

use std::cell::Cell;

use haproxy_mcp_sdk::{Failure, Instance, Need, Reply};
use haproxy_replies::maps::{self, EntriesReader, Entry, SetsReader};
use haproxy_replies::names::{LISTED, Nearest};

use crate::kind::Kind;

/// A set that a tool is about.
pub struct Set<'a> {
    /// Whether it is a map or an ACL.
    pub kind: &'static Kind,
    /// The HAProxy that has it.
    pub instance: &'a Instance,
    /// Its file, `virt@…`, or `#` and its number.
    pub name: &'a str,
    /// Bytes of its entries that this call has read so far, and of the last time.
    read: Cell<u64>,
    last: Cell<u64>,
}

/// Bytes that a call reads of HAProxy's replies: a little less than the host allows.
const READABLE: u64 = 62 * 1024 * 1024;

/// Bytes that HAProxy writes around an entry when it lists it: its address, spaces, the end of the line.
const AROUND_ENTRY: u64 = 20;

impl<'a> Set<'a> {
    /// The set of this name.
    pub fn new(kind: &'static Kind, instance: &'a Instance, name: &'a str) -> Self {
        Self {
            kind,
            instance,
            name,
            read: Cell::new(0),
            last: Cell::new(0),
        }
    }

    /// The set by its own name, which is that of its file. Under another name (`#4`, `opt@…`) nothing may be opened or
    /// settled that HAProxy keeps: the host has to see what belongs together.
    pub fn by_its_own_name(
        kind: &'static Kind,
        instance: &'a Instance,
        name: &'a mut String,
    ) -> Result<Self, Failure> {
        let is_other_name = ["#", "file@", "opt@"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if is_other_name {
            let set = Set::new(kind, instance, name);
            let mut found = None;
            each(kind, instance, |other| {
                if set.is(&other) {
                    let file = other
                        .file
                        .map(|file| String::from_utf8_lossy(file).into_owned());
                    found = Some(file);
                }
            })?;
            *name = match found {
                None => return Err(set.unknown()?),
                Some(Some(file)) => file,
                Some(None) => return Err(set.has_no_file()),
            };
        }
        Ok(Self::new(kind, instance, name))
    }

    /// Its patterns stand in the configuration itself.
    fn has_no_file(&self) -> Failure {
        let (noun, word, name) = (self.kind.noun, self.kind.word, self.name);
        Failure::invalid_argument(format!(
            "{noun} `{name}` has no file: its patterns stand in HAProxy's configuration"
        ))
        .hint(format!(
            "add_{word} and del_{word} change its entries one by one; a whole version takes a name"
        ))
        .argument(self.kind.pointer)
    }

    /// Says something to it: the command, a version where there is one, its name, and what follows.
    pub fn ask(
        &self,
        need: &Need,
        version: Option<u32>,
        further: &[&str],
    ) -> Result<Reply, Failure> {
        // HAProxy would take it for a version.
        if self.name.starts_with('@') {
            return Err(self.unknown()?);
        }
        let version = version.map(at);
        let mut words: Vec<&str> = version.as_deref().into_iter().collect();
        words.push(self.name);
        words.extend(further);
        match need.ask(self.instance, &words) {
            Err(failure) if failure.rejection() == Some(self.kind.unknown) => Err(self.unknown()?),
            other => other,
        }
    }

    /// Hands over the entries of a version, in their order; without one, of the version that is live.
    pub fn entries(
        &self,
        version: Option<u32>,
        mut entry: impl FnMut(Entry<'_>),
    ) -> Result<(), Failure> {
        let reply = self.ask(&self.kind.show, version, &[])?;
        let mut reader = EntriesReader::default();
        let mut bytes = 0;
        reply.for_each(|chunk| {
            bytes += chunk.len() as u64;
            reader.push(chunk, &mut entry).map_err(Failure::unparsable)
        })?;
        self.read.set(self.read.get() + bytes);
        self.last.set(bytes);
        reader.finish(&mut entry).map_err(Failure::unparsable)
    }

    /// Whether what was read last can be read once more in this call, after a change: else the change is not made, since
    /// it could not be seen.
    pub fn require_reading_again(&self) -> Result<(), Failure> {
        self.require_reading(self.last.get())
    }

    /// The same for so many entries with so many bytes of text, so many times.
    pub fn require_reading_entries(
        &self,
        entries: usize,
        text: usize,
        times: u64,
    ) -> Result<(), Failure> {
        let each = entries as u64 * AROUND_ENTRY + text as u64;
        self.require_reading(times * each)
    }

    fn require_reading(&self, bytes: u64) -> Result<(), Failure> {
        if self.read.get() + bytes <= READABLE {
            return Ok(());
        }
        let (noun, name) = (self.kind.noun, self.name);
        Err(Failure::other(format!(
            "{noun} `{name}` is too large to be read back after the change: nothing was changed"
        ))
        .hint("change its file, and have HAProxy reload"))
    }

    /// How many entries a version has.
    pub fn count(&self, version: Option<u32>) -> Result<u64, Failure> {
        let mut count = 0;
        self.entries(version, |_| count += 1)?;
        Ok(count)
    }

    /// Its number, by which it is also called: short, and the same until HAProxy reloads.
    pub fn number(&self) -> Result<String, Failure> {
        let mut number = None;
        each(self.kind, self.instance, |set| {
            if self.is(&set) {
                number = Some(format!("#{}", set.id));
            }
        })?;
        number.map_or_else(|| Err(self.unknown()?), Ok)
    }

    /// Whether this is the set that the name means.
    pub(crate) fn is(&self, set: &maps::Set<'_>) -> bool {
        if let Some(number) = self.name.strip_prefix('#') {
            return number.parse() == Ok(set.id);
        }
        let file = ["file@", "opt@"]
            .iter()
            .find_map(|prefix| self.name.strip_prefix(prefix))
            .unwrap_or(self.name);
        set.file
            .is_some_and(|known| known == self.name.as_bytes() || known == file.as_bytes())
    }

    /// The failure for a name that HAProxy does not have, with those that are near.
    pub fn unknown(&self) -> Result<Failure, Failure> {
        let mut nearest = Nearest::new(self.name, LISTED);
        each(self.kind, self.instance, |set| {
            nearest.offer(name_of(&set).as_bytes());
        })?;
        let suggestion = nearest.suggest();
        let noun = self.kind.noun;
        Ok(
            Failure::not_found(format!("this HAProxy has no {noun}: `{}`", self.name))
                .hint(suggestion.hint(&format!(
                    "this HAProxy has no {noun} at all: its configuration has to name one"
                )))
                .argument_among(self.kind.pointer, suggestion.names()),
        )
    }
}

/// A version, as commands name it.
pub(crate) fn at(version: u32) -> String {
    format!("@{version}")
}

/// What commands call a set: its file, or its number where it has none.
pub(crate) fn name_of(set: &maps::Set<'_>) -> String {
    match set.file {
        Some(file) => String::from_utf8_lossy(file).into_owned(),
        None => format!("#{}", set.id),
    }
}

/// Hands over all sets of a kind.
pub(crate) fn each(
    kind: &Kind,
    instance: &Instance,
    mut set: impl FnMut(maps::Set<'_>),
) -> Result<(), Failure> {
    let reply = kind.show.ask(instance, &[])?;
    let mut reader = SetsReader::default();
    reply.for_each(|chunk| reader.push(chunk, &mut set).map_err(Failure::unparsable))?;
    reader.finish().map_err(Failure::unparsable)
}
