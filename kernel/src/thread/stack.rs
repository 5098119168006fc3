//! The end of a thread's kernel stack, just above the TCB.

use super::tcb::Tcb;

/// What the words above the TCB hold, which a stack that grows too far hits first.
const CANARY: u64 = 0x5043_414e_5354_4b21;
/// How many: a quarter KiB that must never be needed.
const RED_ZONE: usize = 32;

impl Tcb {
    /// Whether the kernel stack never came near the TCB.
    pub(crate) fn stack_is_sound(&self) -> bool {
        self.red_zone()
            // SAFETY: the words lie in the block, and nobody writes them but a stack that has grown too far.
            .all(|word| unsafe { word.read_volatile() } == CANARY)
    }

    /// Marks the words that the stack must not reach. Before the thread runs.
    pub(super) fn mark_red_zone(&self) {
        for word in self.red_zone() {
            // SAFETY: the words lie in the block, and the thread has not run.
            unsafe { word.write_volatile(CANARY) };
        }
    }

    fn red_zone(&self) -> impl Iterator<Item = *mut u64> {
        let first = (self.block_address() + size_of::<Self>() as u64) as *mut u64;
        (0..RED_ZONE).map(move |index| first.wrapping_add(index))
    }
}
