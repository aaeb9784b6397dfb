//! Values to text.

use super::escape::{write_doubled, write_escaped, write_json_string, write_quoted_bytes, write_xml};
use super::{Codec, Kind, net, number, time};
use crate::{Column, Data};

/// Text of NULL where people read it.
pub const NULL_TEXT: &[u8] = "ᴺᵁᴸᴸ".as_bytes();

/// The flat column and row behind constants and codes; `None` for NULL.
#[inline]
fn locate(mut col: &Column, mut row: usize) -> Option<(&Column, usize)> {
    loop {
        match &col.data {
            Data::Const(one, _) => (col, row) = (one, 0),
            _ if col.nulls.as_ref().is_some_and(|n| n.get(row)) => return None,
            Data::Codes(codes, dict) => (col, row) = (&dict.values, codes[row] as usize),
            Data::Nothing(_) => return None,
            _ => return Some((col, row)),
        }
    }
}

fn bytes(col: &Column, row: usize) -> &[u8] {
    match &col.data {
        Data::Str(s) => s.get(row),
        Data::Fixed(f) => &f.bytes[row * f.width..(row + 1) * f.width],
        _ => b"",
    }
}

fn integer(col: &Column, row: usize) -> i64 {
    match &col.data {
        Data::U8(v) => v[row].into(),
        Data::U16(v) => v[row].into(),
        Data::U32(v) => v[row].into(),
        Data::I8(v) => v[row].into(),
        Data::I16(v) => v[row].into(),
        Data::I32(v) => v[row].into(),
        Data::I64(v) => v[row],
        Data::U64(v) => v[row] as i64,
        _ => 0,
    }
}

/// Makes the fraction of the DateTime64 that ends `out` as short as groups of three digits allow.
fn cut_fraction(out: &mut Vec<u8>, scale: u8, how: time::DateTimeOutput) {
    let zulu = how == time::DateTimeOutput::Iso && out.pop().is_some();
    let digits = usize::from(scale);
    if digits > 0 && out.len() > digits {
        let point = out.len() - digits - 1;
        let needed = out[point + 1..].iter().rposition(|b| *b != b'0').map_or(0, |n| n + 1);
        match needed.div_ceil(3) * 3 {
            0 => out.truncate(point),
            n => out.resize(point + 1 + n, b'0'),
        }
    }
    if zulu {
        out.push(b'Z');
    }
}

