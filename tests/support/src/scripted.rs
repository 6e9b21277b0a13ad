//! A socket that does what a test tells it, step by step: every way in which a reply can end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tempfile::TempDir;

use crate::wait::DEADLINE;

/// One thing that the socket does on a connection. After the last one it closes.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads this many bytes and panics when they are not these.
    Expect(Vec<u8>),
    /// Reads up to and with the next newline.
    ReadLine,
    /// Reads up to and with the empty line that ends the head of an HTTP request.
    ReadHead,
    /// Sends these bytes in one write.
    Send(Vec<u8>),
    /// Sends these bytes, each in a write of its own.
    SendBytewise(Vec<u8>),
    /// Sends `piece` over and over, `total` bytes in all; stops without complaint when the client goes away.
    Flood {
        /// What is repeated.
        piece: Vec<u8>,
        /// How many bytes go out in all.
        total: u64,
    },
    /// Goes on when the test opens the gate.
    Wait(Gate),
    /// Opens a gate for the test: what was before this step has been done.
    Reached(Gate),
    /// Ends the connection as a process does that is done: the client reads its end.
    Close,
    /// Says no more, but goes on reading: on both kinds of socket the client reads its end.
    CloseWrite,
    /// Breaks the connection off: the client reads `ECONNRESET`. On a Unix socket that takes bytes which the
    /// server has not read, so it waits for one: have this step come before all of the command is read.
    Reset,
    /// Says no more and closes when the client does; nothing is left to do after it. What the client still sent
    /// is recorded.
    Hang,
}

impl Step {
    /// [`Step::Send`] of text.
    pub fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }

    /// [`Step::Expect`] of text.
    pub fn expect(bytes: impl AsRef<[u8]>) -> Self {
        Self::Expect(bytes.as_ref().to_vec())
    }
}

/// A gate between a test and a script: once open it stays open.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets through who waits, now and later.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap()
    }

    /// Blocks until it is open; panics after [`DEADLINE`]. In an async test call it through `spawn_blocking`,
    /// which also keeps a paused tokio clock from moving on meanwhile.
    pub fn pass(&self) {
        assert!(self.wait(DEADLINE), "a gate stayed closed for {DEADLINE:?}");
    }

    fn wait(&self, at_most: Duration) -> bool {
        let open = self.0.0.lock().unwrap();
        let (open, _) = self
            .0
            .1
            .wait_timeout_while(open, at_most, |open| !*open)
            .unwrap();
        *open
    }
}

/// What a script has seen on one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Every byte the client sent, as far as it was read.
    pub received: Vec<u8>,
    /// Whether the client's end was read: it closed, or said that it will send no more.
    pub end: bool,
    /// What went wrong in a step, such as bytes that were not expected.
    pub failure: Option<String>,
}

/// A listening socket that follows a script. One without an address of its own would be a mock: this one is
/// connected to like HAProxy's.
#[derive(Debug)]
pub struct ScriptedSocket {
    place: Place,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Place {
    Unix {
        path: PathBuf,
        _folder: Option<TempDir>,
    },
    Tcp(SocketAddr),
}

#[derive(Debug)]
struct Shared {
    scripts: Scripts,
    seen: Mutex<Vec<Seen>>,
    open: AtomicUsize,
    most: AtomicUsize,
    stop: AtomicBool,
}

#[derive(Debug)]
struct Scripts {
    first: Mutex<std::collections::VecDeque<Vec<Step>>>,
    rest: Vec<Step>,
}

impl ScriptedSocket {
    /// On a Unix socket, every connection following `steps`.
    pub fn unix(steps: Vec<Step>) -> Self {
        Self::unix_each(Vec::new(), steps)
    }

    /// On a Unix socket; the first connections follow `first`, one each, all later ones `rest`.
    pub fn unix_each(first: Vec<Vec<Step>>, rest: Vec<Step>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("script-")
            .tempdir()
            .expect("make a folder for a socket");
        let path = folder.path().join("sock");
        Self::unix_in(Some(folder), path, first, rest)
    }

    /// On a Unix socket at `path`, every connection following `steps`; a file that lies there is replaced.
    pub fn unix_at(path: &Path, steps: Vec<Step>) -> Self {
        // There may be none.
        let _ = std::fs::remove_file(path);
        Self::unix_in(None, path.to_owned(), Vec::new(), steps)
    }

    fn unix_in(
        folder: Option<TempDir>,
        path: PathBuf,
        first: Vec<Vec<Step>>,
        rest: Vec<Step>,
    ) -> Self {
        let listener = UnixListener::bind(&path).expect("bind a scripted socket");
        let place = Place::Unix {
            path,
            _folder: folder,
        };
        Self::serve(place, first, rest, move || {
            Ok(Peer::Unix(listener.accept()?.0))
        })
    }

