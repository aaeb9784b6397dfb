//! The evaluator's parser.

use types::{Error, Result, Scalar, Type};

#[derive(Clone, Debug)]
pub enum Expr {
    Literal(Type, Scalar),
    Name(String),
    Call(String, Vec<Expr>),
    Lambda(Vec<String>, Box<Expr>),
    Alias(Box<Expr>, String),
    In(Box<Expr>, Vec<Expr>, bool),
}

pub enum Source {
    None,
    Numbers(u64, u64),
    Table(String),
    Select(Box<Select>),
}

pub struct Select {
    pub items: Vec<(Expr, Option<String>)>,
    pub from: Source,
    pub filter: Option<Expr>,
    pub order: Vec<(Expr, bool)>,
}

pub enum Statement {
    Select(Select),
    Set(Vec<(String, String)>),
    Create(String, Vec<(String, String)>),
    Insert(String, Vec<String>, Vec<Vec<Expr>>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(String),
    Text(Vec<u8>),
    Sign(&'static str),
}

const SIGNS: &[&str] = &[
    "<=>", "->", "::", "||", "<=", ">=", "<>", "!=", "==", "(", ")", "[", "]", "{", "}", ",", ".", "+", "-",
    "*", "/", "%", "=", "<", ">", "?", ":", ";",
];

fn lex(sql: &str) -> Result<Vec<(Token, usize)>> {
    let s = sql.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < s.len() {
        let start = i;
        match s[i] {
            b' ' | b'\n' | b'\t' | b'\r' => i += 1,
            b'-' if s.get(i + 1) == Some(&b'-') => {
                while i < s.len() && s[i] != b'\n' {
                    i += 1;
                }
            }
            b'\'' => {
                let mut v = Vec::new();
                i += 1;
                loop {
                    match s.get(i) {
                        None => return Err(Error::bad_arguments("open quote")),
                        Some(b'\'') if s.get(i + 1) == Some(&b'\'') => {
                            v.push(b'\'');
                            i += 2;
                        }
                        Some(b'\'') => {
                            i += 1;
                            break;
                        }
                        Some(b'\\') => {
                            i += 1;
                            match s.get(i) {
                                Some(b'n') => v.push(b'\n'),
                                Some(b't') => v.push(b'\t'),
                                Some(b'r') => v.push(b'\r'),
                                Some(b'b') => v.push(8),
                                Some(b'f') => v.push(12),
                                Some(b'a') => v.push(7),
                                Some(b'v') => v.push(11),
                                Some(b'e') => v.push(27),
                                Some(b'0') => v.push(0),
                                Some(b'x') => {
                                    let h = std::str::from_utf8(&s[i + 1..i + 3]).unwrap_or("0");
                                    v.push(u8::from_str_radix(h, 16).unwrap_or(0));
                                    i += 2;
                                }
                                Some(c @ (b'\\' | b'\'' | b'"' | b'`' | b'/' | b'=')) => v.push(*c),
                                Some(c) => v.extend_from_slice(&[b'\\', *c]),
                                None => {}
                            }
                            i += 1;
                        }
                        Some(c) => {
                            v.push(*c);
                            i += 1;
                        }
                    }
                }
                out.push((Token::Text(v), start));
            }
            b'$' if s[i..].starts_with(b"$$") => {
                let end = sql[i + 2..].find("$$").ok_or_else(|| Error::bad_arguments("open $$"))? + i + 2;
                out.push((Token::Text(s[i + 2..end].to_vec()), start));
                i = end + 2;
            }
            b'`' | b'"' => {
                let end =
                    sql[i + 1..].find(s[i] as char).ok_or_else(|| Error::bad_arguments("open quote"))?
                        + i
                        + 1;
                out.push((Token::Quoted(sql[i + 1..end].to_string()), start));
                i = end + 1;
            }
            c if c.is_ascii_digit()
                || (c == b'.'
                    && s.get(i + 1).is_some_and(u8::is_ascii_digit)
                    && !matches!(
                        out.last(),
                        Some((Token::Word(_) | Token::Quoted(_) | Token::Sign(")" | "]"), _))
                    )) =>
            {
                let hex = s[i..].starts_with(b"0x");
                while i < s.len() {
                    let exponent = !hex
                        && matches!(s[i], b'e' | b'E')
                        && s.get(i + 1).is_some_and(|d| d.is_ascii_digit() || *d == b'-' || *d == b'+');
                    if s[i].is_ascii_alphanumeric() || s[i] == b'_' || (s[i] == b'.' && !hex) {
                        i += 1;
                        if exponent {
                            i += 1;
                        }
                    } else {
                        break;
                    }
                }
                out.push((Token::Number(sql[start..i].replace('_', "")), start));
            }
            c if c.is_ascii_alphabetic() || c == b'_' || c >= 0x80 => {
                while i < s.len() && (s[i].is_ascii_alphanumeric() || s[i] == b'_' || s[i] >= 0x80) {
                    i += 1;
                }
                out.push((Token::Word(sql[start..i].to_string()), start));
            }
            _ => {
                let sign = SIGNS
                    .iter()
                    .find(|x| s[i..].starts_with(x.as_bytes()))
                    .ok_or_else(|| Error::bad_arguments(format!("unexpected {:?}", s[i] as char)))?;
                out.push((Token::Sign(sign), start));
                i += sign.len();
            }
        }
    }
    Ok(out)
}

struct Parser<'a> {
    sql: &'a str,
    tokens: Vec<(Token, usize)>,
    at: usize,
}

pub fn statement(sql: &str) -> Result<Statement> {
    let mut p = Parser { sql, tokens: lex(sql)?, at: 0 };
    let s = p.statement()?;
    p.sign(";");
    if p.at < p.tokens.len() {
        return Err(Error::new(types::codes::SYNTAX_ERROR, format!("left over: {}", p.rest())));
    }
    Ok(s)
}

fn literal(ty: Type, v: Scalar) -> Expr {
    Expr::Literal(ty, v)
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Call(name.to_string(), args)
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.tokens.get(self.at).map_or("", |t| &self.sql[t.1..])
    }
    fn error(&self, what: &str) -> Error {
        Error::new(
            types::codes::SYNTAX_ERROR,
            format!("expected {what} at {:?}", self.rest().chars().take(40).collect::<String>()),
        )
    }
    fn sign(&mut self, s: &str) -> bool {
        let hit = matches!(self.tokens.get(self.at), Some((Token::Sign(x), _)) if *x == s);
        self.at += usize::from(hit);
        hit
    }
    fn need(&mut self, s: &str) -> Result<()> {
        if self.sign(s) { Ok(()) } else { Err(self.error(s)) }
    }
    fn peek_word(&self, k: usize, w: &str) -> bool {
        matches!(self.tokens.get(self.at + k), Some((Token::Word(x), _)) if x.eq_ignore_ascii_case(w))
    }
    fn word(&mut self, w: &str) -> bool {
        let hit = self.peek_word(0, w);
        self.at += usize::from(hit);
        hit
    }
    fn name(&mut self) -> Result<String> {
        match self.tokens.get(self.at) {
            Some((Token::Word(x) | Token::Quoted(x), _)) => {
                let x = x.clone();
                self.at += 1;
                Ok(x)
            }
            _ => Err(self.error("a name")),
        }
    }

