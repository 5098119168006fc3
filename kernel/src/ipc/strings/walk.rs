//! The partner's pages through the physical map instead of a window: `without-window-but-walk`.
//!
//! Each page is looked up in the partner's tables. A copy that an interrupt or fault has found ends with what it has moved,
//! since the page may have been taken away. Whoever takes it asks this CPU first, for [`Cpu::window_root`] names the
//! partner's space. Memory that the physical map does not show, a device's, is out of reach: the message is aborted.
//! On the copying thread's CPU, interrupts off but in the copies.
//!
//! [`Cpu::window_root`]: crate::cpu::Cpu::window_root

use core::sync::atomic::{AtomicU64, Ordering, fence};

use pecan_rules::paging::{Entry, Tables};

use super::fault::obtain;
use crate::arch::x86_64::copy;
use crate::cpu;
use crate::memory::physmap;
use crate::space::PhysTables;
use crate::thread::Owned;

/// As `sight::move_bytes`; fewer may have gone over for other reasons, too.
pub(super) fn move_bytes(me: Owned, partner: Owned, from: u64, to: u64, length: u64) -> u64 {
    if me.same_space(&partner) {
        return copy::bytes(to, from, length);
    }
    let cpu = cpu::current();
    let sends = me.transfer.part.get().sends();
    let place = if sends { to } else { from };
    cpu.set_window_root(partner.root.get());
    // Either we see the tables as they are after a page was taken away, or who took it sees this CPU.
    fence(Ordering::SeqCst);
    let Some((there, rest)) = page(partner.root.get(), place, sends) else {
        me.transfer.copied.set(me.transfer.before.get());
        obtain(cpu, me, partner, place, false, sends);
        return 0;
    };
    let (from, to) = if sends { (from, there) } else { (there, to) };
    copy::bytes(to, from, length.min(rest))
}

/// Where the kernel sees the page at `place` of the space with this root, and how many bytes of it follow. The access is noted
/// in its entry, as the CPU would. `None`: it is not there, or may not be used so.
fn page(root: u64, place: u64, is_write: bool) -> Option<(u64, u64)> {
    let mut table = root;
    for log2 in [39, 30, 21, 12] {
        let index = (place >> log2 & 511) as usize;
        let entry = PhysTables.read(table, index);
        if !entry.is_present() {
            return None;
        }
        if log2 != 12 && (log2 == 39 || !entry.contains(Entry::HUGE)) {
            table = entry.address();
            continue;
        }
        if !may_be_used(table, index, entry, is_write) {
            return None;
        }
        let (size, offset) = (1u64 << log2, place & ((1 << log2) - 1));
        let first = entry.address() & !(size - 1);
        return Some((physmap::to_virt(first + offset) as u64, size - offset));
    }
    None
}

/// Whether users may access the page so; then that is noted. False, too, if the entry has changed since it was read.
fn may_be_used(table: u64, index: usize, entry: Entry, is_write: bool) -> bool {
    let (needs, notes) = if is_write {
        (
            Entry::USER.with(Entry::WRITE),
            Entry::ACCESSED.with(Entry::DIRTY),
        )
    } else {
        (Entry::USER, Entry::ACCESSED)
    };
    if !entry.contains(needs) {
        return false;
    }
    if entry.contains(notes) {
        return true;
    }
    let word = physmap::to_virt(table + 8 * index as u64).cast();
    // SAFETY: an entry of a table of the partner's space, which is locked and so stays; entries are aligned words, and nobody
    // refers to them but by such accesses.
    let word = unsafe { AtomicU64::from_ptr(word) };
    let new = entry.with(notes).0;
    word.compare_exchange(entry.0, new, Ordering::AcqRel, Ordering::Relaxed)
        .is_ok()
}
