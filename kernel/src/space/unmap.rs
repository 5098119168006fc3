//! Unmap: takes back pages, or rights, or only asks for accesses (L4 X.2, Unmap).

use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::layout::USER_LAST;
use pecan_rules::mapping::{Scope, Sweep};
use pecan_rules::paging::{Entry, next_leaf, unmap_page, update_page};

use super::object::{Role, Space};
use super::shootdown::{self, Kind, Roots};
use super::tables::PhysTables;
use super::tree::{self, accesses};

/// Steps of a sweep while the tree is locked and interrupts are off.
pub(super) const PIECE: usize = 128;

/// The range of an fpage as Unmap takes it: sizes below 4 KiB count as 4 KiB. `None` for what is no memory.
fn range(page: Fpage) -> Option<(u64, u64)> {
    if page.is_complete() {
        return Some((0, USER_LAST));
    }
    // Size 2 is an I/O page.
    if page.is_nil() || page.log2() == 2 {
        return None;
    }
    let small = Fpage::MIN_LOG2;
    let (first, last) = if page.log2() < small {
        let first = page.base() & u64::MAX << small;
        (first, first | !(u64::MAX << small))
    } else {
        (page.base(), page.last())
    };
    (first <= USER_LAST).then_some((first, last.min(USER_LAST)))
}

/// Carries Unmap of `page` out for `space`, its own pages too with `flush`; `pause` is called between pieces, with
/// nothing held, and may do anything; it says whether to go on, which it must not if the space may have ended. Returns the
/// accesses that were seen, or `None` if the page is no memory. `stale` becomes true if the thread must
/// [`shootdown::wait`] before anybody hears that the pages are gone.
pub(crate) fn unmap(
    space: &Space,
    page: Fpage,
    flush: bool,
    stale: &mut bool,
    mut pause: impl FnMut() -> bool,
) -> Option<Rights> {
    let (first, last) = range(page)?;
    let scope = Scope {
        space: space.name(),
        first,
        last,
        revoke: page.rights(),
        flush,
    };
    let mut sweep = Sweep::new(scope, PIECE);
    loop {
        *stale |= piece(&mut sweep);
        if sweep.is_done() {
            break;
        }
        if !pause() {
            return Some(sweep.status());
        }
    }
    let own = if flush && space.role() == Role::Sigma0 {
        flush_own(space, first, last, page.rights(), stale)
    } else {
        Rights::NONE
    };
    Some(sweep.status().or(own))
}

/// Goes on with a sweep for one piece. True: other CPUs may have stale translations because of it.
pub(super) fn piece(sweep: &mut Sweep) -> bool {
    let mut tree = tree::lock();
    tree.sweep(sweep);
    tree.note_stale()
}

/// The owner of all memory has pages of its own that nobody gave it.
fn flush_own(space: &Space, first: u64, last: u64, revoke: Rights, stale: &mut bool) -> Rights {
    let mut seen = Rights::NONE;
    let mut roots = Roots::NONE;
    let areas = space.areas.lock();
    let mut next = first;
    while let Some((address, leaf)) = next_leaf(&PhysTables, space.root(), next, last) {
        next = address + leaf.size();
        if areas.contain(address) {
            continue;
        }
        roots.add(space.root(), Kind::Pages);
        seen = seen.or(accesses(if revoke == Rights::FULL {
            unmap_page(&mut PhysTables, space.root(), address)
        } else {
            let used = Entry::ACCESSED.with(Entry::DIRTY);
            update_page(&mut PhysTables, space.root(), address, used, Entry::ABSENT)
        }));
    }
    *stale |= shootdown::note(&mut roots);
    seen
}