    fn statement(&mut self) -> Result<Statement> {
        if self.word("SET") {
            let mut pairs = Vec::new();
            loop {
                let k = self.name()?;
                self.need("=")?;
                let v = match self.tokens.get(self.at) {
                    Some((Token::Text(t), _)) => String::from_utf8_lossy(t).into_owned(),
                    Some((Token::Number(n) | Token::Word(n), _)) => n.clone(),
                    _ => return Err(self.error("a value")),
                };
                self.at += 1;
                pairs.push((k, v));
                if !self.sign(",") {
                    return Ok(Statement::Set(pairs));
                }
            }
        }
        if self.word("CREATE") {
            if !self.word("TABLE") {
                return Err(self.error("TABLE"));
            }
            let name = self.name()?;
            self.need("(")?;
            let mut columns = Vec::new();
            loop {
                let c = self.name()?;
                let ty = self.type_text()?;
                columns.push((c, ty));
                if !self.sign(",") {
                    break;
                }
            }
            self.need(")")?;
            self.at = self.tokens.len();
            return Ok(Statement::Create(name, columns));
        }
        if self.word("INSERT") {
            self.word("INTO");
            let name = self.name()?;
            let mut names = Vec::new();
            if self.sign("(") {
                loop {
                    names.push(self.name()?);
                    if !self.sign(",") {
                        break;
                    }
                }
                self.need(")")?;
            }
            if !self.word("VALUES") {
                return Err(self.error("VALUES"));
            }
            let mut rows = Vec::new();
            while self.sign("(") {
                let mut row = Vec::new();
                loop {
                    row.push(self.expr()?);
                    if !self.sign(",") {
                        break;
                    }
                }
                self.need(")")?;
                rows.push(row);
                self.sign(",");
            }
            return Ok(Statement::Insert(name, names, rows));
        }
        Ok(Statement::Select(self.select()?))
    }

