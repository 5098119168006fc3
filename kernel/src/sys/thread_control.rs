//! ThreadControl: create, activate, change, delete (L4 X.2, ThreadControl). The checks come in the interface's order.

use core::sync::atomic::Ordering;

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::layout::NOT_GIVEN;
use spin::{Mutex, MutexGuard};

use super::remote::{Control, Operation, carry_out};
use super::{interrupt_control, is_privileged, refuse};
use crate::arch::x86_64::entry::call::CallFrame;
use crate::cpu::{self, Cpu};
use crate::ipc::orphans;
use crate::irq;
use crate::sched;
use crate::space::{Role, Space};
use crate::start;
use crate::thread::create::{Slot, create, slot};
use crate::thread::relocate::Relocation;
use crate::thread::{Field, Owned, State, activate, delete, migrate, relocate, table};

/// Guards who exists and in which space: creation, deletion, and looking up another thread's space.
static LOCK: Mutex<()> = Mutex::new(());

/// Takes the lock. Interrupts off; held for a bounded time, never while blocked.
pub(crate) fn lock() -> MutexGuard<'static, ()> {
    LOCK.lock()
}

/// The arguments.
#[derive(Clone, Copy)]
struct Arguments {
    dest: ThreadId,
    space: ThreadId,
    scheduler: ThreadId,
    pager: ThreadId,
    utcb: u64,
}

/// The call: rdi dest, r8 space specifier, rdx scheduler, rsi pager, r9 UTCB location; rax result.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    let arguments = Arguments {
        dest: ThreadId::from_raw(frame.rdi),
        space: ThreadId::from_raw(frame.r8),
        scheduler: ThreadId::from_raw(frame.rdx),
        pager: ThreadId::from_raw(frame.rsi),
        utcb: frame.r9,
    };
    frame.rax = match control(me, arguments) {
        Ok(()) => 1,
        Err(error) => refuse(me, error),
    };
}

fn control(me: Owned, arguments: Arguments) -> Result<(), SysError> {
    if !is_privileged(me) {
        return Err(SysError::NoPrivilege);
    }
    let dest = arguments.dest;
    if !dest.is_global() {
        return Err(SysError::InvalidSpace);
    }
    if dest.number() < irq::count() {
        return interrupt_control::call(me, dest, arguments.pager);
    }
    // The kernel's own threads are nobody's.
    if dest.number() < start::user_base() || u64::from(dest.number()) >= table::THREADS {
        return Err(SysError::InvalidThread);
    }
    if arguments.space.is_nil() {
        return delete_call(me, dest);
    }
    loop {
        match slot(dest) {
            Slot::Free => match create_call(arguments) {
                Err(Raced::Slot) => {}
                Err(Raced::Refused(error)) => return Err(error),
                Ok(()) => return Ok(()),
            },
            Slot::Taken(_) => return modify_call(me, arguments),
            Slot::Dying(_) => look_again_later(me),
        }
    }
}

/// What a dying or moving thread lent to other CPUs comes home soon: `me`, the running thread, looks again later. Others of its
/// priority run meanwhile, and interrupts come.
pub(super) fn look_again_later(me: Owned) {
    sched::give_way(cpu::current(), me);
    sched::let_others_in(me);
}

pub(super) fn delete_call(me: Owned, dest: ThreadId) -> Result<(), SysError> {
    if dest.number() == ThreadId::from_raw(me.id()).number() {
        return Err(SysError::InvalidThread);
    }
    // A thread that does not exist is deleted already.
    let control = carry_out(me, Control::new(Operation::Delete, dest, me, [0; 7]));
    match control.error {
        Some(SysError::InvalidThread) | None => {}
        Some(error) => return Err(error),
    }
    let [home, end, ..] = control.words;
    await_end(me, home, end);
    Ok(())
}

/// Waits until CPU `home` has put away what it had to when it was asked, `end` being its answer. What the thread's space
/// had and gave is gone then. The running thread `me`; others may run meanwhile, and it may move.
fn await_end(me: Owned, home: u64, end: u64) {
    let Some(home) = usize::try_from(home).ok().and_then(cpu::get) else {
        return;
    };
    while home.ends_done.load(Ordering::Acquire) < end {
        sched::let_others_in(me);
    }
}

/// Deletes `target`; the first words become this CPU and when all that ended is put away. Its home, interrupts off.
#[inline(never)]
pub(super) fn delete(cpu: &Cpu, target: Owned, mut control: Control) -> Control {
    delete::delete(cpu, target);
    control.words[0] = u64::from(cpu.index);
    control.words[1] = delete::end_of_all(cpu);
    control
}

/// Why nothing was created.
enum Raced {
    /// Somebody else took the slot meanwhile.
    Slot,
    /// It cannot be.
    Refused(SysError),
}

impl From<SysError> for Raced {
    fn from(error: SysError) -> Self {
        Self::Refused(error)
    }
}

