//! Every error of IPC: code, phase, and the tag that goes with it.

mod ends;

use l4::abi::exregs;
use l4::abi::layout::NOT_GIVEN;
use l4::abi::schedule::ThreadState::{PendingSend, Waiting};
use l4::{Fpage, MapItem, Rights, Tag, ThreadId, thread};

use crate::harness::{Job, Outcome, SOON, Test, equal, hex, ids, raw, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("ERR0001", send_to_nobody),
    Test::new("ERR0002", receive_from_nobody),
    Test::new("ERR0003", old_versions),
    Test::new("ERR0004", inactive_partner),
    Test::new("ERR0005", too_many_words),
    Test::new("ERR0006", string_for_one_who_takes_none),
    Test::new("ERR0007", map_item_without_window),
    Test::new("ERR0008", unknown_items),
    Test::new("ERR0009", cut_off_map_item),
    Test::new("ERR0010", cancelled_send),
    Test::new("ERR0011", cancelled_receive),
    Test::new("ERR0012", receiver_deleted),
    Test::new("ERR0013", failed_send_does_not_receive),
    Test::new("ERR0014", overflow_to_a_queued_partner),
    Test::new("ERR0015", strings_are_not_lost_silently),
    Test::new("ERR0016", partner_deleted),
    Test::new("ERR0017", ends::whole),
    Test::new("ERR0018", ends::cut),
    Test::new("ERR0019", ends::cancelled),
    Test::new("ERR0020", ends::timed_out),
    Test::new("ERR0021", ends::partner_killed),
    Test::new("ERR0022", ends::nobody),
    Test::new("ERR0023", ends::transfer_timed_out),
    Test::new("ERR0024", ends::transfer_aborted),
    Test::new("ERR0025", ends::partner_killed_in_transfer),
    Test::new("ERR0026", ends::item_without_memory),
    Test::new("ERR0027", ends::fault_without_memory),
    Test::new("ERR0028", ends::nested_without_memory),
    Test::new("ERR0029", ends::ports_without_memory),
];

fn send_to_nobody() -> Outcome {
    let nobody = ids::fresh();
    Job::send(nobody).words(7, 2, 1).now().bare_error(4)?;
    Job::call(nobody).words(7, 2, 1).now().bare_error(4)?;
    let strange = [
        ThreadId::ANY,
        ThreadId::global(0x3_FFFF, 1),
        ThreadId::global(0xFFFF_FFFF, 1),
    ];
    for to in strange {
        Job::send(to).words(7, 2, 1).now().bare_error(4)?;
    }
    Ok(())
}

fn receive_from_nobody() -> Outcome {
    Job::receive(ids::fresh()).now().bare_error(5)?;
    Job::receive(ThreadId::global(0x3_FFFF, 1))
        .now()
        .bare_error(5)
}

/// The id of a dead thread is nobody, also when its number lives again.
fn old_versions() -> Outcome {
    let old = Job::receive(ThreadId::ANY).start(worker::here())?.id;
    equal("deletion", raw::delete(old), raw::DONE)?;
    Job::send(old).now().bare_error(4)?;
    let new = ids::next_version(old);
    let receiver = Job::receive(ThreadId::ANY).start(worker::here().id(new))?;
    Job::send(old).now().bare_error(4)?;
    Job::receive(old).now().bare_error(5)?;
    Job::send(new)
        .words(1, 1, 1)
        .within(SOON, SOON)
        .now()
        .ok()?;
    receiver.result()?.carries(1, 1, 1, 0)?;
    equal("deletion", raw::delete(new), raw::DONE)
}

fn inactive_partner() -> Outcome {
    let id = ids::fresh();
    equal("creation", raw::create(id, thread::myself()), raw::DONE)?;
    Job::send(id).now().bare_error(4)
}

/// A sender whose tag is `tag` and whose first words are given meets a receiver that waits already;
/// both see an overflow at offset 0.
#[track_caller]
fn overflows(tag: Tag, words: &[u64], acceptor: u64) -> Outcome {
    let receiver = Job::receive(ThreadId::ANY)
        .accepting(acceptor)
        .start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let job = Job::send(receiver.id)
        .tag(tag.raw())
        .registers(1, words)
        .within(SOON, SOON);
    job.now().error_with_tag(8, tag.raw())?;
    receiver.result()?.error_with_tag(9, tag.raw())
}

/// More than 63 words in all overflow on both sides.
fn too_many_words() -> Outcome {
    for (untyped, typed) in [(63, 1), (62, 2), (1, 63), (63, 63)] {
        overflows(Tag::new(0x31, untyped, typed), &[1, 2], 0x10)?;
    }
    Ok(())
}

const STRING: [u64; 2] = [256 << 10, 0x100_0000];

/// The untyped words arrive all the same.
fn string_for_one_who_takes_none() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let tag = Tag::new(0x32, 2, 2);
    let words = [21, 22, STRING[0], STRING[1]];
    let job = Job::send(receiver.id)
        .tag(tag.raw())
        .registers(1, &words)
        .within(SOON, SOON);
    job.now().error_with_tag(8, tag.raw())?;
    let got = receiver.result()?;
    got.error_with_tag(9, tag.raw())?;
    hex("MR1", got.mr[1], 21)?;
    hex("MR2", got.mr[2], 22)
}

