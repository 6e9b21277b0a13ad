//! The doors that the operator configured, as the host sees them.

use crate::bindings::haproxy::module::diagnostics;
use crate::failure::Failure;

/// The configured doors.
#[derive(Debug, Clone, Copy)]
pub struct Doors(());

impl Doors {
    pub(crate) const fn of_call() -> Self {
        Self(())
    }

    /// Their names, in the order in which one would look at them.
    pub fn names(self) -> Vec<String> {
        diagnostics::doors()
    }

    /// What there is to see of one: the text of a JSON object.
    ///
    /// # Errors
    /// [`Failure::Host`] where that is not granted, or there is no such door.
    pub fn look(self, door: &str) -> Result<String, Failure> {
        Ok(diagnostics::look(door)?)
    }
}
