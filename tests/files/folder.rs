//! A folder of files, and what is granted of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use haproxy_mcp::files::{FileError, Granted, OpenFile};
use haproxy_mcp::policy::{Access, Artefact, Authority, FilePermit, Grant, decide_file};
use tempfile::TempDir;

/// More than any file here has.
pub(crate) const ALL: u64 = u64::MAX;

/// A folder that goes with its value.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file, and the folders that it is in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn link(&self, name: &str, to: impl AsRef<Path>) -> PathBuf {
        let path = self.at(name);
        symlink(to, &path).unwrap();
        path
    }
}

pub(crate) fn permit(artefact: Artefact) -> FilePermit {
    let module = Grant::none().with_files(&Artefact::ALL);
    let authority = Authority {
        server: Access::Read,
        module: &module,
        tool: Access::Read,
    };
    decide_file(&authority, artefact.as_str()).unwrap()
}

pub(crate) fn config(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Granted {
    Granted::new(paths.into_iter().map(Into::into).collect(), Vec::new())
}

pub(crate) fn log(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Granted {
    Granted::new(Vec::new(), paths.into_iter().map(Into::into).collect())
}

/// Runs something that waits.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// The rest of a file.
pub(crate) async fn rest(file: &mut OpenFile) -> Result<Vec<u8>, FileError> {
    let mut all = Vec::new();
    loop {
        let piece = file.read(10_000, ALL).await?;
        if piece.is_empty() {
            return Ok(all);
        }
        all.extend(piece);
    }
}

/// A file from its beginning to its end.
pub(crate) fn whole(
    granted: &Granted,
    artefact: Artefact,
    name: &str,
) -> Result<Vec<u8>, FileError> {
    run(async {
        let mut file = granted.open(&permit(artefact), name).await?;
        rest(&mut file).await
    })
}

/// Why a file cannot be opened.
pub(crate) fn refused(granted: &Granted, artefact: Artefact, name: &str) -> FileError {
    match run(granted.open(&permit(artefact), name)) {
        Ok(file) => panic!("`{name}` was opened: {file:?}"),
        Err(error) => error,
    }
}

pub(crate) fn names(granted: &Granted, artefact: Artefact) -> Vec<String> {
    run(granted.names(&permit(artefact))).unwrap()
}
