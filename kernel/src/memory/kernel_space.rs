//! The page tables of the kernel's half, which every space shares.
//!
//! All top-level entries of the kernel's half that are ever used are made here, once: a space copies them and is never behind.

use super::layout::{self, Image, KERNEL_OFFSET, PAGE};
use super::{physmap, reserve};
use crate::arch::x86_64::features;
use core::sync::atomic::{AtomicU64, Ordering};
use pecan_bootdata::regions::Region;
use x86_64::structures::paging::PageTableFlags as Flags;

/// The reserve has no frame left for a page table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutOfMemory;

/// How a page of the kernel's half may be used. All are global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The kernel reads.
    Read,
    /// The kernel reads and writes.
    Write,
    /// The kernel reads and executes.
    Execute,
    /// The kernel reads and writes a device: nothing is cached.
    Device,
    /// Everybody reads.
    UserRead,
    /// Everybody reads and executes.
    UserExecute,
}

const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const LEVELS: u32 = 4;
/// Bytes behind an entry of the top-level table.
const TOP_SIZE: usize = 1 << 39;

static ROOT: AtomicU64 = AtomicU64::new(0);

impl Access {
    const fn flags(self) -> Flags {
        let base = Flags::PRESENT.union(Flags::GLOBAL).union(Flags::ACCESSED);
        match self {
            Self::Read => base.union(Flags::NO_EXECUTE),
            Self::Write => base
                .union(Flags::NO_EXECUTE)
                .union(Flags::WRITABLE)
                .union(Flags::DIRTY),
            Self::Execute => base,
            Self::Device => Self::Write
                .flags()
                .union(Flags::NO_CACHE)
                .union(Flags::WRITE_THROUGH),
            Self::UserRead => base.union(Flags::NO_EXECUTE).union(Flags::USER_ACCESSIBLE),
            Self::UserExecute => base.union(Flags::USER_ACCESSIBLE),
        }
    }

    const fn is_user(self) -> bool {
        matches!(self, Self::UserRead | Self::UserExecute)
    }
}

/// Physical address of the top-level table that holds the kernel's half, with an empty user half.
pub(crate) fn root() -> u64 {
    ROOT.load(Ordering::Relaxed)
}

/// Builds the tables: the image with its access rights, the user stubs, all of `ram` in the physmap, and room for the
/// windows of `cpus` CPUs.
pub(super) fn build(ram: impl Iterator<Item = Region>, cpus: usize) -> Result<(), OutOfMemory> {
    let root = reserve::allocate().ok_or(OutOfMemory)?;
    ROOT.store(root.phys(), Ordering::Relaxed);
    let windows_end = layout::WINDOW_BASE + cpus as u64 * layout::WINDOW_STRIDE;
    let windows = (layout::WINDOW_BASE..windows_end).step_by(TOP_SIZE);
    for slot in [layout::PHYSMAP_BASE, layout::TCB_BASE]
        .into_iter()
        .chain(windows)
    {
        table_below(root.phys(), index(slot, LEVELS), false)?;
    }
    let image = Image::get();
    for (part, access) in [
        (image.rodata, Access::Read),
        (image.text, Access::Execute),
        (image.data, Access::Write),
        (image.stack, Access::Write),
        (image.stubs, Access::Read),
    ] {
        map(part.start, part.start - KERNEL_OFFSET, part.size(), access)?;
    }
    map(
        layout::USER_STUBS,
        image.stubs.start - KERNEL_OFFSET,
        PAGE,
        Access::UserExecute,
    )?;
    for region in ram {
        map(
            layout::PHYSMAP_BASE + region.start,
            region.start,
            region.size(),
            Access::Write,
        )?;
    }
    Ok(())
}

/// Maps a device's registers into the physmap, uncached. Boot CPU, before the others start. Where something is mapped already, it stays.
/// Addresses that the physmap does not reach are the caller's to refuse.
pub(crate) fn map_device(phys: u64, size: u64) -> Result<(), OutOfMemory> {
    let pages = Region::sized(phys, size).outward(PAGE);
    map(
        layout::PHYSMAP_BASE + pages.start,
        pages.start,
        pages.size(),
        Access::Device,
    )
}

