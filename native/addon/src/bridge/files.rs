//! Files for TypeScript: the same trait that the kernel writes segments through.
//!
//! Stores, open files and locks cross as numbers. A failure's reason is JSON with the name FILE_ERROR
//! and what went wrong in `detail`; `engine/storage/native-files.ts` reads it. Syncs run in libuv's
//! pool, everything else is short and runs at once.

use std::collections::HashMap;
use std::sync::Arc;

use files::{DirLock, FileError, Files, RealFiles, Restart, SimFiles, WriteFile};
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use parking_lot::Mutex;

/// Numbered things that TypeScript holds on to.
struct Slots<T> {
    next: u32,
    map: Option<HashMap<u32, T>>,
}

impl<T> Slots<T> {
    const fn new() -> Self {
        Slots { next: 1, map: None }
    }

    fn put(&mut self, value: T) -> u32 {
        let id = self.next;
        self.next += 1;
        self.map.get_or_insert_with(HashMap::new).insert(id, value);
        id
    }

    fn get(&self, id: u32) -> Option<&T> {
        self.map.as_ref()?.get(&id)
    }

    fn take(&mut self, id: u32) -> Option<T> {
        self.map.as_mut()?.remove(&id)
    }
}

static HANDLES: Mutex<Slots<Arc<dyn WriteFile>>> = Mutex::new(Slots::new());
static LOCKS: Mutex<Slots<Box<dyn DirLock>>> = Mutex::new(Slots::new());
static SIMULATED: Mutex<Option<HashMap<u32, SimFiles>>> = Mutex::new(None);

fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn crossing(error: FileError) -> Error {
    let pid = error.pid.map_or("null".to_string(), |pid| pid.to_string());
    let reason = format!(
        r#"{{"code":74,"name":"FILE_ERROR","message":{},"detail":{{"kind":"{}","errno":{},"file":{},"pid":{pid}}}}}"#,
        json_text(&error.what),
        error.kind.name(),
        error.errno,
        json_text(&error.file),
    );
    Error::new(Status::GenericFailure, reason)
}

