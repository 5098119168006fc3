//! BOOT04xx: files of the boot image, as programs find them.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_image::Image;
use pecan_vm::{End, Exit, Machine};
use std::fs;
use std::sync::Arc;

/// Sizes of files, around the blocks of an archive and the pages of a machine.
const SIZES: [usize; 8] = [1, 511, 512, 513, 4096, 4097, 12_345, 1 << 20];

/// As many files as an archive has beside sigma0 and the root task.
const MOST: usize = 62;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let (first, second) = (built.clone(), built.clone());
    vec![
        Trial::test("modules::BOOT0401", move || {
            are_found(&first, SIZES.to_vec(), &Machine::new(2))
        }),
        Trial::test("modules::BOOT0402", move || {
            are_found(&second, (100..100 + MOST).collect(), &Machine::new(1))
        }),
    ]
}

/// The program `conform` checks what it finds, byte by byte, and says what that was.
fn are_found(built: &Built, sizes: Vec<usize>, machine: &Machine) -> Result<(), Failed> {
    let sigma0 = fs::read(built.program("sigma0")?)?;
    let mut image = Image::of(sigma0, fs::read(built.program("conform")?)?)?;
    for size in &sizes {
        // What a byte should be the program knows.
        let content = (0..*size).map(|index| (index * 7 + size) as u8).collect();
        image.add(&format!("pattern-{size}"), content)?;
    }
    let story = built.boot(machine, Some(&image.pack()?), " -- BI SIG0010 SIG0025")?;
    let said = |size: &usize| {
        let line = format!("[bi] module pattern-{size} of {size} bytes");
        story.lines.contains(&line)
    };
    match story.end {
        End::Exit(Exit::Success) if sizes.iter().all(said) => Ok(()),
        _ => Err(fail("not all files are found", &story)),
    }
}
