//! Threads that move while messages, answers and orders for them are on their way.

use l4::abi::schedule::ThreadState;
use l4::control::Point;
use l4::{IpcCode, Message, Phase, SysError, Tag, ThreadId, ipc, schedule, thread, utcb};

use super::{
    cancel, delete, hold, move_to, not_yet, on_1, on_2, release, sending, until_held, waiting,
};
use crate::harness::gap::Gap;
use crate::harness::gate::Gate;
use crate::harness::pair::{Order, Pair, Side, ends_with};
use crate::harness::raw::{self, DONE};
use crate::harness::regular::spin;
use crate::harness::{BOTH_SOON, Job, Outcome, SOON, board, check, equal, ids, until, worker};

/// Answers every message with the number of its CPU.
fn tell_cpu(_: u64) {
    l4::server::serve(|_| Some(Message::new(0).word(utcb::my().processor() as u64)))
}

#[track_caller]
fn is_on(server: ThreadId, cpu: u64) -> Outcome {
    let answer = ipc::call_within(server, &Message::new(0), BOTH_SOON)?;
    equal("its CPU", answer.message.word_at(0), cpu)
}

/// 1 to 2 and back; a message and the order to come back run after it.
pub(super) fn to_and_fro() -> Outcome {
    let server = worker::start(on_1(), tell_cpu, 0)?;
    worker::until_waiting(&[server])?;
    for _ in 0..2 {
        hold(2, Point::Arrive);
        move_to(server, 2)?.succeeds()?;
        until_held(2)?;
        // Ordered by the time they come to the CPU that it left.
        let back = move_to(server, 1)?;
        let caller = sending(Job::call(server).within(SOON, SOON))?;
        not_yet(&caller)?;
        release(2);
        back.succeeds()?;
        let done = caller.result()?;
        done.ok()?;
        equal("its CPU", done.mr[1], 1)?;
        is_on(server, 1)?;
    }
    Ok(())
}

/// It moves to where its message comes from: both are neighbours when that arrives.
pub(super) fn to_its_sender() -> Outcome {
    for is_call in [false, true] {
        let receiver = waiting(on_1())?;
        hold(1, Point::Control);
        let moved = move_to(receiver.id, 0)?;
        until_held(1)?;
        let job = if is_call {
            Job::call(receiver.id)
        } else {
            Job::send(receiver.id)
        };
        let sender = sending(job.words(8, 3, 80))?;
        not_yet(&sender)?;
        release(1);
        moved.succeeds()?;
        let got = receiver.result()?;
        got.carries(8, 3, 80, got.mr[0] & Tag::CROSS_CPU)?;
        if is_call {
            worker::until_waiting(&[sender.id])?;
            raw::control(sender.id, l4::abi::exregs::RECEIVE);
            sender.result()?.bare_error(7)?;
        } else {
            sender.result()?.ok()?;
        }
    }
    Ok(())
}

/// Counts rounds in word 0 and notes its CPU in word 1.
fn count_and_tell(_: u64) {
    loop {
        board::put(1, utcb::my().processor() as u64);
        board::add(0, 1);
    }
}

/// Two order a running thread to different CPUs: the second order, given while it is on its way, wins.
pub(super) fn two_ways_at_once() -> Outcome {
    let id = worker::start(on_1(), count_and_tell, 0)?;
    for (cpu, point) in [(1, Point::Leaving), (2, Point::Arrive), (1, Point::Leaving)] {
        schedule::set_cpu(id, 1)?;
        until("it runs there", || board::get(1) == 1)?;
        hold(cpu, point);
        let first = move_to(id, 2)?;
        until_held(cpu)?;
        let second = move_to(id, 0)?;
        let then = board::get(0);
        release(cpu);
        first.succeeds()?;
        second.succeeds()?;
        until("it runs on", || board::get(0) > then + 2)?;
        until("where it was sent last", || board::get(1) == 0)?;
    }
    Ok(())
}

/// Sends itself to CPU 2 when the gate opens.
fn go_away(_: u64) {
    Gate::of(0).pass();
    let moved = schedule::set_cpu(thread::myself(), 2).is_ok();
    board::put(0, u64::from(moved));
    loop {
        board::put(1, utcb::my().processor() as u64);
        board::add(2, 1);
    }
}

