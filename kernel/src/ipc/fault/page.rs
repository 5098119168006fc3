//! Page faults (L4 X.2, page-fault protocol).

use pecan_abi::acceptor::Acceptor;
use pecan_abi::fpage::Rights;
use pecan_abi::protocol::PageFault;

use super::call::{Outcome, call};
use crate::cpu;
use crate::ipc::short;
use crate::sched;
use crate::space::Role;
use crate::thread::{Aside, Field, Owned, Resources, State, Tcb};
use crate::trace;

/// Bits of the CPU's error code.
const WRITE: u64 = 1 << 1;
const FETCH: u64 = 1 << 4;

/// `me`, which runs in user mode, touched `address` with the instruction at `ip`: its pager is asked to do something about
/// it, then the instruction is executed again. `error` is the CPU's error code. Returns the pager, if it is to run and nothing is left
/// to do but [`short::served`]; `aside` is for that. Else null: that was all.
#[inline(always)]
pub(crate) fn raise(
    me: Owned,
    error: u64,
    ip: u64,
    address: u64,
    aside: &mut Aside<1>,
) -> *const Tcb {
    trace::faults(&me, error, ip, address);
    let is_owners = me.space().is_some_and(|space| space.role() == Role::Sigma0);
    let fault = PageFault {
        access: access(error),
        address,
        ip,
    };
    if !is_owners && let Some(pager) = short::fault(me, cpu::current(), fault, aside) {
        return pager.as_ptr();
    }
    raise_general(me, error, ip, address);
    sched::leave_interrupt(cpu::current(), me);
    core::ptr::null()
}

/// As [`raise`], whoever `me` is and whatever its pager does.
#[inline(never)]
pub(crate) fn raise_general(me: Owned, error: u64, ip: u64, address: u64) {
    let space = me.space();
    if let Some(space) = space.filter(|space| space.role() == Role::Sigma0) {
        if !space.serve_sigma0(address) {
            log::error!("sigma0 touched {address:#x}, which it cannot have, at {ip:#x}");
            stop(me);
        }
        return;
    }
    let fault = PageFault {
        access: access(error),
        address,
        ip,
    };
    if ask(me, fault) == Outcome::Nobody {
        unserved(me, address);
    }
}

/// What the CPU wanted to do.
#[inline(always)]
fn access(error: u64) -> Rights {
    if error & FETCH != 0 {
        Rights::EXECUTE
    } else if error & WRITE != 0 {
        Rights::WRITE
    } else {
        Rights::READ
    }
}

/// The pager of `me` went away instead of answering, or there is none.
#[cold]
#[inline(never)]
pub(in crate::ipc) fn unserved(me: Owned, address: u64) {
    log::debug!(
        "thread {:x} stopped: nobody serves its fault at {address:#x}",
        me.id()
    );
    stop(me);
}

/// Asks the pager of `me` to do something about `fault`.
#[inline(never)]
pub(crate) fn ask(me: Owned, fault: PageFault) -> Outcome {
    let pager = me.utcb.get().get(Field::PAGER);
    let mut aside = Aside::new(fault.words());
    call(me, pager, &mut aside, Acceptor::COMPLETE_WINDOW)
}

/// Stops `me` until somebody resumes it by ExchangeRegisters.
pub(super) fn stop(me: Owned) {
    let cpu = cpu::current();
    me.resources.set(me.resources.get() | Resources::HALTED);
    me.set_state(cpu, State::Halted);
    sched::preempt(cpu, me);
}
