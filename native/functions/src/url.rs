//! Parts of URLs. The parsing is that of ClickHouse: quick and lenient, no validation beyond the need.

use crate::args::{strs, u16_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::strings::{TextArrays, to_text};
use types::codes::{ILLEGAL_COLUMN, TLD_LIST_NOT_FOUND};
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("protocol", "protocol(url)", "The scheme.", &[("protocol('https://a.b/c')", "https")], |b| to_text(b, "protocol", |u, o| o.extend_from_slice(protocol(u)))),
    f("domain", "domain(url)", "The host name.", &[("domain('https://www.a.b:80/c')", "www.a.b")], |b| to_text(b, "domain", |u, o| o.extend_from_slice(host(u, false)))),
    f("domainRFC", "domainRFC(url)", "The host name, by RFC 3986 (user names allowed).", &[("domainRFC('http://user:pw@a.b/')", "a.b")], |b| to_text(b, "domainRFC", |u, o| o.extend_from_slice(host(u, true)))),
    f("domainWithoutWWW", "domainWithoutWWW(url)", "The host name without a leading www.", &[("domainWithoutWWW('https://www.a.b/')", "a.b")], |b| to_text(b, "domainWithoutWWW", |u, o| o.extend_from_slice(no_www(host(u, false))))),
    f("domainWithoutWWWRFC", "domainWithoutWWWRFC(url)", "The host name without a leading www., by RFC 3986.", &[("domainWithoutWWWRFC('https://www.a.b/')", "a.b")], |b| to_text(b, "domainWithoutWWWRFC", |u, o| o.extend_from_slice(no_www(host(u, true))))),
    f("topLevelDomain", "topLevelDomain(url)", "The last part of the host name.", &[("topLevelDomain('https://a.com/')", "com")], |b| to_text(b, "topLevelDomain", |u, o| o.extend_from_slice(tld(host(u, false))))),
    f("topLevelDomainRFC", "topLevelDomainRFC(url)", "The last part of the host name, by RFC 3986.", &[("topLevelDomainRFC('https://a.com/')", "com")], |b| to_text(b, "topLevelDomainRFC", |u, o| o.extend_from_slice(tld(host(u, true))))),
    f("firstSignificantSubdomain", "firstSignificantSubdomain(url)", "The part of the host name that is the site's own.", &[("firstSignificantSubdomain('https://news.example.com.tr/')", "example")], |b| to_text(b, "firstSignificantSubdomain", |u, o| o.extend_from_slice(significant(host(u, false)).0))),
    f("firstSignificantSubdomainRFC", "firstSignificantSubdomainRFC(url)", "As firstSignificantSubdomain, by RFC 3986.", &[], |b| to_text(b, "firstSignificantSubdomainRFC", |u, o| o.extend_from_slice(significant(host(u, true)).0))),
    f("cutToFirstSignificantSubdomain", "cutToFirstSignificantSubdomain(url)", "The host name from its significant part on.", &[("cutToFirstSignificantSubdomain('https://news.example.com.tr/')", "example.com.tr")], |b| to_text(b, "cutToFirstSignificantSubdomain", |u, o| o.extend_from_slice(significant_bare(host(u, false)).1))),
    f("cutToFirstSignificantSubdomainRFC", "cutToFirstSignificantSubdomainRFC(url)", "As cutToFirstSignificantSubdomain, by RFC 3986.", &[], |b| to_text(b, "cutToFirstSignificantSubdomainRFC", |u, o| o.extend_from_slice(significant_bare(host(u, true)).1))),
    f("cutToFirstSignificantSubdomainWithWWW", "cutToFirstSignificantSubdomainWithWWW(url)", "As cutToFirstSignificantSubdomain, www. counted as a part.", &[], |b| to_text(b, "cutToFirstSignificantSubdomainWithWWW", |u, o| o.extend_from_slice(significant(host(u, false)).1))),
    f("cutToFirstSignificantSubdomainWithWWWRFC", "cutToFirstSignificantSubdomainWithWWWRFC(url)", "As cutToFirstSignificantSubdomainWithWWW, by RFC 3986.", &[], |b| to_text(b, "cutToFirstSignificantSubdomainWithWWWRFC", |u, o| o.extend_from_slice(significant(host(u, true)).1))),
    f("port", "port(url[, default])", "The port, or the default (0).", &[("port('http://a.b:8080/')", "8080")], |b| port(b, false)),
    f("portRFC", "portRFC(url[, default])", "The port, by RFC 3986.", &[("portRFC('http://u@a.b:8080/')", "8080")], |b| port(b, true)),
    f("path", "path(url)", "The path without the query string.", &[("path('https://a.b/c/d?x=1')", "/c/d")], |b| to_text(b, "path", |u, o| { let p = path_full(u); o.extend_from_slice(&p[..cut(p, b"?#")]); })),
    f("pathFull", "pathFull(url)", "The path with query string and fragment.", &[("pathFull('https://a.b/c?x=1#y')", "/c?x=1#y")], |b| to_text(b, "pathFull", |u, o| o.extend_from_slice(path_full(u)))),
    f("queryString", "queryString(url)", "The query string without ? and fragment.", &[("queryString('https://a.b/c?x=1#y')", "x=1")], |b| to_text(b, "queryString", |u, o| o.extend_from_slice(query(u)))),
    f("fragment", "fragment(url)", "The fragment without #.", &[("fragment('https://a.b/c#y')", "y")], |b| to_text(b, "fragment", |u, o| if let Some(p) = memchr::memchr(b'#', u) { o.extend_from_slice(&u[p + 1..]) })),
    f("queryStringAndFragment", "queryStringAndFragment(url)", "Query string and fragment.", &[("queryStringAndFragment('https://a.b/c?x=1#y')", "x=1#y")], |b| to_text(b, "queryStringAndFragment", |u, o| { match memchr::memchr2(b'?', b'#', u) { Some(p) if u[p] == b'?' => o.extend_from_slice(&u[p + 1..]), Some(p) => o.extend_from_slice(&u[p..]), None => {} } })),
    f("netloc", "netloc(url)", "User, host and port.", &[("netloc('http://u:p@a.b:80/c')", "u:p@a.b:80")], |b| to_text(b, "netloc", |u, o| o.extend_from_slice(net_location(u)))),
    f("cutWWW", "cutWWW(url)", "The URL without www. at the start of its host.", &[("cutWWW('https://www.a.b/')", "https://a.b/")], |b| to_text(b, "cutWWW", cut_www)),
    f("cutQueryString", "cutQueryString(url)", "The URL without its query string.", &[("cutQueryString('http://a.b/?x=1#y')", "http://a.b/#y")], |b| to_text(b, "cutQueryString", |u, o| { let end = cut(u, b"#"); let q = cut(&u[..end], b"?"); o.extend_from_slice(&u[..q]); o.extend_from_slice(&u[end..]); })),
    f("cutFragment", "cutFragment(url)", "The URL without its fragment.", &[("cutFragment('http://a.b/#y')", "http://a.b/")], |b| to_text(b, "cutFragment", |u, o| o.extend_from_slice(&u[..cut(u, b"#")]))),
    f("cutQueryStringAndFragment", "cutQueryStringAndFragment(url)", "The URL without query string and fragment.", &[("cutQueryStringAndFragment('http://a.b/?x=1#y')", "http://a.b/")], |b| to_text(b, "cutQueryStringAndFragment", |u, o| o.extend_from_slice(&u[..cut(u, b"?#")]))),
    f("extractURLParameter", "extractURLParameter(url, name)", "The value of a parameter of the URL.", &[("extractURLParameter('http://a.b/?x=1&y=2', 'y')", "2")], parameter),
    f("extractURLParameters", "extractURLParameters(url)", "All name=value pairs.", &[("extractURLParameters('http://a.b/?x=1&y=2')", "['x=1','y=2']")], |b| parameters(b, false)),
    f("extractURLParameterNames", "extractURLParameterNames(url)", "The names of all parameters.", &[("extractURLParameterNames('http://a.b/?x=1&y=2')", "['x','y']")], |b| parameters(b, true)),
    f("cutURLParameter", "cutURLParameter(url, name)", "The URL without a parameter.", &[("cutURLParameter('http://a.b/?x=1&y=2', 'x')", "http://a.b/?y=2")], cut_parameter),
    f("URLHierarchy", "URLHierarchy(url)", "The URL cut at each / of path and query string.", &[("URLHierarchy('https://a.b/c/d')", "['https://a.b/','https://a.b/c/','https://a.b/c/d']")], |b| levels(b, false)),
    f("URLPathHierarchy", "URLPathHierarchy(url)", "The path cut at each /.", &[("URLPathHierarchy('https://a.b/c/d')", "['/c/','/c/d']")], |b| levels(b, true)),
    f("cutToFirstSignificantSubdomainCustom", "cutToFirstSignificantSubdomainCustom(url, list)", "As cutToFirstSignificantSubdomain with a list of top-level domains of the configuration.", &[], custom),
    f("cutToFirstSignificantSubdomainCustomRFC", "cutToFirstSignificantSubdomainCustomRFC(url, list)", "As cutToFirstSignificantSubdomainRFC with a list of top-level domains of the configuration.", &[], custom),
    f("cutToFirstSignificantSubdomainCustomWithWWW", "cutToFirstSignificantSubdomainCustomWithWWW(url, list)", "As cutToFirstSignificantSubdomainWithWWW with a list of top-level domains of the configuration.", &[], custom),
    f("cutToFirstSignificantSubdomainCustomWithWWWRFC", "cutToFirstSignificantSubdomainCustomWithWWWRFC(url, list)", "As cutToFirstSignificantSubdomainWithWWWRFC with a list of top-level domains of the configuration.", &[], custom),
    f("firstSignificantSubdomainCustom", "firstSignificantSubdomainCustom(url, list)", "As firstSignificantSubdomain with a list of top-level domains of the configuration.", &[], custom),
    f("firstSignificantSubdomainCustomRFC", "firstSignificantSubdomainCustomRFC(url, list)", "As firstSignificantSubdomainRFC with a list of top-level domains of the configuration.", &[], custom),
    f("isValidURL", "isValidURL(url)", "1 if the text has a scheme and a host.", &[], |b| crate::strings::to_bool(b, |u| !protocol(u).is_empty() && !host(u, true).is_empty())),
];

