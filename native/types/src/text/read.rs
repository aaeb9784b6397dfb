//! Text to values. Every function reads one value into a builder and says whether it was there:
//! `false` = NULL for a type without NULL, and the default was taken (`null_as_default`).
//!
//! After an error the builder may hold parts of a nested value: call `truncate` with the number of
//! rows before it.

use super::clock::clock_fits;
use super::cursor::clip;
use super::escape::{read_quoted_string, unescape};
use super::number::{ReadInt, scan_decimal, scan_float, scan_float32, scan_int};
use super::time::{
    DateTimeInput, Moment, date_of, date32_of, datetime_of, scan_date, scan_moment, time_part,
};
use super::{Codec, Cursor, Kind, net};
use crate::builder::Values;
use crate::codes::{
    CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, CANNOT_PARSE_BOOL, CANNOT_PARSE_DATE, CANNOT_PARSE_DATETIME,
    CANNOT_PARSE_INPUT_ASSERTION_FAILED, CANNOT_PARSE_NUMBER, CANNOT_PARSE_QUOTED_STRING, CANNOT_PARSE_TEXT,
    CANNOT_READ_ARRAY_FROM_TEXT, CANNOT_READ_MAP_FROM_TEXT, Code, TOO_LARGE_STRING_SIZE, TYPE_MISMATCH,
    UNKNOWN_ELEMENT_OF_ENUM, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
};
use crate::text::best_effort::best_effort;
use crate::{ColumnBuilder, Error, I256, Result, U256};

/// From the year 2300 on a whole number in the text of a DateTime64 counts its ticks.
const TICKS_FROM: i64 = 10_413_792_000;

/// Reads an integer at the beginning of `s` and pushes it. Gives the bytes read, 0 if there is no digit.
#[inline]
pub(super) fn push_int(s: &[u8], strict: bool, out: &mut ColumnBuilder) -> Result<usize> {
    let scan = scan_int(s);
    if scan.used == 0 {
        return Ok(0);
    }
    macro_rules! push { ($($v:ident $t:ty),*) => { match &mut out.values {
        $(Values::$v(v) => v.push(<$t>::from_scan(&scan, s, strict)?),)*
        _ => return Err(Error::internal("an integer does not fit this column")),
    } } }
    push!(U8 u8, U16 u16, U32 u32, U64 u64, U128 u128, U256 U256, I8 i8, I16 i16, I32 i32, I64 i64, I128 i128, I256 I256);
    out.pushed();
    Ok(scan.used)
}

/// Pushes an integer that is known to fit the column's type.
pub(super) fn push_known(v: i64, out: &mut ColumnBuilder) {
    match &mut out.values {
        Values::U8(x) => x.push(v as u8),
        Values::U16(x) => x.push(v as u16),
        Values::U32(x) => x.push(v as u32),
        Values::U64(x) => x.push(v as u64),
        Values::I8(x) => x.push(v as i8),
        Values::I16(x) => x.push(v as i16),
        Values::I32(x) => x.push(v as i32),
        Values::I64(x) => x.push(v),
        Values::U128(x) => x.push(v as u128),
        Values::I128(x) => x.push(v.into()),
        Values::U256(x) => x.push(U256::new(v as u128)),
        Values::I256(x) => x.push(I256::from(v)),
        _ => return out.push_default(1),
    }
    out.pushed();
}

pub(super) fn push_float(s: &[u8], out: &mut ColumnBuilder) -> Result<usize> {
    let used = match &mut out.values {
        Values::F32(v) => {
            let (x, n) = scan_float32(s)?;
            v.push(x);
            n
        }
        Values::F64(v) => {
            let (x, n) = scan_float(s)?;
            v.push(x);
            n
        }
        _ => return Err(Error::internal("a float does not fit this column")),
    };
    out.pushed();
    Ok(used)
}

pub(super) fn push_decimal(s: &[u8], precision: u8, scale: u8, out: &mut ColumnBuilder) -> Result<usize> {
    let (v, used) = scan_decimal(s, precision, scale)?;
    match &mut out.values {
        Values::I32(x) => x.push(v.as_i32()),
        Values::I64(x) => x.push(v.as_i64()),
        Values::I128(x) => x.push(v.as_i128()),
        Values::I256(x) => x.push(v),
        _ => return Err(Error::internal("a decimal does not fit this column")),
    }
    out.pushed();
    Ok(used)
}

pub(super) fn push_u128(v: u128, out: &mut ColumnBuilder) {
    match &mut out.values {
        Values::U128(x) => x.push(v),
        _ => return out.push_default(1),
    }
    out.pushed();
}

