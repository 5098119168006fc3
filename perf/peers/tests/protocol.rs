//! The program on this machine's own Linux: its rows are those that the benchmark reads.

use pecan_perf::RawRow;
use pecan_perf::peers::{About, EVENTFD, FUTEX, PIPE, SEQPACKET};
use pecan_vm::report::{Report, read};
use std::process::{Command, Output};

fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_linux-peer"))
        .args(words)
        .output()
        .expect("the program")
}

/// The rows that it prints when it is told `words`.
fn rows(words: &[&str]) -> Vec<RawRow> {
    let output = run(words);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}");
    let mut lines = text.lines();
    let facts = lines.next().and_then(|line| line.strip_prefix("[peer] "));
    About::read(facts.expect("facts come first")).expect("facts");
    let mut rows = Vec::new();
    let mut is_done = false;
    for line in lines {
        match read(line) {
            Some(Report::Bench(json)) => rows.push(RawRow::read(json).expect("a row")),
            Some(Report::Progress(done, total, _)) => assert!(done <= total, "{line}"),
            Some(Report::Done(_)) => is_done = true,
            _ => panic!("this means nothing: {line}"),
        }
    }
    assert!(is_done, "{text}");
    rows
}

#[test]
fn every_mechanism_is_measured_with_every_length() {
    let rows = rows(&["nokaslr", "quick", "only=intra"]);
    for place in ["intra.inter-space", "intra.same-space"] {
        for mechanism in [PIPE, SEQPACKET, FUTEX, EVENTFD] {
            let id = format!("{mechanism}.{place}");
            let words: Vec<_> = rows
                .iter()
                .filter(|row| row.id == id)
                .filter_map(|row| row.words)
                .collect();
            let expected: &[u32] = if mechanism == EVENTFD {
                &[1]
            } else {
                &[1, 4, 7, 8, 16, 63]
            };
            assert_eq!(words, expected, "{id}");
        }
    }
    assert!(rows.iter().all(|row| !row.ticks.contains(&0)));
}

#[test]
fn two_cpus_are_used_where_there_are_two() {
    let cpus = std::thread::available_parallelism().expect("a number");
    let expected = if cpus.get() > 1 { 19 } else { 0 };
    assert_eq!(rows(&["quick", "only=inter"]).len(), expected);
}

#[test]
fn a_partner_with_a_bad_task_ends() {
    for words in [
        &["serve"][..],
        &["serve", "pipe", "0", "1", "0"],
        &["serve", "pipe", "505", "1", "0"],
        &["serve", "smoke", "8", "1", "0"],
        &["serve", "pipe", "8", "1", "1023"],
    ] {
        assert!(!run(words).status.success(), "{words:?}");
    }
}
