//! The copy experiment: ways of a string from space to space, over its length.

use super::{begun, real, uncounted};
use crate::ablation::{Ablation, Copied};
use crate::names::size;
use crate::page::picture::{Axis, Line, Lines};
use crate::page::{Drawing, Kind, Run, Section, Table};
use anyhow::Result;

const ABOUT: &str = "The kernel's part of a string and a short answer, by three ways from space to space: through a window in which \
    the kernel sees the receiver's pages (temporary mapping), into a buffer of the kernel's and out of it, and page by page through \
    the map of all memory. One read or write moves 8 bytes. Pages are counted by virtual address: each needs a translation, \
    so as many entries of the TLB.";

/// What is drawn over the length.
struct Quantity {
    name: &'static str,
    caption: &'static str,
    label: &'static str,
    of: fn(&Copied) -> u64,
}

const QUANTITIES: [Quantity; 3] = [
    Quantity {
        name: "copy-operations",
        caption: "Read and write operations of the kernel over the length of the string.",
        label: "reads and writes",
        of: |copied| copied.loads + copied.stores,
    },
    Quantity {
        name: "copy-lines",
        caption: "Different cache lines of data, of 64 bytes, that the kernel touches.",
        label: "cache lines",
        of: |copied| copied.data_lines,
    },
    Quantity {
        name: "copy-pages",
        caption: "Footprint in the TLB: different pages of data, of 4 KiB, that the kernel touches.",
        label: "pages",
        of: |copied| copied.data_pages,
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
            .map(|copied| (real(copied.bytes), real((quantity.of)(copied))))
            .collect();
        points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Line {
            name: method.into(),
            points,
        }
    };
    let counts = copies.iter().map(|copied| real((quantity.of)(copied)));
    let least = counts.clone().fold(f64::INFINITY, f64::min);
    let marks = lengths(copies).into_iter();
    let marks = marks.map(|bytes| (real(bytes), size(bytes)));
    Lines {
        across: Axis::of("length of the string", marks.collect(), true),
        up: Axis::tens(quantity.label, least.max(1.0), counts.fold(1.0, f64::max)),
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
        "loads of CR3",
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
