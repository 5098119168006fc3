//! Stage 2b: messages that concern somebody else. Who gets a message of a space that has a redirector, and for whom a
//! propagated one is said; the decisions are those of `pecan_rules::redirection` and `propagation`.
//!
//! Both are decided when the message is sent. A caller whose message went to the redirector waits for the redirector. A
//! virtual sender that waits for the real one waits for the receiver from then on; if the message fails, its wait is given back.

use pecan_abi::error::{IpcCode, IpcError};
use pecan_abi::id::ThreadId;
use pecan_abi::tag::Tag;
use pecan_abi::time::{Time, TimeKind, Timeouts};
use pecan_rules::propagation::{Speaker, accepts_either, may_speak_for};
use pecan_rules::redirection::{self, Receiver, Redirector, Spaces};
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{Kind, Route, route};
use pecan_smp::request::Reason;

use super::meet::{self, Meeting};
use super::{Disposition, Request, answer, phases, receive, remote, validate};
use crate::arch::x86_64::{clock, switch};
use crate::cpu::{self, Cpu};
use crate::sched;
use crate::sys::remote::{Control, Operation, carry_out};
use crate::sys::thread_control;
use crate::thread::{Again, Field, Owned, Resources, State, Tcb, TcbRef, migrate, table};

/// All threads, for the rules. Who asks for the redirector of a thread other than himself has the thread-control lock.
struct Threads;

impl Spaces for Threads {
    type Space = u64;
    type Thread = TcbRef;

    fn space(&self, thread: TcbRef) -> Option<u64> {
        Some(thread.space_name()).filter(|name| *name != 0)
    }

    fn redirector(&self, thread: TcbRef) -> Redirector<TcbRef> {
        match thread.space().map_or(0, |space| space.redirector()) {
            0 => Redirector::None,
            id => find(id).map_or(Redirector::Gone, Redirector::Thread),
        }
    }
}

fn find(id: u64) -> Option<TcbRef> {
    table::find(id).filter(|thread| thread.state() != State::Dying)
}

/// Carries out the request, which has a send phase, of `me`, the running thread. On its CPU, interrupts off; may block
/// in here, and return on another CPU.
#[cold]
#[inline(never)]
pub(super) fn perform(me: Owned, request: &Request) -> Disposition {
    let asked = as_asked(me, request);
    let aimed = match aim(me, &asked) {
        // To be sure before anybody else is touched.
        Ok((request, partner)) if request.tag.is_propagated() => {
            if me.send_to.get() != request.to {
                give_back(me);
            }
            request.note(&me);
            pass_wait(me, &request, partner).and_then(|()| aim(me, &asked))
        }
        other => other,
    };
    match aimed {
        Ok((request, partner)) => {
            request.note(&me);
            if me.passed_wait.get()
                && let Some(code) = refusal(me, &request, partner)
            {
                return refuse(me, code);
            }
            phases::send(me, cpu::current(), &request, partner)
        }
        Err(code) => refuse(me, code),
    }
}

fn refuse(me: Owned, code: IpcCode) -> Disposition {
    give_back(me);
    phases::refuse(me, cpu::current(), code)
}

/// The request as the user made it, if `me` asks again.
fn as_asked(me: Owned, request: &Request) -> Request {
    let mut asked = *request;
    if request.tag.is_redirected() {
        asked.to = me.intended.get();
        asked.tag = request.tag.without_flags(Tag::REDIRECTED);
    }
    asked
}

/// Who is to get the message, and the request to him.
fn aim(me: Owned, asked: &Request) -> Result<(Request, TcbRef), IpcCode> {
    let destination = validate::destination(asked)?;
    let mut request = *asked;
    let partner = match redirection::receiver(&Threads, me.name(), destination) {
        Receiver::Destination => destination,
        Receiver::Nobody => return Err(IpcCode::NonExisting),
        Receiver::Redirector(redirector) => {
            me.intended.set(asked.to);
            request.to = redirector.id();
            request.tag = request.tag.with_redirected();
            redirector
        }
    };
    if request.tag.is_propagated() && !speaks_for_another(me, partner) {
        request.tag = request.tag.without_flags(Tag::PROPAGATED);
    }
    Ok((request, partner))
}

