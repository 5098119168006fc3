//! The memory that a thread shares with the kernel (L4 X.2, UTCB and thread control registers).

use core::mem::offset_of;

/// Bytes from the start of a UTCB to message register 0. Local id of a thread = address of its UTCB + this.
pub const MR0_OFFSET: usize = 512;
/// Size and alignment of a UTCB in bytes.
pub const UTCB_SIZE: usize = 1024;
/// Number of message registers.
pub const MESSAGE_REGISTERS: usize = 64;
/// Number of buffer registers.
pub const BUFFER_REGISTERS: usize = 33;
/// Message registers 0 to this - 1 travel in processor registers during IPC.
pub const REGISTER_MRS: usize = 8;

/// A thread's control block at user level. The user can write all of it at any time: the kernel trusts none of it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(1024))]
pub struct Utcb {
    /// Flag word of 32-bit compatibility mode; 0.
    pub compatibility: u64,
    /// Not used.
    pub unused: [u64; 15],
    /// Buffer registers, the highest first: see [`br_index`].
    pub br: [u64; BUFFER_REGISTERS],
    /// Global id of the thread; written by the kernel.
    pub my_global_id: u64,
    /// Number of the processor the thread lives on; written by the kernel.
    pub processor_no: u64,
    /// A word for the user, also reachable through ExchangeRegisters.
    pub user_defined_handle: u64,
    /// Global id of the pager.
    pub pager: u64,
    /// Global id of the exception handler.
    pub exception_handler: u64,
    /// Preemption flags: [`PreemptFlags`].
    pub preempt_flags: u8,
    /// Coprocessor flags.
    pub cop_flags: u8,
    /// Zero.
    pub flags_reserved: [u8; 6],
    /// Error of the last failed system call; written by the kernel.
    pub error_code: u64,
    /// Transfer timeouts: [`crate::time::Timeouts`].
    pub xfer_timeouts: u64,
    /// To whom a redirected message was meant to go; written by the kernel.
    pub intended_receiver: u64,
    /// In: for whom a propagated message is sent. Out: who really sent a propagated message.
    pub virtual_sender: u64,
    /// A word for the user.
    pub thread_word1: u64,
    /// A word for the user.
    pub thread_word0: u64,
    /// Reserved.
    pub reserved: [u64; 2],
    /// All ones below the word size of the partner.
    pub word_size_mask: u64,
    /// Message registers.
    pub mr: [u64; MESSAGE_REGISTERS],
}

impl Utcb {
    /// A UTCB of zeros.
    pub const ZERO: Self = Self {
        compatibility: 0,
        unused: [0; 15],
        br: [0; BUFFER_REGISTERS],
        my_global_id: 0,
        processor_no: 0,
        user_defined_handle: 0,
        pager: 0,
        exception_handler: 0,
        preempt_flags: 0,
        cop_flags: 0,
        flags_reserved: [0; 6],
        error_code: 0,
        xfer_timeouts: 0,
        intended_receiver: 0,
        virtual_sender: 0,
        thread_word1: 0,
        thread_word0: 0,
        reserved: [0; 2],
        word_size_mask: 0,
        mr: [0; MESSAGE_REGISTERS],
    };
}

/// Index in [`Utcb::br`] of buffer register `n` (0-32): the registers descend in memory. Above 32 the result wraps.
#[inline]
pub const fn br_index(n: usize) -> usize {
    (BUFFER_REGISTERS - 1).wrapping_sub(n)
}

/// Offset in bytes from message register 0, as the user's view through gs has it.
const fn from_mr0(offset: usize) -> isize {
    offset as isize - MR0_OFFSET as isize
}