/// Maps `size` bytes with the largest pages that fit; all three numbers are multiples of 4 KiB. Where something is mapped already, it stays.
pub(crate) fn map(virt: u64, phys: u64, size: u64, access: Access) -> Result<(), OutOfMemory> {
    let largest = if features::get().gib_pages { 3 } else { 2 };
    let mut done = 0;
    while done < size {
        let level = level_for(virt + done, phys + done, size - done, largest);
        map_page(virt + done, phys + done, level, access)?;
        done += page_size(level);
    }
    Ok(())
}

/// The physical address behind a kernel address, in the tables that this CPU uses; `None` where nothing is mapped. Any CPU.
pub(crate) fn translate(virt: u64) -> Option<u64> {
    let mut table = crate::arch::x86_64::control::page_table_root();
    for level in (1..=LEVELS).rev() {
        let entry = read(table, index(virt, level));
        if !flags(entry).contains(Flags::PRESENT) {
            return None;
        }
        if level == 1 || (level < LEVELS && flags(entry).contains(Flags::HUGE_PAGE)) {
            let mask = page_size(level) - 1;
            return Some((entry & ADDRESS & !mask) | (virt & mask));
        }
        table = entry & ADDRESS;
    }
    None
}

/// Makes a top-level table share the kernel's half.
pub(crate) fn copy_kernel_half(table: u64) {
    for slot in 256..512 {
        write(table, slot, read(root(), slot));
    }
}

const fn page_size(level: u32) -> u64 {
    PAGE << (9 * (level - 1))
}

pub(super) const fn index(virt: u64, level: u32) -> usize {
    ((virt >> (12 + 9 * (level - 1))) & 511) as usize
}

fn level_for(virt: u64, phys: u64, size: u64, largest: u32) -> u32 {
    let fits =
        |level: &u32| (virt | phys).is_multiple_of(page_size(*level)) && size >= page_size(*level);
    (2..=largest).rev().find(fits).unwrap_or(1)
}

fn map_page(virt: u64, phys: u64, level: u32, access: Access) -> Result<(), OutOfMemory> {
    let mut table = root();
    for above in ((level + 1)..=LEVELS).rev() {
        match table_below(table, index(virt, above), access.is_user())? {
            Some(next) => table = next,
            None => return Ok(()),
        }
    }
    if read(table, index(virt, level)) == 0 {
        let huge = if level > 1 {
            Flags::HUGE_PAGE
        } else {
            Flags::empty()
        };
        write(
            table,
            index(virt, level),
            phys | (access.flags() | huge).bits(),
        );
    }
    Ok(())
}

/// The table behind an entry, made if missing; `None` if the entry maps a large page.
fn table_below(table: u64, index: usize, user: bool) -> Result<Option<u64>, OutOfMemory> {
    let entry = read(table, index);
    if flags(entry).contains(Flags::HUGE_PAGE) {
        return Ok(None);
    }
    let below = match entry & ADDRESS {
        0 => reserve::allocate().ok_or(OutOfMemory)?.phys(),
        present => present,
    };
    let user = if user {
        Flags::USER_ACCESSIBLE
    } else {
        Flags::empty()
    };
    let kept = flags(entry) & Flags::USER_ACCESSIBLE;
    write(
        table,
        index,
        below | (Flags::PRESENT | Flags::WRITABLE | Flags::ACCESSED | user | kept).bits(),
    );
    Ok(Some(below))
}

const fn flags(entry: u64) -> Flags {
    Flags::from_bits_truncate(entry)
}

fn entry(table: u64, index: usize) -> *mut u64 {
    physmap::to_virt(table + 8 * index as u64).cast()
}

fn read(table: u64, index: usize) -> u64 {
    // SAFETY: `table` is a page table of the reserve or the boot code's, so it is mapped; the index is below 512.
    unsafe { entry(table, index).read_volatile() }
}

pub(super) fn write(table: u64, index: usize, value: u64) {
    // SAFETY: as for reading; the tables of the kernel's half are written by the boot CPU alone.
    unsafe { entry(table, index).write_volatile(value) };
}
