//! Files that the operator let modules read: HAProxy's configuration and its log. Read-only, by name, never outside of
//! what was granted.
//!
//! # Layout
//! - `granted`: what was granted, by the names that modules use
//! - `listing`: which files there are, in the order in which HAProxy reads them, and their names
//! - `opening`: from a name to an open file, or why there is none
//! - `reading`: an open file, whose secrets are replaced
//! - `facts`: what is to be said of the files where one of them cannot be read
//! - `ambient`: the only place that follows a path from the root
//! - `error`: every way in which it fails
//!
//! # What is promised
//! 1. Nothing is opened before somebody asks, and a folder is opened anew each time: files may come, go and be replaced.
//! 2. The folders above a granted file or folder are found as the operator wrote them, links included. From there on it
//!    goes by capability (cap-std), for the last part of the path, too: a link may lead anywhere within the folder that it
//!    is in and nowhere else, whoever replaces it meanwhile; an absolute link is one that leads outside. A granted file
//!    may so be a link to another file of its folder (a volume of Kubernetes is made of such links): who may write that
//!    folder decides which of its files is read in its place, and for the granted folder, which other one beside it.
//!    A hard link cannot be told from a file: who may make one in a granted folder, to a file that is not their own
//!    (`fs.protected_hardlinks` = 0), could have it read.
//! 3. Only what is listed can be opened, and only regular files are, checked before and after: a pipe cannot hold up
//!    anything, and a device is not touched.
//! 4. Reading ends at the size that the file had when it was opened. A file that is moved away is read on; one that is
//!    cut off is `interrupted`.
//!
//! Files are looked for and read on a thread of their own: a disk may be slow, and a share of a network may never answer.

mod ambient;
mod error;
mod facts;
mod granted;
mod listing;
mod opening;
mod reading;

pub use error::FileError;
pub use facts::PathFacts;
pub use granted::Granted;
pub(crate) use granted::blocking;
pub use reading::OpenFile;
