//! How the pages of a space are cached. Interrupts off.
//!
//! An entry that changes is followed by a flush: TLBs of all CPUs drop the translation, and caches what they hold of the page, so that
//! it is not cached in two ways.

use core::sync::atomic::{AtomicBool, Ordering};

use pecan_abi::caching::Caching;
use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;
use pecan_abi::layout::USER_LAST;
use pecan_rules::caching as rules;
use pecan_rules::paging::{Entry, Leaf, fill, find, lookup, map_page, unmap_page, update_page};

use super::object::{Role, Space};
use super::shootdown::{self, Kind, Roots};
use super::sigma0;
use super::tables::{PhysTables, large_sizes};
use crate::arch::x86_64::cache;
use crate::memory::physmap;

/// Whether a page of anybody's was ever cached other than as usual.
static ODD: AtomicBool = AtomicBool::new(false);

/// Bytes that are looked at or changed while the tables are locked.
const PIECE: u64 = 1 << 21;

/// Whether all pages are cached as usual, so that nobody need look.
#[inline]
pub(super) fn is_usual() -> bool {
    !ODD.load(Ordering::Relaxed)
}

/// Whether the caching of all of `page` can be set: it is mapped, whole pages only, and no area is touched. The owner of all
/// memory need not have touched it. `pause` is called between pieces, with nothing held; it says whether the space still lives.
///
/// Errors: `InvalidParameter`, `InvalidSpace`.
pub(crate) fn check(
    space: &Space,
    page: Fpage,
    pause: impl FnMut() -> bool,
) -> Result<(), SysError> {
    let valid = page.log2() >= Fpage::MIN_LOG2 && !page.is_complete() && page.last() <= USER_LAST;
    if !valid || space.areas.lock().touch(page.base(), page.last()) {
        return Err(SysError::InvalidParameter);
    }
    let owner = space.role() == Role::Sigma0;
    let step = |next, last| {
        if owner {
            let (log2, allowed) = sigma0::piece(next, last);
            (allowed && next <= sigma0::LAST_ADDRESS).then_some(1 << log2)
        } else {
            mapped(space, page, next).map(|leaf| leaf.size())
        }
    };
    in_pieces(page, pause, |next, last| {
        step(next, last).ok_or(SysError::InvalidParameter)
    })
}

/// The page at `next`, if it lies in `page` wholly.
fn mapped(space: &Space, page: Fpage, next: u64) -> Option<Leaf> {
    let _tables = space.areas.lock();
    lookup(&PhysTables, space.root(), next).filter(|leaf| lies_in(page, next, leaf))
}

/// Whether the page around `address` lies in `page` wholly.
fn lies_in(page: Fpage, address: u64, leaf: &Leaf) -> bool {
    let first = address & !(leaf.size() - 1);
    first >= page.base() && leaf.size_log2 <= page.log2()
}

/// Sets how all of `page`, which was checked, is cached. What is not mapped any more is passed over. `wait` is called, with
/// nothing held, when other CPUs must drop translations, and returns when they have; it says whether the space still lives.
///
/// Errors: `NoMemory`, `InvalidSpace`; then a part of the page is changed.
pub(crate) fn set(
    space: &Space,
    page: Fpage,
    caching: Caching,
    mut wait: impl FnMut() -> bool,
    mut pause: impl FnMut() -> bool,
) -> Result<(), SysError> {
    let (mut first, mut fresh) = (page.base(), 0);
    loop {
        let last = page.last().min(first | (PIECE - 1));
        let mut stale = false;
        let result = change(
            space,
            page,
            (first, last),
            caching,
            (&mut fresh, &mut stale),
        );
        if stale && !wait() {
            return Err(SysError::InvalidSpace);
        }
        if first < fresh {
            flush(space, page, first, last);
        }
        result?;
        if last == page.last() {
            return Ok(());
        }
        first = last + 1;
        if !pause() {
            return Err(SysError::InvalidSpace);
        }
    }
}

/// Calls `work` with the first address that is left and the last one until none is left; it returns the size of what it did.
fn in_pieces(
    page: Fpage,
    mut pause: impl FnMut() -> bool,
    mut work: impl FnMut(u64, u64) -> Result<u64, SysError>,
) -> Result<(), SysError> {
    let (mut next, mut done) = (page.base(), 0);
    loop {
        let size = work(next, page.last())?;
        if page.last() - next < size {
            return Ok(());
        }
        next += size;
        done += size;
        if done >= PIECE {
            done = 0;
            if !pause() {
                return Err(SysError::InvalidSpace);
            }
        }
    }
}

