//! Prometheus: the text that Prometheus scrapes. A row is a sample; the columns `name` and `value` are
//! needed, `help`, `type`, `labels` and `timestamp` may be there, others are not shown.
//!
//! Samples of one metric that follow each other are one group below its HELP and TYPE lines. Those of a
//! histogram and a summary are put in the order that Prometheus asks for: buckets by bound, sum, count.

use super::cells::{Cells, Style};
use super::{Encoder, OutputOptions, Tail};
use std::collections::BTreeMap;
use types::codes::{BAD_ARGUMENTS, TOO_MANY_BYTES};
use types::{Batch, Column, Error, Field, Result, Scalar, Type};

/// Bytes of the samples of one metric that are kept until its last one is there.
const METRIC_BYTES_MAX: usize = 64 << 20;

pub(super) struct Prometheus {
    cells: Cells,
    name: usize,
    value: usize,
    help: Option<usize>,
    kind: Option<usize>,
    labels: Option<usize>,
    timestamp: Option<usize>,
    metric: Option<Metric>,
    any: bool,
}

struct Sample {
    labels: BTreeMap<Vec<u8>, Vec<u8>>,
    value: Vec<u8>,
    timestamp: Vec<u8>,
}

#[derive(Default)]
struct Metric {
    name: Vec<u8>,
    help: Vec<u8>,
    kind: Vec<u8>,
    samples: Vec<Sample>,
    bytes: usize,
}

/// The column of a name, of a type that fits. Errors: `BAD_ARGUMENTS`.
fn column(fields: &[Field], name: &str, fits: impl Fn(&Type) -> bool) -> Result<Option<usize>> {
    let Some(i) = fields.iter().position(|f| f.name == name) else { return Ok(None) };
    if fits(&fields[i].ty) {
        return Ok(Some(i));
    }
    Err(Error::new(
        BAD_ARGUMENTS,
        format!("Illegal type '{}' of column '{name}' for output format 'Prometheus'", fields[i].ty),
    ))
}

fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::FixedString(_))
}

impl Prometheus {
    /// Errors: `BAD_ARGUMENTS` for a needed column that is not there, or one of another type.
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let needed = |name: &str, found: Option<usize>| {
            found.ok_or_else(|| {
                let message = format!("Column '{name}' is required for output format 'Prometheus'");
                Error::new(BAD_ARGUMENTS, message)
            })
        };
        let text_map = |ty: &Type| matches!(ty, Type::Map(kv) if is_text(&kv.0) && is_text(&kv.1));
        Ok(Prometheus {
            name: needed("name", column(fields, "name", is_text)?)?,
            value: needed("value", column(fields, "value", Type::is_number)?)?,
            help: column(fields, "help", is_text)?,
            kind: column(fields, "type", is_text)?,
            labels: column(fields, "labels", text_map)?,
            timestamp: column(fields, "timestamp", Type::is_number)?,
            cells: Cells::new(fields, o, Style::Text)?,
            metric: None,
            any: false,
        })
    }

    fn number(&self, i: usize, batch: &Batch, row: usize) -> Vec<u8> {
        let mut out = Vec::new();
        self.cells.one(i, &batch.columns[i], row, &mut out);
        match out.as_slice() {
            b"nan" => b"NaN".to_vec(),
            b"inf" => b"+Inf".to_vec(),
            b"-inf" => b"-Inf".to_vec(),
            _ => out,
        }
    }

    fn end_metric(&mut self, out: &mut Vec<u8>) {
        let Some(mut metric) = self.metric.take() else { return };
        if std::mem::replace(&mut self.any, true) {
            out.push(b'\n');
        }
        metric.order();
        metric.write(out);
    }
}

fn text_at(batch: &Batch, i: Option<usize>, row: usize) -> &[u8] {
    i.and_then(|i| batch.columns[i].bytes_at(row)).unwrap_or_default()
}

/// The pairs of a Map of texts.
fn labels_at(col: &Column, row: usize) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let Scalar::Array(pairs) = col.scalar(row) else { return BTreeMap::new() };
    let pair = |p| match p {
        Scalar::Tuple(kv) => match <[Scalar; 2]>::try_from(kv) {
            Ok([Scalar::Bytes(k), Scalar::Bytes(v)]) => Some((k, v)),
            _ => None,
        },
        _ => None,
    };
    pairs.into_iter().filter_map(pair).collect()
}

/// A bound or quantile as a number: what is none comes last.
fn bound(sample: &Sample, label: &[u8]) -> f64 {
    let text = sample.labels.get(label).and_then(|v| std::str::from_utf8(v).ok());
    text.and_then(|t| t.parse().ok()).unwrap_or(f64::INFINITY)
}

