//! Open stores by number, so that both sides of the crossing can name the same files.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use crate::Files;

static NEXT: AtomicU32 = AtomicU32::new(1);
static STORES: Mutex<Option<HashMap<u32, Arc<dyn Files>>>> = Mutex::new(None);

/// Registers a set of files and gives its number; numbers are never used twice.
pub fn open_store(files: Arc<dyn Files>) -> u32 {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    STORES.lock().get_or_insert_with(HashMap::new).insert(id, files);
    id
}

/// The files of that number, while they are open.
pub fn store(id: u32) -> Option<Arc<dyn Files>> {
    STORES.lock().as_ref().and_then(|stores| stores.get(&id).cloned())
}

pub fn close_store(id: u32) {
    if let Some(stores) = STORES.lock().as_mut() {
        stores.remove(&id);
    }
}
