//! Page-table memory that checks all probes after each write.

use std::cell::Cell;
use std::collections::BTreeMap;

use pecan_rules::paging::{Entry, Tables};

use super::model::{PROBES, Page};

pub(super) const ROOT: u64 = 0x1000;

type Probes = [Option<Page>; PROBES.len()];

pub(super) struct Memory {
    tables: BTreeMap<u64, Box<[u64; 512]>>,
    next: u64,
    /// What each probe may show: before the change, and after it.
    allowed: Option<(Probes, Probes)>,
    /// Number of tables that can still be allocated.
    pub(super) available: usize,
    pub(super) reads: Cell<usize>,
}

impl Memory {
    pub(super) fn new() -> Self {
        let tables = BTreeMap::from([(ROOT, Box::new([0; 512]))]);
        Self {
            tables,
            next: ROOT + 0x1000,
            allowed: None,
            available: 0,
            reads: Cell::new(0),
        }
    }

    /// Number of tables in use, the root among them.
    pub(super) fn tables(&self) -> usize {
        self.tables.len()
    }

    /// From now on each probe must show what it shows in one of these.
    pub(super) fn expect(&mut self, old: Probes, new: Probes) {
        self.allowed = Some((old, new));
    }

    /// From now on all probes must show this.
    pub(super) fn settle(&mut self, pages: Probes) {
        self.allowed = Some((pages, pages));
        self.check();
    }

    pub(super) fn watch_nothing(&mut self) {
        self.allowed = None;
    }

    /// What a processor finds at an address. Stops the test when it gets into memory that is no table.
    fn walk(&self, address: u64) -> Option<Page> {
        let (mut table, mut user) = (ROOT, true);
        for bits in [39, 30, 21, 12] {
            let entries = self
                .tables
                .get(&table)
                .expect("a link leads to a table in use");
            let entry = entries[(address >> bits & 0x1FF) as usize];
            if entry & 1 == 0 {
                return None;
            }
            user &= entry & 4 != 0;
            let target = entry & 0x000F_FFFF_FFFF_F000;
            if bits == 12 || entry & 0x80 != 0 {
                assert!(bits <= 30, "a page of a size that there is");
                let pat = entry >> (if bits == 12 { 7 } else { 12 }) & 1;
                let target = if bits == 12 { target } else { target & !0x1000 };
                let offset = address & ((1 << bits) - 1);
                assert_eq!(
                    target & ((1 << bits) - 1),
                    0,
                    "a page is aligned to its size"
                );
                assert_eq!(user, entry & 4 != 0, "a user page can be reached by users");
                return Some(Page {
                    phys: target + offset,
                    log2: bits,
                    flags: Entry(entry & 1 << 63 | entry & 0x1E | pat << 7),
                });
            }
            assert!(
                entry & 2 != 0 && entry >> 63 == 0,
                "a link takes no right away"
            );
            table = target;
        }
        None
    }

    /// Whether all links on the way to an address admit users.
    pub(super) fn admits_users(&self, address: u64) -> bool {
        let mut table = ROOT;
        for bits in [39, 30, 21] {
            let entry = self.tables[&table][(address >> bits & 0x1FF) as usize];
            if entry & 1 == 0 || entry & 0x80 != 0 {
                break;
            }
            if entry & 4 == 0 {
                return false;
            }
            table = entry & 0x000F_FFFF_FFFF_F000;
        }
        true
    }

    fn check(&self) {
        let Some((old, new)) = &self.allowed else {
            return;
        };
        for (index, &address) in PROBES.iter().enumerate() {
            let now = self.walk(address);
            assert!(
                now == old[index] || now == new[index],
                "{address:#x} shows {now:x?}, not {:x?} or {:x?}",
                old[index],
                new[index]
            );
        }
    }

    /// First address and log2 of the size of all pages of the lower half, ascending.
    pub(super) fn all_leaves(&self) -> Vec<(u64, u32)> {
        let mut leaves = Vec::new();
        self.collect(ROOT, 39, 0, &mut leaves);
        leaves
    }

    fn collect(&self, table: u64, bits: u32, base: u64, leaves: &mut Vec<(u64, u32)>) {
        let used = if bits == 39 { 256 } else { 512 };
        for (slot, &entry) in self.tables[&table][..used]
            .iter()
            .enumerate()
            .filter(|(_, entry)| **entry & 1 != 0)
        {
            let address = base | (slot as u64) << bits;
            if bits == 12 || entry & 0x80 != 0 {
                leaves.push((address, bits));
            } else {
                self.collect(entry & 0x000F_FFFF_FFFF_F000, bits - 9, address, leaves);
            }
        }
    }
}

impl Tables for Memory {
    fn read(&self, table: u64, index: usize) -> Entry {
        self.reads.set(self.reads.get() + 1);
        Entry(self.tables[&table][index])
    }

    fn write(&mut self, table: u64, index: usize, entry: Entry) {
        self.tables
            .get_mut(&table)
            .expect("only tables in use are written")[index] = entry.0;
        self.check();
    }

    fn allocate(&mut self) -> Option<u64> {
        self.available = self.available.checked_sub(1)?;
        let table = self.next;
        self.next += 0x1000;
        self.tables.insert(table, Box::new([0; 512]));
        Some(table)
    }

    fn free(&mut self, table: u64) {
        assert!(
            self.tables.remove(&table).is_some(),
            "only tables in use are freed"
        );
        self.check();
    }
}
