//! `files`: what the operator let modules read, by name.

use wasmtime::component::Resource;

use super::runtime::{denied_while_describing, shown};
use crate::files::{FileError, OpenFile};
use crate::policy::{self, FilePermit};
use crate::sandbox::bindings::haproxy::module::files::{Host, HostFile};
use crate::sandbox::bindings::haproxy::module::types::{HostError, Problem};
use crate::sandbox::error::Failure;
use crate::sandbox::limits;
use crate::sandbox::state::CallState;

/// Where reading begins.
enum From {
    Start,
    /// The first line that starts in the last so many bytes.
    Last(u64),
}

impl Host for CallState {
    async fn names(
        &mut self,
        artefact: String,
    ) -> wasmtime::Result<Result<Vec<String>, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        let Some(authority) = self.authority.clone() else {
            return Ok(Err(denied_while_describing("names")));
        };
        let permit = match self.file_permit(&artefact) {
            Ok(permit) => permit,
            Err(error) => return Ok(Err(error)),
        };
        let names = authority.request.doors.files.names(&permit).await;
        Ok(names.map_err(|error| self.tell_file(&error)))
    }

    async fn open(
        &mut self,
        artefact: String,
        name: String,
    ) -> wasmtime::Result<Result<Resource<OpenFile>, HostError>> {
        self.open_file(&artefact, &name, &From::Start).await
    }

    async fn open_tail(
        &mut self,
        artefact: String,
        name: String,
        bytes: u64,
    ) -> wasmtime::Result<Result<Resource<OpenFile>, HostError>> {
        self.open_file(&artefact, &name, &From::Last(bytes)).await
    }
}

impl HostFile for CallState {
    async fn name(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<String> {
        Ok(self.resources.get(&file)?.name().to_owned())
    }

    async fn size(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<u64> {
        Ok(self.resources.get(&file)?.size())
    }

    async fn modified(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<u64> {
        Ok(self.resources.get(&file)?.modified())
    }

    async fn read(
        &mut self,
        file: Resource<OpenFile>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        let max = match self.read_size(max) {
            Ok(max) => max,
            Err(error) => return Ok(Err(error)),
        };
        let limit = self.meter.limits.file_bytes;
        if self.meter.file_bytes >= limit {
            let message = format!("the call has used up its bytes of files: {limit}");
            return Ok(Err(self.exhausted("file-bytes", message)));
        }
        let allowed = limit - self.meter.file_bytes;
        let file = self.resources.get_mut(&file)?;
        let before = file.taken();
        let read = file.read(max, allowed).await;
        let taken = file.taken() - before;
        self.meter.file_bytes = self.meter.file_bytes.saturating_add(taken);
        Ok(read.map_err(|error| self.tell_file(&error)))
    }

    async fn drop(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<()> {
        self.resources.delete(file)?;
        self.open_files = self.open_files.saturating_sub(1);
        Ok(())
    }
}

impl CallState {
    fn file_permit(&mut self, artefact: &str) -> Result<FilePermit, HostError> {
        let Some(authority) = self.authority.clone() else {
            return Err(denied_while_describing(artefact));
        };
        policy::decide_file(&authority.speaks_with(), artefact)
            .map_err(|refusal| self.tell_refusal(&refusal))
    }

    async fn open_file(
        &mut self,
        artefact: &str,
        name: &str,
        from: &From,
    ) -> wasmtime::Result<Result<Resource<OpenFile>, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        let Some(authority) = self.authority.clone() else {
            return Ok(Err(denied_while_describing("open")));
        };
        let permit = match self.file_permit(artefact) {
            Ok(permit) => permit,
            Err(error) => return Ok(Err(error)),
        };
        if self.open_files >= limits::OPEN_FILES {
            let message = format!("files that a call has open at once: {}", limits::OPEN_FILES);
            return Ok(Err(self.exhausted("open-files", message)));
        }
        let files = &authority.request.doors.files;
        let opened = match from {
            From::Start => files.open(&permit, name).await,
            From::Last(bytes) => files.open_tail(&permit, name, *bytes).await,
        };
        match opened {
            Ok(file) => {
                let file = self.keep(file)?;
                self.open_files += 1;
                Ok(Ok(file))
            }
            Err(error) => Ok(Err(self.tell_file(&error))),
        }
    }

    /// Tells the guest why there is no file, and keeps the hint for whoever asked.
    fn tell_file(&mut self, error: &FileError) -> HostError {
        let problem = Problem {
            code: error.code().to_owned(),
            message: error.to_string(),
        };
        let told = if error.is_interruption() {
            HostError::Interrupted(problem)
        } else if error.is_exhaustion() {
            HostError::Exhausted(problem)
        } else {
            HostError::Unreachable(problem)
        };
        self.note_told(Failure {
            hint: error.hint(),
            ..shown(&told)
        });
        told
    }
}
