//! Looks at doors: how many connections they have open, and when they end.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::join_all;
use haproxy_mcp::diagnosis;
use haproxy_mcp::doors::{DoorName, Doors};
use haproxy_mcp::files::Granted;
use haproxy_mcp::haproxy::pages::PageDoor;
use haproxy_mcp::haproxy::{Bounds, Door, Endpoint, MAX_CONNECTIONS, RuntimeApi, Timeouts};
use haproxy_mcp::policy::{Access, Authority, Grant, LookPermit, decide_look};
use haproxy_mcp_testkit::{Gate, ScriptedSocket, Step, until};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::asking::{PLENTY, bounds, name};
use crate::pages::{TIMEOUT, door, stats};

/// Looks at once.
const LOOKS: usize = 16;

const SOON: Duration = Duration::from_millis(400);

fn permit() -> LookPermit {
    let module = Grant::none().with_diagnostics();
    let authority = Authority {
        server: Access::Read,
        module: &module,
        tool: Access::Read,
    };
    decide_look(&authority).unwrap()
}

async fn look(doors: &Doors, door: DoorName) -> Value {
    diagnosis::look(doors, door, permit(), bounds(), &CancellationToken::new()).await
}

/// One that waits for nothing for long.
fn impatient(path: PathBuf) -> RuntimeApi {
    let timeouts = Timeouts {
        connect: SOON,
        first_byte: SOON,
        total: SOON,
    };
    let endpoint = Endpoint::Unix(path);
    let master = false;
    RuntimeApi::new(name(), Door { endpoint, master }, timeouts)
}

trait Peer: Read + Write + Send {}

impl Peer for UnixStream {}

impl Peer for TcpStream {}

/// Somebody who takes every connection, says the same on each, and counts those that nobody has closed.
struct Counting {
    most: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    wake: Box<dyn Fn()>,
}

impl Counting {
    fn new(
        accept: impl Fn() -> Box<dyn Peer> + Send + 'static,
        says: &'static [u8],
        wake: impl Fn() + 'static,
    ) -> Self {
        let (most, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counted, stopped) = (Arc::clone(&most), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut open: Vec<Box<dyn Peer>> = Vec::new();
            loop {
                let mut peer = accept();
                if stopped.load(Ordering::Acquire) {
                    break;
                }
                // What was closed before this one began is seen to be closed.
                open.retain_mut(is_open);
                // It may have gone.
                let _ = peer.write_all(says);
                open.push(peer);
                counted.fetch_max(open.len(), Ordering::AcqRel);
            }
        });
        Self {
            most,
            stop,
            thread: Some(thread),
            wake: Box::new(wake),
        }
    }

    fn unix(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let accept = move || {
            let (peer, _) = listener.accept().unwrap();
            peer.set_nonblocking(true).unwrap();
            Box::new(peer) as Box<dyn Peer>
        };
        let path = path.to_owned();
        Self::new(accept, b"", move || {
            drop(UnixStream::connect(&path).unwrap());
        })
    }

    fn tcp(says: &'static [u8]) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accept = move || {
            let (peer, _) = listener.accept().unwrap();
            peer.set_nonblocking(true).unwrap();
            Box::new(peer) as Box<dyn Peer>
        };
        let wake = move || drop(TcpStream::connect(address).unwrap());
        (Self::new(accept, says, wake), address)
    }

    fn most_at_once(&self) -> usize {
        self.most.load(Ordering::Acquire)
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        (self.wake)();
        drop(self.thread.take().unwrap().join());
    }
}

