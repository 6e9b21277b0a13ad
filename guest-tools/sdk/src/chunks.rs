//! What comes in chunks: a reply of HAProxy, a page, a file.

use crate::bindings::haproxy::module::types::HostError;
use crate::bindings::haproxy::module::{files, pages, runtime};
use crate::failure::Failure;

/// Bytes asked for at a time. Larger chunks were not faster, since the guest touches more memory for the first time.
const CHUNK: u32 = 64 * 1024;

/// Bytes of what is read as a whole. More is read with [`Chunks::for_each`], in memory that does not grow with it.
const WHOLE: usize = 1024 * 1024;

/// A reply that HAProxy began to give. A call has at most one open: drop it before the next command.
pub type Reply = Chunks<runtime::Reply>;

/// The content of a page. A call has at most one open: drop it before the next.
pub type Body = Chunks<pages::Body>;

/// A file that the operator granted.
pub type File = Chunks<files::File>;

/// What the host hands over in chunks.
pub trait Readable {
    /// The next bytes, at most `max`; empty only at the end.
    ///
    /// # Errors
    /// What the host says.
    fn read(&self, max: u32) -> Result<Vec<u8>, HostError>;
}

impl Readable for runtime::Reply {
    fn read(&self, max: u32) -> Result<Vec<u8>, HostError> {
        self.read(max)
    }
}

impl Readable for pages::Body {
    fn read(&self, max: u32) -> Result<Vec<u8>, HostError> {
        self.read(max)
    }
}

impl Readable for files::File {
    fn read(&self, max: u32) -> Result<Vec<u8>, HostError> {
        self.read(max)
    }
}

/// Bytes that come in chunks.
pub struct Chunks<R>(R);

impl Reply {
    /// The severity that HAProxy gave its message; none for a dump.
    pub fn severity(&self) -> Option<u8> {
        self.0.severity()
    }
}

impl File {
    /// Its name, as [`crate::Files::names`] gave it.
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Bytes that it had when it was opened.
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// Seconds since the Unix epoch when it was last changed.
    pub fn modified(&self) -> u64 {
        self.0.modified()
    }
}

impl<R: Readable> Chunks<R> {
    pub(crate) fn new(from: R) -> Self {
        Self(from)
    }

    /// The next bytes; empty only at the end.
    ///
    /// # Errors
    /// [`Failure::Host`] where it did not arrive whole.
    pub fn chunk(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.0.read(CHUNK)?)
    }

    /// Hands every chunk to `each`, up to the end.
    ///
    /// # Errors
    /// As [`Chunks::chunk`], and whatever `each` returns.
    pub fn for_each(
        &self,
        mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(());
            }
            each(&chunk)?;
        }
    }

    /// All of it. For what is known to be small.
    ///
    /// # Errors
    /// As [`Chunks::chunk`]; [`Failure::Unparsable`] where it is larger than 1 MiB, and so not what was asked for.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        self.for_each(|chunk| {
            if all.len() + chunk.len() > WHOLE {
                return Err(Failure::unparsable(format!(
                    "it is larger than {WHOLE} bytes"
                )));
            }
            all.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(all)
    }

    /// All of it as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.bytes()?).into_owned())
    }
}
