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
use kernel_space::OutOfMemory;
use layout::PAGE;
use pecan_bootdata::memory_map::USABLE;
use pecan_bootdata::regions::Region;

/// Sets up the reserve and loads the kernel's own page tables. Boot CPU, once.
///
/// # Errors
/// When the reserve is too small for the page tables.
pub(crate) fn init(facts: &Facts) -> Result<(), OutOfMemory> {
    check_boot_stack();
    reserve::init(facts.reserve);
    kernel_space::build(ram(facts), facts.cpus.len())?;
    user_gs::build(facts.cpus.len())?;
    // SAFETY: the new tables map image, boot stack and physmap where the first ones did.
    unsafe { crate::arch::x86_64::control::load_page_table_root(kernel_space::root()) };
    Ok(())
}

/// Until now nothing kept the boot stack from growing over its guard page, which was full of zeros.
fn check_boot_stack() {
    let guard = layout::Image::get().guard;
    // SAFETY: the page is in the image, the first page tables map it, and nothing else refers to it.
    let bytes =
        unsafe { core::slice::from_raw_parts(guard.start as *const u8, guard.size() as usize) };
    assert!(
        bytes.iter().all(|byte| *byte == 0),
        "the boot stack is too small"
    );
}

/// What the physmap shows: usable memory and the firmware's tables, in whole pages.
fn ram(facts: &Facts) -> impl Iterator<Item = Region> {
    const ACPI: [u32; 2] = [3, 4];
    let entries = facts.memory.entries().iter();
    entries
        .filter(|entry| entry.kind == USABLE || ACPI.contains(&entry.kind))
        .map(|entry| {
            let region = if entry.kind == USABLE {
                entry.region.inward(PAGE)
            } else {
                entry.region.outward(PAGE)
            };
            Region::new(
                region.start.min(layout::PHYSMAP_LIMIT),
                region.end.min(layout::PHYSMAP_LIMIT),
            )
        })
}