/// The words ClickHouse takes for true and false, any case.
pub fn bool_of(s: &[u8]) -> Option<bool> {
    const TRUE: [&[u8]; 8] = [b"true", b"1", b"t", b"yes", b"y", b"on", b"enable", b"enabled"];
    const FALSE: [&[u8]; 8] = [b"false", b"0", b"f", b"no", b"n", b"off", b"disable", b"disabled"];
    if TRUE.iter().any(|w| s.eq_ignore_ascii_case(w)) {
        return Some(true);
    }
    FALSE.iter().any(|w| s.eq_ignore_ascii_case(w)).then_some(false)
}

impl Codec {
    /// A NULL in the text: NULL, or the default (`false`), or an error.
    pub(super) fn push_null(&self, code: Code, out: &mut ColumnBuilder) -> Result<bool> {
        if self.nullable || matches!(self.kind, Kind::Nothing) {
            out.push_null();
            return Ok(true);
        }
        if !self.options.null_as_default {
            return Err(Error::new(
                code,
                "NULL stands for a column that cannot hold it; make the column Nullable or set input_format_null_as_default=1",
            ));
        }
        out.push_default(1);
        Ok(false)
    }

    fn incomplete(&self, text: &[u8], used: usize) -> Error {
        let code = match self.kind {
            Kind::Date | Kind::Date32 => CANNOT_PARSE_DATE,
            Kind::DateTime(_) | Kind::DateTime64(..) => CANNOT_PARSE_DATETIME,
            Kind::Int(_) if used == 0 && matches!(text.first(), Some(b'-' | b'+')) => CANNOT_PARSE_NUMBER,
            Kind::Float if used == 0 && !matches!(text, [b'-' | b'+', b'-' | b'+', ..]) => {
                CANNOT_PARSE_NUMBER
            }
            _ => CANNOT_PARSE_TEXT,
        };
        let place = if used == 0 {
            "syntax error at its beginning".to_string()
        } else {
            format!("'{}' is left over", clip(&text[used..], 20))
        };
        Error::new(code, format!("Cannot parse '{}' as {}: {place}", clip(text, 50), self.name()))
    }