fn item() -> [u64; 2] {
    MapItem {
        send_base: 0,
        fpage: Fpage::new(0x100_0000, 12, Rights::READ),
    }
    .words()
}

/// The item is not copied, the untyped word is.
fn map_item_without_window() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY)
        .words(0, 3, 90)
        .start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let tag = Tag::new(0x33, 1, 2);
    let [first, second] = item();
    let job = Job::send(receiver.id)
        .tag(tag.raw())
        .registers(1, &[5, first, second]);
    job.within(SOON, SOON).now().error_with_tag(8, tag.raw())?;
    let got = receiver.result()?;
    got.error_with_tag(9, tag.raw())?;
    hex("MR1", got.mr[1], 5)?;
    equal("MR2, MR3", (got.mr[2], got.mr[3]), (91, 92))
}

/// Control-transfer items and type 7 are no items of this machine.
fn unknown_items() -> Outcome {
    for first in [6 << 1, 7 << 1] {
        overflows(Tag::new(0x34, 0, 2), &[first, 0], 0x10)?;
    }
    Ok(())
}

fn cut_off_map_item() -> Outcome {
    overflows(Tag::new(0x35, 0, 1), &item(), 0x10)
}

fn cancelled_send() -> Outcome {
    let sender = Job::send(thread::myself())
        .words(8, 2, 1)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    let (_, old) = raw::control(sender.id, exregs::SEND | exregs::RECEIVE);
    hex("control word", old.control, exregs::SEND)?;
    sender
        .result()?
        .error_with_tag(6, Tag::new(8, 2, 0).raw())?;
    Job::receive(sender.id)
        .within(l4::Time::ZERO, l4::Time::ZERO)
        .now()
        .bare_error(3)
}

fn cancelled_receive() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let (_, old) = raw::control(receiver.id, exregs::SEND | exregs::RECEIVE);
    hex("control word", old.control, exregs::RECEIVE)?;
    receiver.result()?.bare_error(7)
}

/// All who were queued at a deleted thread learn that it does not exist.
fn receiver_deleted() -> Outcome {
    let deaf = worker::start(worker::away(), |_| l4::ipc::park(), 0)?;
    let mut senders = [None; 4];
    for (index, slot) in senders.iter_mut().enumerate() {
        let plan = if index % 2 == 0 {
            worker::here()
        } else {
            worker::away()
        };
        let sender = Job::call(deaf).start(plan)?;
        worker::until_state(sender.id, PendingSend)?;
        *slot = Some(sender);
    }
    equal("deletion", raw::delete(deaf), raw::DONE)?;
    for sender in senders.into_iter().flatten() {
        let done = sender.result()?;
        hex("error flag", done.mr[0] & Tag::ERROR, Tag::ERROR)?;
        hex("ErrorCode", done.error, 4)?;
    }
    Ok(())
}

/// Whoever waits for a thread alone that is deleted, or gets another version, learns it; others wait on.
fn partner_deleted() -> Outcome {
    let gone = worker::start(worker::away(), |_| l4::ipc::park(), 0)?;
    worker::until_waiting(&[gone])?;
    let open = Job::receive(ThreadId::ANY).start(worker::here())?;
    for renamed in [true, false] {
        let named = if renamed {
            gone
        } else {
            ids::next_version(gone)
        };
        let near = Job::receive(named).start(worker::here())?;
        let far = Job::receive(named).start(worker::away())?;
        worker::until_waiting(&[near.id, far.id, open.id])?;
        let verdict = if renamed {
            let new = ids::next_version(gone).raw();
            raw::thread_control(new, gone.raw(), 0, 0, NOT_GIVEN)
        } else {
            raw::delete(named)
        };
        equal("verdict", verdict, raw::DONE)?;
        near.result()?.bare_error(5)?;
        far.result()?.bare_error(5)?;
    }
    equal(
        "who waits for anybody",
        l4::schedule::state(open.id),
        Ok(Waiting),
    )
}

fn failed_send_does_not_receive() -> Outcome {
    let waiting = Job::send(thread::myself())
        .words(1, 1, 1)
        .start(worker::here())?;
    worker::until_state(waiting.id, PendingSend)?;
    Job::new(ids::fresh(), ThreadId::ANY)
        .within(SOON, SOON)
        .now()
        .bare_error(4)?;
    equal(
        "the sender",
        l4::schedule::state(waiting.id),
        Ok(PendingSend),
    )
}

/// The same when the sender came first.
fn overflow_to_a_queued_partner() -> Outcome {
    let [first, second] = item();
    let tag = Tag::new(0x36, 1, 2).raw();
    let job = Job::send(thread::myself())
        .tag(tag)
        .registers(1, &[5, first, second]);
    let sender = job.start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    let got = Job::receive(sender.id).within(SOON, SOON).now();
    got.error_with_tag(9, tag)?;
    hex("MR1", got.mr[1], 5)?;
    sender.result()?.error_with_tag(8, tag)
}

/// A receiver that accepts strings but has no buffer for them.
fn strings_are_not_lost_silently() -> Outcome {
    overflows(Tag::new(0x37, 0, 2), &STRING, 1)
}
