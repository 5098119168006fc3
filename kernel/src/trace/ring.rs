//! The rings: an array of records for each CPU, which the CPU alone writes, and the directory that says where they are.
//!
//! Nobody in the kernel reads them. Whoever looks at the machine's memory may do so at any moment: a record is counted
//! when it is whole.

use core::sync::atomic::{AtomicU64, Ordering};

use pecan_abi::trace::{Event, LINE_WORDS, MAGIC, RECORD_WORDS, RECORDS, Record};

use crate::arch::x86_64::clock;
use crate::cpu;
use crate::memory::{layout, physmap, reserve};
use crate::start;

/// The most CPUs that the kernel can name.
const MOST: usize = 1024;
const FRAMES: usize = (RECORDS * RECORD_WORDS * 8).div_ceil(layout::PAGE as usize);

/// The words of a record, or of a line of the directory.
type Words<const N: usize> = [AtomicU64; N];

/// See `pecan_abi::trace`.
#[repr(C, align(64))]
struct Directory {
    head: Words<LINE_WORDS>,
    cpus: [Words<LINE_WORDS>; MOST],
}

/// Where a reader looks first.
#[used]
#[unsafe(export_name = "PECAN_TRACE")]
static DIRECTORY: Directory = Directory {
    head: [const { AtomicU64::new(0) }; LINE_WORDS],
    cpus: [const { [const { AtomicU64::new(0) }; LINE_WORDS] }; MOST],
};

/// Makes a ring for each CPU. Boot CPU, before the others start.
///
/// # Panics
/// When the kernel's reserve cannot hold them.
pub(super) fn begin() {
    for (index, [ring, _, apic_id, ..]) in DIRECTORY.cpus.iter().enumerate() {
        let Some(cpu) = cpu::get(index) else { break };
        let Some(frames) = reserve::allocate_contiguous(FRAMES) else {
            panic!("no memory for the trace of CPU {index}: give more with kmem=");
        };
        apic_id.store(u64::from(cpu.apic_id), Ordering::Relaxed);
        ring.store(frames.phys(), Ordering::Relaxed);
    }
    let [magic, cpus, records, khz, user_base, ..] = &DIRECTORY.head;
    cpus.store(cpu::count() as u64, Ordering::Relaxed);
    records.store(RECORDS as u64, Ordering::Relaxed);
    khz.store(clock::khz(), Ordering::Relaxed);
    user_base.store(u64::from(start::user_base()), Ordering::Relaxed);
    magic.store(MAGIC, Ordering::Release);
}

/// Writes an event into this CPU's ring, over the oldest if it is full. Interrupts off.
pub(super) fn record(event: Event) {
    let [ring, written, ..] = &DIRECTORY.cpus[usize::from(cpu::current().index)];
    let phys = ring.load(Ordering::Relaxed);
    if phys == 0 {
        return;
    }
    let number = written.load(Ordering::Relaxed);
    let record = Record {
        time: clock::now_ticks(),
        number,
        event,
    };
    let place = place(phys, number as usize % RECORDS);
    for (word, value) in place.iter().zip(record.to_raw()) {
        word.store(value, Ordering::Relaxed);
    }
    written.store(number + 1, Ordering::Release);
}

/// The record with this index in the ring at `phys`.
fn place(phys: u64, index: usize) -> &'static Words<RECORD_WORDS> {
    let ring: *const Words<RECORD_WORDS> = physmap::to_virt(phys).cast();
    let record = ring.wrapping_add(index);
    // SAFETY: `begin` has allocated as many records as RECORDS there, which are never freed, and the index is below that.
    unsafe { &*record }
}
