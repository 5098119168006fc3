//! How the pages of a space are cached. Interrupts off.
//!
//! An entry that changes is followed by a flush: TLBs of all CPUs drop the translation, and caches what they hold of the page, so that
//! it is not cached in two ways.

use pecan_abi::caching::Caching;
use pecan_abi::error::SysError;
use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::layout::USER_LAST;
use pecan_rules::caching as rules;
use pecan_rules::paging::{Entry, Leaf, is_divided, lookup, map_page, unmap_page, update_page};

use super::object::{Role, Space};
use super::shootdown::Stale;
use super::sigma0;
use super::tables::PhysTables;
use crate::arch::x86_64::cache;
use crate::memory::physmap;

/// Bytes that are looked at or changed while the tables are locked.
const PIECE: u64 = 1 << 21;

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
    if !valid || space.areas.lock().touch(page) {
        return Err(SysError::InvalidParameter);
    }
    let owner = space.role() == Role::Sigma0;
    let step = |next, last| {
        if owner {
            let (size, allowed) = sigma0::piece(next, last);
            (allowed && next <= sigma0::LAST_ADDRESS).then_some(size)
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
    lookup(&PhysTables, space.root(), next).filter(|leaf| {
        let first = next & !(leaf.size() - 1);
        first >= page.base() && leaf.size_log2 <= page.log2()
    })
}

/// Sets how all of `page`, which was checked, is cached. What is not mapped any more is passed over.
///
/// Errors: `NoMemory`, `InvalidSpace`; then a part of the page is changed.
pub(crate) fn set(
    space: &Space,
    page: Fpage,
    caching: Caching,
    pause: impl FnMut() -> bool,
) -> Result<(), SysError> {
    in_pieces(page, pause, |next, last| {
        if space.role() == Role::Sigma0 {
            own_page(space, next, last)?;
        }
        Ok(change(space, page, next, caching))
    })
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

/// Changes the page at `address` and returns its size; 4 KiB for what is not mapped.
fn change(space: &Space, page: Fpage, address: u64, caching: Caching) -> u64 {
    let Some(leaf) = mapped(space, page, address) else {
        return 1 << Fpage::MIN_LOG2;
    };
    if rules::of(&leaf) != caching {
        let (clear, set) = rules::change(caching, leaf.size_log2);
        {
            let _tables = space.areas.lock();
            update_page(&mut PhysTables, space.root(), address, clear, set);
        }
        let mut stale = Stale::none();
        stale.add(space.root());
        stale.drop_translations();
        if physmap::covers(leaf.phys) {
            cache::flush(physmap::to_virt(leaf.phys), leaf.size());
        }
    }
    leaf.size()
}

/// The owner of all memory gets a page of its own at `next`, large only if all of it is meant. A larger one that is there goes; its
/// other parts come back when they are touched.
fn own_page(space: &Space, next: u64, last: u64) -> Result<(), SysError> {
    let areas = space.areas.lock();
    let large = Fpage::new(next, 21, Rights::NONE);
    let (size, allowed) = sigma0::piece(next, last);
    let whole = size == 1 << 21 && !areas.touch(large);
    if !allowed {
        return Ok(());
    }
    let divided = is_divided(&PhysTables, space.root(), next);
    let log2 = if whole && !divided { 21 } else { 12 };
    match lookup(&PhysTables, space.root(), next) {
        Some(leaf) if leaf.size_log2 <= log2 => return Ok(()),
        Some(_) => {
            unmap_page(&mut PhysTables, space.root(), next);
        }
        None => {}
    }
    let flags = Entry::USER.with(Entry::WRITE);
    map_page(&mut PhysTables, space.root(), next, next, log2, flags)
        .map(|_| ())
        .map_err(|_| SysError::NoMemory)
}

/// How the page at `address` of `space` is cached; `None` if nothing is mapped there. Under the thread-control lock.
pub(crate) fn look(space: &Space, address: u64) -> Option<Caching> {
    let _tables = space.areas.lock();
    lookup(&PhysTables, space.root(), address).map(|leaf| rules::of(&leaf))
}
