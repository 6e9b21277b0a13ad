//! The search, from the end of the file backwards.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use haproxy_mcp_sdk::bindings::haproxy::module::types::HostError;
use haproxy_mcp_sdk::{Call, Failure};
use haproxy_replies::log_lines::{Kind, Line, LogReader, Moment, RawLine};

use super::wanted::Wanted;
use super::when::Clock;

/// How much of the end of the file is looked at: more each time, until enough was found. All of it together stays below
/// what a call may read of files, 64 MiB.
const STEPS: [u64; 4] = [256 << 10, 2 << 20, 12 << 20, 44 << 20];

/// How long all of it should take, and may take at most: a call may compute for 2 s.
const LONGEST: Duration = Duration::from_millis(1_400);
const HIGHEST: Duration = Duration::from_millis(1_800);

/// Bytes of a line that are kept.
const LINE: usize = 16 * 1024;

/// Names of backends that are counted apart.
const BACKENDS: usize = 1_000;

/// A line that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    /// Bytes that it has in the log.
    pub(super) length: u64,
}

/// What was found in a part of the file.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) wanted: &'a Wanted<'a>,
    clock: &'a Clock,
    limit: usize,
    /// The last ones that matched, oldest first.
    pub(super) found: VecDeque<Found>,
    pub(super) matched: u64,
    pub(super) counts: Counts,
    pub(super) lines: u64,
    pub(super) other_format: u64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
    /// Whether the first line with a time is from before what is wanted.
    pub(super) goes_further: bool,
    /// Of the last line that had a time.
    moment: Option<Moment>,
    /// Backends that were seen, whatever was wanted.
    pub(super) backends: BTreeMap<Vec<u8>, u64>,
    /// Bytes that were looked at, and the size of the file.
    pub(super) bytes: u64,
    pub(super) size: u64,
    /// Why it was not read to its end.
    pub(super) broken_off: Option<String>,
    /// Whether it is another file now, or was cut off.
    pub(super) rotated: bool,
    /// Whether it took so long that it was not read to its end.
    given_up: bool,
    took: Duration,
}

/// Lines that matched, by what they are.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) kinds: BTreeMap<&'static str, u64>,
    pub(super) status: BTreeMap<String, u64>,
    pub(super) backends: BTreeMap<Vec<u8>, u64>,
}

/// Looks back as far as it takes.
pub(super) fn look_back<'a>(
    call: &Call<'_>,
    name: &str,
    wanted: &'a Wanted<'a>,
    clock: &'a Clock,
    limit: usize,
) -> Result<Search<'a>, Failure> {
    let time = Time {
        call,
        began: call.monotonic(),
    };
    let mut last: Option<Search<'a>> = None;
    for step in STEPS {
        let bytes = match &last {
            None => step,
            Some(last) => match time.enough_for(last, step) {
                Some(bytes) => bytes,
                None => break,
            },
        };
        let mut search = Search::new(wanted, clock, limit);
        search.read(&time, name, bytes, last.is_some())?;
        if search.given_up {
            break;
        }
        // Where a beginning is asked for, all from there on is counted.
        let enough = if clock.has_since() {
            search.goes_further
        } else {
            search.matched >= limit as u64
        };
        let ends = enough || search.is_whole() || search.broken_off.is_some();
        last = Some(search);
        if ends {
            break;
        }
    }
    let mut search = last.unwrap_or_else(|| Search::new(wanted, clock, limit));
    // A file that was replaced meanwhile goes on elsewhere.
    search.rotated = match call.files("log").open_tail(name, 0) {
        Ok(file) => file.size() < search.size,
        Err(failure) => failure.is_unreachable(),
    };
    Ok(search)
}

/// How long the search takes.
struct Time<'a> {
    call: &'a Call<'a>,
    began: Duration,
}

