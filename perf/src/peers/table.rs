//! Linux beside Pecan, for people, at most 100 columns wide.

use super::{Configuration, EVENTFD, FUTEX, PIPE, Peer, SEQPACKET};
use crate::cells::{lines, plain, right};
use crate::{INTER_IDLE, INTRA_INTER_SPACE, INTRA_SAME_SPACE, NULL_SYSCALL, Report, Row};

/// Message lengths that Linux was measured with, in words.
const WORDS: [u32; 6] = [1, 4, 7, 8, 16, 63];

const MECHANISMS: [(&str, &str); 4] = [
    (PIPE, "pipe"),
    (SEQPACKET, "Unix seqpacket"),
    (FUTEX, "futex, shared memory"),
    (EVENTFD, "eventfd"),
];

/// A place of the partner: the end of Linux' names, Pecan's row, and its name for people.
const PLACES: [(&str, &str, &str); 3] = [
    (
        "intra.inter-space",
        INTRA_INTER_SPACE,
        "one CPU, two spaces",
    ),
    ("intra.same-space", INTRA_SAME_SPACE, "one CPU, one space"),
    ("inter.idle", INTER_IDLE, "two CPUs, target idle"),
];

/// Draws a table of instructions and one of times, each figure of Linux with how many times that of Pecan it is.
pub fn render(report: &Report) -> String {
    let Some(first) = report.peers.first() else {
        return String::new();
    };
    let counts = draw(report, "instructions", |row| {
        Some(row.instructions_round_trip? as f64)
    });
    let times = draw(report, "us, smallest", |row| Some(row.min_ns()? / 1000.0));
    format!(
        "Linux, package {} {}, in the same emulator, {} CPUs\n\n{counts}\n\n{times}\n\n{}\n{}",
        first.package,
        first.version,
        first.cpus,
        legend(report),
        LEGEND.join("\n"),
    )
}

const LEGEND: [&str; 7] = [
    "of a round trip, and how many times that of Pecan with as many words or more; both CPUs' added",
    "us: parallel run on this host, which whatever else runs here disturbs; smallest sample",
    "words: of 8 bytes, each way; the shortest message of Linux has one, an eventfd carries no more",
    "shipped: Linux as Debian starts it; else without mitigations and other hardening",
    "polls: idle CPUs of Linux poll (idle=poll), no interrupt wakes them; needs a free host core each",
    "futex: no polling before the wait; copied into shared memory by one side, out of it by the other",
    "Linux copies by words, as on processors without fast copies of bytes (clearcpuid=erms,fsrm)",
];

/// Which mitigations were on in which configuration.
fn legend(report: &Report) -> String {
    let known: Vec<String> = report
        .peers
        .iter()
        .filter(|peer| peer.configuration != Configuration::Polling)
        .map(|peer| {
            let names = match peer.about.mitigations.len() {
                0 => "none".to_owned(),
                _ => names(peer).join(", "),
            };
            match peer.configuration {
                Configuration::Shipped => format!("{names} as shipped"),
                Configuration::Lean | Configuration::Polling => names,
            }
        })
        .collect();
    format!("mitigations of Linux that were on: {}", known.join("; "))
}

/// The weaknesses that are worked around, without how.
fn names(peer: &Peer) -> Vec<&str> {
    let name = |line: &'_ String| line.find(':').unwrap_or(line.len());
    peer.about
        .mitigations
        .iter()
        .map(|line| &line[..name(line)])
        .collect()
}

/// One table: blocks of lines for each configuration and place, each with Pecan's own first where that says more.
fn draw(report: &Report, what: &str, figure: impl Fn(&Row) -> Option<f64> + Copy) -> String {
    let titles = WORDS.map(|words| words.to_string());
    let mut table = plain([what.to_owned()].into_iter().chain(titles));
    for column in table.column_iter_mut().skip(1) {
        column.set_padding((1, 0));
    }
    for peer in &report.peers {
        for (place, own, name) in PLACES {
            let lines = block(report, peer, place, own, figure);
            if lines.is_empty() {
                continue;
            }
            table.add_row([format!("{name}{}", suffix(peer.configuration))]);
            if peer.configuration == Configuration::Lean {
                let texts = WORDS.map(|words| number(report.shortest(own, words).and_then(figure)));
                table.add_row(right(line("Pecan", texts)));
            }
            for line in lines {
                table.add_row(right(line));
            }
        }
        if let Some(text) = null_syscall(report, peer, figure) {
            table.add_row(right(vec![
                format!("null system call{}", suffix(peer.configuration)),
                text,
            ]));
        }
    }
    lines(&table)
}

fn suffix(configuration: Configuration) -> &'static str {
    match configuration {
        Configuration::Lean => "",
        Configuration::Polling => ", polls",
        Configuration::Shipped => ", shipped",
    }
}

