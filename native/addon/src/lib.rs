//! The napi surface: exports only.
