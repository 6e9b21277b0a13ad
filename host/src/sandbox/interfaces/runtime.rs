//! `runtime`: commands as words. `policy` says yes or no; the wire sends what it permitted.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::reply::{OpenReply, Redactor};
use crate::haproxy::{Bounds, ExecuteError, Identity, NotSilent, RuntimeApi, Turn, WireError};
use crate::policy::{self, Access, Command, Permit, Refusal};
use crate::sandbox::bindings::haproxy::module::runtime::{
    BatchError as ToldBatchError, Command as AskedCommand, CommandError, Host, HostInstance,
    HostReply,
};
use crate::sandbox::bindings::haproxy::module::types::{AccessLevel, Denial, HostError, Problem};
use crate::sandbox::error::Failure;
use crate::sandbox::limits;
use crate::sandbox::state::{Authority, CallState};
use crate::visible::visible;

/// Characters of HAProxy's own message that a guest gets with a refusal.
pub(super) const MESSAGE_CHARACTERS: usize = 2_000;

/// The handle of an HAProxy: which one is in the call's state, so that there is nothing to forge.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct InstanceHandle;

impl Host for CallState {
    async fn current(&mut self) -> wasmtime::Result<Resource<InstanceHandle>> {
        self.keep(InstanceHandle)
    }
}

impl HostInstance for CallState {
    async fn name(&mut self, _instance: Resource<InstanceHandle>) -> wasmtime::Result<String> {
        Ok(self
            .authority
            .as_ref()
            .map(|authority| authority.request.doors.runtime.name().as_str().to_owned())
            .unwrap_or_default())
    }