#[inline(never)]
fn create_call(arguments: Arguments) -> Result<(), Raced> {
    if arguments.scheduler.is_nil() {
        return Err(SysError::InvalidThread.into());
    }
    let _lock = lock();
    if slot(arguments.dest) != Slot::Free {
        return Err(Raced::Slot);
    }
    let cpu = cpu::current();
    let is_new_space = arguments.space == arguments.dest;
    let space = if is_new_space {
        None
    } else {
        Some(space_of(arguments.space)?)
    };
    if !arguments.pager.is_nil() {
        let space = space
            .filter(|space| space.is_initialised())
            .ok_or(SysError::InvalidSpace)?;
        space.check_utcb(arguments.utcb)?;
        let thread = create(cpu, arguments.dest, space, arguments.scheduler)?;
        if let Err(error) = activate::activate(cpu, thread, arguments.utcb, arguments.pager) {
            delete::undo(cpu, thread);
            return Err(error.into());
        }
        return Ok(());
    }
    let space = match space {
        Some(space) => space,
        None => Space::create(Role::User).ok_or(SysError::NoMemory)?,
    };
    match create(cpu, arguments.dest, space, arguments.scheduler) {
        Ok(thread) => {
            thread.utcb_location.set(arguments.utcb);
            Ok(())
        }
        Err(error) => {
            if is_new_space {
                Space::discard(space);
            }
            Err(error.into())
        }
    }
}

/// The space of the thread with exactly this id. Under the lock.
fn space_of(specifier: ThreadId) -> Result<&'static Space, SysError> {
    let thread = table::find(specifier.raw()).filter(|thread| thread.state() != State::Dying);
    thread
        .and_then(|thread| thread.space())
        .ok_or(SysError::InvalidSpace)
}

fn modify_call(me: Owned, arguments: Arguments) -> Result<(), SysError> {
    let words = [
        arguments.space.raw(),
        arguments.scheduler.raw(),
        arguments.pager.raw(),
        arguments.utcb,
        0,
        0,
        0,
    ];
    loop {
        let control = Control::new(Operation::Modify, arguments.dest, me, words);
        let done = carry_out(me, control);
        match done.error {
            Some(error) => return Err(error),
            None if done.words[0] == LATER => look_again_later(me),
            None => {
                let [_, home, end, ..] = done.words;
                await_end(me, home, end);
                return Ok(());
            }
        }
    }
}

/// First result of `Modify`: something of the thread is out, nothing has changed yet. Otherwise the next two are the CPU and
/// when what ended there is put away: the space that the last thread left.
const LATER: u64 = 1;

/// Changes `target` as the arguments in `control` say. Its home, interrupts off.
#[inline(never)]
pub(super) fn modify(cpu: &'static Cpu, target: Owned, mut control: Control) -> Control {
    let old_id = target.id();
    let [space, scheduler, pager, utcb, ..] = control.words;
    let change = Change {
        id: ThreadId::from_raw(control.target),
        space: ThreadId::from_raw(space),
        scheduler: ThreadId::from_raw(scheduler),
        pager: ThreadId::from_raw(pager),
        utcb,
    };
    let result = {
        let _lock = lock();
        change.apply(cpu, target)
    };
    control.words = [0; 7];
    match result {
        Ok(Relocation::Done) => {
            control.words[1] = u64::from(cpu.index);
            control.words[2] = delete::end_of_all(cpu);
        }
        Ok(Relocation::Later) => control.words[0] = LATER,
        Err(error) => control.error = Some(error),
    }
    if target.id() != old_id {
        orphans::announce(cpu);
    }
    control
}

/// What to change of a thread.
struct Change {
    id: ThreadId,
    space: ThreadId,
    scheduler: ThreadId,
    pager: ThreadId,
    utcb: u64,
}

impl Change {
    fn apply(&self, cpu: &'static Cpu, target: Owned) -> Result<Relocation, SysError> {
        let inactive = target.state() == State::Inactive;
        let space = if self.space.raw() == target.id() {
            target.space().ok_or(SysError::InvalidSpace)?
        } else {
            space_of(self.space)?
        };
        let moves = target.space().is_none_or(|own| !core::ptr::eq(own, space));
        let given = self.utcb != NOT_GIVEN;
        match (inactive, moves) {
            // Its UTCB moves with it.
            (false, true) => space.check_utcb(self.utcb)?,
            (false, false) if given => return Err(SysError::UtcbArea),
            (true, _) if given && space.is_initialised() => space.check_utcb(self.utcb)?,
            _ => {}
        }
        let location = if given {
            self.utcb
        } else {
            target.utcb_location.get()
        };
        let activates = inactive && !self.pager.is_nil();
        if activates {
            if !space.is_initialised() {
                return Err(SysError::InvalidSpace);
            }
            space.check_utcb(location)?;
        }
        self.carry_out(cpu, target, space, moves, activates.then_some(location))
    }

    fn carry_out(
        &self,
        cpu: &'static Cpu,
        target: Owned,
        space: &'static Space,
        moves: bool,
        activate_at: Option<u64>,
    ) -> Result<Relocation, SysError> {
        if let Some(location) = activate_at {
            space.utcb(location)?;
        }
        if moves && target.state() == State::Inactive {
            relocate::inactive(cpu, target, space);
        } else if moves && relocate::active(cpu, target, space, self.utcb)? == Relocation::Later {
            return Ok(Relocation::Later);
        }
        if self.utcb != NOT_GIVEN {
            target.utcb_location.set(self.utcb);
        }
        if !self.scheduler.is_nil() {
            target.scheduler.set(self.scheduler.raw());
        }
        if self.id.raw() != target.id() {
            target.rename(self.id);
        }
        if let Some(location) = activate_at {
            activate::activate(cpu, target, location, self.pager)?;
            migrate::depart_if_asked(cpu, target);
        } else if !self.pager.is_nil() {
            target.utcb.get().set(Field::PAGER, self.pager.raw());
        }
        Ok(Relocation::Done)
    }
}
