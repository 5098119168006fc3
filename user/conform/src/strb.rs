//! Bugs that the stress program found, each as small as it got.

use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::{Receiving, Sending};
use l4::{IpcCode, Phase, Tag, schedule, thread};

use crate::harness::pair::{Pair, Side, ends_with};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, SOON, Test, board, equal, until, worker};

pub(crate) const TESTS: &[Test] = &[Test::smp("STRB0001", words_of_a_message_that_never_began)];

/// A long message from another CPU is broken off before its receiver has run: that sees the words, as with any message that
/// was cut.
fn words_of_a_message_that_never_began() -> Outcome {
    const LENGTH: u64 = 5000;
    for victim in [Side::Sender, Side::Receiver] {
        let slow = worker::away().cpu(1).priority(50);
        let pair = Pair::start_as(0, worker::here().cpu(0), slow)?;
        pair.prepare(0, 4096, LENGTH, 0x31);
        let string = [StringItem::new(LENGTH, 1).raw(), pair.source.at(0)];
        let receiver = pair.receiver.does(pair.receive(4096, LENGTH))?;
        worker::until_waiting(&[pair.receiver.id])?;
        // Nobody else runs there meanwhile.
        let before = board::get(0);
        let spinner = worker::start(worker::here().cpu(1).priority(60), spin, 0)?;
        until("somebody spins", || board::get(0) > before)?;
        let send = Job::send(pair.receiver.id)
            .tag(Tag::new(0x57, 3, 2).raw())
            .registers(1, &[7, 8, 9])
            .registers(4, &string)
            .within(SOON, SOON);
        let sender = pair.sender.does(send)?;
        until("both are engaged", || {
            let states = [pair.sender, pair.receiver].map(|one| schedule::state(one.id));
            states == [Ok(Sending), Ok(Receiving)]
        })?;
        thread::abort_ipc(pair.of(victim).id)?;
        thread::delete(spinner)?;
        ends_with(&receiver, Phase::Receive, IpcCode::Aborted, 0)?;
        ends_with(&sender, Phase::Send, IpcCode::Aborted, 0)?;
        let [_, first, second, third, ..] = receiver.result()?.mr;
        equal("words", [first, second, third], [7, 8, 9])?;
    }
    Ok(())
}
