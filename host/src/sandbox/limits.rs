//! What a guest may use up. Every limit is on by default; each has a guest in `tests/guests` that tries to cross it.

use std::time::Duration;

/// Linear memory of one call, in bytes, over all memories of the component, and what the host keeps in outcomes for
/// it. Stops a guest that allocates without end.
/// The parsers of this project need less than 2 MiB; interpreters of other languages some 30 MiB.
pub const MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// Linear memories of one component. Places for memories are shared by all calls: stops a component that takes those
/// of others.
pub const MEMORIES: u32 = 2;

/// Time that a guest may compute in one call. Stops a guest that spins; waiting for HAProxy does not count.
pub const CPU: Duration = Duration::from_secs(2);

/// Time from the start of a call to its end, waiting included.
pub const WALL_CLOCK: Duration = Duration::from_mins(1);

/// The same for a built-in tool that waits for something in HAProxy, such as the last session of a server, and says
/// in its description how long.
pub const LONGEST_WALL_CLOCK: Duration = Duration::from_hours(1);

/// Time that a guest has to return after its caller gave up, before it is ended.
pub const CANCEL_GRACE: Duration = Duration::from_millis(250);

/// Calls of host functions that can wait, or that make the host keep something. Stops a flood of commands.
pub const HOST_CALLS: u32 = 10_000;

/// Host calls that answer `exhausted` after [`HOST_CALLS`], before a guest that does not stop asking is ended.
pub const HOST_CALLS_GRACE: u32 = 100;

/// Commands sent to HAProxy, pages asked for and looks at doors, in one call. An action of the statistics page counts
/// once for each of its servers.
pub const COMMANDS: u32 = 1_000;

/// Bytes of HAProxy's replies and pages that a module reads in one call; of what it drops unread, at most
/// [`READ_BYTES`] each had come. The statistics of 100,000 servers are about 33 MB.
pub const REPLY_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes that modules read of files in one call. Stops a search through a log without end.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Files that a call has open at once.
pub const OPEN_FILES: u32 = 16;

/// Bytes that one `read` of a reply, a page or a file hands over at most.
pub const READ_BYTES: usize = 256 * 1024;

/// Bytes of the structured part of a result, as the module gave it and as a client gets it.
pub const RESULT_BYTES: usize = 1024 * 1024;

/// Characters of the text part of a result; the rest is cut.
pub const TEXT_CHARACTERS: usize = 4_000;

/// Bytes of strings and lists that a guest may hand to one host function. Stops a guest from making the host copy
/// its whole memory.
pub const HOST_CALL_BYTES: usize = 4 * 1024 * 1024;

/// Log lines of one call; the rest is counted and dropped.
pub const LOG_LINES: u32 = 100;

/// Characters of one log line.
pub const LOG_LINE_CHARACTERS: usize = 1_000;

/// Bytes that a guest may print to the standard streams of its WASI; they go to the log, the rest is dropped.
pub const PRINTED_BYTES: usize = 16 * 1024;

/// Bytes that a guest may ask of its WASI's random numbers at once. The host makes them, on the thread that all calls
/// share.
pub const RANDOM_BYTES: u64 = 64 * 1024;

/// Progress reports that reach the caller: at most one in this time.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Resources (replies, pages, files, outcomes, instances) that a guest may hold at once.
pub const HANDLES: usize = 1_000;

/// Calls that run at once; further ones wait for a place, which counts against their wall clock.
pub const CONCURRENT_CALLS: u32 = 16;

/// Of these, calls of modules from files. The other places are for built-in tools, however long such a module waits.
pub const CONCURRENT_FOREIGN_CALLS: u32 = 8;

/// Bytes of the arguments of a call. Stops a request from making the host check megabytes.
pub const ARGUMENT_BYTES: usize = 64 * 1024;

/// The same for a built-in tool that takes the content of a map or a certificate as one text: 100,000 entries of 40
/// bytes.
pub const LARGEST_ARGUMENT_BYTES: usize = 4 * 1024 * 1024;

/// Time that checking arguments or a result against a schema of a module from a file may take. It is done on a thread
/// of its own, since a schema can be made so that checking is slow.
pub const CHECK: Duration = Duration::from_secs(2);

/// Such checks that are under way at once, those included that nobody waits for any more.
pub const CONCURRENT_CHECKS: u32 = 2;

/// Core instances of one component. Components of interpreted languages have more than thirty.
pub const CORE_INSTANCES: u32 = 100;

/// Tables of one component; their places are shared by all calls, as those of memories are. Components of interpreted
/// languages have a handful.
pub const TABLES: u32 = 10;

/// Entries of one table of a component.
pub const TABLE_ELEMENTS: usize = 50_000;

/// Bytes of a module file.
pub const MODULE_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// Time that `describe`, with the instantiation before it, may compute when a module is loaded.
pub const DESCRIBE_CPU: Duration = Duration::from_secs(1);

/// Time that `describe` may take, waiting included.
pub const DESCRIBE_WALL_CLOCK: Duration = Duration::from_secs(5);

/// How often the clock of CPU limits ticks: the precision of [`CPU`], and the longest that a spinning guest keeps
/// other calls waiting before it yields.
pub const TICK: Duration = Duration::from_millis(10);

/// What one call may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`MEMORY_BYTES`].
    pub memory_bytes: usize,
    /// See [`CPU`].
    pub cpu: Duration,
    /// See [`WALL_CLOCK`].
    pub wall_clock: Duration,
    /// See [`HOST_CALLS`].
    pub host_calls: u32,
    /// See [`COMMANDS`].
    pub commands: u32,
    /// See [`REPLY_BYTES`].
    pub reply_bytes: u64,
    /// See [`FILE_BYTES`].
    pub file_bytes: u64,
    /// See [`RESULT_BYTES`].
    pub result_bytes: usize,
}

impl Limits {
    /// The limits of a call.
    pub const CALL: Self = Self {
        memory_bytes: MEMORY_BYTES,
        cpu: CPU,
        wall_clock: WALL_CLOCK,
        host_calls: HOST_CALLS,
        commands: COMMANDS,
        reply_bytes: REPLY_BYTES,
        file_bytes: FILE_BYTES,
        result_bytes: RESULT_BYTES,
    };

    /// The limits of `describe`, which has nothing to ask anybody.
    pub const DESCRIBE: Self = Self {
        cpu: DESCRIBE_CPU,
        wall_clock: DESCRIBE_WALL_CLOCK,
        host_calls: 100,
        commands: 0,
        reply_bytes: 0,
        file_bytes: 0,
        ..Self::CALL
    };
}
