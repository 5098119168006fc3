//! Thread ids, their two forms, and what a new thread's UTCB says.

use l4::{ThreadId, pager, thread, utcb};

use crate::harness::regular::local;
use crate::harness::{Job, Outcome, SOON, Test, equal, hex, ids, raw, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("ID0001", own_ids),
    Test::new("ID0002", own_ids_convert),
    Test::new("ID0003", other_ids_convert),
    Test::new("ID0004", from_is_local_within_a_space),
    Test::new("ID0005", from_is_global_across_spaces),
    Test::new("ID0006", fresh_utcb),
    Test::new("ID0007", local_destination),
    Test::new("ID0008", local_from_specifier),
    Test::new("ID0009", ids_in_another_space),
];

fn own_ids() -> Outcome {
    let me = thread::myself();
    hex("MR0 address", utcb::my().mr0() as u64, ids::utcb(me) + 512)?;
    hex(
        "root's id",
        l4::kip::root().raw() >> 32,
        u64::from(l4::kip::thread_info().user_base) + 2,
    )?;
    equal("version", l4::kip::root().version(), 1)?;
    equal("ProcessorNo", utcb::my().processor(), 0)
}

fn own_ids_convert() -> Outcome {
    let (global, mine) = (thread::myself(), utcb::my().local_id());
    equal("local of global", thread::other_id(global), Ok(mine))?;
    equal("global of local", thread::other_id(mine), Ok(global))
}

fn other_ids_convert() -> Outcome {
    let other = Job::receive(ThreadId::ANY).start(worker::here())?.id;
    let expected = ThreadId::from_raw(ids::utcb(other) + 512);
    equal("local of global", thread::other_id(other), Ok(expected))?;
    equal("global of local", thread::other_id(expected), Ok(other))
}

fn from_is_local_within_a_space() -> Outcome {
    let me = thread::myself();
    let sender = Job::send(me).start(worker::here())?;
    let open = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
    open.ok()?;
    equal("from of an open wait", open.from, local(sender.id)?)?;
    let sender = Job::send(me).start(worker::here())?;
    let closed = Job::receive(sender.id).within(SOON, SOON).now();
    closed.ok()?;
    equal("from of a closed wait", closed.from, local(sender.id)?)
}

fn from_is_global_across_spaces() -> Outcome {
    let me = thread::myself();
    let sender = Job::send(me).start(worker::away())?;
    let open = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
    open.ok()?;
    equal("from of an open wait", open.from, sender.id)?;
    let sender = Job::send(me).start(worker::away())?;
    let closed = Job::receive(sender.id).within(SOON, SOON).now();
    closed.ok()?;
    equal("from of a closed wait", closed.from, sender.id)
}

/// An active thread that has not started yet, in this space, so that its UTCB can be read.
fn fresh_utcb() -> Outcome {
    let id = ids::fresh();
    let me = thread::myself().raw();
    let place = ids::utcb(id);
    let made = raw::thread_control(id.raw(), me, me, pager::running().raw(), place);
    equal("ThreadControl", made, raw::DONE)?;
    // SAFETY: the thread is alive and runs no code.
    let utcb = unsafe { utcb::Utcb::at((place + 512) as *mut u64) };
    equal("MyGlobalId", utcb.global_id(), id)?;
    equal("Pager", utcb.pager(), pager::running())?;
    equal("ExceptionHandler", utcb.exception_handler(), ThreadId::NIL)?;
    equal("ProcessorNo", utcb.processor(), 0)?;
    hex("BR0", utcb.br(0), 0)
}

fn local_destination() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    Job::send(local(receiver.id)?)
        .words(0xF00F, 3, 5)
        .within(SOON, SOON)
        .now()
        .ok()?;
    receiver.result()?.carries(0xF00F, 3, 5, 0)
}

fn local_from_specifier() -> Outcome {
    let me = thread::myself();
    let first = Job::send(me).words(1, 1, 1).start(worker::here())?;
    let second = Job::send(me).words(2, 1, 2).start(worker::here())?;
    worker::until_state(second.id, l4::abi::schedule::ThreadState::PendingSend)?;
    let got = Job::receive(local(second.id)?).within(SOON, SOON).now();
    got.carries(2, 1, 2, 0)?;
    equal("from", got.from, local(second.id)?)?;
    Job::receive(local(first.id)?)
        .within(SOON, SOON)
        .now()
        .carries(1, 1, 1, 0)
}

/// In a space of its own a thread has the first UTCB of the area, and a global id all the same.
fn ids_in_another_space() -> Outcome {
    let plan = worker::away();
    let seen = worker::perform(plan, |_| utcb::my().mr0() as u64, 0)?;
    hex("MR0 address", seen, l4::abi::layout::UTCB_AREA + 512)?;
    let sum = worker::perform(worker::away(), |_| thread::myself().raw(), 0)?;
    equal(
        "version",
        ThreadId::from_raw(sum).version(),
        thread::myself().version(),
    )?;
    let same = worker::perform(
        worker::away(),
        |_| {
            thread::other_id(utcb::my().local_id())
                .map_or(0, |id| u64::from(id == thread::myself()))
        },
        0,
    )?;
    equal("own conversion there", same, 1)
}
