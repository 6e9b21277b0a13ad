//! The place that says yes or no.
//!
//! Every command that reaches HAProxy passes [`decide`]; the wire takes a [`Permit`] and nothing else. No input
//! or output, no waiting; of the rest of the program only [`crate::visible`] is used here.
//!
//! # What is denied by default
//!
//! 1. A command that is not in [`COMMANDS`] is denied, at every level of access.
//! 2. A word that the row does not provide for is denied, also where HAProxy would ignore it.
//! 3. Words are compared exactly: another case, an abbreviation or a longer word is another command.
//! 4. What reveals keys or the environment, hands over the process, never ends, changes the session or needs
//!    expert or experimental mode is never granted.
//! 5. A module without a grant may say nothing.
//! 6. A grant of the default extent is for reading.
//! 7. A command needs the access of its row from the server, from the tool and from the module's grant: the
//!    lowest of the three decides.
//! 8. A grant by name covers names: `#5`, a proxy's number, `@<version>`, `file@…` and the like are denied
//!    under it.
//! 9. An empty word, a control character, a first word with `@` (other than `@master` before the master's own
//!    `show startup-logs`), more than 64 words, and more bytes than HAProxy's buffer holds are refused, whoever asks.
//! 10. A payload is denied to a command that has none; a blank line in it, a control character, or an entry
//!     without a value are refused.
//! 11. A permit is for one command, one instance and one use.
//! 12. A grant of all commands does not cover those whose reply shows the content of live traffic, lines of the
//!     configuration, or a key.
//! 13. A page, a file or the look at the doors is denied to a module that was not granted it by name; and a page's
//!     parameter, or a form's action, that is not known is refused, whoever asks.
//! 14. What the statistics page's form does is the command that does the same, for each server that it names: all of
//!     them have to be allowed.
//! 15. Secrets are shown neither in a permit's text nor in a refusal.

mod access;
mod artefact;
mod command;
mod decide;
mod grammar;
mod grant;
mod object;
mod page;
mod pattern;
mod permit;
mod table;
mod words;

pub use access::{Access, UnknownAccess};
pub use artefact::{Artefact, FilePermit, LookPermit, decide_file, decide_look};
pub use command::{
    CommandSpec, Door, NeverReason, Payload, Release, ReplyKind, Reveals, Rights, Step, Subject,
    Success,
};
pub use decide::{Denial, DenialReason, Refusal, decide};
pub use grammar::{Part, Role, Value};
pub use grant::{Authority, Commands, Grant};
pub use object::{Object, split_server};
pub use page::{
    ActPermit, MAX_FORM_BYTES, MAX_PARAMETER_BYTES, Page, PagePermit, Parameter, action_command,
    actions, decide_action, decide_page,
};
pub use pattern::{Pattern, PatternError};
pub(crate) use permit::Probe;
pub use permit::{InstanceId, Permit, Settlement, Undo};
pub use table::COMMANDS;
pub use words::{
    Command, MASTER, MAX_COMMAND_BYTES, MAX_LINE_BYTES, MAX_PAYLOAD_BYTES, MAX_WORDS, Malformed,
};
