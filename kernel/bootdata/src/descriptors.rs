//! What users are told of memory: the memory descriptors of the kernel interface page.

use crate::memory_map::{MAX_ENTRIES, MemoryMap, USABLE};
use crate::regions::Region;
use arrayvec::ArrayVec;
use pecan_abi::kip::{BOOT_INFO, BOOT_MODULE, BOOT_SERVER, MemoryDescriptor, MemoryType};
use pecan_abi::layout::USER_LAST;

/// Most descriptors that there can be.
pub const DESCRIPTOR_LIMIT: usize = MAX_ENTRIES + 128;

/// The descriptors in the order in which they count: later ones override earlier ones.
pub type Descriptors = ArrayVec<MemoryDescriptor, DESCRIPTOR_LIMIT>;

/// Who has what, for [`list`].
pub struct Owners<'a> {
    /// The kernel's reserve.
    pub reserve: Region,
    /// The programs that were loaded: sigma0, the root task.
    pub servers: &'a [Region],
    /// The other files of the archive, where they are.
    pub modules: &'a [Region],
    /// The boot records.
    pub records: Region,
    /// Everything else that users must not map: the kernel's image, interrupt controllers.
    pub kernel: &'a [Region],
}

/// All descriptors. Order (L4 X.2, memory descriptors of the loader and of the kernel): everything shared; the firmware's map; the holes of a
/// PC; the kernel's reserve; what the loader brought; the rest of the kernel; the addresses that users have.
#[must_use]
pub fn list(map: &MemoryMap, owners: &Owners<'_>) -> Descriptors {
    let mut all = Descriptors::new();
    let mut push = |region: Region, kind, subtype| {
        if !region.is_empty() {
            let _ = all.try_push(
                MemoryDescriptor::physical(region.start, region.end - 1, kind)
                    .with_subtype(subtype),
            );
        }
    };
    push(Region::new(0, u64::MAX), MemoryType::SHARED, 0);
    for entry in map.entries() {
        let kind = if entry.kind == USABLE {
            MemoryType::CONVENTIONAL
        } else {
            MemoryType::ARCH
        };
        push(entry.region, kind, (entry.kind & 0xf) as u8);
    }
    push(Region::new(0xa_0000, 0xc_0000), MemoryType::SHARED, 0);
    push(Region::new(0xc_0000, 0xf_0000), MemoryType::SHARED, 0);
    push(owners.reserve, MemoryType::RESERVED, 0);
    owners
        .servers
        .iter()
        .for_each(|region| push(*region, MemoryType::BOOT, BOOT_SERVER));
    owners
        .modules
        .iter()
        .for_each(|region| push(*region, MemoryType::BOOT, BOOT_MODULE));
    push(owners.records, MemoryType::BOOT, BOOT_INFO);
    owners
        .kernel
        .iter()
        .for_each(|region| push(*region, MemoryType::RESERVED, 0));
    let users = MemoryDescriptor {
        is_virtual: true,
        ..MemoryDescriptor::physical(0, USER_LAST, MemoryType::CONVENTIONAL)
    };
    let _ = all.try_push(users);
    all
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Owners, list};
    use crate::memory_map::MemoryMap;
    use crate::regions::Region;
    use std::vec::Vec;

    #[test]
    fn the_order_is_that_of_the_interface() {
        let mut map = MemoryMap::new();
        map.push(0, 0x9_fc00, 1);
        map.push(0x9_fc00, 0x400, 2);
        map.push(0x10_0000, 0xfee_0000, 1);
        let owners = Owners {
            reserve: Region::new(0xe20_0000, 0xf20_0000),
            servers: &[
                Region::new(0xf0_0000, 0xf0_5ae0),
                Region::new(0x100_0000, 0x101_0c98),
            ],
            modules: &[Region::new(0xff0_0200, 0xff0_0a00)],
            records: Region::new(0xfe0_0000, 0xfe0_1000),
            kernel: &[Region::new(0x20_0000, 0x22_7000)],
        };
        let words: Vec<[u64; 2]> = list(&map, &owners).iter().map(|d| d.words()).collect();
        let expected = [
            [0x4, !0x3ff],
            [0x11, 0x9_f800],
            [0x9_fc2f, 0x9_fc00],
            [0x10_0011, 0xffd_fc00],
            [0xa_0004, 0xb_fc00],
            [0xc_0004, 0xe_fc00],
            [0xe20_0002, 0xf1f_fc00],
            [0xf0_002e, 0xf0_5800],
            [0x100_002e, 0x101_0c00],
            [0xff0_003e, 0xff0_0800],
            [0xfe0_001e, 0xfe0_0c00],
            [0x20_0002, 0x22_6c00],
            [0x201, 0x7fff_ffff_fc00],
        ];
        assert_eq!(words, expected);
    }
}
