//! The calling thread's UTCB: message registers, buffer registers, and the words it shares with the
//! kernel. The kernel reads most of them when it needs them, so a change takes effect at once.

use core::arch::asm;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use pecan_abi::acceptor::Acceptor;
use pecan_abi::id::ThreadId;
use pecan_abi::tag::Tag;
use pecan_abi::time::Timeouts;
use pecan_abi::utcb as offset;
pub use pecan_abi::utcb::PreemptFlags;
pub use pecan_abi::utcb::{BUFFER_REGISTERS, MESSAGE_REGISTERS};

/// The UTCB of the thread that called [`my`]. Not to be handed to another thread.
#[derive(Clone, Copy, Debug)]
pub struct Utcb {
    mr0: *mut u64,
}

/// The calling thread's UTCB.
#[inline(always)]
#[must_use]
pub fn my() -> Utcb {
    let mr0;
    // SAFETY: the kernel keeps the local id of the running thread at gs:[0]; it is the same in every
    // read of one thread.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) mr0, options(pure, nomem, nostack, preserves_flags));
    }
    Utcb { mr0 }
}

impl Utcb {
    /// The UTCB whose MR0 is at `mr0`, for code that reads UTCBs of its own space's threads.
    ///
    /// # Safety
    /// `mr0` is the local id of a live thread of this space, and reads race with its writes.
    #[must_use]
    pub const unsafe fn at(mr0: *mut u64) -> Self {
        Self { mr0 }
    }

    /// Address of MR0, which is also the thread's local id.
    #[inline(always)]
    #[must_use]
    pub const fn mr0(self) -> *mut u64 {
        self.mr0
    }

    /// The thread's local id.
    #[inline]
    #[must_use]
    pub fn local_id(self) -> ThreadId {
        ThreadId::local(self.mr0 as u64)
    }

    #[inline]
    fn read(self, offset: isize) -> u64 {
        // SAFETY: all callers pass the offset in bytes of a word inside the 1-KiB UTCB around MR0.
        let address = unsafe { self.mr0.byte_offset(offset) };
        // SAFETY: the UTCB is mapped as long as its thread lives; volatile because the kernel writes it too.
        unsafe { address.read_volatile() }
    }

    #[inline]
    fn write(self, offset: isize, value: u64) {
        // SAFETY: as in `read`.
        let address = unsafe { self.mr0.byte_offset(offset) };
        // SAFETY: as in `read`; nothing of Rust's lies in a UTCB.
        unsafe { address.write_volatile(value) };
    }

    /// Message register `index` (0..64; higher bits are ignored).
    #[inline]
    #[must_use]
    pub fn mr(self, index: usize) -> u64 {
        self.read(8 * (index % MESSAGE_REGISTERS) as isize)
    }

    /// Sets message register `index` (0..64; higher bits are ignored).
    #[inline]
    pub fn set_mr(self, index: usize, value: u64) {
        self.write(8 * (index % MESSAGE_REGISTERS) as isize, value);
    }

    /// MR0 as a tag.
    #[inline]
    #[must_use]
    pub fn tag(self) -> Tag {
        Tag::from_raw(self.mr(0))
    }

    /// Buffer register `index` (0..33, as [`BUFFER_REGISTERS`]; beyond that, BR0).
    #[must_use]
    pub fn br(self, index: usize) -> u64 {
        self.read(Self::br_offset(index))
    }

    /// Sets buffer register `index`.
    ///
    /// # Safety
    /// What the buffer registers accept (mappings into a window, strings into buffers) is written by
    /// the kernel at the next receive: it must not be memory that Rust code uses.
    pub unsafe fn set_br(self, index: usize, value: u64) {
        self.write(Self::br_offset(index), value);
    }

    fn br_offset(index: usize) -> isize {
        let index = if index < BUFFER_REGISTERS {
            index as isize
        } else {
            0
        };
        offset::BR0 - 8 * index
    }

    /// What the thread accepts besides words: BR0.
    #[must_use]
    pub fn acceptor(self) -> Acceptor {
        Acceptor::from_raw(self.br(0))
    }

    /// Sets what the thread accepts; it stays until changed.
    ///
    /// # Safety
    /// As [`Self::set_br`]. [`Acceptor::UNTYPED`] is always fine.
    pub unsafe fn set_acceptor(self, acceptor: Acceptor) {
        // SAFETY: the caller's promise is the same.
        unsafe { self.set_br(0, acceptor.raw()) };
    }

    /// The thread's global id.
    #[inline]
    #[must_use]
    pub fn global_id(self) -> ThreadId {
        ThreadId::from_raw(self.read(offset::MY_GLOBAL_ID))
    }

    /// The CPU that the thread runs on, counted from 0.
    #[inline]
    #[must_use]
    pub fn processor(self) -> usize {
        self.read(offset::PROCESSOR_NO) as usize
    }

    /// The user-defined handle: free use, settable by ExchangeRegisters.
    #[must_use]
    pub fn user_handle(self) -> u64 {
        self.read(offset::USER_DEFINED_HANDLE)
    }