    fn type_text(&mut self) -> Result<String> {
        let start = self.tokens.get(self.at).map_or(0, |t| t.1);
        self.name()?;
        let mut depth = 0;
        while let Some((t, _)) = self.tokens.get(self.at) {
            match t {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") if depth == 0 => break,
                Token::Sign(")") => depth -= 1,
                _ if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.tokens.get(self.at).map_or(self.sql.len(), |t| t.1);
        Ok(self.sql[start..end].trim().to_string())
    }

    fn select(&mut self) -> Result<Select> {
        let mut items = Vec::new();
        if self.word("WITH") {
            loop {
                let e = self.expr()?;
                self.word("AS");
                let n = self.name()?;
                items.push((e, Some(n)));
                if !self.sign(",") {
                    break;
                }
            }
            return Err(self.error("no WITH"));
        }
        if !self.word("SELECT") {
            return Err(self.error("SELECT"));
        }
        loop {
            if self.sign("*") {
                items.push((Expr::Name("*".into()), None));
            } else {
                let e = self.expr()?;
                let (e, alias) = match e {
                    Expr::Alias(e, a) => (*e, Some(a)),
                    Expr::Name(n) => (Expr::Name(n.clone()), Some(n)),
                    e => (e, None),
                };
                items.push((e, alias));
            }
            if !self.sign(",") {
                break;
            }
        }
        let mut from = Source::None;
        if self.word("FROM") {
            from = if self.sign("(") {
                let inner = self.select()?;
                self.need(")")?;
                Source::Select(Box::new(inner))
            } else {
                let name = self.name()?;
                if name == "numbers" && self.sign("(") {
                    let a = self.number()?;
                    let out = if self.sign(",") {
                        Source::Numbers(a, self.number()?)
                    } else {
                        Source::Numbers(0, a)
                    };
                    self.need(")")?;
                    out
                } else {
                    Source::Table(name)
                }
            };
            if self.word("AS") {
                self.name()?;
            }
        }
        let filter = if self.word("WHERE") { Some(self.expr()?) } else { None };
        let mut order = Vec::new();
        if self.word("ORDER") {
            self.word("BY");
            loop {
                let e = self.expr()?;
                let desc = self.word("DESC");
                self.word("ASC");
                if self.word("NULLS") {
                    self.at += 1;
                }
                order.push((e, desc));
                if !self.sign(",") {
                    break;
                }
            }
        }
        if self.word("SETTINGS") {
            self.at = self.tokens.len();
        }
        Ok(Select { items, from, filter, order })
    }

    fn number(&mut self) -> Result<u64> {
        match self.tokens.get(self.at) {
            Some((Token::Number(n), _)) => {
                let v = n.parse().map_err(|_| self.error("a number"))?;
                self.at += 1;
                Ok(v)
            }
            _ => Err(self.error("a number")),
        }
    }

    pub fn expr(&mut self) -> Result<Expr> {
        let e = self.lambda()?;
        if self.peek_word(0, "AS") {
            self.at += 1;
            let n = self.name()?;
            return Ok(Expr::Alias(Box::new(e), n));
        }
        Ok(e)
    }

    fn lambda(&mut self) -> Result<Expr> {
        let start = self.at;
        let mut params = Vec::new();
        if self.sign("(") {
            while let Some((Token::Word(w), _)) = self.tokens.get(self.at) {
                params.push(w.clone());
                self.at += 1;
                if !self.sign(",") {
                    break;
                }
            }
            if !params.is_empty() && self.sign(")") && self.sign("->") {
                return Ok(Expr::Lambda(params, Box::new(self.lambda()?)));
            }
        } else if let (Some((Token::Word(w), _)), Some((Token::Sign("->"), _))) =
            (self.tokens.get(self.at), self.tokens.get(self.at + 1))
        {
            let w = w.clone();
            self.at += 2;
            return Ok(Expr::Lambda(vec![w], Box::new(self.lambda()?)));
        }
        self.at = start;
        let c = self.or()?;
        if self.sign("?") {
            let a = self.or()?;
            self.need(":")?;
            let b = self.or()?;
            return Ok(call("if", vec![c, a, b]));
        }
        Ok(c)
    }

    fn or(&mut self) -> Result<Expr> {
        let mut e = vec![self.and()?];
        while self.word("OR") {
            e.push(self.and()?);
        }
        Ok(if e.len() == 1 { e.remove(0) } else { call("or", e) })
    }
    fn and(&mut self) -> Result<Expr> {
        let mut e = vec![self.not()?];
        while self.word("AND") {
            e.push(self.not()?);
        }
        Ok(if e.len() == 1 { e.remove(0) } else { call("and", e) })
    }
    fn not(&mut self) -> Result<Expr> {
        if self.peek_word(0, "NOT") && !matches!(self.tokens.get(self.at + 1), Some((Token::Sign("("), _))) {
            self.at += 1;
            return Ok(call("not", vec![self.not()?]));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr> {
        let mut e = self.concat()?;
        loop {
            let op = [
                ("=", "equals"),
                ("==", "equals"),
                ("!=", "notEquals"),
                ("<>", "notEquals"),
                ("<=>", "isNotDistinctFrom"),
                ("<=", "lessOrEquals"),
                (">=", "greaterOrEquals"),
                ("<", "less"),
                (">", "greater"),
            ]
            .into_iter()
            .find(|(s, _)| self.sign(s));
            if let Some((_, f)) = op {
                e = call(f, vec![e, self.concat()?]);
            } else if self.word("IS") {
                let not = self.word("NOT");
                if self.word("NULL") {
                    e = call(if not { "isNotNull" } else { "isNull" }, vec![e]);
                } else if self.word("DISTINCT") {
                    self.word("FROM");
                    e = call(
                        if not { "isNotDistinctFrom" } else { "isDistinctFrom" },
                        vec![e, self.concat()?],
                    );
                }
            } else {
                let start = self.at;
                let not = self.word("NOT");
                if self.word("LIKE") {
                    e = call(if not { "notLike" } else { "like" }, vec![e, self.concat()?]);
                } else if self.word("ILIKE") {
                    e = call(if not { "notILike" } else { "ilike" }, vec![e, self.concat()?]);
                } else if self.word("REGEXP") {
                    e = call("match", vec![e, self.concat()?]);
                } else if self.word("BETWEEN") {
                    let lo = self.concat()?;
                    self.word("AND");
                    let hi = self.concat()?;
                    e = call(
                        "and",
                        vec![call("greaterOrEquals", vec![e.clone(), lo]), call("lessOrEquals", vec![e, hi])],
                    );
                    if not {
                        e = call("not", vec![e]);
                    }
                } else if self.word("IN") {
                    let list = match self.primary()? {
                        Expr::Call(f, args) if f == "tuple" || f == "array" => args,
                        one => vec![one],
                    };
                    e = Expr::In(Box::new(e), list, not);
                } else {
                    self.at = start;
                    return Ok(e);
                }
            }
        }
    }

    fn concat(&mut self) -> Result<Expr> {
        let mut e = vec![self.sum()?];
        while self.sign("||") {
            e.push(self.sum()?);
        }
        Ok(if e.len() == 1 { e.remove(0) } else { call("concat", e) })
    }
    fn sum(&mut self) -> Result<Expr> {
        let mut e = self.product()?;
        loop {
            if self.sign("+") {
                e = call("plus", vec![e, self.product()?]);
            } else if self.sign("-") {
                e = call("minus", vec![e, self.product()?]);
            } else {
                return Ok(e);
            }
        }
    }
    fn product(&mut self) -> Result<Expr> {
        let mut e = self.unary()?;
        loop {
            let op = [("*", "multiply"), ("/", "divide"), ("%", "modulo")]
                .into_iter()
                .find(|(s, _)| self.sign(s))
                .map(|x| x.1);
            let op = op.or_else(|| {
                if self.word("DIV") {
                    Some("intDiv")
                } else if self.word("MOD") {
                    Some("modulo")
                } else {
                    None
                }
            });
            match op {
                Some(f) => e = call(f, vec![e, self.unary()?]),
                None => return Ok(e),
            }
        }
    }
    fn unary(&mut self) -> Result<Expr> {
        if self.sign("-") {
            if let Some((Token::Number(n), _)) = self.tokens.get(self.at).cloned() {
                self.at += 1;
                let e = number(&n, true)?;
                return self.postfix(e);
            }
            return Ok(call("negate", vec![self.unary()?]));
        }
        if self.sign("+") {
            return self.unary();
        }
        let e = self.primary()?;
        self.postfix(e)
    }

    fn postfix(&mut self, mut e: Expr) -> Result<Expr> {
        loop {
            if self.sign("::") {
                let ty = self.type_text()?;
                e = call("CAST", vec![e, text(ty.as_bytes())]);
            } else if self.sign("[") {
                let i = self.expr()?;
                self.need("]")?;
                e = call("arrayElement", vec![e, i]);
            } else if self.sign(".") {
                e = match self.tokens.get(self.at).cloned() {
                    Some((Token::Number(n), _)) => {
                        self.at += 1;
                        call("tupleElement", vec![e, number(&n, false)?])
                    }
                    _ => {
                        let n = self.name()?;
                        call("tupleElement", vec![e, text(n.as_bytes())])
                    }
                };
            } else {
                return Ok(e);
            }
        }
    }

    fn args(&mut self, close: &str) -> Result<Vec<Expr>> {
        let mut out = Vec::new();
        if self.sign(close) {
            return Ok(out);
        }
        loop {
            out.push(self.expr()?);
            if !self.sign(",") {
                break;
            }
        }
        self.need(close)?;
        Ok(out)
    }

    fn primary(&mut self) -> Result<Expr> {
        let Some((t, _)) = self.tokens.get(self.at).cloned() else { return Err(self.error("an expression")) };
        self.at += 1;
        match t {
            Token::Number(n) => number(&n, false),
            Token::Text(v) => Ok(text(&v)),
            Token::Sign("(") => {
                let mut items = self.args(")")?;
                if items.len() == 1 { Ok(items.remove(0)) } else { Ok(call("tuple", items)) }
            }
            Token::Sign("[") => Ok(call("array", self.args("]")?)),
            Token::Quoted(n) => Ok(Expr::Name(n)),
            Token::Word(w) => self.word_expr(w),
            _ => {
                self.at -= 1;
                Err(self.error("an expression"))
            }
        }
    }

    fn word_expr(&mut self, w: String) -> Result<Expr> {
        let upper = w.to_ascii_uppercase();
        let opens = matches!(self.tokens.get(self.at), Some((Token::Sign("("), _)));
        match upper.as_str() {
            "NULL" => return Ok(literal(Type::nullable(Type::Nothing), Scalar::Null)),
            "TRUE" => return Ok(literal(Type::Bool, Scalar::Int(1))),
            "FALSE" => return Ok(literal(Type::Bool, Scalar::Int(0))),
            "INF" | "INFINITY" if !opens => return Ok(literal(Type::Float64, Scalar::Float(f64::INFINITY))),
            "NAN" if !opens => return Ok(literal(Type::Float64, Scalar::Float(f64::NAN))),
            "NOT" if opens => return Ok(call("not", vec![self.unary()?])),
            "CASE" => return self.case(),
            "INTERVAL" => {
                if let Some(e) = self.interval()? {
                    return Ok(e);
                }
            }
            "DATE" | "TIMESTAMP" if matches!(self.tokens.get(self.at), Some((Token::Text(_), _))) => {
                let v = self.primary()?;
                return Ok(call(if upper == "DATE" { "toDate" } else { "toDateTime" }, vec![v]));
            }
            "CAST" if opens => {
                let start = self.at;
                self.at += 1;
                let e = self.lambda()?;
                if self.word("AS") {
                    let ty = self.type_text()?;
                    self.need(")")?;
                    return Ok(call("CAST", vec![e, text(ty.as_bytes())]));
                }
                self.at = start;
            }
            "EXTRACT"
                if opens
                    && matches!(self.tokens.get(self.at + 2), Some((Token::Word(f), _)) if f.eq_ignore_ascii_case("FROM")) =>
            {
                self.at += 1;
                let unit = self.name()?.to_ascii_lowercase();
                self.at += 1;
                let e = self.expr()?;
                self.need(")")?;
                let f = match unit.as_str() {
                    "year" => "toYear",
                    "quarter" => "toQuarter",
                    "month" => "toMonth",
                    "week" => "toISOWeek",
                    "day" => "toDayOfMonth",
                    "hour" => "toHour",
                    "minute" => "toMinute",
                    _ => "toSecond",
                };
                return Ok(call(f, vec![e]));
            }
            "TRIM" if opens => {
                let start = self.at;
                self.at += 1;
                for (k, f) in [("BOTH", "trimBoth"), ("LEADING", "trimLeft"), ("TRAILING", "trimRight")] {
                    if self.word(k) {
                        let chars = self.concat()?;
                        self.word("FROM");
                        let e = self.expr()?;
                        self.need(")")?;
                        return Ok(call(f, vec![e, chars]));
                    }
                }
                self.at = start;
            }
            _ => {}
        }
        if self.sign("(") {
            let args = self.args(")")?;
            return Ok(Expr::Call(w, args));
        }
        Ok(Expr::Name(w))
    }

    fn interval(&mut self) -> Result<Option<Expr>> {
        let start = self.at;
        let unit_of = |w: &str| {
            types::IntervalKind::ALL
                .into_iter()
                .find(|k| k.name().eq_ignore_ascii_case(w.strip_suffix(['s', 'S']).unwrap_or(w)))
        };
        if let Some((Token::Text(t), _)) = self.tokens.get(self.at).cloned() {
            let t = String::from_utf8_lossy(&t).into_owned();
            let mut parts = t.split_whitespace();
            if let (Some(n), Some(u)) = (parts.next(), parts.next())
                && let Some(k) = unit_of(u)
            {
                self.at += 1;
                return Ok(Some(call(&format!("toInterval{}", k.name()), vec![number(n, false)?])));
            }
        }
        if let Ok(e) = self.unary()
            && let Some((Token::Word(w), _)) = self.tokens.get(self.at).cloned()
            && let Some(k) = unit_of(&w)
        {
            self.at += 1;
            return Ok(Some(call(&format!("toInterval{}", k.name()), vec![e])));
        }
        self.at = start;
        Ok(None)
    }

    fn case(&mut self) -> Result<Expr> {
        let subject = if self.peek_word(0, "WHEN") { None } else { Some(self.expr()?) };
        let mut args: Vec<Expr> = subject.iter().cloned().collect();
        while self.word("WHEN") {
            args.push(self.expr()?);
            self.word("THEN");
            args.push(self.expr()?);
        }
        args.push(if self.word("ELSE") {
            self.expr()?
        } else {
            literal(Type::nullable(Type::Nothing), Scalar::Null)
        });
        if !self.word("END") {
            return Err(self.error("END"));
        }
        Ok(call(if subject.is_some() { "caseWithExpression" } else { "multiIf" }, args))
    }
}

fn text(v: &[u8]) -> Expr {
    literal(Type::String, Scalar::Bytes(v.to_vec()))
}

fn number(n: &str, negative: bool) -> Result<Expr> {
    let value = if let Some(h) = n.strip_prefix("0x") {
        i128::from_str_radix(h, 16).ok()
    } else if let Some(b) = n.strip_prefix("0b") {
        i128::from_str_radix(b, 2).ok()
    } else {
        n.parse::<i128>().ok()
    };
    let (negative, value) = match value {
        Some(v) if v < 0 => (true, Some(-v)),
        v => (negative, v),
    };
    if let Some(v) = value {
        let v = if negative { -v } else { v };
        let ty = if v >= 0 {
            match v {
                0..=0xff => Some(Type::UInt8),
                0x100..=0xffff => Some(Type::UInt16),
                0x1_0000..=0xffff_ffff => Some(Type::UInt32),
                0x1_0000_0000..=0xffff_ffff_ffff_ffff => Some(Type::UInt64),
                _ => None,
            }
        } else {
            match v {
                -0x80..0 => Some(Type::Int8),
                -0x8000..-0x80 => Some(Type::Int16),
                -0x8000_0000..-0x8000 => Some(Type::Int32),
                -0x8000_0000_0000_0000..-0x8000_0000 => Some(Type::Int64),
                _ => None,
            }
        };
        if let Some(ty) = ty {
            return Ok(literal(ty, Scalar::Int(v)));
        }
    }
    if n.bytes().filter(u8::is_ascii_digit).count() > 17 && !n.contains(['e', 'E', 'x']) {
        return Ok(text(format!("{}{n}", if negative { "-" } else { "" }).as_bytes()));
    }
    let v: f64 = n.parse().map_err(|_| Error::new(types::codes::SYNTAX_ERROR, format!("bad number {n}")))?;
    Ok(literal(Type::Float64, Scalar::Float(if negative { -v } else { v })))
}