/// Offset from message register 0 of buffer register 0; register n lies 8 n bytes below.
pub const BR0: isize = from_mr0(offset_of!(Utcb, br) + 8 * br_index(0));
/// Offset from message register 0 of the thread's global id.
pub const MY_GLOBAL_ID: isize = from_mr0(offset_of!(Utcb, my_global_id));
/// Offset from message register 0 of the processor number.
pub const PROCESSOR_NO: isize = from_mr0(offset_of!(Utcb, processor_no));
/// Offset from message register 0 of the user-defined handle.
pub const USER_DEFINED_HANDLE: isize = from_mr0(offset_of!(Utcb, user_defined_handle));
/// Offset from message register 0 of the pager.
pub const PAGER: isize = from_mr0(offset_of!(Utcb, pager));
/// Offset from message register 0 of the exception handler.
pub const EXCEPTION_HANDLER: isize = from_mr0(offset_of!(Utcb, exception_handler));
/// Offset from message register 0 of the preemption flags (one byte).
pub const PREEMPT_FLAGS: isize = from_mr0(offset_of!(Utcb, preempt_flags));
/// Offset from message register 0 of the coprocessor flags (one byte).
pub const COP_FLAGS: isize = from_mr0(offset_of!(Utcb, cop_flags));
/// Offset from message register 0 of the error code.
pub const ERROR_CODE: isize = from_mr0(offset_of!(Utcb, error_code));
/// Offset from message register 0 of the transfer timeouts.
pub const XFER_TIMEOUTS: isize = from_mr0(offset_of!(Utcb, xfer_timeouts));
/// Offset from message register 0 of the intended receiver.
pub const INTENDED_RECEIVER: isize = from_mr0(offset_of!(Utcb, intended_receiver));
/// Offset from message register 0 of the virtual or actual sender.
pub const VIRTUAL_SENDER: isize = from_mr0(offset_of!(Utcb, virtual_sender));
/// Offset from message register 0 of the user's word 1.
pub const THREAD_WORD1: isize = from_mr0(offset_of!(Utcb, thread_word1));
/// Offset from message register 0 of the user's word 0.
pub const THREAD_WORD0: isize = from_mr0(offset_of!(Utcb, thread_word0));
/// Offset from message register 0 of the word-size mask.
pub const WORD_SIZE_MASK: isize = from_mr0(offset_of!(Utcb, word_size_mask));

const _: () = {
    assert!(size_of::<Utcb>() == UTCB_SIZE && align_of::<Utcb>() == UTCB_SIZE);
    assert!(offset_of!(Utcb, mr) == MR0_OFFSET && offset_of!(Utcb, br) == 128);
    assert!(
        BR0 == -128 && MY_GLOBAL_ID == -120 && PROCESSOR_NO == -112 && USER_DEFINED_HANDLE == -104
    );
    assert!(PAGER == -96 && EXCEPTION_HANDLER == -88 && PREEMPT_FLAGS == -80 && COP_FLAGS == -79);
    assert!(
        ERROR_CODE == -72
            && XFER_TIMEOUTS == -64
            && INTENDED_RECEIVER == -56
            && VIRTUAL_SENDER == -48
    );
    assert!(THREAD_WORD1 == -40 && THREAD_WORD0 == -32 && WORD_SIZE_MASK == -8);
};

/// The preemption flags of a thread.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct PreemptFlags(pub u8);

impl PreemptFlags {
    /// Preemptions are reported to the scheduler.
    pub const SIGNAL: u8 = 1 << 5;
    /// Preemption is to be delayed.
    pub const DELAY: u8 = 1 << 6;
    /// A delayed preemption became pending; set by the kernel, cleared by the user.
    pub const PENDING: u8 = 1 << 7;

    /// Are all of `bits` set?
    #[inline]
    pub const fn contains(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_from_the_start_of_the_utcb() {
        assert_eq!(offset_of!(Utcb, my_global_id), 392);
        assert_eq!(offset_of!(Utcb, preempt_flags), 432);
        assert_eq!(offset_of!(Utcb, cop_flags), 433);
        assert_eq!(offset_of!(Utcb, error_code), 440);
        assert_eq!(offset_of!(Utcb, virtual_sender), 464);
        assert_eq!(offset_of!(Utcb, word_size_mask), 504);
    }

    #[test]
    fn buffer_registers_descend() {
        assert_eq!((br_index(0), br_index(1), br_index(32)), (32, 31, 0));
        for n in 0..BUFFER_REGISTERS {
            assert_eq!(offset_of!(Utcb, br) + 8 * br_index(n), 384 - 8 * n);
        }
        assert!(br_index(33) >= BUFFER_REGISTERS);
    }

    #[test]
    fn preempt_flags() {
        assert_eq!(
            (
                PreemptFlags::SIGNAL,
                PreemptFlags::DELAY,
                PreemptFlags::PENDING
            ),
            (0x20, 0x40, 0x80)
        );
        assert!(PreemptFlags(0xC0).contains(PreemptFlags::DELAY));
        assert!(!PreemptFlags(0x80).contains(PreemptFlags::DELAY | PreemptFlags::PENDING));
    }
}
