//! A memory server as somebody else might write one: linked at another address than ours, and without a book. It gives
//! everybody what they touch, and knows of its memory what the kernel interface page says.
//!
//! Before it serves it tries what the kernel promises to whoever is sigma0: all memory that is not the kernel's is there, one
//! to one, as soon as it is touched.
#![no_std]
#![no_main]

use l4::abi::bootinfo;
use l4::abi::kip::{MemoryDescriptor, MemoryType};
use l4::abi::protocol::{IO_FAULT, PAGE_FAULT, SIGMA0_ANY_BASE, SIGMA0_RPC, class};
use l4::ipc::Received;
use l4::{Caching, Fpage, IoFpage, MapItem, Message, Rights};
use l4::{kip, memory, println, server, thread, utcb};

l4::program!(main);

/// Any memory comes from here on upward: no program is there.
const FIRST: u64 = 64 << 20;

/// The memory is looked at in steps of this.
const STEP: u64 = 2 << 20;

fn main() -> ! {
    assert_eq!(thread::myself(), kip::sigma0(), "who sigma0 is");
    assert!(utcb::my().pager().is_nil(), "nobody pages sigma0");
    let records = read(kip::kip().boot_info);
    assert_eq!(records, bootinfo::MAGIC, "the boot records, by address");
    let blocks = look_around();
    println!("[giver] {blocks} blocks of memory, one to one");
    let mut next = FIRST;
    server::serve(|request| answer(request, &mut next))
}

fn read(address: u64) -> u64 {
    // SAFETY: memory that is nobody's yet, or that nobody writes.
    unsafe { (address as *const u64).read_volatile() }
}

fn is_free(first: u64, last: u64) -> bool {
    kip::memory_kind(first, last).is_some_and(|(kind, _)| kind == MemoryType::CONVENTIONAL)
}

fn top() -> u64 {
    let ram = kip::memory().filter(|memory| memory.kind == MemoryType::CONVENTIONAL);
    ram.filter(|ram| !ram.is_virtual)
        .map(|ram| ram.high)
        .max()
        .unwrap_or(0)
}

/// Writes each free block's address into it, then reads all: no two are the same memory.
fn look_around() -> u64 {
    let blocks = || {
        let all = (FIRST..top()).step_by(STEP as usize);
        all.filter(|block| is_free(*block, *block + STEP - 1))
    };
    for block in blocks() {
        // SAFETY: free memory.
        unsafe { (block as *mut u64).write_volatile(block) };
    }
    assert!(blocks().all(|block| read(block) == block), "one to one");
    blocks().count() as u64
}

/// Some of it is the kernel's.
fn is_kernels(first: u64, last: u64) -> bool {
    let reserved = |memory: &MemoryDescriptor| {
        memory.kind == MemoryType::RESERVED && memory.low <= last && first <= memory.high
    };
    kip::memory().any(|memory| reserved(&memory))
}

fn answer(request: &Received, next: &mut u64) -> Option<Message> {
    let [word, attribute] = [0, 1].map(|index| request.message.word_at(index));
    let class = class(request.message.label());
    let small = Fpage::from_raw(word & u64::from(u32::MAX));
    let ports = IoFpage::from_fpage(small).filter(|ports| ports.raw() == word);
    let item = |send_base, fpage| Some(Message::new(0).map(MapItem { send_base, fpage }));
    match (class, ports) {
        (IO_FAULT | SIGMA0_RPC, Some(ports)) => item(0, ports.fpage()),
        (PAGE_FAULT, _) => {
            let page = Fpage::new(word & !0xFFF, 12, Rights::FULL);
            item(page.base(), page)
        }
        (SIGMA0_RPC, None) => {
            let piece = memory(word, next).filter(|piece| set_caching(*piece, attribute));
            piece.map_or_else(
                || item(0, Fpage::NIL),
                |piece| item(piece.base(), piece.with_rights(Rights::FULL)),
            )
        }
        _ => None,
    }
}

/// What is asked for by address, or else the next free piece of the size.
fn memory(wanted: u64, next: &mut u64) -> Option<Fpage> {
    let wanted = Fpage::from_raw(wanted);
    let log2 = wanted.log2();
    if !(12..47).contains(&log2) {
        return None;
    }
    let size = 1 << log2;
    if wanted.raw() & SIGMA0_ANY_BASE != SIGMA0_ANY_BASE {
        let base = wanted.raw() & SIGMA0_ANY_BASE & !(size - 1);
        let piece = Fpage::new(base, log2, Rights::NONE);
        return (!is_kernels(base, piece.last())).then_some(piece);
    }
    let mut base = next.next_multiple_of(size);
    while !is_free(base, base + size - 1) {
        base += size;
        if base > top() {
            return None;
        }
    }
    *next = base + size;
    Some(Fpage::new(base, log2, Rights::NONE))
}

/// sigma0 may say how memory is cached, as the root task may.
fn set_caching(piece: Fpage, attribute: u64) -> bool {
    let Some(caching) = Caching::from_attribute(attribute) else {
        return false;
    };
    // SAFETY: nothing of this program is in memory that is asked for.
    attribute == 0 || unsafe { memory::set_caching(piece, caching) }.is_ok()
}
