//! ExchangeRegisters on threads of this CPU.

mod copying;
mod ends;
mod inside;
mod nested;
mod registers;
mod transfer;
mod whose;

use l4::syscall::Registers;
use l4::{ThreadId, ipc, thread};

use crate::harness::raw::{self, refused};
use crate::harness::{Failure, Outcome, Test, equal, ids, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("XR0001", unknown),
    Test::new("XR0002", inactive),
    Test::new("XR0003", registers::reads_handle_and_pager),
    Test::new("XR0004", registers::sets_only_what_it_is_told),
    Test::new("XR0005", ends::stop_and_resume),
    Test::new("XR0006", registers::new_instruction_pointer),
    Test::new("XR0007", ends::abort_is_for_the_named_phase),
    Test::new("XR0008", registers::thrash),
    Test::new("XR0009", whose::other_space_by_its_pager),
    Test::new("XR0010", whose::other_space_refused),
    Test::new("XR0011", registers::flags),
    Test::new("XR0012", whose::oneself),
    Test::new("XR0013", ends::aborted_call),
    Test::new("XR0014", whose::unprivileged_in_its_own_space),
    Test::new("XR0015", inside::in_a_page_fault),
    Test::new("XR0016", inside::stopped_in_an_ipc),
    Test::new("XR0017", inside::stop_then_start),
    Test::new("XR0018", inside::oneself),
    Test::new("XR0019", inside::delivers),
    Test::new("XR0020", inside::stopped_while_queued),
    Test::new("XR0021", inside::stop_and_change),
    Test::new("XR0022", copying::looks),
    Test::new("XR0023", copying::registers),
    Test::new("XR0024", copying::halted),
    Test::new("XR0025", copying::halted_for_a_moment),
    Test::new("XR0026", copying::aborted),
    Test::new("XR0027", copying::aborted_and_more),
    Test::new("XR0028", nested::looks),
    Test::new("XR0029", nested::registers),
    Test::new("XR0030", nested::halted),
    Test::new("XR0031", nested::pager),
    Test::new("XR0032", nested::stopped),
    Test::new("XR0033", nested::started),
    Test::smp("XR0034", copying::from_another_cpu),
];

const NOTHING: Registers = Registers {
    control: 0,
    sp: 0,
    ip: 0,
    flags: 0,
    handle: 0,
    pager: 0,
};

#[track_caller]
fn parked() -> Result<ThreadId, Failure> {
    let id = worker::start(worker::here(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

/// Everything that comes back is zero.
#[track_caller]
fn refuses(id: u64) -> Outcome {
    let asked = Registers {
        control: 0x19E,
        sp: 1,
        ip: 2,
        flags: 3,
        handle: 4,
        pager: 5,
    };
    equal("result", raw::exchange(id, asked), (refused(2), NOTHING))
}

fn unknown() -> Outcome {
    refuses(ids::fresh().raw())?;
    refuses(ids::next_version(parked()?).raw())?;
    refuses(ThreadId::global(l4::kip::thread_info().system_base, 1).raw())?;
    refuses(ThreadId::NIL.raw())
}

fn inactive() -> Outcome {
    let id = ids::fresh();
    equal("creation", raw::create(id, thread::myself()), raw::DONE)?;
    refuses(id.raw())
}
