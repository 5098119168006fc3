//! Stand-in for the per-CPU blocks: a boot stack each, nothing else.

use crate::memory::{physmap, reserve};
use core::sync::atomic::{AtomicU64, Ordering};

const STACK_FRAMES: usize = 4;
static STACKS: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

/// Makes the stack of a CPU.
pub(crate) fn create(index: usize, _apic_id: u32) {
    let Some(stack) = reserve::allocate_contiguous(STACK_FRAMES) else { panic!("no memory for CPU {index}") };
    STACKS[index].store(physmap::to_virt(stack.phys()) as u64 + 4096 * STACK_FRAMES as u64, Ordering::Release);
}

/// Top of the stack on which a CPU boots.
pub(crate) fn boot_stack_top(index: usize) -> u64 {
    STACKS[index].load(Ordering::Acquire)
}

/// Loads the block of the CPU that runs this.
pub(crate) fn install(_index: usize) {}

/// The thread that runs on this CPU, for a panic's report.
pub(crate) fn current_thread_raw() -> Option<u64> {
    None
}
