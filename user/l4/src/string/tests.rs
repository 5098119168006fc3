//! Descriptors as the interface has them, and what a received message says.

use pecan_abi::fpage::Fpage;
use pecan_abi::item::MapItem;
use pecan_abi::tag::Tag;

use super::{Buffers, CacheHint, LongMessage};
use crate::message::{Item, Message};

const EMPTY: LongMessage<'_> = LongMessage::EMPTY;

fn address(bytes: &[u8]) -> u64 {
    bytes.as_ptr() as u64
}

fn words<'m>(message: &'m LongMessage<'_>) -> &'m [u64] {
    message.message().typed()
}

#[test]
fn a_simple_string_has_two_words() {
    let text = [0; 256];
    let message = LongMessage::new(Message::new(5).word(1)).string(&text);
    assert_eq!(message.message().tag(), Tag::new(5, 1, 2));
    assert_eq!(words(&message), [0x4_0000, address(&text)]);
    let nothing = EMPTY.string(&[]);
    assert_eq!(words(&nothing)[0], 0);
    assert_eq!(words(&EMPTY.gather(&[])), [0, 0]);
}

#[test]
fn parts_of_one_length_share_a_first_word() {
    let [a, b, c, d] = [[0u8; 64]; 4];
    let message = EMPTY.gather(&[&a, &b, &c, &d]);
    let pointers = [&a, &b, &c, &d].map(|part| address(part));
    assert_eq!(words(&message)[0], 64 << 10 | 3 << 4);
    assert_eq!(words(&message)[1..], pointers);
}

#[test]
fn another_length_continues_the_string() {
    let (small, large) = ([[0u8; 32]; 4], [[0u8; 64]; 2]);
    let message = EMPTY.gather(&[
        &small[0], &small[1], &small[2], &small[3], &large[0], &large[1],
    ]);
    assert_eq!(words(&message).len(), 8);
    assert_eq!(words(&message)[0], 32 << 10 | 1 << 9 | 3 << 4);
    assert_eq!(words(&message)[5], 64 << 10 | 1 << 4);
    assert_eq!(
        message.message().string_lengths().collect::<Vec<_>>(),
        [256]
    );
}

#[test]
fn a_first_word_has_at_most_32_pointers() {
    let part = [0u8; 8];
    let message = EMPTY.gather(&[&part[..]; 40]);
    assert_eq!(words(&message)[0], 8 << 10 | 1 << 9 | 31 << 4);
    assert_eq!(words(&message)[33], 8 << 10 | 7 << 4);
    assert_eq!(
        message.message().string_lengths().collect::<Vec<_>>(),
        [320]
    );
}

#[test]
fn strings_and_items_in_any_order() {
    let (text, nil) = (
        [0u8; 3],
        MapItem {
            send_base: 0,
            fpage: Fpage::NIL,
        },
    );
    let message = EMPTY.string(&text).map(nil).gather(&[&text, &text]);
    let items: Vec<_> = message.message().items().collect();
    assert_eq!(items, [Item::String(3), Item::Map(nil), Item::String(6)]);
}

#[test]
fn hints_stand_in_every_first_word() {
    let (text, longer) = ([0u8; 3], [0u8; 4]);
    let message = EMPTY
        .string(&text)
        .cache_hint(CacheHint::Three)
        .gather(&[&text, &longer]);
    assert_eq!(words(&message)[0], 3 << 10);
    assert_eq!(words(&message)[2], 3 << 10 | 1 << 9 | 6);
    assert_eq!(words(&message)[4], 4 << 10 | 6);
}

#[test]
#[should_panic(expected = "63 words")]
fn the_32nd_string_does_not_fit() {
    let message = LongMessage::new(Message::new(0));
    let _ = (0..32).fold(message, |message, _| message.string(b"text"));
}

#[test]
#[should_panic(expected = "no room")]
fn neither_does_a_string_of_too_many_parts() {
    let parts: Vec<&[u8]> = (0..40)
        .map(|index| &b"parts of two lengths"[..1 + index % 2])
        .collect();
    let _ = EMPTY.gather(&parts);
}

#[test]
fn every_buffer_but_the_last_says_that_another_follows() {
    let (mut a, mut b, mut c, mut d) = ([0u8; 16], [0u8; 8], [0u8; 8], [0u8; 32]);
    let pointers = [address(&a), address(&b), address(&c), address(&d)];
    let buffers = Buffers::new();
    assert!(buffers.words().is_empty());
    let buffers = buffers.buffer(&mut a);
    assert_eq!(buffers.words(), [16 << 10, pointers[0]]);
    let buffers = buffers.scatter([&mut b, &mut c, &mut d]);
    let expected = [
        16 << 10 | 1,
        pointers[0],
        8 << 10 | 1 << 9 | 1 << 4,
        pointers[1],
        pointers[2],
        32 << 10,
        pointers[3],
    ];
    assert_eq!(buffers.words(), expected);
    let mut e = [0u8; 1];
    let buffers = buffers.buffer(&mut e);
    assert_eq!(buffers.words()[2], 8 << 10 | 1 << 9 | 1 << 4 | 1);
    assert_eq!(
        buffers.words()[5],
        32 << 10,
        "only the first word of a buffer says it"
    );
}

#[test]
fn sixteen_buffers_fit() {
    let mut memory = [[0u8; 4]; 16];
    let buffers = memory
        .iter_mut()
        .fold(Buffers::new(), |buffers, bytes| buffers.buffer(bytes));
    assert_eq!(buffers.words().len(), 32);
}

#[test]
#[should_panic(expected = "no room")]
fn seventeen_do_not() {
    let mut memory = [[0u8; 4]; 17];
    let _ = memory
        .iter_mut()
        .fold(Buffers::new(), |buffers, bytes| buffers.buffer(bytes));
}

#[test]
fn a_cut_descriptor_is_no_string() {
    for words in [
        &[0x4_0000][..],
        &[4 << 10 | 1 << 4, 1],
        &[4 << 10 | 1 << 9, 1],
    ] {
        let message = Message::new(0).typed_words(words);
        let items: Vec<_> = message.items().collect();
        assert_eq!(items, [Item::Other(words[0])]);
    }
    let huge = Message::new(0).typed_words(&[u64::MAX << 10 | 1 << 4, 1, 2]);
    assert_eq!(
        huge.string_lengths().collect::<Vec<_>>(),
        [2 * (u64::MAX >> 10)]
    );
}
