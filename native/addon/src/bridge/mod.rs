//! What Node may call, by subject.

mod describe;
mod failure;
mod files;
mod ingest;
mod jobs;
mod query;
mod tables;
