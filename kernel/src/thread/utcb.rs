//! The kernel's view of a UTCB: an alias of MR0 in the physical map, which needs no user mapping.
//!
//! User code of the same space may write the UTCB at any time, so every access is volatile and no value is read twice
//! where that would matter.

use core::arch::asm;

use pecan_abi::utcb::{self, PreemptFlags};

/// The kernel alias of a thread's MR0. UTCB memory lives as long as the thread's space.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct UtcbRef(*mut u64);

/// A word of the UTCB below MR0, as a byte offset from MR0.
#[derive(Clone, Copy)]
pub(crate) struct Field(isize);

impl Field {
    pub(crate) const MY_GLOBAL_ID: Self = Self(utcb::MY_GLOBAL_ID);
    pub(crate) const PROCESSOR_NO: Self = Self(utcb::PROCESSOR_NO);
    pub(crate) const USER_HANDLE: Self = Self(utcb::USER_DEFINED_HANDLE);
    pub(crate) const PAGER: Self = Self(utcb::PAGER);
    pub(crate) const EXCEPTION_HANDLER: Self = Self(utcb::EXCEPTION_HANDLER);
    pub(crate) const ERROR_CODE: Self = Self(utcb::ERROR_CODE);
    pub(crate) const XFER_TIMEOUTS: Self = Self(utcb::XFER_TIMEOUTS);
    /// In: for whom a propagated message is sent. Out: who really sent it.
    pub(crate) const VIRTUAL_SENDER: Self = Self(utcb::VIRTUAL_SENDER);
    pub(crate) const INTENDED_RECEIVER: Self = Self(utcb::INTENDED_RECEIVER);
    pub(crate) const BR0: Self = Self(utcb::BR0);

    /// Buffer register `index`, 0 to 32; they descend in memory.
    pub(crate) const fn buffer(index: usize) -> Self {
        Self(utcb::BR0 - 8 * index as isize)
    }
}

impl UtcbRef {
    /// No UTCB: the thread is inactive. Must not be used.
    pub(crate) const fn none() -> Self {
        Self(core::ptr::null_mut())
    }

    /// The UTCB whose MR0 the kernel sees at `mr0`.
    ///
    /// # Safety
    /// `mr0` points 512 bytes into a 1 KiB UTCB in the physical map that stays allocated while the thread lives.
    pub(crate) const unsafe fn new(mr0: *mut u64) -> Self {
        Self(mr0)
    }

    /// MR `index`, 0 to 63.
    #[inline(always)]
    pub(crate) fn mr(self, index: usize) -> u64 {
        debug_assert!(index < 64 && !self.0.is_null());
        // SAFETY: 64 message registers lie behind MR0 (contract of `new`).
        let word = unsafe { self.0.add(index) };
        // SAFETY: the word is allocated, aligned memory.
        unsafe { word.read_volatile() }
    }

    /// Writes MR `index`, 0 to 63.
    #[inline(always)]
    pub(crate) fn set_mr(self, index: usize, value: u64) {
        debug_assert!(index < 64 && !self.0.is_null());
        // SAFETY: 64 message registers lie behind MR0 (contract of `new`).
        let word = unsafe { self.0.add(index) };
        // SAFETY: the word is allocated, aligned memory.
        unsafe { word.write_volatile(value) };
    }

    /// Copies MR1 to MR`count` from another UTCB; `count` at most 63.
    #[inline(always)]
    pub(crate) fn copy_words(self, from: Self, count: usize) {
        debug_assert!(count < 64 && !self.0.is_null() && !from.0.is_null());
        // SAFETY: both UTCBs have 64 message registers behind MR0 (contract of `new`), and `count` is at most 63; the
        // direction flag is clear in the kernel. Users who write meanwhile change only what they see.
        unsafe {
            asm!(
                "rep movsq",
                inout("rcx") count => _,
                inout("rsi") from.0.wrapping_add(1) => _,
                inout("rdi") self.0.wrapping_add(1) => _,
                options(nostack, preserves_flags)
            );
        }
    }

    /// Copies all of another UTCB.
    pub(crate) fn copy_all(self, from: Self) {
        debug_assert!(!self.0.is_null() && !from.0.is_null());
        for offset in (-(utcb::MR0_OFFSET as isize)..(utcb::UTCB_SIZE - utcb::MR0_OFFSET) as isize)
            .step_by(size_of::<u64>())
        {
            self.set(Field(offset), from.get(Field(offset)));
        }
    }

    /// The preemption flags as they are now; one read, one byte.
    #[inline]
    pub(crate) fn preempt_flags(self) -> PreemptFlags {
        let byte = self.preempt_byte();
        // SAFETY: the byte is allocated memory.
        PreemptFlags(unsafe { byte.read_volatile() })
    }

    /// Replaces the preemption flags; the coprocessor flags beside them stay.
    #[inline]
    pub(crate) fn set_preempt_flags(self, flags: PreemptFlags) {
        let byte = self.preempt_byte();
        // SAFETY: the byte is allocated memory.
        unsafe { byte.write_volatile(flags.0) };
    }

    fn preempt_byte(self) -> *mut u8 {
        debug_assert!(!self.0.is_null());
        // SAFETY: the offset is that of a byte in the UTCB's layout, 512 bytes of which lie below MR0.
        unsafe { self.0.byte_offset(utcb::PREEMPT_FLAGS) }.cast()
    }

    /// A word of the UTCB.
    #[inline]
    pub(crate) fn get(self, field: Field) -> u64 {
        // SAFETY: the offsets are those of the UTCB's layout, 512 bytes of which lie below MR0 and 512 from it on.
        let word = unsafe { self.0.byte_offset(field.0) };
        // SAFETY: the word is allocated, aligned memory.
        unsafe { word.read_volatile() }
    }

    /// Writes a word of the UTCB.
    #[inline]
    pub(crate) fn set(self, field: Field, value: u64) {
        // SAFETY: the offsets are those of the UTCB's layout, 512 bytes of which lie below MR0 and 512 from it on.
        let word = unsafe { self.0.byte_offset(field.0) };
        // SAFETY: the word is allocated, aligned memory.
        unsafe { word.write_volatile(value) };
    }
}