fn is_open(peer: &mut Box<dyn Peer>) -> bool {
    let mut piece = [0; 4096];
    loop {
        match peer.read(&mut piece) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

#[tokio::test]
async fn looks_at_sockets_have_no_more_connections_than_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    let silent = Counting::unix(&path);
    let api = impatient(path.clone()).with_master(Some(Endpoint::Unix(path)));
    let doors = Doors::runtime_alone(api);
    let looks = (0..LOOKS).map(|at| {
        let door = [DoorName::Runtime, DoorName::Master][at % 2];
        look(&doors, door)
    });
    for facts in join_all(looks).await {
        assert_eq!(facts["file"]["kind"], "socket", "{facts:#}");
    }
    assert_eq!(silent.most_at_once(), MAX_CONNECTIONS);
}

/// What is no HTTP is tried with TLS, and as a Runtime API.
#[tokio::test]
async fn looks_at_a_page_have_no_more_connections_than_allowed() {
    let (other, address) = Counting::tcp(b"220 mail.example.test ESMTP\r\n");
    let page = door(&format!("http://{address}/stats"));
    let doors = Doors {
        pages: stats(page),
        runtime: Arc::new(RuntimeApi::new(name(), None, crate::asking::TIMEOUTS)),
        files: Granted::new(Vec::new(), Vec::new()),
    };
    let looks = (0..LOOKS).map(|_| look(&doors, DoorName::Stats));
    for facts in join_all(looks).await {
        assert!(
            facts["says"].as_str().unwrap().contains("ESMTP"),
            "{facts:#}"
        );
    }
    assert_eq!(other.most_at_once(), MAX_CONNECTIONS);
}

/// The page answers late and not as a page; who is then asked as a Runtime API never does.
#[tokio::test(start_paused = true)]
async fn a_look_takes_one_time_out_in_all() {
    let gate = Gate::new();
    let late = vec![
        Step::ReadHead,
        Step::Wait(gate.clone()),
        Step::send("nonsense\r\n\r\n"),
        Step::Close,
    ];
    let server = Arc::new(ScriptedSocket::tcp_each(
        vec![late, vec![Step::Close]],
        vec![Step::Hang],
    ));
    let page = PageDoor {
        timeout: TIMEOUT,
        ..door(&format!("http://{}/stats", server.address()))
    };
    let doors = Doors {
        pages: stats(page),
        runtime: Arc::new(RuntimeApi::new(name(), None, crate::asking::TIMEOUTS)),
        files: Granted::new(Vec::new(), Vec::new()),
    };
    let begun = Instant::now();
    let (facts, ()) = tokio::join!(look(&doors, DoorName::Stats), async {
        asked(&server, 1).await;
        tokio::time::advance(TIMEOUT * 4 / 5).await;
        gate.open();
        asked(&server, 3).await;
    });
    assert_eq!(facts["error"]["code"], "not-http", "{facts:#}");
    assert_eq!(facts["says"], Value::Null);
    assert_eq!(begun.elapsed().as_secs(), TIMEOUT.as_secs());
}

/// Until the last of so many connections was asked something. The clock stands still meanwhile.
async fn asked(server: &Arc<ScriptedSocket>, connections: usize) {
    let server = Arc::clone(server);
    let wait = move || {
        until("a connection that is asked", || {
            let seen = server.seen();
            match seen.get(connections - 1) {
                Some(last) if !last.received.is_empty() => Ok(()),
                _ => Err(format!("{seen:?}")),
            }
        });
    };
    tokio::task::spawn_blocking(wait).await.unwrap();
}

/// The one thread for what may wait for a disk waits for good, as with a share of a network that is away.
fn on_a_dead_disk<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let gate = Gate::new();
    let done = runtime.block_on(async {
        let (occupied, waiting) = (gate.clone(), Gate::new());
        let begun = waiting.clone();
        let dead = tokio::task::spawn_blocking(move || {
            begun.open();
            occupied.pass();
        });
        waiting.pass();
        let done = work.await;
        assert!(!dead.is_finished(), "the disk answered");
        done
    });
    gate.open();
    done
}

fn on_files(path: &str) -> Doors {
    Doors {
        files: Granted::new(vec![path.into()], Vec::new()),
        ..Doors::runtime_alone(impatient("/nowhere/admin.sock".into()))
    }
}

#[test]
fn a_disk_that_does_not_answer_ends_no_look_late() {
    let doors = on_files("/nowhere/haproxy.cfg");
    let soon = Bounds {
        max_bytes: PLENTY,
        deadline: Instant::now() + SOON,
    };
    let cancel = CancellationToken::new();
    let looking = diagnosis::look(&doors, DoorName::Config, permit(), soon, &cancel);
    let facts = on_a_dead_disk(looking);
    let path = &facts["paths"][0];
    assert_eq!(path["path"], "/nowhere/haproxy.cfg");
    assert_eq!(path["readable"], false);
    assert_eq!(path["trouble"]["code"], "total-timeout", "{facts:#}");

    // What else there is to see of a socket is seen all the same.
    let facts = on_a_dead_disk(look(&doors, DoorName::Runtime));
    assert_eq!(facts["file"], Value::Null);
    assert_eq!(facts["connects"][0]["error"]["code"], "not-found");
}

#[test]
fn a_look_at_a_disk_that_does_not_answer_ends_with_its_caller() {
    let doors = on_files("/nowhere/haproxy.cfg");
    for door in [DoorName::Config, DoorName::Runtime] {
        let cancel = CancellationToken::new();
        let looking = async {
            let looking = diagnosis::look(&doors, door, permit(), bounds(), &cancel);
            let begun = Instant::now();
            tokio::join!(looking, async { cancel.cancel() });
            begun.elapsed()
        };
        assert!(on_a_dead_disk(looking) < SOON, "{door}");
    }
}

/// A path is cut where it is shown, and not where it is looked for.
#[tokio::test]
async fn a_long_path_is_looked_at_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(200)).join("e\n".repeat(80));
    std::fs::create_dir_all(&deep).unwrap();
    // It cannot be read, so that what lies there is looked at.
    let path = deep.join("haproxy.cfg");
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    let facts = look(&on_files(path.to_str().unwrap()), DoorName::Config).await;
    let path = &facts["paths"][0];
    assert_eq!(path["trouble"]["code"], "leads-outside", "{facts:#}");
    assert_eq!(path["access"]["kind"], "device", "{facts:#}");
}
