//! Failures of files as errors with ClickHouse's codes.

use files::{FileError, Kind};
use types::Error;
use types::codes;

/// A failed read or open.
pub(crate) fn read_error(e: &FileError) -> Error {
    file_error(e, codes::CANNOT_READ_FROM_FILE_DESCRIPTOR)
}

/// A failed create, write or sync.
pub fn write_error(e: &FileError) -> Error {
    file_error(e, codes::CANNOT_WRITE_TO_FILE_DESCRIPTOR)
}

fn file_error(e: &FileError, other: codes::Code) -> Error {
    let code = match e.kind {
        Kind::NotFound => codes::FILE_DOESNT_EXIST,
        Kind::DiskFull => codes::NOT_ENOUGH_SPACE,
        Kind::SyncFailed => codes::CANNOT_FSYNC,
        Kind::Short => codes::CORRUPTED_DATA,
        Kind::Exists | Kind::BadPath => codes::CANNOT_CREATE_FILE,
        Kind::Locked | Kind::Io | Kind::Crashed => other,
    };
    Error::new(code, e.to_string()).with_detail(format!(
        "{{\"kind\":\"{}\",\"errno\":{},\"file\":{:?}}}",
        e.kind.name(),
        e.errno,
        e.file
    ))
}

/// Names file and offset of damage.
pub(crate) fn damaged(e: Error, path: &str, offset: u64, what: &str) -> Error {
    if e.code() != codes::CORRUPTED_DATA || e.detail().is_some() {
        return e;
    }
    let message = format!("File {path} is damaged at offset {offset} ({what}): {}", e.message());
    Error::new(codes::CORRUPTED_DATA, message)
        .with_detail(format!("{{\"file\":{path:?},\"offset\":{offset}}}"))
}
