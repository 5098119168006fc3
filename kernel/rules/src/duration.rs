//! May a message keep a CPU busy for longer than it should be, with interrupts off?

use pecan_abi::fpage::Fpage;
use pecan_abi::item::ItemKind;
use pecan_abi::tag::Tag;
use pecan_abi::utcb::MESSAGE_REGISTERS;

/// Map items that a message may have which is handled in one go.
const ITEMS: usize = 4;

/// The largest of them, as a power of two: 32 small pages.
const LOG2: u32 = 17;

/// Whether a message with this tag may take long, or may have to wait for pages or for other CPUs: one that has a string, a
/// grant, large map items or many. `register` gives the message registers, whose owner may change them at any time.
///
/// Items that the interface does not know, and a message that does not fit, take no time: they are cut.
pub fn takes_long(tag: Tag, register: impl Fn(usize) -> u64) -> bool {
    let first = tag.untyped() + 1;
    let end = first + tag.typed();
    if end > MESSAGE_REGISTERS {
        return false;
    }
    let mut items = 0;
    let mut next = first;
    while next + 1 < end {
        match ItemKind::of(register(next)) {
            ItemKind::Map if items < ITEMS && is_small(register(next + 1)) => items += 1,
            ItemKind::Map | ItemKind::Grant | ItemKind::String => return true,
            ItemKind::CtrlXfer | ItemKind::Invalid => return false,
        }
        next += 2;
    }
    false
}

fn is_small(page: u64) -> bool {
    let page = Fpage::from_raw(page);
    page.is_nil() || !page.is_complete() && page.log2() <= LOG2
}

#[cfg(test)]
mod tests {
    use pecan_abi::fpage::{Fpage, Rights};
    use pecan_abi::item::{GrantItem, MapItem, StringItem};
    use pecan_abi::tag::Tag;

    use super::takes_long;

    const TWO: u64 = 0x10_0000;

    fn long(untyped: usize, words: &[u64]) -> bool {
        let tag = Tag::new(0, untyped, words.len());
        takes_long(tag, |index| {
            words
                .get(index - untyped - 1)
                .copied()
                .expect("a register of the message")
        })
    }

    fn map(log2: u32) -> [u64; 2] {
        MapItem {
            send_base: 0,
            fpage: Fpage::new(TWO, log2, Rights::FULL),
        }
        .words()
    }

    #[test]
    fn words_and_few_small_pages_are_short() {
        assert!(!long(63, &[]));
        assert!(!long(3, &map(12)));
        assert!(!long(0, &[map(17), map(12), map(12), map(12)].concat()));
    }

    #[test]
    fn whatever_may_wait_or_takes_many_steps_is_long() {
        let grant = GrantItem {
            send_base: 0,
            fpage: Fpage::new(TWO, 12, Rights::FULL),
        };
        assert!(long(0, &map(18)));
        assert!(long(0, &[map(12); 5].concat()));
        assert!(long(0, &grant.words()));
        assert!(long(1, &[StringItem::new(1, 1).raw(), TWO]));
        assert!(long(
            2,
            &[map(12), [StringItem::new(4, 1).raw(), TWO]].concat()
        ));
        assert!(long(0, &[map(12)[0], Fpage::COMPLETE.raw()]));
    }

    #[test]
    fn what_is_cut_is_short() {
        assert!(!long(60, &[StringItem::new(1, 1).raw(), TWO, 0, 0]));
        assert!(!long(0, &[6 << 1, 0]));
        assert!(!long(0, &[StringItem::new(1, 1).raw()]));
    }
}