/// A thread sends itself away while another sends it elsewhere.
pub(super) fn oneself_and_by_another() -> Outcome {
    for point in [Point::Leaving, Point::Arrive] {
        let cpu = if point == Point::Leaving { 1 } else { 2 };
        board::put(0, 0);
        // No CPU.
        board::put(1, u64::MAX);
        let gate = Gate::shut(0);
        let id = worker::start(on_1(), go_away, 0)?;
        gate.until_there()?;
        hold(cpu, point);
        gate.open();
        until_held(cpu)?;
        let other = move_to(id, 0)?;
        release(cpu);
        other.succeeds()?;
        until("its own", || board::get(0) == 1)?;
        until("where it was sent last", || board::get(1) == 0)?;
        equal("deletion", raw::delete(id), DONE)?;
    }
    Ok(())
}

/// Takes a call, stands at its gate, and answers.
fn answer_at_gate(_: u64) {
    let Ok(request) = ipc::wait() else { return };
    Gate::of(0).pass();
    let sent = ipc::send_within(request.from, &Message::new(9).word(99), SOON);
    board::put(0, if sent.is_ok() { 1 } else { 2 });
}

/// A neighbour answers a caller that has just left for another CPU.
pub(super) fn caller_of_an_answer() -> Outcome {
    for point in [Point::Arrive, Point::Leaving] {
        let cpu = if point == Point::Leaving { 1 } else { 2 };
        board::put(0, 0);
        let gate = Gate::shut(0);
        let server = worker::start(on_1().priority(90), answer_at_gate, 0)?;
        worker::until_waiting(&[server])?;
        let caller = Job::call(server).words(1, 1, 1).start(on_1())?;
        gate.until_there()?;
        worker::until_waiting(&[caller.id])?;
        hold(cpu, point);
        let moved = move_to(caller.id, 2)?;
        until_held(cpu)?;
        gate.open();
        not_yet(&caller)?;
        release(cpu);
        moved.succeeds()?;
        let done = caller.result()?;
        done.carries(9, 1, 99, done.mr[0] & Tag::CROSS_CPU)?;
        until("the server is done", || board::get(0) == 1)?;
        equal("deletion", raw::delete(server), DONE)?;
    }
    Ok(())
}

/// Deleted on its way: its sender hears of it, and its number is free when the call returns.
pub(super) fn deleted_under_way() -> Outcome {
    let receiver = waiting(on_1())?;
    hold(2, Point::Arrive);
    move_to(receiver.id, 2)?.succeeds()?;
    until_held(2)?;
    let sender = sending(Job::call(receiver.id).within(SOON, SOON))?;
    let deleted = delete(receiver.id)?;
    not_yet(&sender)?;
    release(2);
    deleted.succeeds()?;
    // Its message came first, and it waited for that.
    let done = sender.result()?;
    check("an error", [4, 5].contains(&done.error))?;
    let gone: Result<ThreadState, _> = Err(SysError::InvalidThread);
    equal("state", schedule::state(receiver.id), gone)?;
    let next = ids::next_version(receiver.id);
    equal("creation", raw::create(next, l4::kip::root()), DONE)?;
    equal("deletion", raw::delete(next), DONE)
}

/// A receiver that copies asks its pager for a page. Its message is broken off, and before it hears of that it is sent to another
/// CPU: there it goes on in the middle of the kernel, and the CPU that it has left, where somebody more urgent is about to run,
/// is none of its business.
pub(super) fn broken_off_and_moved() -> Outcome {
    let plan = || worker::away().cpu(1);
    let gap = Gap::of(Pair::start_as(0, plan(), plan())?, Side::Receiver)?;
    let urgent = waiting(on_1().priority(200))?;
    // CPU 2 looks into its mailbox by itself.
    worker::start(on_2().priority(50), spin, 0)?;
    let transfer = gap.hold(Order::SenderFirst)?;
    let receiver = gap.pair.receiver.id;
    hold(1, Point::Control);
    let cancelled = cancel(receiver)?;
    until_held(1)?;
    let waker = sending(Job::send(urgent.id).words(1, 1, 1))?;
    let moved = move_to(receiver, 2)?;
    // In one turn it is ready again, and so is the urgent one; then it leaves.
    hold(1, Point::Leaving);
    until_held(1)?;
    hold(1, Point::Pushed);
    until_held(1)?;
    ends_with(
        &transfer.receiver,
        Phase::Receive,
        IpcCode::Aborted,
        gap.offset,
    )?;
    check("CPU 1 is held", !urgent.is_done())?;
    release(1);
    ends_with(&transfer.sender, Phase::Send, IpcCode::Aborted, gap.offset)?;
    cancelled.succeeds()?;
    moved.succeeds()?;
    waker.result()?.ok()?;
    urgent.result()?.carries(1, 1, 1, Tag::CROSS_CPU)?;
    gap.ends_there()
}
