//! Long messages to one CPU that come from another in the middle of a long message there.

use crate::harness::failure::at_least;
use crate::harness::pair::{Order, Pair, Side};
use crate::harness::{Outcome, equal, hex, raw, worker};
use l4::Tag;

/// Bytes of the long messages of either pair, at the same addresses.
const SLOW: u64 = 256 << 10;
const QUICK: u64 = 40_000;

/// Two neighbours on CPU 1 copy, and their pagers bring page after page. A sender from CPU 0 comes to somebody above them
/// there, whose copy takes the CPU and its window, at the same addresses of other spaces. Nobody gets another's bytes.
pub(super) fn interrupted_by_others() -> Outcome {
    let plan = |cpu| worker::away().cpu(cpu);
    let slow = Pair::start_as(0, plan(1).priority(90), plan(1).priority(90))?;
    let quick = Pair::start_as(2, plan(0), plan(1).priority(110))?;
    quick.has(Side::Sender, 0..11)?;
    quick.has(Side::Receiver, 1..13)?;
    let mut overlaps = 0;
    for round in 0..3 {
        slow.prepare(0, 4096, SLOW, 70 + round);
        // All pages of it are asked for again.
        for page in 0..SLOW / 4096 + 1 {
            slow.source.unmap(page);
            slow.target.unmap(page + 1);
        }
        let transfer = slow.begin(
            [Order::ReceiverFirst, Order::SenderFirst][round as usize % 2],
            slow.send(0, SLOW),
            slow.receive(4096, SLOW),
        )?;
        let mut seed = 10;
        while !transfer.receiver.is_done() {
            quick.prepare(8, 4096 + 33, QUICK, seed);
            let (send, receive) = (quick.send(8, QUICK), quick.receive(4096 + 33, QUICK));
            let (sent, got) = quick
                .begin(Order::ReceiverFirst, send, receive)?
                .succeeds()?;
            equal("ErrorCode", sent.error, raw::UNTOUCHED)?;
            hex("from CPU 0", got.mr[0] & Tag::CROSS_CPU, Tag::CROSS_CPU)?;
            quick.arrived(4096 + 33, QUICK, seed)?;
            overlaps += u64::from(!transfer.receiver.is_done());
            seed += 1;
        }
        transfer.succeeds()?;
        slow.arrived(4096, SLOW, 70 + round)?;
    }
    at_least("messages in the middle of others", overlaps, 1)
}
