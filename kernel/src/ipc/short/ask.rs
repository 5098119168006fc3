//! A message of words to a thread of another CPU: its request goes there. On the caller's CPU, interrupts off.

use core::ptr;

use pecan_abi::tag::Tag;
use pecan_abi::time::{Time, Timeouts};
use pecan_smp::protocol::Kind;

use super::alone::receive;
use crate::cpu;
use crate::ipc::Request;
use crate::ipc::entry::system_call as general;
use crate::ipc::remote::send;
use crate::sched;
use crate::thread::{Owned, Tcb, TcbRef};

/// What keeps a message from this way.
const RARE: u64 = Tag::TYPED_MASK | Tag::PROPAGATED;

/// The IPC system call that the straight line left because `partner`, the thread `to`, does not wait on this CPU. Returns who
/// runs next, as [`crate::ipc::entry::system_call`]: the caller itself, if the answer comes while the CPU looks for it.
pub(crate) extern "sysv64" fn ask(
    me: Owned,
    to: u64,
    from: u64,
    partner: TcbRef,
    timeouts: u64,
    tag: u64,
) -> *const Tcb {
    let cpu = cpu::current();
    // Nobody is in the first slot, which lives somewhere, too: then there is nothing to send.
    if to == 0 {
        return receive(me, cpu, from, timeouts)
            .unwrap_or_else(|| general(me, to, from, 0, timeouts, tag));
    }
    let times = Timeouts::from_raw(timeouts);
    let is_timeless =
        times.recv() == Time::NEVER && matches!(times.send(), Time::NEVER | Time::ZERO);
    let is_common = is_timeless
        && tag & RARE == 0
        && me.resources.get() == 0
        && me.senders.get().front().is_none();
    if !is_common {
        return general(me, to, from, 0, timeouts, tag);
    }
    let Some(there) = cpu::get(usize::from(partner.home())).filter(|there| !ptr::eq(*there, cpu))
    else {
        return general(me, to, from, 0, timeouts, tag);
    };
    Request::new(to, from, timeouts, tag).note(&me);
    me.transfer_error.set(0);
    me.receive_aborted.set(false);
    // Who runs has no deadline, and none is set.
    debug_assert_eq!(me.deadline.get(), u64::MAX);
    me.request.begin();
    me.set_asking(cpu);
    send(cpu, there, &me.request_node, Kind::Request);
    sched::after_block(cpu)
}
