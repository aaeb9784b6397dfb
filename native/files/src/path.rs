//! Relative paths. They are checked here once, so that no caller can leave the root.

use crate::error::{FileError, Kind, Result};

/// Bytes of a path and of one name.
const PATH_MAX: usize = 1024;
const NAME_MAX: usize = 255;

/// Joins a directory and a name; the root is the empty text.
pub fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_string() } else { format!("{dir}/{name}") }
}

/// The directory that holds `path`; the root is the empty text.
pub fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

/// Refuses everything but plain names with `/` between them. The root may be empty only as a directory.
pub(crate) fn check(path: &str) -> Result<()> {
    let bad = |what: &str| Err(FileError::new(Kind::BadPath, 0, path, what));
    if path.len() > PATH_MAX {
        return bad("the path is too long");
    }
    if path.is_empty() {
        return Ok(());
    }
    for name in path.split('/') {
        if name.is_empty() || name == "." || name == ".." {
            return bad("the path is not plain");
        }
        if name.len() > NAME_MAX || name.contains('\0') || name.contains('\\') {
            return bad("the name is not allowed");
        }
    }
    Ok(())
}
