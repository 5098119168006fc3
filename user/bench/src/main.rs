//! The benchmark: a root task that measures what a message costs and prints a row per path and length.
//!
//! Output: `[progress] k/n text` before each row, `[bench] {json}` after it, `[done]` at the end. Samples are
//! time-stamp ticks of one round trip (the mean of 64 inside a CPU, a single one between CPUs); under QEMU's
//! `-icount` a tick is an instruction. Argument `quick`: fewer samples; any other: only the rows that are called so.
#![no_std]
#![no_main]

mod across;
mod hot;
mod long;
mod measure;
mod pages;
mod pairs;
mod partner;

use bench::plan::{self, Row};
use bench::samples::thin;
use l4::{exit, kip, print, println};
use measure::{Effort, MOST, Measured};

l4::program!(main);

const FULL: Effort = Effort {
    batches: 40,
    singles: MOST,
};

const QUICK: Effort = Effort {
    batches: 10,
    singles: 400,
};

fn main() -> ! {
    let quick = words().any(|word| word == "quick");
    let effort = if quick { QUICK } else { FULL };
    let khz = kip::processor(0).map_or(0, |processor| processor.internal_khz);
    let mut wanted = words().filter(|word| *word != "quick");
    let all = wanted.next().is_none();
    let is_wanted = |row: &Row| all || words().any(|word| word == row.id());
    let rows = plan::rows(kip::cpus()).filter(is_wanted);
    let total = rows.clone().count();
    let mut samples = [0; MOST];
    for (index, row) in rows.enumerate() {
        let name = Name(row);
        println!("[progress] {index}/{total} {name}");
        match measure::row(row, effort, &mut samples) {
            Ok((count, measured)) => report(row, &measured, thin(&mut samples[..count]), khz),
            Err(failure) => {
                println!("[fail] {name}: {failure:?}");
                exit::report(false)
            }
        }
    }
    println!("[progress] {total}/{total} done");
    println!("[done] {total} rows");
    exit::report(true)
}

/// The arguments.
fn words() -> impl Iterator<Item = &'static str> {
    l4::args().split_whitespace()
}

/// A row's name for people.
struct Name(Row);

impl core::fmt::Display for Name {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0.id())?;
        self.0
            .words()
            .map_or(Ok(()), |words| write!(f, ", {words} words"))
    }
}

/// A number or `null`.
struct OrNull<T>(Option<T>);

impl<T: core::fmt::Display> core::fmt::Display for OrNull<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("null"),
        }
    }
}

fn report(row: Row, measured: &Measured, ticks: &[u64], khz: u64) {
    print!(
        "[bench] {{\"id\":\"{}\",\"words\":{},\"rounds\":{},\"ticks\":[",
        row.id(),
        OrNull(row.words()),
        measured.rounds,
    );
    for (index, ticks) in ticks.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        print!("{comma}{ticks}");
    }
    println!("],\"tsc_khz\":{khz},\"ipis\":{}}}", OrNull(measured.ipis));
}
