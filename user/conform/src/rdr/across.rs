//! Redirection between CPUs.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Tag, ThreadId, Time, ipc, schedule, thread};

use super::pass_on::pass_everything_on;
use super::setting::{relay, send_by};
use super::{confined, direct, message, receive, set, stranger};
use crate::harness::regular::Random;
use crate::harness::{Job, Outcome, SOON, board, equal, pause, until, worker};

/// Sender, destination and redirector on all CPUs.
pub(super) fn redirected() -> Outcome {
    for round in 0..8 {
        let [sender_cpu, other_cpu, redirector_cpu] = [round & 1, round >> 1 & 1, round >> 2];
        let other = stranger(other_cpu)?;
        let redirector = receive(ThreadId::ANY).start(worker::here().cpu(redirector_cpu))?;
        worker::until_waiting(&[redirector.id])?;
        let sender = message(other.id).start(confined(redirector.id, sender_cpu))?;
        let same = sender_cpu == redirector_cpu;
        let cross = if same { 0 } else { Tag::CROSS_CPU };
        super::redirected(&redirector.result()?, sender.id, other.id, cross)?;
        sender.result()?.ok()?;
    }
    Ok(())
}

/// Calls the server 30 times; returns how many did not get its answer.
fn call_often(server: u64) -> u64 {
    let server = ThreadId::from_raw(server);
    let call = |_| {
        let done = Job::call(server).words(7, 3, 70).within(SOON, SOON).now();
        let cross = done.mr[0] & Tag::CROSS_CPU;
        u64::from(done.carries(8, 3, 1070, cross).is_err() || done.from != server)
    };
    (0..30).map(call).sum()
}

/// A redirector of the root task's space sends calls on; caller, server and redirector on all CPUs.
pub(super) fn passed_on() -> Outcome {
    for round in 0..8 {
        let [caller, server, redirector] = [round & 1, round >> 1 & 1, round >> 2];
        let server = worker::start(worker::away().cpu(server), crate::ipc::echo, 0)?;
        let plan = worker::here().cpu(redirector);
        let redirector = worker::start(plan, pass_everything_on, 0)?;
        worker::until_waiting(&[server, redirector])?;
        let plan = confined(redirector, caller);
        let wrong = worker::perform(plan, call_often, server.raw())?;
        equal("calls that went wrong", wrong, 0)?;
    }
    Ok(())
}

/// Threads of the space on both CPUs learn at once that there is a redirector, and that there is none.
pub(super) fn setting_it_everywhere() -> Outcome {
    let me = thread::myself();
    let near = worker::start(worker::away(), relay, 0)?;
    let far = worker::start(worker::here().cpu(1).in_space_of(near), relay, 0)?;
    for round in 0..10 {
        for (redirector, redirects) in [(me, true), (ThreadId::ANY, false)] {
            worker::until_waiting(&[near, far])?;
            set(if round % 2 == 0 { near } else { far }, redirector)?;
            for sender in [near, far] {
                let other = receive(ThreadId::ANY).start(worker::away().cpu(round % 2))?;
                worker::until_waiting(&[other.id])?;
                send_by(sender, other.id)?;
                if redirects {
                    let got = receive(ThreadId::ANY).now();
                    let cross = got.mr[0] & Tag::CROSS_CPU;
                    super::redirected(&got, sender, other.id, cross)?;
                } else {
                    direct(&other.result()?, sender)?;
                }
            }
        }
    }
    Ok(())
}

/// A redirector of a third space: faults and calls go through it, while caller, server and redirector move about.
pub(super) fn transparent() -> Outcome {
    let server = worker::start(worker::away().cpu(1), crate::ipc::echo, 0)?;
    let redirector = worker::start(worker::away(), pass_everything_on, 0)?;
    worker::until_waiting(&[server, redirector])?;
    board::put(50, server.raw());
    let caller = worker::start(confined(redirector, 1), call_and_count, 0)?;
    let mut random = Random::new(17);
    for _ in 0..60 {
        for thread in [server, redirector, caller] {
            schedule::set_cpu(thread, random.below(2) as usize)?;
        }
        pause(random.below(2_000));
    }
    board::put(51, 1);
    until("the caller is done", || board::get(52) == 1)?;
    equal("calls that went wrong", board::get(53), 0)
}

fn call_and_count(_: u64) {
    loop {
        board::add(53, call_often(board::get(50)));
        if board::get(51) == 1 {
            break;
        }
    }
    board::put(52, 1);
    ipc::park();
}

/// A redirected sender that waits goes to another CPU.
pub(super) fn sender_moves() -> Outcome {
    let me = thread::myself();
    for (first, second) in [(0, 1), (1, 0)] {
        let other = stranger(0)?;
        let sender = message(other.id).start(confined(me, first))?;
        worker::until_state(sender.id, PendingSend)?;
        pause(2_000);
        schedule::set_cpu(sender.id, second)?;
        pause(2_000);
        let got = receive(sender.id).now();
        super::redirected(&got, sender.id, other.id, got.mr[0] & Tag::CROSS_CPU)?;
        sender.result()?.ok()?;
        receive(ThreadId::ANY)
            .within(Time::ZERO, Time::ZERO)
            .now()
            .bare_error(3)?;
    }
    Ok(())
}