    /// On a port of `127.0.0.1` that the kernel picked, every connection following `steps`.
    pub fn tcp(steps: Vec<Step>) -> Self {
        Self::tcp_each(Vec::new(), steps)
    }

    /// As [`unix_each`](Self::unix_each), on TCP.
    pub fn tcp_each(first: Vec<Vec<Step>>, rest: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind a scripted socket");
        let address = listener.local_addr().expect("a bound address");
        Self::serve(Place::Tcp(address), first, rest, move || {
            let (peer, _) = listener.accept()?;
            peer.set_nodelay(true)?;
            Ok(Peer::Tcp(peer))
        })
    }

    fn serve(
        place: Place,
        first: Vec<Vec<Step>>,
        rest: Vec<Step>,
        accept: impl Fn() -> std::io::Result<Peer> + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            scripts: Scripts {
                first: Mutex::new(first.into()),
                rest,
            },
            seen: Mutex::new(Vec::new()),
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let mut connections = Vec::new();
                while let Ok(peer) = accept() {
                    if shared.stop.load(Ordering::Acquire) {
                        break;
                    }
                    let open = shared.open.fetch_add(1, Ordering::AcqRel) + 1;
                    shared.most.fetch_max(open, Ordering::AcqRel);
                    let index = {
                        let mut seen = shared.seen.lock().unwrap();
                        seen.push(Seen::default());
                        seen.len() - 1
                    };
                    let steps = shared.scripts.next();
                    let shared = Arc::clone(&shared);
                    connections.push(std::thread::spawn(move || {
                        let mut line = Line {
                            peer,
                            index,
                            shared: &shared,
                        };
                        if let Err(failure) = line.follow(&steps) {
                            shared.note(index, |seen| seen.failure = Some(failure));
                        }
                        // Counted as gone before the client can see it, else its next connection might be
                        // counted beside this one.
                        shared.open.fetch_sub(1, Ordering::AcqRel);
                        drop(line);
                    }));
                }
                for connection in connections {
                    drop(connection.join());
                }
            }
        });
        Self {
            place,
            shared,
            thread: Some(thread),
        }
    }

    /// The path of one on a Unix socket.
    pub fn path(&self) -> PathBuf {
        match &self.place {
            Place::Unix { path, .. } => path.clone(),
            Place::Tcp(address) => panic!("it listens on {address}, not on a path"),
        }
    }

    /// The address of one on TCP.
    pub fn address(&self) -> SocketAddr {
        match &self.place {
            Place::Tcp(address) => *address,
            Place::Unix { path, .. } => {
                panic!("it listens at {}, not on an address", path.display())
            }
        }
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }

    /// How many were open at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::Acquire)
    }

    /// How many are open now.
    pub fn open_now(&self) -> usize {
        self.shared.open.load(Ordering::Acquire)
    }

    /// What was seen so far, a connection each, in the order of their beginnings.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Every command line that came so far, connections in order.
    pub fn received(&self) -> Vec<String> {
        self.seen()
            .iter()
            .map(|seen| String::from_utf8_lossy(&seen.received).into_owned())
            .collect()
    }
}

impl Drop for ScriptedSocket {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // Wakes the accept.
        match &self.place {
            Place::Unix { path, .. } => drop(UnixStream::connect(path)),
            Place::Tcp(address) => drop(TcpStream::connect(address)),
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        if !std::thread::panicking() {
            let failures: Vec<String> = self
                .seen()
                .into_iter()
                .filter_map(|seen| seen.failure)
                .collect();
            assert!(
                failures.is_empty(),
                "a scripted socket could not follow its script: {failures:?}"
            );
        }
    }
}

impl Scripts {
    fn next(&self) -> Vec<Step> {
        self.first
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| self.rest.clone())
    }
}

impl Shared {
    fn note(&self, index: usize, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap()[index]);
    }
}

/// One connection being served.
struct Line<'a> {
    peer: Peer,
    index: usize,
    shared: &'a Shared,
}

enum Peer {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Line<'_> {
    /// `Err` when the client did other than the script says; a client that goes away ends the script quietly.
    fn follow(&mut self, steps: &[Step]) -> Result<(), String> {
        // Short, so that a socket that is dropped by its test is not waited for.
        let pace = Some(Duration::from_millis(20));
        self.peer
            .set_read_timeout(pace)
            .map_err(|error| error.to_string())?;
        for step in steps {
            let went_on = match step {
                Step::Expect(bytes) => self.expect(bytes)?,
                Step::ReadLine => self.read_line(),
                Step::ReadHead => self.read_head(),
                Step::Send(bytes) => self.send(bytes),
                Step::SendBytewise(bytes) => bytes.iter().all(|byte| self.send(&[*byte])),
                Step::Flood { piece, total } => self.flood(piece, *total),
                Step::Wait(gate) => self.wait(gate),
                Step::Reached(gate) => {
                    gate.open();
                    true
                }
                Step::Close => false,
                Step::CloseWrite => {
                    self.peer.shutdown_write();
                    true
                }
                Step::Reset => {
                    self.reset();
                    false
                }
                Step::Hang => {
                    while self.read_byte().is_some() {}
                    false
                }
            };
            if !went_on {
                return Ok(());
            }
        }
        Ok(())
    }