    /// Sets the user-defined handle.
    pub fn set_user_handle(self, handle: u64) {
        self.write(offset::USER_DEFINED_HANDLE, handle);
    }

    /// Who serves the thread's page faults.
    #[must_use]
    pub fn pager(self) -> ThreadId {
        ThreadId::from_raw(self.read(offset::PAGER))
    }

    /// Sets the pager.
    pub fn set_pager(self, pager: ThreadId) {
        self.write(offset::PAGER, pager.raw());
    }

    /// Who serves the thread's exceptions; nil: an exception halts it.
    #[must_use]
    pub fn exception_handler(self) -> ThreadId {
        ThreadId::from_raw(self.read(offset::EXCEPTION_HANDLER))
    }

    /// Sets the exception handler.
    pub fn set_exception_handler(self, handler: ThreadId) {
        self.write(offset::EXCEPTION_HANDLER, handler.raw());
    }

    /// Preemption flags (byte 0, better read by [`Self::preempt_flags`]) and coprocessor flags (byte 1).
    #[must_use]
    pub fn flags(self) -> u64 {
        self.read(offset::PREEMPT_FLAGS)
    }

    /// Sets preemption and coprocessor flags; a flag that the kernel sets meanwhile is lost.
    pub fn set_flags(self, flags: u64) {
        self.write(offset::PREEMPT_FLAGS, flags);
    }

    /// The preemption flags: whether the thread delays and signals preemption, and whether one is pending.
    #[must_use]
    pub fn preempt_flags(self) -> PreemptFlags {
        PreemptFlags(self.preempt_byte().load(Relaxed))
    }

    /// Sets these bits of [`PreemptFlags`]; returns what they all were.
    pub fn set_preempt_bits(self, bits: u8) -> PreemptFlags {
        PreemptFlags(self.preempt_byte().fetch_or(bits, Relaxed))
    }

    /// Clears these bits of [`PreemptFlags`]; returns what they all were.
    pub fn clear_preempt_bits(self, bits: u8) -> PreemptFlags {
        PreemptFlags(self.preempt_byte().fetch_and(!bits, Relaxed))
    }

    /// The byte of the flags. The kernel sets bits in it at any moment, so bits change in one instruction.
    fn preempt_byte<'a>(self) -> &'a AtomicU8 {
        // SAFETY: as in `read`.
        let byte = unsafe { self.mr0.byte_offset(offset::PREEMPT_FLAGS) };
        // SAFETY: the byte lies in the UTCB, which is mapped as long as its thread lives; nothing of Rust's lies there.
        unsafe { AtomicU8::from_ptr(byte.cast()) }
    }

    /// Why the last system call failed.
    #[inline]
    #[must_use]
    pub fn error_code(self) -> u64 {
        self.read(offset::ERROR_CODE)
    }

    /// Sets the error code, so that a test can see whether a call writes it.
    pub fn set_error_code(self, code: u64) {
        self.write(offset::ERROR_CODE, code);
    }

    /// Limits for page faults during string transfer.
    #[must_use]
    pub fn xfer_timeouts(self) -> Timeouts {
        Timeouts::from_raw(self.read(offset::XFER_TIMEOUTS))
    }

    /// Sets the limits for page faults during string transfer.
    pub fn set_xfer_timeouts(self, timeouts: Timeouts) {
        self.write(offset::XFER_TIMEOUTS, timeouts.raw());
    }

    /// For whom the next propagated message is sent; after a propagated receive, who really sent it.
    #[must_use]
    pub fn virtual_sender(self) -> ThreadId {
        ThreadId::from_raw(self.read(offset::VIRTUAL_SENDER))
    }

    /// Sets the virtual sender.
    pub fn set_virtual_sender(self, sender: ThreadId) {
        self.write(offset::VIRTUAL_SENDER, sender.raw());
    }

    /// To whom the message was meant to go that was redirected to this thread last.
    #[must_use]
    pub fn intended_receiver(self) -> ThreadId {
        ThreadId::from_raw(self.read(offset::INTENDED_RECEIVER))
    }

    /// One of the two words that belong to the program (`index` 0, else 1).
    #[must_use]
    pub fn thread_word(self, index: usize) -> u64 {
        self.read(Self::thread_word_offset(index))
    }

    /// Sets one of the two words that belong to the program (`index` 0, else 1).
    pub fn set_thread_word(self, index: usize, value: u64) {
        self.write(Self::thread_word_offset(index), value);
    }

    const fn thread_word_offset(index: usize) -> isize {
        if index == 0 {
            offset::THREAD_WORD0
        } else {
            offset::THREAD_WORD1
        }
    }

    /// The word-size mask: which address bits the last partner's word has.
    #[must_use]
    pub fn word_size_mask(self) -> u64 {
        self.read(offset::WORD_SIZE_MASK)
    }

    /// Sets the word-size mask; a server that compares addresses sets all ones before each receive.
    pub fn set_word_size_mask(self, mask: u64) {
        self.write(offset::WORD_SIZE_MASK, mask);
    }
}
