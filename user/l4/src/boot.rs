//! What the boot loader brought: the program's command line and the boot modules.
//!
//! The records lie in memory that sigma0 gives out on request, once. The first call here fetches
//! them, so it belongs in the root task; after that every space of the program can read them.

use core::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Release},
};

use pecan_abi::bootinfo::{HEADER_SIZE, Header, Reader, Record};
use pecan_abi::fpage::{Fpage, Rights};

use crate::{kip, pager, sigma0};

/// A boot module: a file of the boot image, at a physical address.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// Its command line; the first word is its name.
    pub command_line: &'static str,
    /// Physical address of the first byte.
    pub start: u64,
    /// Size in bytes.
    pub size: u64,
}

/// The program's command line: what follows ` -- ` on the kernel's. Empty if there is none.
#[must_use]
pub fn args() -> &'static str {
    let ip = kip::kip().root.ip;
    let mine = |record: Record| matches!(record, Record::Executable(program) if program.ip == ip);
    records()
        .find(|(record, _)| mine(*record))
        .map_or("", |(_, line)| line)
}

/// The boot modules, in the order of the boot image.
pub fn modules() -> impl Iterator<Item = Module> {
    records().filter_map(|(record, command_line)| match record {
        Record::Module(module) => Some(Module {
            command_line,
            start: module.start,
            size: module.size,
        }),
        _ => None,
    })
}

impl Module {
    /// The module's content. Asks sigma0 for each of its pages, so one thread should do it, once.
    #[must_use]
    pub fn content(&self) -> Option<&'static [u8]> {
        fetch(self.start, self.size)
    }
}

/// All records with their command lines.
fn records() -> impl Iterator<Item = (Record, &'static str)> {
    let reader = block().and_then(Reader::new);
    reader
        .into_iter()
        .flatten()
        .map(|(record, line)| (record, core::str::from_utf8(line).unwrap_or("")))
}

/// The block of records, fetched on the first call.
fn block() -> Option<&'static [u8]> {
    static SIZE: AtomicUsize = AtomicUsize::new(0);
    let start = kip::kip().boot_info;
    if start == 0 {
        return None;
    }
    if SIZE.load(Acquire) == 0 {
        let header = header(fetch(start, HEADER_SIZE as u64)?)?;
        fetch(start, header.size)?;
        SIZE.store(usize::try_from(header.size).ok()?, Release);
    }
    // SAFETY: fetched, mapped for good in this space, and shared with the others; nobody writes it.
    Some(unsafe { core::slice::from_raw_parts(start as *const u8, SIZE.load(Acquire)) })
}

fn header(bytes: &[u8]) -> Option<Header> {
    let mut words = [0; HEADER_SIZE / 8];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().ok()?);
    }
    Header::from_words(words)
}

/// Maps the pages of `size` bytes at `start` here and shares them with the program's other spaces.
fn fetch(start: u64, size: u64) -> Option<&'static [u8]> {
    let end = start.checked_add(size)?;
    for page in (start & !0xfff..end).step_by(4096) {
        let page = sigma0::request(Fpage::new(page, 12, Rights::FULL)).ok()?;
        // With a full table the content stays visible in the root task's space only.
        let _ = pager::share(page.with_rights(Rights::READ));
    }
    // SAFETY: sigma0 mapped all pages, for good, and gives them to nobody else.
    Some(unsafe { core::slice::from_raw_parts(start as *const u8, usize::try_from(size).ok()?) })
}
