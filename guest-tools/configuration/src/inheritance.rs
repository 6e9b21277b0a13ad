//! What a proxy has from `defaults`.

use std::collections::HashMap;

use crate::configuration::Configuration;
use crate::kind::Kind;
use crate::section::{Section, Statement};
use crate::word::Words;

/// The `defaults` sections so far, by their places among all sections.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    last: Option<usize>,
    named: HashMap<String, usize>,
}

impl Defaults {
    pub(crate) fn add(&mut self, name: Option<&str>, place: usize) {
        self.last = Some(place);
        if let Some(name) = name {
            self.named.insert(name.to_owned(), place);
        }
    }

    /// The one that a proxy has which names none, whether or not it has a name itself.
    pub(crate) fn last(&self) -> Option<usize> {
        self.last
    }

    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.named.get(name).copied()
    }
}

/// A line that counts for a section, and where it stands.
#[derive(Debug, Clone)]
pub struct Setting<'c, 'a> {
    /// The section itself, or a `defaults` that it has it from.
    pub section: &'c Section<'a>,
    /// The line.
    pub statement: &'c Statement<'a>,
    /// Its words.
    pub words: Words<'c>,
}

impl<'a> Section<'a> {
    /// Its own lines that begin with these words, in their order.
    pub fn lines<'c>(
        &'c self,
        words: &'c [&'c str],
    ) -> impl DoubleEndedIterator<Item = Setting<'c, 'a>> {
        self.statements.iter().filter_map(move |statement| {
            Some(Setting {
                section: self,
                statement,
                words: statement.beginning(words)?,
            })
        })
    }
}

impl<'a> Configuration<'a> {
    /// The `defaults` of a section, the nearest first: the one that it names with `from`, else the last one before it;
    /// then the one that this one names; and so on.
    pub fn defaults_of<'c>(
        &'c self,
        section: &'c Section<'a>,
    ) -> impl Iterator<Item = &'c Section<'a>> {
        // each stands before the one that has it, so that this ends
        std::iter::successors(self.defaults(section), |section| self.defaults(section))
    }

    fn defaults(&self, section: &Section<'a>) -> Option<&Section<'a>> {
        self.sections().get(section.defaults?)
    }

    /// The lines of all sections of a kind that begin with these words, in their order.
    pub fn lines<'c>(
        &'c self,
        kind: Kind,
        words: &'c [&'c str],
    ) -> impl Iterator<Item = Setting<'c, 'a>> {
        self.of(kind).flat_map(move |section| section.lines(words))
    }

    /// The lines that begin with these words: those of the section, in their order, then those of its `defaults`, the
    /// nearest first.
    pub fn settings<'c>(
        &'c self,
        section: &'c Section<'a>,
        words: &'c [&'c str],
    ) -> impl Iterator<Item = Setting<'c, 'a>> {
        std::iter::once(section)
            .chain(self.defaults_of(section))
            .flat_map(move |section| section.lines(words))
    }

    /// The line that counts where only one of those that begin with these words does: the last one of the section, else
    /// of the nearest of its `defaults` that has one. It may switch something off ([`Words::modifier`]).
    pub fn setting<'c>(
        &'c self,
        section: &'c Section<'a>,
        words: &'c [&'c str],
    ) -> Option<Setting<'c, 'a>> {
        std::iter::once(section)
            .chain(self.defaults_of(section))
            .find_map(|section| section.lines(words).next_back())
    }
}
