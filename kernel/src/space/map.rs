//! Map items: pages of one space become visible in another (L4 X.2, map items). Interrupts off, for as long as the item
//! has pages: a large item of many small pages delays whatever else this CPU has to do.

use core::sync::atomic::{Ordering, fence};

use pecan_abi::fpage::{Fpage, Rights};
use pecan_rules::paging::{Entry, Leaf, Mapped, map_page, next_leaf};
use pecan_rules::placement::{Placement, place};

use super::areas::Areas;
use super::object::{Role, Space};
use super::sigma0;
use super::tables::PhysTables;
use crate::arch::x86_64::{apic, root};
use crate::cpu;

/// The kernel's reserve has no frame for a page table. What was mapped before stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMemory;

/// Maps what the item names from `from` into the window of `to`. Parts of the source that are not mapped, and the
/// areas of both spaces, are left out. Rights are at most those that the source has.
pub(crate) fn item(
    from: &Space,
    to: &Space,
    send_base: u64,
    send: Fpage,
    window: Fpage,
) -> Result<(), NoMemory> {
    let Some(placement) = place(send_base, send, window) else {
        return Ok(());
    };
    let source_areas = *from.areas.lock();
    let replaced = if from.role() == Role::Sigma0 {
        from_sigma0(to, &placement)
    } else {
        from_tables(from, source_areas, to, &placement)
    };
    // Without memory for the rest, some may have been replaced before.
    if replaced.unwrap_or(true) {
        drop_translations(to);
    }
    replaced.map(|_| ())
}

fn last_of(placement: &Placement) -> u64 {
    placement.source + ((1u64 << placement.log2) - 1)
}

/// The source is what the sender's tables show.
fn from_tables(
    from: &Space,
    source_areas: Areas,
    to: &Space,
    placement: &Placement,
) -> Result<bool, NoMemory> {
    let (mut next, last) = (placement.source, last_of(placement));
    let mut replaced = false;
    loop {
        let Some((start, leaf)) = next_leaf(&PhysTables, from.root(), next, last) else {
            return Ok(replaced);
        };
        let first = start.max(placement.source);
        let end = (start + leaf.size() - 1).min(last);
        if !source_areas.contain(first) {
            let target = placement.target + (first - placement.source);
            let flags = flags(placement.rights, Some(&leaf));
            replaced |= put(to, target, leaf.translate(first), end - first + 1, flags)?;
        }
        if end == last {
            return Ok(replaced);
        }
        next = end + 1;
    }
}

/// The source is physical memory itself.
fn from_sigma0(to: &Space, placement: &Placement) -> Result<bool, NoMemory> {
    let mut replaced = false;
    let last = last_of(placement).min(sigma0::LAST_ADDRESS);
    let mut next = placement.source;
    while next <= last {
        let (size, allowed) = sigma0::piece(next, last);
        if allowed {
            let target = placement.target + (next - placement.source);
            replaced |= put(to, target, next, size, flags(placement.rights, None))?;
        }
        next += size;
    }
    Ok(replaced)
}

fn flags(rights: Rights, source: Option<&Leaf>) -> Entry {
    let may_write = source.is_none_or(|leaf| leaf.entry.contains(Entry::WRITE));
    let may_execute = source.is_none_or(|leaf| !leaf.entry.contains(Entry::NX));
    let mut flags = Entry::USER;
    if rights.contains(Rights::WRITE) && may_write {
        flags = flags.with(Entry::WRITE);
    }
    if !(rights.contains(Rights::EXECUTE) && may_execute) {
        flags = flags.with(Entry::NX);
    }
    flags
}

/// Maps `size` bytes at `target` with the largest pages that fit. True: something else was mapped there before.
fn put(to: &Space, target: u64, phys: u64, size: u64, flags: Entry) -> Result<bool, NoMemory> {
    let areas = to.areas.lock();
    let mut replaced = false;
    let mut done = 0;
    while done < size {
        let log2 = page_log2(target + done, phys + done, size - done);
        if !areas.touch(Fpage::new(target + done, log2, Rights::NONE)) {
            let mapped = map_page(
                &mut PhysTables,
                to.root(),
                target + done,
                phys + done,
                log2,
                flags,
            );
            replaced |= mapped.map_err(|_| NoMemory)? == Mapped::Replaced;
        } else if log2 > 12 {
            replaced |= put_around(&areas, to, target + done, phys + done, log2, flags)?;
        }
        done += 1 << log2;
    }
    Ok(replaced)
}

/// A large page that would cover an area is mapped in small ones, without the area.
fn put_around(
    areas: &Areas,
    to: &Space,
    target: u64,
    phys: u64,
    log2: u32,
    flags: Entry,
) -> Result<bool, NoMemory> {
    let mut replaced = false;
    for page in 0..1u64 << (log2 - 12) {
        let offset = page << 12;
        if !areas.contain(target + offset) {
            let mapped = map_page(
                &mut PhysTables,
                to.root(),
                target + offset,
                phys + offset,
                12,
                flags,
            );
            replaced |= mapped.map_err(|_| NoMemory)? == Mapped::Replaced;
        }
    }
    Ok(replaced)
}

fn page_log2(target: u64, phys: u64, size: u64) -> u32 {
    let fits = |log2: u32| (target | phys) & ((1 << log2) - 1) == 0 && size >= 1 << log2;
    if fits(21) { 21 } else { 12 }
}

/// Every CPU that has `space` loaded drops its translations: this one now, the others when they get the interrupt.
fn drop_translations(space: &Space) {
    let here = cpu::current();
    // A CPU that loads the root from now on finds the new entries: they are written before it is asked what it has.
    fence(Ordering::SeqCst);
    for index in 0..cpu::count() {
        let Some(other) = cpu::get(index) else {
            continue;
        };
        if other.loaded_root() != space.root() {
            continue;
        }
        if other.index == here.index {
            // SAFETY: the root is the one that is loaded.
            unsafe { root::load(space.root()) };
        } else {
            other.flush.store(true, Ordering::Release);
            apic::send_ipi(other.apic_id, apic::vector::DOORBELL);
        }
    }
}
