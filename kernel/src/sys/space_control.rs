//! SpaceControl: places the UTCB and KIP areas of a space, and names its redirector (L4 X.2, SpaceControl).

use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;
use pecan_abi::id::ThreadId;

use super::remote::{Control, Operation, carry_out};
use super::{is_privileged, refuse, thread_control};
use crate::arch::x86_64::entry::call::CallFrame;
use crate::start;
use crate::thread::{Owned, State, TcbRef, table};

/// The arguments.
struct Arguments {
    specifier: ThreadId,
    kip_area: Fpage,
    utcb_area: Fpage,
    redirector: ThreadId,
}

/// The call: rdi space specifier, rsi control, rdx KIP area, r8 UTCB area, r9 redirector; rax result, rdx old control.
/// No bit of the control word means anything on this architecture.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    let arguments = Arguments {
        specifier: ThreadId::from_raw(frame.rdi),
        kip_area: Fpage::from_raw(frame.rdx),
        utcb_area: Fpage::from_raw(frame.r8),
        redirector: ThreadId::from_raw(frame.r9),
    };
    frame.rdx = 0;
    frame.rax = match control(me, &arguments) {
        Ok(()) => 1,
        Err(error) => refuse(me, error),
    };
}

fn control(me: Owned, arguments: &Arguments) -> Result<(), SysError> {
    if !is_privileged(me) {
        return Err(SysError::NoPrivilege);
    }
    if !arguments.specifier.is_global() {
        return Err(SysError::InvalidSpace);
    }
    if let Some(changed) = change(arguments)? {
        tell_threads(me, changed);
    }
    Ok(())
}

/// Changes the space; returns its name if its threads must be told. Nothing changes on an error.
fn change(arguments: &Arguments) -> Result<Option<u64>, SysError> {
    let _lock = thread_control::lock();
    let thread = find(arguments.specifier).ok_or(SysError::InvalidSpace)?;
    let space = thread.space().ok_or(SysError::InvalidSpace)?;
    let redirector = redirector(arguments.redirector)?;
    if !space.is_initialised() {
        space.initialise(arguments.kip_area, arguments.utcb_area)?;
    }
    Ok(redirector
        .filter(|new| *new != space.redirector())
        .map(|new| {
            space.set_redirector(new);
            thread.space_name()
        }))
}

/// What is to be noted of a space: `None` to leave it as it is (nil), 0 for no redirector (any thread), else the id of an
/// existing thread, not that of an interrupt.
fn redirector(named: ThreadId) -> Result<Option<u64>, SysError> {
    match named {
        ThreadId::NIL => Ok(None),
        ThreadId::ANY => Ok(Some(0)),
        _ if named.number() >= start::user_base() && find(named).is_some() => Ok(Some(named.raw())),
        _ => Err(SysError::InvalidThread),
    }
}

fn find(id: ThreadId) -> Option<TcbRef> {
    table::find(id.raw()).filter(|thread| thread.state() != State::Dying)
}

/// Each thread of the space learns at its home, one after the other, that the redirector has changed. Threads that are made or
/// moved into the space meanwhile know it already.
fn tell_threads(me: Owned, space: u64) {
    let mut next = 0;
    while let Some((number, thread)) = table::next_of_space(space, next) {
        let id = ThreadId::from_raw(thread.id());
        // Whoever has gone need not know.
        let _ = carry_out(me, Control::new(Operation::NoteRedirector, id, me, [0; 7]));
        next = number + 1;
    }
}
