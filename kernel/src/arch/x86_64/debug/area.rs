//! The memory where a thread's debug registers are.

use pecan_rules::debug::DebugRegisters;

use crate::arch::x86_64::pool::Pool;
use crate::memory::physmap;

const SIZE: u64 = 64;
const _: () = assert!(size_of::<DebugRegisters>() <= SIZE as usize);

static POOL: Pool = Pool::new(SIZE);

/// Debug registers of one thread: its physical address.
#[derive(Clone, Copy)]
pub(crate) struct Area(u64);

impl Area {
    /// Registers as after reset; `None` without memory. Interrupts off.
    pub(super) fn fresh() -> Option<Self> {
        let area = Self(POOL.take()?);
        // SAFETY: the area is the caller's alone, large enough and aligned.
        unsafe { area.place().write(DebugRegisters::new()) };
        Some(area)
    }

    /// The registers. On the home CPU of the thread whose they are, for a moment at a time.
    pub(super) fn registers(self) -> &'static mut DebugRegisters {
        // SAFETY: written by `fresh`; the area is one thread's, and only its home CPU comes here.
        unsafe { &mut *self.place() }
    }

    /// Gives it back; no thread has it any more. Interrupts off.
    pub(super) fn release(self) {
        POOL.give_back(self.0);
    }

    fn place(self) -> *mut DebugRegisters {
        physmap::to_virt(self.0).cast()
    }
}
