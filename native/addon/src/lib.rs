//! The napi surface: exports only, each a few lines. Text that crosses is JSON; numbers name what
//! stays in the kernel; bytes cross without a copy where Node allows it.

pub mod bridge;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

unsafe extern "C" {
    fn mi_collect(force: bool);
}

/// Gives the pages back that the calling thread has freed.
fn give_back() {
    // SAFETY: a function of the allocator above, which takes no pointers and may be called at any time.
    unsafe { mi_collect(true) }
}

#[napi_derive::module_init]
fn init() {
    exec::when_idle(give_back);
}