/// Changes the pages from the first to the last address. Afterwards caches must be flushed if they begin before `fresh`,
/// and that has to wait for other CPUs if `stale`.
fn change(
    space: &Space,
    page: Fpage,
    (first, last): (u64, u64),
    caching: Caching,
    (fresh, stale): (&mut u64, &mut bool),
) -> Result<(), SysError> {
    let mut next = first;
    while next <= last {
        if space.role() == Role::Sigma0 {
            own_page(space, page, next)?;
        }
        let Some(leaf) = mapped(space, page, next) else {
            next += 1 << Fpage::MIN_LOG2;
            continue;
        };
        let end = (next | (leaf.size() - 1)) + 1;
        if rules::of(&leaf) != caching {
            ODD.store(true, Ordering::Relaxed);
            let (clear, set) = rules::change(caching, leaf.size_log2);
            let mut roots = Roots::NONE;
            roots.add(space.root(), Kind::Pages);
            let _tables = space.areas.lock();
            update_page(&mut PhysTables, space.root(), next, clear, set);
            *stale |= shootdown::note(&mut roots);
            *fresh = end;
        }
        next = end;
    }
    Ok(())
}

/// Flushes what caches hold of the pages from the first to the last address.
fn flush(space: &Space, page: Fpage, first: u64, last: u64) {
    let mut next = first;
    while next <= last {
        let Some(leaf) = mapped(space, page, next) else {
            next += 1 << Fpage::MIN_LOG2;
            continue;
        };
        let end = (next | (leaf.size() - 1)).min(last) + 1;
        if physmap::covers(leaf.phys) {
            cache::flush(physmap::to_virt(leaf.translate(next)), end - next);
        }
        next = end;
    }
}

/// The owner of all memory gets a page of its own at `next`, unless it has one that lies in `page` wholly. A larger one that
/// is there is divided.
fn own_page(space: &Space, page: Fpage, next: u64) -> Result<(), SysError> {
    let areas = space.areas.lock();
    let (largest, allowed) = sigma0::piece(next, page.last());
    let at = loop {
        let at = find(&PhysTables, space.root(), next);
        match at.leaf() {
            Some(leaf) if lies_in(page, next, &leaf) => return Ok(()),
            Some(leaf) => divide(space, next, &leaf)?,
            None => break at,
        }
    };
    let fits = |log2: &u32| {
        *log2 <= largest.min(at.room_log2()) && !areas.touch(next, next + ((1 << log2) - 1))
    };
    let log2 = large_sizes().find(fits).unwrap_or(12);
    if !allowed || areas.contain(next) {
        return Ok(());
    }
    let flags = Entry::USER.with(Entry::WRITE);
    fill(&mut PhysTables, &at, next, next, log2, flags).map_err(|_| SysError::NoMemory)
}

/// Puts 512 pages in the place of `leaf`, a large page of the owner of all memory around `address`. The tables are locked, so
/// nobody sees that it is away.
#[inline(never)]
fn divide(space: &Space, address: u64, leaf: &Leaf) -> Result<(), SysError> {
    let first = address & !(leaf.size() - 1);
    let log2 = leaf.size_log2 - 9;
    let flags = Entry::USER
        .with(Entry(leaf.entry.0 & Entry::WRITE.0))
        .with(rules::flags(rules::of(leaf)));
    let put = |offset: u64, log2: u32| {
        let phys = leaf.phys + offset;
        map_page(
            &mut PhysTables,
            space.root(),
            first + offset,
            phys,
            log2,
            flags,
        )
    };
    let _old = unmap_page(&mut PhysTables, space.root(), first);
    for part in 0..512 {
        // Only the first needs memory, for the table of all.
        if put(part << log2, log2).is_err() {
            let _back = put(0, leaf.size_log2);
            return Err(SysError::NoMemory);
        }
    }
    Ok(())
}

/// How the page at `address` of `space` is cached; `None` if nothing is mapped there. Under the thread-control lock.
pub(crate) fn look(space: &Space, address: u64) -> Option<Caching> {
    let _tables = space.areas.lock();
    lookup(&PhysTables, space.root(), address).map(|leaf| rules::of(&leaf))
}
