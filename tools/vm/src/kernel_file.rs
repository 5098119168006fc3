//! Checks on the linked kernel.
//!
//! Boot loaders are silent about what they do not like: a note segment with the wrong alignment makes QEMU
//! start at a wrong address without a word. So what they rely on is checked after every build.

use anyhow::{Context, Result, bail};
use object::elf::{
    FileHeader64, NoteType, PF_W, PF_X, PT_LOAD, PT_NOTE, ProgramHeader64, SHF_ALLOC,
    SHF_EXECINSTR, SHF_WRITE,
};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Where the kernel's first byte is loaded, in bytes from the start of memory.
pub const LOAD_ADDRESS: u64 = 0x20_0000;

/// Note type by which a kernel tells its 32-bit physical entry point to a PVH loader.
const PVH_ENTRY: NoteType = NoteType(18);

/// The section of the stubs of system calls, as in the kernel's link script.
const STUBS: &str = ".user_stubs";

type Header = FileHeader64<LittleEndian>;

/// Refuses a kernel file that a loader would start wrongly or that has pages both writable and executable.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn check(path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let faults =
        faults(&bytes).with_context(|| format!("{} is not an ELF64 file", path.display()))?;
    if !faults.is_empty() {
        bail!(
            "{} would not boot:\n  {}",
            path.display(),
            faults.join("\n  ")
        );
    }
    Ok(())
}

/// The physical address of what the kernel calls `symbol`.
///
/// # Errors
/// When the file cannot be read, or has nothing that is called so.
pub fn physical(path: &Path, symbol: &str) -> Result<u64> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let file = object::File::parse(&*bytes)
        .with_context(|| format!("{} is not an ELF64 file", path.display()))?;
    let address = file
        .symbol_by_name(symbol)
        .with_context(|| format!("{} has no {symbol}", path.display()))?
        .address();
    let header = Header::parse(&*bytes)?;
    let order = header.endian()?;
    header
        .program_headers(order, &*bytes)?
        .iter()
        .filter(|segment| segment.p_type(order) == PT_LOAD)
        .find_map(|segment| {
            let inside = address.checked_sub(segment.p_vaddr(order))?;
            (inside < segment.p_memsz(order)).then(|| segment.p_paddr(order) + inside)
        })
        .with_context(|| format!("{symbol} is at {address:#x}, where nothing is loaded"))
}

/// The addresses of the kernel's code that users run.
///
/// # Errors
/// When the file cannot be read or has none.
pub fn user_stubs(path: &Path) -> Result<Range<u64>> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let file = object::File::parse(&*bytes)?;
    let section = file.section_by_name(STUBS);
    let section = section.with_context(|| format!("{} has no {STUBS}", path.display()))?;
    Ok(section.address()..section.address() + section.size())
}

fn faults(bytes: &[u8]) -> Result<Vec<String>> {
    let header = Header::parse(bytes)?;
    let order = header.endian()?;
    let segments = header.program_headers(order, bytes)?;
    let mut faults = Vec::new();

    for segment in segments
        .iter()
        .filter(|segment| segment.p_type(order) == PT_LOAD)
    {
        if segment.p_flags(order).contains(PF_W | PF_X) {
            faults.push(format!(
                "segment at {:#x} is writable and executable",
                segment.p_vaddr(order)
            ));
        }
    }
    let lowest = segments
        .iter()
        .filter(|segment| segment.p_type(order) == PT_LOAD)
        .map(|s| s.p_paddr(order))
        .min();
    if lowest != Some(LOAD_ADDRESS) {
        faults.push(format!(
            "is loaded at {lowest:x?} instead of {LOAD_ADDRESS:#x}: see the link script"
        ));
    }
    for section in header.sections(order, bytes)?.iter() {
        if section
            .sh_flags(order)
            .contains(SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR)
        {
            faults.push(format!(
                "section at {:#x} is writable and executable",
                section.sh_addr(order)
            ));
        }
    }
    faults.extend(pvh_fault(segments, bytes, order)?);
    Ok(faults)
}

fn pvh_fault(
    segments: &[ProgramHeader64<LittleEndian>],
    bytes: &[u8],
    order: LittleEndian,
) -> Result<Option<String>> {
    for segment in segments
        .iter()
        .filter(|segment| segment.p_type(order) == PT_NOTE)
    {
        let Some(mut notes) = segment.notes(order, bytes)? else {
            continue;
        };
        while let Some(note) = notes.next()? {
            if note.name() == b"Xen" && note.n_type(order) == PVH_ENTRY {
                let align = segment.p_align(order);
                return Ok((align != 4).then(|| {
                    format!("the PVH note's segment has alignment {align}: QEMU reads the entry wrongly unless it is 4")
                }));
            }
        }
    }
    Ok(Some(
        "has no PVH note: `qemu -kernel` finds no entry point".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::{LOAD_ADDRESS, faults};

    /// A file with one loadable segment and one note segment and no sections.
    fn file(load_flags: u32, load_address: u64, note_align: u64, note_type: u32) -> Vec<u8> {
        const NOTE: u64 = 64 + 2 * 56;
        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        let mut put = |words: &[(u64, usize)]| {
            for (value, size) in words {
                bytes.extend(&value.to_le_bytes()[..*size]);
            }
        };
        put(&[
            (2, 2),
            (62, 2),
            (1, 4),
            (0, 8),
            (64, 8),
            (0, 8),
            (0, 4),
            (64, 2),
            (56, 2),
            (2, 2),
            (64, 2),
            (0, 2),
            (0, 2),
        ]);
        put(&[
            (1, 4),
            (load_flags.into(), 4),
            (0, 8),
            (0, 8),
            (load_address, 8),
            (0, 8),
            (0, 8),
            (4096, 8),
        ]);
        put(&[
            (4, 4),
            (4, 4),
            (NOTE, 8),
            (0, 8),
            (0, 8),
            (20, 8),
            (20, 8),
            (note_align, 8),
        ]);
        put(&[
            (4, 4),
            (4, 4),
            (note_type.into(), 4),
            (0x006e_6558, 4),
            (0x20_1000, 4),
        ]);
        bytes
    }

    #[test]
    fn a_good_file_has_no_faults() {
        assert_eq!(
            faults(&file(5, LOAD_ADDRESS, 4, 18)).expect("ELF"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_fault_is_found() {
        for (bytes, words) in [
            (file(7, LOAD_ADDRESS, 4, 18), "writable and executable"),
            (file(5, 0x10_0000, 4, 18), "instead of 0x200000"),
            (file(5, LOAD_ADDRESS, 8, 18), "alignment 8"),
            (file(5, LOAD_ADDRESS, 4, 1), "no PVH note"),
        ] {
            let found = faults(&bytes).expect("ELF");
            assert!(
                found.len() == 1 && found[0].contains(words),
                "{words}: {found:?}"
            );
        }
    }

    #[test]
    fn other_files_are_refused() {
        assert!(faults(b"#!/bin/sh").is_err());
    }
}
