//! Page tables in a memory that looks at every address after each single write.

mod memory;
mod model;

use memory::{Memory, ROOT};
use model::{Model, PROBES, small_pages};
use pecan_rules::paging::{
    Entry, MapError, Mapped, Tables, fill, find, for_each_leaf, free_user_tables, lookup, map_page,
    next_leaf, unmap_page,
};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Address, size, which physical page, flags, tables that can be allocated.
    Map(u64, u32, u64, Entry, usize),
    Unmap(u64),
}

fn flags() -> impl Strategy<Value = Entry> {
    any::<[bool; 5]>().prop_map(|[write, user, uncached, other_half, no_execute]| {
        let bits = [
            (write, Entry::WRITE),
            (user, Entry::USER),
            (uncached, Entry::PCD),
            (other_half, Entry::PAT),
            (no_execute, Entry::NX),
        ];
        bits.into_iter()
            .filter(|bit| bit.0)
            .fold(Entry::ABSENT, |flags, bit| flags.with(bit.1))
    })
}

fn op() -> impl Strategy<Value = Op> {
    let tables = || prop_oneof![5 => 3..4usize, 1 => 0..3usize];
    let map = |sizes: Vec<u32>| {
        (
            select(small_pages()),
            select(sizes),
            1..4u64,
            flags(),
            tables(),
        )
            .prop_map(|(address, log2, phys, flags, tables)| {
                Op::Map(address >> log2 << log2, log2, phys << 30, flags, tables)
            })
    };
    prop_oneof![
        10 => map(vec![12]),
        4 => map(vec![21]),
        1 => map(vec![30]),
        6 => select(small_pages()).prop_map(Op::Unmap),
    ]
}

fn apply(memory: &mut Memory, model: &mut Model, op: Op) {
    match op {
        Op::Map(address, log2, phys, flags, tables) => {
            memory.available = tables;
            let before = memory.tables();
            let phys = phys + (address & ((1 << 30) - 1));
            let (expected, new) = model.map(address, log2, phys, flags, tables);
            memory.expect(model.pages(), new.pages());
            let at = find(memory, ROOT, address);
            let free = at.leaf().is_none() && at.room_log2() >= log2;
            let reached = !flags.contains(Entry::USER) || memory.admits_users(address);
            if free && reached {
                let filled = fill(memory, &at, address, phys, log2, flags);
                assert_eq!(filled.map(|()| Mapped::Fresh), expected);
            } else {
                assert_eq!(map_page(memory, ROOT, address, phys, log2, flags), expected);
            }
            let grown = if expected.is_ok() {
                new.tables() - model.tables()
            } else {
                0
            };
            assert_eq!(
                memory.tables(),
                before + grown,
                "tables are neither lost nor doubled"
            );
            *model = new;
        }
        Op::Unmap(address) => {
            let (expected, new) = model.unmap(address);
            memory.expect(model.pages(), new.pages());
            let removed = unmap_page(memory, ROOT, address);
            assert_eq!(
                removed.map(|leaf| (leaf.translate(address), leaf.size_log2)),
                expected
            );
            *model = new;
        }
    }
    memory.settle(model.pages());
}