    /// Name of the type for messages.
    pub fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Int(name) => name,
            Kind::Nothing => "Nothing",
            Kind::Bool => "Bool",
            Kind::Float => "a floating point number",
            Kind::Decimal(..) => "Decimal",
            Kind::String => "String",
            Kind::FixedString(_) => "FixedString",
            Kind::Date => "Date",
            Kind::Date32 => "Date32",
            Kind::DateTime(_) => "DateTime",
            Kind::DateTime64(..) => "DateTime64",
            Kind::Enum(_) => "Enum",
            Kind::Uuid => "UUID",
            Kind::Ipv4 => "IPv4",
            Kind::Ipv6 => "IPv6",
            Kind::Interval(_) => "Interval",
            Kind::Array(_) => "Array",
            Kind::Tuple(_) => "Tuple",
            Kind::Map(_) => "Map",
        }
    }

    /// Reads a moment at the beginning of `s`.
    fn moment(&self, s: &[u8], zone: &crate::tz::TimeZone) -> Result<Moment> {
        let o = &self.options;
        match o.date_time_input {
            DateTimeInput::Basic => scan_moment(s, zone, o.strict, o.strict),
            // A conversion (it knows the time) takes digits alone for seconds only where there are many;
            // in formats they are seconds.
            how => match scan_moment(s, zone, true, true) {
                Ok(m) if m.used == s.len() && (o.now == 0 || !s.iter().all(u8::is_ascii_digit)) => Ok(m),
                _ if o.strict && !clock_fits(s) => {
                    Err(Error::new(CANNOT_PARSE_DATETIME, format!("'{}' is no time of a clock", clip(s, 50))))
                }
                _ => best_effort(s, zone, how == DateTimeInput::BestEffortUs, o.now),
            },
        }
    }

    /// Reads the whole plain text of one value: what CAST from String does, and CSV after its quotes.
    /// Errors: `CANNOT_PARSE_TEXT`, `CANNOT_PARSE_DATE`, … by type.
    #[inline]
    pub fn parse_text(&self, s: &[u8], out: &mut ColumnBuilder) -> Result<()> {
        let strict = self.options.strict;
        match &self.kind {
            Kind::Int(_) | Kind::Interval(_) => {
                let used = push_int(s, strict, out)?;
                if used != s.len() || used == 0 {
                    return Err(self.incomplete(s, used));
                }
            }
            Kind::Float => {
                let used = push_float(s, out).map_err(|_| self.incomplete(s, 0))?;
                if used != s.len() {
                    return Err(self.incomplete(s, used));
                }
            }
            Kind::Decimal(p, scale) => {
                let used = push_decimal(s, *p, *scale, out)?;
                if used != s.len() {
                    return Err(self.incomplete(s, used));
                }
            }
            Kind::String => out.push_bytes(s),
            Kind::FixedString(n) => {
                if s.len() > *n {
                    return Err(Error::new(
                        TOO_LARGE_STRING_SIZE,
                        format!("Too large value for FixedString({n}): {} bytes", s.len()),
                    ));
                }
                out.push_bytes(s);
            }
            Kind::Bool => match bool_of(s) {
                Some(b) => push_known(b.into(), out),
                None if s == self.options.bool_true => push_known(1, out),
                None if s == self.options.bool_false => push_known(0, out),
                None => {
                    return Err(Error::new(
                        CANNOT_PARSE_BOOL,
                        format!("Cannot parse boolean value '{}': expected true, false, 1 or 0", clip(s, 50)),
                    ));
                }
            },
            Kind::Date | Kind::Date32 => {
                let (days, used) = scan_date(s, strict)?;
                if used != s.len() && used + time_part(&s[used..]) != s.len() {
                    return Err(self.incomplete(s, used));
                }
                self.push_days(days, out)?;
            }
            Kind::DateTime(zone) => {
                let mut m = self.moment(s, zone)?;
                // Some write an exact time with dots behind it even where seconds are kept.
                if m.used != s.len() && !strict && s[m.used..] == *b"." {
                    m.used = s.len();
                }
                if m.used != s.len() {
                    return Err(self.incomplete(s, m.used));
                }
                push_known(datetime_of(m.seconds, strict)?.into(), out);
            }
            Kind::DateTime64(scale, zone) => {
                let m = self.moment(s, zone)?;
                if m.used != s.len() {
                    return Err(self.incomplete(s, m.used));
                }
                if m.seconds >= TICKS_FROM && s.iter().all(u8::is_ascii_digit) {
                    push_known(m.seconds, out);
                } else {
                    self.push_ticks(&m, *scale, out)?;
                }
            }
            Kind::Enum(e) => match e.value_in(s) {
                Some(v) => push_known(v.into(), out),
                None => return Err(self.unknown_element(s)),
            },
            // What stands behind a whole UUID is left over.
            Kind::Uuid if s.len() > 36 && net::parse_uuid(&s[..36]).is_ok() => {
                return Err(self.incomplete(s, 36));
            }
            Kind::Uuid => push_u128(net::parse_uuid(s)?, out),
            Kind::Ipv4 => push_known(net::parse_ipv4(s)?.into(), out),
            Kind::Ipv6 => push_u128(net::parse_ipv6(s)?, out),
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) | Kind::Nothing => {
                let mut c = Cursor::new(s);
                c.blank();
                self.read_quoted(&mut c, out)?;
                c.blank();
                if !c.at_end() {
                    return Err(self.incomplete(s, c.pos));
                }
            }
        }
        Ok(())
    }

    fn unknown_element(&self, s: &[u8]) -> Error {
        let names = match &self.kind {
            Kind::Enum(e) => {
                e.entries.iter().take(5).map(|(n, _)| format!("'{n}'")).collect::<Vec<_>>().join(", ")
            }
            _ => String::new(),
        };
        Error::new(
            UNKNOWN_ELEMENT_OF_ENUM,
            format!("Unknown element '{}' for enum; it has {names}", clip(s, 50)),
        )
    }

    fn push_days(&self, days: i64, out: &mut ColumnBuilder) -> Result<()> {
        let strict = self.options.strict;
        let v = if matches!(self.kind, Kind::Date) {
            date_of(days, strict)?.into()
        } else {
            date32_of(days, strict)?.into()
        };
        push_known(v, out);
        Ok(())
    }
    fn push_ticks(&self, m: &Moment, scale: u8, out: &mut ColumnBuilder) -> Result<()> {
        let far = || {
            Error::new(VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, format!("Time does not fit DateTime64({scale})"))
        };
        push_known(m.ticks(scale).ok_or_else(far)?, out);
        Ok(())
    }

    /// A bare whole number for a type that is not an integer: dates as days, times as seconds, exact times as ticks, enums
    /// as their number, IPv4 as its number. The whole text. `None`: such a type takes no numbers.
    pub(super) fn parse_number_for(&self, s: &[u8], out: &mut ColumnBuilder) -> Option<Result<()>> {
        let scan = scan_int(s);
        let whole = scan.used == s.len() && scan.used > 0 && scan.digits <= 18;
        let v = if scan.negative { (scan.low as i64).wrapping_neg() } else { scan.low as i64 };
        Some(match &self.kind {
            Kind::Date | Kind::Date32 if whole => {
                // Above the last day a number can only be seconds.
                self.push_days(if v > 65535 { v.div_euclid(86400) } else { v }, out)
            }
            Kind::DateTime64(..) if whole => {
                push_known(v, out);
                Ok(())
            }
            Kind::DateTime(_) | Kind::DateTime64(..) => self.parse_text(s, out),
            Kind::Enum(e) if whole => match i16::try_from(v).ok().filter(|v| e.name_of(*v).is_some()) {
                Some(v) => {
                    push_known(v.into(), out);
                    Ok(())
                }
                None => Err(self.unknown_element(s)),
            },
            Kind::Ipv4 if whole && (0..=i64::from(u32::MAX)).contains(&v) => {
                push_known(v, out);
                Ok(())
            }
            Kind::Bool if whole => {
                if self.options.strict && !(0..=1).contains(&v) {
                    return Some(Err(Error::new(
                        CANNOT_PARSE_BOOL,
                        format!("Cannot parse boolean value {v}: expected true, false, 1 or 0"),
                    )));
                }
                push_known((v != 0).into(), out);
                Ok(())
            }
            _ => return None,
        })
    }

    /// A field of TSV as it stands between the tabs.
    pub fn parse_tsv(&self, field: &[u8], out: &mut ColumnBuilder) -> Result<bool> {
        let o = &self.options;
        if field == o.tsv_null || (field == b"\\N" && o.tsv_null != b"\\N" && self.nullable) {
            return self.push_null(CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, out);
        }
        if field.is_empty() && !matches!(self.kind, Kind::String | Kind::FixedString(_)) {
            if o.tsv_empty_as_default {
                out.push_default(1);
                return Ok(false);
            }
            if !o.strict && matches!(self.kind, Kind::Int(_)) {
                push_known(0, out);
                return Ok(true);
            }
        }
        if field.is_empty() && o.tsv_empty_as_default {
            out.push_default(1);
            return Ok(false);
        }
        if field.contains(&b'\\') && !self.is_nested() {
            let mut plain = Vec::with_capacity(field.len());
            unescape(field, &mut plain)?;
            return self.parse_field(&plain, out).map(|()| true);
        }
        self.parse_field(field, out).map(|()| true)
    }

    fn parse_field(&self, s: &[u8], out: &mut ColumnBuilder) -> Result<()> {
        if let Kind::Enum(e) = &self.kind
            && e.value_of(s).is_none()
            && let Some(done) = self.parse_number_for(s, out)
        {
            return done;
        }
        self.parse_text(s, out)
    }

    /// A field of CSV without its quotes; `quoted` tells whether it had some.
    pub fn parse_csv(&self, field: &[u8], quoted: bool, out: &mut ColumnBuilder) -> Result<bool> {
        let o = &self.options;
        if !quoted {
            if field == o.csv_null
                || (self.nullable
                    && (field == b"\\N" || (field == b"NULL" && !matches!(self.kind, Kind::String))))
            {
                return self.push_null(CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, out);
            }
            if field.is_empty() && (o.csv_empty_as_default || self.nullable) {
                if matches!(self.kind, Kind::String) && !self.nullable {
                    out.push_bytes(b"");
                    return Ok(false);
                }
                out.push_default(1);
                return Ok(false);
            }
        }
        self.parse_field(field, out).map(|()| true)
    }

    /// A literal at the cursor, as it stands in VALUES and inside arrays.
    pub fn read_quoted(&self, c: &mut Cursor<'_>, out: &mut ColumnBuilder) -> Result<bool> {
        if matches!(c.peek(), Some(b'N' | b'n')) && is_word(c, "NULL") {
            c.pos += 4;
            return self.push_null(CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, out);
        }
        match &self.kind {
            Kind::Array(of) => {
                let Values::Array { offsets, values } = &mut out.values else {
                    return Err(Error::internal("an array does not fit this column"));
                };
                if !c.eat(b'[') {
                    return Err(c.error(CANNOT_READ_ARRAY_FROM_TEXT, "an array starts with '['"));
                }
                c.blank();
                if !c.eat(b']') {
                    loop {
                        c.blank();
                        of.read_quoted(c, values)?;
                        c.blank();
                        if c.eat(b']') {
                            break;
                        }
                        if !c.eat(b',') {
                            return Err(
                                c.error(CANNOT_READ_ARRAY_FROM_TEXT, "expected ',' or ']' in an array")
                            );
                        }
                    }
                }
                offsets.push(values.len() as u32);
                out.pushed();
            }
            Kind::Tuple(of) => {
                let Values::Tuple(cs) = &mut out.values else {
                    return Err(Error::internal("a tuple does not fit this column"));
                };
                c.expect(b'(')?;
                for (i, ((_, codec), column)) in of.iter().zip(cs.iter_mut()).enumerate() {
                    c.blank();
                    if i > 0 {
                        c.expect(b',')?;
                        c.blank();
                    }
                    codec.read_quoted(c, column)?;
                }
                c.blank();
                if c.eat(b',') {
                    c.blank();
                }
                c.expect(b')')?;
                out.pushed();
            }
            Kind::Map(kv) => {
                let Values::Array { offsets, values } = &mut out.values else {
                    return Err(Error::internal("a map does not fit this column"));
                };
                if !c.eat(b'{') {
                    return Err(c.error(CANNOT_READ_MAP_FROM_TEXT, "a map starts with '{'"));
                }
                c.blank();
                if !c.eat(b'}') {
                    loop {
                        let Values::Tuple(cs) = &mut values.values else {
                            return Err(Error::internal("a map's entries are tuples"));
                        };
                        let [keys, vals] = &mut cs[..] else {
                            return Err(Error::internal("a map's entries are pairs"));
                        };
                        c.blank();
                        kv.0.read_quoted(c, keys)?;
                        c.blank();
                        if !c.eat(b':') && !c.eat(b'=') {
                            return Err(c.error(CANNOT_READ_MAP_FROM_TEXT, "expected ':' in a map"));
                        }
                        c.blank();
                        kv.1.read_quoted(c, vals)?;
                        values.pushed();
                        c.blank();
                        if c.eat(b'}') {
                            break;
                        }
                        if !c.eat(b',') {
                            return Err(c.error(CANNOT_READ_MAP_FROM_TEXT, "expected ',' or '}' in a map"));
                        }
                    }
                }
                offsets.push(values.len() as u32);
                out.pushed();
            }
            _ => return self.read_quoted_scalar(c, out),
        }
        Ok(true)
    }

    fn read_quoted_scalar(&self, c: &mut Cursor<'_>, out: &mut ColumnBuilder) -> Result<bool> {
        if c.peek() == Some(b'\'') {
            let rest = &c.data[c.pos + 1..];
            // Most literals have no escapes: read in place.
            if let Some(n) = rest.iter().position(|b| *b == b'\'' || *b == b'\\')
                && rest[n] == b'\''
                && rest.get(n + 1) != Some(&b'\'')
            {
                c.pos += n + 2;
                self.parse_text(&rest[..n], out)?;
                return Ok(true);
            }
            let mut plain = Vec::new();
            read_quoted_string(c, &mut plain)?;
            self.parse_text(&plain, out)?;
            return Ok(true);
        }
        let rest = c.rest();
        let n = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'))
            .count();
        let word = &rest[..n];
        if word.is_empty() {
            return Err(c.expected(&format!("a value of type {}", self.name())));
        }
        match &self.kind {
            Kind::Int(_) | Kind::Interval(_) | Kind::Decimal(..) | Kind::Bool | Kind::Float => {
                match (&self.kind, bool_of(word)) {
                    (Kind::Int(_), Some(b)) if word[0].is_ascii_alphabetic() => push_known(b.into(), out),
                    _ => self.parse_text(word, out)?,
                }
            }
            Kind::String if self.state && scan_int(word).used == n => {
                return Err(Error::new(
                    TYPE_MISMATCH,
                    "A number is not a state of an aggregate function; INSERT … SELECT with a -State function makes one",
                ));
            }
            Kind::String if scan_int(word).used == n && (word[0] != b'0' || n == 1) && word[0] != b'+' => {
                out.push_bytes(word)
            }
            _ => match self.parse_number_for(word, out) {
                Some(done) => done?,
                None => {
                    let code = match self.kind {
                        Kind::String => CANNOT_PARSE_QUOTED_STRING,
                        _ => CANNOT_PARSE_INPUT_ASSERTION_FAILED,
                    };
                    return Err(c.error(code, &format!("expected a quoted value of type {}", self.name())));
                }
            },
        }
        c.pos += n;
        Ok(true)
    }
}

fn is_word(c: &Cursor<'_>, word: &str) -> bool {
    let rest = c.rest();
    rest.len() >= word.len()
        && rest[..word.len()].eq_ignore_ascii_case(word.as_bytes())
        && !rest.get(word.len()).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
}
