//! The copy experiment: ways of a string from space to space, over its length.

use super::{begun, real, uncounted};
use crate::ablation::{Ablation, Copied};
use crate::names::size;
use crate::page::picture::{Axis, Line, Lines};
use crate::page::{Drawing, Kind, Run, Section, Table};
use anyhow::Result;

const ABOUT: &str = "The kernel's part of a string and a short answer, by three ways from space to space: through a window in which \
    the kernel sees the receiver's pages (temporary mapping), into a buffer of the kernel's and out of it, and page by page through \
    the map of all memory. One read or write moves 8 bytes, so a copy has two for each 8 bytes, and two lines for each 64. Pages are \
    counted by virtual address: each needs an entry of the TLB.";

/// What is drawn over the length.
struct Quantity {
    name: &'static str,
    caption: &'static str,
    label: &'static str,
    of: fn(&Copied) -> f64,
}

const QUANTITIES: [Quantity; 3] = [
    Quantity {
        name: "copy-operations",
        caption: "Read and write operations of the kernel for each 8 bytes, over the length of the string.",
        label: "reads and writes for each 8 bytes",
        of: |copied| real(copied.loads + copied.stores) * 8.0 / real(copied.bytes),
    },
    Quantity {
        name: "copy-lines",
        caption: "Different cache lines of data that the kernel touches for each 64 bytes, over the length of the string.",
        label: "cache lines for each 64 bytes",
        of: |copied| real(copied.data_lines) * 64.0 / real(copied.bytes),
    },
    Quantity {
        name: "copy-pages",
        caption: "Footprint in the TLB: different pages of data that the kernel touches, over the length of the string.",
        label: "pages of 4 KiB",
        of: |copied| real(copied.data_pages),
    },
];

pub(super) fn section(run: Option<&Run<Ablation>>) -> Result<Section> {
    let mut section = begun("copy", "Ways to copy a string", ABOUT, run, Kind::Ablation);
    let Some(run) = run else {
        return Ok(section);
    };
    let copies = &run.figures.copy;
    if copies.is_empty() {
        section.missing.push(uncounted(Kind::Ablation));
        return Ok(section);
    }
    for quantity in &QUANTITIES {
        section.drawings.push(Drawing {
            name: quantity.name,
            caption: quantity.caption.into(),
            svg: picture(copies, quantity).draw()?,
        });
    }
    section.tables.push(table(copies));
    Ok(section)
}

/// Each once, in the order in which they were measured.
fn methods(copies: &[Copied]) -> Vec<&str> {
    let mut methods: Vec<&str> = Vec::new();
    for copied in copies {
        if !methods.contains(&copied.method.as_str()) {
            methods.push(&copied.method);
        }
    }
    methods
}

/// The lengths, rising.
fn lengths(copies: &[Copied]) -> Vec<u64> {
    let mut lengths: Vec<u64> = copies.iter().map(|copied| copied.bytes).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

fn picture(copies: &[Copied], quantity: &Quantity) -> Lines {
    let line = |method: &str| {
        let own = copies.iter().filter(|copied| copied.method == method);
        let mut points: Vec<(f64, f64)> = own
            .map(|copied| (real(copied.bytes), (quantity.of)(copied)))
            .collect();
        points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Line {
            name: method.into(),
            points,
        }
    };
    let counts = copies.iter().map(quantity.of);
    let least = counts.clone().fold(f64::INFINITY, f64::min);
    let marks = lengths(copies).into_iter();
    let marks = marks.map(|bytes| (real(bytes), size(bytes)));
    Lines {
        across: Axis::of("length of the string", marks.collect(), true),
        up: Axis::tens(quantity.label, least, counts.fold(1.0, f64::max)),
        lines: methods(copies).into_iter().map(line).collect(),
    }
}

fn table(copies: &[Copied]) -> Table {
    let mut table = Table::new([
        "string, way",
        "instr.",
        "reads",
        "writes",
        "cache lines",
        "pages",
        "writes of CR3",
    ]);
    for bytes in lengths(copies) {
        for copied in copies.iter().filter(|copied| copied.bytes == bytes) {
            let counts = [
                copied.instructions,
                copied.loads,
                copied.stores,
                copied.data_lines,
                copied.data_pages,
                copied.cr3_writes,
            ];
            let name = format!("{}, {}", size(bytes), copied.method);
            let counts = counts.map(|count| count.to_string());
            table.push([name].into_iter().chain(counts));
        }
    }
    table
}
