//! What the values of a column have in common, and the type that follows from it.

use super::Style;
use super::how::{How, Nullable, Objects};
use super::values::literal;
use hashbrown::HashSet;
use std::sync::Arc;
use types::Type;
use types::text::best_effort::best_effort;
use types::text::time::{DateTimeInput, Moment, scan_date, scan_moment};
use types::text::{Cursor, number};
use types::tz::TimeZone;

/// Distinct texts of a LowCardinality column in the sample, and how many rows it takes to tell.
pub(super) const DISTINCT_MAX: usize = 1000;
const ROWS_FOR_LOW_CARDINALITY: usize = 20;

/// What is known of a column's values.
#[derive(Clone, Debug, Default)]
pub(super) enum Seen {
    #[default]
    Nothing,
    /// true: JSON's own, which may stand among numbers
    Bool(bool),
    /// all of them fit Int64 / some need UInt64 / Int128 and more
    Int {
        unsigned: bool,
        wide: bool,
        negative: bool,
    },
    Float,
    Date,
    /// digits behind the second, most of any value
    Time(u8),
    Uuid,
    Text,
    /// scalars beside lists, lists beside objects: text where it may be
    Mixed,
    List(Box<Facts>),
    Tuple(Vec<Facts>),
    /// keys and values
    Map(Box<[Facts; 2]>),
    /// members in the order they first came
    Object(Vec<(String, Facts)>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub seen: Seen,
    pub nulls: bool,
    /// times this column had a value or NULL
    pub count: usize,
    pub distinct: HashSet<Vec<u8>>,
    pub many: bool,
}

impl Facts {
    pub fn add(&mut self, new: Seen) {
        self.seen = merge(std::mem::take(&mut self.seen), new);
    }
    /// Nothing but NULLs and empty lists was seen.
    pub fn incomplete(&self) -> bool {
        match &self.seen {
            Seen::Nothing => true,
            Seen::List(of) => of.incomplete(),
            _ => false,
        }
    }
    /// Somewhere inside a list, tuple or map nothing is known of a value.
    pub fn unknown_inside(&self) -> bool {
        let unknown = |f: &Facts| matches!(f.seen, Seen::Nothing) || f.unknown_inside();
        match &self.seen {
            Seen::List(of) => unknown(of),
            Seen::Tuple(of) => of.iter().any(unknown),
            Seen::Map(of) => of.iter().any(unknown),
            _ => false,
        }
    }
    /// The same values, taken for texts.
    pub fn as_text(&self) -> Facts {
        Facts { seen: Seen::Text, nulls: self.nulls, count: self.count, many: true, ..Facts::default() }
    }
    pub fn add_text(&mut self, text: &[u8], how: How) {
        self.add(kind_of_text(text, how));
        if !self.many {
            if !self.distinct.contains(text) {
                self.distinct.insert(text.to_vec());
            }
            self.many = self.distinct.len() > DISTINCT_MAX || text.len() > 200;
            if self.many {
                self.distinct = HashSet::new();
            }
        }
    }
    pub fn ty(&self, rows: usize, how: How) -> Type {
        let style = how.style;
        let nullable = match how.nullable {
            Nullable::Never => false,
            Nullable::Seen => self.nulls || self.count < rows,
            Nullable::Always => true,
        };
        let plain = match &self.seen {
            // What nothing is known of is text; outside of JSON no NULL was seen in it as one.
            Seen::Nothing if how.nullable == Nullable::Seen && style == Style::ClickHouse && !how.json => {
                return Type::String;
            }
            Seen::Nothing if style == Style::Table => return Type::nullable(Type::String),
            Seen::Nothing => Type::String,
            Seen::Bool(_) => Type::Bool,
            Seen::Int { wide: true, .. } | Seen::Int { unsigned: true, negative: true, .. }
                if style == Style::ClickHouse =>
            {
                Type::Float64
            }
            Seen::Int { .. } if !how.integers => Type::Float64,
            Seen::Int { wide: true, negative: true, .. } => Type::Int256,
            Seen::Int { wide: true, .. } => Type::UInt256,
            Seen::Int { unsigned: true, negative: false, .. } => Type::UInt64,
            Seen::Int { unsigned: true, .. } => Type::Int128,
            Seen::Int { .. } => Type::Int64,
            Seen::Float => Type::Float64,
            Seen::Date if style == Style::Table => Type::Date32,
            Seen::Date => Type::Date,
            Seen::Time(0) => Type::DateTime(None),
            Seen::Time(_) if style == Style::ClickHouse => Type::DateTime64(9, None),
            Seen::Time(d) => Type::DateTime64(
                if *d <= 3 {
                    3
                } else if *d <= 6 {
                    6
                } else {
                    9
                },
                None,
            ),
            Seen::Uuid if style == Style::Table => Type::Uuid,
            Seen::Mixed => Type::String,
            Seen::Text | Seen::Uuid => {
                let few = !self.many
                    && self.count >= ROWS_FOR_LOW_CARDINALITY
                    && self.distinct.len() * 4 <= self.count;
                if few && style == Style::Table {
                    return Type::low_cardinality(if nullable {
                        Type::nullable(Type::String)
                    } else {
                        Type::String
                    });
                }
                Type::String
            }
            Seen::List(of) => return Type::array(of.ty(of.count, how)),
            Seen::Tuple(of) => {
                return Type::tuple(of.iter().map(|f| f.ty(f.count, how)).collect());
            }
            Seen::Map(of) => {
                let key = of[0].ty(of[0].count, how).base().clone();
                return Type::map(key, of[1].ty(of[1].count, how));
            }
            Seen::Object(members) if members.is_empty() => return Type::map(Type::String, Type::String),
            Seen::Object(_) if how.objects == Objects::Text => Type::String,
            Seen::Object(members) => return object_type(members, self.count, how),
        };
        if nullable { Type::nullable(plain) } else { plain }
    }
}

/// A tuple where objects share their members, a map where every object has other ones of one type.
pub(super) fn object_type(members: &[(String, Facts)], rows: usize, how: How) -> Type {
    let sparse = how.objects == Objects::Map
        || members.len() > 100
        || (members.len() > 8
            && members.iter().filter(|(_, f)| f.count * 4 < rows).count() * 2 > members.len());
    if sparse {
        let mut all = Facts::default();
        for (_, f) in members {
            all.seen = merge(all.seen, f.seen.clone());
            all.nulls |= f.nulls;
        }
        return Type::map(Type::String, all.ty(0, how));
    }
    Type::Tuple(members.iter().map(|(n, f)| (Arc::from(n.as_str()), f.ty(rows, how))).collect())
}

pub(super) fn merge(a: Seen, b: Seen) -> Seen {
    use Seen::*;
    match (a, b) {
        (Nothing, x) | (x, Nothing) => x,
        (Bool(a), Bool(b)) => Bool(a && b),
        (Bool(true), number @ (Int { .. } | Float)) | (number @ (Int { .. } | Float), Bool(true)) => number,
        (Int { unsigned: u, wide: w, negative: n }, Int { unsigned: v, wide: x, negative: m }) => {
            Int { unsigned: u || v, wide: w || x, negative: n || m }
        }
        (Int { .. } | Float, Int { .. } | Float) => Float,
        (Date, Date) => Date,
        (Time(d), Time(e)) => Time(d.max(e)),
        (Date, Time(d)) | (Time(d), Date) => Time(d),
        (Uuid, Uuid) => Uuid,
        (List(mut x), List(y)) => {
            absorb(&mut x, *y);
            List(x)
        }
        (Tuple(mut x), Tuple(y)) if x.len() == y.len() => {
            x.iter_mut().zip(y).for_each(|(a, b)| absorb(a, b));
            Tuple(x)
        }
        (Map(mut x), Map(y)) => {
            x.iter_mut().zip(*y).for_each(|(a, b)| absorb(a, b));
            Map(x)
        }
        (Object(mut x), Object(y)) => {
            for (name, facts) in y {
                match x.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, f)) => absorb(f, facts),
                    None => x.push((name, facts)),
                }
            }
            Object(x)
        }
        (Mixed | List(_) | Tuple(_) | Map(_) | Object(_), _)
        | (_, Mixed | List(_) | Tuple(_) | Map(_) | Object(_)) => Mixed,
        _ => Text,
    }
}

