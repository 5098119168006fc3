//! The benchmark: a root task that measures what a message costs and prints a row per path and length.
//!
//! Output: `[progress] k/n text` before each row, `[bench] {json}` after it, `[done]` at the end. Samples are
//! time-stamp ticks of one round trip (the mean of 64 inside a CPU, a single one between CPUs); under QEMU's
//! `-icount` a tick is an instruction. Argument `quick`: fewer samples; `account`: a few, for who counts from outside and
//! sees each instruction; `words=N`: messages of N words instead of those of the plan; any other: only the rows that are
//! called so.
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

const ACCOUNT: Effort = Effort {
    batches: 5,
    singles: 6,
};

fn main() -> ! {
    let effort = words().find_map(effort_of).unwrap_or(FULL);
    let khz = kip::processor(0).map_or(0, |processor| processor.internal_khz);
    let length = words().find_map(length_of);
    let lengths = length
        .as_ref()
        .map_or(&plan::WORDS[..], core::slice::from_ref);
    let mut wanted = words().filter(|word| effort_of(word).is_none() && length_of(word).is_none());
    let all = wanted.next().is_none();
    let is_wanted = |row: &Row| all || words().any(|word| word == row.id());
    let rows = plan::rows_with(kip::cpus(), lengths).filter(is_wanted);
    let total = rows.clone().count();
    let mut samples = [0; MOST];
    for (index, row) in rows.enumerate() {
        let name = Name(row);
        println!("[progress] {index}/{total} {name}");
        hot::next_row();
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

/// The length of messages that an argument asks for, if it is one that does.
fn length_of(word: &str) -> Option<usize> {
    let length = word.strip_prefix("words=")?.parse().ok()?;
    (length <= 63).then_some(length)
}

/// How much an argument asks for, if it is one that does.
fn effort_of(word: &str) -> Option<Effort> {
    match word {
        "quick" => Some(QUICK),
        "account" => Some(ACCOUNT),
        _ => None,
    }
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
        "[bench] {{\"id\":\"{}\",\"words\":{},\"rounds\":{},\"batch\":{},\"ticks\":[",
        row.id(),
        OrNull(row.words()),
        measured.rounds,
        measured.batch,
    );
    for (index, ticks) in ticks.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        print!("{comma}{ticks}");
    }
    println!("],\"tsc_khz\":{khz},\"ipis\":{}}}", OrNull(measured.ipis));
}
