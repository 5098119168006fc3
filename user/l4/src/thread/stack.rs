//! Stacks for threads: static memory that can be taken once.

use core::cell::UnsafeCell;
use core::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};

/// A stack of `SIZE` bytes (a multiple of 16, at least 8 KiB for code that prints).
///
/// ```
/// static STACK: l4::Stack<8192> = l4::Stack::new();
/// ```
#[repr(C, align(16))]
pub struct Stack<const SIZE: usize> {
    memory: UnsafeCell<[u8; SIZE]>,
    taken: AtomicBool,
}

// SAFETY: the memory is reached only through `take`, which succeeds once at a time.
unsafe impl<const SIZE: usize> Sync for Stack<SIZE> {}

impl<const SIZE: usize> Stack<SIZE> {
    /// A stack that nobody uses. The size is checked when the program is compiled.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(
                SIZE.is_multiple_of(16) && SIZE >= 1024,
                "a stack is a multiple of 16 and at least 1 KiB"
            )
        };
        Self {
            memory: UnsafeCell::new([0; SIZE]),
            taken: AtomicBool::new(false),
        }
    }

    /// Takes the stack: its end, where a new thread's stack pointer starts. `None` if it is in use.
    pub(super) fn take(&'static self) -> Option<*mut u64> {
        let free = self
            .taken
            .compare_exchange(false, true, Acquire, Acquire)
            .is_ok();
        free.then(|| self.memory.get().cast::<u8>().wrapping_add(SIZE).cast())
    }

    /// Makes the stack free again.
    ///
    /// # Safety
    /// The thread that ran on it is deleted.
    pub unsafe fn release(&self) {
        self.taken.store(false, Release);
    }
}

impl<const SIZE: usize> Default for Stack<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Stack;

    #[test]
    fn a_stack_is_taken_once() {
        static STACK: Stack<1024> = Stack::new();
        let top = STACK.take().expect("nobody has it");
        assert_eq!(top as usize, &raw const STACK as usize + 1024);
        assert_eq!(top as usize % 16, 0);
        assert_eq!(STACK.take(), None);
        // SAFETY: no thread runs on it.
        unsafe { STACK.release() };
        assert!(STACK.take().is_some());
    }
}
