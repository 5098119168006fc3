//! What each section says of figures that are known.

use super::sections;
use crate::ablation::figures::tests::sample;
use crate::ablation::{Ablation, Copied, Pair, Removed};
use crate::accounting::{Account, Counts};
use crate::page::{Run, Runs, Section, html, markdown};
use crate::peers::{About, Configuration, Peer};
use crate::{Nanoseconds, Report, Row};

fn row(id: &str, words: Option<u32>, count: u64, min: f64) -> Row {
    Row {
        id: id.into(),
        words,
        instructions_one_way: Some(count.div_ceil(2)),
        instructions_round_trip: Some(count),
        ns_round_trip: Some(Nanoseconds {
            min,
            p10: min,
            median: min,
        }),
        ipis_round_trip: Some(0.0),
    }
}

fn run<T>(figures: T) -> Option<Run<T>> {
    Some(Run {
        command: "measure it".into(),
        figures,
    })
}

fn main(rows: Vec<Row>) -> Option<Run<Report>> {
    run(Report {
        schema: 1,
        qemu: "10.0.2".into(),
        cpus: 2,
        rows,
        accounting: None,
        peers: Vec::new(),
    })
}

fn named<'a>(sections: &'a [Section], name: &str) -> &'a Section {
    sections
        .iter()
        .find(|section| section.name == name)
        .expect("a section")
}

#[test]
fn nothing_measured_is_all_said() {
    let sections = sections(&Runs::default()).expect("sections");
    for section in &sections {
        assert_eq!(section.missing.len(), 1, "{}", section.name);
        assert!(
            section.tables.is_empty() && section.drawings.is_empty() && section.commands.is_empty()
        );
    }
    let text = markdown(&sections);
    for command in [
        "`cargo xtask bench`",
        "`cargo xtask bench --peers`",
        "`cargo xtask bench --ablation`",
    ] {
        assert!(text.contains(command), "{command}");
    }
}

#[test]
fn each_figure_stands_in_its_table() {
    let rows = vec![
        row("ipc.intra.inter-space", Some(0), 157, 200.0),
        row("ipc.intra.inter-space", Some(63), 281, 300.0),
        row("ipc.inter.idle", Some(0), 677, 500.0),
        row("ipc.long.4096", None, 1195, 1000.0),
        row("ipc.inter.long.4096", None, 2390, 1000.0),
        row("ref.copy.1048576", None, 131_072, 9000.0),
        row("fault.page", None, 872, 50.0),
        row("scale.intra.1", None, 158, 8.0),
        row("scale.intra.2", None, 158, 4.0),
    ];
    let all = sections(&Runs {
        main: main(rows),
        ..Runs::default()
    })
    .expect("sections");
    let table = |name| named(&all, name).tables[0].rows.clone();
    assert_eq!(
        table("short"),
        [["0", "79", "–", "339", "–"], ["63", "141", "–", "–", "–"]]
    );
    assert_eq!(
        table("long")[0],
        ["4 KiB", "1195", "2.33", "2390", "1000", "1000"]
    );
    assert_eq!(
        table("long")[1][..3],
        ["plain copy of 1 MiB", "131072", "1.00"]
    );
    let ratios = table("ratios");
    assert_eq!(
        ratios[0],
        [
            "0 words, target idle",
            "157",
            "677",
            "4.31",
            "200",
            "500",
            "2.50",
            "0.00"
        ]
    );
    assert_eq!(ratios[1][3], "2.00");
    assert_eq!(table("operations").len(), 2);
    assert_eq!(table("scaling")[1], ["2", "158", "1.000", "4", "2.00"]);
    assert_eq!(named(&all, "scaling").missing.len(), 1);
    assert_eq!(named(&all, "short").commands, ["measure it"]);
    assert!(
        named(&all, "long")
            .about
            .ends_with("On QEMU 10.0.2, CPUs: 2.")
    );
    assert!(html(&all).contains("<svg"));
}

#[test]
fn a_run_with_one_cpu_says_what_it_lacks() {
    let rows = vec![row("ipc.intra.inter-space", Some(0), 157, 200.0)];
    let all = sections(&Runs {
        main: main(rows),
        ..Runs::default()
    })
    .expect("sections");
    assert!(named(&all, "ratios").missing[0].contains("--cpus 2"));
    assert!(named(&all, "ratios").drawings.is_empty());
}

#[test]
fn techniques_are_compared_with_the_kernel_as_it_is() {
    let pair = |without| Pair { base: 200, without };
    let first = sample().ablation.remove(0);
    let second = Removed {
        technique: "one branch".into(),
        words8: pair(196),
        bytes4096: pair(220),
        ..first.clone()
    };
    let removed = Ablation {
        ablation: vec![first, second],
        ..sample()
    };
    let all = sections(&Runs {
        ablation: run(removed),
        ..Runs::default()
    })
    .expect("sections");
    let ablation = named(&all, "ablation");
    assert_eq!(
        ablation.tables[0].rows[0],
        [
            "lazy lists",
            "eager ones",
            "200",
            "250",
            "25.0",
            "1195",
            "1245",
            "4.2"
        ]
    );
    assert_eq!(ablation.tables[0].rows[1][4], "-2.0");
    assert_eq!(
        ablation.tables[1].rows[0],
        ["lazy lists", "-", "-", "-", "0>0.5"]
    );
    assert!(ablation.drawings[0].svg.contains("+10.0 %"));
    assert!(ablation.drawings[0].svg.contains("-2.0 %"));
}

