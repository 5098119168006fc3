//! A thread that waits for nobody moves, or moves itself: it goes on as if nothing had happened, or stays halted.

use l4::abi::exregs;
use l4::abi::schedule::ThreadState::{self, Inactive, Running};
use l4::{ThreadId, schedule, thread, utcb};

use super::{PLACE, host, relocate, relocate_to};
use crate::harness::raw::{self, DONE, refused, thread_control};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, board, check, equal, hex, pause, until, worker};

/// A running thread, of this CPU or another, counts on; its space dies behind it.
pub(in crate::tc) fn running() -> Outcome {
    running_on(0)
}

/// As [`running`], on another CPU.
pub(in crate::tc) fn running_elsewhere() -> Outcome {
    running_on(1)
}

fn running_on(cpu: usize) -> Outcome {
    for (round, plan) in [worker::here(), worker::away()].into_iter().enumerate() {
        let host = host(0)?;
        let id = worker::start(plan.cpu(cpu), spin, round as u64)?;
        until("it runs", || board::get(round) > 0)?;
        relocate_to(id, host, PLACE)?;
        // At first it asks for its pages.
        worker::until_state(id, Running)?;
        let then = board::get(round);
        until("it runs on", || board::get(round) > then + 100)?;
        equal("deletion", raw::delete(id), DONE)?;
    }
    Ok(())
}

/// Moves itself to the space of the thread whose id is its argument; tells what it finds there.
fn move_over(host: u64) {
    let me = thread::myself();
    let place = utcb::my().mr0() as u64 - 512;
    let verdict = thread_control(me.raw(), host, 0, 0, place);
    board::put(40, verdict.pack());
    utcb::my().set_mr(20, 0x20);
    board::put(41, utcb::my().global_id().raw());
    // Not privileged there.
    let again = thread_control(me.raw(), host, 0, 0, place);
    board::put(42, again.pack());
    board::put(44, utcb::my().mr(20));
    board::put(43, 1);
}

/// A thread may move itself.
pub(in crate::tc) fn oneself() -> Outcome {
    oneself_on(0)
}

/// As [`oneself`], on another CPU.
pub(in crate::tc) fn oneself_elsewhere() -> Outcome {
    oneself_on(1)
}

fn oneself_on(cpu: usize) -> Outcome {
    let host = host(0)?;
    board::put(43, 0);
    let id = worker::start(worker::here().cpu(cpu), move_over, host.raw())?;
    until("it has moved", || board::get(43) == 1)?;
    let verdict = |index| raw::Verdict::unpack(board::get(index));
    equal("moved", verdict(40), DONE)?;
    hex("its global id", board::get(41), id.raw())?;
    hex("a word of its UTCB", board::get(44), 0x20)?;
    equal("again", verdict(42), refused(1))
}

/// A halted thread stays so.
pub(in crate::tc) fn halted() -> Outcome {
    let host = host(0)?;
    let id = worker::start(worker::here(), spin, 3)?;
    until("it runs", || board::get(3) > 0)?;
    raw::control(id, exregs::STOP);
    relocate_to(id, host, PLACE)?;
    equal("state", schedule::state(id), Ok(Inactive))?;
    let then = board::get(3);
    pause(5_000);
    equal("count", board::get(3), then)?;
    raw::control(id, exregs::HALT_VALID);
    until("it runs on", || board::get(3) > then)
}

/// The contents of the UTCB and the floating-point registers go along.
pub(in crate::tc) fn keeps_its_registers() -> Outcome {
    let host = host(0)?;
    let id = worker::start(worker::here(), keep, 0)?;
    until("it runs", || board::get(60) > 100)?;
    relocate(id, host)?;
    let then = board::get(60);
    until("it runs on", || board::get(60) > then + 100)?;
    equal("what was lost", board::get(61), 0)
}

/// Looks again and again whether its registers and UTCB words are as it left them.
fn keep(_: u64) {
    utcb::my().set_thread_word(0, 0x77);
    utcb::my().set_mr(40, 0x40);
    let mut value = 0x1234_5678_u64;
    loop {
        let back: u64;
        // SAFETY: keeps a value in a register over a loop of its own.
        unsafe {
            core::arch::asm!(
                "movq xmm5, {0}", "mov {1}, 1000", "2: dec {1}", "jnz 2b", "movq {0}, xmm5", "mov {1}, {0}",
                inout(reg) value, out(reg) back, out("xmm5") _, options(nomem, nostack),
            );
        }
        let kept = utcb::my().thread_word(0) == 0x77 && utcb::my().mr(40) == 0x40;
        let lost = back != 0x1234_5678 || !kept;
        board::add(61, u64::from(lost));
        board::add(60, 1);
    }
}

/// Under fire: a client and its server on all CPUs; the client is moved to and fro, and every call ends somehow.
pub(in crate::tc) fn to_and_fro() -> Outcome {
    let hosts = [host(0)?, host(1)?];
    let server = worker::start(worker::away().cpu(1), crate::ipc::echo, 0)?;
    let client = worker::start(worker::here(), call_on, server.raw())?;
    for round in 0..40 {
        relocate(client, hosts[round % 2])?;
        schedule::set_cpu(client, round / 2 % 2)?;
        let then = board::get(80);
        until("calls go on", || board::get(80) > then + 1)?;
    }
    equal("answers that were wrong", board::get(81), 0)?;
    equal("state of the server", schedule::state(server).is_ok(), true)?;
    check("it lives", schedule::state(client) != Ok(ThreadState::Dead))
}

fn call_on(server: u64) {
    let server = ThreadId::from_raw(server);
    loop {
        let done = Job::call(server).words(1, 1, 5).now();
        if done.ok().is_ok() {
            let right = done.from == server && done.mr[1] == 1005;
            board::add(81, u64::from(!right));
        }
        board::add(80, 1);
    }
}
