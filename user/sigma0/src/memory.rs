//! sigma0's own memory: where the book is kept.

use core::arch::x86_64::__cpuid;
use core::num::NonZeroU64;

use l4::{Fpage, Rights, kip, println, syscall, utcb};
use sigma0::ledger::{Piece, enter, find_free};
use sigma0::regions::{Full, Kind, Pages, Region, Regions};
use sigma0::{PAGE_LOG2, USER_LOG2, boot};

/// Entries while the kernel interface page is read: its descriptors fill at most one page.
const FIRST_ENTRIES: usize = 1024;

/// One entry for this many pages of RAM, so that even scattered requests of many clients fit.
const PAGES_PER_ENTRY: u64 = 16;

/// Bounds of the number of entries.
const ENTRIES: core::ops::RangeInclusive<u64> = 4096..=1 << 18;

/// The book of this machine, in memory taken from the machine itself.
pub(crate) fn book() -> Result<Regions<'static>, Full> {
    let mut storage = [Region::UNUSED; FIRST_ENTRIES];
    let mut regions = Regions::new(&mut storage);
    boot::enter_memory(&mut regions, kip::memory())?;
    boot::enter_servers(
        &mut regions,
        kip::kip(),
        kip::thread_info().user_base,
        physical_bits(),
    )?;
    let storage = storage_for(&mut regions)?;
    Ok(regions.moved_to(storage))
}

/// How many bits physical addresses have on this processor.
fn physical_bits() -> u32 {
    const ADDRESS_SIZES: u32 = 0x8000_0008;
    if __cpuid(0x8000_0000).eax < ADDRESS_SIZES {
        return 36;
    }
    __cpuid(ADDRESS_SIZES).eax & 0xff
}

/// Takes RAM for the final book out of the first one.
fn storage_for(regions: &mut Regions<'_>) -> Result<&'static mut [Region], Full> {
    let entries = (ram_pages(regions) / PAGES_PER_ENTRY).clamp(*ENTRIES.start(), *ENTRIES.end());
    let bytes = entries * size_of::<Region>() as u64;
    let log2 = bytes.next_power_of_two().trailing_zeros();
    let piece = find_free(regions, log2).ok_or(Full)?;
    let me = NonZeroU64::new(kip::sigma0().raw()).ok_or(Full)?;
    enter(regions, piece, me)?;
    let start = piece.base as *mut Region;
    let count = (1 << log2) / size_of::<Region>();
    for index in 0..count {
        // SAFETY: the piece is free RAM, now sigma0's, and the kernel maps what sigma0 touches 1:1.
        unsafe { start.wrapping_add(index).write(Region::UNUSED) };
    }
    // SAFETY: as above; every entry was just written, and this is the only reference.
    Ok(unsafe { core::slice::from_raw_parts_mut(start, count) })
}

fn ram_pages(regions: &Regions<'_>) -> u64 {
    let all = Pages {
        start: 0,
        end: 1 << (USER_LOG2 - PAGE_LOG2),
    };
    let ram = regions
        .within(all)
        .filter(|(_, state)| state.kind == Kind::Conventional);
    ram.map(|(pages, _)| pages.end - pages.start).sum()
}

/// Asks the kernel to give a piece a caching attribute.
pub(crate) fn set_attributes(piece: Piece, attributes: u64) -> bool {
    let utcb = utcb::my();
    utcb.set_mr(0, Fpage::new(piece.base, piece.log2, Rights::NONE).raw());
    // SAFETY: this thread's UTCB; the piece is not sigma0's own memory.
    unsafe { syscall::memory_control(0, [attributes, 0, 0, 0], utcb.mr0()) == 1 }
}

/// Prints the book.
pub(crate) fn print(regions: &Regions<'_>) {
    let all = Pages {
        start: 0,
        end: 1 << (USER_LOG2 - PAGE_LOG2),
    };
    println!(
        "[sigma0] {} of {} entries",
        regions.entries().len(),
        regions.capacity()
    );
    for (pages, state) in regions.within(all) {
        let (low, high) = (pages.start << PAGE_LOG2, (pages.end << PAGE_LOG2) - 1);
        let owner = state.owner.map_or(0, NonZeroU64::get);
        println!(
            "[sigma0] {low:#014x}..{high:#014x} {:?} owner {owner:x}",
            state.kind
        );
    }
}