/// Whether `me` may speak to `partner` for whom it names as virtual sender; if so, that is noted.
fn speaks_for_another(me: Owned, partner: TcbRef) -> bool {
    let named = validate::global(me, me.utcb.get().get(Field::VIRTUAL_SENDER));
    let _lock = thread_control::lock();
    let may =
        find(named).is_some_and(|speaker| may_speak_for(&Threads, me.name(), speaker, partner));
    if may {
        me.virtual_sender.set(named);
    }
    may
}

/// Why the message would fail at once, if that is certain.
fn refusal(me: Owned, request: &Request, partner: TcbRef) -> Option<IpcCode> {
    let patient = request.send_timeout().kind() != TimeKind::Zero;
    match meet::meet(me, cpu::current(), partner, request.tag) {
        Meeting::Refused(code) => Some(code),
        Meeting::Later(_) if !patient => Some(IpcCode::Timeout),
        _ => None,
    }
}

/// Whether `receiver`, a thread of this CPU, takes a propagated message of `sender` if it waits as `wait` says.
#[cold]
pub(super) fn takes(receiver: Owned, wait: u64, sender: &Tcb) -> bool {
    let real = Speaker {
        id: sender.id(),
        same_space: receiver.same_space(sender),
    };
    let id = sender.virtual_sender.get();
    let shares = |thread: TcbRef| thread.space_name() == receiver.space_name();
    let speaker = Speaker {
        id,
        same_space: find(id).is_some_and(shares),
    };
    accepts_either(wait, real, speaker)
}

/// A message with this tag, redirected or propagated, goes from `sender` to `receiver`: writes what the receiver learns
/// of it, and returns who it is from. The receiver's CPU, which holds the sender's send phase.
#[cold]
#[inline(never)]
pub(super) fn arrived(sender: &Tcb, receiver: Owned, tag: Tag) -> u64 {
    let message = receiver.message.get();
    if tag.is_redirected() {
        let intended = sender.intended.get();
        message.set(Field::INTENDED_RECEIVER, intended);
        if sender.receive_from.get() == intended {
            sender.receive_from.set(receiver.id());
        }
    }
    let real = sender.sender_id(sender.id(), &receiver);
    if !tag.is_propagated() {
        return real;
    }
    message.set(Field::VIRTUAL_SENDER, real);
    sender.passed_wait.set(false);
    virtual_id(sender.virtual_sender.get(), receiver)
}

/// How `receiver` sees the thread `id`, which may live anywhere and may have ended.
fn virtual_id(id: u64, receiver: Owned) -> u64 {
    let _lock = thread_control::lock();
    let local = find(id)
        .filter(|thread| thread.space_name() == receiver.space_name())
        .map_or(0, |thread| thread.local_id.get());
    if local == 0 { id } else { local }
}

/// The virtual sender, if it waits for `me`, waits for `partner` instead. Errors: the message would fail at once.
fn pass_wait(me: Owned, request: &Request, partner: TcbRef) -> Result<(), IpcCode> {
    if me.passed_wait.get() || me.virtual_sender.get() == partner.id() {
        return Ok(());
    }
    if let Some(code) = refusal(me, request, partner) {
        return Err(code);
    }
    if move_wait(me, me.id(), partner.id()) {
        me.passed_wait.set(true);
    }
    Ok(())
}

/// The message of `me`, the running thread, has failed: its virtual sender waits for it as before. May block.
pub(super) fn give_back(me: Owned) {
    if me.passed_wait.replace(false) {
        move_wait(me, me.send_to.get(), me.id());
    }
}