    fn expect(&mut self, bytes: &[u8]) -> Result<bool, String> {
        for (at, wanted) in bytes.iter().enumerate() {
            match self.read_byte() {
                Some(byte) if byte == *wanted => {}
                other => {
                    return Err(format!(
                        "byte {at} of {:?} was to come, and there came {other:?}",
                        String::from_utf8_lossy(bytes)
                    ));
                }
            }
        }
        Ok(true)
    }

    fn read_line(&mut self) -> bool {
        loop {
            match self.read_byte() {
                Some(b'\n') => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }

    fn read_head(&mut self) -> bool {
        let mut last = [0; 4];
        loop {
            let Some(byte) = self.read_byte() else {
                return false;
            };
            last.rotate_left(1);
            last[3] = byte;
            if last == *b"\r\n\r\n" {
                return true;
            }
        }
    }

    /// The next byte; `None` at the client's end, and when the test is over.
    fn read_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        loop {
            match self.peer.read(&mut byte) {
                Ok(0) => {
                    self.shared.note(self.index, |seen| seen.end = true);
                    return None;
                }
                Ok(_) => {
                    self.shared
                        .note(self.index, |seen| seen.received.push(byte[0]));
                    return Some(byte[0]);
                }
                Err(error) if is_pause(&error) => {
                    if self.shared.stop.load(Ordering::Acquire) {
                        return None;
                    }
                }
                Err(_) => {
                    self.shared.note(self.index, |seen| seen.end = true);
                    return None;
                }
            }
        }
    }

    /// `false` when the client is gone.
    fn send(&mut self, bytes: &[u8]) -> bool {
        self.peer.write_all(bytes).is_ok()
    }

    fn flood(&mut self, piece: &[u8], total: u64) -> bool {
        // Large writes: a flood is to be fast, however small its piece.
        let block = piece.repeat((64 * 1024 / piece.len()).max(1));
        let mut left = total;
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
            if !self.send(&block[..now]) {
                return false;
            }
            left -= now as u64;
        }
        true
    }

    fn wait(&self, gate: &Gate) -> bool {
        while !gate.wait(Duration::from_millis(20)) {
            if self.shared.stop.load(Ordering::Acquire) {
                return false;
            }
        }
        true
    }

    fn reset(&self) {
        match &self.peer {
            Peer::Tcp(peer) => SockRef::from(peer)
                .set_linger(Some(Duration::ZERO))
                .expect("have the close break the connection off"),
            Peer::Unix(peer) => {
                let begun = Instant::now();
                let mut byte = [std::mem::MaybeUninit::uninit()];
                while !matches!(SockRef::from(peer).peek(&mut byte), Ok(1)) {
                    assert!(
                        begun.elapsed() < DEADLINE,
                        "the client sent nothing that could stay unread"
                    );
                    if self.shared.stop.load(Ordering::Acquire) {
                        return;
                    }
                }
            }
        }
    }
}

fn is_pause(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

impl Peer {
    fn set_read_timeout(&self, pace: Option<Duration>) -> std::io::Result<()> {
        match self {
            Self::Unix(peer) => peer.set_read_timeout(pace),
            Self::Tcp(peer) => peer.set_read_timeout(pace),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Unix(peer) => peer.read(buffer),
            Self::Tcp(peer) => peer.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Unix(peer) => peer.write_all(bytes),
            Self::Tcp(peer) => peer.write_all(bytes),
        }
    }

    fn shutdown_write(&self) {
        // A client that is gone has seen the end already.
        let _ = match self {
            Self::Unix(peer) => peer.shutdown(std::net::Shutdown::Write),
            Self::Tcp(peer) => peer.shutdown(std::net::Shutdown::Write),
        };
    }
}

/// A path at which nothing listens and nothing lies.
pub fn nowhere(folder: &Path) -> PathBuf {
    folder.join("nowhere.sock")
}

/// Leaves a socket file at `path` that nobody listens on any more, as a process leaves it that died.
pub fn abandoned(path: &Path) {
    drop(UnixListener::bind(path).expect("bind a socket to abandon"));
}
