//! What a message costs on Linux: the program that the benchmark boots Linux with, to compare.
//!
//! As a machine's first process it mounts what it reads and powers off at the end; anywhere else it only measures.
//! Output: `[peer] {json}` with facts about the kernel, `[progress] k/n text` before each row, `[bench] {json}`
//! after it, `[done]` at the end; or `[fail] text`. Rows have the form of Pecan's own benchmark. Argument `quick`: fewer
//! samples; `only=part`: the rows whose names have such a part. With `serve` first it is the partner of such a process.

mod clock;
mod descriptors;
mod facts;
mod link;
mod machine;
mod measure;
mod partner;
mod plan;
mod shared;

use anyhow::{Context, Result};
use measure::{Effort, Measured};
use plan::Row;
use serde_json::json;
use std::env;

/// For figures that are printed in a report.
const FULL: Effort = Effort {
    batches: 40,
    singles: 800,
};

/// For a first look.
const QUICK: Effort = Effort {
    batches: 10,
    singles: 200,
};

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "serve") {
        return partner::serve_as_process(&words[1..]);
    }
    let is_whole_machine = machine::is_ours();
    let result = machine::prepare(is_whole_machine).and_then(|()| run(&words));
    if let Err(error) = &result {
        println!("[fail] {error:#}");
    }
    if is_whole_machine {
        machine::power_off()?;
    }
    result
}

/// Measures every row that this machine can, and prints it.
fn run(words: &[String]) -> Result<()> {
    let effort = if words.iter().any(|word| word == "quick") {
        QUICK
    } else {
        FULL
    };
    println!("[peer] {}", facts::about());
    let cpus = machine::cpus()?;
    let khz = clock::khz();
    // Linux passes on words that it does not know itself, so others than these mean nothing.
    let wanted: Vec<&str> = words
        .iter()
        .filter_map(|word| word.strip_prefix("only="))
        .collect();
    let rows: Vec<Row> = plan::rows(cpus.len())
        .filter(|row| wanted.iter().all(|word| row.is_about(word)))
        .collect();
    for (index, row) in rows.iter().enumerate() {
        println!("[progress] {index}/{} {row}", rows.len());
        let measured = measure::row(row, effort, &cpus).with_context(|| row.to_string())?;
        report(row, &measured, khz);
    }
    println!("[progress] {0}/{0} done", rows.len());
    println!("[done] {} rows", rows.len());
    Ok(())
}

fn report(row: &Row, measured: &Measured, khz: u64) {
    let line = json!({
        "id": row.id(),
        "words": row.words(),
        "rounds": measured.rounds,
        "batch": measured.batch,
        "ticks": measured.ticks,
        "tsc_khz": khz,
        "ipis": measured.interrupts,
    });
    println!("[bench] {line}");
}
