//! Boot records: what the kernel loaded beside itself (L4 X.2, BootInfo).
//!
//! A header of [`HEADER_SIZE`] bytes and then records, each with the offset to the next one, in one block of memory. Each
//! record is followed by its command line, closed by a zero byte. [`Writer`] builds a block, [`Reader`] walks through one.

/// First word of the header.
pub const MAGIC: u64 = 0x14B0_021D;
/// Version of header and records.
pub const VERSION: u64 = 1;
/// Size of the header in bytes.
pub const HEADER_SIZE: usize = 64;
/// Record type of a [`Module`].
pub const MODULE: u64 = 1;
/// Record type of an [`Executable`].
pub const EXECUTABLE: u64 = 2;
/// Value of [`Executable::flags`] for a 64-bit ELF file.
pub const ELF64: u64 = 2;

const MODULE_SIZE: usize = 0x30;
const EXECUTABLE_SIZE: usize = 0x80;
/// Type, version and offset to the next record.
const RECORD_HEAD: usize = 0x18;

/// The header of a block of boot records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Size of the whole block in bytes.
    pub size: u64,
    /// Offset of the first record in bytes.
    pub first: u64,
    /// Number of records.
    pub entries: u64,
}

impl Header {
    /// The words of the header.
    #[inline]
    pub const fn words(self) -> [u64; 8] {
        [MAGIC, VERSION, self.size, self.first, self.entries, 0, 0, 0]
    }

    /// The header in eight words; `None` if magic or version are not right.
    #[inline]
    pub const fn from_words(words: [u64; 8]) -> Option<Self> {
        if words[0] != MAGIC || words[1] != VERSION {
            return None;
        }
        Some(Self {
            size: words[2],
            first: words[3],
            entries: words[4],
        })
    }
}

/// A region of an executable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Region {
    /// Physical address.
    pub physical: u64,
    /// Virtual address.
    pub virt: u64,
    /// Size in bytes.
    pub size: u64,
}

/// A file that was loaded as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Module {
    /// Physical address.
    pub start: u64,
    /// Size in bytes.
    pub size: u64,
}

/// A program that was loaded to where it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Executable {
    /// Code.
    pub text: Region,
    /// Initialised data.
    pub data: Region,
    /// Zeroed data.
    pub bss: Region,
    /// Entry point.
    pub ip: u64,
    /// Class of the file: [`ELF64`].
    pub flags: u64,
    /// A word for programs.
    pub label: u64,
}

/// A boot record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// A file.
    Module(Module),
    /// A program.
    Executable(Executable),
    /// A record of another type, which is the payload.
    Other(u64),
}

mod read;
mod write;

pub use read::Reader;
pub use write::Writer;
