//! A thread's first steps. On its home CPU, interrupts off.

use pecan_abi::protocol::START_WORDS;
use pecan_abi::tag::Tag;

use super::{Again, Owned, Resources, STACK_TOP_OFFSET, Tcb};
use crate::arch::x86_64::entry::frame::{RESERVED, RESUME_FLAG, USER_FLAGS, UserFrame, canonical};
use crate::cpu::segments::{USER_CODE, USER_DATA};
use crate::ipc::fault;

/// A tag that stands for "no start message: instruction and stack pointer are set".
pub(super) const STARTED: Tag = Tag::new(0, 0, 0);

/// Interrupts on, and the bit that is always set.
const START_FLAGS: u64 = 0x202;
/// Input and output without asking: what old programs assume.
const IOPL3: u64 = 0x3000;

/// The words at the top of the thread's kernel stack with which it returns to user mode.
///
/// They are there while the thread is not in user mode; whoever changes them changes what it returns to.
pub(crate) fn frame(thread: &Tcb) -> *mut UserFrame {
    (thread.block_address() + STACK_TOP_OFFSET - RESERVED + 8) as *mut UserFrame
}

/// The user frame of a thread that is in the kernel or does not run.
pub(crate) fn with_frame<R>(thread: Owned, work: impl FnOnce(&mut UserFrame) -> R) -> R {
    // SAFETY: the frame lies in the thread's own block; the thread lives here and is in the kernel, so nobody else
    // uses the words now.
    work(unsafe { &mut *frame(&thread) })
}

/// A frame with the user's selectors and flags, and nothing else.
pub(super) fn empty_frame(thread: Owned) {
    let flags = START_FLAGS | if crate::start::compatible() { IOPL3 } else { 0 };
    with_frame(thread, |frame| {
        *frame = UserFrame {
            ip: 0,
            cs: u64::from(USER_CODE),
            flags,
            sp: 0,
            ss: u64::from(USER_DATA),
        };
    });
}

/// Sets where the thread goes on in user mode. A breakpoint that it has passed is not the one of another place.
pub(crate) fn set_frame(thread: Owned, ip: u64, sp: u64) {
    with_frame(thread, |frame| {
        if frame.ip != canonical(ip) {
            frame.flags &= !RESUME_FLAG;
        }
        frame.ip = canonical(ip);
        frame.sp = sp;
    });
}

/// Replaces the flags that a user may replace.
pub(crate) fn set_flags(thread: Owned, flags: u64) {
    with_frame(thread, |frame| {
        frame.flags = (frame.flags & !USER_FLAGS) | (flags & USER_FLAGS)
    });
}

/// The thread runs for the first time. Its start message, if it got one with two words, says where it begins; otherwise
/// ExchangeRegisters or nobody has set that (L4 X.2, thread start).
pub(crate) extern "sysv64" fn begin(_me: *const Tcb) {
    let me = Owned::current();
    if me.again.get() != Again::Nothing {
        // Who sends the message came along with it.
        fault::go_on(me);
    }
    me.resources.set(me.resources.get() & !Resources::INSIDE);
    let tag = Tag::from_raw(me.utcb.get().mr(0));
    if !tag.is_error() && tag.untyped() == START_WORDS && tag.typed() == 0 && me.from.get() != 0 {
        set_frame(me, me.utcb.get().mr(1), me.utcb.get().mr(2));
    }
}
