extern crate std;
use super::{Program, Refusal};
use crate::memory_map::Memory;
use crate::regions::Region;
use std::vec::Vec;

/// An ELF file with the given segments: type, flags, physical address, bytes in the file, bytes in memory.
fn file(kind: u16, entry: u64, segments: &[(u32, u32, u64, u64, u64)]) -> Vec<u8> {
    let mut f = Vec::from(*b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    f.extend(kind.to_le_bytes());
    f.extend(62u16.to_le_bytes());
    f.extend(1u32.to_le_bytes());
    [entry, 64, 0]
        .iter()
        .for_each(|word| f.extend(word.to_le_bytes()));
    f.extend(0u32.to_le_bytes());
    [64u16, 56, segments.len() as u16, 64, 0, 0]
        .iter()
        .for_each(|half| f.extend(half.to_le_bytes()));
    for (kind, flags, address, in_file, in_memory) in segments {
        f.extend(kind.to_le_bytes());
        f.extend(flags.to_le_bytes());
        [0, *address, *address, *in_file, *in_memory, 4096]
            .iter()
            .for_each(|word| f.extend(word.to_le_bytes()));
    }
    f.resize(1024, 0xa5);
    f
}

const CODE: (u32, u32, u64, u64, u64) = (1, 5, 0x10_0000, 0x100, 0x100);
const DATA: (u32, u32, u64, u64, u64) = (1, 6, 0x10_1000, 0x80, 0x3000);

#[test]
fn a_good_program_is_read() {
    let f = file(
        2,
        0x10_0010,
        &[CODE, (4, 4, 9, 9, 9), DATA, (1, 6, 0x20_0000, 0, 0)],
    );
    let program = Program::read(&f).expect("good");
    assert_eq!((program.entry, program.segments.len()), (0x10_0010, 2));
    assert_eq!(program.hull(), Region::new(0x10_0000, 0x10_4000));
    assert!(program.segments[0].executable && !program.segments[0].writable);
    assert_eq!(program.segments[1].content.len(), 0x80);
}

#[test]
fn each_refusal_has_its_reason() {
    let read =
        |kind, entry, segments: &[_]| Program::read(&file(kind, entry, segments)).expect_err("bad");
    assert_eq!(read(3, 0x10_0000, &[CODE]), Refusal::NotForThisMachine);
    let mut arm = file(2, 0x10_0000, &[CODE]);
    arm[18] = 183;
    assert_eq!(
        Program::read(&arm).expect_err("arm"),
        Refusal::NotForThisMachine
    );
    assert_eq!(read(2, 0x10_0100, &[CODE]), Refusal::Entry(0x10_0100));
    assert_eq!(read(2, 0, &[(4, 4, 0, 9, 9)]), Refusal::NoSegments);
    assert_eq!(read(2, 0x10_0000, &[CODE; 17]), Refusal::TooManySegments);
    assert_eq!(
        read(2, 0x10_0000, &[(1, 5, 0x10_0000, 0x101, 0x100)]),
        Refusal::Damaged
    );
    assert_eq!(
        read(2, 0x10_0000, &[(1, 5, 0x10_0000, 4096, 4096)]),
        Refusal::Damaged
    );
    assert_eq!(
        read(2, 0x10_0000, &[(1, 5, u64::MAX, 1, 0x100)]),
        Refusal::Damaged
    );
    assert!(matches!(
        read(2, 0x10_0000, &[CODE, CODE]),
        Refusal::Taken(_, "another part of it")
    ));
    assert_eq!(
        Program::read(b"\x7fELF\x01\x01\x01").expect_err("32 bits"),
        Refusal::NotForThisMachine
    );
    assert_eq!(Program::read(b"").expect_err("empty"), Refusal::Damaged);
    assert_eq!(
        Program::read(b"#!/bin/sh\n").expect_err("script"),
        Refusal::Damaged
    );
}

#[test]
fn places_are_checked() {
    let f = file(2, 0x10_0000, &[CODE, DATA]);
    let program = Program::read(&f).expect("good");
    let mut free = Memory::new();
    free.add(Region::new(0x10_0000, 0x10_3000));
    assert_eq!(
        program.occupy(&mut free, &[]),
        Err(Refusal::NoMemory(Region::new(0x10_1000, 0x10_4000)))
    );
    free.add(Region::new(0x10_0000, 0x20_0000));
    let kernel = (Region::new(0x10_3fff, 0x10_5000), "the kernel");
    assert!(matches!(
        program.occupy(&mut free, &[kernel]),
        Err(Refusal::Taken(_, "the kernel"))
    ));
    assert_eq!(program.occupy(&mut free, &[]), Ok(()));
    assert_eq!(
        free.iter().collect::<Vec<_>>(),
        [Region::new(0x10_4000, 0x20_0000)]
    );
    assert!(matches!(
        program.occupy(&mut free, &[]),
        Err(Refusal::NoMemory(_))
    ));
}

#[test]
fn random_damage_never_panics() {
    let good = file(2, 0x10_0000, &[CODE, DATA]);
    let mut seed = 3u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for _ in 0..50_000 {
        let mut bad = good.clone();
        for _ in 0..=random() % 6 {
            let at = random() % 180;
            bad[at] = random() as u8;
        }
        bad.truncate(random() % 2000);
        let _ = Program::read(&bad);
    }
}
