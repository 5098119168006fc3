//! Makes the per-CPU blocks, on the boot CPU, before the other CPUs start.
//!
//! ```text
//! frame 0..1   the Cpu struct
//! frame 2..3   the I/O permission bitmap
//! frame 4      the byte that ends the bitmap; the stack for debug exceptions; that for double faults and non-maskable
//!              interrupts
//! frame 5..8   the dispatcher's stack
//! ```

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use pecan_rules::ports::WORDS;

use super::block::Cpu;
use super::ports::PortMap;
use crate::memory::{layout, physmap, reserve};

/// The most CPUs that the kernel can name. The array costs eight bytes each.
pub(crate) const MAX_CPUS: usize = 1024;

const STRUCT_FRAMES: usize = 2;
const PORT_FRAMES: usize = 2;
const FAULT_FRAMES: usize = 1;
const DISPATCHER_FRAMES: usize = 4;
/// What a debug exception needs, the CPU's five words and one more, above the bitmap's last byte.
const DEBUG_STACK: usize = 64;
const FRAMES: usize = STRUCT_FRAMES + PORT_FRAMES + FAULT_FRAMES + DISPATCHER_FRAMES;
const FRAME: usize = 4096;

/// Bytes from the Cpu struct to the I/O permission bitmap.
pub(super) const STRUCT_SIZE: usize = STRUCT_FRAMES * FRAME;
/// Bytes of the bitmap, with the byte that ends it.
pub(super) const BITMAP_SIZE: usize = 8 * WORDS + 1;

const _: () = assert!(size_of::<Cpu>() <= STRUCT_SIZE);
const _: () = assert!(8 * WORDS == PORT_FRAMES * FRAME);
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
    let fault_stack = base + (STRUCT_FRAMES + PORT_FRAMES + FAULT_FRAMES) * FRAME;
    let dispatcher_stack = base + FRAMES * FRAME;
    let block = base as *mut Cpu;
    let value = Cpu::new(
        block,
        index as u16,
        apic_id,
        dispatcher_stack as u64,
        fault_stack as u64,
        (fault_stack - FAULT_FRAMES * FRAME + DEBUG_STACK) as u64,
        PortMap::new(bitmap(base)),
    );
    // SAFETY: the frames are fresh, contiguous, and large enough (asserted above).
    unsafe { block.write(value) };
    CPUS[index].store(block, Ordering::Release);
    COUNT.fetch_max(index + 1, Ordering::AcqRel);
}

/// The I/O permission bitmap of the block at `base`, after its end is marked: the processor may look a byte beyond it.
fn bitmap(base: usize) -> &'static [Cell<u64>; WORDS] {
    let words = (base + STRUCT_SIZE) as *const [Cell<u64>; WORDS];
    let end = (base + STRUCT_SIZE + 8 * WORDS) as *mut u8;
    // SAFETY: the lowest byte of the fault stack, which is fresh and grows from its other end.
    unsafe { end.write(0xff) };
    // SAFETY: fresh frames, aligned, that nothing else refers to, and never freed.
    unsafe { &*words }
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
