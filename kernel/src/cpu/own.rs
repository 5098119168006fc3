//! A cell for what only one CPU touches.

use core::cell::{Cell, UnsafeCell};

/// State of one CPU, used on that CPU with interrupts off. `with` lends it for a moment; lending it again
/// meanwhile is a bug of the kernel, which the debug kernel catches.
pub(crate) struct CpuCell<T> {
    value: UnsafeCell<T>,
    lent: Cell<bool>,
}

impl<T> CpuCell<T> {
    /// A cell that holds `value`.
    pub(crate) const fn new(value: T) -> Self {
        Self {
            value: UnsafeCell::new(value),
            lent: Cell::new(false),
        }
    }

    /// Lends the value to `work`. This CPU, interrupts off.
    #[inline(always)]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        debug_assert!(!self.lent.replace(true), "a CPU's own state is lent twice");
        // SAFETY: only the owning CPU comes here, with interrupts off, and `lent` shows (in the debug kernel)
        // that no frame below holds the value; so this is the only reference.
        let result = work(unsafe { &mut *self.value.get() });
        if cfg!(debug_assertions) {
            self.lent.set(false);
        }
        result
    }
}