fn stale(what: &str) -> Error {
    let text = json_text(&format!("this {what} is closed"));
    Error::new(Status::GenericFailure, format!(r#"{{"code":49,"name":"LOGICAL_ERROR","message":{text}}}"#))
}

fn store(id: u32) -> Result<Arc<dyn Files>> {
    files::store(id).ok_or_else(|| stale("set of files"))
}

fn handle(id: u32) -> Result<Arc<dyn WriteFile>> {
    HANDLES.lock().get(id).cloned().ok_or_else(|| stale("file"))
}

fn simulated(id: u32) -> Result<SimFiles> {
    let found = SIMULATED.lock().as_ref().and_then(|map| map.get(&id).cloned());
    found.ok_or_else(|| stale("simulated disk"))
}

/// Sizes cross as numbers of JavaScript: exact up to 2^53.
fn size(value: f64) -> u64 {
    if value.is_finite() && value > 0.0 { value as u64 } else { 0 }
}

#[napi(object)]
pub struct FileEntry {
    pub name: String,
    pub dir: bool,
    pub len: f64,
}

/// Opens a directory of the operating system, making it if it is missing.
#[napi(catch_unwind)]
pub fn files_open(root: String) -> Result<u32> {
    let real = RealFiles::open(root).map_err(crossing)?;
    Ok(files::open_store(Arc::new(real)))
}

/// A simulated disk.
#[napi(catch_unwind)]
pub fn files_open_sim(seed: u32) -> u32 {
    let sim = SimFiles::new(u64::from(seed));
    let id = files::open_store(Arc::new(sim.clone()));
    SIMULATED.lock().get_or_insert_with(HashMap::new).insert(id, sim);
    id
}

#[napi(catch_unwind)]
pub fn files_close(id: u32) {
    files::close_store(id);
    if let Some(map) = SIMULATED.lock().as_mut() {
        map.remove(&id);
    }
}

#[napi(catch_unwind)]
pub fn files_read(id: u32, path: String, offset: f64, length: u32) -> Result<Buffer> {
    let file = store(id)?.open_read(&path).map_err(crossing)?;
    let mut bytes = vec![0; (file.len().min(u64::from(length))) as usize];
    file.read_at(size(offset), &mut bytes).map_err(crossing)?;
    Ok(bytes.into())
}

/// A whole file, at most 1 GiB.
#[napi(catch_unwind)]
pub fn files_read_all(id: u32, path: String) -> Result<Buffer> {
    Ok(store(id)?.read_all(&path, 1 << 30).map_err(crossing)?.into())
}

/// Length in bytes, -1 when there is no such file.
#[napi(catch_unwind)]
pub fn files_length(id: u32, path: String) -> Result<f64> {
    Ok(store(id)?.len_of(&path).map_err(crossing)?.map_or(-1.0, |len| len as f64))
}

#[napi(catch_unwind)]
pub fn files_list(id: u32, dir: String) -> Result<Vec<FileEntry>> {
    let entries = store(id)?.list(&dir).map_err(crossing)?;
    let cross = |e: files::Entry| FileEntry { name: e.name, dir: e.is_dir, len: e.len as f64 };
    Ok(entries.into_iter().map(cross).collect())
}

#[napi(catch_unwind)]
pub fn files_create(id: u32, path: String) -> Result<u32> {
    let file = store(id)?.create(&path).map_err(crossing)?;
    Ok(HANDLES.lock().put(file))
}

#[napi(catch_unwind)]
pub fn files_open_write(id: u32, path: String) -> Result<u32> {
    let file = store(id)?.open_write(&path).map_err(crossing)?;
    Ok(HANDLES.lock().put(file))
}

#[napi(catch_unwind)]
pub fn files_make_dir(id: u32, path: String) -> Result<()> {
    store(id)?.make_dir(&path).map_err(crossing)
}

#[napi(catch_unwind)]
pub fn files_remove(id: u32, path: String) -> Result<()> {
    store(id)?.remove(&path).map_err(crossing)
}

#[napi(catch_unwind)]
pub fn files_free_space(id: u32) -> Result<f64> {
    Ok(store(id)?.free_space().map_err(crossing)? as f64)
}

#[napi(catch_unwind)]
pub fn files_lock(id: u32) -> Result<u32> {
    let lock = store(id)?.lock().map_err(crossing)?;
    Ok(LOCKS.lock().put(lock))
}

#[napi(catch_unwind)]
pub fn files_unlock(lock: u32) {
    LOCKS.lock().take(lock);
}

/// Gives the offset where the bytes begin.
#[napi(catch_unwind)]
pub fn files_append(file: u32, bytes: Buffer) -> Result<f64> {
    Ok(handle(file)?.append(&bytes).map_err(crossing)? as f64)
}

#[napi(catch_unwind)]
pub fn files_write_at(file: u32, offset: f64, bytes: Buffer) -> Result<()> {
    handle(file)?.write_at(size(offset), &bytes).map_err(crossing)
}

#[napi(catch_unwind)]
pub fn files_truncate(file: u32, len: f64) -> Result<()> {
    handle(file)?.truncate(size(len)).map_err(crossing)
}

#[napi(catch_unwind)]
pub fn files_handle_length(file: u32) -> Result<f64> {
    Ok(handle(file)?.len() as f64)
}

#[napi(catch_unwind)]
pub fn files_close_handle(file: u32) {
    HANDLES.lock().take(file);
}

/// A sync that waits for the disk on another thread.
pub enum SyncTask {
    File(Arc<dyn WriteFile>),
    Dir(Arc<dyn Files>, String),
}

impl Task for SyncTask {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        match self {
            SyncTask::File(file) => file.sync(),
            SyncTask::Dir(files, path) => files.sync_dir(path),
        }
        .map_err(crossing)
    }

    fn resolve(&mut self, _env: Env, _output: ()) -> Result<()> {
        Ok(())
    }
}

#[napi(catch_unwind)]
pub fn files_sync(file: u32) -> Result<AsyncTask<SyncTask>> {
    Ok(AsyncTask::new(SyncTask::File(handle(file)?)))
}

#[napi(catch_unwind)]
pub fn files_sync_dir(id: u32, path: String) -> Result<AsyncTask<SyncTask>> {
    Ok(AsyncTask::new(SyncTask::Dir(store(id)?, path)))
}

/// The same at once: simulated disks never wait, and their runs can be repeated this way.
#[napi(catch_unwind)]
pub fn files_sync_now(file: u32) -> Result<()> {
    handle(file)?.sync().map_err(crossing)
}

#[napi(catch_unwind)]
pub fn files_sync_dir_now(id: u32, path: String) -> Result<()> {
    store(id)?.sync_dir(&path).map_err(crossing)
}

/// xxh3, 64 bits.
#[napi(catch_unwind)]
pub fn files_checksum(bytes: Buffer) -> BigInt {
    files::checksum(&bytes).into()
}

/// Ends the simulated machine's life and begins the next one.
#[napi(catch_unwind)]
pub fn sim_restart(id: u32, power_cut: bool) -> Result<()> {
    simulated(id)?.restart(if power_cut { Restart::PowerCut } else { Restart::Kill });
    Ok(())
}

/// The machine stops at the `n`-th changing operation from now; 0 takes it back.
#[napi(catch_unwind)]
pub fn sim_crash_after(id: u32, n: u32) -> Result<()> {
    simulated(id)?.crash_after((n > 0).then_some(u64::from(n)));
    Ok(())
}

#[napi(catch_unwind)]
pub fn sim_crashed(id: u32) -> Result<bool> {
    Ok(simulated(id)?.crashed())
}

#[napi(catch_unwind)]
pub fn sim_operations(id: u32) -> Result<f64> {
    Ok(simulated(id)?.operations() as f64)
}

/// The `n`-th sync from now and `count - 1` more fail with EIO.
#[napi(catch_unwind)]
pub fn sim_fail_syncs(id: u32, n: u32, count: u32) -> Result<()> {
    simulated(id)?.fail_syncs(u64::from(n), u64::from(count));
    Ok(())
}

/// Bytes that the disk holds in all; negative = no bound.
#[napi(catch_unwind)]
pub fn sim_set_capacity(id: u32, bytes: f64) -> Result<()> {
    simulated(id)?.set_capacity((bytes >= 0.0).then_some(size(bytes)));
    Ok(())
}

#[napi(catch_unwind)]
pub fn sim_used(id: u32) -> Result<f64> {
    Ok(simulated(id)?.used() as f64)
}

#[napi(catch_unwind)]
pub fn sim_damage(id: u32, path: String, offset: f64, mask: u8) -> Result<()> {
    simulated(id)?.damage(&path, size(offset), mask).map_err(crossing)
}

#[napi(catch_unwind)]
pub fn sim_cut(id: u32, path: String, len: f64) -> Result<()> {
    simulated(id)?.cut(&path, size(len)).map_err(crossing)
}
