//! Files, cut into sections.

use crate::condition::Conditions;
use crate::inheritance::Defaults;
use crate::kind::Kind;
use crate::problem::{Problem, ProblemKind};
use crate::section::{Section, Statement};
use crate::word::{Modifier, Words, is_space};

/// The most lines with words that are read of all files.
const MOST_LINES: usize = 1_000_000;

/// Statements that are near the name of a section, and none.
const NEAR_SECTIONS: [&str; 4] = ["peer", "mailer", "trace", "http-error"];

/// Characters of a word that a problem shows.
const SHOWN: usize = 60;

/// All sections of one or several files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration<'a> {
    sections: Vec<Section<'a>>,
    problems: Vec<Problem<'a>>,
}

impl<'a> Configuration<'a> {
    /// Reads files, each with its name, in the order in which HAProxy does.
    pub fn read(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut reader = Reader::default();
        for (name, content) in files {
            if !reader.file(name, content) {
                break;
            }
        }
        reader.read
    }

    /// The sections, in their order.
    pub fn sections(&self) -> &[Section<'a>] {
        &self.sections
    }

    /// The sections of a kind, in their order.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Section<'a>> {
        self.sections
            .iter()
            .filter(move |section| section.kind == kind)
    }

    /// What could not be read, in its order.
    pub fn problems(&self) -> &[Problem<'a>] {
        &self.problems
    }
}

#[derive(Default)]
struct Reader<'a> {
    read: Configuration<'a>,
    defaults: Defaults,
    lines: usize,
}

impl<'a> Reader<'a> {
    /// Reads a file; false where there are too many lines.
    fn file(&mut self, file: &'a str, content: &'a [u8]) -> bool {
        let mut conditions = Conditions::default();
        let problems = self.read.problems.len();
        // a section ends with its file
        let mut inside = false;
        let mut number = 0;
        for raw in content.split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            let (raw, ended) = match raw.split_last() {
                Some((b'\n', raw)) => (raw, true),
                _ => (raw, false),
            };
            let mut problem = |kind| {
                self.read.problems.push(Problem {
                    file,
                    line: number,
                    kind,
                });
            };
            if raw.contains(&0) {
                problem(ProblemKind::Nul);
            }
            if !ended {
                problem(ProblemKind::NoLineFeed);
            }
            // the beginning of a `[scope]`, which HAProxy skips
            if raw.trim_ascii_start().first() == Some(&b'[') {
                continue;
            }
            let words = match Words::read(raw) {
                Ok(words) => words,
                Err(error) => {
                    problem(error.into());
                    continue;
                }
            };
            if words.is_cut() {
                problem(ProblemKind::EmptyWord);
            }
            if words.is_empty() {
                continue;
            }
            if words.at(0).starts_with('.') && words.modifier() == Modifier::None {
                if let Err(kind) = conditions.directive(&shown(words.at(0)), number) {
                    problem(kind);
                }
                continue;
            }
            self.lines += 1;
            if self.lines > MOST_LINES {
                problem(ProblemKind::TooManyLines);
                return false;
            }
            let statement = Statement {
                line: number,
                conditional: conditions.any(),
                raw,
            };
            if let Some(kind) = Kind::named(words.at(0)) {
                self.section(kind, file, statement, &words);
                inside = true;
            } else {
                self.statement(file, statement, &words, inside);
            }
        }
        for line in conditions.unfinished() {
            self.read.problems.push(Problem {
                file,
                line,
                kind: ProblemKind::UnfinishedIf,
            });
        }
        if let Some(of_file) = self.read.problems.get_mut(problems..) {
            of_file.sort_by_key(|problem| problem.line);
        }
        true
    }

    fn section(&mut self, kind: Kind, file: &'a str, head: Statement<'a>, words: &Words<'a>) {
        let mut problem = |kind| {
            self.read.problems.push(Problem {
                file,
                line: head.line,
                kind,
            });
        };
        let takes_from = kind == Kind::Defaults || kind.is_proxy();
        // `defaults from x`: no name
        let unnamed = kind == Kind::Defaults && words.len() == 3 && words.at(1) == "from";
        let place = if unnamed { 1 } else { 2 };
        let name = words.word(1).filter(|_| !unnamed && kind != Kind::Global);
        if name.is_none() && kind.is_proxy() {
            problem(ProblemKind::NoName(kind));
        }
        let from = words
            .word(place + 1)
            .filter(|_| takes_from && words.at(place) == "from");
        let defaults = match &from {
            Some(from) => {
                let defaults = self.defaults.named(from);
                if defaults.is_none() {
                    problem(ProblemKind::UnknownDefaults(shown(from)));
                }
                defaults
            }
            None if kind.is_proxy() => self.defaults.last(),
            None => None,
        };
        if kind == Kind::Defaults {
            self.defaults.add(name.as_deref(), self.read.sections.len());
        }
        self.read.sections.push(Section {
            kind,
            name,
            from,
            file,
            head,
            statements: Vec::new(),
            defaults,
        });
    }

    fn statement(
        &mut self,
        file: &'a str,
        statement: Statement<'a>,
        words: &Words<'_>,
        inside: bool,
    ) {
        let first = words.at(0);
        let near = statement
            .raw
            .first()
            .filter(|byte| !is_space(**byte))
            .and_then(|_| near_section(first));
        let kind = match near {
            Some(meant) => Some(ProblemKind::UnknownSection {
                word: shown(first),
                meant,
            }),
            None if !inside => Some(ProblemKind::OutsideSection(shown(first))),
            None => None,
        };
        if let Some(kind) = kind {
            self.read.problems.push(Problem {
                file,
                line: statement.line,
                kind,
            });
        }
        if inside && let Some(section) = self.read.sections.last_mut() {
            section.statements.push(statement);
        }
    }
}

fn shown(word: &str) -> String {
    word.chars().take(SHOWN).collect()
}

/// The kind of section that a word is a slip of: one or two letters too few, too many, wrong, or in the wrong order.
fn near_section(word: &str) -> Option<Kind> {
    if NEAR_SECTIONS.contains(&word) || !(5..=20).contains(&word.len()) {
        return None;
    }
    Kind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.as_str().len() > 4)
        .map(|kind| (distance(word.as_bytes(), kind.as_str().as_bytes()), kind))
        .filter(|(distance, kind)| *distance <= if kind.as_str().len() > 6 { 2 } else { 1 })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, kind)| kind)
}

/// How many single letters have to be added, taken away, changed or swapped with the next one.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let width = other.len() + 1;
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..width).collect();
    for (row, byte) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other_byte) in other.iter().enumerate() {
            let at =
                |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut fewest = (at(&last, column + 1) + 1)
                .min(at(&current, column) + 1)
                .min(at(&last, column) + usize::from(byte != other_byte));
            let swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(other_byte)
                && other.get(column - 1) == Some(byte);
            if swapped {
                fewest = fewest.min(at(&before_last, column - 1) + 1);
            }
            current.push(fewest);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(usize::MAX)
}
