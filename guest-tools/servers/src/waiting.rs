//! Waiting for something in HAProxy, with a look at it now and then.

use std::time::Duration;

use haproxy_mcp_sdk::{Call, Failure};

/// The first pause; each later one is longer, up to a second.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);
/// Looks at HAProxy in one wait, about: a call may send 1,000 commands, of which each look may need two.
const LOOKS: u32 = 300;

/// One wait.
pub(crate) struct Waiting<'a> {
    call: &'a Call<'a>,
    began: Duration,
    at_most: Duration,
    pause: Duration,
}

impl<'a> Waiting<'a> {
    /// Begins now.
    pub(crate) fn new(call: &'a Call<'a>, at_most: Duration) -> Self {
        Self {
            call,
            began: call.monotonic(),
            at_most,
            pause: FIRST,
        }
    }

    /// Time since it began.
    pub(crate) fn waited(&self) -> Duration {
        self.call.monotonic().saturating_sub(self.began)
    }

    /// Whether the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.waited() >= self.at_most
    }

    /// Tells what is waited for, and gives how long the next pause is: not beyond the end.
    pub(crate) fn next(&mut self, message: &str) -> Duration {
        let waited = self.waited();
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        self.call
            .progress(seconds(waited), seconds(self.at_most), message);
        let pause = self.pause.min(self.at_most.saturating_sub(waited));
        self.pause = (self.pause * 2).min(LONGEST.max(self.at_most / LOOKS));
        pause.max(Duration::from_millis(1))
    }

    /// Waits for the next look.
    pub(crate) fn pause(&mut self, message: &str) -> Result<(), Failure> {
        let pause = self.next(message);
        self.call.sleep(pause)
    }
}
