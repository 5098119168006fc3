//! Physical memory and the kernel's own mappings.
//!
//! * `layout`       where things are in the kernel's half of every space
//! * `physmap`      all RAM, as the kernel sees it
//! * `reserve`      the frames that belong to the kernel
//! * `kernel_space` the page tables of the kernel's half
//! * `identity`     page tables on which a CPU can switch on paging
//! * `user_gs`      the words that the users' gs points to

pub(crate) mod identity;
pub(crate) mod kernel_space;
pub(crate) mod layout;
pub(crate) mod physmap;
pub(crate) mod reserve;
pub(crate) mod user_gs;

use crate::boot::Facts;
use core::fmt::{Display, Formatter};
use layout::{EARLY_LIMIT, Image, PAGE};
use pecan_bootdata::memory_map::{Memory, USABLE};
use pecan_bootdata::regions::Region;
use pecan_bootdata::reserve_size::{GRAIN, candidates};

/// Why the kernel cannot set up its memory.
pub(crate) enum Problem {
    /// No place for a reserve: bytes of free memory below 4 GiB, and what `kmem=` asks for.
    NoPlace(u64, Option<u32>),
    /// The reserve is too small for the page tables.
    TooSmall,
}

impl Display for Problem {
    fn fmt(&self, to: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoPlace(free, Some(asked)) => write!(to, "no room for kmem={asked}: {} KiB of memory are free", free >> 10),
            Self::NoPlace(free, None) => write!(to, "no room for the kernel's memory: {} KiB of memory are free", free >> 10),
            Self::TooSmall => write!(to, "the kernel's memory cannot hold its own page tables: give more with kmem="),
        }
    }
}

/// Sets up the reserve and loads the kernel's own page tables. Boot CPU, once.
pub(crate) fn init(facts: &Facts) -> Result<(), Problem> {
    let reserve = place_reserve(facts, facts.memory.usable())?;
    log::debug!("kernel reserve {:#x}-{:#x}", reserve.start, reserve.end - 1);
    reserve::init(reserve);
    kernel_space::build(ram(facts)).map_err(|_| Problem::TooSmall)?;
    user_gs::build(facts.cpus.len()).map_err(|_| Problem::TooSmall)?;
    // SAFETY: the new tables map image, boot stack and physmap where the first ones did.
    unsafe { crate::arch::x86_64::control::load_page_table_root(kernel_space::root()) };
    Ok(())
}

/// The highest free memory below 4 GiB that is large enough, clear of everything that the loader brought.
fn place_reserve(facts: &Facts, mut free: Memory) -> Result<Region, Problem> {
    let usable = free.size();
    free.remove(Region::new(0, 1 << 20));
    free.remove(Image::get().physical());
    free.remove(facts.archive.unwrap_or(Region::new(0, 0)).outward(PAGE));
    let asked = facts.options.kernel_memory_mib;
    candidates(usable, facts.cpus.len(), asked)
        .find_map(|size| free.highest(size, GRAIN, EARLY_LIMIT))
        .ok_or(Problem::NoPlace(free.size(), asked))
}

/// What the physmap shows: usable memory and the firmware's tables, in whole pages.
fn ram(facts: &Facts) -> impl Iterator<Item = Region> {
    const ACPI: [u32; 2] = [3, 4];
    let entries = facts.memory.entries().iter();
    entries.filter(|entry| entry.kind == USABLE || ACPI.contains(&entry.kind)).map(|entry| {
        let region = if entry.kind == USABLE { entry.region.inward(PAGE) } else { entry.region.outward(PAGE) };
        Region::new(region.start.min(layout::PHYSMAP_LIMIT), region.end.min(layout::PHYSMAP_LIMIT))
    })
}
