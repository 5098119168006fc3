//! A thread moves to another CPU. Every function runs on the CPU named in its comment, interrupts off.
//!
//! ```text
//! old home                                  new home
//! ask -> (its nodes come home) -> leave
//!   home word says Moving, Arrive is posted
//!   senders from elsewhere are forwarded
//!   senders from here ask again
//!                                           arrive: publishes home and state
//! ```

use pecan_abi::hold::Point;
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{Home, Kind};
use pecan_smp::request::Reason;
use pecan_smp::travel::{Departure, Engaged, Travel};

use super::state::{home_of, home_word, moving_word, sent_to};
use super::{Again, Field, Owned, Part, Resources, State, TcbRef, resources};
use crate::arch::x86_64::root;
use crate::cpu::{Cpu, hold};
use crate::ipc::{self, remote};
use crate::sched;
use crate::space::window;

/// Where a thread is, for the protocol's routing. Any CPU: all is read at once, because the CPU where a thread arrives may
/// publish it at any moment, and send it on.
pub(crate) fn home(thread: TcbRef) -> Home {
    let word = thread.home_word();
    Home {
        cpu: CpuName(home_of(word)),
        leaving_for: sent_to(word).map(CpuName),
    }
}

/// `thread` is to live on CPU `to`, as soon as it can leave. Old home.
pub(crate) fn ask(cpu: &Cpu, thread: Owned, to: u16) {
    let told = thread.travel.get().told(CpuName(cpu.index), CpuName(to));
    set_travel(thread, told);
    if told == Travel::new() {
        note_processor(cpu, thread);
    }
    depart_if_asked(cpu, thread);
}

/// Notes where `thread` belongs and goes. Its home.
pub(crate) fn set_travel(thread: Owned, travel: Travel) {
    thread.travel.set(travel);
    let others = thread.resources.get() & !Resources::MOVE;
    let goes = match travel.next() {
        Some(_) => Resources::MOVE,
        None => 0,
    };
    thread.resources.set(others | goes);
}

/// `thread` belongs to this CPU. Home.
fn note_processor(cpu: &Cpu, thread: Owned) {
    if thread.state() != State::Inactive {
        let utcb = thread.utcb.get();
        utcb.set(Field::PROCESSOR_NO, u64::from(cpu.index));
    }
}

/// Sends `thread` away if it was asked to move and nothing keeps it. Old home.
pub(crate) fn depart_if_asked(cpu: &Cpu, thread: Owned) {
    if thread.resources.get() & Resources::MOVE != 0 {
        depart(cpu, thread);
    }
}

/// Sends `thread`, which was asked to move, away unless something keeps it; then the end of that tries again. Old home.
pub(crate) fn depart(cpu: &Cpu, thread: Owned) {
    if cpu.running() == Some(thread.name()) {
        cpu.departing.set(Some(thread.name()));
        cpu.reschedule.set(true);
        return;
    }
    let engaged = engaged(cpu, thread);
    match thread.travel.get().departure(CpuName(cpu.index), engaged) {
        Departure::Later => {}
        Departure::Never => set_travel(thread, Travel::new()),
        Departure::Now(there) => {
            if engaged == Engaged::Sending {
                leave_queue(cpu, thread);
            }
            leave(cpu, thread, there.0);
        }
    }
}

fn engaged(cpu: &Cpu, thread: Owned) -> Engaged {
    if thread.transfer.part.get() != Part::NONE {
        return Engaged::Transfer;
    }
    if thread.state() == State::Asking {
        ipc::settle(cpu, thread, Reason::Behind);
    }
    match thread.state() {
        State::Inactive | State::Waiting | State::Halted | State::Ready => Engaged::Nothing,
        State::Sending => Engaged::Sending,
        State::Asking
        | State::Controlling
        | State::Locked
        | State::Moving
        | State::Dying
        | State::Free => Engaged::Lent,
    }
}

