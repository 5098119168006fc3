//! The plan of strings against a model that moves byte by byte.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::item::StringItem;
use pecan_abi::layout::USER_LAST;
use pecan_rules::strings::{Plan, Registers, Sink, Step, straight};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

/// Message registers and buffer registers of two parties.
#[derive(Clone, Debug)]
struct Words {
    mr: Vec<u64>,
    br: Vec<u64>,
}

impl Registers for Words {
    fn message(&self, index: usize) -> u64 {
        self.mr[index - 1]
    }

    fn buffer(&self, index: usize) -> u64 {
        self.br.get(index).copied().unwrap_or(0)
    }
}

/// What became of a string: bytes in order, the words that the receiver saw, and the register after it if it is whole.
#[derive(PartialEq, Eq, Debug, Default)]
struct Outcome {
    bytes: Vec<(u64, u64)>,
    seen: Vec<(usize, u64)>,
    next: Option<usize>,
}

fn planned(words: &Words, first: usize, sink: &mut Sink) -> Outcome {
    if let Some(string) = straight(first, words.mr.len() + 1, sink, words) {
        let bytes = 0..string.length;
        return Outcome {
            bytes: bytes
                .map(|byte| (string.words[1] + byte, string.to + byte))
                .collect(),
            seen: vec![(first, string.words[0]), (first + 1, string.words[1])],
            next: Some(first + 2),
        };
    }
    let mut plan = Plan::new(first, words.mr.len() + 1, sink);
    let mut outcome = Outcome::default();
    for _ in 0..200 {
        match plan.step(words) {
            Step::Word(index, word) => outcome.seen.push((index, word)),
            Step::Copy { from, to, length } => {
                assert!(length > 0 && from + (length - 1) <= USER_LAST);
                assert!(to + (length - 1) <= USER_LAST);
                outcome
                    .bytes
                    .extend((0..length).map(|byte| (from + byte, to + byte)));
            }
            Step::Done(next) => {
                outcome.next = Some(next);
                return outcome;
            }
            Step::Cut => return outcome,
        }
    }
    panic!("the plan has no end");
}

/// The addresses of a buffer in order, as far as it goes, and whether another buffer follows, in which register.
fn room(words: &Words, first: usize) -> Option<(Vec<u64>, Option<usize>)> {
    let (mut at, mut bytes, mut clipped) = (first, Vec::new(), false);
    let mut continued = None;
    loop {
        let descriptor = StringItem::from_raw(words.br(at)?);
        let Some(descriptor) = descriptor else {
            return continued.map(|_| (bytes, None));
        };
        continued.get_or_insert(descriptor.is_continued());
        at += 1;
        for _ in 0..descriptor.pointers() {
            let Some(pointer) = words.br(at).filter(|_| !clipped) else {
                clipped = true;
                at += 1;
                continue;
            };
            at += 1;
            for byte in 0..descriptor.length() {
                match pointer.checked_add(byte).filter(|at| *at <= USER_LAST) {
                    Some(address) => bytes.push(address),
                    None => {
                        clipped = true;
                        break;
                    }
                }
            }
        }
        if !descriptor.is_compound() {
            return Some((bytes, continued.filter(|more| *more).map(|_| at)));
        }
        if at >= 33 {
            return Some((bytes, None));
        }
    }
}

impl Words {
    fn br(&self, index: usize) -> Option<u64> {
        (index < 33).then(|| self.buffer(index))
    }
}

/// Moves one byte after the other.
fn naive(words: &Words, first: usize, buffer: Option<usize>) -> (Outcome, Option<usize>) {
    let mut outcome = Outcome::default();
    let mut at = first;
    let mut places = None;
    let mut after = None;
    loop {
        let Some(word) = words.mr.get(at - 1).copied() else {
            return (outcome, after);
        };
        let Some(descriptor) = StringItem::from_raw(word) else {
            return (outcome, after);
        };
        outcome.seen.push((at, word));
        at += 1;
        if places.is_none() {
            match buffer.and_then(|buffer| room(words, buffer)) {
                Some((addresses, next)) => {
                    after = next;
                    places = Some(addresses.into_iter());
                }
                None => return (outcome, None),
            }
        }
        for _ in 0..descriptor.pointers() {
            let Some(pointer) = words.mr.get(at - 1).copied() else {
                return (outcome, after);
            };
            outcome.seen.push((at, pointer));
            at += 1;
            for byte in 0..descriptor.length() {
                let from = pointer.checked_add(byte).filter(|at| *at <= USER_LAST);
                let to = from.and_then(|_| places.as_mut().and_then(Iterator::next));
                match from.zip(to) {
                    Some(pair) => outcome.bytes.push(pair),
                    None => return (outcome, after),
                }
            }
        }
        if !descriptor.is_compound() {
            outcome.next = Some(at);
            return (outcome, after);
        }
    }
}

fn descriptor() -> impl Strategy<Value = u64> {
    (
        0..20u64,
        prop_oneof![2 => Just(1), 1 => 1..4usize],
        any::<[bool; 2]>(),
    )
        .prop_map(|(length, pointers, [goes_on, more])| {
            let item = StringItem::new(length, pointers);
            let item = if goes_on { item.with_compound() } else { item };
            if more { item.with_continued() } else { item }.raw()
        })
}

/// None of the far ones is a string's descriptor, which would have more bytes than a model can count.
fn pointer() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => 0x1000..0x9000u64,
        1 => (USER_LAST - 30..USER_LAST + 30).prop_map(|pointer| pointer | 0xE),
        1 => u64::MAX - 3..=u64::MAX,
    ]
}

/// Descriptors with as many pointers as they say, mostly.
fn row() -> impl Strategy<Value = Vec<u64>> {
    let part =
        (descriptor(), proptest::collection::vec(pointer(), 4)).prop_map(|(word, mut row)| {
            row.truncate(StringItem::from_raw(word).map_or(0, StringItem::pointers));
            row.insert(0, word);
            row
        });
    let odd = prop_oneof![pointer(), (0..16u64)].prop_map(|word| vec![word]);
    proptest::collection::vec(prop_oneof![12 => part, 1 => odd], 1..8)
        .prop_map(|rows| rows.concat())
}

proptest! {
    #![proptest_config(crate::config(4000))]

    #[test]
    fn like_byte_by_byte(mut mr in row(), buffers in row(), accepts in 0..8u8) {
        mr.truncate(63);
        let acceptor = if accepts == 0 { 0 } else { Acceptor::STRINGS };
        let mut br = vec![acceptor];
        br.extend(buffers);
        let words = Words { mr, br };
        let mut sink = Sink::new();
        let mut buffer = (accepts != 0).then_some(1);
        let mut first = 1;
        while first <= words.mr.len() {
            let (expected, after) = naive(&words, first, buffer);
            assert_eq!(planned(&words, first, &mut sink), expected);
            buffer = after;
            match expected.next {
                Some(next) => first = next,
                None => break,
            }
        }
    }
}
