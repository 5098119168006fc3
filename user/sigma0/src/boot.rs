//! The book at the start, from the kernel interface page.

use core::num::NonZeroU64;

use pecan_abi::kip::{Kip, MemoryDescriptor, MemoryType};
use pecan_abi::layout;

use crate::PAGE_LOG2;
use crate::ledger::reserve_for;
use crate::regions::{END, Full, Kind, Pages, Regions, State};

/// Enters the memory descriptors, in order: later ones override earlier ones. Virtual regions are not
/// memory and are left out.
pub fn enter_memory(
    regions: &mut Regions<'_>,
    descriptors: impl Iterator<Item = MemoryDescriptor>,
) -> Result<(), Full> {
    for descriptor in descriptors.filter(|descriptor| !descriptor.is_virtual) {
        let kind = kind_of(descriptor.kind);
        regions.set(pages_of(descriptor, kind), State::free(kind))?;
    }
    Ok(())
}

fn kind_of(kind: MemoryType) -> Kind {
    match kind {
        MemoryType::CONVENTIONAL => Kind::Conventional,
        MemoryType::DEDICATED => Kind::Dedicated,
        MemoryType::SHARED => Kind::Shared,
        MemoryType::BOOT => Kind::Boot,
        MemoryType::ARCH => Kind::Architecture,
        MemoryType::UNDEFINED => Kind::Undefined,
        // Also what is not known: it may be somebody's.
        _ => Kind::Reserved,
    }
}

/// Descriptors count in KiB. A page that is RAM or shared in part only is not given out as such; a
/// page that is special in part is special.
fn pages_of(descriptor: MemoryDescriptor, kind: Kind) -> Pages {
    let (low, last) = (descriptor.low, descriptor.high);
    let page = 1_u64 << PAGE_LOG2;
    let (start, end) = match kind {
        Kind::Conventional | Kind::Shared => (low.div_ceil(page), whole_pages_up_to(last)),
        _ => (low / page, last / page + 1),
    };
    Pages {
        start: start.min(END),
        end: end.min(END),
    }
}

/// Number of pages that end at or before the byte `last`.
fn whole_pages_up_to(last: u64) -> u64 {
    let page = 1_u64 << PAGE_LOG2;
    if last % page == page - 1 {
        last / page + 1
    } else {
        last / page
    }
}

/// Takes out of the book what cannot be mapped 1:1 (the areas of the servers' own kernel pages) or
/// does not exist (beyond the processor's `physical_bits`), then gives the servers their images.
pub fn enter_servers(
    regions: &mut Regions<'_>,
    kip: &Kip,
    user_base: u32,
    physical_bits: u32,
) -> Result<(), Full> {
    let reserved = State::free(Kind::Reserved);
    let limit = 1_u64 << physical_bits.saturating_sub(PAGE_LOG2).min(40);
    regions.set(
        Pages {
            start: limit,
            end: END,
        },
        State::free(Kind::Undefined),
    )?;
    for (base, log2) in [
        (layout::UTCB_AREA, layout::UTCB_AREA_LOG2),
        (layout::KIP_ADDRESS, layout::KIP_LOG2),
    ] {
        let start = base >> PAGE_LOG2;
        regions.set(
            Pages {
                start,
                end: start + (1 << (log2 - PAGE_LOG2)),
            },
            reserved,
        )?;
    }
    let sigma0 = layout::sigma0(user_base).raw();
    let sigma1 = sigma0 + (1 << 32);
    let root = layout::root(user_base).raw();
    let images = [
        (kip.kdebug_low, kip.kdebug_high, sigma0),
        (kip.sigma0.low, kip.sigma0.high, sigma0),
        (kip.sigma1.low, kip.sigma1.high, sigma1),
        (kip.root.low, kip.root.high, root),
    ];
    for (low, high, owner) in images {
        if let (true, Some(owner)) = (low < high, NonZeroU64::new(owner)) {
            reserve_for(regions, low, high, owner)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pecan_abi::kip::ServerInfo;

    use super::*;
    use crate::regions::Region;

    fn physical(low: u64, high: u64, kind: MemoryType) -> MemoryDescriptor {
        MemoryDescriptor::physical(low, high, kind)
    }

    #[test]
    fn later_descriptors_override_and_partial_pages_are_not_ram() {
        let mut storage = [Region::UNUSED; 32];
        let mut regions = Regions::new(&mut storage);
        let virtual_range = MemoryDescriptor {
            is_virtual: true,
            ..physical(0, u64::MAX, MemoryType::CONVENTIONAL)
        };
        let list = [
            physical(0, u64::MAX, MemoryType::SHARED),
            physical(0, 0x9_fbff, MemoryType::CONVENTIONAL),
            physical(0x9_fc00, 0x9_ffff, MemoryType::ARCH).with_subtype(2),
            physical(0x10_0000, 0xff_ffff, MemoryType::CONVENTIONAL),
            physical(0x20_0400, 0x20_07ff, MemoryType::RESERVED),
            physical(0x30_0000, 0x30_07ff, MemoryType(9)),
            virtual_range,
        ];
        enter_memory(&mut regions, list.into_iter()).expect("room");
        let kind = |page| regions.state(page).kind;
        assert_eq!(kind(0), Kind::Conventional);
        assert_eq!(kind(0x9e), Kind::Conventional);
        assert_eq!(kind(0x9f), Kind::Architecture, "partly RAM");
        assert_eq!(kind(0xa0), Kind::Shared);
        assert_eq!(kind(0x1ff), Kind::Conventional);
        assert_eq!(kind(0x200), Kind::Reserved, "partly the kernel's");
        assert_eq!(kind(0x201), Kind::Conventional);
        assert_eq!(kind(0x300), Kind::Reserved, "unknown types are nobody's");
        assert_eq!(kind(0xfff), Kind::Conventional);
        assert_eq!(kind(END - 1), Kind::Shared);
    }

    #[test]
    fn servers_own_their_images_and_nobody_what_cannot_be_mapped() {
        let mut storage = [Region::UNUSED; 32];
        let mut regions = Regions::new(&mut storage);
        let all = physical(0, u64::MAX, MemoryType::CONVENTIONAL);
        enter_memory(&mut regions, [all].into_iter()).expect("room");
        let image = |low, high| ServerInfo {
            sp: 0,
            ip: low,
            low,
            high,
        };
        let kip = Kip {
            sigma0: image(0xf0_0000, 0xf0_2001),
            root: image(0x100_0000, 0x101_0000),
            ..Kip::ZERO
        };
        enter_servers(&mut regions, &kip, 48, 36).expect("room");
        let owner = |page| regions.state(page).owner.map_or(0, NonZeroU64::get);
        assert_eq!(owner(0xf02), 48 << 32 | 1);
        assert_eq!(owner(0xf03), 0);
        assert_eq!(owner(0x1000), 50 << 32 | 1);
        assert_eq!(owner(0), 0, "absent servers own nothing");
        assert_eq!(regions.state(0xb_f000).kind, Kind::Reserved);
        assert_eq!(regions.state(0xb_ff00).kind, Kind::Reserved);
        assert_eq!(regions.state((1 << 24) - 1).kind, Kind::Conventional);
        assert_eq!(regions.state(1 << 24).kind, Kind::Undefined);
    }
}
