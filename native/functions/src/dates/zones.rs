//! Calls whose zone differs by row: the rows of each zone by a call of their own.

use crate::bind::{Bind, Bound, bound};
use crate::call::{Arg, Value, resolve};
use std::collections::BTreeMap;
use types::{Column, Data, Error, Result, Type};

/// The function that is being bound, with argument `at` taken as a constant for all rows that have the same.
pub fn in_each_zone(b: &Bind<'_>, at: usize) -> Result<Bound> {
    b.string(at)?;
    let (name, args, session) = (b.name.to_string(), b.args.to_vec(), b.session.clone());
    bound(Type::String, move |c| {
        let zones = crate::args::strs(c.col(at));
        let mut groups: BTreeMap<&[u8], Vec<u32>> = BTreeMap::new();
        (0..c.rows).for_each(|i| groups.entry(zones.at(i)).or_default().push(i as u32));
        let (mut pieces, mut place, mut next) = (Vec::new(), vec![0u32; c.rows], 0);
        for (zone, rows) in groups {
            if zone.is_empty() {
                return Err(Error::illegal_type("Provided time zone must be non-empty and be a valid time zone"));
            }
            let zone = Column::strings([zone]);
            let mut with_zone = args.clone();
            with_zone[at] = Arg::constant(Type::String, zone.clone());
            let call = resolve(&name, &with_zone, &session)?;
            let column = |i: usize| if i == at { Column::constant(zone.clone(), rows.len()) } else { c.col(i).gather(&rows) };
            let columns: Vec<Column> = (0..c.len()).map(column).collect();
            let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
            pieces.push(call.eval(&values, rows.len(), c.session)?.flat());
            for row in rows {
                place[row as usize] = next;
                next += 1;
            }
        }
        if pieces.is_empty() {
            return Ok(Data::Nothing(0).into());
        }
        Ok(Column::concat(&Type::String, &pieces.iter().collect::<Vec<_>>()).gather(&place))
    })
}