fn leave_queue(cpu: &Cpu, thread: Owned) {
    ipc::queue::unlink(thread.name());
    if thread.resources.get() & Resources::INTERRUPT != 0 {
        ipc::take_up(thread, Again::Restart);
        thread.set_state(cpu, State::Ready);
    }
}

/// The thread that left the CPU in order to move goes on its way. Old home, dispatcher.
pub(crate) fn send_departing(cpu: &Cpu) {
    if let Some(thread) = cpu.departing.take()
        && let Some(thread) = thread.owned(cpu)
    {
        depart_if_asked(cpu, thread);
    }
}

fn leave(cpu: &Cpu, thread: Owned, to: u16) {
    sched::unlist(cpu, thread);
    resources::leave(cpu, thread);
    unload(cpu, thread);
    set_travel(thread, thread.travel.get().left(CpuName(to)));
    debug_assert_ne!(to, cpu.index, "a thread leaves for where it is");
    thread.arrives_as.set(thread.state());
    let senders = thread.senders.replace(pecan_rules::queue::SendQueue::new());
    thread.set_home_word(moving_word(cpu.index, to));
    hold::at(cpu, Point::Leaving);
    remote::post(cpu, to, &thread.request_node, Kind::Arrive);
    send_on(cpu, senders, Some(to));
}

/// Senders that were queued at a thread that is no longer here: their requests go to CPU `forward`, or are refused. The CPU
/// of the queue.
pub(super) fn send_on(
    cpu: &Cpu,
    mut senders: pecan_rules::queue::SendQueue<TcbRef>,
    forward: Option<u16>,
) {
    while let Some(sender) = senders.pop_front(&mut super::links::Links) {
        sender.set_queued_at(None);
        match sender
            .owned(cpu)
            .filter(|sender| sender.state() == State::Sending)
        {
            Some(sender) => match forward {
                Some(there) => remote::send_on(cpu, sender, there),
                None => {
                    ipc::take_up(sender, Again::Restart);
                    sched::wake(cpu, sender);
                }
            },
            None => remote::refuse_queued(cpu, sender, forward),
        }
    }
}

/// No CPU keeps the root of a space loaded for a thread that is not there any more.
pub(super) fn unload(cpu: &Cpu, thread: Owned) {
    window::forget(cpu, thread.root.get());
    let used_by_running = cpu
        .running()
        .is_some_and(|running| running.same_space(&thread));
    if cpu.loaded_root() == thread.root.get() && !used_by_running {
        load_kernel_root(cpu);
    }
}

fn load_kernel_root(cpu: &Cpu) {
    let kernel = crate::memory::kernel_space::root();
    cpu.set_loaded_root(kernel);
    // SAFETY: the kernel's own root maps all of the kernel.
    unsafe { root::load(kernel) };
}

/// As [`unload`], before `thread` gets another space. If it is the running thread, it goes by the dispatcher before it is in
/// user mode again, and so finds its new space.
pub(super) fn unload_moving(cpu: &Cpu, thread: Owned) {
    let runs = cpu.running() == Some(thread.name());
    if runs {
        cpu.reschedule.set(true);
    }
    if runs && cpu.loaded_root() == thread.root.get() {
        load_kernel_root(cpu);
    } else {
        unload(cpu, thread);
    }
}

/// `thread` has arrived. New home.
pub(crate) fn arrive(cpu: &'static Cpu, thread: TcbRef) {
    thread.set_home_word(home_word(cpu.index, thread.arrives_as.get()));
    let thread = Owned::seen_here(thread);
    if thread.travel.get().away_from().is_none() {
        note_processor(cpu, thread);
    }
    match thread.state() {
        State::Ready => sched::wake(cpu, thread),
        State::Waiting => sched::arm(cpu, thread, thread.deadline.get()),
        State::Sending => remote::arrived(cpu, thread),
        _ => {}
    }
    // It may have left again: a visitor that was refused is on its way home.
    let Some(thread) = thread.name().owned(cpu) else {
        return;
    };
    if thread.resources.get() & Resources::INTERRUPT != 0 {
        crate::irq::arrived(thread);
    }
    ipc::orphans::arrived(cpu, thread);
}
