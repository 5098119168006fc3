//! The block of boot records, word by word: what programs of other makers find in it.

use l4::abi::bootinfo::{ELF64, EXECUTABLE, MAGIC, MODULE, VERSION};
use l4::abi::kip::{BOOT_INFO, MemoryType};
use l4::kip;

use crate::harness::{Failure, Outcome, check, equal, hex};
use crate::pf::touch;

/// Bytes of a record of each type, without its command line.
const fn size_of(kind: u64) -> Option<u64> {
    match kind {
        MODULE => Some(0x30),
        EXECUTABLE => Some(0x80),
        _ => None,
    }
}

/// Where the command line's offset stands.
const fn line_at(kind: u64) -> u64 {
    if kind == MODULE { 0x28 } else { 0x78 }
}

/// A record.
#[derive(Clone, Copy)]
struct Record {
    at: u64,
}

impl Record {
    fn word(self, offset: u64) -> u64 {
        touch::read(self.at + offset)
    }

    fn words<const N: usize>(self, offset: u64) -> [u64; N] {
        core::array::from_fn(|index| self.word(offset + 8 * index as u64))
    }

    fn kind(self) -> u64 {
        self.word(0)
    }

    /// The command line up to its zero byte.
    fn line(self) -> &'static str {
        let start = self.at + self.word(line_at(self.kind()));
        // SAFETY: a byte of the block, which the space has mapped for good.
        let byte = |at: u64| unsafe { (at as *const u8).read_volatile() };
        let length = (start..end()).take_while(|at| byte(*at) != 0).count();
        // SAFETY: bytes of the block, which nobody writes.
        let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, length) };
        core::str::from_utf8(bytes).unwrap_or("?")
    }
}

/// The block. The root task has it, since it asked for its arguments.
fn block() -> Record {
    Record {
        at: kip::kip().boot_info,
    }
}

fn end() -> u64 {
    block().at + block().word(0x10)
}

fn count() -> u64 {
    block().word(0x20)
}

/// The records as their offsets chain them.
fn records() -> impl Iterator<Item = Record> {
    let first = Record {
        at: block().at + block().word(0x18),
    };
    let next = |record: &Record| {
        Some(Record {
            at: record.at + record.word(0x10),
        })
    };
    core::iter::successors(Some(first), next).take(count() as usize)
}

/// Magic, version and the rest of the eight words.
pub(super) fn header() -> Outcome {
    let [magic, version, size, first, entries, rest @ ..] = block().words::<8>(0);
    hex("magic", magic, MAGIC)?;
    equal("version", version, VERSION)?;
    hex("first record", first, 0x40)?;
    check("two programs at least", entries >= 2)?;
    check("room for them", size >= 0x40 + 2 * 0x80)?;
    equal("reserved", rest, [0; 3])
}

/// Each record is of a known type, aligned, and followed by its command line; the last ends where the block does.
pub(super) fn chain() -> Outcome {
    let mut last = block().at + 0x40;
    for record in records() {
        hex("where it begins", record.at, last)?;
        hex("alignment", record.at % 8, 0)?;
        let Some(size) = size_of(record.kind()) else {
            return Err(Failure::new(format_args!("type {:#x}", record.kind())));
        };
        equal("version", record.word(8), VERSION)?;
        hex(
            "the line's offset",
            record.word(line_at(record.kind())),
            size,
        )?;
        let taken = size + record.line().len() as u64 + 1;
        let next = record.word(0x10);
        hex("the next one's offset", next, taken.next_multiple_of(8))?;
        last = record.at + next;
    }
    hex("the end", last, end())
}

/// sigma0 and the root task come first, with their parts where they run.
pub(super) fn programs() -> Outcome {
    let page = kip::kip();
    let servers = [(page.sigma0, "sigma0"), (page.root, l4::args())];
    for ((server, line), record) in servers.into_iter().zip(records()) {
        hex("type", record.kind(), EXECUTABLE)?;
        equal("line", record.line(), line)?;
        let [ip, flags, label] = record.words(0x60);
        hex("ip", ip, server.ip)?;
        equal("class and label", (flags, label), (ELF64, 0))?;
        hex("sp", server.sp, 0)?;
        for part in [0x18, 0x30, 0x48] {
            let [physical, virt, size] = record.words(part);
            hex("virtual address", virt, physical)?;
            check("inside the image", physical >= server.low)?;
            check("inside the image", physical + size <= server.high)?;
        }
        let [text, _, size] = record.words(0x18);
        check("ip in the code", (text..text + size).contains(&ip))?;
        let [[data, _, data_size], [bss, _, _]] = [0x30, 0x48].map(|part| record.words(part));
        hex("zeros behind the data", bss, data + data_size)?;
    }
    let more = records().skip(2).filter(|record| record.kind() != MODULE);
    equal("programs beside them", more.count(), 0)
}

/// All of the block is the loader's memory, and its page has nothing else.
pub(super) fn place() -> Outcome {
    let kind = kip::memory_kind(block().at, end() - 1);
    equal("kind", kind, Some((MemoryType::BOOT, BOOT_INFO)))?;
    hex("alignment", block().at % 4096, 0)?;
    for word in (end()..end().next_multiple_of(4096)).step_by(8) {
        hex("behind the records", touch::read(word), 0)?;
    }
    Ok(())
}
