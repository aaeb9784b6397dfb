//! A shared, sliceable run of values: an `Arc<Vec<T>>` with a window on it.

use std::ops::Deref;
use std::sync::Arc;

/// Cheap to clone and to slice; read as a `&[T]`.
#[derive(Clone)]
pub struct Buf<T> {
    data: Arc<Vec<T>>,
    start: usize,
    len: usize,
}

impl<T> Buf<T> {
    pub fn empty() -> Self {
        Vec::new().into()
    }
    /// The rows `[start, start + len)`. Panics if out of bounds (our bug, not the data's).
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        assert!(start + len <= self.len, "slice out of bounds");
        Buf { data: self.data.clone(), start: self.start + start, len }
    }
    pub fn as_slice(&self) -> &[T] {
        &self.data[self.start..self.start + self.len]
    }
    /// The values as a vector of their own; no copy if nobody else holds them whole.
    pub fn into_vec(self) -> Vec<T>
    where
        T: Clone,
    {
        if self.start == 0 && self.len == self.data.len() {
            Arc::try_unwrap(self.data).unwrap_or_else(|a| a.as_ref().clone())
        } else {
            self.as_slice().to_vec()
        }
    }
}

impl<T> Deref for Buf<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}
impl<T> From<Vec<T>> for Buf<T> {
    fn from(v: Vec<T>) -> Self {
        let len = v.len();
        Buf { data: Arc::new(v), start: 0, len }
    }
}
impl<T: std::fmt::Debug> std::fmt::Debug for Buf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}
