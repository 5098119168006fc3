//! A thread that waits for somebody moves: what it waits for is called off, or still comes.

use l4::abi::exregs;
use l4::abi::schedule::ThreadState::{PendingSend, Waiting};
use l4::{Message, Tag, ThreadId, Time, ipc, schedule, thread, utcb};

use super::{PLACE, host, relocate, relocate_to};
use crate::harness::raw::{self, DONE, thread_control};
use crate::harness::regular::local;
use crate::harness::{Job, Outcome, SOON, board, check, equal, hex, ids, pause, until, worker};
use crate::pf::touch;

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
            board::put(31, utcb::my().local_id().raw());
            board::put(30, order.error);
        } else {
            let to = ThreadId::from_raw(order.mr[1]);
            Job::send(to).words(6, 0, 0).within(SOON, SOON).now();
        }
    }
}

/// A waiting thread: its receive is cancelled, and it goes on in the other space.
pub(in crate::tc) fn waiting() -> Outcome {
    waiting_on(0, 0)
}

/// As [`waiting`], the thread or its new neighbour on another CPU.
pub(in crate::tc) fn waiting_elsewhere() -> Outcome {
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
pub(in crate::tc) fn sending() -> Outcome {
    sending_on(0)
}

/// As [`sending`], on another CPU.
pub(in crate::tc) fn sending_elsewhere() -> Outcome {
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
pub(in crate::tc) fn calling() -> Outcome {
    calling_on(0)
}

/// As [`calling`], on another CPU.
pub(in crate::tc) fn calling_elsewhere() -> Outcome {
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

/// A thread that was not started yet still waits for its start message.
pub(in crate::tc) fn fresh() -> Outcome {
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
pub(in crate::tc) fn faulting() -> Outcome {
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

/// What was queued at the thread is still there, and senders are seen as what they are now.
pub(in crate::tc) fn senders_stay() -> Outcome {
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
