//! Columns of the binary formats that name them.

use types::{Field, Result};

pub(super) fn native(sample: &[u8]) -> Result<Vec<Field>> {
    let mut b = crate::binary::Bytes::new(sample, 0);
    let (columns, rows) = (b.count()?, b.count()?);
    let mut out = Vec::new();
    for _ in 0..columns.min(1 << 16) {
        let name = String::from_utf8_lossy(b.string()?).into_owned();
        let ty = types::parse::parse_type(&String::from_utf8_lossy(b.string()?))?;
        if rows > 0 {
            crate::binary::read_prefix(&ty, &mut b)?;
            crate::binary::read_column(&ty, rows, &mut b)?;
        }
        out.push(Field { name, ty });
    }
    Ok(out)
}

pub(super) fn row_binary(sample: &[u8]) -> Result<Vec<Field>> {
    let mut b = crate::binary::Bytes::new(sample, 0);
    let n = b.count()?.min(1 << 16);
    let names =
        (0..n).map(|_| Ok(String::from_utf8_lossy(b.string()?).into_owned())).collect::<Result<Vec<_>>>()?;
    names
        .into_iter()
        .map(|name| Ok(Field { name, ty: types::parse::parse_type(&String::from_utf8_lossy(b.string()?))? }))
        .collect()
}
