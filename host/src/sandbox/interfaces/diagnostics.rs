//! `diagnostics`: what the host sees of the configured doors.

use super::runtime::{denied_while_describing, shown};
use crate::diagnosis;
use crate::doors::DoorName;
use crate::policy;
use crate::sandbox::bindings::haproxy::module::diagnostics::Host;
use crate::sandbox::bindings::haproxy::module::types::{HostError, Problem};
use crate::sandbox::state::CallState;
use crate::visible::visible;

/// Characters of the name of a door that a message repeats.
const SHOWN_CHARACTERS: usize = 80;

impl Host for CallState {
    async fn doors(&mut self) -> wasmtime::Result<Vec<String>> {
        let Some(authority) = self.authority.as_ref() else {
            return Ok(Vec::new());
        };
        // Which there are says nothing of where they lead.
        let names = authority.request.doors.configured();
        Ok(names.map(|door| door.as_str().to_owned()).collect())
    }

    async fn look(&mut self, door: String) -> wasmtime::Result<Result<String, HostError>> {
        if let Err(error) = self.count_host_call()? {
            return Ok(Err(error));
        }
        let Some(authority) = self.authority.clone() else {
            return Ok(Err(denied_while_describing("look")));
        };
        if let Err(error) = self.count_command() {
            return Ok(Err(error));
        }
        let permit = match policy::decide_look(&authority.speaks_with()) {
            Ok(permit) => permit,
            Err(refusal) => return Ok(Err(self.tell_refusal(&refusal))),
        };
        let doors = &authority.request.doors;
        let named = DoorName::named(&door).filter(|door| doors.has(*door));
        let Some(named) = named else {
            let error = HostError::Malformed(Problem {
                code: "unknown-door".to_owned(),
                message: format!(
                    "no such door is configured: `{}`",
                    visible(&door, SHOWN_CHARACTERS)
                ),
            });
            self.note_told(shown(&error));
            return Ok(Err(error));
        };
        let (bounds, cancel) = (self.bounds(), self.cancel_token());
        let facts = diagnosis::look(doors, named, permit, bounds, &cancel).await;
        if cancel.is_cancelled() {
            return Ok(Err(HostError::Cancelled));
        }
        Ok(Ok(facts.to_string()))
    }
}