/// The virtual sender of `me`, if it waits for thread `from`, waits for `to` instead. May block.
fn move_wait(me: Owned, from: u64, to: u64) -> bool {
    let speaker = me.virtual_sender.get();
    let may_wait = |thread: TcbRef| {
        matches!(
            thread.state(),
            State::Waiting | State::Asking | State::Moving
        )
    };
    if !table::find(speaker).is_some_and(may_wait) {
        return false;
    }
    let words = [from, to, 0, 0, 0, 0, 0];
    let speaker = ThreadId::from_raw(speaker);
    let done = carry_out(me, Control::new(Operation::MoveWait, speaker, me, words));
    done.error.is_none() && done.words[0] != 0
}

/// Carries out `MoveWait`: `thread`, if it waits for the first id in `control`, waits for the second. Its home.
pub(crate) fn wait_for_another(cpu: &Cpu, thread: Owned, mut control: Control) -> Control {
    let [from, to, ..] = control.words;
    control.words = [0; 7];
    if thread.resources.get() & Resources::INTERRUPT != 0 {
        return control;
    }
    if thread.state() == State::Asking && thread.receive_from.get() == from {
        meet::settle(cpu, thread, Reason::Behind);
    }
    let waits = thread.state() == State::Waiting && thread.wait.get() == from;
    if !waits || switch::is_before_start(thread) {
        return control;
    }
    if find(from).is_none() {
        // As whoever waits for a thread that ends.
        answer::refused_receive(thread, IpcCode::NonExisting);
        sched::disarm(thread);
        sched::wake(cpu, thread);
        return control;
    }
    thread.wait.set(to);
    thread.receive_from.set(to);
    control.words[0] = 1;
    if receive::matching(thread, to).is_some() || table::find(to).is_none() {
        let left = Timeouts::new(Time::NEVER, time_left(thread));
        thread.timeouts.set(left.raw());
        super::take_up(thread, Again::Receive);
        sched::wake(cpu, thread);
    }
    control
}

/// `sender` ends, and its message has not arrived: its virtual sender waits for it again, and so learns that it is gone. True:
/// another CPU sees to that, and the node of `sender` will be back with an answer. On the sender's home CPU.
#[must_use]
pub(crate) fn release_wait(cpu: &Cpu, sender: Owned) -> bool {
    if !sender.passed_wait.replace(false) {
        return false;
    }
    let Some(speaker) = find(sender.virtual_sender.get()) else {
        return false;
    };
    let words = [sender.send_to.get(), sender.id(), 0, 0, 0, 0, 0];
    let speakers = ThreadId::from_raw(speaker.id());
    let control = Control::new(Operation::MoveWait, speakers, sender, words);
    match route(CpuName(cpu.index), migrate::home(speaker)) {
        Route::Here => {
            let _done = wait_for_another(cpu, Owned::seen_here(speaker), control);
            false
        }
        Route::Forward(there) => {
            sender.control.set(control);
            remote::post(cpu, there.0, &sender.request_node, Kind::Control);
            true
        }
    }
}

fn time_left(thread: Owned) -> Time {
    match thread.deadline.get() {
        u64::MAX => Time::NEVER,
        deadline => match deadline.saturating_sub(clock::micros()) {
            0 => Time::ZERO,
            micros => Time::period(micros),
        },
    }
}

/// The send phase of `sender`, a blocked thread of this CPU, has failed.
pub(super) fn failed(sender: Owned, code: IpcCode) {
    answer::ended_send(sender, code);
    return_wait(sender);
}

/// The message of `sender`, a blocked thread of this CPU, was cut.
pub(super) fn cut(sender: Owned, error: IpcError) {
    answer::cut_send(sender, error);
    return_wait(sender);
}

/// The IPC of `sender`, a blocked thread of this CPU, has ended: if its message did not arrive, it gives the wait of its
/// virtual sender back when it runs.
pub(super) fn return_wait(sender: Owned) {
    if sender.passed_wait.get() {
        super::take_up(sender, Again::GiveBack);
    }
}
