//! Texts in the order of a language: keys whose bytes lie in that order.

use crate::args::{StrOut, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::Locale;
use std::sync::Arc;
use types::codes::{BAD_COLLATION, UNSUPPORTED_COLLATION_LOCALE};
use types::{ArrayData, Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("collationKey", "collationKey(x, locale)", "Bytes in whose order the texts of x lie as the language has it: what ORDER BY … COLLATE sorts by. x is a string, or an array or tuple with strings.", &[("collationKey('ё', 'ru') < collationKey('я', 'ru')", "1"), ("arraySort(x -> collationKey(x, 'en'), ['b', 'C', 'a'])", "['a','b','C']")], key),
];

/// Languages with rules, or of which it is known that the general order is theirs.
const LANGUAGES: &str = "af am ar as az be bg blo bn bo br bs ca ceb chr cs cy da de dsb dz ee el en eo es et fa ff fi fil fo fr fy ga gl gu ha haw he hi hr hsb hu hy id ig is it ja ka kk kl km kn ko kok ku ky lb lij lkt ln lo lt lv mk ml mn mr ms mt my nb ne nl nn no nso om or pa pl ps pt ro ru sa se si sk sl smn sq sr st sv sw ta te th tk tn to tr ug uk ur uz vi wae wo xh yi yo zh zu";

fn collator(name: &str) -> Result<CollatorBorrowed<'static>> {
    let unknown = || {
        let hint = "give a language as ru, de or zh_Hans; system.collations lists them";
        Error::new(UNSUPPORTED_COLLATION_LOCALE, format!("Unsupported collation locale: {name}; {hint}"))
    };
    let locale = Locale::try_from_str(&name.replace('_', "-")).map_err(|_| unknown())?;
    if !LANGUAGES.split(' ').any(|l| l == locale.id.language.as_str()) {
        return Err(unknown());
    }
    Collator::try_new((&locale).into(), CollatorOptions::default()).map_err(|_| unknown())
}

fn has_text(ty: &Type) -> bool {
    match ty.base() {
        Type::String => true,
        Type::Array(e) => has_text(e),
        Type::Tuple(es) => es.iter().any(|e| has_text(&e.1)),
        _ => false,
    }
}

fn key(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    if !has_text(b.ty(0)) && !matches!(b.ty(0), Type::Nothing) {
        return Err(Error::new(
            BAD_COLLATION,
            format!("Collations are for String, and for Array and Tuple that contain it, not for {}", b.raw[0].ty),
        ));
    }
    let collator = collator(b.const_str(1)?)?;
    bound(b.ty(0).clone(), move |c| keys(c.col(0), &collator))
}

fn keys(c: &Column, collator: &CollatorBorrowed<'static>) -> Result<Column> {
    let data = match &c.data {
        Data::Str(_) => {
            let s = strs(c);
            let mut out = StrOut::new(c.len(), s.total(c.len()) * 2);
            for i in 0..c.len() {
                let Ok(()) = collator.write_sort_key_utf8_to(s.at(i), &mut out.bytes);
                out.end_row();
                if out.bytes.len() > crate::args::BYTES_MAX {
                    out.check("collationKey")?;
                }
            }
            out.finish("collationKey")?.data
        }
        Data::Const(one, n) => return Ok(Column::constant(keys(one, collator)?, *n)),
        Data::Codes(codes, dict) => return Ok(keys(&dict.values, collator)?.gather(codes)),
        Data::Array(a) => {
            Data::Array(ArrayData { offsets: a.offsets.clone(), values: Arc::new(keys(&a.values, collator)?) })
        }
        Data::Tuple(parts, n) => {
            Data::Tuple(parts.iter().map(|p| keys(p, collator)).collect::<Result<Vec<_>>>()?.into(), *n)
        }
        _ => return Ok(c.clone()),
    };
    Ok(Column { data, nulls: c.nulls.clone() })
}
