//! The text of HTML pages: tags, comments, scripts and styles separate words; CDATA stands as it is written.

use memchr::memmem::find;

const CDATA: &[u8] = b"<![CDATA[";

pub fn text(page: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut space = false;
    let mut at = 0;
    while at < page.len() {
        let rest = &page[at..];
        if rest[0] != b'<' {
            let end = memchr::memchr(b'<', rest).unwrap_or(rest.len());
            for b in &rest[..end] {
                if b.is_ascii_whitespace() {
                    space = true;
                    continue;
                }
                if space && out[start..].last().is_some_and(|last| !last.is_ascii_whitespace()) {
                    out.push(b' ');
                }
                space = false;
                out.push(*b);
            }
            at += end;
            continue;
        }
        if rest.starts_with(CDATA) {
            let end = behind(rest, CDATA.len(), b"]]>");
            let text = rest[..end].strip_suffix(b"]]>").unwrap_or(&rest[..end]);
            out.extend_from_slice(text.get(CDATA.len()..).unwrap_or_default());
            at += end;
        } else if rest.starts_with(b"<!--") {
            // `<!-->` is a whole comment
            at += behind(rest, 2, b"-->");
        } else {
            let silent = [&b"script"[..], b"style"].into_iter().find(|name| is_tag(&rest[1..], name));
            at += behind(rest, 0, b">");
            if let Some(name) = silent {
                at += silence(&page[at..], name);
            }
        }
        space = true;
    }
}

/// Where the first `end` at or after `from` ends.
fn behind(s: &[u8], from: usize, end: &[u8]) -> usize {
    s.get(from..).and_then(|rest| find(rest, end)).map_or(s.len(), |p| from + p + end.len())
}

fn is_tag(s: &[u8], name: &[u8]) -> bool {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/');
    s.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)) && s.get(name.len()).is_some_and(ends)
}

/// Bytes up to behind the closing tag, which is not looked for in CDATA.
fn silence(s: &[u8], name: &[u8]) -> usize {
    let mut at = 0;
    while let Some(p) = memchr::memchr(b'<', &s[at..]) {
        at += p;
        let rest = &s[at..];
        if rest.starts_with(CDATA) {
            at += behind(rest, CDATA.len(), b"]]>");
        } else if rest.starts_with(b"</") && is_tag(&rest[2..], name) {
            return at + behind(rest, 2, b">");
        } else {
            at += 1;
        }
    }
    s.len()
}
