//! What is known of this process and of the system it runs on.

use crate::bind::{Bind, Bound, bound, constant};
use crate::def::{FunctionDef, f};
use types::codes::INCORRECT_DATA;
use types::{Error, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("revision", "revision()", "Revision of the protocol.", &[], |b| number(b, Type::UInt32, 54_500)).ci(),
    f("buildId", "buildId()", "What this build calls itself: its version and target.", &[], |b| text(b, concat!(env!("CARGO_PKG_NAME"), "-", env!("CARGO_PKG_VERSION"), "-", "native"))).ci(),
    f("tid", "tid()", "Number of the process whose threads run queries.", &[], |b| number(b, Type::UInt64, std::process::id().into())),
    f("connectionId", "connectionId()", "0: connections have no numbers.", &[("connectionId()", "0")], |b| number(b, Type::UInt64, 0)).ci().alias_ci(&["connection_id"]),
    f("getOSKernelVersion", "getOSKernelVersion()", "Name and version of the operating system's kernel.", &[], kernel_version),
    f("runningConcurrency", "runningConcurrency(begin, end)", "Number of the events so far, in the order of rows, that go on when an event begins.", &[("runningConcurrency(toDateTime(1), toDateTime(2))", "1")], concurrency).stateful(),
];

fn number(b: &Bind<'_>, ty: Type, value: i128) -> Result<Bound> {
    b.arity(0, 0)?;
    constant(ty, Scalar::Int(value))
}

fn text(b: &Bind<'_>, value: &str) -> Result<Bound> {
    b.arity(0, 0)?;
    constant(Type::String, Scalar::Bytes(value.as_bytes().to_vec()))
}

fn kernel_version(b: &Bind<'_>) -> Result<Bound> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let name = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        other => other,
    };
    text(b, format!("{name} {}", release.trim()).trim())
}

fn concurrency(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    for i in 0..2 {
        b.date_or_time(i)?;
        if b.ty(i) != b.ty(0) {
            return Err(b.illegal(i, "the type of the first argument"));
        }
    }
    bound(Type::UInt32, |c| {
        let (begin, end) = (crate::args::i64s(c.col(0)), crate::args::i64s(c.col(1)));
        // How many of the events that go on end at each time.
        let mut ends = std::collections::BTreeMap::<i64, u32>::new();
        let mut going = 0;
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (from, to) = (begin.at(i), end.at(i));
            if from > to {
                return Err(Error::new(INCORRECT_DATA, format!("Incorrect order of events: the begin {from} is behind the end {to}")));
            }
            *ends.entry(to).or_default() += 1;
            going += 1;
            while let Some(first) = ends.first_entry().filter(|e| *e.key() <= from) {
                going -= first.remove();
            }
            out.push(going);
        }
        Ok(crate::args::u32_col(out))
    })
}