impl Codec {
    fn string<'a>(&self, col: &'a Column, row: usize) -> &'a [u8] {
        let b = bytes(col, row);
        match self.kind {
            Kind::FixedString(_) if self.options.trim_fixed_string => {
                &b[..b.iter().rposition(|x| *x != 0).map_or(0, |p| p + 1)]
            }
            _ => b,
        }
    }

    /// Numbers, dates and the like without any quotes. Strings are not handled here.
    #[inline]
    fn write_bare(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let o = &self.options;
        match &self.kind {
            Kind::Int(_) | Kind::Float => match &col.data {
                Data::U8(v) => number::write_int(v[row], out),
                Data::U16(v) => number::write_int(v[row], out),
                Data::U32(v) => number::write_int(v[row], out),
                Data::U64(v) => number::write_int(v[row], out),
                Data::U128(v) => number::write_int(v[row], out),
                Data::U256(v) => number::write_u256(v[row], out),
                Data::I8(v) => number::write_int(v[row], out),
                Data::I16(v) => number::write_int(v[row], out),
                Data::I32(v) => number::write_int(v[row], out),
                Data::I64(v) => number::write_int(v[row], out),
                Data::I128(v) => number::write_int(v[row], out),
                Data::I256(v) => number::write_i256(v[row], out),
                Data::F32(v) => {
                    let from = out.len();
                    number::write_f32(v[row], out);
                    if let Some(digits) = o.float_digits {
                        number::round_written(v[row].into(), digits, from, out);
                    }
                }
                Data::F64(v) => {
                    let from = out.len();
                    number::write_f64(v[row], out);
                    if let Some(digits) = o.float_digits {
                        number::round_written(v[row], digits, from, out);
                    }
                }
                _ => {}
            },
            Kind::Bool => out.extend_from_slice(if integer(col, row) != 0 { b"true" } else { b"false" }),
            Kind::Decimal(_, scale) => match &col.data {
                Data::I256(v) => number::write_decimal256(v[row], *scale, o.decimal_trailing_zeros, out),
                Data::I128(v) => number::write_decimal(v[row], *scale, o.decimal_trailing_zeros, out),
                _ => number::write_decimal(integer(col, row).into(), *scale, o.decimal_trailing_zeros, out),
            },
            Kind::Date | Kind::Date32 => time::write_date(integer(col, row), out),
            Kind::DateTime(zone) => time::write_datetime(integer(col, row), zone, o.date_time_output, out),
            Kind::DateTime64(scale, zone) => {
                time::write_datetime64(integer(col, row), *scale, zone, o.date_time_output, out);
                if o.cut_fraction {
                    cut_fraction(out, *scale, o.date_time_output);
                }
            }
            Kind::Enum(e) => {
                let v = integer(col, row) as i16;
                match e.name_of(v) {
                    Some(name) => out.extend_from_slice(name.as_bytes()),
                    None => number::write_int(v, out),
                }
            }
            Kind::Uuid | Kind::Ipv6 => {
                let v = if let Data::U128(v) = &col.data { v[row] } else { 0 };
                if matches!(self.kind, Kind::Uuid) {
                    net::write_uuid(v, out)
                } else {
                    net::write_ipv6(v, out)
                }
            }
            Kind::Ipv4 => net::write_ipv4(integer(col, row) as u32, out),
            Kind::Interval(k) if o.kusto_intervals => time::write_kusto(integer(col, row), *k, out),
            Kind::Interval(_) => number::write_int(integer(col, row), out),
            Kind::String
            | Kind::FixedString(_)
            | Kind::Array(_)
            | Kind::Tuple(_)
            | Kind::Map(_)
            | Kind::Nothing => {}
        }
    }

    /// As `write_bare`, with the point that settings want behind whole floats and decimals.
    #[inline]
    fn write_plain(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let from = out.len();
        self.write_bare(col, row, out);
        if self.options.decimal_point
            && matches!(self.kind, Kind::Float | Kind::Decimal(..))
            && out[from..].iter().all(|b| b.is_ascii_digit() || *b == b'-')
        {
            out.push(b'.');
        }
    }

    fn write_nested(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        match (&self.kind, &col.data) {
            (Kind::Array(of), Data::Array(a)) => {
                out.push(b'[');
                for i in a.offsets[row]..a.offsets[row + 1] {
                    if i > a.offsets[row] {
                        out.push(b',');
                    }
                    of.write_quoted(&a.values, i as usize, out);
                }
                out.push(b']');
            }
            (Kind::Tuple(of), Data::Tuple(..)) if self.options.tuples_in_lines && is_named(of) => {
                self.write_json_nested(col, row, Some(0), out);
            }
            (Kind::Tuple(of), Data::Tuple(cs, _)) => {
                out.push(b'(');
                for (i, ((_, codec), c)) in of.iter().zip(cs.iter()).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    codec.write_quoted(c, row, out);
                }
                out.push(b')');
            }
            (Kind::Map(kv), Data::Array(a)) => {
                out.push(b'{');
                if let Data::Tuple(cs, _) = &a.values.data
                    && let [keys, values] = &cs[..]
                {
                    for i in a.offsets[row]..a.offsets[row + 1] {
                        if i > a.offsets[row] {
                            out.push(b',');
                        }
                        kv.0.write_quoted(keys, i as usize, out);
                        out.push(b':');
                        kv.1.write_quoted(values, i as usize, out);
                    }
                }
                out.push(b'}');
            }
            _ => {}
        }
    }

    fn write_bool(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(if integer(col, row) != 0 {
            &self.options.bool_true
        } else {
            &self.options.bool_false
        });
    }

    /// What `toString` gives: no quotes and no escapes at the top. NULL is `ᴺᵁᴸᴸ`.
    pub fn write_text(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let Some((col, row)) = locate(col, row) else { return out.extend_from_slice(NULL_TEXT) };
        match self.kind {
            Kind::String | Kind::FixedString(_) => out.extend_from_slice(self.string(col, row)),
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) => self.write_nested(col, row, out),
            Kind::Bool => self.write_bool(col, row, out),
            _ => self.write_plain(col, row, out),
        }
    }

    /// A field of TSV: escapes, `\N`.
    #[inline]
    pub fn write_tsv(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let Some((col, row)) = locate(col, row) else { return out.extend_from_slice(&self.options.tsv_null) };
        match self.kind {
            Kind::String | Kind::FixedString(_) => write_escaped(self.string(col, row), out),
            Kind::Enum(_) => {
                let mut name = Vec::new();
                self.write_bare(col, row, &mut name);
                write_escaped(&name, out);
            }
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) => self.write_nested(col, row, out),
            Kind::Bool => self.write_bool(col, row, out),
            _ => self.write_plain(col, row, out),
        }
    }

    /// A field of TSVRaw: as `write_text`, NULL is `\N`.
    pub fn write_raw(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        match locate(col, row) {
            None => out.extend_from_slice(&self.options.tsv_null),
            Some((col, row)) => self.write_text(col, row, out),
        }
    }

    /// A literal as it stands in SQL and inside arrays.
    pub fn write_quoted(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let Some((col, row)) = locate(col, row) else { return out.extend_from_slice(b"NULL") };
        match self.kind {
            Kind::String | Kind::FixedString(_) => self.quote(self.string(col, row), out),
            Kind::Enum(_) => {
                let mut name = Vec::new();
                self.write_bare(col, row, &mut name);
                self.quote(&name, out);
            }
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) => self.write_nested(col, row, out),
            _ if self.is_quoted() => {
                out.push(b'\'');
                self.write_bare(col, row, out);
                out.push(b'\'');
            }
            _ => self.write_plain(col, row, out),
        }
    }
    fn quote(&self, s: &[u8], out: &mut Vec<u8>) {
        if !self.options.double_quotes {
            return write_quoted_bytes(s, out);
        }
        out.push(b'\'');
        for (i, part) in s.split(|b| *b == b'\'').enumerate() {
            if i > 0 {
                out.extend_from_slice(b"''");
            }
            for &b in part {
                match b {
                    b'\t' => out.extend_from_slice(b"\\t"),
                    b'\n' => out.extend_from_slice(b"\\n"),
                    b'\r' => out.extend_from_slice(b"\\r"),
                    0 => out.extend_from_slice(b"\\0"),
                    8 => out.extend_from_slice(b"\\b"),
                    12 => out.extend_from_slice(b"\\f"),
                    b => out.push(b),
                }
            }
        }
        out.push(b'\'');
    }

    /// A field of CSV. A tuple gives one field per element (unless the options say otherwise).
    pub fn write_csv(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let Some((col, row)) = locate(col, row) else { return out.extend_from_slice(&self.options.csv_null) };
        match &self.kind {
            Kind::String | Kind::FixedString(_) => write_doubled(self.string(col, row), b'"', out),
            Kind::Tuple(of) if self.options.csv_tuples_apart && !of.is_empty() => {
                if let Data::Tuple(cs, _) = &col.data {
                    for (i, ((_, codec), c)) in of.iter().zip(cs.iter()).enumerate() {
                        if i > 0 {
                            out.push(self.options.csv_delimiter);
                        }
                        codec.write_csv(c, row, out);
                    }
                }
            }
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) => {
                let mut text = Vec::new();
                self.write_nested(col, row, &mut text);
                write_doubled(&text, b'"', out);
            }
            Kind::Bool => self.write_bool(col, row, out),
            Kind::Enum(_) => {
                let mut name = Vec::new();
                self.write_bare(col, row, &mut name);
                write_doubled(&name, b'"', out);
            }
            _ if self.is_quoted() => {
                out.push(b'"');
                self.write_bare(col, row, out);
                out.push(b'"');
            }
            _ => self.write_plain(col, row, out),
        }
    }

    /// Text of an XML element (`\N` for NULL; arrays and tuples as elements).
    pub fn write_xml(&self, col: &Column, row: usize, out: &mut Vec<u8>) {
        let Some((col, row)) = locate(col, row) else { return out.extend_from_slice(b"\\N") };
        let element = |codec: &Codec, c: &Column, i: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(b"<elem>");
            codec.write_xml(c, i, out);
            out.extend_from_slice(b"</elem>");
        };
        match (&self.kind, &col.data) {
            (Kind::Array(of), Data::Array(a)) => {
                out.extend_from_slice(b"<array>");
                (a.offsets[row]..a.offsets[row + 1]).for_each(|i| element(of, &a.values, i as usize, out));
                out.extend_from_slice(b"</array>");
            }
            (Kind::Tuple(of), Data::Tuple(cs, _)) => {
                out.extend_from_slice(b"<tuple>");
                of.iter().zip(cs.iter()).for_each(|((_, codec), c)| element(codec, c, row, out));
                out.extend_from_slice(b"</tuple>");
            }
            (Kind::Map(kv), Data::Array(a)) => {
                out.extend_from_slice(b"<map>");
                if let Data::Tuple(cs, _) = &a.values.data
                    && let [keys, values] = &cs[..]
                {
                    for i in a.offsets[row]..a.offsets[row + 1] {
                        out.extend_from_slice(b"<elem><key>");
                        kv.0.write_xml(keys, i as usize, out);
                        out.extend_from_slice(b"</key><value>");
                        kv.1.write_xml(values, i as usize, out);
                        out.extend_from_slice(b"</value></elem>");
                    }
                }
                out.extend_from_slice(b"</map>");
            }
            (Kind::String | Kind::FixedString(_), _) => write_xml(self.string(col, row), out),
            _ => {
                let mut text = Vec::new();
                self.write_text(col, row, &mut text);
                write_xml(&text, out);
            }
        }
    }

    fn is_wide_number(col: &Column) -> bool {
        matches!(
            col.data,
            Data::U64(_) | Data::I64(_) | Data::U128(_) | Data::I128(_) | Data::U256(_) | Data::I256(_)
        )
    }

    /// A JSON value. `pretty`: the indentation (in tabs) of the line it stands on, for the documents
    /// that spread nested values over lines.
    #[inline]
    pub fn write_json(&self, col: &Column, row: usize, pretty: Option<usize>, out: &mut Vec<u8>) {
        let j = &self.options.json;
        let Some((col, row)) = locate(col, row) else { return out.extend_from_slice(b"null") };
        match &self.kind {
            Kind::String | Kind::FixedString(_) => self.write_json_bytes(self.string(col, row), out),
            Kind::Int(_) | Kind::Interval(_) => {
                let quote = (j.quote_64bit_integers && Self::is_wide_number(col))
                    || (self.options.kusto_intervals && matches!(self.kind, Kind::Interval(_)));
                self.write_maybe_quoted(quote, col, row, out);
            }
            Kind::Float => {
                let (finite, wide) = match &col.data {
                    Data::F32(v) => (v[row].is_finite(), false),
                    Data::F64(v) => (v[row].is_finite(), true),
                    _ => (true, false),
                };
                if !finite && !j.quote_denormals {
                    let null: &[u8] = if wide && j.quote_64bit_floats { b"\"null\"" } else { b"null" };
                    return out.extend_from_slice(null);
                }
                self.write_maybe_quoted(!finite || (wide && j.quote_64bit_floats), col, row, out);
            }
            Kind::Decimal(..) => self.write_maybe_quoted(j.quote_decimals, col, row, out),
            Kind::Bool => self.write_bare(col, row, out),
            Kind::Enum(_) => {
                let mut name = Vec::new();
                self.write_bare(col, row, &mut name);
                self.write_json_bytes(&name, out);
            }
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) => self.write_json_nested(col, row, pretty, out),
            Kind::Nothing => out.extend_from_slice(b"null"),
            _ => self.write_maybe_quoted(true, col, row, out),
        }
    }
    fn write_maybe_quoted(&self, quote: bool, col: &Column, row: usize, out: &mut Vec<u8>) {
        if quote {
            out.push(b'"');
        }
        self.write_bare(col, row, out);
        if quote {
            out.push(b'"');
        }
    }
    fn write_json_bytes(&self, s: &[u8], out: &mut Vec<u8>) {
        let j = &self.options.json;
        if j.validate_utf8 && std::str::from_utf8(s).is_err() {
            return write_json_string(String::from_utf8_lossy(s).as_bytes(), j.escape_forward_slashes, out);
        }
        write_json_string(s, j.escape_forward_slashes, out);
    }

    #[cold]
    fn write_json_nested(&self, col: &Column, row: usize, pretty: Option<usize>, out: &mut Vec<u8>) {
        let j = &self.options.json;
        match (&self.kind, &col.data) {
            (Kind::Array(of), Data::Array(a)) => {
                let (start, end) = (a.offsets[row] as usize, a.offsets[row + 1] as usize);
                let lines = if of.is_nested() { pretty } else { None };
                let mut list = List::new(b"[]", lines, end > start, self, out);
                for i in start..end {
                    list.next(out);
                    of.write_json(&a.values, i, list.inner(), out);
                }
                list.end(out);
            }
            (Kind::Tuple(of), Data::Tuple(cs, _)) => {
                let named = j.named_tuples_as_objects && is_named(of);
                let mut list =
                    List::new(if named { b"{}" } else { b"[]" }, pretty, !of.is_empty(), self, out);
                for ((name, codec), c) in of.iter().zip(cs.iter()) {
                    if named && j.skip_null_in_named_tuples && c.is_null(row) {
                        continue;
                    }
                    list.next(out);
                    if named {
                        self.write_json_bytes(name.as_bytes(), out);
                        list.colon(out);
                    }
                    codec.write_json(c, row, list.inner(), out);
                }
                list.end(out);
            }
            (Kind::Map(kv), Data::Array(a)) => {
                let (start, end) = (a.offsets[row] as usize, a.offsets[row + 1] as usize);
                let Data::Tuple(cs, _) = &a.values.data else { return };
                let [keys, values] = &cs[..] else { return };
                let tuples = j.map_as_array_of_tuples;
                let mut list = List::new(if tuples { b"[]" } else { b"{}" }, pretty, end > start, self, out);
                for i in start..end {
                    list.next(out);
                    if tuples {
                        let mut entry = List::new(b"{}", list.inner(), true, self, out);
                        for (name, codec, c) in [("keys", &kv.0, keys), ("values", &kv.1, values)] {
                            entry.next(out);
                            self.write_json_bytes(name.as_bytes(), out);
                            entry.colon(out);
                            codec.write_json(c, i, entry.inner(), out);
                        }
                        entry.end(out);
                        continue;
                    }
                    let mut key = Vec::new();
                    kv.0.write_text(keys, i, &mut key);
                    self.write_json_bytes(&key, out);
                    list.colon(out);
                    kv.1.write_json(values, i, list.inner(), out);
                }
                list.end(out);
            }
            _ => {}
        }
    }
}