pub(super) fn absorb(into: &mut Facts, from: Facts) {
    into.seen = merge(std::mem::take(&mut into.seen), from.seen);
    into.nulls |= from.nulls;
    into.count += from.count;
    into.many |= from.many;
    if !into.many {
        into.distinct.extend(from.distinct);
        into.many = into.distinct.len() > DISTINCT_MAX;
    }
}

pub(super) fn kind_of_number(text: &[u8]) -> Seen {
    let scan = number::scan_int(text);
    if scan.used == text.len() && scan.used > 0 {
        let negative = scan.negative;
        return if scan.digits <= 18 || (scan.digits == 19 && scan.low <= i64::MAX as u64) {
            Seen::Int { unsigned: false, wide: false, negative }
        } else if scan.digits <= 19
            || (scan.digits == 20 && text[text.len() - 20..] <= b"18446744073709551615"[..])
        {
            Seen::Int { unsigned: true, wide: false, negative }
        } else if scan.digits <= 76 {
            Seen::Int { unsigned: true, wide: true, negative }
        } else {
            Seen::Float
        };
    }
    match number::scan_float(text) {
        Ok((_, n)) if n == text.len() => Seen::Float,
        _ => Seen::Text,
    }
}

/// DateTime cannot hold it, DateTime64 can.
fn is_far(moment: &Moment) -> bool {
    !(0..=i64::from(u32::MAX)).contains(&moment.seconds)
}

