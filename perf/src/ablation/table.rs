//! The figures for people, at most 100 columns wide.

use super::{Ablation, Copied, Pair, Removed, Way};
use crate::accounting::Counts;
use crate::cells::{lines, plain, right};

const LEGEND: [&str; 5] = [
    "8 bytes: a message of one word, one way; 4 KiB: one with a string, and a short answer; instructions, and how much",
    "more that is than the kernel as it is needs. Way: general is measured stage by stage, with and without.",
    "data, pages, lock, IPIs: what the kernel touches and does for a word there and back, as it is > without:",
    "different cache lines of data, different pages of data, atomic instructions, interrupts between CPUs",
    "copy: the kernel's for a string and a short answer; pages: different ones, as many translations",
];

/// Draws what removing each technique costs, what stands in its place, and the copy experiment.
pub fn render(ablation: &Ablation) -> String {
    let mut costs = plain([
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
        costs.add_row(right(cells(number, removed)));
    }
    let alternatives: Vec<String> = (1..)
        .zip(&ablation.ablation)
        .map(|(number, removed)| format!("{number:2} {}", removed.without))
        .collect();
    let mut copy = plain([
        "copy", "bytes", "instr.", "reads", "writes", "lines", "pages", "CR3",
    ]);
    for copied in &ablation.copy {
        copy.add_row(right(copy_cells(copied)));
    }
    let mut parts = vec![
        "What removing a technique costs".to_owned(),
        lines(&costs),
        format!("Without it:\n{}", alternatives.join("\n")),
    ];
    if ablation.copy.is_empty() {
        parts.push("What copies touch is not counted: QEMU does not take the plugin".to_owned());
    } else {
        parts.push(lines(&copy));
    }
    parts.push(LEGEND.join("\n"));
    parts.join("\n\n")
}

fn cells(number: usize, removed: &Removed) -> [String; 12] {
    let more = |pair: Pair<u64>| format!("{:+.0}%", pair.percent_more());
    let [lines, pages, locked, ipis] = touched(removed);
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
        lines,
        pages,
        locked,
        ipis,
    ]
}

/// What [`touched`] gives.
pub(crate) const TOUCHED: [&str; 4] = ["data lines", "data pages", "locked", "IPIs"];

/// What the kernel touches and does for a word there and back, as it is and without.
pub(crate) fn touched(removed: &Removed) -> [String; 4] {
    let counted = |figure: fn(&Counts) -> u64| match &removed.kernel8 {
        Some(pair) => change(figure(&pair.base), figure(&pair.without)),
        None => "-".into(),
    };
    let ipis = removed.ipis8;
    [
        counted(|counts| counts.data_lines),
        counted(|counts| counts.data_pages),
        counted(|counts| counts.locked),
        ipis.map_or("-".into(), |pair| change(pair.base, pair.without)),
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
