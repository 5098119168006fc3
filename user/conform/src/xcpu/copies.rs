//! Long messages to one CPU that come from another in the middle of a long message there.

use crate::harness::pair::{Order, Pair, Side};
use crate::harness::{Outcome, equal, hex, raw, until, worker};
use l4::Tag;

/// Bytes of the long messages of either pair, at the same addresses.
const SLOW: u64 = 1 << 20;
const QUICK: u64 = 5_000;

/// Two neighbours on CPU 1 copy; a sender from CPU 0 comes to somebody above them there, whose copy takes the CPU and its
/// window, at the same addresses of other spaces. Nobody gets another's bytes.
pub(super) fn interrupted_by_others() -> Outcome {
    let plan = |cpu| worker::away().cpu(cpu);
    let slow = Pair::start_as(0, plan(1).priority(90), plan(1).priority(90))?;
    let quick = Pair::start_as(2, plan(0), plan(1).priority(110))?;
    slow.has(Side::Sender, 0..SLOW / 4096)?;
    slow.has(Side::Receiver, 1..SLOW / 4096 + 2)?;
    quick.has(Side::Sender, 0..2)?;
    quick.has(Side::Receiver, 1..4)?;
    for round in 0..10 {
        slow.prepare(0, 4096, SLOW, 70 + round);
        quick.prepare(8, 4096 + 33, QUICK, round);
        let got = quick.receiver.does(quick.receive(4096 + 33, QUICK))?;
        worker::until_waiting(&[quick.receiver.id])?;
        let order = [Order::ReceiverFirst, Order::SenderFirst][round as usize % 2];
        let transfer = slow.begin(order, slow.send(0, SLOW), slow.receive(4096, SLOW))?;
        // They are at it now.
        let sent = quick.sender.does(quick.send(8, QUICK))?;
        until("both", || got.is_done() && transfer.receiver.is_done())?;
        let (sent, got) = (sent.result()?, got.result()?);
        got.ok()?;
        equal("ErrorCode", sent.error, raw::UNTOUCHED)?;
        hex("from CPU 0", got.mr[0] & Tag::CROSS_CPU, Tag::CROSS_CPU)?;
        quick.arrived(4096 + 33, QUICK, round)?;
        transfer.succeeds()?;
        slow.arrived(4096, SLOW, 70 + round)?;
    }
    Ok(())
}
