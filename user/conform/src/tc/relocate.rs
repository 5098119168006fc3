//! Active threads move to another space.

use l4::abi::exregs;
use l4::abi::layout::{NOT_GIVEN, UTCB_AREA};
use l4::abi::schedule::ThreadState::{self, Inactive, PendingSend, Running, Waiting};
use l4::{Message, Tag, ThreadId, Time, ipc, schedule, space, thread, utcb};

use crate::harness::job::Started;
use crate::harness::raw::{self, DONE, refused, thread_control};
use crate::harness::regular::{local, spin};
use crate::harness::{
    Failure, Job, Outcome, SOON, board, check, equal, hex, ids, pause, until, worker,
};
use crate::pf::touch;

/// A UTCB that nobody has, in any space with the default areas.
const PLACE: u64 = UTCB_AREA + 255 * 1024;

/// A thread of another space.
#[track_caller]
fn host(cpu: usize) -> Result<ThreadId, Failure> {
    let id = worker::start(worker::away().cpu(cpu), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

/// Moves the thread to the same place in the other space, so that code that has read its local id before may go on.
#[track_caller]
fn relocate(id: ThreadId, host: ThreadId) -> Outcome {
    relocate_to(id, host, ids::utcb(id))
}

#[track_caller]
fn relocate_to(id: ThreadId, host: ThreadId, place: u64) -> Outcome {
    let verdict = thread_control(id.raw(), host.raw(), 0, 0, place);
    equal("move", verdict, DONE)?;
    let (verdict, _) = raw::control(id, 0);
    // Its pager lives here, so it can still be asked.
    hex("its local id", verdict.result, place + 512)
}

/// The thread lives in the space of `host`: it is seen by its global id here, and by its local one there.
#[track_caller]
fn lives_with(id: ThreadId, host: ThreadId) -> Outcome {
    let me = thread::myself();
    Job::send(id)
        .words(5, 1, me.raw())
        .within(SOON, SOON)
        .now()
        .ok()?;
    let answer = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
    answer.ok()?;
    equal("from", answer.from, id)?;
    let neighbour = Job::receive(ThreadId::ANY_LOCAL).within(SOON, SOON);
    let neighbour = neighbour.start(worker::here().in_space_of(host))?;
    worker::until_waiting(&[neighbour.id])?;
    let order = Job::send(id).words(5, 1, neighbour.id.raw());
    order.within(SOON, SOON).now().ok()?;
    let heard = neighbour.result()?;
    heard.ok()?;
    hex("from", heard.from.raw(), ids::utcb(id) + 512)
}

/// Sends its local id to whom it is told, again and again; notes the ErrorCode of what was cancelled in word 30.
fn obey(_: u64) {
    loop {
        let order = Job::receive(ThreadId::ANY).now();
        if order.ok().is_err() {
            board::put(30, order.error);
            board::put(31, utcb::my().local_id().raw());
        } else {
            let to = ThreadId::from_raw(order.mr[1]);
            Job::send(to).words(6, 0, 0).within(SOON, SOON).now();
        }
    }
}

/// A waiting thread: its receive is cancelled, and it goes on in the other space.
pub(super) fn waiting() -> Outcome {
    waiting_on(0, 0)
}

/// As [`waiting`], the thread or its new neighbour on another CPU.
pub(super) fn waiting_elsewhere() -> Outcome {
    waiting_on(1, 0)?;
    waiting_on(0, 1)?;
    waiting_on(1, 1)
}

fn waiting_on(cpu: usize, host_cpu: usize) -> Outcome {
    let host = host(host_cpu)?;
    board::put(30, 0);
    let id = worker::start(worker::here().cpu(cpu), obey, 0)?;
    worker::until_waiting(&[id])?;
    relocate(id, host)?;
    until("its cancelled receive", || board::get(30) != 0)?;
    hex("ErrorCode", board::get(30), 7)?;
    hex("its local id", board::get(31), ids::utcb(id) + 512)?;
    worker::until_waiting(&[id])?;
    lives_with(id, host)?;
    equal("deletion", raw::delete(id), DONE)
}

/// A thread that waits to send, here or on another CPU: the send is cancelled, nobody gets the message.
pub(super) fn sending() -> Outcome {
    sending_on(0)
}

/// As [`sending`], on another CPU.
pub(super) fn sending_elsewhere() -> Outcome {
    sending_on(1)
}

fn sending_on(cpu: usize) -> Outcome {
    let me = thread::myself();
    for call in [false, true] {
        let host = host(0)?;
        let job = if call { Job::call(me) } else { Job::send(me) };
        let sender = job.words(4, 2, 40).start(worker::here().cpu(cpu))?;
        worker::until_state(sender.id, PendingSend)?;
        pause(2_000);
        relocate(sender.id, host)?;
        let done = sender.result()?;
        done.error_with_tag(6, Tag::new(4, 2, 0).raw())?;
        hex("a word of its UTCB", done.mr[2], 41)?;
        nothing_came()?;
        equal("deletion", raw::delete(sender.id), DONE)?;
    }
    Ok(())
}

#[track_caller]
fn nothing_came() -> Outcome {
    let zero = Time::ZERO;
    Job::receive(ThreadId::ANY)
        .within(zero, zero)
        .now()
        .bare_error(3)
}

/// A caller whose message has arrived: its receive is cancelled, the answer finds nobody.
pub(super) fn calling() -> Outcome {
    calling_on(0)
}

/// As [`calling`], on another CPU.
pub(super) fn calling_elsewhere() -> Outcome {
    calling_on(1)
}

fn calling_on(cpu: usize) -> Outcome {
    let host = host(0)?;
    let caller = Job::call(thread::myself()).words(4, 2, 40);
    let caller = caller.start(worker::here().cpu(cpu))?;
    let got = Job::receive(caller.id).within(SOON, SOON).now();
    got.ok()?;
    equal("from", got.from, local(caller.id)?)?;
    relocate(caller.id, host)?;
    caller.result()?.bare_error(7)
}

/// A running thread, of this CPU or another, counts on; its space dies behind it.
pub(super) fn running() -> Outcome {
    running_on(0)
}

/// As [`running`], on another CPU.
pub(super) fn running_elsewhere() -> Outcome {
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
pub(super) fn oneself() -> Outcome {
    oneself_on(0)
}

/// As [`oneself`], on another CPU.
pub(super) fn oneself_elsewhere() -> Outcome {
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
pub(super) fn halted() -> Outcome {
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

/// A thread that was not started yet still waits for its start message.
pub(super) fn fresh() -> Outcome {
    let (host, id) = (host(0)?, ids::fresh());
    let me = thread::myself().raw();
    let made = thread_control(id.raw(), me, me, me, ids::utcb(id));
    equal("creation", made, DONE)?;
    relocate_to(id, host, PLACE)?;
    equal("state", schedule::state(id), Ok(Waiting))?;
    let (_, old) = raw::control(id, 0);
    hex("receiving", old.control, exregs::RECEIVE)?;
    // It starts nowhere: its first fault comes here.
    let start = Message::new(0).words(&[0x4000_0000, 0x5000_0000]);
    ipc::send_within(id, &start, SOON)?;
    let fault = Job::receive(id).within(SOON, SOON).now();
    fault.ok()?;
    hex("address", fault.mr[1], 0x4000_0000)
}

/// Touches an address.
fn read_at(address: u64) {
    touch::read(address);
}

/// A thread in a page fault: it faults again in its new space.
pub(super) fn faulting() -> Outcome {
    let me = thread::myself();
    for (cpu, address) in [(0, 0x4000_0000), (1, 0x4000_1000)] {
        if cpu >= l4::kip::cpus() {
            break;
        }
        let host = host(0)?;
        let id = worker::start(worker::here().cpu(cpu), read_at, address)?;
        let pager = l4::pager::running();
        check("the library's pager has it", pager != me)?;
        worker::until_waiting(&[id])?;
        let place = ids::utcb(id);
        let mine = thread_control(id.raw(), host.raw(), 0, me.raw(), place);
        equal("move, and another pager", mine, DONE)?;
        // The faults of a thread whose pages are not there yet.
        let fault = Job::receive(id).within(SOON, SOON).now();
        fault.ok()?;
        equal("from", fault.from, id)?;
        equal("deletion", raw::delete(id), DONE)?;
    }
    Ok(())
}

/// What is refused, and changes nothing.
pub(super) fn refusals() -> Outcome {
    let host = host(0)?;
    let waiter: Started = Job::receive(thread::myself()).start(worker::here())?;
    worker::until_waiting(&[waiter.id])?;
    let empty = ids::fresh();
    equal("creation", raw::create(empty, empty), DONE)?;
    let agent = ids::fresh();
    let move_to = |space: ThreadId, place: u64| {
        let id = waiter.id.raw();
        thread_control(id, space.raw(), agent.raw(), agent.raw(), place)
    };
    for place in [
        NOT_GIVEN,
        0,
        PLACE + 8,
        PLACE + 512,
        UTCB_AREA - 1024,
        PLACE + 1024,
        1 << 63,
    ] {
        equal("bad place", move_to(host, place), refused(6))?;
    }
    equal("no areas", move_to(empty, PLACE), refused(6))?;
    equal("no space", move_to(ids::fresh(), PLACE), refused(3))?;
    equal("state", schedule::state(waiter.id), Ok(Waiting))?;
    let own = ThreadId::from_raw(ids::utcb(waiter.id) + 512);
    equal("its local id", thread::other_id(waiter.id), Ok(own))?;
    let (_, registers) = raw::control(waiter.id, 0);
    equal("its pager", registers.pager, l4::pager::running().raw())?;
    // Whoever has the id of the scheduler may change priorities, even if he is not privileged.
    let may = |id: u64| {
        let all = u64::MAX;
        raw::schedule([id, all, all, 1, all]).0.pack()
    };
    let got = worker::perform(worker::away().id(agent), may, waiter.id.raw())?;
    equal("the agent's call", raw::Verdict::unpack(got), refused(1))?;
    Job::send(waiter.id)
        .words(2, 1, 3)
        .within(SOON, SOON)
        .now()
        .ok()?;
    waiter.result()?.carries(2, 1, 3, 0)
}

/// The contents of the UTCB and the floating-point registers go along.
pub(super) fn keeps_its_registers() -> Outcome {
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

/// A space that its last thread leaves gives its memory back, and may be the one that is left while in use.
pub(super) fn old_space_dies() -> Outcome {
    let host = host(0)?;
    let id = ids::fresh();
    let mut before = None;
    for round in 0..6 {
        let again = ThreadId::global(id.number(), id.version() + (round << 16));
        board::put(0, 0);
        let plan = worker::here().id(again).new_space_as(space::Builder::new());
        let id = worker::start(plan, spin, 0)?;
        until("it runs", || board::get(0) > 0)?;
        relocate_to(id, host, PLACE)?;
        equal("deletion", raw::delete(id), DONE)?;
        let free = l4::control::free_frames();
        if round >= 2 {
            equal("free frames", free, before)?;
        }
        before = free;
    }
    Ok(())
}

/// What was queued at the thread is still there, and senders are seen as what they are now.
pub(super) fn senders_stay() -> Outcome {
    let host = host(0)?;
    let id = worker::start(worker::here(), wait_then_receive, 0)?;
    let sender = Job::send(id).words(7, 1, 7).start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    relocate(id, host)?;
    board::put(70, 1);
    sender.result()?.ok()?;
    until("it received", || board::get(71) != 0)?;
    hex("from", board::get(71), sender.id.raw())
}

fn wait_then_receive(_: u64) {
    while board::get(70) == 0 {
        core::hint::spin_loop();
    }
    board::put(71, Job::receive(ThreadId::ANY).now().from.raw());
}

/// Under fire: a client and its server on all CPUs; the client is moved to and fro, and every call ends somehow.
pub(super) fn to_and_fro() -> Outcome {
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