fn cut_www(u: &[u8], out: &mut Vec<u8>) {
    let rest = after_scheme(u).unwrap_or(u);
    match rest.strip_prefix(b"www.") {
        Some(host) => {
            out.extend_from_slice(&u[..u.len() - rest.len()]);
            out.extend_from_slice(host);
        }
        None => out.extend_from_slice(u),
    }
}

/// The functions that take the name of a list of top-level domains; the server has no such lists.
fn custom(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    match b.constant(1).and_then(|c| c.bytes_at(0)) {
        Some(list) => Err(Error::new(TLD_LIST_NOT_FOUND, format!("TLD list {} does not exist", String::from_utf8_lossy(list)))),
        None => Err(Error::new(ILLEGAL_COLUMN, format!("The second argument of function {} should be a constant string with the name of a list of top-level domains", b.name))),
    }
}

/// Position of the first of some bytes, or the length.
fn cut(s: &[u8], stops: &[u8]) -> usize {
    s.iter().position(|x| stops.contains(x)).unwrap_or(s.len())
}

fn protocol(u: &[u8]) -> &[u8] {
    let n = u.iter().position(|x| !(x.is_ascii_alphanumeric() || matches!(x, b'+' | b'-' | b'.'))).unwrap_or(u.len());
    if n > 0 && u[0].is_ascii_alphabetic() && u[n..].starts_with(b"://") { &u[..n] } else { &[] }
}

