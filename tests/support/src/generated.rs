//! Files that are written by the program or by a test, and committed: what they should hold is compared with what they
//! hold. With [`WRITE`] in the environment they are written instead.

use std::path::{Path, PathBuf};

/// The command that writes all of them anew.
pub const MEND: &str = "make docs";

/// The variable with which a test writes what it would otherwise compare.
pub const WRITE: &str = "HAPROXY_MCP_WRITE_GENERATED";

/// Compared files; panics at the end with all that differ.
#[derive(Debug, Default)]
pub struct Generated {
    wrong: Vec<String>,
}

impl Generated {
    /// `text` is what the file at `path`, from the top of the checkout, should hold.
    pub fn file(&mut self, path: impl AsRef<Path>, text: &str) {
        let path = path.as_ref();
        let whole = root().join(path);
        let kept = std::fs::read_to_string(&whole).ok();
        if kept.as_deref() == Some(text) {
            return;
        }
        if writes() {
            std::fs::create_dir_all(whole.parent().expect("a file in a folder"))
                .expect("create a folder for what is generated");
            std::fs::write(&whole, text).expect("write what is generated");
            return;
        }
        let why = kept.map_or("is missing".to_owned(), |kept| difference(&kept, text));
        self.wrong.push(format!("{} {why}", path.display()));
    }

    /// `text` is what should stand in the file at `path` between the lines `<!-- NAME -->` and `<!-- /NAME -->`.
    pub fn part(&mut self, path: impl AsRef<Path>, name: &str, text: &str) {
        let path = path.as_ref();
        let (first, last) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let kept = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        let parts = kept
            .split_once(&first)
            .and_then(|(before, rest)| Some((before, rest.split_once(&last)?.1)));
        let Some((before, after)) = parts else {
            self.wrong.push(format!(
                "{} has no `{}` and `{last}` below it",
                path.display(),
                first.trim_end()
            ));
            return;
        };
        self.file(path, &format!("{before}{first}{text}{last}{after}"));
    }

    /// The files of `folder` are these and no others.
    pub fn folder(&mut self, folder: impl AsRef<Path>, names: &[String]) {
        let folder = folder.as_ref();
        let entries = std::fs::read_dir(root().join(folder)).into_iter().flatten();
        for entry in entries.map(|entry| entry.expect("read a folder")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if names.contains(&name) {
                continue;
            }
            if writes() {
                std::fs::remove_file(entry.path()).expect("remove what is not generated any more");
            } else {
                self.wrong
                    .push(format!("{}/{name} is not generated", folder.display()));
            }
        }
    }

    /// Panics where something differed.
    pub fn assert_current(self) {
        assert!(
            self.wrong.is_empty(),
            "what is committed is not what is generated; look whether that was meant, and run `{MEND}`:\n{}",
            self.wrong.join("\n")
        );
    }
}

fn writes() -> bool {
    std::env::var_os(WRITE).is_some()
}

fn difference(kept: &str, wanted: &str) -> String {
    let mut pairs = kept.lines().zip(wanted.lines()).enumerate();
    match pairs.find(|(_, (kept, wanted))| kept != wanted) {
        Some((index, (kept, wanted))) => {
            format!(
                "differs in line {}:\n  is:        {kept}\n  should be: {wanted}",
                index + 1
            )
        }
        None => format!(
            "has {} lines and should have {}",
            kept.lines().count(),
            wanted.lines().count()
        ),
    }
}

/// The top of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
