//! Memory goes to one owner, never to a second; the kernel's memory goes to nobody.

use core::num::NonZeroU64;

use super::{Piece, admits_piece, enter, find_free, reserve_for};
use crate::regions::{Kind, Pages, Region, Regions, State};

fn client(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number << 32 | 1).expect("not zero")
}

fn page(number: u64) -> Piece {
    Piece {
        base: number << 12,
        log2: 12,
    }
}

fn admits_fault(regions: &Regions<'_>, number: u64, client: NonZeroU64) -> bool {
    admits_piece(regions, page(number), client, true)
}

/// Shared below 1 MiB, RAM from 1 to 16 MiB with the kernel at 2 to 3 MiB and a module at 4 MiB.
fn book(storage: &mut [Region]) -> Regions<'_> {
    let mut regions = Regions::new(storage);
    let mut set = |start, end, kind| {
        regions
            .set(Pages { start, end }, State::free(kind))
            .expect("room")
    };
    set(0, 0x100, Kind::Shared);
    set(0x100, 0x1000, Kind::Conventional);
    set(0x200, 0x300, Kind::Reserved);
    set(0x400, 0x410, Kind::Boot);
    regions
}

fn grant(regions: &mut Regions<'_>, piece: Piece, to: NonZeroU64) -> bool {
    admits_piece(regions, piece, to, false) && enter(regions, piece, to).is_ok()
}

#[test]
fn ram_goes_to_the_first_who_asks() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    assert!(grant(&mut regions, page(0x500), client(1)));
    assert!(
        grant(&mut regions, page(0x500), client(1)),
        "the owner may ask again"
    );
    assert!(!grant(&mut regions, page(0x500), client(2)));
    assert!(!admits_fault(&regions, 0x500, client(2)));
    assert!(admits_fault(&regions, 0x500, client(1)));
}

#[test]
fn a_piece_is_refused_if_any_page_of_it_is() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    assert!(grant(&mut regions, page(0x805), client(1)));
    assert!(!grant(
        &mut regions,
        Piece {
            base: 0x80_0000,
            log2: 16
        },
        client(2)
    ));
    assert!(grant(
        &mut regions,
        Piece {
            base: 0x80_0000,
            log2: 16
        },
        client(1)
    ));
}

#[test]
fn the_kernels_memory_and_the_unknown_are_refused() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    assert!(!grant(&mut regions, page(0x2ff), client(1)));
    assert!(!grant(&mut regions, page(0x1000), client(1)));
    assert!(!admits_fault(&regions, 0x200, client(1)));
    assert!(!admits_fault(&regions, 0x1000, client(1)));
}

#[test]
fn shared_memory_goes_to_everyone() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    assert!(grant(&mut regions, page(0xb8), client(1)));
    assert!(grant(&mut regions, page(0xb8), client(2)));
    assert!(admits_fault(&regions, 0xb8, client(3)));
    assert_eq!(regions.state(0xb8).owner, None);
}

#[test]
fn boot_memory_needs_an_explicit_request() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    assert!(!admits_fault(&regions, 0x400, client(1)));
    assert!(grant(&mut regions, page(0x400), client(1)));
    assert!(admits_fault(&regions, 0x400, client(1)));
    assert!(!grant(&mut regions, page(0x400), client(2)));
}

#[test]
fn a_servers_image_is_its_own_from_the_start() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    reserve_for(&mut regions, 0x60_0000, 0x60_1001, client(1)).expect("room");
    assert!(
        admits_fault(&regions, 0x601, client(1)),
        "the last byte's page counts"
    );
    assert!(!admits_fault(&regions, 0x601, client(2)));
    assert!(admits_fault(&regions, 0x602, client(2)));
    reserve_for(&mut regions, 0x20_0000, 0x20_1000, client(1)).expect("room");
    assert!(
        !admits_fault(&regions, 0x200, client(1)),
        "the kernel's memory stays the kernel's"
    );
}

#[test]
fn arbitrary_pieces_are_free_aligned_ram() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    let mut seen = Vec::new();
    while let Some(piece) = find_free(&regions, 20) {
        assert!(grant(&mut regions, piece, client(1)));
        seen.push(piece.base >> 20);
    }
    assert_eq!(seen, [1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert!(
        find_free(&regions, 12).is_some(),
        "pages beside the module are left"
    );
}

#[test]
fn absurd_sizes_are_refused() {
    let mut storage = [Region::UNUSED; 64];
    let mut regions = book(&mut storage);
    for log2 in [0, 1, 11, 48, 63] {
        assert!(
            !grant(&mut regions, Piece { base: 0, log2 }, client(1)),
            "log2 {log2}"
        );
        assert_eq!(find_free(&regions, log2), None, "log2 {log2}");
    }
    assert!(!grant(
        &mut regions,
        Piece {
            base: 1 << 47,
            log2: 12
        },
        client(1)
    ));
    assert!(
        !grant(
            &mut regions,
            Piece {
                base: 0x50_1000,
                log2: 13
            },
            client(1)
        ),
        "misaligned"
    );
}

#[test]
fn four_gib_of_single_pages_to_alternating_owners() {
    let mut storage = vec![Region::UNUSED; 4100];
    let mut regions = Regions::new(&mut storage);
    regions
        .set(
            Pages {
                start: 0,
                end: 1 << 20,
            },
            State::free(Kind::Conventional),
        )
        .expect("room");
    let mut given = 0;
    for number in (0x100..1_u64 << 20).take(5000) {
        given += u32::from(grant(&mut regions, page(number), client(1 + number % 2)));
    }
    assert!(
        (4000..5000).contains(&given),
        "a full book refuses, {given} given"
    );
    for number in 0x100..0x100 + 1000 {
        assert!(admits_fault(&regions, number, client(1 + number % 2)));
        assert!(!admits_fault(&regions, number, client(2 - number % 2)));
    }
}
