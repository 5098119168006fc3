//! BOOT01xx: boot images that the kernel must refuse, each with its exit code and a line that says why.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_image::Image;
use pecan_vm::{End, Exit, Machine};
use std::fs;
use std::sync::Arc;

/// Makes the image of a test; `None` boots without one.
type Spoil = fn(&Built) -> Result<Option<Vec<u8>>, Failed>;

struct Case {
    id: &'static str,
    /// A word that the kernel's error line must have.
    says: &'static str,
    spoil: Spoil,
}

const CASES: [Case; 13] = [
    Case {
        id: "BOOT0101",
        says: "image",
        spoil: |_| Ok(None),
    },
    Case {
        id: "BOOT0102",
        says: "tar",
        spoil: |_| Ok(Some(vec![0xa5; 9000])),
    },
    Case {
        id: "BOOT0103",
        says: "sigma0",
        spoil: |built| only(built, "root"),
    },
    Case {
        id: "BOOT0104",
        says: "root",
        spoil: |built| only(built, "sigma0"),
    },
    Case {
        id: "BOOT0105",
        says: "checksum",
        spoil: one_bit,
    },
    Case {
        id: "BOOT0106",
        says: "",
        spoil: |built| with(built, |image| image.truncate(image.len() / 2)),
    },
    Case {
        id: "BOOT0107",
        says: "size",
        spoil: |built| with(built, |image| other_size(image)),
    },
    Case {
        id: "BOOT0108",
        says: "manifest",
        spoil: |built| with(built, |image| drop(image.drain(..1024))),
    },
    Case {
        id: "BOOT0109",
        says: "ELF",
        spoil: |_| pack(vec![b'x'; 600], vec![b'y'; 600]),
    },
    Case {
        id: "BOOT0110",
        says: "x86-64",
        spoil: |built| root_with(built, |elf| elf[18] = 3),
    },
    Case {
        id: "BOOT0111",
        says: "root",
        spoil: |built| root_with(built, |elf| patch(elf, 32, u64::MAX / 2)),
    },
    Case {
        id: "BOOT0112",
        says: "root",
        spoil: |built| root_with(built, |elf| patch(elf, 24, 0x20_0000)),
    },
    Case {
        id: "BOOT0113",
        says: "root",
        spoil: |built| root_with(built, |elf| patch(elf, 24, 1 << 40)),
    },
];

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let refused = |case: Case| {
        let built = built.clone();
        Trial::test(format!("image::{}", case.id), move || {
            refused(&built, &case)
        })
    };
    let mut trials: Vec<Trial> = CASES.into_iter().map(refused).collect();
    let other = built.clone();
    trials.push(Trial::test("image::BOOT0114", move || overlapping(&other)));
    let other = built.clone();
    trials.push(Trial::test("image::BOOT0115", move || too_large(&other)));
    trials
}

fn refused(built: &Built, case: &Case) -> Result<(), Failed> {
    let image = (case.spoil)(built)?;
    let story = built.boot(&Machine::new(2), image.as_deref(), "")?;
    if story.end != End::Exit(Exit::BadImage) {
        return Err(fail("the kernel did not refuse the image", &story));
    }
    let explained = story
        .lines
        .iter()
        .any(|line| line.contains("ERROR") && line.contains(case.says));
    if explained {
        Ok(())
    } else {
        Err(fail(&format!("no error line with `{}`", case.says), &story))
    }
}

/// Two programs at the same place.
fn overlapping(built: &Built) -> Result<(), Failed> {
    let spoil: Spoil = |built| pack(read(built, "root")?, read(built, "root")?);
    refused(
        built,
        &Case {
            id: "",
            says: "where sigma0 is",
            spoil,
        },
    )
}

/// An image that leaves no room for what the kernel needs.
fn too_large(built: &Built) -> Result<(), Failed> {
    let mut image = Image::of(read(built, "sigma0")?, read(built, "root")?)?;
    image.add("ballast", vec![1; 50 << 20])?;
    let machine = Machine {
        memory_mib: 64,
        ..Machine::new(2)
    };
    let story = built.boot(&machine, Some(&image.pack()?), "")?;
    let explained = story.lines.iter().any(|line| line.contains("ERROR"));
    let refused = matches!(story.end, End::Exit(Exit::BadImage | Exit::NoMemory));
    if explained && refused {
        Ok(())
    } else {
        Err(fail("the kernel did not refuse the image", &story))
    }
}

fn read(built: &Built, program: &str) -> Result<Vec<u8>, Failed> {
    Ok(fs::read(built.program(program)?)?)
}

fn pack(sigma0: Vec<u8>, root: Vec<u8>) -> Result<Option<Vec<u8>>, Failed> {
    Ok(Some(Image::of(sigma0, root)?.pack()?))
}

fn only(built: &Built, program: &str) -> Result<Option<Vec<u8>>, Failed> {
    let mut image = Image::new();
    image.add(program, read(built, program)?)?;
    Ok(Some(image.pack()?))
}

fn with(built: &Built, spoil: impl FnOnce(&mut Vec<u8>)) -> Result<Option<Vec<u8>>, Failed> {
    let mut image = built.image("root")?;
    spoil(&mut image);
    Ok(Some(image))
}

fn one_bit(built: &Built) -> Result<Option<Vec<u8>>, Failed> {
    // The manifest's header and text and the header of sigma0 take 512 bytes each.
    with(built, |image| image[3 * 512 + 700] ^= 0x10)
}

/// Makes the manifest say that sigma0 is longer than it is; a digit more shifts nothing in the archive.
fn other_size(image: &mut [u8]) {
    let digit = 512 + "sigma0 ".len();
    image[digit] = if image[digit] == b'9' {
        b'8'
    } else {
        image[digit] + 1
    };
}

fn root_with(built: &Built, spoil: impl FnOnce(&mut [u8])) -> Result<Option<Vec<u8>>, Failed> {
    let mut root = read(built, "root")?;
    spoil(&mut root);
    pack(read(built, "sigma0")?, root)
}

/// Sets a field of all loadable segments: 24 is the physical address, 32 the size in the file.
fn patch(elf: &mut [u8], field: usize, value: u64) {
    let word =
        |elf: &[u8], at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap_or_default());
    let (table, count) = (word(elf, 32) as usize, usize::from(elf[56]));
    for segment in (0..count).map(|index| table + 56 * index) {
        if elf[segment..segment + 4] == [1, 0, 0, 0] {
            elf[segment + field..segment + field + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
}
