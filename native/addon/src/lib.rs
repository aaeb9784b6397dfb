//! The napi surface: exports only, each a few lines. Text that crosses is JSON; numbers name what
//! stays in the kernel; bytes cross without a copy where Node allows it.

pub mod bridge;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
