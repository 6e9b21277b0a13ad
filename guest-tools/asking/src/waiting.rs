//! Waiting for something in HAProxy, with a look at it now and then.

use std::time::Duration;

use haproxy_mcp_sdk::{Call, Failure, Instance};

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(50);
/// A pause is this part of what was waited already: an hour takes some 250 looks, each of which may take three of the
/// 1,000 commands of a call.
const PART: u32 = 30;
/// How long HAProxy itself waits in one command: it says nothing meanwhile, and time-outs can be short.
const IN_HAPROXY: Duration = Duration::from_millis(250);

/// One wait.
pub struct Waiting<'a> {
    call: &'a Call<'a>,
    began: Duration,
    at_most: Duration,
}

impl<'a> Waiting<'a> {
    /// Begins now.
    pub fn new(call: &'a Call<'a>, at_most: Duration) -> Self {
        Self {
            call,
            began: call.monotonic(),
            at_most,
        }
    }

    /// Time since it began.
    pub fn waited(&self) -> Duration {
        self.call.monotonic().saturating_sub(self.began)
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.waited() >= self.at_most
    }

    /// Tells what is waited for, and waits for the next look.
    pub fn pause(&self, message: &str) -> Result<(), Failure> {
        let pause = self.tell(message);
        self.call.sleep(pause)
    }

    /// The same, where HAProxy can tell that it is so (`wait … srv-removable be/s1`): it wakes up at once, if that is in the
    /// first part of the pause.
    pub fn pause_until(
        &self,
        instance: &Instance,
        condition: &[&str],
        message: &str,
    ) -> Result<(), Failure> {
        let pause = self.tell(message);
        let first = pause.min(IN_HAPROXY);
        let time = format!("{}ms", first.as_millis());
        match instance.ask(&[&["wait", &time], condition].concat()) {
            Ok(_) => Ok(()),
            Err(failure) => match failure.rejection() {
                Some("wait-expired") => self.call.sleep(pause.saturating_sub(first)),
                // HAProxy did not wait: it cannot be so, or not any more. Whoever looks next finds out why.
                Some("condition-failed") => self.call.sleep(pause),
                _ => Err(failure),
            },
        }
    }

    /// Tells what is waited for, and gives how long the next pause is: not beyond the end.
    fn tell(&self, message: &str) -> Duration {
        let waited = self.waited();
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        self.call
            .progress(seconds(waited), seconds(self.at_most), message);
        (waited / PART)
            .max(SHORTEST)
            .min(self.at_most.saturating_sub(waited))
            .max(Duration::from_millis(1))
    }
}
