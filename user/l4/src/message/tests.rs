//! Building, and the way through the message registers of a UTCB in ordinary memory.

use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::item::{GrantItem, MapItem};
use pecan_abi::tag::Tag;
use pecan_abi::utcb::{MR0_OFFSET, Utcb as Block};

use super::{Item, Message};
use crate::utcb::Utcb;

fn page(base: u64) -> Fpage {
    Fpage::new(base, 12, Rights::FULL)
}

fn with_utcb(run: impl FnOnce(Utcb)) {
    let mut block = Block::ZERO;
    let mr0 = (&raw mut block).cast::<u64>().wrapping_add(MR0_OFFSET / 8);
    // SAFETY: `mr0` is MR0 of a whole UTCB that outlives the call.
    let utcb = unsafe { Utcb::at(mr0) };
    run(utcb);
}

#[test]
fn words_then_items() {
    let map = MapItem {
        send_base: 0x40_0000,
        fpage: page(0x1000),
    };
    let grant = GrantItem {
        send_base: 0,
        fpage: page(0x2000),
    };
    let message = Message::new(0xabc)
        .word(1)
        .words(&[2, 3])
        .map(map)
        .grant(grant);
    assert_eq!(message.tag(), Tag::new(0xabc, 3, 4));
    assert_eq!(message.untyped(), [1, 2, 3]);
    assert_eq!(message.typed(), [0x40_0008, 0x10c7, 0xa, 0x20c7]);
    let items: Vec<_> = message.items().collect();
    assert_eq!(items, [Item::Map(map), Item::Grant(grant)]);
    assert_eq!((message.word_at(2), message.word_at(3)), (3, 0));
}

#[test]
fn an_unknown_item_ends_the_list() {
    let message = Message::new(0).typed_words(&[0xC, 5, 0x8, 0]);
    assert_eq!(message.items().collect::<Vec<_>>(), [Item::Other(0xC)]);
    let cut = Message::new(0).typed_words(&[0x8]);
    let nil = MapItem {
        send_base: 0,
        fpage: Fpage::NIL,
    };
    assert_eq!(cut.items().collect::<Vec<_>>(), [Item::Map(nil)]);
}

#[test]
#[should_panic(expected = "63 words")]
fn the_64th_word_does_not_fit() {
    let _ = Message::new(0).words(&[0; 63]).word(1);
}

#[test]
#[should_panic(expected = "before typed items")]
fn words_after_items_are_refused() {
    let _ = Message::new(0).typed_words(&[8, 0]).word(1);
}

#[test]
fn registers_hold_tag_and_words_and_nothing_else_changes() {
    for length in [0, 1, 7, 8, 62, 63] {
        with_utcb(|utcb| {
            (0..64).for_each(|index| utcb.set_mr(index, !0));
            let words: Vec<u64> = (1..=length).collect();
            let message = Message::new(9).words(&words);
            message.store(utcb);
            assert_eq!(utcb.tag(), Tag::new(9, length as usize, 0));
            for index in 1..64 {
                let expected = if index <= length { index } else { !0 };
                assert_eq!(
                    utcb.mr(index as usize),
                    expected,
                    "{length} words, MR{index}"
                );
            }
            assert_eq!(Message::load(utcb), message);
        });
    }
}

#[test]
fn a_tag_that_counts_too_much_is_cut() {
    with_utcb(|utcb| {
        (0..64).for_each(|index| utcb.set_mr(index, index as u64));
        utcb.set_mr(0, Tag::new(0, 63, 63).raw());
        let message = Message::load(utcb);
        assert_eq!((message.untyped().len(), message.typed().len()), (63, 0));
        utcb.set_mr(0, Tag::new(0, 60, 63).raw());
        assert_eq!(Message::load(utcb).typed(), [61, 62, 63]);
    });
}

#[test]
fn utcb_words_lie_where_the_kernel_reads_them() {
    let mut block = Block::ZERO;
    block.my_global_id = 5;
    block.error_code = 7;
    let mr0 = (&raw mut block).cast::<u64>().wrapping_add(MR0_OFFSET / 8);
    // SAFETY: as above.
    let utcb = unsafe { Utcb::at(mr0) };
    assert_eq!((utcb.global_id().raw(), utcb.error_code()), (5, 7));
    utcb.set_user_handle(11);
    utcb.set_exception_handler(pecan_abi::id::ThreadId::global(3, 1));
    utcb.set_thread_word(0, 12);
    utcb.set_thread_word(1, 13);
    // SAFETY: nothing is received here.
    unsafe { utcb.set_br(32, 14) };
    assert_eq!(utcb.br(32), 14);
    assert_eq!(block.user_defined_handle, 11);
    assert_eq!(block.exception_handler, 0x3_0000_0001);
    assert_eq!((block.thread_word0, block.thread_word1), (12, 13));
    assert_eq!(block.br[0], 14);
}
