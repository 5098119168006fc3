//! Makes the per-CPU blocks, on the boot CPU, before the other CPUs start.
//!
//! ```text
//! frame 0..1   the Cpu struct
//! frame 2      stack for double faults and non-maskable interrupts; its lowest bytes are that for debug exceptions
//! frame 3..6   the dispatcher's stack
//! ```

use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use super::block::Cpu;
use crate::memory::{layout, physmap, reserve};

/// The most CPUs that the kernel can name. The array costs eight bytes each.
pub(crate) const MAX_CPUS: usize = 1024;

const STRUCT_FRAMES: usize = 2;
const FAULT_FRAMES: usize = 1;
const DISPATCHER_FRAMES: usize = 4;
/// What a debug exception needs: the CPU's five words, and one more.
const DEBUG_STACK: usize = 64;
const FRAMES: usize = STRUCT_FRAMES + FAULT_FRAMES + DISPATCHER_FRAMES;
const FRAME: usize = 4096;

const _: () = assert!(size_of::<Cpu>() <= STRUCT_FRAMES * FRAME);
const _: () = assert!(FRAMES * FRAME <= 64 * 1024, "a CPU costs at most 64 KiB");
const _: () = assert!(
    layout::WINDOW_BASE + MAX_CPUS as u64 * layout::WINDOW_STRIDE <= layout::TCB_BASE,
    "every CPU has a window"
);

static CPUS: [AtomicPtr<Cpu>; MAX_CPUS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; MAX_CPUS];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Makes the block of CPU `index` with the given local-APIC id. Boot CPU, before the others start.
///
/// # Panics
/// When the kernel's reserve cannot hold the block: the machine cannot boot then.
pub(crate) fn create(index: usize, apic_id: u32) {
    assert!(index < MAX_CPUS, "the kernel can name {MAX_CPUS} CPUs");
    let Some(frames) = reserve::allocate_contiguous(FRAMES) else {
        panic!("no memory for the block of CPU {index}: give more with kmem=");
    };
    let base = physmap::to_virt(frames.phys()) as usize;
    let fault_stack = base + (STRUCT_FRAMES + FAULT_FRAMES) * FRAME;
    let dispatcher_stack = base + FRAMES * FRAME;
    let block = base as *mut Cpu;
    let value = Cpu::new(
        block,
        index as u16,
        apic_id,
        dispatcher_stack as u64,
        fault_stack as u64,
        (fault_stack - FAULT_FRAMES * FRAME + DEBUG_STACK) as u64,
    );
    // SAFETY: the frames are fresh, contiguous, and large enough (asserted above).
    unsafe { block.write(value) };
    CPUS[index].store(block, Ordering::Release);
    COUNT.fetch_max(index + 1, Ordering::AcqRel);
}

/// How many CPUs there are.
pub(crate) fn count() -> usize {
    COUNT.load(Ordering::Acquire)
}

/// The block of CPU `index`, for its atomic fields; `None` if there is no such CPU.
pub(crate) fn get(index: usize) -> Option<&'static Cpu> {
    let block = CPUS.get(index)?.load(Ordering::Acquire);
    // SAFETY: non-null blocks are complete (Release above) and never freed.
    unsafe { block.as_ref() }
}

/// Top of the stack on which CPU `index` may boot: its dispatcher's.
pub(crate) fn boot_stack_top(index: usize) -> u64 {
    get(index).map_or(0, Cpu::dispatcher_stack)
}

/// Whether the boot CPU's block is loaded, so that [`super::current`] works.
pub(super) fn installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// Notes that a block is loaded.
pub(super) fn note_installed() {
    INSTALLED.store(true, Ordering::Relaxed);
}