/// User, host and port. What cannot stand there ends them, or means that text without a scheme has none.
fn net_location(url: &[u8]) -> &[u8] {
    let (rest, bare) = after_scheme(url).map_or((url, true), |r| (r, false));
    let end = cut(rest, b"/?# \t\r\n<>%{}|\\^~[];=&");
    if bare && rest.get(end).is_some_and(|b| !b"/?#\r\n".contains(b)) { &[] } else { &rest[..end] }
}

/// What stands behind `scheme://` or `//`.
fn after_scheme(u: &[u8]) -> Option<&[u8]> {
    if let Some(r) = u.strip_prefix(b"//") {
        return Some(r);
    }
    let n = protocol(u).len();
    (n > 0).then(|| &u[n + 3..])
}

/// Bytes that no host has, nor what stands before it.
const fn restricted(x: u8) -> bool {
    matches!(x, b' ' | b'\t' | b'<' | b'>' | b'%' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'~' | b'[' | b']' | b';' | b'=' | b'&')
}

pub fn host(u: &[u8], rfc: bool) -> &[u8] {
    // Without a scheme: a bare host name, as in `www.a.b/c`.
    let rest = after_scheme(u).unwrap_or(u);
    if rfc { host_by_rfc(rest) } else { plain_host(rest) }
}

/// The first `:` ends the host, so that a user name with a password leaves none.
fn plain_host(rest: &[u8]) -> &[u8] {
    let end = cut(rest, b":/?#");
    let authority = &rest[..end];
    if authority.iter().any(|x| restricted(*x)) || !authority.contains(&b'.') || authority.ends_with(b".") {
        return &[];
    }
    memchr::memrchr(b'@', authority).map_or(authority, |at| &authority[at + 1..])
}

