//! The only place that follows a path from the root of the file system, with all the rights of this process.
//!
//! `clippy.toml` bans it everywhere else.

use std::io;
use std::path::Path;

use cap_std::fs::Dir;

/// The folder at this path, to find files in. What is not a folder is refused (`ENOTDIR`) and not opened.
pub(super) fn folder(path: &Path) -> io::Result<Dir> {
    // A relative path of one part has an empty parent.
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that goes by a path, and the path is the operator's"
    )]
    Dir::open_ambient_dir(path, cap_std::ambient_authority())
}
