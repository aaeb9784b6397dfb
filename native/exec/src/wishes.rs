//! Bytes of files that lie on other servers: a file of the statement begins with the part that planning needs,
//! and what a scan reads of it is asked for before the scan begins. TypeScript listens to each such file, brings what is
//! wished for into it, and says so; until then the query's own thread waits, never a worker.

use crate::query::Query;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;
use types::{Error, Result};

/// `(first byte, one past the last)`
pub type Bytes = (u64, u64);
/// Gets the wish as JSON, or None when there will be none.
pub type Listener = Box<dyn FnOnce(Option<String>) + Send>;

#[derive(Default)]
struct File {
    listener: Option<Listener>,
    /// a wish that nobody has heard yet
    wish: Option<String>,
    /// somebody waits for an answer
    waiting: bool,
    answer: Option<Result<()>>,
}

/// By path.
#[derive(Default)]
pub struct Wishes {
    files: Mutex<HashMap<String, File>>,
    changed: Condvar,
}

/// Those of this process.
pub fn wishes() -> &'static Wishes {
    static WISHES: OnceLock<Wishes> = OnceLock::new();
    WISHES.get_or_init(Wishes::default)
}

const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Wishes {
    /// Hands the next wish for bytes of a file to the listener.
    pub fn listen(&self, path: &str, listener: Listener) {
        let mut files = self.files.lock();
        let file = files.entry(path.to_string()).or_default();
        match file.wish.take() {
            Some(wish) => {
                drop(files);
                listener(Some(wish));
            }
            None => file.listener = Some(listener),
        }
    }

    /// The bytes are in the file, or why they are not.
    pub fn answer(&self, path: &str, answer: Result<()>) {
        if let Some(file) = self.files.lock().get_mut(path) {
            file.answer = file.waiting.then_some(answer);
        }
        self.changed.notify_all();
    }

    /// Nobody brings bytes of this file any more.
    pub fn forget(&self, path: &str) {
        let gone = self.files.lock().remove(path);
        self.changed.notify_all();
        if let Some(listener) = gone.and_then(|f| f.listener) {
            listener(None);
        }
    }

    /// Waits until the bytes are in the file. Errors: what kept them away, or the end of the query.
    pub fn bring(&self, path: &str, bytes: &[Bytes], query: &Query) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let wish = serde_json::to_string(bytes).map_err(|e| Error::internal(e.to_string()))?;
        let mut files = self.files.lock();
        // one after another, if two scans read the same file
        while files.get(path).is_some_and(|f| f.waiting) {
            self.changed.wait_for(&mut files, LOOK_AGAIN);
            query.cancel.check()?;
        }
        let Some(file) = files.get_mut(path) else { return Err(nobody()) };
        file.waiting = true;
        match file.listener.take() {
            Some(listener) => {
                drop(files);
                listener(Some(wish));
                files = self.files.lock();
            }
            None => file.wish = Some(wish),
        }
        loop {
            let Some(file) = files.get_mut(path) else { return Err(nobody()) };
            if let Some(answer) = file.answer.take() {
                file.waiting = false;
                drop(files);
                self.changed.notify_all();
                return answer;
            }
            self.changed.wait_for(&mut files, LOOK_AGAIN);
            if let Err(e) = query.cancel.check() {
                if let Some(file) = files.get_mut(path) {
                    (file.waiting, file.wish) = (false, None);
                }
                return Err(e);
            }
        }
    }
}

fn nobody() -> Error {
    Error::internal("nobody brings the bytes of a file on another server")
}
