//! Which files were granted, in the order in which HAProxy reads them, and what they are called.
//!
//! A granted path is a file or a folder. Of a folder of `config` those files count that HAProxy would load with
//! `-f FOLDER` (Management Guide, section 3; `cfgfiles_expand_directories` in its `haproxy.c`): regular ones that are not
//! hidden, and whose name holds `.cfg` for the first time at its end, in the order of their bytes. Of a folder of `log` all
//! regular files that are not hidden. Folders within are not entered.
//!
//! A link that leads nowhere, or outside, is listed all the same: HAProxy would read it or fail, so that leaving it out
//! would be wrong. Opening it says what is the matter.
//!
//! # Names
//! A file's name, and where two files share it, as many of the folders above as make the difference:
//! `conf.d/10-web.cfg`. What cannot be shown in a name is written as `\u{…}` or `\xNN`, and `\` as `\\`.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, DirEntry};

use super::error::{FileError, shown};
use super::opening::granted_folder;
use crate::policy::Artefact;
use crate::visible::hidden;

/// Files of one folder, at most: more are no configuration, and no log of HAProxy.
pub(super) const MOST_FILES: usize = 2_000;

/// The granted files of one artefact.
#[derive(Debug)]
pub(super) struct Listing {
    /// In HAProxy's order.
    pub(super) files: Vec<Listed>,
    /// A granted folder that could not be read, so that some may be missing.
    pub(super) incomplete: Option<FileError>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Listed {
    /// What modules call it.
    pub(super) name: String,
    /// The granted path, and in a folder the file's name.
    pub(super) path: PathBuf,
    /// The folder that was granted, if one was, and the file's name in it.
    pub(super) within: Option<(Arc<Dir>, OsString)>,
}

impl Listing {
    /// What there is now.
    pub(super) fn of(artefact: Artefact, granted: &[PathBuf]) -> Self {
        let mut listing = Self {
            files: Vec::new(),
            incomplete: None,
        };
        for path in granted {
            match granted_folder(path) {
                Ok(folder) => match in_folder(artefact, path, folder) {
                    Ok(files) => listing.files.extend(files),
                    Err(error) => listing.incomplete = listing.incomplete.or(Some(error)),
                },
                // Not a folder, not to be seen, or a link that leads outside: opening it says which.
                Err(_) => listing.files.push(Listed::new(path.clone(), None)),
            }
        }
        let mut seen = std::collections::HashSet::new();
        listing.files.retain(|file| seen.insert(file.path.clone()));
        name_all(&mut listing.files);
        listing
    }
}

impl Listed {
    fn new(path: PathBuf, within: Option<(Arc<Dir>, OsString)>) -> Self {
        Self {
            name: String::new(),
            path,
            within,
        }
    }
}

/// The files of a folder.
pub(super) fn in_folder(
    artefact: Artefact,
    path: &Path,
    folder: Dir,
) -> Result<Vec<Listed>, FileError> {
    let failed = |error: std::io::Error| FileError::of_system(artefact, path, &error);
    let mut names: Vec<OsString> = Vec::new();
    for entry in folder.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if counts(artefact, &name) && may_be_regular(&folder, &entry, &name) {
            names.push(name);
        }
        if names.len() > MOST_FILES {
            return Err(FileError::TooManyFiles {
                path: shown(path),
                limit: MOST_FILES,
            });
        }
    }
    names.sort_unstable();
    let folder = Arc::new(folder);
    Ok(names
        .into_iter()
        .map(|name| Listed::new(path.join(&name), Some((Arc::clone(&folder), name))))
        .collect())
}

/// Whether a name is one of those that are read.
fn counts(artefact: Artefact, name: &OsStr) -> bool {
    const EXTENSION: &[u8] = b".cfg";
    let name = name.as_bytes();
    if name.starts_with(b".") {
        return false;
    }
    match artefact {
        Artefact::Config => {
            let found = name
                .windows(EXTENSION.len())
                .position(|window| window == EXTENSION);
            found.is_some_and(|at| at + EXTENSION.len() == name.len())
        }
        Artefact::Log => true,
    }
}

/// Whether it is a regular file, or a link of which that is not known to be wrong.
fn may_be_regular(folder: &Dir, entry: &DirEntry, name: &OsStr) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_file() => true,
        Ok(kind) if kind.is_symlink() => {
            folder.metadata(name).map_or(true, |found| found.is_file())
        }
        Ok(_) => false,
        // It has gone.
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Gives each file its name.
fn name_all(files: &mut [Listed]) {
    // Where names are the same, one more folder is put in front, until all differ: their paths do.
    let mut depth = vec![1; files.len()];
    loop {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, file) in files.iter_mut().enumerate() {
            file.name = name(&file.path, depth[at]);
            by_name.entry(file.name.clone()).or_default().push(at);
        }
        let mut done = true;
        for at in by_name
            .into_values()
            .filter(|same| same.len() > 1)
            .flatten()
        {
            let longest = files[at].path.components().count();
            done &= depth[at] >= longest;
            depth[at] = (depth[at] + 1).min(longest);
        }
        if done {
            return;
        }
    }
}

/// The last parts of a path.
fn name(path: &Path, parts: usize) -> String {
    let all: Vec<&OsStr> = path.iter().collect();
    let first = all.len().saturating_sub(parts);
    let parts: Vec<String> = all.iter().skip(first).map(|part| part_name(part)).collect();
    parts.join("/").replacen("//", "/", 1)
}

/// A part of a path, so that it can be seen and no two become the same.
fn part_name(part: &OsStr) -> String {
    let mut name = String::new();
    for chunk in part.as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if hidden(character) {
                // Writing to a string cannot fail.
                let _ = write!(name, "\\u{{{:x}}}", u32::from(character));
            } else if character == '\\' {
                name.push_str("\\\\");
            } else {
                name.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(name, "\\x{byte:02x}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[&str]) -> Vec<String> {
        let mut files: Vec<Listed> = paths
            .iter()
            .map(|path| Listed::new(PathBuf::from(path), None))
            .collect();
        name_all(&mut files);
        files.into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn names_are_as_short_as_they_can_be_told_apart() {
        assert_eq!(
            named(&["/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/a.cfg"]),
            ["haproxy.cfg", "a.cfg"]
        );
        assert_eq!(
            named(&[
                "/etc/haproxy/a.cfg",
                "/etc/haproxy/conf.d/a.cfg",
                "/x/b.cfg"
            ]),
            ["haproxy/a.cfg", "conf.d/a.cfg", "b.cfg"]
        );
        assert_eq!(
            named(&["/one/conf.d/a.cfg", "/two/conf.d/a.cfg", "/two/three/a.cfg"]),
            ["one/conf.d/a.cfg", "two/conf.d/a.cfg", "three/a.cfg"]
        );
        assert_eq!(named(&["/a.cfg", "/x/a.cfg"]), ["/a.cfg", "x/a.cfg"]);
        assert_eq!(named(&["a.cfg", "x/a.cfg"]), ["a.cfg", "x/a.cfg"]);
    }

    #[test]
    fn what_cannot_be_seen_in_a_name_is_written_out() {
        let name = |bytes: &[u8]| part_name(OsStr::from_bytes(bytes));
        assert_eq!(name(b"a\nb.cfg"), r"a\u{a}b.cfg");
        assert_eq!(name(br"a\u{a}b.cfg"), r"a\\u{a}b.cfg");
        assert_eq!(name(b"a\xff\xc3.cfg"), r"a\xff\xc3.cfg");
        assert_eq!(name("ä\u{202e}.cfg".as_bytes()), r"ä\u{202e}.cfg");
    }
}
