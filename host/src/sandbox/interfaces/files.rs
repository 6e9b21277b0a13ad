//! `files`: what the operator let modules read, by name.

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use wasmtime::component::Resource;

use super::runtime::{denied_while_describing, shown};
use crate::files::{FileError, OpenFile};
use crate::policy::{self, FilePermit};
use crate::sandbox::bindings::haproxy::module::files::{Host, HostFile};
use crate::sandbox::bindings::haproxy::module::types::{HostError, Problem};
use crate::sandbox::error::Failure;
use crate::sandbox::limits;
use crate::sandbox::state::CallState;
use crate::visible::visible;

/// Characters of a name that a message repeats.
const SHOWN_CHARACTERS: usize = 300;

/// Where reading begins.
enum From {
    Start,
    /// The first line that starts in the last so many bytes.
    Last(u64),
}

/// A wait that ends with the call, and when its caller gives up. The thread that waits for the disk is left behind.
struct Wait {
    begun: Instant,
    deadline: Instant,
    cancel: CancellationToken,
}

/// Why there is nothing to give on.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Cancelled,
    File(FileError),
}

impl Wait {
    /// Waits for work on what is called `name`.
    async fn held<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, FileError>>,
    ) -> Result<T, Stop> {
        let held = timeout_at(self.deadline, work);
        match self.cancel.run_until_cancelled(held).await {
            None => Err(Stop::Cancelled),
            Some(Ok(done)) => done.map_err(Stop::File),
            Some(Err(_)) => Err(Stop::File(FileError::OutOfTime {
                path: visible(name, SHOWN_CHARACTERS).into_owned(),
                after: self.begun.elapsed(),
            })),
        }
    }
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
        let wait = self.wait();
        let names = authority.request.doors.files.names(&permit);
        let names = wait.held(&artefact, names).await;
        Ok(names.map_err(|stop| self.tell_stop(stop)))
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
        let wait = self.wait();
        let file = self.resources.get_mut(&file)?;
        let before = file.taken();
        let name = file.name().to_owned();
        let read = wait.held(&name, file.read(max, allowed)).await;
        let taken = file.taken() - before;
        self.meter.file_bytes = self.meter.file_bytes.saturating_add(taken);
        Ok(read.map_err(|stop| self.tell_stop(stop)))
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
        let (files, wait) = (&authority.request.doors.files, self.wait());
        let opening = async {
            match from {
                From::Start => files.open(&permit, name).await,
                From::Last(bytes) => files.open_tail(&permit, name, *bytes).await,
            }
        };
        let opened = wait.held(name, opening).await;
        match opened {
            Ok(file) => {
                let file = self.keep(file)?;
                self.open_files += 1;
                Ok(Ok(file))
            }
            Err(stop) => Ok(Err(self.tell_stop(stop))),
        }
    }

    /// For a disk, which may be slow, or away.
    fn wait(&self) -> Wait {
        Wait {
            begun: Instant::now(),
            deadline: self.deadline,
            cancel: self.cancel_token(),
        }
    }

    fn tell_stop(&mut self, stop: Stop) -> HostError {
        match stop {
            Stop::Cancelled => HostError::Cancelled,
            Stop::File(error) => self.tell_file(&error),
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
        } else if error.is_timeout() {
            HostError::Timeout(problem)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn wait() -> Wait {
        let begun = Instant::now();
        Wait {
            begun,
            deadline: begun + Duration::from_secs(3),
            cancel: CancellationToken::new(),
        }
    }

    /// As on a share of a network that is away.
    async fn dead() -> Result<(), FileError> {
        std::future::pending().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_does_not_answer_is_given_up_with_the_call() {
        let wait = wait();
        let Err(Stop::File(error)) = wait.held("haproxy.log", dead()).await else {
            panic!("it was not given up");
        };
        assert_eq!(error.code(), "total-timeout");
        assert_eq!(wait.begun.elapsed(), Duration::from_secs(3));
        let message = "looking at `haproxy.log` was not done within 3 s";
        assert_eq!(error.to_string(), message);
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_does_not_answer_is_given_up_with_its_caller() {
        let wait = wait();
        let (stop, ()) = tokio::join!(wait.held("haproxy.log", dead()), async {
            wait.cancel.cancel();
        });
        assert_eq!(stop, Err(Stop::Cancelled));
        assert_eq!(wait.begun.elapsed(), Duration::ZERO);
    }
}
