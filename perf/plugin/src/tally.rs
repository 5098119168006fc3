//! Adding up.

use crate::instruction::{Instruction, Kind};
use pecan_perf::accounting::{Counts, Line, Use};
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

const LINE_SHIFT: u32 = 6;
const PAGE_SHIFT: u32 = 12;

/// An access to memory.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Virtual address of the first byte.
    pub address: u64,
    /// Physical address of the same; the virtual one if there is none.
    pub physical: u64,
    /// Bytes, from 1.
    pub bytes: u64,
    /// Whether it is a store.
    pub store: bool,
}

/// Counts that grow, and what has been touched so far.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Counts,
    data_lines: HashSet<u64>,
    data_pages: HashSet<u64>,
    code_lines: HashSet<u64>,
    code_pages: HashSet<u64>,
}

impl Tally {
    /// Adds an instruction.
    pub fn execute(&mut self, instruction: Instruction) {
        let counts = &mut self.counts;
        counts.instructions += 1;
        match instruction.kind {
            Kind::Locked => counts.locked += 1,
            Kind::Cr3Write => counts.cr3_writes += 1,
            Kind::Invlpg => counts.invlpg += 1,
            Kind::MsrWrite => counts.msr_writes += 1,
            Kind::SystemCall => counts.system_calls += 1,
            Kind::PortIo => counts.port_io += 1,
            Kind::Plain | Kind::Open | Kind::Close | Kind::Row => {}
        }
        let (first, bytes) = (instruction.address, instruction.length);
        self.code_lines.extend(touched(first, bytes, LINE_SHIFT));
        self.code_pages.extend(touched(first, bytes, PAGE_SHIFT));
    }

    /// Adds an access.
    pub fn access(&mut self, access: Access) {
        if access.store {
            self.counts.stores += 1;
        } else {
            self.counts.loads += 1;
        }
        // An access that crosses into another page is two for the emulator, or none here: its second part may lie anywhere.
        self.data_lines
            .extend(touched(access.physical, access.bytes, LINE_SHIFT));
        self.data_pages
            .extend(touched(access.address, access.bytes, PAGE_SHIFT));
    }

    /// The sums so far.
    pub fn counts(&self) -> Counts {
        Counts {
            data_lines: self.data_lines.len() as u64,
            data_pages: self.data_pages.len() as u64,
            code_lines: self.code_lines.len() as u64,
            code_pages: self.code_pages.len() as u64,
            ..self.counts
        }
    }
}

/// The lines or pages of some bytes, by number.
fn touched(first: u64, bytes: u64, shift: u32) -> RangeInclusive<u64> {
    let last = first.saturating_add(bytes.saturating_sub(1));
    first >> shift..=last >> shift
}

/// Visits whose lines are noted: what comes later in a stretch is the same again.
const NOTED_VISITS: u64 = 4;

/// The cache lines of the first visits to the kernel and who touched them.
#[derive(Debug, Default)]
pub struct Footprint(BTreeMap<(u64, bool, u64), Line>);

impl Footprint {
    /// Notes an instruction of a visit.
    pub fn execute(&mut self, visit: u64, instruction: Instruction) {
        for line in touched(instruction.address, instruction.length, LINE_SHIFT) {
            self.note(
                visit,
                line,
                None,
                Use {
                    instruction: instruction.address,
                    offset: 0,
                    bytes: instruction.length,
                    store: false,
                },
            );
        }
    }

    /// Notes an access of an instruction of a visit.
    pub fn access(&mut self, visit: u64, instruction: Instruction, access: Access) {
        let first = access.address >> LINE_SHIFT;
        for line in touched(access.address, access.bytes, LINE_SHIFT) {
            let ahead = (line - first) << LINE_SHIFT;
            let physical = ((access.physical >> LINE_SHIFT) << LINE_SHIFT) + ahead;
            self.note(
                visit,
                line,
                Some(physical),
                Use {
                    instruction: instruction.address,
                    offset: if ahead == 0 {
                        access.address % (1 << LINE_SHIFT)
                    } else {
                        0
                    },
                    bytes: access.bytes,
                    store: access.store,
                },
            );
        }
    }

    fn note(&mut self, visit: u64, line: u64, physical: Option<u64>, touch: Use) {
        if visit > NOTED_VISITS {
            return;
        }
        let key = (visit, physical.is_none(), line);
        let entry = self.0.entry(key).or_insert_with(|| Line {
            visit,
            address: line << LINE_SHIFT,
            physical,
            uses: Vec::new(),
        });
        if !entry.uses.contains(&touch) {
            entry.uses.push(touch);
        }
    }

    /// The lines in the order of visits, data before code.
    pub fn into_lines(self) -> Vec<Line> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Footprint, Tally};
    use crate::instruction::{Instruction, KINDS, Kind};
    use pecan_perf::accounting::Counts;

    fn at(address: u64, length: u64, kind: Kind) -> Instruction {
        Instruction {
            address,
            length,
            kernel: true,
            kind,
        }
    }

    fn access(address: u64, physical: u64, bytes: u64, store: bool) -> Access {
        Access {
            address,
            physical,
            bytes,
            store,
        }
    }

    #[test]
    fn each_kind_has_its_count() {
        let mut tally = Tally::default();
        for kind in KINDS {
            tally.execute(at(0x100, 2, kind));
        }
        let expected = Counts {
            instructions: KINDS.len() as u64,
            code_lines: 1,
            code_pages: 1,
            locked: 1,
            cr3_writes: 1,
            invlpg: 1,
            msr_writes: 1,
            system_calls: 1,
            port_io: 1,
            ..Counts::default()
        };
        assert_eq!(tally.counts(), expected);
    }

    #[test]
    fn different_things_count_once() {
        let mut tally = Tally::default();
        tally.execute(at(0x103E, 2, Kind::Plain));
        tally.execute(at(0x103E, 3, Kind::Plain));
        tally.execute(at(0x1FFE, 5, Kind::Plain));
        // Two addresses of one line, and one that lies across two.
        tally.access(access(0x5000, 0x9000, 8, false));
        tally.access(access(0x7000, 0x9008, 8, true));
        tally.access(access(0x503C, 0x903C, 8, true));
        let counts = tally.counts();
        assert_eq!((counts.code_lines, counts.code_pages), (4, 2));
        assert_eq!((counts.loads, counts.stores), (1, 2));
        assert_eq!((counts.data_lines, counts.data_pages), (2, 2));
    }

    #[test]
    fn lines_know_who_touched_them() {
        let mut footprint = Footprint::default();
        let code = at(0x1000, 4, Kind::Plain);
        for _ in 0..2 {
            footprint.execute(1, code);
            footprint.access(1, code, access(0x503C, 0x903C, 8, true));
        }
        footprint.execute(2, code);
        let lines = footprint.into_lines();
        let seen: Vec<_> = lines
            .iter()
            .map(|line| (line.visit, line.address, line.physical, line.uses.len()))
            .collect();
        assert_eq!(
            seen,
            [
                (1, 0x5000, Some(0x9000), 1),
                (1, 0x5040, Some(0x9040), 1),
                (1, 0x1000, None, 1),
                (2, 0x1000, None, 1),
            ]
        );
        assert_eq!(
            (lines[0].uses[0].offset, lines[1].uses[0].offset),
            (0x3C, 0)
        );
    }
}
