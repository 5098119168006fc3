//! Executables: what has to be loaded where.

use crate::memory_map::Memory;
use crate::regions::Region;
use arrayvec::ArrayVec;
use core::fmt::{self, Display, Formatter};
use elf::ElfBytes;
use elf::abi::{EM_X86_64, ET_EXEC, PF_W, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::Class;

/// How a 32-bit ELF file begins.
const ELF32: &[u8] = b"\x7fELF\x01";

/// Most segments that a program can have.
pub const SEGMENT_LIMIT: usize = 16;

/// A part of a program in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Where it is loaded.
    pub physical: Region,
    /// Where it is linked to run.
    pub virt: u64,
    /// Its first bytes; zeros follow up to the end of `physical`.
    pub content: &'a [u8],
    /// Is it written?
    pub writable: bool,
    /// Is it executed?
    pub executable: bool,
}

/// A checked executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program<'a> {
    /// Where it starts.
    pub entry: u64,
    /// What to load, in the file's order; not empty.
    pub segments: ArrayVec<Segment<'a>, SEGMENT_LIMIT>,
}

/// Why a file cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no intact ELF file.
    Damaged,
    /// It is not a 64-bit executable for x86-64, linked to a fixed address.
    NotForThisMachine,
    /// It has nothing to load.
    NoSegments,
    /// It has more than [`SEGMENT_LIMIT`] segments to load.
    TooManySegments,
    /// Its entry is not in one of its segments.
    Entry(u64),
    /// A segment lies where there is no memory, or not enough.
    NoMemory(Region),
    /// A segment lies where something else is: the kernel, the archive, or another program.
    Taken(Region, &'static str),
}

impl Display for Refusal {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let range = |region: &Region| (region.start, region.end - 1);
        match self {
            Self::Damaged => write!(to, "is no intact ELF file"),
            Self::NotForThisMachine => {
                write!(to, "is no ELF64 executable for x86-64 with fixed addresses")
            }
            Self::NoSegments => write!(to, "has nothing to load"),
            Self::TooManySegments => write!(to, "has more than {SEGMENT_LIMIT} segments"),
            Self::Entry(entry) => write!(to, "starts at {entry:#x}, outside of its segments"),
            Self::NoMemory(region) => {
                let (low, high) = range(region);
                write!(
                    to,
                    "wants to be loaded to {low:#x}-{high:#x}, where there is not enough memory"
                )
            }
            Self::Taken(region, by) => {
                let (low, high) = range(region);
                write!(
                    to,
                    "wants to be loaded to {low:#x}-{high:#x}, where {by} is"
                )
            }
        }
    }
}

impl<'a> Program<'a> {
    /// Reads and checks an ELF file.
    ///
    /// # Errors
    /// Anything that is not a well-formed, statically linked x86-64 executable.
    pub fn read(file: &'a [u8]) -> Result<Self, Refusal> {
        if file.starts_with(ELF32) {
            return Err(Refusal::NotForThisMachine);
        }
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file).map_err(|_| Refusal::Damaged)?;
        let header = &elf.ehdr;
        if header.class != Class::ELF64 || header.e_machine != EM_X86_64 || header.e_type != ET_EXEC
        {
            return Err(Refusal::NotForThisMachine);
        }
        let mut segments = ArrayVec::new();
        for part in elf.segments().ok_or(Refusal::NoSegments)?.iter() {
            if part.p_type != PT_LOAD || part.p_memsz == 0 {
                continue;
            }
            let content = elf.segment_data(&part).map_err(|_| Refusal::Damaged)?;
            let end = part
                .p_paddr
                .checked_add(part.p_memsz)
                .ok_or(Refusal::Damaged)?;
            if part.p_filesz > part.p_memsz || part.p_vaddr.checked_add(part.p_memsz).is_none() {
                return Err(Refusal::Damaged);
            }
            let segment = Segment {
                physical: Region::new(part.p_paddr, end),
                virt: part.p_vaddr,
                content,
                writable: part.p_flags & PF_W != 0,
                executable: part.p_flags & PF_X != 0,
            };
            segments
                .try_push(segment)
                .map_err(|_| Refusal::TooManySegments)?;
        }
        let program = Self {
            entry: header.e_entry,
            segments,
        };
        program.check()?;
        Ok(program)
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.segments.is_empty() {
            return Err(Refusal::NoSegments);
        }
        let inside = |part: &Segment<'_>| {
            (part.virt..part.virt + part.physical.size()).contains(&self.entry)
        };
        if !self.segments.iter().any(inside) {
            return Err(Refusal::Entry(self.entry));
        }
        for (number, part) in self.segments.iter().enumerate() {
            if self.segments[..number]
                .iter()
                .any(|other| other.physical.overlaps(part.physical))
            {
                return Err(Refusal::Taken(part.physical, "another part of it"));
            }
        }
        Ok(())
    }

    /// Takes the program's place out of `free` memory; `taken` names regions that are out of it already.
    ///
    /// # Errors
    /// When some of it is not free.
    pub fn occupy(
        &self,
        free: &mut Memory,
        taken: &[(Region, &'static str)],
    ) -> Result<(), Refusal> {
        for part in &self.segments {
            let region = part.physical;
            if region.size() > free.size() {
                return Err(Refusal::NoMemory(region));
            }
            if let Some((_, by)) = taken.iter().find(|(other, _)| other.overlaps(region)) {
                return Err(Refusal::Taken(region, by));
            }
            if !free.contains(region) {
                return Err(Refusal::NoMemory(region));
            }
        }
        for part in &self.segments {
            free.remove(part.physical.outward(4096));
        }
        Ok(())
    }

    /// From the lowest to behind the highest byte that is loaded.
    #[must_use]
    pub fn hull(&self) -> Region {
        let start = self
            .segments
            .iter()
            .map(|part| part.physical.start)
            .min()
            .unwrap_or(0);
        let end = self
            .segments
            .iter()
            .map(|part| part.physical.end)
            .max()
            .unwrap_or(0);
        Region::new(start, end)
    }
}

#[cfg(test)]
mod tests;