impl Metric {
    /// Puts the samples of a histogram or summary in order.
    fn order(&mut self) {
        let label: &[u8] = match self.kind.as_slice() {
            b"histogram" => b"le",
            b"summary" => b"quantile",
            _ => return,
        };
        let rank = |s: &Sample| {
            if s.labels.contains_key(label) {
                0
            } else if s.labels.contains_key(b"sum".as_slice()) {
                1
            } else {
                2
            }
        };
        self.samples.sort_by(|a, b| rank(a).cmp(&rank(b)).then(bound(a, label).total_cmp(&bound(b, label))));
        if self.kind == b"histogram" {
            self.complete_histogram();
        }
    }

    /// The bucket without a bound and the count are the same number: whichever lacks is added.
    fn complete_histogram(&mut self) {
        let of = |name: &[u8], value: &[u8]| {
            self.samples.iter().find(|s| s.labels.get(name).is_some_and(|v| value.is_empty() || v == value))
        };
        let (added, value) = match (of(b"le", b"+Inf"), of(b"count", b"")) {
            (Some(bucket), None) => ((b"count".to_vec(), Vec::new()), bucket.value.clone()),
            (None, Some(count)) => ((b"le".to_vec(), b"+Inf".to_vec()), count.value.clone()),
            _ => return,
        };
        self.samples.push(Sample { labels: BTreeMap::from([added]), value, timestamp: Vec::new() });
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (what, text) in [(b"HELP".as_slice(), &self.help), (b"TYPE", &self.kind)] {
            if !text.is_empty() {
                out.extend_from_slice(b"# ");
                out.extend_from_slice(what);
                out.push(b' ');
                out.extend_from_slice(&self.name);
                out.push(b' ');
                out.extend(text.iter().map(|b| if *b == b'\n' { b' ' } else { *b }));
                out.push(b'\n');
            }
        }
        let grouped = matches!(self.kind.as_slice(), b"histogram" | b"summary");
        for sample in &self.samples {
            self.write_sample(sample, grouped, out);
        }
    }

    fn write_sample(&self, sample: &Sample, grouped: bool, out: &mut Vec<u8>) {
        let role: Option<&[u8]> =
            [b"sum".as_slice(), b"count"].into_iter().find(|r| grouped && sample.labels.contains_key(*r));
        out.extend_from_slice(&self.name);
        if let Some(role) = role {
            out.push(b'_');
            out.extend_from_slice(role);
        } else if self.kind == b"histogram" && sample.labels.contains_key(b"le".as_slice()) {
            out.extend_from_slice(b"_bucket");
        }
        let mut before = b'{';
        for (name, value) in sample.labels.iter().filter(|(name, _)| role != Some(name.as_slice())) {
            out.push(before);
            before = b',';
            out.extend_from_slice(name);
            out.extend_from_slice(b"=\"");
            for b in value {
                match b {
                    b'\n' => out.extend_from_slice(b"\\n"),
                    b'"' | b'\\' => out.extend_from_slice(&[b'\\', *b]),
                    _ => out.push(*b),
                }
            }
            out.push(b'"');
        }
        if before == b',' {
            out.push(b'}');
        }
        out.push(b' ');
        out.extend_from_slice(&sample.value);
        if !sample.timestamp.is_empty() && sample.timestamp != b"0" {
            out.push(b' ');
            out.extend_from_slice(&sample.timestamp);
        }
        out.push(b'\n');
    }
}

impl Encoder for Prometheus {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        for row in 0..batch.rows {
            let name = text_at(batch, Some(self.name), row);
            if self.metric.as_ref().is_some_and(|m| m.name != name) {
                self.end_metric(out);
            }
            let value = self.number(self.value, batch, row);
            let timestamp = self.timestamp.map_or_else(Vec::new, |i| self.number(i, batch, row));
            let labels = self.labels.map_or_else(BTreeMap::new, |i| labels_at(&batch.columns[i], row));
            let metric =
                self.metric.get_or_insert_with(|| Metric { name: name.to_vec(), ..Metric::default() });
            for (text, column) in [(&mut metric.help, self.help), (&mut metric.kind, self.kind)] {
                if text.is_empty() {
                    text.extend_from_slice(text_at(batch, column, row));
                }
            }
            metric.bytes += labels.iter().map(|(k, v)| k.len() + v.len() + 64).sum::<usize>() + 96;
            if metric.bytes > METRIC_BYTES_MAX {
                return Err(Error::new(
                    TOO_MANY_BYTES,
                    format!(
                        "Metric '{}' has more than {METRIC_BYTES_MAX} bytes of samples, too many for format \
                         Prometheus; aggregate them",
                        types::text::clip(&metric.name, 60)
                    ),
                ));
            }
            metric.samples.push(Sample { labels, value, timestamp });
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        self.end_metric(out);
        Ok(())
    }
}
