//! What concerns a thread is carried out on its home CPU. If that is another one, the caller blocks, its CPU does not. What concerns
//! many CPUs goes from one to the next (`space::shootdown`).

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{Answer, Kind, Route, route};

use super::{exchange_registers, schedule, thread_control};
use crate::arch::x86_64::switch;
use crate::cpu::{self, Cpu};
use crate::ipc::on_behalf::wait_for_another;
use crate::ipc::remote::post;
use crate::space::shootdown;
use crate::thread::{Owned, State, TcbRef, migrate, resources, table};

/// Which operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Nothing: no operation is out.
    Nothing,
    /// ExchangeRegisters.
    ExchangeRegisters,
    /// Schedule.
    Schedule,
    /// ThreadControl with a nil space.
    Delete,
    /// ThreadControl on an existing thread.
    Modify,
    /// The thread, if it waits for one thread, is to wait for another.
    MoveWait,
    /// The redirector of the thread's space has changed.
    NoteRedirector,
    /// CPUs drop what was taken from the spaces with these roots (`space::shootdown`).
    Flush,
}

/// An operation on a thread, its arguments, and then its results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    /// What to do.
    pub(crate) operation: Operation,
    /// With which thread: a raw id.
    pub(crate) target: u64,
    /// The caller's raw id.
    pub(crate) caller: u64,
    /// Arguments of the operation, then its results.
    pub(crate) words: [u64; 7],
    /// Why it failed; `None` is success.
    pub(crate) error: Option<SysError>,
}

impl Control {
    /// No operation.
    pub(crate) const EMPTY: Self = Self {
        operation: Operation::Nothing,
        target: 0,
        caller: 0,
        words: [0; 7],
        error: None,
    };

    /// An operation on `target` for the running thread `me`.
    pub(crate) fn new(operation: Operation, target: ThreadId, me: Owned, words: [u64; 7]) -> Self {
        Self {
            operation,
            target: target.raw(),
            caller: me.id(),
            words,
            error: None,
        }
    }

    fn refused(mut self, error: SysError) -> Self {
        self.error = Some(error);
        self
    }
}

/// Carries `control` out for `me`, the running thread, wherever the target lives; returns it with its results.
pub(crate) fn carry_out(me: Owned, control: Control) -> Control {
    let cpu = cpu::current();
    let Some(target) = find(&control) else {
        return control.refused(SysError::InvalidThread);
    };
    match route(CpuName(cpu.index), migrate::home(target)) {
        Route::Here => execute(cpu, target, control),
        Route::Forward(there) => {
            me.control.set(control);
            me.set_state(cpu, State::Controlling);
            post(cpu, there.0, &me.request_node, Kind::Control);
            resources::leave(cpu, me);
            switch::to_dispatcher(me);
            me.control.get()
        }
    }
}

/// An operation has arrived from another CPU. The target's home, interrupts off.
pub(crate) fn serve(cpu: &'static Cpu, caller: TcbRef) {
    let control = caller.control.get();
    if control.operation == Operation::Flush {
        return shootdown::pass_on(cpu, caller, &control);
    }
    let done = match find(&control) {
        None => control.refused(SysError::InvalidThread),
        Some(target) => match route(CpuName(cpu.index), migrate::home(target)) {
            Route::Here => execute(cpu, target, control),
            Route::Forward(there) => {
                return post(cpu, there.0, &caller.request_node, Kind::Control);
            }
        },
    };
    caller.control.set(done);
    post(
        cpu,
        caller.home(),
        &caller.request_node,
        Kind::Answer(Answer::Done),
    );
}

/// ThreadControl names its target by number alone; the others by the whole id.
fn find(control: &Control) -> Option<TcbRef> {
    match control.operation {
        Operation::Delete | Operation::Modify => table::block(control.target),
        _ => table::find(control.target),
    }
    .filter(|target| !matches!(target.state(), State::Free | State::Dying))
}

fn execute(cpu: &'static Cpu, target: TcbRef, control: Control) -> Control {
    let target = Owned::seen_here(target);
    match control.operation {
        Operation::Nothing | Operation::Flush => control,
        Operation::ExchangeRegisters => exchange_registers::execute(cpu, target, control),
        Operation::Schedule => schedule::execute(cpu, target, control),
        Operation::Delete => thread_control::delete(cpu, target, control),
        Operation::Modify => thread_control::modify(cpu, target, control),
        Operation::MoveWait => wait_for_another(cpu, target, control),
        Operation::NoteRedirector => {
            target.note_redirector();
            control
        }
    }
}
