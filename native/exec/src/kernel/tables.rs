//! Registered table versions, memtables and batches.

use super::{Kernel, MemoryTable, StoredBatch, parse};
use crate::jobs;
use crate::plan::{SessionInfo, TableShape, TableVersion};
use crate::pool::guarded;
use std::sync::Arc;
use storage::Memtable;
use types::parse::parse_type;
use types::{Batch, Error, Field, Result, Type};

impl Kernel {
    pub fn register_table(&self, request: &str) -> Result<u32> {
        let v: TableVersion = parse("registerTable", request)?;
        let shelf = self.shelf(v.store)?;
        let mut memory = self.memory_rows(&v.memtables)?;
        memory.extend(self.batch_rows(&v)?);
        let t = Arc::new(shelf.table(&v, memory)?);
        let n = self.number();
        self.tables.lock().insert(n, t);
        Ok(n)
    }
    pub fn release_table(&self, handle: u32) {
        self.tables.lock().remove(&handle);
    }
    /// Rows of batches as those of a memtable; the batches stay where they are.
    pub(super) fn batch_rows(&self, v: &TableVersion) -> Result<Vec<jobs::MemoryRows>> {
        let held = self.batches.lock();
        v.batches
            .iter()
            .map(|n| {
                let b = held.get(n).ok_or_else(|| Error::internal(format!("no batch {n}")))?;
                if b.types.len() != v.table.columns.len() {
                    return Err(Error::internal("a batch has other columns than its table"));
                }
                let fields = v.table.columns.iter().zip(&b.types);
                let fields = fields.map(|(c, t)| Field { name: c.name.clone(), ty: t.clone() }).collect();
                Ok((Arc::new(fields), vec![b.batch.clone()]))
            })
            .collect()
    }
    pub(super) fn memory_rows(&self, memtables: &[u32]) -> Result<Vec<jobs::MemoryRows>> {
        let all = self.memtables.lock();
        memtables
            .iter()
            .map(|m| {
                let m = all.get(m).ok_or_else(|| Error::internal(format!("no memtable {m}")))?;
                Ok((m.fields.clone(), m.rows.snapshot()))
            })
            .collect()
    }

    pub fn memtable_open(&self, shape: &str) -> Result<u32> {
        let shape: TableShape = parse("memtableOpen", shape)?;
        let fields = shape
            .columns
            .iter()
            .map(|c| Ok(Field { name: c.name.clone(), ty: parse_type(&c.ty)? }))
            .collect::<Result<Vec<_>>>()?;
        let n = self.number();
        let rows = Memtable::new(fields.iter().map(|f| f.ty.clone()).collect());
        self.memtables.lock().insert(n, Arc::new(MemoryTable { fields: Arc::new(fields), rows }));
        Ok(n)
    }
    /// Uses up the batch; gives (rows, bytes) of the memtable.
    pub fn memtable_append(&self, memtable: u32, batch: u32) -> Result<(u64, u64)> {
        let m = self.memtables.lock().get(&memtable).cloned();
        let m = m.ok_or_else(|| Error::internal(format!("no memtable {memtable}")))?;
        let b = self.take_batch(batch)?;
        m.rows.append(b.batch.as_ref().clone())?;
        Ok((m.rows.rows() as u64, m.rows.bytes() as u64))
    }
    pub fn memtable_drop(&self, memtable: u32) {
        self.memtables.lock().remove(&memtable);
    }
    pub(super) fn take_batch(&self, batch: u32) -> Result<StoredBatch> {
        self.batches.lock().remove(&batch).ok_or_else(|| Error::internal(format!("no batch {batch}")))
    }
    pub fn batch_drop(&self, batch: u32) {
        self.batches.lock().remove(&batch);
    }
    pub(super) fn keep_batch(&self, batch: Batch, types: Vec<Type>, names: Vec<String>) -> u32 {
        let n = self.number();
        let columns = batch.columns.iter().map(types::Column::flat_deep).collect();
        let batch = Arc::new(Batch { columns, rows: batch.rows });
        self.batches.lock().insert(n, StoredBatch { batch, types, names });
        n
    }
    /// What a table asks of rows that come in, as `prepare.rs` says. Gives the rows that are left.
    pub fn batch_prepare(&self, batch: u32, shape: &str, how: &str) -> Result<u64> {
        let how: crate::prepare::How = parse("batchPrepare", how)?;
        let shape: TableShape = parse("batchPrepare", shape)?;
        let stored = self.batches.lock().get(&batch).cloned();
        let mut stored = stored.ok_or_else(|| Error::internal(format!("no batch {batch}")))?;
        let info = SessionInfo { timezone: shape.timezone.clone(), ..SessionInfo::default() };
        let query = self.quick_query(&info)?;
        guarded(|| {
            let b = crate::prepare::prepare(&shape, &how, stored.batch.as_ref().clone(), &query)?;
            let columns = b.columns.iter().map(types::Column::flat_deep).collect();
            stored.batch = Arc::new(Batch { columns, rows: b.rows });
            self.batches.lock().insert(batch, stored.clone());
            Ok(stored.batch.rows as u64)
        })
    }
    pub fn wal_encode(&self, batch: u32) -> Result<Vec<u8>> {
        let b = self.batches.lock().get(&batch).cloned();
        let b = b.ok_or_else(|| Error::internal(format!("no batch {batch}")))?;
        storage::encode_batch(&b.batch, &b.fields())
    }
    /// Checked; errors: `CORRUPTED_DATA`.
    pub fn wal_decode(&self, shape: &str, payload: &[u8]) -> Result<u32> {
        let shape: TableShape = parse("walDecode", shape)?;
        let fields = shape
            .columns
            .iter()
            .map(|c| Ok(Field { name: c.name.clone(), ty: parse_type(&c.ty)? }))
            .collect::<Result<Vec<_>>>()?;
        let b = storage::decode_batch(payload, &fields)?;
        let (names, types) = fields.into_iter().map(|f| (f.name, f.ty)).unzip();
        Ok(self.keep_batch(b, types, names))
    }
}

impl StoredBatch {
    fn fields(&self) -> Vec<Field> {
        self.names.iter().zip(&self.types).map(|(n, t)| Field { name: n.clone(), ty: t.clone() }).collect()
    }
}
