//! A plan's files as a stream of rows.

use super::sources::types_of;
use super::{Output, Runner};
use crate::from_files::{Asked, FileSet, rows};
use crate::literal;
use crate::plan::Node;
use crate::predicate::{conjuncts, direct};
use crate::rows::Typed;
use formats::decode::{InputField, InputOptions};
use types::{Column, ColumnBuilder, Error, Result, Type};

impl Runner<'_> {
    pub(super) fn files(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        let Node::Files { format, columns, virtuals, files } = node else {
            return Err(Error::internal("no files"));
        };
        let session = &self.query.session;
        let own = types_of(columns)?;
        let added = types_of(virtuals)?;
        let of_file = |values: &[serde_json::Value]| -> Result<Vec<Column>> {
            if values.len() != added.len() {
                return Err(Error::internal("a file without its virtual columns"));
            }
            added.iter().zip(values).map(|(ty, value)| constant(ty, value)).collect()
        };
        let virtuals = files.iter().map(|f| of_file(&f.virtuals)).collect::<Result<_>>()?;
        let condition = self.with_pushed_files(columns.as_ptr() as usize);
        let mut parts = Vec::new();
        condition.iter().for_each(|c| conjuncts(c, &mut parts));
        let asked = Asked {
            columns: (0..own.len()).map(|i| needed.is_none_or(|n| n.contains(&i))).collect(),
            predicates: parts
                .iter()
                .filter_map(|c| direct(c, self.query))
                .filter(|(i, _)| *i < own.len())
                .collect(),
        };
        let fields = columns.iter().zip(&own).map(|(c, t)| InputField::new(&c.name, t.clone())).collect();
        let set = FileSet {
            format: format.clone(),
            fields,
            options: InputOptions::from_settings(&session.settings, session.timezone.clone(), false)?,
            files: files.clone(),
            virtuals,
        };
        let types = own.into_iter().chain(added).collect();
        Ok(Output::plain(Typed { rows: rows(set, asked, self.query)?, types }))
    }
}

fn constant(ty: &Type, value: &serde_json::Value) -> Result<Column> {
    let mut b = ColumnBuilder::new(ty);
    literal::push(&mut b, ty, value, 0)?;
    Ok(b.finish())
}
