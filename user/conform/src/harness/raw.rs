//! System calls with any words, and what they answer. Calls that change other threads are safe
//! functions here: the threads that they hit are the test's own, and own nothing.

use l4::abi::layout::NOT_GIVEN;
use l4::syscall::{self, Pair, Registers};
use l4::{ThreadId, thread, utcb};

/// Stands in ErrorCode before each call, so that one that leaves it alone is seen.
pub(crate) const UNTOUCHED: u64 = 0x5EED;

/// Result and ErrorCode of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The result word.
    pub(crate) result: u64,
    /// ErrorCode after the call.
    pub(crate) error: u64,
}

/// Success, and ErrorCode unchanged.
pub(crate) const DONE: Verdict = Verdict {
    result: 1,
    error: UNTOUCHED,
};

/// Refusal with an error code.
pub(crate) const fn refused(error: u64) -> Verdict {
    Verdict { result: 0, error }
}

impl Verdict {
    /// Both in one word, for a thread that reports it.
    pub(crate) const fn pack(self) -> u64 {
        self.result << 32 | self.error & 0xFFFF_FFFF
    }

    /// From such a word.
    pub(crate) const fn unpack(word: u64) -> Self {
        Self {
            result: word >> 32,
            error: word & 0xFFFF_FFFF,
        }
    }
}

fn verdict(call: impl FnOnce() -> u64) -> Verdict {
    utcb::my().set_error_code(UNTOUCHED);
    let result = call();
    Verdict {
        result,
        error: utcb::my().error_code(),
    }
}

/// ThreadControl.
pub(crate) fn thread_control(
    dest: u64,
    space: u64,
    scheduler: u64,
    pager: u64,
    utcb: u64,
) -> Verdict {
    // SAFETY: see the module's doc.
    verdict(|| unsafe { syscall::thread_control(dest, space, scheduler, pager, utcb) })
}

/// Creates an inactive thread in `space`.
pub(crate) fn create(dest: ThreadId, space: ThreadId) -> Verdict {
    thread_control(
        dest.raw(),
        space.raw(),
        thread::myself().raw(),
        0,
        NOT_GIVEN,
    )
}

/// Deletes a thread.
pub(crate) fn delete(dest: ThreadId) -> Verdict {
    thread_control(dest.raw(), 0, 0, 0, NOT_GIVEN)
}

/// SpaceControl: the verdict and the old control word.
pub(crate) fn space_control(space: u64, control: u64, kip: u64, utcb: u64) -> (Verdict, u64) {
    let mut pair = Pair {
        first: 0,
        second: 0,
    };
    let verdict = verdict(|| {
        // SAFETY: see the module's doc.
        pair = unsafe { syscall::space_control(space, control, kip, utcb, 0) };
        pair.first
    });
    (verdict, pair.second)
}

/// SpaceControl with nothing but a redirector (any raw id), on a space that has its areas.
pub(crate) fn redirect(space: ThreadId, redirector: u64) -> Verdict {
    // SAFETY: see the module's doc.
    verdict(|| unsafe { syscall::space_control(space.raw(), 0, 0, 0, redirector) }.first)
}

/// MemoryControl with `pages` in MR0...
pub(crate) fn memory_control(pages: &[u64], attributes: [u64; 4]) -> Verdict {
    let utcb = utcb::my();
    for (index, page) in pages.iter().enumerate() {
        utcb.set_mr(index, *page);
    }
    // SAFETY: this thread's UTCB; tests know what they do with their pages.
    verdict(|| unsafe { syscall::memory_control(pages.len() as u64 - 1, attributes, utcb.mr0()) })
}

/// ProcessorControl.
pub(crate) fn processor_control(processor: u64, values: [u64; 3]) -> Verdict {
    let [internal, external, voltage] = values;
    verdict(|| syscall::processor_control(processor, internal, external, voltage))
}

/// Sets IntendedReceiver, which only the kernel has reason to do.
pub(crate) fn set_intended_receiver(word: u64) {
    let place = utcb::my()
        .mr0()
        .wrapping_byte_offset(l4::abi::utcb::INTENDED_RECEIVER);
    // SAFETY: a word of this thread's UTCB.
    unsafe { place.write_volatile(word) };
}

/// ExchangeRegisters: the verdict, whose result is the other id, and the old values.
pub(crate) fn exchange(dest: u64, new: Registers) -> (Verdict, Registers) {
    let mut old = Registers::default();
    let verdict = verdict(|| {
        // SAFETY: see the module's doc.
        let (id, values) = unsafe { syscall::exchange_registers(dest, new) };
        old = values;
        id
    });
    (verdict, old)
}

/// ExchangeRegisters with nothing but control bits.
pub(crate) fn control(dest: ThreadId, control: u64) -> (Verdict, Registers) {
    exchange(
        dest.raw(),
        Registers {
            control,
            ..Registers::default()
        },
    )
}

/// Schedule with dest, time, processor, priority, preemption.
pub(crate) fn schedule(words: [u64; 5]) -> (Verdict, u64) {
    let [dest, time, processor, priority, preemption] = words;
    let mut old = 0;
    let verdict = verdict(|| {
        let (state, time) = syscall::schedule(dest, time, processor, priority, preemption);
        old = time;
        state
    });
    (verdict, old)
}