proptest! {
    #![proptest_config(crate::config(120))]

    #[test]
    fn each_write_shows_old_or_new(ops in proptest::collection::vec(op(), 1..if cfg!(miri) { 8 } else { 60 })) {
        let (mut memory, mut model) = (Memory::new(), Model::default());
        for op in ops {
            apply(&mut memory, &mut model, op);
        }
        for (&address, page) in PROBES.iter().zip(model.pages()) {
            let leaf = lookup(&memory, ROOT, address);
            assert_eq!(leaf.map(|leaf| leaf.translate(address)), page.map(|page| page.phys));
            assert_eq!(find(&memory, ROOT, address).room_log2(), model.room_log2(address));
        }
    }

    #[test]
    fn all_leaves_are_found(
        ops in proptest::collection::vec(op(), 1..if cfg!(miri) { 3 } else { 40 }),
        from in select(PROBES.to_vec()),
        length in prop_oneof![0..0x1_0000u64, any::<u64>()],
    ) {
        let (mut memory, mut model) = (Memory::new(), Model::default());
        for op in ops {
            apply(&mut memory, &mut model, op);
        }
        let last = from.saturating_add(length);
        let expected: Vec<_> = memory.all_leaves().into_iter().filter(|&(address, log2)| address <= last && address + ((1 << log2) - 1) >= from).collect();
        let mut found = Vec::new();
        memory.reads.set(0);
        for_each_leaf(&memory, ROOT, from..=last, |address, leaf| found.push((address, leaf.size_log2)));
        assert!(memory.reads.get() <= 516 * memory.tables() + 4 * found.len() + 4, "absent tables are stepped over");
        assert_eq!(found, expected);
    }

    #[test]
    fn a_dead_space_gives_back_its_tables(
        ops in proptest::collection::vec(op(), 1..if cfg!(miri) { 3 } else { 40 }),
        piece in 1..5usize,
    ) {
        let (mut memory, mut model) = (Memory::new(), Model::default());
        let kernel = 0xFFFF_8000_0000_0000;
        memory.available = 3;
        assert_eq!(map_page(&mut memory, ROOT, kernel, 0x5000, 12, Entry::WRITE), Ok(Mapped::Fresh));
        memory.available = 3;
        let last = (1 << 47) - 0x1000;
        assert_eq!(map_page(&mut memory, ROOT, last, 0x6000, 12, Entry::USER), Ok(Mapped::Fresh));
        for op in ops {
            apply(&mut memory, &mut model, op);
        }
        memory.watch_nothing();
        loop {
            let before = memory.tables();
            memory.reads.set(0);
            let done = free_user_tables(&mut memory, ROOT, piece);
            assert!(memory.reads.get() <= 1280 * piece, "a piece is bounded");
            assert!(done || memory.tables() + piece == before, "as many as asked for");
            if done {
                break;
            }
        }
        assert_eq!(memory.tables(), 4, "root and the kernel's three");
        assert_eq!(next_leaf(&memory, ROOT, 0, u64::MAX), None);
        assert_eq!(lookup(&memory, ROOT, kernel + 5).map(|leaf| leaf.translate(kernel + 5)), Some(0x5005));
    }
}

#[test]
fn bad_arguments_are_refused() {
    let mut memory = Memory::new();
    memory.available = 3;
    for (address, phys, log2) in [
        (0x1001, 0x1000, 12),
        (0x1000, 0x1800, 12),
        (0x20_0000, 0x1000, 21),
        (0x1000, 0x20_0000, 21),
        (0x4000_0000, 0x20_0000, 30),
        (0x1000, 1 << 52, 12),
        (1 << 47, 0x1000, 12),
        (1 << 63, 0x1000, 12),
        (0, 0, 39),
        (0, 0, 0),
        (0, 0, 64),
    ] {
        assert_eq!(
            map_page(&mut memory, ROOT, address, phys, log2, Entry::USER),
            Err(MapError::Invalid),
            "{address:#x} {phys:#x} {log2}"
        );
    }
    assert_eq!(memory.tables(), 1);
}

#[test]
fn only_known_flags_get_into_an_entry() {
    let mut memory = Memory::new();
    memory.available = 3;
    assert_eq!(
        map_page(&mut memory, ROOT, 0x1000, 0x7000, 12, Entry(u64::MAX)),
        Ok(Mapped::Fresh)
    );
    let entry = lookup(&memory, ROOT, 0x1000).map(|leaf| leaf.entry.0);
    assert_eq!(entry, Some(1 << 63 | 0x7000 | 0x19F));
}

/// Bit 12 of a large page's entry is no part of its address.
#[test]
fn a_large_page_is_aligned() {
    let mut memory = Memory::new();
    memory.available = 2;
    assert_eq!(
        map_page(&mut memory, ROOT, 0, 0x20_0000, 21, Entry::USER),
        Ok(Mapped::Fresh)
    );
    let Some(leaf) = lookup(&memory, ROOT, 0) else {
        panic!("just mapped")
    };
    let [directory, table] = [1, 2].map(|n| ROOT + n * 0x1000);
    let at = if memory.read(directory, 0) == leaf.entry {
        directory
    } else {
        table
    };
    memory.write(at, 0, leaf.entry.with(Entry(1 << 12)));
    assert_eq!(
        lookup(&memory, ROOT, 0x1234).map(|leaf| (leaf.phys, leaf.translate(0x1234))),
        Some((0x20_0000, 0x20_1234))
    );
}
