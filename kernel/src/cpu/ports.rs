//! The ports that programs may use on this CPU: the bitmap behind its task state.
//!
//! The bitmap keeps some ports of one space, those that its threads used last on this CPU, as a TLB keeps pages: a
//! space has none of its own. A thread that uses another port, or the first thread of another space, faults, and the
//! kernel looks into the mapping tree. While no thread of the space runs, the bitmap is switched off, but stays.
//!
//! Who takes ports from the space lets this CPU forget them before that counts as done (`space::shootdown`).

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

use pecan_rules::ports::{Bitmap, Ports, WORDS};

use crate::arch::x86_64::port_bitmap;

/// What of which space the bitmap allows.
pub(crate) struct PortMap {
    bitmap: Bitmap<'static>,
    /// Root of the space; 0 for none, and then the bitmap is off. Others read it.
    space: AtomicU64,
}

impl PortMap {
    /// No ports, in a bitmap at `words`, which is this CPU's alone.
    pub(super) fn new(words: &'static [Cell<u64>; WORDS]) -> Self {
        Self {
            bitmap: Bitmap::new(words),
            space: AtomicU64::new(0),
        }
    }

    /// Root of the space whose ports these are; 0 for none. A hint from elsewhere: exact after a fence, as for the
    /// loaded root.
    pub(crate) fn space(&self) -> u64 {
        self.space.load(Ordering::Relaxed)
    }

    /// Whether the bitmap, on or off, has these ports for the space with that root. This CPU, interrupts off.
    pub(crate) fn allows(&self, root: u64, ports: Ports) -> bool {
        self.space() == root && self.bitmap.allows(ports)
    }

    /// Adds ports of the space with that root, after all others are gone if they were another's. This CPU, interrupts
    /// off, under the lock of who has which port.
    pub(crate) fn allow(&self, root: u64, ports: Ports) {
        if self.space() != root {
            self.forget();
            self.space.store(root, Ordering::Relaxed);
        }
        self.bitmap.allow(ports);
    }

    /// Nobody may use any port until somebody faults. This CPU, interrupts off.
    pub(crate) fn forget(&self) {
        if self.space() != 0 {
            port_bitmap::switch_off();
            self.bitmap.forbid_all();
            self.space.store(0, Ordering::Relaxed);
        }
    }
}