/// Dates, times and UUIDs in quotes are recognised; all else is text.
pub(super) fn kind_of_text(text: &[u8], how: How) -> Seen {
    if !how.best_effort {
        return Seen::Text;
    }
    if how.quoted_numbers && text.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+')) {
        match kind_of_number(text) {
            Seen::Text => {}
            number => return number,
        }
    }
    // a zone behind a time is only read where a table is made, and by best effort
    let exact = how.style == Style::ClickHouse && how.times == DateTimeInput::Basic;
    let shaped = text.len() >= 8
        && text.len() <= 40
        && text[0].is_ascii_digit()
        && text.get(4).is_some_and(|b| matches!(b, b'-' | b'/'));
    if shaped {
        if text.len() == 10
            && (how.dates || !how.datetimes)
            && let Ok((days, 10)) = scan_date(text, true)
            && (how.style == Style::Table || (0..=i64::from(u16::MAX)).contains(&days) || !how.datetimes)
        {
            return if how.dates { Seen::Date } else { Seen::Text };
        }
        if how.datetimes
            && (text.len() >= 16 || text.len() == 10)
            && let Ok(m) = scan_moment(text, &TimeZone::utc(), true, !exact)
            && m.used == text.len()
        {
            let point = text.iter().position(|b| *b == b'.');
            let digits = point.map_or(0, |p| text[p + 1..].iter().take_while(|b| b.is_ascii_digit()).count());
            return Seen::Time(if (is_far(&m) || how.only_datetime64) && digits == 0 {
                1
            } else {
                digits.min(9) as u8
            });
        }
    }
    let digits = text.iter().any(u8::is_ascii_digit) && text.iter().any(|b| !b.is_ascii_digit());
    if how.datetimes
        && how.times != DateTimeInput::Basic
        && digits
        && text.len() >= 8
        && matches!(kind_of_number(text), Seen::Text)
        && let Ok(m) = best_effort(text, &TimeZone::utc(), how.times == DateTimeInput::BestEffortUs, 0)
        && m.used == text.len()
    {
        let whole =
            how.style == Style::ClickHouse && !how.only_datetime64 && !text.contains(&b'.') && !is_far(&m);
        return Seen::Time(if whole { 0 } else { 9 });
    }
    if text.len() == 36 && text[8] == b'-' && types::text::net::parse_uuid(text).is_ok() {
        return Seen::Uuid;
    }
    Seen::Text
}

/// A field of CSV or TSV: numbers and booleans stand without quotes.
pub(super) fn kind_of_field(text: &[u8], how: How) -> Seen {
    if !how.best_effort {
        return Seen::Text;
    }
    if text.eq_ignore_ascii_case(b"true") || text.eq_ignore_ascii_case(b"false") {
        return Seen::Bool(false);
    }
    if text.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.')) {
        match kind_of_number(text) {
            // Codes such as 007 are no numbers.
            Seen::Int { .. } if text.len() > 1 && text[0] == b'0' => return Seen::Text,
            Seen::Text => {}
            Seen::Float if !how.exponents && text.iter().any(|b| matches!(b, b'e' | b'E')) => {
                return Seen::Text;
            }
            number => return number,
        }
    }
    if matches!(text, b"nan" | b"inf" | b"-inf" | b"NaN" | b"Infinity" | b"-Infinity") {
        return Seen::Float;
    }
    let closed = matches!(
        (text.first(), text.last()),
        (Some(b'['), Some(b']')) | (Some(b'('), Some(b')')) | (Some(b'{'), Some(b'}'))
    );
    if closed {
        let mut c = Cursor::new(text);
        let mut facts = Facts::default();
        if literal(&mut c, &mut facts, how, 0).is_some() && c.at_end() {
            return facts.seen;
        }
    }
    kind_of_text(text, how)
}
