//! The napi surface: exports only.

mod bridge;
