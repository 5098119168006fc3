//! A model of mappings: what a few probe addresses show, and which tables there are.

use std::collections::BTreeSet;

use pecan_rules::paging::{Entry, MapError, Mapped};

/// What an address shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Page {
    /// Physical address.
    pub(super) phys: u64,
    /// log2 of the size of the page around it.
    pub(super) log2: u32,
    pub(super) flags: Entry,
}

const GIB: u64 = 1 << 30;
const MIB2: u64 = 2 << 20;
/// Regions of 2 MiB with probes: of the first two regions of 1 GiB and of one of another top-level entry. The third of each
/// is never mapped alone, so it stands for all others.
const REGIONS: [u64; 9] = {
    let slot = 1 << 39;
    let last = 511 * MIB2;
    [
        0,
        last,
        7 * MIB2,
        GIB,
        GIB + last,
        GIB + 7 * MIB2,
        slot,
        slot + last,
        slot + 7 * MIB2,
    ]
};

/// In each region the first and the last page, and one that is never mapped alone.
pub(super) const PROBES: [u64; 27] = {
    let mut probes = [0; 27];
    let mut i = 0;
    while i < 27 {
        probes[i] = REGIONS[i / 3] + [0, 511, 300][i % 3] * 0x1000 + i as u64;
        i += 1;
    }
    probes
};

/// Addresses that are mapped and unmapped alone.
pub(super) fn small_pages() -> Vec<u64> {
    PROBES
        .iter()
        .enumerate()
        .filter(|(i, _)| i / 3 % 3 != 2 && i % 3 != 2)
        .map(|(_, probe)| probe & !0xFFF)
        .collect()
}

#[derive(Clone, Default)]
pub(super) struct Model {
    pages: [Option<Page>; PROBES.len()],
    /// Tables by log2 of what one serves, and first address served.
    tables: BTreeSet<(u32, u64)>,
}

impl Model {
    pub(super) fn pages(&self) -> [Option<Page>; PROBES.len()] {
        self.pages
    }

    pub(super) fn tables(&self) -> usize {
        self.tables.len()
    }

    fn has_table(&self, log2: u32, address: u64) -> bool {
        self.tables.contains(&(log2, address >> log2 << log2))
    }

    /// log2 of the largest page that fits around an address.
    pub(super) fn room_log2(&self, address: u64) -> u32 {
        let served = [(21, 12), (30, 21)].into_iter();
        served
            .filter(|(served, _)| self.has_table(*served, address))
            .map(|(_, room)| room)
            .next()
            .unwrap_or(30)
    }

    /// The mappings after mapping a page, and what the result must be.
    pub(super) fn map(
        &self,
        address: u64,
        log2: u32,
        phys: u64,
        flags: Entry,
        available: usize,
    ) -> (Result<Mapped, MapError>, Self) {
        let mut new = self.clone();
        let inside = |probe: u64| probe >> log2 == address >> log2;
        let larger = |page: &Page| page.log2 > log2;
        if (0..PROBES.len())
            .any(|i| inside(PROBES[i]) && self.pages[i].as_ref().is_some_and(larger))
        {
            return (Ok(Mapped::Skipped), new);
        }
        let path = [39, 30, 21].into_iter().filter(|&served| served > log2);
        let missing: Vec<u32> = path
            .filter(|&served| !self.has_table(served, address))
            .collect();
        if missing.len() > available {
            return (Err(MapError::NoMemory), new);
        }
        new.tables.extend(
            missing
                .iter()
                .map(|&served| (served, address >> served << served)),
        );
        let mut results = BTreeSet::new();
        for (i, &probe) in PROBES
            .iter()
            .enumerate()
            .filter(|(_, probe)| inside(**probe))
        {
            let mut size = log2;
            while size > 12 && self.has_table(size, probe) {
                size -= 9;
            }
            let page = Page {
                phys: phys + (probe - address),
                log2: size,
                flags,
            };
            let (weight, page) = match self.pages[i] {
                None => (0, page),
                Some(old) if old.phys == page.phys => (
                    1,
                    Page {
                        flags: union(old.flags, flags),
                        ..page
                    },
                ),
                Some(_) => (2, page),
            };
            results.insert(weight);
            new.pages[i] = Some(page);
        }
        let result = [Mapped::Fresh, Mapped::Extended, Mapped::Replaced]
            [results.last().copied().unwrap_or(0)];
        (Ok(result), new)
    }

    /// The mappings after unmapping the page around an address, and where in memory it was and of what size.
    pub(super) fn unmap(&self, address: u64) -> (Option<(u64, u32)>, Self) {
        let mut new = self.clone();
        let hit = PROBES.iter().zip(self.pages).find_map(|(probe, page)| {
            page.filter(|page| probe >> 12 == address >> 12 && page.log2 > 0)
        });
        let Some(hit) = hit else { return (None, new) };
        for (probe, page) in PROBES.iter().zip(&mut new.pages) {
            if probe >> hit.log2 == address >> hit.log2 {
                *page = None;
            }
        }
        (Some((hit.phys & !0xFFF, hit.log2)), new)
    }
}

/// Flags of a page that was mapped twice.
fn union(old: Entry, new: Entry) -> Entry {
    let given = (old.0 | new.0) & (Entry::WRITE.0 | Entry::USER.0);
    Entry(old.0 & (Entry::PCD.0 | Entry::PAT.0) | given | old.0 & new.0 & Entry::NX.0)
}
