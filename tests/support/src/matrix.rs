//! Which tool was seen to do what on which version of HAProxy: the lines of the table in `docs/tools.md`.
//!
//! A tier notes a cell after the assertion that it stands for, and compares all of its cells with a committed file for
//! each version; the documentation puts these files together.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::generated::Generated;

/// What is asked of every tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// It does what it says, and HAProxy's own word agrees.
    Success,
    /// What HAProxy refuses is told as refused, and changes nothing.
    Refusal,
    /// Wrong arguments are refused before HAProxy is asked.
    BadArguments,
    /// HAProxy is not there.
    Gone,
}

/// All of them, in the order of the table.
pub const CELLS: [Cell; 4] = [Cell::Success, Cell::Refusal, Cell::BadArguments, Cell::Gone];

/// The mark of a cell that was seen.
pub const SEEN: &str = "yes";

/// The cells of one tier on one version.
#[derive(Debug, Default)]
pub struct Matrix(BTreeMap<String, BTreeMap<Cell, String>>);

impl Matrix {
    /// It was seen.
    pub fn seen(&mut self, tool: &str, cell: Cell) {
        self.note(tool, cell, SEEN);
    }

    /// It cannot be, for this reason: no comma, no space at either end.
    pub fn cannot(&mut self, tool: &str, cell: Cell, reason: &str) {
        assert!(reason != SEEN && !reason.contains(','), "{reason}");
        self.note(tool, cell, reason);
    }

    fn note(&mut self, tool: &str, cell: Cell, mark: &str) {
        self.0
            .entry(tool.to_owned())
            .or_default()
            .insert(cell, mark.to_owned());
    }

    /// Compares with the committed file of this tier (`e2e`, `changes`) and version (`3.2`). Panics where a cell of a
    /// tool was forgotten, or where something else was committed.
    pub fn assert_current(&self, tier: &str, version: &str) {
        let mut text = String::from("tool,success,refusal,bad arguments,gone\n");
        for (tool, cells) in &self.0 {
            text.push_str(tool);
            for cell in CELLS {
                let mark = cells
                    .get(&cell)
                    .unwrap_or_else(|| panic!("{tool}: nobody looked at {cell:?}"));
                let _ = write!(text, ",{mark}");
            }
            text.push('\n');
        }
        let mut generated = Generated::default();
        generated.file(format!("tests/{tier}/matrix/{version}.csv"), &text);
        generated.assert_current();
    }
}
