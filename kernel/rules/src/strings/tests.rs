use std::vec::Vec;

use pecan_abi::acceptor::Acceptor;
use pecan_abi::item::StringItem;
use pecan_abi::layout::USER_LAST;

use super::{Plan, Registers, Sink, Step};

/// MRs from 1 and BRs from 0.
struct Words<'a>(&'a [u64], &'a [u64]);

impl Registers for Words<'_> {
    fn message(&self, index: usize) -> u64 {
        self.0[index - 1]
    }

    fn buffer(&self, index: usize) -> u64 {
        self.1.get(index).copied().unwrap_or(0)
    }
}

fn steps(words: &Words<'_>, first: usize, sink: &mut Sink) -> Vec<Step> {
    let mut plan = Plan::new(first, words.0.len() + 1, sink);
    let mut steps = Vec::new();
    loop {
        let step = plan.step(words);
        steps.push(step);
        if matches!(step, Step::Done(_) | Step::Cut) {
            return steps;
        }
    }
}

fn string(length: u64, pointers: usize) -> u64 {
    StringItem::new(length, pointers).raw()
}

const ACCEPTS: u64 = Acceptor::STRINGS;

#[test]
fn one_part_into_one_part() {
    let (mr, br) = ([string(10, 1), 0x1000], [ACCEPTS, string(20, 1), 0x2000]);
    let words = Words(&mr, &br);
    let copy = Step::Copy {
        from: 0x1000,
        to: 0x2000,
        length: 10,
    };
    assert_eq!(
        steps(&words, 1, &mut Sink::new()),
        [
            Step::Word(1, mr[0]),
            Step::Word(2, mr[1]),
            copy,
            Step::Done(3)
        ]
    );
}

#[test]
fn the_first_word_is_seen_by_who_takes_no_strings() {
    let mr = [string(10, 1), 0x1000];
    for br in [&[0, string(20, 1), 0x2000][..], &[ACCEPTS, 0x8, 0]] {
        assert_eq!(
            steps(&Words(&mr, br), 1, &mut Sink::new()),
            [Step::Word(1, mr[0]), Step::Cut]
        );
    }
}

#[test]
fn an_empty_string_needs_a_buffer() {
    let mr = [string(0, 1), 0x1000, string(0, 1), 0x1000];
    let words = Words(&mr, &[ACCEPTS, string(0, 1), 0x2000]);
    let mut sink = Sink::new();
    assert_eq!(steps(&words, 1, &mut sink).last(), Some(&Step::Done(3)));
    assert_eq!(steps(&words, 3, &mut sink).last(), Some(&Step::Cut));
}

#[test]
fn each_string_has_its_own_buffer() {
    let compound = StringItem::new(4, 2).with_compound().with_continued().raw();
    let br = [
        ACCEPTS,
        compound,
        0x2000,
        0x2100,
        string(4, 1),
        0x2200,
        string(8, 1),
        0x3000,
    ];
    let mr = [string(6, 1), 0x1000, string(2, 1), 0x1100];
    let words = Words(&mr, &br);
    let mut sink = Sink::new();
    let first = steps(&words, 1, &mut sink);
    let copy = |from, to, length| Step::Copy { from, to, length };
    assert_eq!(
        first[2..4],
        [copy(0x1000, 0x2000, 4), copy(0x1004, 0x2100, 2)]
    );
    assert_eq!(steps(&words, 3, &mut sink)[2], copy(0x1100, 0x3000, 2));
}

#[test]
fn what_is_beyond_the_user_range_is_cut() {
    let last = USER_LAST + 1 - 4;
    let copy = |from, to| Step::Copy {
        from,
        to,
        length: 4,
    };
    let (mr, br) = ([string(8, 1), last], [ACCEPTS, string(8, 1), 0x2000]);
    let cut = steps(&Words(&mr, &br), 1, &mut Sink::new());
    assert_eq!(cut[2..], [copy(last, 0x2000), Step::Cut]);
    let (mr, br) = ([string(8, 1), 0x1000], [ACCEPTS, string(8, 1), last]);
    let cut = steps(&Words(&mr, &br), 1, &mut Sink::new());
    assert_eq!(cut[2..], [copy(0x1000, last), Step::Cut]);
    for address in [USER_LAST + 1, 0xffff_8000_0000_0000, u64::MAX] {
        let (mr, br) = (
            [string(u64::MAX >> 10, 1), address],
            [ACCEPTS, string(8, 1), 0],
        );
        let cut = steps(&Words(&mr, &br), 1, &mut Sink::new());
        assert_eq!(cut[2..], [Step::Cut]);
    }
}

#[test]
fn an_item_longer_than_the_message_is_cut() {
    let mr = [string(1, 3), 0x1000];
    let cut = steps(
        &Words(&mr, &[ACCEPTS, string(8, 1), 0x2000]),
        1,
        &mut Sink::new(),
    );
    assert_eq!((cut.len(), cut.last()), (4, Some(&Step::Cut)));
}

#[test]
fn buffers_end_with_the_registers() {
    let endless = StringItem::new(0, 31)
        .with_compound()
        .with_continued()
        .raw();
    let mr = [string(1, 1), 0x1000];
    let br: Vec<u64> = (0..33)
        .map(|index| if index == 0 { ACCEPTS } else { endless })
        .collect();
    let mut sink = Sink::new();
    let cut = steps(&Words(&mr, &br), 1, &mut sink);
    assert_eq!(cut.last(), Some(&Step::Cut));
    assert_eq!(
        steps(&Words(&mr, &br), 1, &mut sink).last(),
        Some(&Step::Cut)
    );
}
