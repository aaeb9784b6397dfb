//! The formats by name: aliases, directions, content types.

use types::codes::{FORMAT_IS_NOT_SUITABLE_FOR_INPUT, FORMAT_IS_NOT_SUITABLE_FOR_OUTPUT, UNKNOWN_FORMAT};
use types::{Error, Result};

/// One format. Names are matched without regard to case.
#[derive(Debug, Clone, Copy)]
pub struct FormatDef {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub input: bool,
    pub output: bool,
    pub content_type: &'static str,
    pub description: &'static str,
}

const TEXT: &str = "text/plain; charset=UTF-8";
const TSV: &str = "text/tab-separated-values; charset=UTF-8";
const CSV: &str = "text/csv; charset=UTF-8; header=absent";
const CSV_NAMES: &str = "text/csv; charset=UTF-8; header=present";
const JSON: &str = "application/json; charset=UTF-8";
const NDJSON: &str = "application/x-ndjson; charset=UTF-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=UTF-8";
const BINARY: &str = "application/octet-stream";

const fn both(
    name: &'static str,
    aliases: &'static [&'static str],
    content_type: &'static str,
    description: &'static str,
) -> FormatDef {
    FormatDef { name, aliases, input: true, output: true, content_type, description }
}
const fn input(name: &'static str, aliases: &'static [&'static str], description: &'static str) -> FormatDef {
    FormatDef { name, aliases, input: true, output: false, content_type: TEXT, description }
}
const fn output(
    name: &'static str,
    aliases: &'static [&'static str],
    content_type: &'static str,
    description: &'static str,
) -> FormatDef {
    FormatDef { name, aliases, input: false, output: true, content_type, description }
}

pub const FORMATS: &[FormatDef] = &[
    both("TabSeparated", &["TSV"], TSV, "Values between tabs, escaped; one row a line"),
    both("TabSeparatedRaw", &["TSVRaw", "Raw"], TSV, "As TabSeparated, without escapes"),
    both("TabSeparatedWithNames", &["TSVWithNames"], TSV, "As TabSeparated, the first line holds the names"),
    both(
        "TabSeparatedWithNamesAndTypes",
        &["TSVWithNamesAndTypes"],
        TSV,
        "As TabSeparated, the first two lines hold names and types",
    ),
    both(
        "TabSeparatedRawWithNames",
        &["TSVRawWithNames", "RawWithNames"],
        TSV,
        "As TabSeparatedRaw, the first line holds the names",
    ),
    both(
        "TabSeparatedRawWithNamesAndTypes",
        &["TSVRawWithNamesAndTypes", "RawWithNamesAndTypes"],
        TSV,
        "As TabSeparatedRaw, the first two lines hold names and types",
    ),
    both("TSKV", &[], TSV, "name=value pairs between tabs"),
    both("CSV", &[], CSV, "Values between commas, text in double quotes"),
    both("CSVWithNames", &[], CSV_NAMES, "As CSV, the first line holds the names"),
    both("CSVWithNamesAndTypes", &[], CSV_NAMES, "As CSV, the first two lines hold names and types"),
    both("CustomSeparated", &[], TEXT, "Separators and escaping by the format_custom_… settings"),
    both("CustomSeparatedWithNames", &[], TEXT, "As CustomSeparated, names first"),
    both("CustomSeparatedWithNamesAndTypes", &[], TEXT, "As CustomSeparated, names and types first"),
    input("CustomSeparatedIgnoreSpaces", &[], "As CustomSeparated, blanks around fields are passed over"),
    input("CustomSeparatedIgnoreSpacesWithNames", &[], "As CustomSeparatedIgnoreSpaces, names first"),
    input(
        "CustomSeparatedIgnoreSpacesWithNamesAndTypes",
        &[],
        "As CustomSeparatedIgnoreSpaces, names and types first",
    ),
    both("Template", &[], TEXT, "Rows and result as two format strings say (format_template_… settings)"),
    both("Values", &[], TEXT, "Rows as in INSERT … VALUES"),
    both("JSON", &[], JSON, "One document: meta, data, rows, statistics"),
    both("JSONCompact", &[], JSON, "As JSON, rows as arrays"),
    output("JSONStrings", &[], JSON, "As JSON, every value as a string"),
    output("JSONCompactStrings", &[], JSON, "As JSONCompact, every value as a string"),
    both("JSONColumns", &[], JSON, "One document: an array for each column"),
    both("JSONCompactColumns", &[], JSON, "One document: an array of columns"),
    both("JSONColumnsWithMetadata", &[], JSON, "As JSONColumns, with meta, rows and statistics"),
    both("JSONEachRow", &["NDJSON", "JSONLines", "JSONL"], NDJSON, "One JSON object a line"),
    output(
        "PrettyJSONEachRow",
        &["PrettyJSONLines", "PrettyNDJSON"],
        NDJSON,
        "As JSONEachRow, each object over several lines",
    ),
    both("JSONStringsEachRow", &[], NDJSON, "As JSONEachRow, every value as a string"),
    both("JSONCompactEachRow", &[], NDJSON, "One JSON array a line"),
    both("JSONCompactEachRowWithNames", &[], NDJSON, "As JSONCompactEachRow, the first line holds the names"),
    both(
        "JSONCompactEachRowWithNamesAndTypes",
        &[],
        NDJSON,
        "As JSONCompactEachRow, the first two lines hold names and types",
    ),
    both("JSONCompactStringsEachRow", &[], NDJSON, "As JSONCompactEachRow, every value as a string"),
    both(
        "JSONCompactStringsEachRowWithNames",
        &[],
        NDJSON,
        "As JSONCompactStringsEachRow, the first line holds the names",
    ),
    both(
        "JSONCompactStringsEachRowWithNamesAndTypes",
        &[],
        NDJSON,
        "As JSONCompactStringsEachRow, the first two lines hold names and types",
    ),
    both("JSONObjectEachRow", &[], JSON, "One object whose members are the rows"),
    output("JSONEachRowWithProgress", &[], NDJSON, "Lines with meta, rows and progress"),
    output(
        "JSONStringsEachRowWithProgress",
        &[],
        NDJSON,
        "As JSONEachRowWithProgress, every value as a string",
    ),
    output("XML", &[], "application/xml; charset=UTF-8", "One XML document"),
    output("Vertical", &[], TEXT, "One value a line, for reading wide rows"),
    output("Pretty", &[], TEXT, "A table for people"),
    output("PrettyNoEscapes", &[], TEXT, "Pretty without colours"),
    output("PrettyMonoBlock", &[], TEXT, "Pretty, one table for the whole result"),
    output("PrettyNoEscapesMonoBlock", &[], TEXT, "PrettyMonoBlock without colours"),
    output("PrettyCompact", &[], TEXT, "A tighter table for people"),
    output("PrettyCompactNoEscapes", &[], TEXT, "PrettyCompact without colours"),
    output("PrettyCompactMonoBlock", &[], TEXT, "PrettyCompact, one table for the whole result"),
    output("PrettyCompactNoEscapesMonoBlock", &[], TEXT, "PrettyCompactMonoBlock without colours"),
    output("PrettySpace", &[], TEXT, "A table without lines"),
    output("PrettySpaceNoEscapes", &[], TEXT, "PrettySpace without colours"),
    output("PrettySpaceMonoBlock", &[], TEXT, "PrettySpace, one table for the whole result"),
    output("PrettySpaceNoEscapesMonoBlock", &[], TEXT, "PrettySpaceMonoBlock without colours"),
    output("Markdown", &["MD"], "text/markdown; charset=UTF-8", "A Markdown table"),
    output("SQLInsert", &[], TEXT, "INSERT statements"),
    output("Null", &[], TEXT, "Nothing"),
    both("LineAsString", &[], TEXT, "Each line is one String"),
    output("LineAsStringWithNames", &[], TEXT, "As LineAsString, names first"),
    output("LineAsStringWithNamesAndTypes", &[], TEXT, "As LineAsString, names and types first"),
    input("Regexp", &[], "A regular expression matches each line, its groups are the columns"),
    input("Form", &[], "One row as the fields of a posted form"),
    output("Prometheus", &[], PROMETHEUS, "Metrics as Prometheus reads them"),
    input("JSONAsString", &[], "Each JSON object is one String"),
    both("RawBLOB", &[], BINARY, "The whole input is one String; values without anything between them"),
    both("RowBinary", &[], BINARY, "Rows of binary values"),
    both("RowBinaryWithNames", &[], BINARY, "As RowBinary, names first"),
    both("RowBinaryWithNamesAndTypes", &[], BINARY, "As RowBinary, names and types first"),
    input(
        "RowBinaryWithDefaults",
        &[],
        "As RowBinary, a byte before each value says whether its default is taken",
    ),
    both("Native", &[], BINARY, "Blocks of binary columns, ClickHouse's own format"),
    both("Parquet", &[], BINARY, "Apache Parquet file"),
    both("Arrow", &["ArrowFile", "Feather"], BINARY, "Apache Arrow IPC file"),
    both("ArrowStream", &[], "application/vnd.apache.arrow.stream", "Apache Arrow IPC stream"),
];