fn is_named(of: &[(std::sync::Arc<str>, Codec)]) -> bool {
    !of.is_empty() && of.iter().all(|(name, _)| !name.is_empty())
}

/// A JSON list or object in the making, on one line or spread over several.
struct List {
    close: u8,
    lines: Option<usize>,
    first: bool,
    /// lines begin with blanks, not tabs
    blanks: bool,
}

impl List {
    fn new(brackets: &[u8; 2], lines: Option<usize>, any: bool, of: &Codec, out: &mut Vec<u8>) -> Self {
        out.push(brackets[0]);
        List {
            close: brackets[1],
            lines: lines.filter(|_| any),
            first: true,
            blanks: of.options.tuples_in_lines,
        }
    }
    fn inner(&self) -> Option<usize> {
        self.lines.map(|n| n + 1)
    }
    fn next(&mut self, out: &mut Vec<u8>) {
        if !self.first {
            out.push(b',');
        }
        self.first = false;
        if let Some(n) = self.lines {
            self.new_line(n + 1, out);
        }
    }
    fn colon(&self, out: &mut Vec<u8>) {
        out.push(b':');
        if self.lines.is_some() {
            out.push(b' ');
        }
    }
    fn end(self, out: &mut Vec<u8>) {
        if let (Some(n), false) = (self.lines, self.first) {
            self.new_line(n, out);
        }
        out.push(self.close);
    }
    fn new_line(&self, depth: usize, out: &mut Vec<u8>) {
        out.push(b'\n');
        if self.blanks {
            let blanks = if depth == 0 { 0 } else { depth + 1 };
            out.resize(out.len() + blanks, b' ');
        } else {
            out.resize(out.len() + depth, b'\t');
        }
    }
}
