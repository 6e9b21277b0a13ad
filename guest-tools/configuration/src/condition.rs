//! `.if`, `.elif`, `.else`, `.endif`. Which lines count depends on the running HAProxy and its environment, so nothing is
//! decided here.

use crate::problem::ProblemKind;

/// The most `.if` that HAProxy takes in each other.
const MOST_OPEN: usize = 15;

/// The `.if` of a file that are open.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Vec<Open>);

#[derive(Debug)]
struct Open {
    /// The line of the `.if`.
    line: u32,
    /// Whether `.else` came.
    otherwise: bool,
}

impl Conditions {
    /// Whether what follows depends on one.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// A word that begins with a dot.
    pub(crate) fn directive(&mut self, word: &str, line: u32) -> Result<(), ProblemKind> {
        let behind_else = self.0.last().map(|open| open.otherwise);
        match (word, behind_else) {
            (".if", _) if self.0.len() >= MOST_OPEN => return Err(ProblemKind::TooManyIfs),
            (".if", _) => self.0.push(Open {
                line,
                otherwise: false,
            }),
            (".elif" | ".else" | ".endif", None) => return Err(ProblemKind::NoIf(word.to_owned())),
            (".elif" | ".else", Some(true)) => {
                return Err(ProblemKind::BehindElse(word.to_owned()));
            }
            (".else", Some(false)) => {
                if let Some(open) = self.0.last_mut() {
                    open.otherwise = true;
                }
            }
            (".endif", Some(_)) => {
                self.0.pop();
            }
            (".elif", Some(false)) | (".diag" | ".notice" | ".warning" | ".alert", _) => {}
            _ => return Err(ProblemKind::UnknownDirective(word.to_owned())),
        }
        Ok(())
    }

    /// The lines of those that are open at the end of the file.
    pub(crate) fn unfinished(self) -> impl Iterator<Item = u32> {
        self.0.into_iter().map(|open| open.line)
    }
}
