//! What Node may call, by subject.

pub mod coder;
pub mod describe;
pub mod failure;
pub mod files;
pub mod ingest;
pub mod jobs;
pub mod outside;
pub mod query;
pub mod tables;
