//! Map and grant items of ports.

use l4::{Fpage, IoFpage, Rights, Tag, ThreadId, thread};

use super::agent::{Agent, GRANT, MAP, NOTHING, SCRATCH, agents, give, one, open, start, write};
use crate::harness::regular::Random;
use crate::harness::{Failure, Job, Outcome, SOON, check, equal, hex, raw, worker};

/// Eight ports, the first and the last, and their neighbours.
const EIGHT: IoFpage = IoFpage::new(NOTHING + 0x10, 3);
const ENDS: [u16; 2] = [NOTHING + 0x10, NOTHING + 0x17];
const BESIDE: [u16; 2] = [NOTHING + 0xF, NOTHING + 0x18];

/// Both have what was mapped, and nothing else, whatever the rights in the item.
pub(super) fn map() -> Outcome {
    let [first, second] = agents()?;
    first.lacks(&ENDS)?;
    give(first, MAP, EIGHT)?;
    first.has(&ENDS)?;
    first.lacks(&BESIDE)?;
    second.lacks(&ENDS)?;
    first.give(second, MAP, EIGHT)?;
    first.has(&ENDS)?;
    second.has(&ENDS)?;
    second.lacks(&BESIDE)?;
    write(SCRATCH, 0x77);
    for rights in 0..8 {
        let page = Fpage::from_raw(one(SCRATCH).raw() | rights);
        let agent = start(worker::away().pager(open()?))?;
        let sent = Job::call(agent.0)
            .tag(Tag::new(0, 0, 2).raw())
            .registers(1, &[MAP, page.raw()]);
        sent.within(SOON, SOON).now().ok()?;
        hex("the scratch register", agent.reads(SCRATCH)?, 0x77)?;
    }
    Ok(())
}

/// The ports move, a part of a piece, too, and what derives from them stays.
pub(super) fn grant() -> Outcome {
    let [first, second, third] = agents()?;
    give(first, MAP, EIGHT)?;
    first.give(third, MAP, EIGHT)?;
    first.give(second, GRANT, IoFpage::new(NOTHING + 0x14, 1))?;
    first.lacks(&[NOTHING + 0x14, NOTHING + 0x15])?;
    first.has(&[NOTHING + 0x13, NOTHING + 0x16])?;
    second.has(&[NOTHING + 0x14, NOTHING + 0x15])?;
    second.lacks(&[NOTHING + 0x13, NOTHING + 0x16])?;
    third.has(&[NOTHING + 0x13, NOTHING + 0x14, NOTHING + 0x16])?;
    // The first has nothing to do with them any more, the second has.
    first.flush(EIGHT)?;
    third.lacks(&ENDS)?;
    third.has(&[NOTHING + 0x14, NOTHING + 0x15])?;
    second.unmap(EIGHT)?;
    third.lacks(&[NOTHING + 0x14, NOTHING + 0x15])?;
    second.has(&[NOTHING + 0x14])?;
    l4::port::unmap(EIGHT);
    second.lacks(&[NOTHING + 0x14])
}

/// Who has a port already keeps it; the granter loses it. A grant to oneself changes nothing.
pub(super) fn grant_to_who_has_it() -> Outcome {
    let [first, second] = agents()?;
    give(first, MAP, EIGHT)?;
    first.give(second, MAP, EIGHT)?;
    first.give(second, GRANT, IoFpage::new(NOTHING + 0x10, 2))?;
    first.lacks(&[NOTHING + 0x10, NOTHING + 0x13])?;
    second.has(&ENDS)?;
    first.flush(EIGHT)?;
    second.has(&[NOTHING + 0x10, NOTHING + 0x13])?;
    second.lacks(&[NOTHING + 0x14])?;
    let neighbour = worker::here().in_space_of(second.0).pager(open()?);
    let neighbour = start(neighbour)?;
    second.give(neighbour, GRANT, EIGHT)?;
    second.has(&[NOTHING + 0x10])?;
    neighbour.has(&[NOTHING + 0x10])
}

/// A worker receives ports in a window and lends its space to an agent. ErrorCodes of sender and receiver.
#[track_caller]
fn receive_in(window: u64, ports: IoFpage) -> Result<(Agent, u64, u64), Failure> {
    let pager = open()?;
    let receiver = Job::receive(ThreadId::ANY)
        .accepting(window)
        .start(worker::away().pager(pager))?;
    worker::until_waiting(&[receiver.id])?;
    let sent = Job::send(receiver.id)
        .tag(Tag::new(1, 0, 2).raw())
        .registers(1, &[MAP, ports.raw()])
        .within(SOON, SOON)
        .now();
    let error = receiver.result()?.error;
    let plan = worker::here().in_space_of(receiver.id).pager(pager);
    Ok((start(plan)?, sent.error, error))
}

