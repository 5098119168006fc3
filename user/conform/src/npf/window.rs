//! One thread copies to or from the same address of one space after the other, and runs on in between:
//! what it saw of the first is not what it sees of the second.

use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Fpage, Rights, Tag, ThreadId, memory, thread};

use super::interleave::two_pairs;
use crate::harness::pair::{ORDERS, Pair, SIDES, Side};
use crate::harness::partner::Partner;
use crate::harness::script::Act;
use crate::harness::{Failure, Job, Outcome, SOON, arena, equal, worker};

const LENGTH: u64 = 9000;
/// Where the strings are in the windows.
const FROM: u64 = 30;
const TO: u64 = 4096 + 5;
/// Where the test's own strings are in the arenas, behind what the pairs use.
const OWN: u64 = 0x30_0000;

fn words(address: u64) -> [u64; 2] {
    [StringItem::new(LENGTH, 1).raw(), address]
}

fn sending(to: ThreadId, address: u64) -> Job {
    Job::send(to)
        .tag(Tag::new(0x57, 0, 2).raw())
        .registers(1, &words(address))
        .within(SOON, SOON)
}

fn receiving(from: ThreadId, address: u64) -> Job {
    Job::receive(from)
        .buffers(&words(address))
        .within(SOON, SOON)
}

/// The test's own thread sends the text `seed` to `receiver`, which waits and has a lower priority.
#[track_caller]
fn send(receiver: ThreadId, seed: u64) -> Outcome {
    arena::write(arena::source() + OWN, LENGTH, seed);
    sending(receiver, arena::source() + OWN).now().ok()
}

/// The test's own thread receives the text `seed` from `sender`, which is queued.
#[track_caller]
fn receive(sender: ThreadId, seed: u64) -> Outcome {
    arena::blank(arena::target() + OWN, LENGTH);
    receiving(sender, arena::target() + OWN).now().ok()?;
    arena::holds(arena::target() + OWN, LENGTH, seed, 0)
}

/// Two spaces have different pages at the same addresses.
pub(super) fn two_spaces() -> Outcome {
    let me = thread::myself();
    let pairs = two_pairs()?;
    for (pair, seed) in pairs.iter().zip(90..) {
        pair.has(Side::Sender, 0..3)?;
        pair.has(Side::Receiver, 1..4)?;
        pair.prepare(FROM, TO, LENGTH, seed);
        let job = receiving(me, pair.target.at(TO));
        pair.receiver.does(job)?;
        worker::until_waiting(&[pair.receiver.id])?;
        pair.sender.does(sending(me, pair.source.at(FROM)))?;
        worker::until_state(pair.sender.id, PendingSend)?;
    }
    for (pair, seed) in pairs.iter().zip(94..) {
        send(pair.receiver.id, seed)?;
    }
    for (pair, seed) in pairs.iter().zip(90..) {
        receive(pair.sender.id, seed)?;
    }
    for (pair, seed) in pairs.iter().zip(94..) {
        pair.arrived(TO, LENGTH, seed)?;
        equal(
            "faults",
            (pair.source.faults(), pair.target.faults()),
            (0, 0),
        )?;
    }
    Ok(())
}

/// Another thread in the space of one of the pair.
#[track_caller]
fn beside(pair: &Pair, side: Side) -> Result<Partner, Failure> {
    let plan = worker::here()
        .in_space_of(pair.of(side).id)
        .pager(pair.pager_of(side).id);
    Partner::start(plan)
}

/// The pages of a space are taken away between two messages, and others come in their place.
pub(super) fn taken_away_in_between() -> Outcome {
    let me = thread::myself();
    let pair = Pair::start()?;
    let second = Pair {
        sender: beside(&pair, Side::Sender)?,
        receiver: beside(&pair, Side::Receiver)?,
        ..pair
    };
    pair.has(Side::Sender, 0..3)?;
    pair.has(Side::Receiver, 1..4)?;
    pair.prepare(FROM, TO, LENGTH, 96);
    let other = 8 * 4096;
    arena::write(pair.source.memory(other + FROM), LENGTH, 97);
    arena::blank(pair.target.memory(other), 4 * 4096);
    for each in [&pair, &second] {
        each.receiver.does(receiving(me, pair.target.at(TO)))?;
        worker::until_waiting(&[each.receiver.id])?;
        each.sender.does(sending(me, pair.source.at(FROM)))?;
        worker::until_state(each.sender.id, PendingSend)?;
    }
    send(pair.receiver.id, 98)?;
    (1..4).for_each(|page| pair.target.unmap(page));
    let instead = [Act::Instead(8), Act::Instead(9), Act::Instead(10)];
    pair.target.acts(&instead);
    send(second.receiver.id, 99)?;
    pair.arrived(TO, LENGTH, 98)?;
    let place = other + TO - 4096;
    arena::holds(pair.target.memory(place), LENGTH, 99, 0)?;
    equal("faults", pair.target.faults(), 3)?;
    receive(pair.sender.id, 96)?;
    (0..3).for_each(|page| pair.source.unmap(page));
    pair.source.acts(&instead);
    receive(second.sender.id, 97)?;
    equal("faults", pair.source.faults(), 3)
}

/// Bytes that a copy goes over again and again, and how often in one message.
const STRETCH: u64 = 256 << 10;
const TIMES: usize = 31;
/// The page that is taken away, and the first of those that come in its place.
const TAKEN: u64 = 40;
const SPARE: u64 = STRETCH / 4096 + 8;

/// Takes the page away from the receiver of role 1 as soon as it was copied to, and blanks it.
fn take_away(page: u64) -> u64 {
    let begun = || (0..8).any(|index| arena::byte(page + index) != arena::BLANK);
    let seen = until_soon(begun);
    memory::unmap(Fpage::new(page, 12, Rights::FULL));
    arena::blank(page, 4096);
    u64::from(seen)
}

/// Looks without a pause, for as long as a slow machine may take.
fn until_soon(ready: impl Fn() -> bool) -> bool {
    (0..200_000_000u64).any(|_| ready())
}

/// A page that another processor takes away in the middle of a copy gets nothing more from the moment
/// that it has been taken.
pub(super) fn taken_away_from_another_processor() -> Outcome {
    for (round, order) in [ORDERS; 6].into_iter().flatten().enumerate() {
        let pair = Pair::start()?;
        for side in SIDES {
            pair.pager_of(side).otherwise(Act::Chunk);
            pair.has(side, (0..STRETCH / 4096).step_by(16))?;
        }
        pair.target.otherwise(Act::Instead(SPARE));
        let taken = pair.target.memory(4096 * TAKEN);
        arena::write(pair.source.memory(0), STRETCH, 100 + round as u64);
        arena::blank(taken, 4096);
        let many = |address| {
            let mut words = [address; TIMES + 1];
            words[0] = StringItem::new(STRETCH, TIMES).raw();
            words
        };
        let send = pair.send_items(&many(pair.source.at(0)));
        let receive = pair.receive_into(&many(pair.target.at(0)));
        let task = worker::perform_later(worker::here().cpu(1), take_away, taken)?;
        let transfer = pair.begin(order, send, receive)?;
        equal("the copy was seen", task.value()?, 1)?;
        transfer.succeeds()?;
        arena::is_blank(taken, 4096)?;
    }
    Ok(())
}
