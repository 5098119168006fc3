//! The kernel interface page: what the kernel says about itself and the machine.

use pecan_abi::id::ThreadId;
pub use pecan_abi::kip::Kip;
use pecan_abi::kip::{
    MemoryDescriptor, MemoryInfo, MemoryType, ProcessorDescriptor, ProcessorInfo, ThreadInfo,
};
use pecan_abi::layout;

use crate::syscall;

/// The page, as mapped in the caller's space.
#[must_use]
pub fn kip() -> &'static Kip {
    let page = syscall::page_address() as *const Kip;
    // SAFETY: the start-up code stored the page's address; the kernel maps it readable in every
    // space at the same place and does not change what programs read while they run.
    unsafe { &*page }
}

/// A copy of the value at byte `offset` of the page; `None` if it does not lie inside.
fn entry<T: Copy>(offset: usize) -> Option<T> {
    if !offset.is_multiple_of(align_of::<T>())
        || offset.checked_add(size_of::<T>())? > pecan_abi::kip::KIP_SIZE
    {
        return None;
    }
    let address = core::ptr::from_ref(kip())
        .cast::<u8>()
        .wrapping_add(offset)
        .cast::<T>();
    // SAFETY: inside the page, aligned, and every `T` here is made of plain words.
    Some(unsafe { address.read() })
}

/// Number of CPUs.
#[must_use]
pub fn cpus() -> usize {
    ProcessorInfo::from_raw(kip().processor_info).count as usize
}

/// Frequencies of a CPU; `None` if there is no such CPU.
#[must_use]
pub fn processor(cpu: usize) -> Option<ProcessorDescriptor> {
    let info = ProcessorInfo::from_raw(kip().processor_info);
    if cpu >= info.count as usize {
        return None;
    }
    entry(kip().processor_descriptors as usize + (cpu << info.descriptor_log2))
}

/// The memory descriptors, in the page's order: later ones override earlier ones.
pub fn memory() -> impl Iterator<Item = MemoryDescriptor> {
    let info = MemoryInfo::from_raw(kip().memory_info);
    (0..info.count as usize)
        .map_while(move |index| entry::<[u64; 2]>(info.offset as usize + 16 * index))
        .map(MemoryDescriptor::from_words)
}

/// Type and subtype of the physical memory from `first` to `last`, as the descriptors together have it; `None` if one of them
/// has a part of it only.
#[must_use]
pub fn memory_kind(first: u64, last: u64) -> Option<(MemoryType, u8)> {
    let mut kind = Some((MemoryType::UNDEFINED, 0));
    for memory in memory().filter(|memory| !memory.is_virtual) {
        if memory.low <= first && last <= memory.high {
            kind = Some((memory.kind, memory.subtype));
        } else if memory.low <= last && first <= memory.high {
            kind = None;
        }
    }
    kind
}

/// Thread-number ranges.
#[must_use]
pub fn thread_info() -> ThreadInfo {
    ThreadInfo::from_raw(kip().thread_info)
}

/// sigma0, who owns all memory at first.
#[must_use]
pub fn sigma0() -> ThreadId {
    layout::sigma0(thread_info().user_base)
}

/// The root task's first thread.
#[must_use]
pub fn root() -> ThreadId {
    layout::root(thread_info().user_base)
}
