//! A reply of HAProxy, read in chunks.

use crate::bindings::haproxy::module::runtime;
use crate::failure::Failure;

/// Bytes asked for at a time. Larger chunks were not faster, since the guest touches more memory for the first time.
const CHUNK: u32 = 64 * 1024;

/// Bytes of a reply that is read as a whole. Larger ones are read with [`Reply::for_each`], in memory that does not grow
/// with them.
const WHOLE: usize = 1024 * 1024;

/// A reply that HAProxy began to give. A call has at most one open: drop it before the next command.
pub struct Reply(runtime::Reply);

impl Reply {
    pub(crate) fn new(reply: runtime::Reply) -> Self {
        Self(reply)
    }

    /// The severity that HAProxy gave its message; none for a dump.
    pub fn severity(&self) -> Option<u8> {
        self.0.severity()
    }

    /// The next bytes; empty only at the end.
    ///
    /// # Errors
    /// [`Failure::Host`] where the reply did not arrive whole.
    pub fn chunk(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.0.read(CHUNK)?)
    }

    /// Hands every chunk to `each`, up to the end of the reply.
    ///
    /// # Errors
    /// As [`Reply::chunk`], and whatever `each` returns.
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

    /// All of it. For replies that are known to be small.
    ///
    /// # Errors
    /// As [`Reply::chunk`]; [`Failure::Unparsable`] where it is larger than 1 MiB, and so not what was asked for.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        self.for_each(|chunk| {
            if all.len() + chunk.len() > WHOLE {
                return Err(Failure::unparsable(format!(
                    "the reply is larger than {WHOLE} bytes"
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
