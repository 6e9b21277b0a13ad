//! A socket in front of HAProxy's that passes everything on and keeps what was asked: what a tool asks of HAProxy is then
//! asked again over the raw socket, as the floor of that tool.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Listens until the benchmark ends.
pub(crate) struct Recorder {
    path: PathBuf,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    /// Passes on to HAProxy's `socket` whatever comes to a socket in `folder`.
    #[expect(
        clippy::disallowed_methods,
        reason = "it stands between the server and HAProxy"
    )]
    pub(crate) fn start(folder: &Path, socket: PathBuf) -> Self {
        let path = folder.join("recorder.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let asked = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, kept) = (client.unwrap(), Arc::clone(&kept));
                let haproxy = UnixStream::connect(&socket).unwrap();
                std::thread::spawn(move || pass(client, haproxy, &kept));
            }
        });
        Self { path, asked }
    }

    /// Where it listens.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was asked since the last time, one connection after the other.
    pub(crate) fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// One connection: what is asked comes in one piece, since nothing here has a payload.
fn pass(mut client: UnixStream, mut haproxy: UnixStream, kept: &Mutex<Vec<Vec<u8>>>) {
    let mut buffer = vec![0; 64 * 1024];
    let read = client.read(&mut buffer).unwrap();
    let line = buffer[..read].to_vec();
    haproxy.write_all(&line).unwrap();
    kept.lock().unwrap().push(line);
    // A client that has enough may go before all was said.
    let _ = std::io::copy(&mut haproxy, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}
