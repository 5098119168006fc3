//! The figures for people, at most 100 columns wide.

use super::{Ablation, Copied, Pair, Removed, Way};
use crate::accounting::Counts;
use crate::table::right;
use comfy_table::{Table, presets};

const LEGEND: [&str; 5] = [
    "8 bytes: a message of one word, one way; 4 KiB: one with a string, and a short answer; instructions, and how much",
    "more that is than the kernel as it is needs. Way: general is measured stage by stage, with and without.",
    "data, pages, lock, IPIs: what the kernel touches and does for a word there and back, as it is > without:",
    "different cache lines of data, different pages of data, atomic instructions, interrupts between CPUs",
    "copy: the kernel's for a string and a short answer; pages: different ones, as many translations",
];

/// Draws what removing each technique costs, what stands in its place, and the copy experiment.
pub fn render(ablation: &Ablation) -> String {
    let mut costs = table([
        "technique",
        "way",
        "8 bytes",
        "without",
        "more",
        "4 KiB",
        "without",
        "more",
        "data",
        "pages",
        "lock",
        "IPIs",
    ]);
    for (number, removed) in (1..).zip(&ablation.ablation) {
        costs.add_row(right(cells(number, removed).each_ref().map(String::as_str)));
    }
    let alternatives: Vec<String> = (1..)
        .zip(&ablation.ablation)
        .map(|(number, removed)| format!("{number:2} {}", removed.without))
        .collect();
    let mut copy = table([
        "copy", "bytes", "instr.", "reads", "writes", "lines", "pages", "CR3",
    ]);
    for copied in &ablation.copy {
        copy.add_row(right(copy_cells(copied).each_ref().map(String::as_str)));
    }
    let mut parts = vec![
        "What removing a technique costs".to_owned(),
        drawn(&costs),
        format!("Without it:\n{}", alternatives.join("\n")),
    ];
    if ablation.copy.is_empty() {
        parts.push("What copies touch is not counted: QEMU does not take the plugin".to_owned());
    } else {
        parts.push(drawn(&copy));
    }
    parts.push(LEGEND.join("\n"));
    parts.join("\n\n")
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(right(header));
    table
}

fn drawn(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

fn cells(number: usize, removed: &Removed) -> [String; 12] {
    let more = |pair: Pair<u64>| format!("{:+.0}%", pair.percent_more());
    let touched = |figure: fn(&Counts) -> u64| match &removed.kernel8 {
        Some(pair) => change(figure(&pair.base), figure(&pair.without)),
        None => "-".into(),
    };
    [
        format!("{number:2} {}", removed.technique),
        match removed.way {
            Way::Short => "short".into(),
            Way::General => "general".into(),
        },
        removed.words8.base.to_string(),
        removed.words8.without.to_string(),
        more(removed.words8),
        removed.bytes4096.base.to_string(),
        removed.bytes4096.without.to_string(),
        more(removed.bytes4096),
        touched(|counts| counts.data_lines),
        touched(|counts| counts.data_pages),
        touched(|counts| counts.locked),
        removed
            .ipis8
            .map_or("-".into(), |pair| change(pair.base, pair.without)),
    ]
}

/// One figure if it stays as it is.
fn change<T: PartialEq + ToString>(base: T, without: T) -> String {
    if base == without {
        base.to_string()
    } else {
        format!("{}>{}", base.to_string(), without.to_string())
    }
}

fn copy_cells(copied: &Copied) -> [String; 8] {
    [
        copied.method.clone(),
        copied.bytes.to_string(),
        copied.instructions.to_string(),
        copied.loads.to_string(),
        copied.stores.to_string(),
        copied.data_lines.to_string(),
        copied.data_pages.to_string(),
        copied.cr3_writes.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{change, render};
    use crate::ablation::figures::tests::sample;

    #[test]
    fn every_record_has_a_line() {
        let text = render(&sample());
        let line = |begin: &str| {
            let found = text
                .lines()
                .find(|line| line.trim_start().starts_with(begin));
            let words = found.unwrap_or_default().split_whitespace();
            words.map(str::to_owned).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            line("1 lazy"),
            "1 lazy lists general 200 250 +25% 1195 1245 +4% - - - 0>0.5"
        );
        assert_eq!(line("1 eager"), "1 eager ones");
        assert_eq!(line("temporary"), "temporary mapping 512 700 100 90 30 7 2");
    }

    #[test]
    fn a_missing_plugin_is_said() {
        let mut ablation = sample();
        ablation.copy.clear();
        assert!(render(&ablation).contains("is not counted"));
    }

    #[test]
    fn what_stays_is_said_once() {
        assert_eq!(change(3, 3), "3");
        assert_eq!(change(3, 4), "3>4");
    }
}
