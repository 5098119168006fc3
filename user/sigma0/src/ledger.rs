//! Who may have what, and the entry in the book when someone gets it.

use core::num::NonZeroU64;

use pecan_abi::fpage::IoFpage;

use crate::regions::{Full, Kind, Pages, Region, Regions, State};
use crate::{PAGE_LOG2, USER_LOG2};

/// A naturally aligned piece of memory: `1 << log2` bytes at `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Physical address, a multiple of the size.
    pub base: u64,
    /// log2 of the size in bytes.
    pub log2: u32,
}

impl Piece {
    /// The piece's pages; nothing if it is smaller than a page, not aligned, or reaches beyond what
    /// a program can address (47 bits).
    #[must_use]
    pub fn pages(self) -> Option<Pages> {
        if !(PAGE_LOG2..=USER_LOG2).contains(&self.log2) || self.base >> USER_LOG2 != 0 {
            return None;
        }
        if self.base & ((1 << self.log2) - 1) != 0 {
            return None;
        }
        let start = self.base >> PAGE_LOG2;
        Some(Pages {
            start,
            end: start + (1 << (self.log2 - PAGE_LOG2)),
        })
    }
}

/// Arbitrary-address requests are served from here upward, so that page 0 and the first MiB, which
/// old devices and start-up code of other CPUs use, go only to who asks for them by address.
const FIRST_ARBITRARY_PAGE: u64 = 0x100;

/// What a client may do with a region.
fn admits(state: State, client: NonZeroU64, by_fault: bool) -> bool {
    match state.kind {
        Kind::Undefined | Kind::Reserved => false,
        Kind::Shared => true,
        _ if state.owner == Some(client) => true,
        Kind::Conventional => state.owner.is_none(),
        Kind::Dedicated | Kind::Boot | Kind::Architecture => state.owner.is_none() && !by_fault,
    }
}

/// True if `client` may have the whole piece: all of it shared, its own already, or free. `by_fault`:
/// it did not ask for it but ran into it, so free memory must be RAM.
#[must_use]
pub fn admits_piece(
    regions: &Regions<'_>,
    piece: Piece,
    client: NonZeroU64,
    by_fault: bool,
) -> bool {
    let Some(pages) = piece.pages() else {
        return false;
    };
    regions
        .within(pages)
        .all(|(_, state)| admits(state, client, by_fault))
}

/// True if nobody but an owner can have any of the piece.
#[must_use]
pub fn is_exclusive(regions: &Regions<'_>, piece: Piece) -> bool {
    piece.pages().is_some_and(|pages| {
        let mut all = regions.within(pages);
        all.all(|(_, state)| state.kind != Kind::Shared)
    })
}

/// Enters `client` as the owner of the piece, shared parts excepted. Check first that it may have it.
pub fn enter(regions: &mut Regions<'_>, piece: Piece, client: NonZeroU64) -> Result<(), Full> {
    let Some(pages) = piece.pages() else {
        return Ok(());
    };
    regions.update(pages, |state| match state.kind {
        Kind::Shared => state,
        kind => State {
            kind,
            owner: Some(client),
        },
    })
}

/// A book of I/O ports, which nobody has yet: its pages are ports.
///
/// # Errors
/// `storage` has fewer than three entries.
pub fn all_ports(storage: &mut [Region]) -> Result<Regions<'_>, Full> {
    let mut book = Regions::new(storage);
    book.set(ports(IoFpage::COMPLETE), State::free(Kind::Conventional))?;
    Ok(book)
}

/// Gives the ports to `client` if it may have them all: those that are its own already, or free. False: it may not, or
/// the book is full.
pub fn give_ports(book: &mut Regions<'_>, wanted: IoFpage, client: NonZeroU64) -> bool {
    let pages = ports(wanted);
    let mut all = book.within(pages);
    let admitted = all.all(|(_, state)| admits(state, client, true));
    drop(all);
    let owned = State {
        kind: Kind::Conventional,
        owner: Some(client),
    };
    admitted && book.set(pages, owned).is_ok()
}

fn ports(page: IoFpage) -> Pages {
    Pages {
        start: page.port().into(),
        end: u64::from(page.last()) + 1,
    }
}

/// Enters `client` as the owner of what the kernel interface page says is its own: every page that
/// `low..high` (bytes, exclusive) touches, whatever it was. Reserved memory stays reserved.
pub fn reserve_for(
    regions: &mut Regions<'_>,
    low: u64,
    high: u64,
    client: NonZeroU64,
) -> Result<(), Full> {
    let pages = Pages {
        start: low >> PAGE_LOG2,
        end: high.div_ceil(1 << PAGE_LOG2),
    };
    regions.update(pages, |state| match state.kind {
        Kind::Shared | Kind::Undefined => State {
            kind: Kind::Boot,
            owner: Some(client),
        },
        kind => State {
            kind,
            owner: Some(client),
        },
    })
}

/// Finds free RAM of `1 << log2` bytes: the lowest address from 1 MiB on that is aligned to its size.
#[must_use]
pub fn find_free(regions: &Regions<'_>, log2: u32) -> Option<Piece> {
    if !(PAGE_LOG2..USER_LOG2).contains(&log2) {
        return None;
    }
    let count = 1_u64 << (log2 - PAGE_LOG2);
    let all = Pages {
        start: FIRST_ARBITRARY_PAGE,
        end: 1 << (USER_LOG2 - PAGE_LOG2),
    };
    regions.within(all).find_map(|(pages, state)| {
        let start = pages.start.next_multiple_of(count);
        let fits = state == State::free(Kind::Conventional) && start + count <= pages.end;
        fits.then_some(Piece {
            base: start << PAGE_LOG2,
            log2,
        })
    })
}

#[cfg(test)]
mod tests;