impl Time<'_> {
    fn spent(&self) -> Duration {
        self.call.monotonic().saturating_sub(self.began)
    }

    /// How much of the end of the file can be looked at in the time that is left, up to so many bytes; none where that
    /// is not much more than what was looked at already.
    fn enough_for(&self, last: &Search<'_>, most: u64) -> Option<u64> {
        let left = LONGEST.checked_sub(self.spent())?;
        let bytes = u128::from(last.bytes) * left.as_micros() / last.took.as_micros().max(1);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).min(most);
        (bytes >= last.bytes.saturating_mul(3) / 2).then_some(bytes)
    }
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted<'a>, clock: &'a Clock, limit: usize) -> Self {
        Self {
            wanted,
            clock,
            limit,
            found: VecDeque::new(),
            matched: 0,
            counts: Counts::default(),
            lines: 0,
            other_format: 0,
            first: None,
            last: None,
            goes_further: false,
            moment: None,
            backends: BTreeMap::new(),
            bytes: 0,
            size: 0,
            broken_off: None,
            rotated: false,
            given_up: false,
            took: Duration::ZERO,
        }
    }

    /// Whether all of the file was looked at.
    pub(super) const fn is_whole(&self) -> bool {
        self.bytes >= self.size
    }

    /// Reads the last bytes of the file; `may_give_up` where there is something to fall back to.
    fn read(
        &mut self,
        time: &Time<'_>,
        name: &str,
        bytes: u64,
        may_give_up: bool,
    ) -> Result<(), Failure> {
        let before = time.spent();
        let file = time.call.files("log").open_tail(name, bytes)?;
        self.size = file.size();
        self.bytes = bytes.min(self.size);
        let mut reader = LogReader::default();
        let mut had = 0_u64;
        let read = file.for_each(|chunk| {
            if may_give_up && time.spent() > HIGHEST {
                self.given_up = true;
                return Err(Failure::other("it takes too long"));
            }
            had = had.saturating_add(chunk.len() as u64);
            reader.push(chunk, |line| self.line(line));
            Ok(())
        });
        reader.finish(|line| self.line(line));
        if read.is_err() {
            // as far as replaced secrets let it be known
            self.bytes = self.bytes.min(had);
        }
        self.took = time.spent().saturating_sub(before);
        match read {
            Ok(()) => Ok(()),
            Err(_) if self.given_up => Ok(()),
            // What was read is there, and no more is claimed of it.
            Err(Failure::Host(HostError::Interrupted(problem) | HostError::Exhausted(problem))) => {
                self.broken_off = Some(problem.message);
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    fn line(&mut self, raw: RawLine<'_>) {
        if raw.bytes.is_empty() {
            return;
        }
        self.lines += 1;
        let line = Line::read(raw.bytes);
        if line.kind == Kind::Other {
            self.other_format += 1;
        }
        if let Some(stamp) = line.logged.or(line.accepted) {
            let moment = self.clock.moment(&line);
            let written = || String::from_utf8_lossy(stamp.written).into_owned();
            if self.first.is_none() {
                self.first = Some(written());
                self.goes_further = self.clock.is_before(moment);
            }
            match &mut self.last {
                Some(last) if last.as_bytes() == stamp.written => {}
                last => *last = Some(written()),
            }
            self.moment = moment;
        }
        if let Some(backend) = line.backend.filter(|_| self.wanted.backend.is_some()) {
            count(&mut self.backends, backend);
        }
        // A line without a time belongs to the one before it.
        let wanted = self.clock.wants(self.moment)
            && self.wanted.takes_text(raw.bytes)
            && self.wanted.takes(&line);
        if wanted {
            self.keep(raw, &line);
        }
    }

    fn keep(&mut self, raw: RawLine<'_>, line: &Line<'_>) {
        self.matched += 1;
        self.counts.add(line);
        if self.found.len() >= self.limit {
            self.found.pop_front();
        }
        self.found.push_back(Found {
            bytes: raw.bytes.get(..LINE).unwrap_or(raw.bytes).to_vec(),
            length: raw.length,
        });
    }
}

impl Counts {
    fn add(&mut self, line: &Line<'_>) {
        *self.kinds.entry(line.kind.as_str()).or_default() += 1;
        if let Some(status) = line.status {
            let class = match status {
                100..=599 => format!("{}xx", status / 100),
                -1 => "none".to_owned(),
                _ => "other".to_owned(),
            };
            *self.status.entry(class).or_default() += 1;
        }
        if let Some(backend) = line.backend {
            count(&mut self.backends, backend);
        }
    }
}

/// Counts a name; those above the limit are not told apart.
fn count(counts: &mut BTreeMap<Vec<u8>, u64>, name: &[u8]) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else if counts.len() < BACKENDS {
        counts.insert(name.to_vec(), 1);
    }
}
