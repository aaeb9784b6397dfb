//! The state of the simulated disk: what reads see, what a power cut would leave, and what fails when.

mod loss;
mod rng;

use rng::Rng;
use std::collections::{BTreeMap, HashMap};

use super::{EIO, ENOSPC};
use crate::Entry;
use crate::error::{FileError, Kind, Result};
use crate::path::parent;

#[derive(Clone)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Truncate { len: u64 },
}

#[derive(Default)]
struct Inode {
    /// What reads see.
    content: Vec<u8>,
    /// What was there at the last sync that worked.
    durable: Vec<u8>,
    /// Changes since then, in order.
    pending: Vec<Change>,
    poison: Option<FileError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Dir,
    File(u64),
}

enum NameChange {
    Add(String, Node),
    Remove(String),
}

impl NameChange {
    fn path(&self) -> &str {
        match self {
            NameChange::Add(path, _) | NameChange::Remove(path) => path,
        }
    }
}

pub(super) struct Disk {
    rng: Rng,
    inodes: HashMap<u64, Inode>,
    next_inode: u64,
    names: BTreeMap<String, Node>,
    durable_names: BTreeMap<String, Node>,
    pending_names: Vec<NameChange>,
    pub(super) operations: u64,
    pub(super) crash_at: Option<u64>,
    pub(super) crashed: bool,
    pub(super) failing_syncs: Option<(u64, u64)>,
    pub(super) capacity: Option<u64>,
    pub(super) epoch: u64,
    pub(super) locked: bool,
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes } => {
            let (from, to) = (*at as usize, *at as usize + bytes.len());
            if content.len() < to {
                content.resize(to, 0);
            }
            content[from..to].copy_from_slice(bytes);
        }
        Change::Truncate { len } => content.truncate(*len as usize),
    }
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        // Zero is the one state xorshift never leaves.
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..4 {
            rng.next();
        }
        Disk {
            rng,
            inodes: HashMap::new(),
            next_inode: 1,
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            operations: 0,
            crash_at: None,
            crashed: false,
            failing_syncs: None,
            capacity: None,
            epoch: 1,
            locked: false,
        }
    }

    pub(super) fn alive(&self, path: &str) -> Result<()> {
        if self.crashed { Err(Self::dead(path)) } else { Ok(()) }
    }

    pub(super) fn dead(path: &str) -> FileError {
        FileError::new(Kind::Crashed, EIO, path, "the simulated machine is off")
    }

    /// Counts an operation. At the crash point gives true: the operation may still happen, by a coin,
    /// and then the machine is off.
    fn begin(&mut self, path: &str) -> Result<bool> {
        self.alive(path)?;
        self.operations += 1;
        if self.crash_at.is_none_or(|at| self.operations < at) {
            return Ok(false);
        }
        self.crashed = true;
        self.crash_at = None;
        if self.rng.coin() { Ok(true) } else { Err(Self::dead(path)) }
    }

    fn end<T>(&self, last: bool, path: &str, value: T) -> Result<T> {
        if last { Err(Self::dead(path)) } else { Ok(value) }
    }

    pub(super) fn used(&self) -> u64 {
        let files = self.names.values().filter_map(|node| match node {
            Node::File(inode) => self.inodes.get(inode),
            Node::Dir => None,
        });
        files.map(|inode| inode.content.len() as u64).sum()
    }

    pub(super) fn find(&self, path: &str) -> Result<(u64, u64)> {
        match self.names.get(path) {
            Some(Node::File(inode)) => {
                Ok((*inode, self.inodes.get(inode).map_or(0, |file| file.content.len() as u64)))
            }
            Some(Node::Dir) => Err(FileError::new(Kind::Io, 21, path, "open: it is a directory")),
            None => Err(FileError::new(Kind::NotFound, 2, path, "open: no such file")),
        }
    }

    fn is_dir(&self, path: &str) -> bool {
        path.is_empty() || self.names.get(path) == Some(&Node::Dir)
    }

    fn inode(&mut self, inode: u64, path: &str) -> Result<&mut Inode> {
        self.inodes.get_mut(&inode).ok_or_else(|| FileError::new(Kind::Io, 9, path, "stale handle"))
    }

    pub(super) fn content(&self, inode: u64) -> &[u8] {
        self.inodes.get(&inode).map_or(&[], |file| &file.content)
    }

    pub(super) fn create(&mut self, path: &str) -> Result<u64> {
        let last = self.begin(path)?;
        if self.names.contains_key(path) {
            return Err(FileError::new(Kind::Exists, 17, path, "create: the file exists"));
        }
        if !self.is_dir(parent(path)) {
            return Err(FileError::new(Kind::NotFound, 2, path, "create: no such directory"));
        }
        if self.capacity.is_some_and(|capacity| self.used() >= capacity) {
            return Err(FileError::new(Kind::DiskFull, ENOSPC, path, "create: no space left"));
        }
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::default());
        self.names.insert(path.to_string(), Node::File(inode));
        self.pending_names.push(NameChange::Add(path.to_string(), Node::File(inode)));
        self.end(last, path, inode)
    }

    /// A directory that is there may still hang on a name that nobody has synced.
    pub(super) fn make_dir(&mut self, path: &str) -> Result<()> {
        if path.is_empty() || self.durable_names.get(path) == Some(&Node::Dir) && self.is_dir(path) {
            return self.alive(path);
        }
        self.make_dir(parent(path))?;
        if !self.is_dir(path) {
            let last = self.begin(path)?;
            self.names.insert(path.to_string(), Node::Dir);
            self.pending_names.push(NameChange::Add(path.to_string(), Node::Dir));
            if last {
                return Err(Self::dead(path));
            }
        }
        self.sync_dir(parent(path))
    }

    pub(super) fn remove(&mut self, path: &str) -> Result<()> {
        let last = self.begin(path)?;
        match self.names.get(path) {
            None => {
                return Err(FileError::new(Kind::NotFound, 2, path, "remove: no such file"));
            }
            Some(Node::Dir) => {
                let below = format!("{path}/");
                if self.names.range(below.clone()..).next().is_some_and(|(n, _)| n.starts_with(&below)) {
                    return Err(FileError::new(Kind::Io, 39, path, "remove: not empty"));
                }
            }
            Some(Node::File(_)) => {}
        }
        self.names.remove(path);
        self.pending_names.push(NameChange::Remove(path.to_string()));
        self.end(last, path, ())
    }

    pub(super) fn list(&self, path: &str) -> Result<Vec<Entry>> {
        self.alive(path)?;
        if !self.is_dir(path) {
            return Err(FileError::new(Kind::NotFound, 2, path, "list: no such directory"));
        }
        let mut entries = Vec::new();
        for (full, node) in &self.names {
            if parent(full) != path {
                continue;
            }
            let name = full[if path.is_empty() { 0 } else { path.len() + 1 }..].to_string();
            let (is_dir, len) = match node {
                Node::Dir => (true, 0),
                Node::File(inode) => (false, self.content(*inode).len() as u64),
            };
            entries.push(Entry { name, is_dir, len });
        }
        Ok(entries)
    }

    fn sync_fails(&mut self) -> bool {
        let Some((n, count)) = self.failing_syncs else {
            return false;
        };
        if n > 1 {
            self.failing_syncs = Some((n - 1, count));
            return false;
        }
        self.failing_syncs = if count > 1 { Some((1, count - 1)) } else { None };
        true
    }

    pub(super) fn sync_dir(&mut self, path: &str) -> Result<()> {
        let last = self.begin(path)?;
        if self.sync_fails() {
            return Err(FileError::new(Kind::SyncFailed, EIO, path, "fsync directory: EIO"));
        }
        let mut rest = Vec::new();
        for change in std::mem::take(&mut self.pending_names) {
            if parent(change.path()) != path {
                rest.push(change);
                continue;
            }
            Self::name_change(&mut self.durable_names, change);
        }
        self.pending_names = rest;
        self.end(last, path, ())
    }

    fn name_change(names: &mut BTreeMap<String, Node>, change: NameChange) {
        match change {
            NameChange::Add(path, node) => names.insert(path, node),
            NameChange::Remove(path) => names.remove(&path),
        };
    }

    /// Appends when `at` is `None`.
    pub(super) fn write(&mut self, inode: u64, at: Option<u64>, bytes: &[u8], path: &str) -> Result<u64> {
        let last = self.begin(path)?;
        let used = self.used();
        let capacity = self.capacity;
        let file = self.inode(inode, path)?;
        if let Some(poison) = &file.poison {
            return Err(poison.clone());
        }
        let len = file.content.len() as u64;
        let at = at.unwrap_or(len);
        if at > len {
            return Err(FileError::new(Kind::Io, 0, path, "write behind the end"));
        }
        let growth = (at + bytes.len() as u64).saturating_sub(len);
        if capacity.is_some_and(|capacity| growth > 0 && used + growth > capacity) {
            return Err(FileError::new(Kind::DiskFull, ENOSPC, path, "append: no space left"));
        }
        let change = Change::Write { at, bytes: bytes.to_vec() };
        apply(&mut file.content, &change);
        file.pending.push(change);
        self.end(last, path, at)
    }

    pub(super) fn truncate(&mut self, inode: u64, len: u64, path: &str) -> Result<()> {
        let last = self.begin(path)?;
        let file = self.inode(inode, path)?;
        if let Some(poison) = &file.poison {
            return Err(poison.clone());
        }
        if len > file.content.len() as u64 {
            return Err(FileError::new(Kind::Io, 0, path, "truncate behind the end"));
        }
        let change = Change::Truncate { len };
        apply(&mut file.content, &change);
        file.pending.push(change);
        self.end(last, path, ())
    }

    pub(super) fn sync(&mut self, inode: u64, path: &str) -> Result<()> {
        let last = self.begin(path)?;
        if let Some(poison) = &self.inode(inode, path)?.poison {
            return Err(poison.clone());
        }
        if self.sync_fails() {
            let error = FileError::new(Kind::SyncFailed, EIO, path, "fdatasync: EIO");
            let file = self.inodes.get_mut(&inode).expect("found above");
            file.poison = Some(error.clone());
            for change in std::mem::take(&mut file.pending) {
                if self.rng.coin() {
                    let end = match &change {
                        Change::Write { at, .. } => *at as usize,
                        Change::Truncate { .. } => 0,
                    };
                    if file.durable.len() < end {
                        file.durable.resize(end, 0);
                    }
                    apply(&mut file.durable, &change);
                }
            }
            return Err(error);
        }
        let file = self.inode(inode, path)?;
        for change in std::mem::take(&mut file.pending) {
            apply(&mut file.durable, &change);
        }
        self.end(last, path, ())
    }
}
