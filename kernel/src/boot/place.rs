//! Where in memory the kernel puts what it makes at boot.

use super::acpi::IoApic;
use super::image::Image;
use super::refuse;
use super::servers::{module_region, programs};
use crate::arch::x86_64::{apic, power};
use crate::memory::layout::{EARLY_LIMIT, Image as Kernel, PAGE};
use arrayvec::ArrayVec;
use pecan_bootdata::archive::MEMBER_LIMIT;
use pecan_bootdata::descriptors::{self, Descriptors, Owners};
use pecan_bootdata::memory_map::{Memory, MemoryMap};
use pecan_bootdata::records;
use pecan_bootdata::regions::Region;
use pecan_bootdata::reserve_size::{GRAIN, candidates};

/// Real-mode memory: left to the firmware and to the start of CPUs.
const LOW_MEMORY: Region = Region::new(0, 1 << 20);

/// Takes the kernel reserve out of `free`: the highest place below 4 GiB. `usable` is the memory of the machine in bytes, `asked` what the
/// command line says in MiB. Ends the machine if there is no room.
pub(super) fn reserve(
    free: &mut Memory,
    usable: u64,
    cpus: usize,
    asked: Option<u32>,
    image: &Image,
) -> Region {
    let mut high = free.clone();
    high.remove(LOW_MEMORY);
    let fits = |memory: &Memory| {
        candidates(usable, cpus, asked).find_map(|size| memory.highest(size, GRAIN, EARLY_LIMIT))
    };
    if let Some(place) = fits(&high) {
        free.remove(place);
        log::debug!("kernel reserve {:#x}-{:#x}", place.start, place.end - 1);
        return place;
    }
    let left = high.size() >> 10;
    let archive = image.archive.size() >> 10;
    high.add(image.archive);
    [image.sigma0.hull(), image.root.hull()]
        .into_iter()
        .for_each(|program| high.add(program));
    match (asked, fits(&high)) {
        (Some(asked), _) => refuse(
            power::NO_MEMORY,
            format_args!("no room for kmem={asked}: {left} KiB of memory are free"),
        ),
        (None, Some(_)) => refuse(
            power::BAD_IMAGE,
            format_args!(
                "the boot image ({archive} KiB) is too large: {left} KiB of memory are left beside it"
            ),
        ),
        (None, None) => refuse(
            power::NO_MEMORY,
            format_args!("no room for the kernel: {left} KiB of memory are free"),
        ),
    }
}

/// Takes pages for the boot records out of `free`. Ends the machine if there are none.
pub(super) fn records(free: &mut Memory, image: &Image, root_line: &str) -> Region {
    let size = records::size(
        &programs(&image.sigma0, &image.root, root_line),
        &image.modules,
    );
    let size = (size as u64).next_multiple_of(PAGE);
    let mut high = free.clone();
    high.remove(LOW_MEMORY);
    let Some(place) = high.highest(size, PAGE, EARLY_LIMIT) else {
        refuse(
            power::NO_MEMORY,
            format_args!("no room for {size} bytes of boot records"),
        );
    };
    free.remove(place);
    place
}

/// The memory descriptors.
pub(super) fn describe(
    map: &MemoryMap,
    image: &Image,
    reserve: Region,
    records: Region,
    io_apics: &[IoApic],
) -> Descriptors {
    let modules: ArrayVec<Region, MEMBER_LIMIT> = image.modules.iter().map(module_region).collect();
    let mut kernel = ArrayVec::<Region, 32>::new();
    kernel.push(Kernel::get().physical());
    kernel.push(Region::sized(apic::physical_base(), PAGE));
    kernel.extend(
        io_apics
            .iter()
            .map(|io_apic| Region::sized(io_apic.phys, PAGE)),
    );
    let servers = [image.sigma0.hull(), image.root.hull()];
    descriptors::list(
        map,
        &Owners {
            reserve,
            servers: &servers,
            modules: &modules,
            records,
            kernel: &kernel,
        },
    )
}
