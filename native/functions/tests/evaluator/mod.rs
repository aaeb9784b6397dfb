//! A small SQL evaluator for tests: expressions over literals, `numbers(n)` and tables typed in by the
//! test. Enough to run the examples of the registry without the executor.

pub mod parse;

use functions::{Arg, CastMode, LambdaFn, Session, Value, cast, common_type, lambda_params, resolve};
use parse::{Expr, Select, Source, Statement};
use std::collections::HashMap;
use std::sync::Arc;
use types::text::{Codec, TextOptions};
use types::{Column, ColumnBuilder, Error, Result, Scalar, Type};

#[derive(Clone)]
pub struct Cell {
    pub ty: Type,
    pub column: Column,
}

#[derive(Default, Clone)]
pub struct Scope {
    pub columns: HashMap<String, Cell>,
    pub order: Vec<String>,
    pub rows: usize,
}

pub struct Evaluator {
    pub session: Session,
    tables: HashMap<String, Scope>,
}

struct Lambda<'a> {
    evaluator: &'a Evaluator,
    params: &'a [String],
    types: &'a [Type],
    body: &'a Expr,
    scope: &'a Scope,
}

impl LambdaFn for Lambda<'_> {
    fn call(&self, params: &[Column], rows: usize, origin: &[u32]) -> Result<Column> {
        Ok(self.run(params, rows, origin)?.column)
    }
}

impl Lambda<'_> {
    fn run(&self, params: &[Column], rows: usize, origin: &[u32]) -> Result<Cell> {
        let mut inner = Scope { rows, ..Scope::default() };
        for (name, cell) in &self.scope.columns {
            let column = match cell.column.as_const() {
                Some(one) => Column::constant(one.clone(), rows),
                None => cell.column.gather(origin),
            };
            inner.columns.insert(name.clone(), Cell { ty: cell.ty.clone(), column });
        }
        for ((name, ty), column) in self.params.iter().zip(self.types).zip(params) {
            inner.columns.insert(name.clone(), Cell { ty: ty.clone(), column: column.clone() });
        }
        self.evaluator.eval(self.body, &inner)
    }
}

impl Evaluator {
    pub fn new() -> Self {
        let session =
            Session { now_ns: 1_700_000_000_000_000_000, version: "26.7".into(), ..Session::default() };
        Evaluator { session, tables: HashMap::new() }
    }

