//! What Pecan offers beyond X.2, for programs that test and measure it: console, end of the machine,
//! kernel counters. Privileged spaces only (sigma0 and the root task), except [`null`].

use pecan_abi::caching::Caching;
use pecan_abi::control as op;
pub use pecan_abi::control::Counter;
pub use pecan_abi::hold::Point;
use pecan_abi::id::ThreadId;

use crate::syscall;

fn run(op: u64, arguments: [u64; 4]) -> Option<u64> {
    let result = syscall::control(op, arguments).first;
    (result != op::REFUSED).then_some(result)
}

/// The shortest way into the kernel and back; allowed in every space. False if there is no such call.
#[inline(always)]
pub fn null() -> bool {
    syscall::control(op::NULL, [0; 4]).first == 0
}

/// Writes to the kernel's console; false (and nothing written) if the space is not privileged.
///
/// The kernel takes 24 bytes at a time, so that output of several CPUs mixes at that grain;
/// [`console`](crate::console) keeps lines together.
pub fn console_write(bytes: &[u8]) -> bool {
    bytes.chunks(op::CONSOLE_MAX).all(|chunk| {
        let [b, c, d] = op::pack(chunk);
        run(op::CONSOLE_WRITE, [chunk.len() as u64, b, c, d]).is_some()
    })
}

/// The next byte typed at the console, if there is one.
#[must_use]
pub fn console_read() -> Option<u8> {
    run(op::CONSOLE_READ, [0; 4]).map(|byte| byte as u8)
}

/// Ends the machine with `code`; returns only if the space is not privileged.
pub fn exit(code: u64) {
    run(op::EXIT, [code, 0, 0, 0]);
}

/// A kernel counter of `cpu`.
#[must_use]
pub fn counter(cpu: usize, counter: Counter) -> Option<u64> {
    run(op::COUNTER, [cpu as u64, counter as u64, 0, 0])
}

/// Time-stamp ticks of one interrupt to `cpu` and back, kernel to kernel; `None` for the caller's own
/// CPU or one that does not exist.
#[must_use]
pub fn ipi_round_trip(cpu: usize) -> Option<u64> {
    run(op::IPI_ROUND_TRIP, [cpu as u64, 0, 0, 0])
}

/// Free 4-KiB frames in the kernel's reserve.
#[must_use]
pub fn free_frames() -> Option<u64> {
    run(op::FREE_FRAMES, [0; 4])
}

/// Messages of this processor's threads go the general way through the kernel from now on, or again the shorter one that most
/// can go. False if the kernel refuses.
#[must_use]
pub fn take_general_way(general: bool) -> bool {
    run(op::GENERAL_WAY, [u64::from(general), 0, 0, 0]).is_some()
}

/// How the page at `address` of the space of `thread` is cached; `None` if nothing is mapped there.
#[must_use]
pub fn caching(thread: ThreadId, address: u64) -> Option<Caching> {
    run(op::CACHING, [address, thread.raw(), 0, 0]).and_then(Caching::from_attribute)
}

/// Holds `cpu` when it has gone past `point` so often; what it was held at before it leaves. False if this is not the
/// debug kernel.
pub fn hold(cpu: usize, point: Point, past: u64) -> bool {
    run(op::HOLD, [cpu as u64, point as u64, past, 0]).is_some()
}

/// Lets `cpu` go on, and not stop any more. False if this is not the debug kernel.
pub fn release(cpu: usize) -> bool {
    run(op::HOLD, [cpu as u64, 0, 0, 0]).is_some()
}

/// Whether `cpu` is held; `None` if this is not the debug kernel.
#[must_use]
pub fn is_held(cpu: usize) -> Option<bool> {
    run(op::HELD, [cpu as u64, 0, 0, 0]).map(|held| held == 1)
}

/// Lets the kernel check its invariants on this CPU; it panics if one is broken.
#[must_use]
pub fn check() -> bool {
    run(op::CHECK, [0; 4]).is_some()
}