fn host_by_rfc(rest: &[u8]) -> &[u8] {
    let mut authority = &rest[..cut(rest, b"/?#")];
    if let Some(at) = memchr::memrchr(b'@', authority) {
        authority = &authority[at + 1..];
    }
    if authority.first() == Some(&b'[') {
        return authority.iter().position(|x| *x == b']').map_or(&[], |p| &authority[1..p]);
    }
    let name = &authority[..cut(authority, b":")];
    // A host has a dot, and not at its end.
    if name.iter().any(|x| restricted(*x)) || !name.contains(&b'.') || name.ends_with(b".") { &[] } else { name }
}

fn no_www(h: &[u8]) -> &[u8] {
    h.strip_prefix(b"www.").unwrap_or(h)
}

fn tld(h: &[u8]) -> &[u8] {
    match memchr::memrchr(b'.', h) {
        Some(p) if !h[p + 1..].first().is_some_and(u8::is_ascii_digit) => &h[p + 1..],
        _ => &[],
    }
}

/// The same of a host without its www., of which one part may be left.
fn significant_bare(h: &[u8]) -> (&[u8], &[u8]) {
    let rest = no_www(h);
    if rest.len() < h.len() && !rest.contains(&b'.') { (rest, rest) } else { significant(rest) }
}

/// (the significant part, the host from it on).
fn significant(h: &[u8]) -> (&[u8], &[u8]) {
    let dots: Vec<usize> = memchr::memchr_iter(b'.', h).collect();
    let n = dots.len();
    if n == 0 || dots[n - 1] + 1 == h.len() {
        return (&[], &[]);
    }
    if n == 1 {
        return (&h[..dots[0]], h);
    }
    let second = &h[dots[n - 2] + 1..dots[n - 1]];
    // Below the domains of countries there are such that anybody may have names in.
    let generic = h.len() - dots[n - 1] == 3
        && matches!(
            second,
            b"com" | b"net" | b"org" | b"co" | b"biz" | b"edu" | b"gov" | b"mil" | b"ac" | b"info" | b"ltd" | b"plc" | b"me" | b"ne" | b"or" | b"go" | b"gob" | b"gouv" | b"gen" | b"firm" | b"ind" | b"asn" | b"id" | b"nom" | b"web" | b"msk" | b"spb" | b"sch" | b"nhs" | b"police"
        );
    if second.is_empty() || dots[n - 1] + 1 == h.len() {
        return (&[], &[]);
    }
    let (start, end) = if generic { (if n >= 3 { dots[n - 3] + 1 } else { 0 }, dots[n - 2]) } else { (dots[n - 2] + 1, dots[n - 1]) };
    (&h[start..end], &h[start..])
}

fn port(b: &Bind<'_>, rfc: bool) -> Result<Bound> {
    b.arity(1, 2)?;
    b.string(0)?;
    let default = if b.len() == 2 { b.const_int(1)? as u16 } else { 0 };
    bound(Type::UInt16, move |c| {
        let s = strs(c.col(0));
        Ok(u16_col(
            (0..c.rows)
                .map(|i| {
                    let u = s.at(i);
                    let h = host(u, rfc);
                    if h.is_empty() {
                        return default;
                    }
                    let after = h.as_ptr() as usize + h.len() - u.as_ptr() as usize;
                    let rest = &u[after..];
                    let rest = rest.strip_prefix(b"]").unwrap_or(rest);
                    let Some(digits) = rest.strip_prefix(b":") else { return default };
                    let n = digits.iter().position(|x| !x.is_ascii_digit()).unwrap_or(digits.len());
                    std::str::from_utf8(&digits[..n]).ok().and_then(|d| d.parse().ok()).unwrap_or(default)
                })
                .collect(),
        ))
    })
}

fn path_full(u: &[u8]) -> &[u8] {
    let rest = match after_scheme(u) {
        Some(r) => r,
        None => u,
    };
    memchr::memchr(b'/', rest).map_or(&[], |p| &rest[p..])
}

fn query(u: &[u8]) -> &[u8] {
    let end = cut(u, b"#");
    memchr::memchr(b'?', &u[..end]).map_or(&[], |p| &u[p + 1..end])
}

fn next_of(u: &[u8], at: usize, stops: &[u8]) -> usize {
    at + cut(u.get(at..).unwrap_or(&[]), stops)
}

