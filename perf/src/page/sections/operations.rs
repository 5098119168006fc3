//! What is no message from thread to thread.

use super::{begun, decimals, whole};
use crate::names::name;
use crate::page::{Kind, Run, Section, Table};
use crate::{PAIRS, Report, Row};

const ABOUT: &str = "Faults, pages, interrupts, threads, and what to compare with: a system call that does nothing, an \
    interrupt from kernel to kernel and back. Instructions of both CPUs where there are two. What has to do with pages varies \
    by a tenth with the shape of the mapping tree, which is random.";

pub(super) fn section(main: Option<&Run<Report>>) -> Section {
    let mut section = begun("operations", "Other operations", ABOUT, main, Kind::Main);
    let Some(report) = main.map(|run| &run.figures) else {
        return section;
    };
    let is_message = |row: &Row| row.id.starts_with("ipc.") || row.id.starts_with(PAIRS);
    let mut table = Table::new(["operation", "instr.", "ns min", "ns median", "interrupts"]);
    for row in report.rows.iter().filter(|row| !is_message(row)) {
        table.push([
            name(&row.id),
            whole(row.instructions_round_trip),
            decimals(row.min_ns(), 0),
            decimals(row.ns_round_trip.map(|times| times.median), 0),
            decimals(row.ipis_round_trip, 2),
        ]);
    }
    section
        .tables
        .extend((!table.rows.is_empty()).then_some(table));
    section
}
