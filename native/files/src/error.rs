//! What can go wrong with a file, told apart by what the caller has to do about it.

use std::fmt;
use std::io;

pub type Result<T> = std::result::Result<T, FileError>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No file of that name.
    NotFound,
    /// `create` met a file of that name.
    Exists,
    /// No space or quota left; the same call may work later.
    DiskFull,
    /// The disk did not take the bytes; nothing more may be written before a restart.
    SyncFailed,
    /// A read reached the end of the file too early.
    Short,
    /// Another process holds the directory.
    Locked,
    /// A name that leaves the root or that no file system takes.
    BadPath,
    /// Anything else the operating system says.
    Io,
    /// The simulated machine has lost its power.
    Crashed,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::NotFound => "NotFound",
            Kind::Exists => "Exists",
            Kind::DiskFull => "DiskFull",
            Kind::SyncFailed => "SyncFailed",
            Kind::Short => "Short",
            Kind::Locked => "Locked",
            Kind::BadPath => "BadPath",
            Kind::Io => "Io",
            Kind::Crashed => "Crashed",
        }
    }
}

/// `file` is relative to the root. `errno` is 0 where the operating system was not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    pub kind: Kind,
    pub errno: i32,
    pub file: String,
    pub what: String,
    /// Process that holds the directory, when `kind` is `Locked` and it is known.
    pub pid: Option<u32>,
}

impl FileError {
    pub fn new(kind: Kind, errno: i32, file: &str, what: &str) -> Self {
        FileError { kind, errno, file: file.to_string(), what: what.to_string(), pid: None }
    }

    /// Sorts an error of the operating system; `what` is the operation.
    pub fn from_io(error: &io::Error, file: &str, what: &str) -> Self {
        let errno = error.raw_os_error().unwrap_or(0);
        let kind = match error.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            io::ErrorKind::AlreadyExists => Kind::Exists,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::DiskFull,
            io::ErrorKind::UnexpectedEof => Kind::Short,
            _ => Kind::Io,
        };
        FileError { kind, errno, file: file.to_string(), what: format!("{what}: {error}"), pid: None }
    }

    pub fn as_sync_failure(mut self) -> Self {
        self.kind = Kind::SyncFailed;
        self
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

impl std::error::Error for FileError {}