/// No window, no ports: both see the overflow. Any window of memory takes all ports, one of ports takes those.
pub(super) fn windows() -> Outcome {
    for nothing in [0, 1, 0xF] {
        let (agent, sent, received) = receive_in(nothing, EIGHT)?;
        hex("the sender's error", sent, 8)?;
        hex("the receiver's error", received, 9)?;
        agent.lacks(&ENDS)?;
    }
    let memory = Fpage::new(0x5000_0000, 12, Rights::NONE).raw();
    for all in [Fpage::COMPLETE.raw(), memory, IoFpage::COMPLETE.raw()] {
        let (agent, sent, _) = receive_in(all, EIGHT)?;
        hex("the sender's error", sent, raw::UNTOUCHED)?;
        agent.has(&ENDS)?;
    }
    let window = IoFpage::new(NOTHING + 0x14, 4);
    let (agent, sent, _) = receive_in(window.raw(), EIGHT)?;
    hex("the sender's error", sent, raw::UNTOUCHED)?;
    agent.has(&[NOTHING + 0x14, NOTHING + 0x17])?;
    agent.lacks(&[NOTHING + 0x13, NOTHING + 0x18])
}

/// Ports that the sender does not have, or has in part, go in part; nobody gets any from elsewhere.
pub(super) fn nothing_from_nothing() -> Outcome {
    let [first, second] = agents()?;
    first.give(second, MAP, IoFpage::COMPLETE)?;
    second.lacks(&ENDS)?;
    give(first, MAP, one(NOTHING + 0x20))?;
    give(first, MAP, one(NOTHING + 0x22))?;
    first.give(second, MAP, IoFpage::COMPLETE)?;
    second.has(&[NOTHING + 0x20, NOTHING + 0x22])?;
    second.lacks(&[NOTHING + 0x21, NOTHING + 0x1F])?;
    // Back again: the first has them from the test, and not from the second.
    second.give(first, MAP, IoFpage::COMPLETE)?;
    second.flush(IoFpage::COMPLETE)?;
    first.has(&[NOTHING + 0x20, NOTHING + 0x22])
}

/// I/O fpages of all sorts in items, windows and Unmap.
pub(super) fn garbage() -> Outcome {
    let mut random = Random::new(5);
    let pager = open()?;
    for round in 0..96u64 {
        let mut page = || (random.next() & !0x3F0) | 0x20;
        let (sent, window) = (page(), page());
        let kind = if round % 2 == 0 { MAP } else { MAP | 1 };
        let receiver = Job::receive(thread::myself())
            .accepting(window)
            .start(worker::away().pager(pager))?;
        worker::until_waiting(&[receiver.id])?;
        let done = Job::send(receiver.id)
            .tag(Tag::new(3, 0, 2).raw())
            .registers(1, &[random.next() & !0xF | kind, sent])
            .within(SOON, SOON)
            .now();
        done.ok()?;
        let got = receiver.result()?;
        hex("the item arrives", got.mr[2], sent)?;
        equal("deletion", raw::delete(receiver.id), raw::DONE)?;
        if round % 8 == 0 {
            take_garbage(&mut random)?;
        }
    }
    let agent = start(worker::away().pager(pager))?;
    for log2 in 16..64 {
        give(agent, MAP, IoFpage::new(0, log2))?;
        agent.has(&[ENDS[0], SCRATCH])?;
        l4::port::unmap(IoFpage::new(0x100, log2));
        agent.lacks(&[ENDS[0], SCRATCH])?;
    }
    give(agent, MAP, EIGHT)?;
    agent.has(&ENDS)
}

/// 64 of them in one call, which come back as they were.
#[track_caller]
fn take_garbage(random: &mut Random) -> Outcome {
    let utcb = l4::utcb::my();
    let words: [u64; 64] = core::array::from_fn(|_| (random.next() & !0x3F0) | 0x20);
    for (index, word) in words.iter().enumerate() {
        utcb.set_mr(index, *word);
    }
    // SAFETY: this thread's UTCB; no memory is taken.
    unsafe { l4::syscall::unmap(63, utcb.mr0()) };
    let same = words
        .iter()
        .enumerate()
        .all(|(index, word)| utcb.mr(index) == *word);
    check("what Unmap gives back", same)
}
