//! What happened on each CPU, written down for who looks at it later (`cargo xtask trace`).
//!
//! A kernel without the feature `trace` has nothing of this, not an instruction. One with it has no straight line for common
//! messages, which has no room for more: they go the general way. What is written is in `pecan_abi::trace`.
//!
//! * `ring` a CPU's memory of it
//!
//! All functions: this CPU, interrupts off.

#[cfg(feature = "trace")]
mod ring;

#[cfg(feature = "trace")]
use pecan_abi::trace::{Access, Event, Source};

#[cfg(feature = "trace")]
use crate::arch::x86_64::apic::vector;
use crate::arch::x86_64::entry::frame::Frame;
use crate::thread::{Owned, Tcb};

/// Whether this kernel writes down what happens.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    // The straight line stays in the kernel, whose other parts know its labels: the compiler must not see that nobody takes it.
    cfg!(feature = "trace") && core::hint::black_box(true)
}

/// Makes the rings. Boot CPU, before the others start and before any thread runs.
#[inline(always)]
pub(crate) fn begin() {
    #[cfg(feature = "trace")]
    ring::begin();
}

/// The dispatcher begins.
#[inline(always)]
pub(crate) fn dispatches() {
    #[cfg(feature = "trace")]
    ring::record(Event::Dispatch);
}

/// The CPU is about to halt.
#[inline(always)]
pub(crate) fn halts() {
    #[cfg(feature = "trace")]
    ring::record(Event::Idle);
}

/// `receiver` has got the message of `sender`.
#[inline(always)]
pub(crate) fn delivered(_sender: &Tcb, _receiver: Owned, _tag: u64) {
    #[cfg(feature = "trace")]
    ring::record(Event::Deliver {
        from: _sender.id(),
        to: _receiver.id(),
        tag: _tag,
    });
}

/// The message of `sender`, which it has noted, sets out for CPU `there`.
#[inline(always)]
pub(crate) fn asks(_sender: &Tcb, _there: u16) {
    #[cfg(feature = "trace")]
    ring::record(Event::Ask {
        from: _sender.id(),
        to: _sender.send_to.get(),
        cpu: u64::from(_there),
    });
}

/// `me`, or the kernel in a copy for it, has touched a page that cannot be used so, at `address`; `error` is the CPU's error code.
#[inline(always)]
pub(crate) fn faults(_me: &Tcb, _error: u64, _ip: u64, _address: u64) {
    #[cfg(feature = "trace")]
    ring::record(Event::Fault {
        thread: _me.id(),
        address: _address,
        ip: _ip,
        access: access(_error),
    });
}

/// `me` has raised another exception.
#[inline(always)]
pub(crate) fn excepts(_me: &Tcb, _frame: &Frame) {
    #[cfg(feature = "trace")]
    ring::record(Event::Exception {
        thread: _me.id(),
        ip: _frame.ip,
        vector: _frame.vector as u8,
    });
}

/// An interrupt with this vector is taken.
#[inline(always)]
pub(crate) fn interrupted(_vector: u8) {
    #[cfg(feature = "trace")]
    ring::record(Event::Interrupt {
        source: source(_vector),
        line: u64::from(_vector.saturating_sub(vector::FIRST_LINE)),
    });
}

/// An interrupt is sent to the CPU with this APIC id.
#[inline(always)]
pub(crate) fn rings(_apic_id: u32, _vector: u8) {
    #[cfg(feature = "trace")]
    ring::record(Event::Ipi {
        apic_id: u64::from(_apic_id),
        source: source(_vector),
    });
}

/// `thread` is the running thread from now on. Called by [`crate::arch::x86_64::switch`].
#[cfg(feature = "trace")]
pub(crate) extern "sysv64" fn runs(thread: Owned) {
    ring::record(Event::Run {
        thread: thread.id(),
        space: thread.space().map_or(0, |space| space.root()),
    });
}

#[cfg(feature = "trace")]
const fn source(vector: u8) -> Source {
    match vector {
        vector::TIMER => Source::Timer,
        vector::DOORBELL => Source::Doorbell,
        vector::PING => Source::Ping,
        vector::PASSED => Source::Passed,
        vector::FIRST_LINE..=vector::LAST_LINE => Source::Line,
        _ => Source::Other,
    }
}

/// From the error code of a page fault.
#[cfg(feature = "trace")]
const fn access(error: u64) -> Access {
    const WRITE: u64 = 1 << 1;
    const FETCH: u64 = 1 << 4;
    if error & FETCH != 0 {
        Access::Execute
    } else if error & WRITE != 0 {
        Access::Write
    } else {
        Access::Read
    }
}
