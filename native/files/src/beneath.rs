//! Files that a statement names, opened for reading: below a folder, where neither `..` nor a symbolic link
//! leads out of it, or anywhere on this machine for its own user.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, Mode, OFlags, open, openat};

use crate::ReadFile;
use crate::error::{FileError, Kind, Result};
use crate::path::check;
use crate::real::RealRead;

/// A pipe must not make the reader wait for a writer.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
const INSIDE: OFlags = READ.union(OFlags::NOFOLLOW);

/// A file below `root`. Each name on the way is opened by itself and refused if it is a link, so that nothing
/// that changes meanwhile can lead elsewhere. Errors show `path` only.
pub fn open_beneath(root: &Path, path: &str) -> Result<Arc<dyn ReadFile>> {
    check(path)?;
    let fail = |e: rustix::io::Errno| {
        if e == rustix::io::Errno::LOOP {
            return FileError::new(Kind::BadPath, e.raw_os_error(), path, "symbolic links are not followed");
        }
        FileError::from_io(&io::Error::from(e), path, "open")
    };
    let mut at = openat(CWD, root, READ | OFlags::DIRECTORY, Mode::empty()).map_err(fail)?;
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        let last = names.peek().is_none();
        let flags = if last { INSIDE } else { INSIDE | OFlags::DIRECTORY };
        at = openat(&at, name, flags, Mode::empty()).map_err(fail)?;
    }
    plain(File::from(at), path)
}

/// Any file that this process may read.
pub fn open_anywhere(path: &str) -> Result<Arc<dyn ReadFile>> {
    let file =
        open(path, READ, Mode::empty()).map_err(|e| FileError::from_io(&io::Error::from(e), path, "open"))?;
    plain(File::from(file), path)
}

/// Pipes, devices and folders have no length to go by.
fn plain(file: File, path: &str) -> Result<Arc<dyn ReadFile>> {
    let meta = file.metadata().map_err(|e| FileError::from_io(&e, path, "open"))?;
    if !meta.is_file() {
        return Err(FileError::new(Kind::BadPath, 0, path, "not a plain file"));
    }
    Ok(Arc::new(RealRead::new(file, meta.len(), path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn stays_below_the_root() -> Outcome {
        let base = std::env::temp_dir().join(format!("beneath-{}", std::process::id()));
        let root = base.join("root");
        fs::create_dir_all(root.join("sub"))?;
        fs::write(base.join("secret"), "s")?;
        fs::write(root.join("sub/a.csv"), "1\n")?;
        symlink(base.join("secret"), root.join("link"))?;
        symlink(&base, root.join("out"))?;
        symlink(root.join("sub"), root.join("inside"))?;
        let kind = |path: &str| open_beneath(&root, path).err().map(|e| e.kind);
        assert_eq!(open_beneath(&root, "sub/a.csv")?.len(), 2);
        for path in ["link", "../secret", "sub/../../secret", "/etc/passwd", "sub", "sub/\0", "./sub/a.csv"] {
            assert_eq!(kind(path), Some(Kind::BadPath), "{path}");
        }
        for path in ["out/secret", "inside/a.csv"] {
            assert!(kind(path).is_some(), "{path}");
        }
        assert_eq!(kind("none"), Some(Kind::NotFound));
        fs::remove_dir_all(base)?;
        Ok(())
    }
}
