//! Messages between CPUs: whole, marked, in order.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::thread::Builder;
use l4::{Fpage, MapItem, Message, Rights, Tag, ThreadId, Time, ipc, thread, utcb};

use super::{far_away, there};
use crate::harness::regular::local;
use crate::harness::{Job, Outcome, SOON, board, check, equal, hex, until, worker};
use crate::ipc::echo;
use crate::pf::touch;

/// The flag on every message from another CPU.
const X: u64 = Tag::CROSS_CPU;

pub(super) fn placement() -> Outcome {
    for plan in [there(), far_away()] {
        equal(
            "ProcessorNo",
            worker::perform(plan, |_| utcb::my().processor() as u64, 0)?,
            1,
        )?;
    }
    Ok(())
}

fn receive_all(from: u64) {
    for count in 0..64 {
        let got = Job::receive(ThreadId::from_raw(from))
            .within(SOON, SOON)
            .now();
        if got.carries(0xF00F, count, 5 * count as u64, X).is_err() {
            board::add(0, 1);
        }
    }
    board::put(1, 1);
}

pub(super) fn send_there() -> Outcome {
    for plan in [there(), far_away()] {
        board::put(1, 0);
        let receiver = worker::start(plan, receive_all, thread::myself().raw())?;
        for count in 0..64 {
            let job = Job::send(receiver).words(0xF00F, count, 5 * count as u64);
            job.within(SOON, SOON).now().ok()?;
        }
        until("the receiver is done", || board::get(1) == 1)?;
        equal("bad messages", board::get(0), 0)?;
    }
    Ok(())
}

fn send_all(to: u64) {
    for count in 0..64 {
        let job = Job::send(ThreadId::from_raw(to)).words(0xF00F, count, 5 * count as u64);
        board::add(0, u64::from(job.within(SOON, SOON).now().ok().is_err()));
    }
    board::put(1, 1);
}

pub(super) fn send_here() -> Outcome {
    for plan in [there(), far_away()] {
        board::put(1, 0);
        let sender = worker::start(plan, send_all, thread::myself().raw())?;
        for count in 0..64 {
            let got = Job::receive(sender).within(SOON, SOON).now();
            got.carries(0xF00F, count, 5 * count as u64, X)?;
        }
        until("the sender is done", || board::get(1) == 1)?;
        equal("failed sends", board::get(0), 0)?;
    }
    Ok(())
}

pub(super) fn call() -> Outcome {
    for plan in [there(), far_away()] {
        let server = worker::start(plan, echo, 0)?;
        for round in 0..4 {
            for count in 0..64 {
                let first = 100 * round + count as u64;
                let answer = Job::call(server)
                    .words(0xF00D, count, first)
                    .within(SOON, SOON)
                    .now();
                answer.carries(0xF00E, count, first + 1000, X)?;
            }
        }
    }
    Ok(())
}

fn call_back(_: u64) {
    let Ok(request) = ipc::wait() else { return };
    let client = ThreadId::from_raw(request.message.word_at(0));
    let answer = Job::call(client).words(7, 2, 70).within(SOON, SOON).now();
    board::put(0, u64::from(answer.carries(8, 1, 80, X).is_ok()));
}

/// The partner of a call is called in turn.
pub(super) fn server_calls_back() -> Outcome {
    let server = worker::start(far_away(), call_back, 0)?;
    let me = thread::myself();
    let asked = Job::call(server)
        .words(1, 1, me.raw())
        .within(SOON, SOON)
        .now();
    asked.carries(7, 2, 70, X)?;
    Job::send(server)
        .words(8, 1, 80)
        .within(SOON, SOON)
        .now()
        .ok()?;
    until("the server is content", || board::get(0) == 1)
}

/// Within a space ids are local, whatever the CPU.
pub(super) fn local_ids() -> Outcome {
    let me = thread::myself();
    let near = Job::send(me).start(there())?;
    let got = Job::receive(ThreadId::ANY_LOCAL).within(SOON, SOON).now();
    got.carries(0, 0, 0, X)?;
    equal("from", got.from, local(near.id)?)?;
    let far = Job::send(me).start(far_away())?;
    let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
    equal("from", got.from, far.id)?;
    let receiver = Job::receive(local(me)?).start(there())?;
    worker::until_waiting(&[receiver.id])?;
    Job::send(local(receiver.id)?)
        .words(2, 2, 2)
        .within(SOON, SOON)
        .now()
        .ok()?;
    receiver.result()?.carries(2, 2, 2, X)
}

fn queued(plan: Builder, label: u64) -> Result<ThreadId, crate::harness::Failure> {
    let sender = Job::send(thread::myself())
        .words(label, 1, label)
        .start(plan)?;
    worker::until_state(sender.id, PendingSend)?;
    // The request is on its way to this CPU at the latest now; two looks later it has arrived.
    crate::harness::pause(3_000);
    Ok(sender.id)
}

pub(super) fn closed_receive() -> Outcome {
    let first = queued(there(), 1)?;
    let second = queued(far_away(), 2)?;
    let third = queued(worker::here(), 3)?;
    Job::receive(third)
        .within(SOON, SOON)
        .now()
        .carries(3, 1, 3, 0)?;
    Job::receive(second)
        .within(SOON, SOON)
        .now()
        .carries(2, 1, 2, X)?;
    Job::receive(first)
        .within(SOON, SOON)
        .now()
        .carries(1, 1, 1, X)?;
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)
}

pub(super) fn first_come_first_served() -> Outcome {
    for label in 0..6 {
        queued(
            if label % 2 == 0 {
                there()
            } else {
                worker::here()
            },
            label,
        )?;
    }
    for label in 0..6 {
        let flags = if label % 2 == 0 { X } else { 0 };
        Job::receive(ThreadId::ANY)
            .within(SOON, SOON)
            .now()
            .carries(label, 1, label, flags)?;
    }
    Ok(())
}

/// A page goes along with a message to another CPU.
pub(super) fn map_item() -> Outcome {
    use crate::harness::pager::{self, COUNT, WINDOW};
    let pager = pager::start()?;
    let window = Fpage::new(WINDOW, 12, Rights::NONE).raw() & !0xF;
    let plan = far_away().pager(pager);
    let receiver = Job::receive(ThreadId::ANY).accepting(window).start(plan)?;
    worker::until_waiting(&[receiver.id])?;
    let fpage = Fpage::new(touch::page(4, 0x44), 12, Rights::READ);
    let item = MapItem {
        send_base: 0,
        fpage,
    }
    .words();
    let tag = Tag::new(1, 0, 2).raw();
    Job::send(receiver.id)
        .tag(tag)
        .registers(1, &item)
        .within(SOON, SOON)
        .now()
        .ok()?;
    let got = receiver.result()?;
    hex("tag", got.mr[0], tag | X)?;
    equal("item", (got.mr[1], got.mr[2]), (item[0], item[1]))?;
    let plan = there().in_space_of(receiver.id).pager(pager);
    hex(
        "what is there",
        worker::perform(plan, |address| touch::read(address), WINDOW)?,
        0x44,
    )?;
    equal("faults", board::get(COUNT), 0)
}

pub(super) fn wrong_wait() -> Outcome {
    let other = Job::receive(ThreadId::ANY).start(there())?;
    let receiver = Job::receive(other.id).start(there())?;
    worker::until_waiting(&[other.id, receiver.id])?;
    Job::send(receiver.id)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(2)?;
    check("the receiver still waits", !receiver.is_done())?;
    ipc::send_within(other.id, &Message::new(1), SOON)?;
    other.result()?.carries(1, 0, 0, X)
}
