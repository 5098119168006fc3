//! Long messages to one CPU that come from another in the middle of a long message there.

use l4::{Tag, ThreadId, Time, schedule};

use crate::harness::failure::at_least;
use crate::harness::pair::{Order, Pair, SIDES, Side, over_and_over};
use crate::harness::script::{Script, WINDOW};
use crate::harness::{Job, Outcome, SOON, arena, board, equal, until, worker};
use crate::pf::touch;

/// Bytes of the long messages of either pair, at the same addresses.
const SLOW: u64 = 1 << 20;
const QUICK: u64 = 200_000;
/// Shorter than either copy.
const SLICE: Time = Time::period(200);
const FROM: u64 = 8;
const TO: u64 = 4096 + 33;
const TEXT: u64 = 5;
/// Slow messages, at least and at most, and how many quick ones have to come while those go over.
const ROUNDS: core::ops::Range<u64> = 6..60;
const MEANWHILE: u64 = 6;

/// Board words: the quick receiver; messages that it got, and wrong ones.
const RECEIVER: usize = 0;
const GOT: usize = 1;
const WRONG: usize = 2;

/// Sends the same string all the time; touches as much of its space as the slow ones use of theirs.
fn send_all_the_time(_: u64) {
    for page in (WINDOW..WINDOW + SLOW).step_by(4096) {
        touch::read(page);
    }
    let string = over_and_over(WINDOW + FROM, QUICK);
    let to = ThreadId::from_raw(board::get(RECEIVER));
    let job = Job::send(to).tag(Tag::new(1, 0, string.len()).raw());
    let job = job.registers(1, &string).within(SOON, SOON);
    while job.now().ok().is_ok() {}
    board::add(WRONG, 1);
}

/// Takes it, and looks at some of its bytes.
fn receive_all_the_time(_: u64) {
    let buffer = over_and_over(WINDOW + TO, QUICK);
    let job = Job::receive(ThreadId::ANY).buffers(&buffer);
    loop {
        let done = job.now();
        let byte = |index| touch::read(WINDOW + TO + index) as u8;
        let good = (0..QUICK - 8)
            .step_by(613)
            .all(|index| byte(index) == arena::letter(TEXT, index));
        let far = done.mr[0] & Tag::CROSS_CPU != 0;
        board::add(WRONG, u64::from(done.ok().is_err() || !good || !far));
        board::add(GOT, 1);
    }
}

/// Two neighbours on CPU 1 copy; a sender from CPU 0 comes all the time to somebody beside them there, whose copy takes the CPU
/// and its window, at the same addresses of other spaces, and loses them in the middle again. Nobody gets another's bytes.
pub(super) fn interrupted_by_others() -> Outcome {
    let plan = |cpu| worker::away().cpu(cpu);
    let slow = Pair::start_as(0, plan(1).priority(90), plan(1).priority(90))?;
    slow.has(Side::Sender, 0..SLOW / 4096)?;
    slow.has(Side::Receiver, 1..SLOW / 4096 + 2)?;
    let (source, target) = (Script::start(2)?, Script::start(3)?);
    arena::write(source.memory(FROM), QUICK, TEXT);
    for side in SIDES {
        schedule::set_slice(slow.of(side).id, SLICE)?;
    }
    let to = plan(1).priority(90).slice(SLICE).pager(target.id);
    let to = worker::start(to, receive_all_the_time, 0)?;
    board::put(RECEIVER, to.raw());
    worker::start(plan(0).pager(source.id), send_all_the_time, 0)?;
    until("they are at it", || board::get(GOT) > 3)?;
    let (mut meanwhile, mut round) = (0, 0);
    // How many come in a round depends on the host.
    while round < ROUNDS.start || meanwhile < MEANWHILE && round < ROUNDS.end {
        slow.prepare(0, 4096, SLOW, 70 + round);
        let then = board::get(GOT);
        let order = [Order::ReceiverFirst, Order::SenderFirst][round as usize % 2];
        let transfer = slow.begin(order, slow.send(0, SLOW), slow.receive(4096, SLOW))?;
        transfer.succeeds()?;
        slow.arrived(4096, SLOW, 70 + round)?;
        meanwhile += board::get(GOT) - then;
        round += 1;
    }
    at_least("messages meanwhile", meanwhile, MEANWHILE)?;
    equal("wrong ones", board::get(WRONG), 0)
}
