//! From a name to an open file, or why there is none.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, File, FileTypeExt, Metadata, OpenOptions, OpenOptionsExt};

use super::ambient;
use super::error::{FileError, shown};
use super::listing::{Listed, Listing};
use super::reading::OpenFile;
use crate::policy::Artefact;

/// Bytes of a file of `config`, at most. A configuration with 100,000 servers has about 10 MB.
pub(super) const CONFIG_BYTES: u64 = 16 * 1024 * 1024;

/// Opens the file of this name; with `last`, so that reading begins at the first line that starts in its last so many
/// bytes.
pub(super) fn open(
    artefact: Artefact,
    granted: &[PathBuf],
    name: &str,
    last: Option<u64>,
) -> Result<OpenFile, FileError> {
    let listing = Listing::of(artefact, granted);
    let Some(listed) = listing.files.iter().find(|listed| listed.name == name) else {
        return Err(listing.incomplete.unwrap_or_else(|| {
            let known = listing.files.into_iter().map(|listed| listed.name);
            FileError::unknown(artefact, name, known.collect())
        }));
    };
    let (file, found) = open_listed(artefact, listed)?;
    Ok(OpenFile::new(
        artefact,
        listed.name.clone(),
        shown(&listed.path),
        file,
        &found,
        last,
    ))
}

/// Opens a file of the listing, and says what it is.
pub(super) fn open_listed(
    artefact: Artefact,
    listed: &Listed,
) -> Result<(File, Metadata), FileError> {
    if let Some((folder, name)) = &listed.within {
        return within(artefact, &listed.path, folder, name.as_ref());
    }
    let (folder, name) = folder_of(artefact, &listed.path)?;
    within(artefact, &listed.path, &folder, name)
}

/// The folder at a granted path. The folders above it are found as they were written, links included; its own name may be
/// a link only to what is beside it: nobody said that a folder elsewhere may be read, and where a file was granted, who
/// writes its folder would say it with a link.
pub(super) fn granted_folder(path: &Path) -> io::Result<Dir> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => ambient::folder(parent)?.open_dir(name),
        // `/`, or one that ends in `..`: no link can stand for these.
        _ => ambient::folder(path),
    }
}

/// The folder that a path is in, and its name there.
pub(super) fn folder_of(artefact: Artefact, path: &Path) -> Result<(Dir, &Path), FileError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(FileError::NotFound { path: shown(path) });
    };
    let folder =
        ambient::folder(parent).map_err(|error| FileError::of_system(artefact, path, &error))?;
    Ok((folder, name.as_ref()))
}

pub(super) fn within(
    artefact: Artefact,
    path: &Path,
    folder: &Dir,
    name: &Path,
) -> Result<(File, Metadata), FileError> {
    let failed = |error: io::Error| FileError::of_system(artefact, path, &error);
    // Opening a device can do something, so that it is looked at before; it may be another one by then, so also after.
    regular(path, &folder.metadata(name).map_err(failed)?)?;
    let mut options = OpenOptions::new();
    // A pipe that nobody writes would hold up the opening.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = folder.open_with(name, &options).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    regular(path, &found)?;
    if artefact == Artefact::Config && found.len() > CONFIG_BYTES {
        return Err(FileError::TooLarge {
            path: shown(path),
            size: found.len(),
            limit: CONFIG_BYTES,
        });
    }
    Ok((file, found))
}

fn regular(path: &Path, found: &Metadata) -> Result<(), FileError> {
    if found.is_file() {
        return Ok(());
    }
    Err(FileError::NotAFile {
        path: shown(path),
        kind: kind(found),
    })
}

/// What it is, with its article.
pub(super) fn kind(found: &Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_file() {
        "a file"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a link"
    } else if FileTypeExt::is_fifo(&kind) {
        "a pipe"
    } else if FileTypeExt::is_socket(&kind) {
        "a socket"
    } else {
        "a device"
    }
}
