//! runningAccumulate: results of the states of all rows so far in a block.

use super::states::column;
use super::{aggregate_of, fresh, serial};
use functions::FunctionDef;
use functions::parts::{bound, f};
use types::{Column, ColumnBuilder, Error, StrData};

pub const ACCUMULATE: FunctionDef = f(
    "runningAccumulate",
    "runningAccumulate(state[, group])",
    "The result of the states of all rows so far; starts anew where `group` changes. Depends on how rows fall into blocks.",
    &[],
    |b| {
        b.arity(1, 2)?;
        if !b.session.flag("allow_deprecated_error_prone_window_functions", false) {
            return Err(Error::new(
                types::codes::DEPRECATED_FUNCTION,
                format!("Function {} depends on how rows fall into blocks: use -Merge over a window, or set allow_deprecated_error_prone_window_functions = 1", b.name),
            ));
        }
        let a = aggregate_of(b, 0)?;
        bound(a.ty().clone(), move |c| {
            let states = serial(&column(c, 0))?;
            let groups = (c.len() > 1).then(|| column(c, 1));
            let same = |i: usize| groups.as_ref().is_none_or(|g| equal(g, i - 1, i));
            let mut out = ColumnBuilder::new(a.ty());
            let mut running = fresh(a.as_ref(), 1);
            for i in 0..c.rows {
                if i > 0 && !same(i) {
                    running = fresh(a.as_ref(), 1);
                }
                running.merge_serialized(&[0], &StrData::from_iter([states.get(i)]))?;
                out.append_column(&running.finish(0..1)?);
            }
            Ok(out.finish())
        })
    },
)
.stateful();

fn equal(c: &Column, i: usize, j: usize) -> bool {
    c.scalar(i) == c.scalar(j)
}