    /// Runs a statement; gives its rows as TSV.
    pub fn run(&mut self, sql: &str) -> Result<String> {
        match parse::statement(sql)? {
            Statement::Set(pairs) => {
                for (k, v) in pairs {
                    if k == "session_timezone" {
                        self.session.timezone = types::tz::TimeZone::get(&v)?;
                    } else {
                        self.session.settings.insert(k, v);
                    }
                }
                Ok(String::new())
            }
            Statement::Create(name, columns) => {
                let mut scope = Scope::default();
                for (c, ty) in columns {
                    let ty = types::parse::parse_type(&ty)?;
                    scope.order.push(c.clone());
                    scope.columns.insert(c, Cell { column: ColumnBuilder::new(&ty).finish(), ty });
                }
                self.tables.insert(name, scope);
                Ok(String::new())
            }
            Statement::Insert(name, names, rows) => {
                let mut scope = self.tables.get(&name).cloned().ok_or_else(|| Error::internal("no table"))?;
                let empty = Scope { rows: 1, ..Scope::default() };
                let names = if names.is_empty() { scope.order.clone() } else { names };
                for row in &rows {
                    for (c, e) in names.iter().zip(row) {
                        let v = self.eval(e, &empty)?;
                        let cell = scope.columns.get_mut(c).ok_or_else(|| Error::internal("no column"))?;
                        let one = cast(&v.column, &v.ty, &cell.ty, CastMode::Sql, &self.session)?;
                        cell.column = Column::concat(&cell.ty, &[&cell.column, &one]);
                    }
                    scope.rows += 1;
                }
                self.tables.insert(name, scope);
                Ok(String::new())
            }
            Statement::Select(s) => {
                let (names, out) = self.select(&s)?;
                let options = Arc::new(TextOptions::from_settings(
                    &self.session.settings,
                    self.session.timezone.clone(),
                )?);
                let mut text = Vec::new();
                for row in 0..out.rows {
                    for (k, n) in names.iter().enumerate() {
                        let cell = &out.columns[n];
                        if k > 0 {
                            text.push(b'\t');
                        }
                        Codec::new(&cell.ty, &options)?.write_tsv(&cell.column, row, &mut text);
                    }
                    text.push(b'\n');
                }
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
        }
    }

    fn select(&self, s: &Select) -> Result<(Vec<String>, Scope)> {
        let mut scope = match &s.from {
            Source::None => Scope { rows: 1, ..Scope::default() },
            Source::Numbers(from, n) => {
                let v: Vec<u64> = (*from..from + n).collect();
                let cell = Cell { ty: Type::UInt64, column: types::Data::U64(v.into()).into() };
                Scope {
                    rows: *n as usize,
                    order: vec!["number".into()],
                    columns: HashMap::from([("number".to_string(), cell)]),
                }
            }
            Source::Table(name) => {
                self.tables.get(name).cloned().ok_or_else(|| Error::internal(format!("no table {name}")))?
            }
            Source::Select(inner) => {
                let (names, scope) = self.select(inner)?;
                Scope { order: names, ..scope }
            }
        };
        // Aliases may be used anywhere.
        let mut items = Vec::new();
        for (e, alias) in &s.items {
            if let Expr::Name(n) = e
                && n == "*"
            {
                for c in scope.order.clone() {
                    items.push((Expr::Name(c.clone()), c));
                }
                continue;
            }
            items.push((e.clone(), alias.clone().unwrap_or_else(|| format!("#{}", items.len()))));
        }
        for (e, name) in &items {
            if let Ok(cell) = self.eval(e, &scope)
                && !scope.columns.contains_key(name)
            {
                scope.columns.insert(name.clone(), cell);
            }
        }
        if let Some(Expr::Call(f, args)) =
            items.iter().map(|i| &i.0).find(|e| matches!(e, Expr::Call(f, _) if f == "arrayJoin"))
        {
            let _ = f;
            // One arrayJoin at the top multiplies the rows.
            let cell = self.eval(&args[0], &scope)?;
            let Type::Array(inner) = &cell.ty else { return Err(Error::internal("arrayJoin of no array")) };
            let flat = cell.column.flat();
            let types::Data::Array(a) = &flat.data else { return Err(Error::internal("array")) };
            let mut origin = Vec::new();
            let mut at = Vec::new();
            for r in 0..scope.rows {
                for k in a.offsets[r]..a.offsets[r + 1] {
                    origin.push(r as u32);
                    at.push(k);
                }
            }
            let joined = Cell { ty: inner.as_ref().clone(), column: a.values.gather(&at) };
            for c in scope.columns.values_mut() {
                c.column = c.column.gather(&origin);
            }
            scope.rows = origin.len();
            let mut out = Scope { rows: scope.rows, ..Scope::default() };
            let mut names = Vec::new();
            for (e, name) in &items {
                let c = if matches!(e, Expr::Call(f, _) if f == "arrayJoin") {
                    joined.clone()
                } else {
                    self.eval(e, &scope)?
                };
                names.push(name.clone());
                out.columns.insert(name.clone(), c);
            }
            return self.finish(s, names, out);
        }
        if let Some(w) = &s.filter {
            let keep = self.eval(w, &scope)?;
            let rows: Vec<u32> = (0..scope.rows)
                .filter(|&i| !keep.column.is_null(i) && keep.column.scalar(i).as_f64() != Some(0.0))
                .map(|i| i as u32)
                .collect();
            for c in scope.columns.values_mut() {
                c.column = c.column.gather(&rows);
            }
            scope.rows = rows.len();
        }
        let mut out = scope.clone();
        let mut names = Vec::new();
        for (e, name) in &items {
            let c = self.eval(e, &scope)?;
            names.push(name.clone());
            out.columns.insert(name.clone(), c);
        }
        self.finish(s, names, out)
    }

    fn finish(&self, s: &Select, names: Vec<String>, mut out: Scope) -> Result<(Vec<String>, Scope)> {
        if !s.order.is_empty() {
            let keys: Vec<(Column, bool)> = s
                .order
                .iter()
                .map(|(e, desc)| Ok((self.eval(e, &out)?.column, *desc)))
                .collect::<Result<_>>()?;
            let mut rows: Vec<u32> = (0..out.rows as u32).collect();
            rows.sort_by(|&a, &b| {
                for (k, desc) in &keys {
                    let o = types::compare::compare_rows(k, a as usize, k, b as usize);
                    if o.is_ne() {
                        return if *desc { o.reverse() } else { o };
                    }
                }
                std::cmp::Ordering::Equal
            });
            for c in out.columns.values_mut() {
                c.column = c.column.gather(&rows);
            }
        }
        Ok((names, out))
    }

    pub fn eval(&self, e: &Expr, scope: &Scope) -> Result<Cell> {
        match e {
            Expr::Literal(ty, value) => {
                let mut b = ColumnBuilder::new(ty);
                b.push_scalar(value);
                Ok(Cell { ty: ty.clone(), column: Column::constant(b.finish(), scope.rows) })
            }
            Expr::Name(n) => scope.columns.get(n).cloned().ok_or_else(|| {
                Error::new(types::codes::UNKNOWN_IDENTIFIER, format!("Unknown identifier {n}"))
            }),
            Expr::Lambda(..) => Err(Error::internal("lambda outside of a call")),
            Expr::Alias(inner, _) => self.eval(inner, scope),
            Expr::In(x, list, negate) => self.eval_in(x, list, *negate, scope),
            Expr::Call(name, args) => self.call(name, args, scope),
        }
    }

    fn eval_in(&self, x: &Expr, list: &[Expr], negate: bool, scope: &Scope) -> Result<Cell> {
        let x = self.eval(x, scope)?;
        let mut answer = Bits::new(scope.rows);
        for e in list {
            let y = self.eval(e, scope)?;
            let args = [arg(&x), arg(&y)];
            let eq = resolve("equals", &args, &self.session)?.eval(
                &[Value::Column(&x.column), Value::Column(&y.column)],
                scope.rows,
                &self.session,
            )?;
            for i in 0..scope.rows {
                answer.0[i] |= !eq.is_null(i) && eq.scalar(i).as_i64() == Some(1);
            }
        }
        let v: Vec<u8> = answer.0.iter().map(|b| u8::from(*b != negate)).collect();
        let mut column: Column = types::Data::U8(v.into()).into();
        let nullable = x.ty.is_nullable();
        if nullable {
            column = column.with_nulls(x.column.null_mask());
        }
        Ok(Cell { ty: if nullable { Type::nullable(Type::UInt8) } else { Type::UInt8 }, column })
    }

    fn call(&self, name: &str, args: &[Expr], scope: &Scope) -> Result<Cell> {
        if name == "array" && !args.is_empty() && args.iter().all(|a| matches!(a, Expr::Literal(..))) {
            return self.literal_array(args, scope);
        }
        let mut cells: Vec<Option<Cell>> = Vec::new();
        for a in args {
            cells.push(if matches!(a, Expr::Lambda(..)) { None } else { Some(self.eval(a, scope)?) });
        }
        let mut described: Vec<Arg> = cells
            .iter()
            .map(|c| c.as_ref().map_or_else(|| Arg { ty: Type::Function, constant: None, lambda: true }, arg))
            .collect();
        let mut lambdas = Vec::new();
        if cells.iter().any(Option::is_none) {
            let params = lambda_params(name, &described)?;
            for (i, a) in args.iter().enumerate() {
                let Expr::Lambda(names, body) = a else { continue };
                let types = params[i].clone().ok_or_else(|| Error::illegal_type("unexpected lambda"))?;
                if types.len() != names.len() {
                    return Err(Error::new(
                        types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
                        format!("lambda of {} parameters needs {}", names.len(), types.len()),
                    ));
                }
                lambdas.push((i, names, body, types));
            }
            for (i, names, body, types) in &lambdas {
                let l = Lambda { evaluator: self, params: names, types, body, scope };
                let empty: Vec<Column> = types.iter().map(|t| ColumnBuilder::new(t).finish()).collect();
                described[*i].ty = l.run(&empty, 0, &[])?.ty;
            }
        }
        let call = resolve(name, &described, &self.session)?;
        let made: Vec<Option<Lambda<'_>>> = (0..args.len())
            .map(|i| {
                lambdas.iter().find(|l| l.0 == i).map(|(_, names, body, types)| Lambda {
                    evaluator: self,
                    params: names,
                    types,
                    body,
                    scope,
                })
            })
            .collect();
        let values: Vec<Value<'_>> = cells
            .iter()
            .zip(&made)
            .map(|(c, l)| match (c, l) {
                (Some(c), _) => Value::Column(&c.column),
                (None, Some(l)) => Value::Lambda(l),
                (None, None) => unreachable!("an argument is a cell or a lambda"),
            })
            .collect();
        let column = call.eval(&values, scope.rows, &self.session)?;
        assert_eq!(column.len(), scope.rows, "{name}: rows");
        Ok(Cell { ty: call.ty().clone(), column })
    }

    fn literal_array(&self, args: &[Expr], scope: &Scope) -> Result<Cell> {
        let cells: Vec<Cell> = args
            .iter()
            .map(|a| self.eval(a, &Scope { rows: 1, ..Scope::default() }))
            .collect::<Result<_>>()?;
        let ty = common_type(&cells.iter().map(|c| c.ty.clone()).collect::<Vec<_>>())?;
        let items: Vec<Scalar> = cells
            .iter()
            .map(|c| Ok(cast(&c.column, &c.ty, &ty, CastMode::Sql, &self.session)?.scalar(0)))
            .collect::<Result<_>>()?;
        let ty = Type::array(ty);
        let mut b = ColumnBuilder::new(&ty);
        b.push_scalar(&Scalar::Array(items));
        Ok(Cell { ty, column: Column::constant(b.finish(), scope.rows) })
    }
}

struct Bits(Vec<bool>);
impl Bits {
    fn new(n: usize) -> Self {
        Bits(vec![false; n])
    }
}

fn arg(c: &Cell) -> Arg {
    Arg { ty: c.ty.clone(), constant: c.column.as_const().cloned(), lambda: false }
}
