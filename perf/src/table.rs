//! The figures for people, at most 100 columns wide.

use crate::cells::{lines, plain, right};
use crate::names::name;
use crate::{
    INTER_BUSY, INTER_IDLE, INTER_LONG, INTER_PAGE_FAULT, INTER_UNMAP_PAGE, INTRA_INTER_SPACE,
    INTRA_SAME_SPACE, IPI_ROUND_TRIP, LONG, MIGRATE, PAGE_FAULT, PAIRS, Report, Row, UNMAP_PAGE,
};

/// Draws the table: a block of rows for each kind, ratios to the path inside one CPU and to a bare IPI.
pub fn render(report: &Report) -> String {
    let mut table = plain([
        "round trip",
        "words",
        "instr.",
        "one way",
        "ns min",
        "p10",
        "median",
        "IPIs",
        "x intra",
        "x IPI",
    ]);
    let mut last = "";
    for row in &report.rows {
        if !last.is_empty() && block(&row.id) != block(last) {
            table.add_row([""]);
        }
        let first = row.id != last;
        table.add_row(right(cells(report, row, first)));
        last = &row.id;
    }
    format!(
        "QEMU {}, {} CPUs\n\n{}\n\n{}",
        report.qemu,
        report.cpus,
        lines(&table),
        LEGEND.join("\n")
    )
}

const LEGEND: [&str; 4] = [
    "instr.: instructions in the deterministic run, median round trip; both CPUs' added",
    "ns: parallel run on this host, meaningful only beside one another; of pairs, over all round trips",
    "x intra: ns min over that of the same inside one CPU, two spaces; of pairs, over one pair's",
    "x IPI: ns min over that of the bare IPI round trip",
];

/// What rows that belong together have in common.
pub(crate) fn block(id: &str) -> &str {
    match id {
        INTRA_INTER_SPACE | INTRA_SAME_SPACE | INTER_IDLE | INTER_BUSY => id,
        _ => [LONG, INTER_LONG, PAIRS]
            .into_iter()
            .find(|kind| id.starts_with(kind))
            .unwrap_or(""),
    }
}

/// What a row is compared with: the same inside one CPU, or a single pair.
fn intra<'a>(report: &'a Report, row: &Row) -> Option<&'a Row> {
    let bytes = |id: &str| {
        id.strip_prefix(INTER_LONG)
            .map(|bytes| format!("{LONG}{bytes}"))
    };
    match row.id.as_str() {
        INTER_IDLE | INTER_BUSY => report.row(INTRA_INTER_SPACE, row.words),
        INTER_PAGE_FAULT => report.row(PAGE_FAULT, None),
        INTER_UNMAP_PAGE => report.row(UNMAP_PAGE, None),
        id if id.starts_with(PAIRS) => report.row(&format!("{PAIRS}1"), None),
        id => report.row(&bytes(id)?, None),
    }
}

/// Whether a row is about two CPUs that interrupt each other.
fn is_inter(id: &str) -> bool {
    id.starts_with("ipc.inter.") || id.ends_with(".inter") || id == MIGRATE
}

fn cells(report: &Report, row: &Row, first: bool) -> [String; 10] {
    let times = row.ns_round_trip;
    let ipi = report
        .row(IPI_ROUND_TRIP, None)
        .filter(|_| is_inter(&row.id));
    [
        if first { name(&row.id) } else { String::new() },
        row.words
            .map_or_else(String::new, |words| words.to_string()),
        whole(row.instructions_round_trip),
        whole(row.instructions_one_way),
        time(times.map(|times| times.min)),
        time(times.map(|times| times.p10)),
        time(times.map(|times| times.median)),
        row.ipis_round_trip
            .map_or_else(dash, |count| format!("{count:.2}")),
        ratio(row, intra(report, row)),
        ratio(row, ipi),
    ]
}

fn dash() -> String {
    "-".into()
}

fn whole(value: Option<u64>) -> String {
    value.map_or_else(dash, |value| value.to_string())
}

fn time(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{value:.0}"))
}

fn ratio(row: &Row, base: Option<&Row>) -> String {
    match (row.min_ns(), base.and_then(Row::min_ns)) {
        (Some(own), Some(base)) if base > own && own > 0.0 => format!("{:.2}", own / base),
        (Some(own), Some(base)) if base > 0.0 => format!("{:.1}", own / base),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::{INTER_IDLE, INTRA_INTER_SPACE, IPI_ROUND_TRIP, Nanoseconds, Report, Row};

    fn row(id: &str, words: Option<u32>, count: Option<u64>, min: f64) -> Row {
        let times = Nanoseconds {
            min,
            p10: min * 2.0,
            median: min * 3.0,
        };
        Row {
            id: id.into(),
            words,
            instructions_one_way: count.map(|count| count / 2),
            instructions_round_trip: count,
            ns_round_trip: Some(times),
            ipis_round_trip: None,
        }
    }

    fn table() -> String {
        let rows = vec![
            row(INTRA_INTER_SPACE, Some(0), Some(300), 2000.0),
            row(INTRA_INTER_SPACE, Some(63), None, 2_000_000.0),
            row(INTER_IDLE, Some(0), Some(123_456_789), 9000.0),
            row(IPI_ROUND_TRIP, None, None, 6000.0),
            row("ipc.long.65536", None, Some(9000), 30_000.0),
            row("ipc.inter.long.65536", None, Some(11_000), 60_000.0),
            row("scale.intra.1", None, Some(157), 2000.0),
            row("scale.intra.4", None, Some(157), 500.0),
        ];
        render(&Report {
            schema: 1,
            qemu: "10.0.2".into(),
            cpus: 2,
            rows,
            accounting: None,
            peers: Vec::new(),
        })
    }

    #[test]
    fn fits_the_terminal() {
        for line in table().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn rows_between_cpus_stand_beside_those_inside() {
        let table = table();
        let last = |name: &str, count: usize| {
            let line = table.lines().find(|line| line.contains(name));
            let mut words: Vec<_> = line.expect("the row").split_whitespace().rev().collect();
            words.truncate(count);
            words.into_iter().rev().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(last("two CPUs, 64 KiB", 3), "- 2.0 10.0");
        assert_eq!(last("one CPU, 64 KiB", 2), "90000 -");
        assert_eq!(last("pairs, CPUs used: 1", 2), "- 1.0");
        assert_eq!(last("pairs, CPUs used: 4", 2), "- 0.25");
    }

    #[test]
    fn each_figure_stands_in_its_row() {
        let table = table();
        let words = |name: &str| {
            let line = table
                .lines()
                .find(|line| line.starts_with(&format!(" {name}")))
                .expect("the row");
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let idle = words("two CPUs, target idle");
        assert_eq!(
            idle[4..],
            [
                "0",
                "123456789",
                "61728394",
                "9000",
                "18000",
                "27000",
                "-",
                "4.5",
                "1.5"
            ]
        );
        assert_eq!(
            words("one CPU, two spaces")[4..],
            ["0", "300", "150", "2000", "4000", "6000", "-"]
        );
        assert_eq!(
            words("bare IPI")[2..],
            ["-", "-", "6000", "12000", "18000", "-"]
        );
    }
}
