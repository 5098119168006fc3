//! Save areas: quarters of frames.
//!
//! ```text
//!    0  x87 control word ..  24  MXCSR ..  512  XSAVE header ..  576  AVX ..  832  end
//! ```

use crate::arch::x86_64::pool::Pool;
use crate::memory::physmap;

/// Bytes of an area: what x87, SSE and AVX need, rounded up to a quarter of a frame.
const SIZE: u64 = 1024;

/// Offset and value after reset.
const CONTROL_WORD: (usize, u16) = (0, 0x37f);
/// Offset and value after reset.
const MXCSR: (usize, u32) = (24, 0x1f80);
/// Offset of the header's first word, which says that x87 and SSE state are there.
const HEADER: (usize, u64) = (512, 0b11);

static POOL: Pool = Pool::new(SIZE);

/// The memory where a thread's registers are saved.
#[derive(Clone, Copy)]
pub(crate) struct Area(u64);

impl Area {
    /// An area with the state after reset; `None` without memory. Interrupts off.
    pub(super) fn fresh() -> Option<Self> {
        let area = Self(POOL.take()?);
        // SAFETY: the area is 1 KiB that belongs to nobody else.
        unsafe { area.memory().write_bytes(0, SIZE as usize) };
        area.put(CONTROL_WORD);
        area.put(MXCSR);
        area.put(HEADER);
        Some(area)
    }

    /// Where the CPU finds it; aligned as it wants it.
    pub(super) fn memory(self) -> *mut u8 {
        physmap::to_virt(self.0)
    }

    /// Gives it back; no thread has it any more. Interrupts off.
    pub(super) fn release(self) {
        POOL.give_back(self.0);
    }

    fn put<T>(self, (offset, value): (usize, T)) {
        // SAFETY: all offsets used here are inside the area.
        let place = unsafe { self.memory().add(offset) }.cast::<T>();
        // SAFETY: the area is 1 KiB of the kernel's memory, and the offsets are aligned for their types.
        unsafe { place.write(value) };
    }
}
