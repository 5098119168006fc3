//! Deletion of threads whose IPC partner, or whose killer, is on another CPU.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::{SysError, Tag, ThreadId, Time, ipc, schedule, thread};

use super::{far_away, there};
use crate::harness::raw::{self, DONE};
use crate::harness::regular::{Random, spin};
use crate::harness::{Job, Outcome, SOON, board, equal, hex, pause, until, worker};

fn nothing_left() -> Outcome {
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)
}

/// Its message is not delivered; others behind it are.
pub(super) fn queued_sender() -> Outcome {
    let me = thread::myself();
    for plan in [there, far_away] {
        let sender = Job::send(me).words(1, 0, 0).start(plan())?;
        worker::until_state(sender.id, PendingSend)?;
        let behind = Job::send(me).words(2, 0, 0).start(plan())?;
        worker::until_state(behind.id, PendingSend)?;
        pause(2_000);
        equal("deletion", raw::delete(sender.id), DONE)?;
        Job::receive(ThreadId::ANY)
            .within(SOON, SOON)
            .now()
            .carries(2, 0, 0, Tag::CROSS_CPU)?;
        behind.result()?.ok()?;
        nothing_left()?;
    }
    Ok(())
}

/// A server that has taken a call and is deleted before it answers: its callers of both CPUs learn that it is gone.
pub(super) fn partner_that_would_answer() -> Outcome {
    for plan in [worker::here as fn() -> l4::thread::Builder, there, far_away] {
        let server = Job::receive(ThreadId::ANY).start(plan())?;
        worker::until_waiting(&[server.id])?;
        let caller = Job::call(server.id).words(4, 1, 4).start(worker::here())?;
        server.result()?.ok()?;
        let late = Job::receive(server.id).start(far_away())?;
        worker::until_waiting(&[caller.id, late.id])?;
        equal("deletion", raw::delete(server.id), DONE)?;
        caller.result()?.bare_error(5)?;
        late.result()?.bare_error(5)?;
    }
    Ok(())
}

/// Senders of both CPUs learn that the receiver does not exist.
pub(super) fn receiver_with_senders() -> Outcome {
    for deaf in [worker::here as fn() -> l4::thread::Builder, far_away] {
        let deaf = worker::start(deaf(), |_| ipc::park(), 0)?;
        let plans = [there(), worker::here(), far_away(), worker::away()];
        let mut senders = [None; 4];
        for (plan, slot) in plans.into_iter().zip(&mut senders) {
            let sender = Job::call(deaf).words(3, 1, 3).start(plan)?;
            worker::until_state(sender.id, PendingSend)?;
            *slot = Some(sender);
        }
        pause(2_000);
        equal("deletion", raw::delete(deaf), DONE)?;
        for sender in senders.into_iter().flatten() {
            let done = sender.result()?;
            hex("error flag", done.mr[0] & Tag::ERROR, Tag::ERROR)?;
            hex("ErrorCode", done.error, 4)?;
        }
    }
    Ok(())
}

/// A server answers one that is gone: nonexisting, at once.
pub(super) fn caller_that_waits() -> Outcome {
    for plan in [there(), far_away()] {
        let caller = Job::call(thread::myself()).words(1, 1, 1).start(plan)?;
        Job::receive(caller.id)
            .within(SOON, SOON)
            .now()
            .carries(1, 1, 1, Tag::CROSS_CPU)?;
        equal("deletion", raw::delete(caller.id), DONE)?;
        Job::send(caller.id).now().bare_error(4)?;
    }
    nothing_left()
}

#[track_caller]
fn gone(id: ThreadId) -> Outcome {
    equal("deletion", raw::delete(id), DONE)?;
    equal("state", schedule::state(id), Err(SysError::InvalidThread))?;
    Job::send(id).now().bare_error(4)?;
    equal("second deletion", raw::delete(id), DONE)
}

pub(super) fn in_all_states() -> Outcome {
    let me = thread::myself();
    for plan in [there as fn() -> l4::thread::Builder, far_away] {
        for job in [
            Job::receive(ThreadId::ANY),
            Job::receive(me).within(SOON, SOON),
        ] {
            let started = job.start(plan())?;
            worker::until_waiting(&[started.id])?;
            gone(started.id)?;
        }
        let sender = Job::send(me).within(SOON, SOON).start(plan())?;
        worker::until_state(sender.id, PendingSend)?;
        gone(sender.id)?;
        let then = board::get(0);
        let spinner = worker::start(plan(), spin, 0)?;
        until("it runs", || board::get(0) > then)?;
        gone(spinner)?;
        let halted = worker::start(plan(), spin, 1)?;
        raw::control(halted, l4::abi::exregs::STOP);
        gone(halted)?;
        gone(plan().create()?)?;
        let then = board::get(0);
        pause(3_000);
        equal("count after deletion", board::get(0), then)?;
    }
    nothing_left()
}

fn busy(seed: u64) {
    let mut random = Random::new(seed);
    let partner = |random: &mut Random| ThreadId::from_raw(board::get(random.below(8) as usize));
    loop {
        let (a, b) = (partner(&mut random), partner(&mut random));
        let time = Time::period(50 + random.below(2_000));
        let job = match random.below(4) {
            0 => Job::send(a),
            1 => Job::receive(ThreadId::ANY),
            2 => Job::new(a, b),
            _ => Job::call(a),
        };
        job.words(1, random.below(20) as usize, 3)
            .within(time, time)
            .now();
        board::add(10, 1);
    }
}

/// Eight threads on all CPUs talk to each other at random while they are killed and made anew.
pub(super) fn storm() -> Outcome {
    let cpus = l4::kip::cpus() as u64;
    let mut random = Random::new(17);
    let make = |slot: u64, round: u64| -> Outcome {
        let plan = if (slot + round).is_multiple_of(3) {
            worker::away()
        } else {
            worker::here()
        };
        let plan = plan.cpu(((slot + round) % cpus) as usize);
        let id = worker::start(plan, busy, slot * 1000 + round)?;
        board::put(slot as usize, id.raw());
        Ok(())
    };
    for slot in 0..8 {
        make(slot, 0)?;
    }
    for round in 1..=150 {
        let slot = random.below(8);
        equal(
            "deletion",
            raw::delete(ThreadId::from_raw(board::get(slot as usize))),
            DONE,
        )?;
        make(slot, round)?;
        pause(random.below(1_500));
    }
    let then = board::get(10);
    until("they are busy still", || board::get(10) > then + 20)
}
