//! Where registers of threads are saved: frames cut into equal areas, handed out and taken back.

use spin::Mutex;

use crate::memory::{physmap, reserve};

const FRAME: u64 = 4096;

/// Areas of one size. The frames behind them stay the pool's.
pub(super) struct Pool {
    /// The first free area's physical address, or 0; each free area holds the next one's.
    free: Mutex<u64>,
    size: u64,
}

impl Pool {
    /// Areas of `size` bytes, a power of two from 8 to 4096, aligned to that.
    pub(super) const fn new(size: u64) -> Self {
        Self {
            free: Mutex::new(0),
            size,
        }
    }

    /// An area's physical address, with anything in it; `None` without memory. Interrupts off.
    pub(super) fn take(&self) -> Option<u64> {
        let mut free = self.free.lock();
        if *free == 0 {
            let frame = reserve::allocate()?.phys();
            for area in (frame..frame + FRAME).step_by(self.size as usize) {
                link(area).set(*free);
                *free = area;
            }
        }
        let area = *free;
        *free = link(area).get();
        Some(area)
    }

    /// Takes back an area that nobody uses any more. Interrupts off.
    pub(super) fn give_back(&self, area: u64) {
        let mut free = self.free.lock();
        link(area).set(*free);
        *free = area;
    }
}

/// The word in a free area that names the next one.
fn link(area: u64) -> &'static core::cell::Cell<u64> {
    // SAFETY: a free area is the pool's, at least a word long, and used under its lock.
    unsafe { &*physmap::to_virt(area).cast() }
}
