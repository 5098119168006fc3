//! Whose threads one may change.

use l4::abi::exregs as bit;
use l4::abi::schedule::ThreadState;
use l4::syscall::Registers;
use l4::{ThreadId, ipc, schedule, thread, utcb};

use super::{NOTHING, refuses};
use crate::harness::raw::{self, UNTOUCHED, Verdict, refused};
use crate::harness::regular::spin;
use crate::harness::{Outcome, board, equal, hex, until, worker};

/// The pager's space may exchange registers of a thread in another space.
pub(super) fn other_space_by_its_pager() -> Outcome {
    let id = worker::start(worker::away(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    let (verdict, old) = raw::control(id, bit::RECEIVE | bit::SEND);
    hex("result", verdict.result, l4::abi::layout::UTCB_AREA + 512)?;
    hex("control", old.control, bit::RECEIVE)
}

/// sigma0 is not this space's to change, nor is root a stranger's.
pub(super) fn other_space_refused() -> Outcome {
    refuses(l4::kip::sigma0().raw())?;
    let call = |id| raw::control(ThreadId::from_raw(id), 0).0.pack();
    let got = worker::perform(worker::away(), call, l4::kip::root().raw())?;
    equal("a stranger's call", Verdict::unpack(got), refused(2))?;
    let neighbour = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let got = worker::perform(worker::away(), call, neighbour.raw())?;
    equal("a neighbour's call", Verdict::unpack(got), refused(2))
}

pub(super) fn oneself() -> Outcome {
    let me = thread::myself();
    let new = Registers {
        control: bit::SET_HANDLE,
        handle: 99,
        ..NOTHING
    };
    let (verdict, old) = raw::exchange(me.raw(), new);
    hex("result", verdict.result, utcb::my().mr0() as u64)?;
    hex("control", old.control, 0)?;
    hex("handle", utcb::my().user_handle(), 99)
}

fn stop_a_spinner(id: u64) -> u64 {
    raw::control(ThreadId::from_raw(id), bit::HALT_VALID | bit::HALT)
        .0
        .error
}

/// It takes no privilege to change a thread of one's own space.
pub(super) fn unprivileged_in_its_own_space() -> Outcome {
    let id = worker::start(worker::away().priority(50), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    let plan = worker::here().in_space_of(id);
    let error = worker::perform(plan, stop_a_spinner, id.raw())?;
    hex("ErrorCode", error, UNTOUCHED)?;
    equal("state", schedule::state(id), Ok(ThreadState::Inactive))
}