/// The format of a name. Errors: `UNKNOWN_FORMAT` with the nearest name.
pub fn find(name: &str) -> Result<&'static FormatDef> {
    let hit = |n: &str| n.eq_ignore_ascii_case(name);
    if let Some(f) = FORMATS.iter().find(|f| hit(f.name) || f.aliases.iter().any(|a| hit(a))) {
        return Ok(f);
    }
    let near = FORMATS
        .iter()
        .map(|f| (distance(&f.name.to_ascii_lowercase(), &name.to_ascii_lowercase()), f.name))
        .min()
        .filter(|(d, n)| *d <= 2.max(n.len() / 3));
    let hint = near
        .map_or_else(|| "; system.formats lists them".to_string(), |(_, n)| format!("; did you mean {n}?"));
    Err(Error::new(
        UNKNOWN_FORMAT,
        format!("Unknown format {}{hint}", types::text::clip(name.as_bytes(), 50)),
    ))
}
/// As `find`, for reading. Errors: also `FORMAT_IS_NOT_SUITABLE_FOR_INPUT`.
pub fn find_input(name: &str) -> Result<&'static FormatDef> {
    let f = find(name)?;
    if f.input {
        Ok(f)
    } else {
        Err(Error::new(
            FORMAT_IS_NOT_SUITABLE_FOR_INPUT,
            format!("Format {} is not suitable for input", f.name),
        ))
    }
}
/// As `find`, for writing. Errors: also `FORMAT_IS_NOT_SUITABLE_FOR_OUTPUT`.
pub fn find_output(name: &str) -> Result<&'static FormatDef> {
    let f = find(name)?;
    if f.output {
        Ok(f)
    } else {
        Err(Error::new(
            FORMAT_IS_NOT_SUITABLE_FOR_OUTPUT,
            format!("Format {} is not suitable for output", f.name),
        ))
    }
}

/// Edits between two short names; long ones are cut.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<u8>, Vec<u8>) = (a.bytes().take(64).collect(), b.bytes().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
