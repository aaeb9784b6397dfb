//! What a power cut, a crash and damage leave of the disk.

use super::super::Restart;
use super::{Change, Disk, NameChange, Node, apply};
use crate::error::Result;
use crate::path::parent;
use std::collections::{BTreeMap, HashSet};

/// Writes arrive in pieces of this size.
const SECTOR: usize = 512;

impl Disk {
    pub(in crate::sim) fn restart(&mut self, how: Restart) {
        if how == Restart::PowerCut {
            self.lose_names();
            let mut order: Vec<u64> = self.inodes.keys().copied().collect();
            order.sort_unstable();
            for inode in order {
                self.lose_bytes(inode);
            }
        }
        // A removed name may come back as long as its removal is not on the disk.
        let names = self.names.values().chain(self.durable_names.values());
        let named: HashSet<u64> = names
            .filter_map(|node| match node {
                Node::File(inode) => Some(*inode),
                Node::Dir => None,
            })
            .collect();
        self.inodes.retain(|inode, _| named.contains(inode));
        for file in self.inodes.values_mut() {
            // The new process finds what is there; it has not been synced by anyone.
            file.poison = None;
        }
        self.crashed = false;
        self.crash_at = None;
        self.failing_syncs = None;
        self.locked = false;
        self.epoch += 1;
    }

    /// Each directory keeps a random number of its changes, in their order.
    fn lose_names(&mut self) {
        let mut dirs: BTreeMap<String, Vec<NameChange>> = BTreeMap::new();
        for change in std::mem::take(&mut self.pending_names) {
            dirs.entry(parent(change.path()).to_string()).or_default().push(change);
        }
        for (_, changes) in dirs {
            let kept = self.rng.below(changes.len() as u64 + 1) as usize;
            for change in changes.into_iter().take(kept) {
                Self::name_change(&mut self.durable_names, change);
            }
        }
        // What lies in a directory that did not make it is gone with it.
        let all: Vec<String> = self.durable_names.keys().cloned().collect();
        for path in all {
            let up = parent(&path);
            if !up.is_empty() && self.durable_names.get(up) != Some(&Node::Dir) {
                self.durable_names.remove(&path);
            }
        }
        self.names = self.durable_names.clone();
    }

    fn lose_bytes(&mut self, inode: u64) {
        let Some(file) = self.inodes.get_mut(&inode) else {
            return;
        };
        let pending = std::mem::take(&mut file.pending);
        let kept = self.rng.below(pending.len() as u64 + 1) as usize;
        for change in &pending[..kept] {
            apply(&mut file.durable, change);
        }
        // The write that was on its way when the power went arrives in part.
        if let Some(Change::Write { at, bytes }) = pending.get(kept)
            && self.rng.coin()
            && *at as usize <= file.durable.len()
        {
            for (index, sector) in bytes.chunks(SECTOR).enumerate() {
                if self.rng.coin() {
                    let at = *at + (index * SECTOR) as u64;
                    apply(&mut file.durable, &Change::Write { at, bytes: sector.to_vec() });
                }
            }
        }
        file.content = file.durable.clone();
    }

    pub(in crate::sim) fn damage(&mut self, path: &str, offset: u64, mask: u8) -> Result<()> {
        let (inode, _) = self.find(path)?;
        let file = self.inode(inode, path)?;
        for bytes in [&mut file.content, &mut file.durable] {
            if let Some(byte) = bytes.get_mut(offset as usize) {
                *byte ^= mask;
            }
        }
        Ok(())
    }

    pub(in crate::sim) fn cut(&mut self, path: &str, len: u64) -> Result<()> {
        let (inode, _) = self.find(path)?;
        let file = self.inode(inode, path)?;
        file.content.truncate(len as usize);
        file.durable.truncate(len as usize);
        Ok(())
    }
}
