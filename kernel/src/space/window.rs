//! The communication window: memory of another space, as the kernel sees it for a while on this CPU.
//!
//! ```text
//!  partner's tables                     kernel's tables, one line of eight entries per CPU
//!  root -> 512 GiB -> | 1 GiB | -----copied----> | 1 GiB | 1 GiB | - | - | - | - | - | - |
//!                     | 1 GiB | -----copied------------------^
//! ```
//! Two entries show any stretch of up to 1 GiB, with the partner's own rights: from there down the tables are the same, so
//! accesses are noted where the partner's pages are. Above, the entries are the kernel's: no user gets in, and nothing is
//! executed.
//!
//! `window_root` of the CPU's block says whose translations the CPU may hold for the window. It is set before the entries
//! are, so that whoever takes a page away and looks at it afterwards knows that this CPU has to forget; it is cleared by
//! the next load of a root, which forgets. So opening a window costs nothing but its entries if the last message ended
//! with a switch to another space. This CPU, interrupts off.

use core::sync::atomic::{Ordering, fence};

use pecan_abi::layout::USER_LAST;
use pecan_rules::paging::{Entry, Tables};

use super::tables::PhysTables;
use crate::arch::x86_64::root;
use crate::cpu::Cpu;
use crate::memory::{kernel_space, layout};

/// Bytes behind one entry.
const GIB: u64 = 1 << 30;
/// Entries that a window uses.
const ENTRIES: u64 = 2;

/// Where the window of a CPU is, and which entries show it. Found once, at boot.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// First address.
    address: u64,
    /// The kernel's table with the entries.
    table: u64,
    /// Index of the first.
    first: usize,
}

impl Place {
    /// The window of CPU `index`. The kernel's own tables are there.
    pub(crate) fn of(index: u16) -> Self {
        let address = layout::WINDOW_BASE + u64::from(index) * layout::WINDOW_STRIDE;
        let top = PhysTables.read(kernel_space::root(), top_slot(address));
        Self {
            address,
            table: top.address(),
            first: slot(address),
        }
    }
}

/// Index of the entry of a top-level table for `address`.
const fn top_slot(address: u64) -> usize {
    (address >> 39 & 511) as usize
}

/// Index of the entry for the GiB at `address` in the table below.
const fn slot(address: u64) -> usize {
    (address >> 30 & 511) as usize
}

/// Where the window that is open at `base` shows `address`, at least `base` and less than 1 GiB beyond what a stretch
/// from the first GiB can reach.
pub(crate) fn shown_at(cpu: &Cpu, base: u64, address: u64) -> u64 {
    cpu.window.address + (address - base)
}

/// The address in the partner's space that the window, open at `base`, shows at `address`; `None` if that is not in the
/// window of this CPU.
pub(crate) fn partners(cpu: &Cpu, base: u64, address: u64) -> Option<u64> {
    let offset = address.checked_sub(cpu.window.address)?;
    (offset < ENTRIES * GIB).then(|| base + offset)
}

/// Where a window must be open to show `address`.
pub(crate) const fn base_for(address: u64) -> u64 {
    address & !(GIB - 1)
}

/// Shows the partner's memory from `base` on, a multiple of 1 GiB. `writable` or only to be read.
pub(crate) fn open(cpu: &Cpu, partner_root: u64, base: u64, writable: bool) {
    if cpu.window_root() != 0 {
        // SAFETY: the root is the one that is loaded.
        unsafe { root::load(cpu.loaded_root()) };
    }
    cpu.set_window_root(partner_root);
    // Either we see the partner's tables as they are after a page was taken away, or who took it sees this CPU.
    fence(Ordering::SeqCst);
    for (index, entry) in entries_for(partner_root, base).into_iter().enumerate() {
        let entry = if writable {
            entry
        } else {
            entry.without(Entry::WRITE)
        };
        PhysTables.write(cpu.window.table, cpu.window.first + index, entry);
    }
}

/// The partner's entries for the GiB at `base` and the next one.
#[inline]
fn entries_for(partner_root: u64, base: u64) -> [Entry; ENTRIES as usize] {
    let Some(table) = table_for(partner_root, base) else {
        return [Entry::ABSENT, next_entry(partner_root, base)];
    };
    let entry = PhysTables.read(table, slot(base));
    if slot(base) == 511 {
        return [entry, next_entry(partner_root, base)];
    }
    [entry, PhysTables.read(table, slot(base) + 1)]
}

/// The partner's entry for the GiB behind `base`, in a table of its own.
#[cold]
fn next_entry(partner_root: u64, base: u64) -> Entry {
    let next = base + GIB;
    if next > USER_LAST {
        return Entry::ABSENT;
    }
    table_for(partner_root, next).map_or(Entry::ABSENT, |table| PhysTables.read(table, slot(next)))
}

#[inline]
fn table_for(partner_root: u64, address: u64) -> Option<u64> {
    let top = PhysTables.read(partner_root, top_slot(address));
    top.is_present().then(|| top.address())
}

/// Shows nothing any more. Translations may be left, until the next load of a root, but nobody uses them: who opens the
/// window anew drops them.
pub(crate) fn close(cpu: &Cpu) {
    for index in 0..ENTRIES as usize {
        PhysTables.write(cpu.window.table, cpu.window.first + index, Entry::ABSENT);
    }
}

/// Drops what is left of translations of `root`, whose tables go. This CPU's window shows nothing.
pub(crate) fn forget(cpu: &Cpu, root: u64) {
    if cpu.window_root() == root {
        // SAFETY: the root is the one that is loaded.
        unsafe { root::load(cpu.loaded_root()) };
        cpu.set_window_root(0);
    }
}
