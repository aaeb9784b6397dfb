//! One error type for the whole kernel: ClickHouse's code and name, a message for the user.

use crate::codes;
use std::fmt;

/// A failed operation. `code` and `name` are ClickHouse's (see `codes.rs`).
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: codes::Code,
    message: String,
    detail: Option<String>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(code: codes::Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { code, message: message.into(), detail: None }))
    }
    /// Machine-readable extra (JSON text), such as the row and column of a bad value.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }
    /// Puts words before the message, keeping the code.
    #[must_use]
    pub fn context(mut self, words: impl fmt::Display) -> Self {
        self.0.message = format!("{words}: {}", self.0.message);
        self
    }
    pub fn code(&self) -> codes::Code {
        self.0.code
    }
    pub fn message(&self) -> &str {
        &self.0.message
    }
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(codes::LOGICAL_ERROR, message)
    }
    pub fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(codes::NOT_IMPLEMENTED, message)
    }
    pub fn bad_arguments(message: impl Into<String>) -> Self {
        Self::new(codes::BAD_ARGUMENTS, message)
    }
    pub fn illegal_type(message: impl Into<String>) -> Self {
        Self::new(codes::ILLEGAL_TYPE_OF_ARGUMENT, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.message, self.0.code.name)
    }
}
impl std::error::Error for Error {}
