//! ThreadControl and Schedule on the threads of interrupts.

use l4::abi::layout::NOT_GIVEN;
use l4::abi::schedule::ThreadState;
use l4::{SysError, ThreadId, Time, interrupt, kip, schedule, thread};

use super::device::{EDGE, LEVEL, comes, edge, hpet};
use crate::harness::raw::{DONE, Verdict, refused, thread_control};
use crate::harness::{Job, Outcome, equal, ids, worker};

fn associate(irq: ThreadId, handler: ThreadId) -> Verdict {
    thread_control(irq.raw(), irq.raw(), 0, handler.raw(), NOT_GIVEN)
}

pub(super) fn refusals() -> Outcome {
    let me = thread::myself();
    let irq = interrupt::thread(LEVEL);
    let bad = refused(2);
    let version_2 = ThreadId::global(LEVEL, 2);
    equal("another version", associate(version_2, me), bad)?;
    equal("for itself, in it", associate(version_2, version_2), bad)?;
    let system_control = interrupt::thread(9);
    equal("the ACPI interrupt", associate(system_control, me), bad)?;
    let behind = interrupt::thread(interrupt::count());
    equal("behind the last", associate(behind, me), bad)?;
    equal("no handler", associate(irq, ThreadId::NIL), bad)?;
    equal("not a thread", associate(irq, ids::fresh()), bad)?;
    let my_version = ids::next_version(me);
    equal("not this version", associate(irq, my_version), bad)?;
    let other = interrupt::thread(EDGE);
    equal("an interrupt", associate(irq, other), bad)?;
    equal(
        "it has none",
        schedule::state(irq),
        Err(SysError::InvalidThread),
    )?;
    let mine = thread::other_id(me)?;
    let local = thread_control(mine.raw(), me.raw(), 0, me.raw(), NOT_GIVEN);
    equal("a local id", local, refused(3))?;
    let from_away = |_| {
        let irq = interrupt::thread(LEVEL);
        associate(irq, kip::root()).pack()
    };
    let verdict = Verdict::unpack(worker::perform(worker::away(), from_away, 0)?);
    equal("without privilege", verdict, refused(1))
}

pub(super) fn comes_and_goes() -> Outcome {
    let hpet = hpet()?;
    let (me, irq) = (thread::myself(), interrupt::thread(EDGE));
    Job::send(irq).now().bare_error(4)?;
    Job::receive(irq).now().bare_error(5)?;
    equal("for itself, without", associate(irq, irq), DONE)?;
    for space in [irq.raw(), me.raw(), 0] {
        let verdict = thread_control(irq.raw(), space, 0, me.raw(), NOT_GIVEN);
        equal("associates", verdict, DONE)?;
        equal("again", associate(irq, me), DONE)?;
        edge(hpet);
        comes(irq, EDGE, 0)?;
        equal("again, while served", associate(irq, me), DONE)?;
        interrupt::acknowledge(EDGE)?;
        edge(hpet);
        comes(ThreadId::ANY, EDGE, 0)?;
        equal("for itself", associate(irq, irq), DONE)?;
        equal("state", schedule::state(irq), Err(SysError::InvalidThread))?;
        Job::send(irq).now().bare_error(4)?;
        edge(hpet);
        super::device::nothing_comes()?;
    }
    Ok(())
}

pub(super) fn schedule() -> Outcome {
    let hpet = hpet()?;
    let (me, irq) = (thread::myself(), interrupt::thread(LEVEL));
    equal("alone", schedule::state(irq), Err(SysError::InvalidThread))?;
    interrupt::associate(LEVEL, me)?;
    equal("idle", schedule::state(irq), Ok(ThreadState::Inactive))?;
    let old = schedule::set_priority(irq, 10);
    equal("new priority", old, Ok(ThreadState::Inactive))?;
    schedule::set_slice(irq, Time::period(5_000))?;
    super::device::level(hpet);
    worker::until_state(irq, ThreadState::PendingSend)?;
    comes(irq, LEVEL, 0)?;
    equal("served", schedule::state(irq), Ok(ThreadState::Waiting))?;
    hpet.stop(1);
    interrupt::acknowledge(LEVEL)?;
    equal(
        "idle again",
        schedule::state(irq),
        Ok(ThreadState::Inactive),
    )?;
    let (verdict, _) = crate::harness::raw::control(irq, 0);
    equal("ExchangeRegisters", verdict, refused(2))
}