/// The name=value pieces of query string and fragment as byte ranges, each with the end of its name. A piece
/// without `=` counts only before another separator; the start of a fragment begins pieces like `&`.
fn pieces(u: &[u8]) -> Vec<(usize, usize, usize)> {
    let mut out = Vec::new();
    let mut at = next_of(u, 0, b"?#");
    while at + 1 < u.len() {
        let mut start = at + 1;
        let mut name = next_of(u, start, b"=&#?");
        // A question mark within begins the name anew.
        while u.get(name) == Some(&b'?') {
            start = name + 1;
            name = next_of(u, start, b"=&#?");
        }
        if name == u.len() {
            break;
        }
        if u[name] == b'=' {
            at = next_of(u, name + 1, b"&#");
            out.push((start, name, at));
        } else {
            out.push((start, name, name));
            at = name;
            // The bare piece takes the separator with it where a fragment begins.
            if u[name] == b'#' && next_of(u, name + 1, b"&#=") == u.len() {
                break;
            }
        }
    }
    out
}

fn parameter(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.string(1)?;
    bound(Type::String, |c| {
        let (s, n) = (strs(c.col(0)), strs(c.col(1)));
        crate::args::map_str(c.rows, "extractURLParameter", |i, out| {
            let name = n.at(i);
            let u = s.at(i);
            if let Some((_, at, end)) = pieces(u).into_iter().find(|(from, to, end)| to < end && &u[*from..*to] == name) {
                out.extend_from_slice(&u[at + 1..end]);
            }
            Ok(())
        })
    })
}

fn parameters(b: &Bind<'_>, names: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            let u = s.at(i);
            for (from, name, end) in pieces(u) {
                out.push(&u[from..if names { name } else { end }]);
            }
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn cut_parameter(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    let names: Vec<Vec<u8>> = if b.ty(1).is_string() {
        match b.constant(1).and_then(|c| c.bytes_at(0)) {
            Some(n) => vec![n.to_vec()],
            None => Vec::new(),
        }
    } else {
        b.array(1)?;
        let list = b.need_constant(1)?.flat();
        let a = crate::args::arrays(&list)?;
        a.at(0).filter_map(|k| a.values.bytes_at(k).map(<[u8]>::to_vec)).collect()
    };
    let by_row = b.ty(1).is_string();
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        crate::args::map_str(c.rows, "cutURLParameter", |i, out| {
            let mut url = s.at(i).to_vec();
            let own;
            let list: &[Vec<u8>] = if by_row && names.is_empty() {
                own = vec![strs(c.col(1)).at(i).to_vec()];
                &own
            } else {
                &names
            };
            for n in list {
                url = without(&url, n);
            }
            out.extend_from_slice(&url);
            Ok(())
        })
    })
}

fn without(u: &[u8], name: &[u8]) -> Vec<u8> {
    let Some(start) = u.iter().position(|x| matches!(x, b'?' | b'#')) else { return u.to_vec() };
    let mut at = start;
    while at < u.len() {
        let piece = at + 1;
        if u[piece..].starts_with(name) && u.get(piece + name.len()) == Some(&b'=') {
            let end = u[piece..].iter().position(|x| matches!(x, b'&' | b'#')).map_or(u.len(), |p| piece + p);
            let mut out = u[..piece].to_vec();
            if u.get(end) == Some(&b'&') {
                out.extend_from_slice(&u[end + 1..]);
            } else {
                // The & before goes as well.
                if u[at] == b'&' {
                    out.pop();
                }
                out.extend_from_slice(&u[end..]);
            }
            return out;
        }
        at = u[piece..].iter().position(|x| matches!(x, b'&' | b'?' | b'#')).map_or(u.len(), |p| piece + p);
    }
    u.to_vec()
}

/// The URL cut behind each / ? # of its path and query string.
pub fn hierarchy(u: &[u8]) -> Vec<&[u8]> {
    let n = protocol(u).len();
    let mut at = if n > 0 { next_of(u, n + 3, b"/?#") } else { 0 };
    let mut out = Vec::new();
    if u.is_empty() {
        return out;
    }
    if n == 0 {
        out.push(u);
        return out;
    }
    if at < u.len() {
        at += 1;
    }
    out.push(&u[..at]);
    let separator = |x: &u8| matches!(x, b'/' | b'?' | b'#');
    loop {
        // Separators in a row are one.
        at += u[at..].iter().take_while(|x| separator(x)).count();
        if at >= u.len() {
            return out;
        }
        at = next_of(u, at, b"/?#");
        at = (at + 1).min(u.len());
        out.push(&u[..at]);
    }
}

fn levels(b: &Bind<'_>, path_only: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            let u = s.at(i);
            let all = hierarchy(u);
            let skip = if path_only { all.first().map_or(0, |h| h.len().saturating_sub(1)) } else { 0 };
            for p in all.iter().skip(usize::from(path_only)) {
                out.push(&p[skip..]);
            }
            out.end_row()?;
        }
        Ok(out.finish())
    })
}
