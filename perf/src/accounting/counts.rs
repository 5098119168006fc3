//! What instructions did and touched.

use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// What the instructions of one side, user or kernel, did on one CPU, and how many different things they touched.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Counts {
    /// Instructions; each iteration of a repeated one counts.
    pub instructions: u64,
    /// Loads from memory.
    pub loads: u64,
    /// Stores to memory.
    pub stores: u64,
    /// Different cache lines of 64 bytes that were loaded or stored, by physical address.
    pub data_lines: u64,
    /// Different pages of 4 KiB that were loaded or stored, by virtual address.
    pub data_pages: u64,
    /// Different cache lines of 64 bytes that instructions came from, by virtual address.
    pub code_lines: u64,
    /// Different pages of 4 KiB that instructions came from, by virtual address.
    pub code_pages: u64,
    /// Atomic instructions: those with a LOCK prefix, and XCHG with memory.
    pub locked: u64,
    /// Writes to CR3.
    pub cr3_writes: u64,
    /// INVLPG and INVPCID.
    pub invlpg: u64,
    /// WRMSR.
    pub msr_writes: u64,
    /// SYSCALL, SYSENTER and INT.
    pub system_calls: u64,
    /// IN, OUT and their string forms.
    pub port_io: u64,
}

impl Counts {
    /// All fields with their names in JSON, in the order of the table.
    pub fn named(&self) -> [(&'static str, u64); 13] {
        [
            ("instructions", self.instructions),
            ("loads", self.loads),
            ("stores", self.stores),
            ("data_lines", self.data_lines),
            ("data_pages", self.data_pages),
            ("code_lines", self.code_lines),
            ("code_pages", self.code_pages),
            ("locked", self.locked),
            ("cr3_writes", self.cr3_writes),
            ("invlpg", self.invlpg),
            ("msr_writes", self.msr_writes),
            ("system_calls", self.system_calls),
            ("port_io", self.port_io),
        ]
    }

    /// Joins each pair of fields.
    #[must_use]
    pub fn zip(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            instructions: join(self.instructions, other.instructions),
            loads: join(self.loads, other.loads),
            stores: join(self.stores, other.stores),
            data_lines: join(self.data_lines, other.data_lines),
            data_pages: join(self.data_pages, other.data_pages),
            code_lines: join(self.code_lines, other.code_lines),
            code_pages: join(self.code_pages, other.code_pages),
            locked: join(self.locked, other.locked),
            cr3_writes: join(self.cr3_writes, other.cr3_writes),
            invlpg: join(self.invlpg, other.invlpg),
            msr_writes: join(self.msr_writes, other.msr_writes),
            system_calls: join(self.system_calls, other.system_calls),
            port_io: join(self.port_io, other.port_io),
        }
    }

    /// The larger one of each field.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        self.zip(other, u64::max)
    }

    /// The share of one of `rounds` equal rounds: what adds up is divided, rounded to the nearest; what is different is not,
    /// because all rounds touch the same.
    #[must_use]
    pub fn of_one(self, rounds: u64) -> Self {
        let share = self.zip(self, |sum, _| one_of(sum, rounds));
        Self {
            data_lines: self.data_lines,
            data_pages: self.data_pages,
            code_lines: self.code_lines,
            code_pages: self.code_pages,
            ..share
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = self.zip(other, u64::wrapping_add);
    }
}

/// `sum` of `rounds` equal rounds as that of one, rounded to the nearest.
pub(super) fn one_of(sum: u64, rounds: u64) -> u64 {
    (sum + rounds / 2) / rounds.max(1)
}