fn copied(method: &str, bytes: u64, operations: u64) -> Copied {
    Copied {
        method: method.into(),
        bytes,
        loads: operations,
        stores: operations,
        ..sample().copy.remove(0)
    }
}

#[test]
fn ways_to_copy_are_lines_over_the_length() {
    let (window, buffer) = ("temporary mapping", "copy in and out");
    let lengths = [512, 4096, 1 << 20];
    let ways = [(window, 1), (buffer, 2)].into_iter();
    let copy = ways.flat_map(|(method, times)| {
        lengths.map(|bytes| copied(method, bytes, 100 + times * bytes / 8))
    });
    let figures = Ablation {
        copy: copy.collect(),
        ..sample()
    };
    let all = sections(&Runs {
        ablation: run(figures),
        ..Runs::default()
    })
    .expect("sections");
    let copy = named(&all, "copy");
    assert_eq!((copy.commands.len(), copy.missing.len()), (1, 0));
    let svg = &copy.drawings[0].svg;
    for part in [
        window,
        buffer,
        "512 B",
        "1 MiB",
        "reads and writes for each 8 bytes",
        "length of the string",
    ] {
        assert!(
            svg.contains(&format!("\n{part}\n")),
            "{part} is not in {svg}"
        );
    }
    assert_eq!(svg.matches("<circle").count(), 6);
    let name = |index: usize| copy.drawings[index].name;
    assert_eq!(
        [0, 1, 2].map(name),
        ["copy-operations", "copy-lines", "copy-pages"]
    );
    let rows = &copy.tables[0].rows;
    assert_eq!(
        rows[3],
        [
            "4 KiB, copy in and out",
            "700",
            "1124",
            "1124",
            "30",
            "7",
            "2"
        ]
    );
    assert!(markdown(&all).contains("| 4 KiB, copy in and out | 700 |"));
}

#[test]
fn what_is_not_counted_is_said_to_need_the_plugin() {
    let figures = Ablation {
        copy: Vec::new(),
        ..sample()
    };
    let all = sections(&Runs {
        main: main(vec![row("ref.null-syscall", None, 66, 1.0)]),
        ablation: run(figures),
        ..Runs::default()
    })
    .expect("sections");
    for (name, command) in [("copy", "--ablation`"), ("footprint", "bench`")] {
        let section = named(&all, name);
        assert_eq!(section.missing.len(), 1, "{name}");
        assert!(section.missing[0].contains(command) && section.missing[0].contains("9.1"));
        assert!(section.drawings.is_empty() && section.tables.is_empty());
    }
}

#[test]
fn accounts_are_drawn_and_tabulated() {
    let visit = Counts {
        data_lines: 6,
        code_pages: 2,
        ..Counts::default()
    };
    let account = Account {
        id: "ipc.intra.inter-space".into(),
        words: Some(0),
        user: Counts::default(),
        kernel: Counts::default(),
        visits: 2,
        visit,
        cpus: Vec::new(),
        footprint: Vec::new(),
    };
    let mut runs = Runs {
        main: main(Vec::new()),
        ..Runs::default()
    };
    if let Some(run) = &mut runs.main {
        run.figures.accounting = Some(vec![account]);
    }
    let all = sections(&runs).expect("sections");
    let footprint = named(&all, "footprint");
    let svg = &footprint.drawings[0].svg;
    assert!(svg.contains("one CPU, two spaces, 0 words") && svg.contains("data lines"));
    assert_eq!(footprint.tables.len(), 1);
    assert_eq!(
        footprint.tables[0].head,
        ["visit", "data lines", "code pages"]
    );
    assert_eq!(
        footprint.tables[0].rows,
        [["one CPU, two spaces, 0 words", "6", "2"]]
    );
}

#[test]
fn peers_stand_beside_the_same_of_this_kernel() {
    let linux = Peer {
        system: "Linux".into(),
        package: "linux-image".into(),
        version: "6.1".into(),
        configuration: Configuration::Lean,
        command_line: String::new(),
        cpus: 2,
        about: About {
            release: "6.1".into(),
            build: String::new(),
            clock: "tsc".into(),
            mitigations: Vec::new(),
        },
        rows: vec![
            row("pipe.intra.inter-space", Some(1), 15_700, 4000.0),
            row("pipe.inter.idle", Some(1), 9000, 4000.0),
            row("ref.null-syscall", None, 330, 1.0),
        ],
    };
    let mut runs = Runs {
        peers: main(vec![
            row("ipc.intra.inter-space", Some(0), 1, 1.0),
            row("ipc.intra.inter-space", Some(8), 157, 2000.0),
            row("ref.null-syscall", None, 66, 1.0),
        ]),
        ..Runs::default()
    };
    if let Some(run) = &mut runs.peers {
        run.figures.peers = vec![linux];
    }
    let all = sections(&runs).expect("sections");
    let peers = named(&all, "peers");
    assert_eq!(peers.tables[0].head[0], "Linux, lean");
    let rows = &peers.tables[0].rows;
    assert_eq!(
        rows[0],
        [
            "pipe.intra.inter-space",
            "1",
            "15700",
            "157",
            "100.0",
            "4000",
            "2000",
            "2.0"
        ]
    );
    assert_eq!(rows[1][3..5], ["–", "–"]);
    assert_eq!(rows[2][3..5], ["66", "5.0"]);
    let svg = &peers.drawings[0].svg;
    assert!(svg.contains("Linux, pipe") && svg.contains("15700") && svg.contains("Pecan"));
}
