//! Caching against the page attribute table, read as a processor reads it.

use pecan_abi::caching::Caching;
use pecan_rules::caching::{self, TABLE};
use pecan_rules::paging::{Entry, Leaf};
use proptest::prelude::{any, proptest};
use proptest::sample::select;

/// Memory types by their numbers in the table.
fn memory_type(number: u64) -> Caching {
    match number {
        0 => Caching::Uncacheable,
        1 => Caching::WriteCombining,
        4 => Caching::WriteThrough,
        5 => Caching::WriteProtected,
        6 => Caching::WriteBack,
        other => panic!("the processor knows no memory type {other}"),
    }
}

/// What a processor makes of a page's entry.
fn processor(entry: Entry, size_log2: u32) -> Caching {
    let bit = |number: u32| entry.0 >> number & 1;
    let pat = bit(if size_log2 == 12 { 7 } else { 12 });
    let index = pat << 2 | bit(4) << 1 | bit(3);
    memory_type(TABLE >> (8 * index) & 0xFF)
}

proptest! {
    #![proptest_config(crate::config(300))]

    #[test]
    fn as_the_processor_sees_it(old in any::<u64>(), which in select(Caching::ALL.to_vec()), size_log2 in select(vec![12, 21, 30])) {
        let (clear, set) = caching::change(which, size_log2);
        let entry = Entry(old).without(clear).with(set);
        assert_eq!(processor(entry, size_log2), which);
        let leaf = Leaf { phys: 0, size_log2, entry };
        assert_eq!(caching::of(&leaf), which);
        assert_eq!((entry.0 ^ old) & !clear.0, 0, "nothing else changes");
        let mapped = caching::flags(which);
        assert_eq!(mapped.0 & !(Entry::PWT.0 | Entry::PCD.0 | Entry::PAT.0), 0, "only what `map_page` takes");
    }

    #[test]
    fn every_entry_means_something(old in any::<u64>(), size_log2 in select(vec![12, 21, 30])) {
        let leaf = Leaf { phys: 0, size_log2, entry: Entry(old) };
        assert_eq!(caching::of(&leaf), processor(Entry(old), size_log2));
    }
}