/// A line for each mechanism that was measured there.
fn block(
    report: &Report,
    peer: &Peer,
    place: &str,
    own: &str,
    figure: impl Fn(&Row) -> Option<f64> + Copy,
) -> Vec<Vec<String>> {
    let line = |(mechanism, name): (&str, &str)| {
        let id = format!("{mechanism}.{place}");
        let texts = WORDS.map(|words| {
            let theirs = peer.row(&id, Some(words)).and_then(figure);
            let ours = report.shortest(own, words).and_then(figure);
            beside(theirs, ours)
        });
        let is_measured = texts.iter().any(|text| !text.is_empty());
        is_measured.then(|| line(name, texts))
    };
    MECHANISMS.into_iter().filter_map(line).collect()
}

fn null_syscall(
    report: &Report,
    peer: &Peer,
    figure: impl Fn(&Row) -> Option<f64> + Copy,
) -> Option<String> {
    let theirs = peer.row(NULL_SYSCALL, None).and_then(figure)?;
    let ours = report.row(NULL_SYSCALL, None).and_then(figure);
    Some(beside(Some(theirs), ours))
}

/// A figure of Linux with how many times Pecan's it is.
fn beside(theirs: Option<f64>, ours: Option<f64>) -> String {
    match (theirs, ours) {
        (Some(theirs), Some(ours)) if ours > 0.0 => {
            let times = theirs / ours;
            let digits = match times {
                times if times < 0.95 => 2,
                times if times < 9.95 => 1,
                _ => 0,
            };
            format!("{} {times:.digits$}x", number(Some(theirs)))
        }
        (theirs, _) => number(theirs),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| match value {
        // Times in microseconds; instructions are whole.
        value if value.fract() == 0.0 || value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    })
}

fn line(name: &str, figures: [String; WORDS.len()]) -> Vec<String> {
    let mut texts = vec![format!("  {name}")];
    texts.extend(figures);
    texts
}

#[cfg(test)]
mod tests {
    use super::super::{About, Configuration, Peer};
    use super::{WORDS, beside, render};
    use crate::{INTER_IDLE, INTRA_INTER_SPACE, Nanoseconds, Report, Row};

    fn row(id: &str, words: u32, count: u64) -> Row {
        let min = count as f64 * 100.0;
        Row {
            id: id.into(),
            words: Some(words),
            instructions_one_way: Some(count / 2),
            instructions_round_trip: Some(count),
            ns_round_trip: Some(Nanoseconds {
                min,
                p10: min,
                median: min,
            }),
            ipis_round_trip: None,
        }
    }

    fn peer(configuration: Configuration, place: &str, count: u64) -> Peer {
        let rows = ["pipe", "seqpacket", "futex"].into_iter().flat_map(|name| {
            let id = format!("{name}.{place}");
            WORDS.map(move |words| row(&id, words, count))
        });
        Peer {
            system: "Linux".into(),
            package: "linux-image-6.1.0-56-cloud-amd64".into(),
            version: "6.1.192-2".into(),
            configuration,
            command_line: "quiet".into(),
            cpus: 2,
            about: About {
                release: "6.1.0-56-cloud-amd64".into(),
                build: "Debian".into(),
                clock: "tsc".into(),
                mitigations: vec!["spectre_v1: usercopy/swapgs barriers".into()],
            },
            rows: rows.collect(),
        }
    }

    fn report() -> Report {
        let own = [0, 4, 7, 8, 16, 63].into_iter().flat_map(|words| {
            [
                row(INTRA_INTER_SPACE, words, 100 + u64::from(words)),
                row(INTER_IDLE, words, 10_000),
            ]
        });
        Report {
            schema: 1,
            qemu: "10.0.2".into(),
            cpus: 2,
            accounting: None,
            rows: own.collect(),
            peers: vec![
                peer(Configuration::Lean, "intra.inter-space", 10_400),
                peer(Configuration::Polling, "inter.idle", 15_000),
                peer(Configuration::Shipped, "intra.inter-space", 99_999),
            ],
        }
    }

    #[test]
    fn fits_the_terminal() {
        for line in render(&report()).lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn figures_stand_beside_those_with_as_many_words_or_more() {
        let text = render(&report());
        let mut lines = text.lines().filter(|line| line.contains("pipe"));
        let words: Vec<_> = lines.next().expect("a row").split_whitespace().collect();
        assert_eq!(words[..3], ["pipe", "10400", "100x"]);
        assert_eq!(words[11..], ["10400", "64x"]);
        let polls: Vec<_> = lines.next().expect("a row").split_whitespace().collect();
        assert_eq!(polls[..3], ["pipe", "15000", "1.5x"]);
    }

    #[test]
    fn ratios_have_two_figures() {
        for (times, text) in [
            (0.04, "0.04x"),
            (1.0, "1.0x"),
            (9.96, "10x"),
            (101.2, "101x"),
        ] {
            let cell = beside(Some(times * 100.0), Some(100.0));
            assert_eq!(cell.split(' ').nth(1), Some(text));
        }
    }

    #[test]
    fn what_was_not_measured_has_no_line() {
        let text = render(&report());
        assert!(
            !text.contains("one CPU, one space") && !text.contains("  eventfd "),
            "{text}"
        );
        assert!(text.contains("one CPU, two spaces, shipped"), "{text}");
        assert_eq!(
            render(&Report {
                peers: Vec::new(),
                ..report()
            }),
            ""
        );
    }
}