    async fn version(
        &mut self,
        _instance: Resource<InstanceHandle>,
    ) -> wasmtime::Result<Result<String, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        let Some(runtime) = self.runtime() else {
            return Ok(Err(denied_while_describing("version")));
        };
        let identity = self.ask_identity(&runtime).await;
        Ok(identity.map(|identity| identity.version().to_owned()))
    }

    async fn supports(
        &mut self,
        _instance: Resource<InstanceHandle>,
        words: Vec<String>,
    ) -> wasmtime::Result<Result<bool, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        if words.len() > policy::MAX_WORDS
            || words.iter().map(String::len).sum::<usize>() > policy::MAX_LINE_BYTES
        {
            let error = HostError::Malformed(Problem {
                code: "too-long".to_owned(),
                message: format!("no command has more than {} words", policy::MAX_WORDS),
            });
            self.note_told(shown(&error));
            return Ok(Err(error));
        }
        let Some(runtime) = self.runtime() else {
            return Ok(Err(denied_while_describing("supports")));
        };
        let identity = self.ask_identity(&runtime).await;
        Ok(identity.map(|identity| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            identity.lists(&words)
        }))
    }

    async fn execute(
        &mut self,
        _instance: Resource<InstanceHandle>,
        command: AskedCommand,
    ) -> wasmtime::Result<Result<Resource<OpenReply>, CommandError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(CommandError::Host(error)));
        }
        let Some(authority) = self.authority.clone() else {
            return Ok(Err(CommandError::Host(denied_while_describing("execute"))));
        };
        if let Err(error) = self.nothing_open() {
            return Ok(Err(CommandError::Host(error)));
        }
        if let Err(error) = self.count_command() {
            return Ok(Err(CommandError::Host(error)));
        }
        let command = Command {
            words: command.words,
            payload: command.payload,
        };
        match self.send(&authority, &command).await {
            Ok(reply) => {
                let reply = self.keep(reply)?;
                self.open_reply = true;
                Ok(Ok(reply))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn execute_all(
        &mut self,
        _instance: Resource<InstanceHandle>,
        commands: Vec<AskedCommand>,
    ) -> wasmtime::Result<Result<(), ToldBatchError>> {
        let failed = |error| Ok(Err(ToldBatchError { done: 0, error }));
        if let Err(error) = self.count_host_call()? {
            return failed(CommandError::Host(error));
        }
        let Some(authority) = self.authority.clone() else {
            return failed(CommandError::Host(denied_while_describing("execute-all")));
        };
        if let Err(error) = self.nothing_open() {
            return failed(CommandError::Host(error));
        }
        Ok(self.send_all(&authority, commands).await)
    }

    async fn drop(&mut self, instance: Resource<InstanceHandle>) -> wasmtime::Result<()> {
        self.resources.delete(instance)?;
        Ok(())
    }
}

impl HostReply for CallState {
    async fn severity(&mut self, reply: Resource<OpenReply>) -> wasmtime::Result<Option<u8>> {
        Ok(self.resources.get(&reply)?.reply.severity())
    }

    async fn read(
        &mut self,
        reply: Resource<OpenReply>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, HostError>> {
        // Reads are bounded by bytes, not by number: a slow reply comes in many small pieces.
        let max = match self.read_size(max) {
            Ok(max) => max,
            Err(error) => return Ok(Err(error)),
        };
        let read = self.resources.get_mut(&reply)?.read(max).await;
        Ok(match read {
            Ok((bytes, received)) => {
                let received = u64::try_from(received).unwrap_or(u64::MAX);
                self.meter.reply_bytes = self.meter.reply_bytes.saturating_add(received);
                Ok(bytes)
            }
            Err(error) => Err(self.tell(&error)),
        })
    }

    async fn drop(&mut self, reply: Resource<OpenReply>) -> wasmtime::Result<()> {
        self.resources.delete(reply)?;
        self.open_reply = false;
        Ok(())
    }
}

impl CallState {
    fn runtime(&self) -> Option<Arc<RuntimeApi>> {
        self.authority
            .as_ref()
            .map(|authority| Arc::clone(&authority.request.doors.runtime))
    }

    /// Who the instance is: asked once in a call, as one of its commands.
    async fn ask_identity(&mut self, runtime: &RuntimeApi) -> Result<Arc<Identity>, HostError> {
        if let Some(identity) = &self.identity {
            return Ok(Arc::clone(identity));
        }
        self.count_command()?;
        let (bounds, cancel) = (self.bounds(), self.cancel_token());
        let identity = runtime
            .identity(bounds, &cancel)
            .await
            .map_err(|error| self.tell(&error))?;
        self.identity = Some(Arc::clone(&identity));
        Ok(identity)
    }

    /// One reply or page at a time: what each may bring is what the call has left.
    pub(super) fn nothing_open(&mut self) -> Result<(), HostError> {
        let (code, what) = if self.open_reply {
            ("open-replies", "reply")
        } else if self.open_page {
            ("open-pages", "page")
        } else {
            return Ok(());
        };
        let message = format!("a {what} is still open: drop it before the next reply or page");
        Err(self.exhausted(code, message))
    }

    /// How many bytes one `read` hands over, where `max` were asked for.
    pub(super) fn read_size(&mut self, max: u32) -> Result<usize, HostError> {
        if CallState::cancelled(self) {
            return Err(HostError::Cancelled);
        }
        let max = usize::try_from(max)
            .unwrap_or(usize::MAX)
            .min(limits::READ_BYTES);
        if max > 0 {
            return Ok(max);
        }
        let error = HostError::Malformed(Problem {
            code: "max".to_owned(),
            message: "`read` wants at least 1 byte".to_owned(),
        });
        self.note_told(Failure {
            hint: Some("report it to the author of the module".to_owned()),
            ..shown(&error)
        });
        Err(error)
    }

    /// Counts something that is sent to HAProxy.
    pub(super) fn count_command(&mut self) -> Result<(), HostError> {
        self.count_commands(1)
    }

    /// Counts what does as much as so many commands.
    pub(super) fn count_commands(&mut self, commands: usize) -> Result<(), HostError> {
        let limit = self.meter.limits.commands;
        let commands = u32::try_from(commands).unwrap_or(u32::MAX);
        let counted = self.meter.commands.saturating_add(commands);
        if counted > limit {
            let message = format!("the call has used up its commands: {limit}");
            return Err(self.exhausted("commands", message));
        }
        self.meter.commands = counted;
        Ok(())
    }

    /// Asks `policy`, then the wire.
    async fn send(
        &mut self,
        authority: &Authority,
        command: &Command,
    ) -> Result<OpenReply, CommandError> {
        let runtime = &authority.request.doors.runtime;
        let permit = self
            .decide(authority, command)
            .map_err(CommandError::Host)?;
        if self.transactions.needs_turn(&permit) {
            let turn = self.turn(runtime).await.map_err(CommandError::Host)?;
            self.transactions.take_turn(turn);
        }
        let (bounds, cancel) = (self.bounds(), self.cancel_token());
        let reveals = permit.reveals();
        let acts = &authority.request.acts;
        let pending = match self.transactions.sending(&permit) {
            Ok(pending) => pending,
            Err(settled) => {
                let error = HostError::Other(Problem {
                    code: "settled-meanwhile".to_owned(),
                    message: settled.to_string(),
                });
                self.note_told(Failure {
                    hint: Some("look at what there is now, then ask again".to_owned()),
                    ..shown(&error)
                });
                return Err(CommandError::Host(error));
            }
        };
        let act = acts.sent(&permit);
        match runtime.execute(permit, bounds, &cancel).await {
            Ok(reply) => {
                acts.done(act);
                self.transactions.done(pending, reply.peek());
                Ok(OpenReply::new(reply, reveals))
            }
            Err(error) => {
                if !matches!(error, ExecuteError::Wire(_)) {
                    self.transactions.refused(pending);
                }
                Err(self.tell_execution(match error {
                    ExecuteError::Rejected { code, message } => ExecuteError::Rejected {
                        code,
                        message: Redactor::whole(reveals, message),
                    },
                    error => error,
                }))
            }
        }
    }

    /// Asks `policy`, in the name of this call.
    fn decide(&mut self, authority: &Authority, command: &Command) -> Result<Permit, HostError> {
        policy::decide(
            &authority.speaks_with(),
            authority.request.doors.runtime.name(),
            command,
        )
        .map_err(|refusal| self.tell_refusal(&refusal))
    }

    /// Waits for the calls that have a transaction.
    async fn turn(&mut self, runtime: &RuntimeApi) -> Result<Turn, HostError> {
        let cancel = self.cancel_token();
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(HostError::Cancelled),
            turn = runtime.turns().take() => Ok(turn),
            () = tokio::time::sleep_until(self.deadline) => {
                let message = "another call has a transaction with HAProxy, and did not end in time".to_owned();
                let error = self.exhausted("transactions", message);
                self.note_told(Failure {
                    hint: Some("nothing was sent: ask again when the other call has ended".to_owned()),
                    ..shown(&error)
                });
                Err(error)
            }
        }
    }

    /// All of them, or those before the first that fails.
    async fn send_all(
        &mut self,
        authority: &Authority,
        commands: Vec<AskedCommand>,
    ) -> Result<(), ToldBatchError> {
        let nothing_done = |error| ToldBatchError { done: 0, error };
        let mut permits = Vec::with_capacity(commands.len());
        for AskedCommand { words, payload } in commands {
            let permit = self
                .decide(authority, &Command { words, payload })
                .map_err(|error| nothing_done(CommandError::Host(error)))?;
            permits.push(permit);
        }
        let runtime = &authority.request.doors.runtime;
        let batches = runtime
            .batches(permits)
            .map_err(|error| nothing_done(CommandError::Host(self.tell_not_silent(error))))?;
        let acts = &authority.request.acts;
        let mut done = 0;
        for batch in batches {
            let failed = |before: u32, error| ToldBatchError {
                done: before,
                error,
            };
            self.count_command()
                .map_err(|error| failed(done, CommandError::Host(error)))?;
            let sent: Vec<Option<usize>> = batch
                .permits()
                .iter()
                .map(|permit| acts.sent(permit))
                .collect();
            let (bounds, cancel) = (self.bounds(), self.cancel_token());
            let count = batch.len();
            let outcome = runtime.execute_batch(batch, bounds, &cancel).await;
            let done_of_it = outcome.as_ref().map_or_else(|error| error.done, |()| count);
            for act in sent.into_iter().take(done_of_it) {
                acts.done(act);
            }
            if let Err(error) = outcome {
                let before = u32::try_from(error.done).unwrap_or(u32::MAX);
                return Err(failed(
                    done.saturating_add(before),
                    self.tell_execution(error.error),
                ));
            }
            done = done.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    fn tell_not_silent(&mut self, error: NotSilent) -> HostError {
        let error = HostError::Malformed(Problem {
            code: "not-silent".to_owned(),
            message: error.to_string(),
        });
        self.note_told(Failure {
            hint: Some("report it to the author of the module".to_owned()),
            ..shown(&error)
        });
        error
    }

    /// Why HAProxy, or the way to it, has no answer.
    fn tell_execution(&mut self, error: ExecuteError) -> CommandError {
        match error {
            ExecuteError::Wire(error) => CommandError::Host(self.tell(&error)),
            ExecuteError::Rejected { code, message } => CommandError::Rejected(Problem {
                code: code.to_owned(),
                message: visible(&message, MESSAGE_CHARACTERS).into_owned(),
            }),
            ExecuteError::UnknownCommand { message } => CommandError::UnknownCommand(Problem {
                code: "unknown-command".to_owned(),
                message: visible(&message, MESSAGE_CHARACTERS).into_owned(),
            }),
            error @ ExecuteError::WrongInstance { .. } => CommandError::Other(Problem {
                code: "wrong-instance".to_owned(),
                message: error.to_string(),
            }),
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            max_bytes: self
                .meter
                .limits
                .reply_bytes
                .saturating_sub(self.meter.reply_bytes),
            deadline: self.deadline,
        }
    }

    /// Tells the guest of a failure of the wire, and keeps the hint for whoever asked.
    fn tell(&mut self, error: &WireError) -> HostError {
        let problem = Problem {
            code: error.code().to_owned(),
            message: error.to_string(),
        };
        let told = match error {
            WireError::Cancelled => HostError::Cancelled,
            WireError::TooLarge { .. } | WireError::Busy { .. } => HostError::Exhausted(problem),
            error if error.is_timeout() => HostError::Timeout(problem),
            error if error.is_interruption() => HostError::Interrupted(problem),
            _ => HostError::Unreachable(problem),
        };
        self.note_told(Failure {
            hint: error.hint(),
            ..shown(&told)
        });
        told
    }

    /// Tells the guest of a refusal, and the operator's log with it.
    pub(super) fn tell_refusal(&mut self, refusal: &Refusal) -> HostError {
        if self.meter.may_log() {
            let (module, code) = (&*self.module, refusal.code());
            tracing::warn!(module, code, "refused: {refusal}");
        }
        if let Some(authority) = &self.authority {
            authority.request.acts.refused(refusal);
        }
        let told = match refusal {
            Refusal::Malformed(malformed) => HostError::Malformed(Problem {
                code: refusal.code().to_owned(),
                message: malformed.to_string(),
            }),
            Refusal::Denied(denial) => HostError::Denied(Denial {
                asked: denial.asked.clone(),
                needs: denial.needs.map(level),
                hint: denial.hint(),
            }),
        };
        let mut failure = shown(&told);
        failure.message = refusal.to_string();
        failure.hint = Some(refusal.hint());
        failure.details = Some(reason(refusal.code()));
        self.note_told(failure);
        told
    }
}

fn level(access: Access) -> AccessLevel {
    match access {
        Access::Read => AccessLevel::Read,
        Access::Operate => AccessLevel::Operate,
        Access::Admin => AccessLevel::Admin,
    }
}

/// What a function that reaches outside says while a module is being described.
pub(super) fn denied_while_describing(asked: &str) -> HostError {
    HostError::Denied(Denial {
        asked: asked.to_owned(),
        needs: Some(AccessLevel::Read),
        hint: "nothing is granted while a module is being described".to_owned(),
    })
}

/// A failure of the host, as clients see it when a tool passes it on.
pub(in crate::sandbox) fn shown(error: &HostError) -> Failure {
    let (code, problem, hint) = match error {
        HostError::Denied(denial) => {
            return Failure {
                code: "denied".to_owned(),
                message: format!("not allowed: `{}`", visible(&denial.asked, 200)),
                hint: Some(visible(&denial.hint, 500).into_owned()),
                details: None,
            };
        }
        HostError::Cancelled => {
            return Failure {
                code: "cancelled".to_owned(),
                message: "the call was cancelled".to_owned(),
                hint: None,
                details: None,
            };
        }
        HostError::Unreachable(problem) => ("unreachable", problem, None),
        HostError::Timeout(problem) => ("timeout", problem, None),
        HostError::Interrupted(problem) => ("interrupted", problem, None),
        HostError::Exhausted(problem) => (
            "exhausted",
            problem,
            Some("ask for less at once: a filter, fewer objects, or a smaller `limit`"),
        ),
        HostError::Malformed(problem) => (
            "malformed",
            problem,
            Some("names may not be empty or hold control characters"),
        ),
        HostError::Other(problem) => ("host-failed", problem, None),
    };
    Failure {
        code: code.to_owned(),
        message: visible(&problem.message, MESSAGE_CHARACTERS).into_owned(),
        hint: hint.map(str::to_owned),
        details: Some(reason(&problem.code)),
    }
}

/// The `details` that name the exact cause.
fn reason(code: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([("reason".to_owned(), visible(code, 80).into())])
}
