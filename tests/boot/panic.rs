//! BOOT04xx: what a broken kernel says.
//!
//! The kernel is broken on purpose, in a copy of its file: an invalid instruction where a function begins.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use object::{Object, ObjectSegment, ObjectSymbol};
use pecan_vm::report::{self, Report};
use pecan_vm::{End, Exit, Machine, Payload, Story};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::{Builder, TempPath};

/// A function of the kernel that runs once, when the CPUs are set up, and the file that it is in.
const VICTIM: (&str, &str) = ("boot_main", "kernel/src/start.rs:");

/// UD2: an instruction that is guaranteed not to exist.
const INVALID: [u8; 2] = [0x0f, 0x0b];

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let built = built.clone();
    vec![Trial::test("panic::BOOT0401", move || is_explained(&built))]
}

/// The report names CPU and registers, the host adds names, and the machine ends with the panic's own code.
fn is_explained(built: &Built) -> Result<(), Failed> {
    let broken = break_kernel(&built.kernel()?, built.workspace.target())?;
    let payload =
        Payload::new(&broken).with_image(built.workspace.target(), &built.image("root")?)?;
    let story = Story::whole(&built.qemu, &Machine::new(2), &payload)?;
    if story.end != End::Exit(Exit::Panic) {
        return Err(fail("the kernel did not end as after a panic", &story));
    }
    let first = story
        .lines
        .iter()
        .find_map(|line| match report::read(line) {
            Some(Report::Panic(text)) => Some(text),
            _ => None,
        });
    if first.is_none_or(|text| !text.starts_with("cpu 0 thread ")) {
        return Err(fail(
            &format!("the first line of the report is {first:?}"),
            &story,
        ));
    }
    for (what, text) in [("registers", "rip="), ("end", "[panic] end")] {
        if !story.lines.iter().any(|line| line.contains(text)) {
            return Err(fail(&format!("the report has no {what}"), &story));
        }
    }
    let is_named = |line: &String| line.contains(VICTIM.0) && line.contains(VICTIM.1);
    if story.lines.iter().any(is_named) {
        Ok(())
    } else {
        Err(fail("the place is not named", &story))
    }
}

/// A file that is gone again with the value.
fn break_kernel(kernel: &Path, folder: &Path) -> Result<TempPath, Failed> {
    let mut bytes = fs::read(kernel)?;
    let file = object::File::parse(&*bytes)?;
    let named = |name: &str| name.contains(VICTIM.0);
    let function = file
        .symbols()
        .find(|symbol| symbol.name().is_ok_and(named))
        .ok_or("the kernel has no such function")?;
    let address = function.address();
    let offset = file
        .segments()
        .find(|segment| (segment.address()..segment.address() + segment.size()).contains(&address))
        .map(|segment| segment.file_range().0 + (address - segment.address()))
        .ok_or("the function is in no segment")?;
    drop(file);
    let offset = usize::try_from(offset)?;
    bytes[offset..offset + INVALID.len()].copy_from_slice(&INVALID);
    let broken = Builder::new()
        .prefix("broken-kernel-")
        .tempfile_in(folder)?;
    fs::write(&broken, bytes)?;
    Ok(broken.into_temp_path())
}
