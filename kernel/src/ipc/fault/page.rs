//! Page faults (L4 X.2, page-fault protocol).

use pecan_abi::acceptor::Acceptor;
use pecan_abi::fpage::Rights;
use pecan_abi::protocol::PageFault;

use super::call::{Outcome, call};
use crate::cpu;
use crate::ipc::short;
use crate::sched;
use crate::space::Role;
use crate::thread::{Field, Owned, Resources, State};
use crate::trace;

/// Bits of the CPU's error code.
const WRITE: u64 = 1 << 1;
const FETCH: u64 = 1 << 4;

/// Message registers of a fault.
const WORDS: usize = 3;

/// `me`, which runs in user mode, touched `address` with the instruction at `ip`: its pager is asked to do something about
/// it, then the instruction is executed again. `error` is the CPU's error code.
#[inline(always)]
pub(crate) fn raise(me: Owned, error: u64, ip: u64, address: u64) {
    trace::faults(&me, error, ip, address);
    let is_owners = me.space().is_some_and(|space| space.role() == Role::Sigma0);
    if is_owners || short::fault(me, cpu::current(), access(error), ip, address).is_none() {
        raise_general(me, error, ip, address);
    }
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

/// Asks the pager of `me` to do something about `fault`. Everything that a message of its own is about is as before
/// afterwards.
#[inline(never)]
pub(crate) fn ask(me: Owned, fault: PageFault) -> Outcome {
    let utcb = me.utcb.get();
    let before: [u64; WORDS] = core::array::from_fn(|index| utcb.mr(index));
    for (index, word) in fault.words().into_iter().enumerate() {
        utcb.set_mr(index, word);
    }
    let pager = utcb.get(Field::PAGER);
    let window = Acceptor::COMPLETE_WINDOW.raw();
    let outcome = call(me, pager, fault.tag(), Some(window), WORDS - 1);
    // It may have got another UTCB meanwhile.
    let utcb = me.utcb.get();
    for (index, word) in before.into_iter().enumerate() {
        utcb.set_mr(index, word);
    }
    outcome
}

/// Stops `me` until somebody resumes it by ExchangeRegisters.
pub(super) fn stop(me: Owned) {
    let cpu = cpu::current();
    me.resources.set(me.resources.get() | Resources::HALTED);
    me.set_state(cpu, State::Halted);
    sched::preempt(cpu, me);
}
