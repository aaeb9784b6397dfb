//! Colours between sRGB and the perceptual spaces OKLab and OKLCh.

use crate::args::{f64_col, f64s, tuple_columns};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::{Data, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("colorSRGBToOKLAB", "colorSRGBToOKLAB((r, g, b)[, gamma])", "Lightness and the two axes of OKLab of a colour of 0 to 255.", &[("round(colorSRGBToOKLAB((128, 64, 32)).1, 4)", "0.4436")], |b| convert(b, to_lab)),
    f("colorOKLABToSRGB", "colorOKLABToSRGB((l, a, b)[, gamma])", "Red, green and blue of 0 to 255 of a colour of OKLab.", &[("round(colorOKLABToSRGB((0.4466, 0.07, 0.07)).1, 2)", "127.1")], |b| convert(b, from_lab)),
    f("colorSRGBToOKLCH", "colorSRGBToOKLCH((r, g, b)[, gamma])", "Lightness, chroma and hue (degrees) of a colour of 0 to 255.", &[("round(colorSRGBToOKLCH((128, 64, 32)).3, 3)", "45.907")], |b| {
        convert(b, |c, g| {
            let [l, a, b] = to_lab(c, g);
            [l, a.hypot(b), (b.atan2(a).to_degrees() + 360.0) % 360.0]
        })
    }),
    f("colorOKLCHToSRGB", "colorOKLCHToSRGB((l, c, h)[, gamma])", "Red, green and blue of 0 to 255 of lightness, chroma and hue.", &[("round(colorOKLCHToSRGB((0.4466, 0.0991, 45.44)).1, 2)", "127.03")], |b| {
        convert(b, |[l, c, h], g| {
            let (sin, cos) = h.to_radians().sin_cos();
            from_lab([l, c * cos, c * sin], g)
        })
    }),
];

type Three = [f64; 3];

fn times(m: [Three; 3], v: Three) -> Three {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn to_lab(rgb: Three, gamma: f64) -> Three {
    let linear = rgb.map(|x| (x / 255.0).powf(gamma));
    let cones = times([[0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9], [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6], [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5]], linear);
    times([[0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8], [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9], [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0]], cones.map(f64::cbrt))
}

fn from_lab(lab: Three, gamma: f64) -> Three {
    let roots = times([[1.0, 0.396_337_777_4, 0.215_803_757_3], [1.0, -0.105_561_345_8, -0.063_854_172_8], [1.0, -0.089_484_177_5, -1.291_485_548_0]], lab);
    let linear = times([[4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2], [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5], [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0]], roots.map(|x| x * x * x));
    linear.map(|x| x.clamp(0.0, 1.0).powf(1.0 / gamma) * 255.0)
}

fn convert(b: &Bind<'_>, of: fn(Three, f64) -> Three) -> Result<Bound> {
    b.arity(1, 2)?;
    let types: Vec<Type> = match b.ty(0) {
        Type::Tuple(es) if es.len() == 3 && es.iter().all(|e| e.1.is_number()) => es.iter().map(|e| e.1.clone()).collect(),
        _ => return Err(b.illegal(0, "a tuple of three numbers")),
    };
    let gamma = if b.len() == 2 {
        b.number(1)?;
        Some(b.ty(1).clone())
    } else {
        None
    };
    bound(Type::tuple(vec![Type::Float64; 3]), move |c| {
        let parts = tuple_columns(c.col(0))?;
        let v: Vec<_> = parts.iter().zip(&types).map(|(p, t)| f64s(p, t)).collect();
        let g = gamma.as_ref().map(|t| f64s(c.col(1), t));
        let mut out = [Vec::new(), Vec::new(), Vec::new()];
        for i in 0..c.rows {
            // a gamma of 0 stands for the default
            let gamma = g.as_ref().map_or(2.2, |g| g.at(i));
            let row = of([v[0].at(i), v[1].at(i), v[2].at(i)], if gamma == 0.0 { 2.2 } else { gamma });
            out.iter_mut().zip(row).for_each(|(o, x)| o.push(x));
        }
        Ok(Data::Tuple(out.map(f64_col).to_vec().into(), c.rows).into())
    })
}
