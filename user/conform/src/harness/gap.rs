//! A transfer in the middle of which one side lacks a page.

use super::pair::{Order, Pair, SIDES, Side, Transfer};
use super::script::{Act, Script};
use super::{Failure, Job, Outcome, equal};

/// The string: its place in the sender's window and in the receiver's, its length.
const FROM: u64 = 24;
const TO: u64 = 4096 + 77;
const LENGTH: u64 = 3 * 4096;
const TEXT: u64 = 40;

/// A pair, and which page is missing.
#[derive(Clone, Copy)]
pub(crate) struct Gap {
    pub(crate) pair: Pair,
    /// Who lacks its second page.
    pub(crate) side: Side,
    /// How many bytes lie before that page.
    pub(crate) offset: u64,
}

impl Gap {
    /// A pair of which `side` lacks the page.
    #[track_caller]
    pub(crate) fn new(side: Side) -> Result<Self, Failure> {
        Self::of(Pair::start()?, side)
    }

    /// This pair, which has no pages yet.
    #[track_caller]
    pub(crate) fn of(pair: Pair, side: Side) -> Result<Self, Failure> {
        for each in SIDES {
            let first = u64::from(each == Side::Receiver);
            pair.has(each, [first, first + 2, first + 3])?;
            pair.has(each, (each != side).then_some(first + 1))?;
        }
        pair.prepare(FROM, TO, LENGTH, TEXT);
        let offset = match side {
            Side::Sender => 4096 - FROM,
            Side::Receiver => 8192 - TO,
        };
        Ok(Self { pair, side, offset })
    }

    /// The pager that has to bring the page.
    pub(crate) const fn pager(&self) -> Script {
        self.pair.pager_of(self.side)
    }

    /// The sending.
    pub(crate) fn send(&self) -> Job {
        self.pair.send(FROM, LENGTH)
    }

    /// The receipt.
    pub(crate) fn receive(&self) -> Job {
        self.pair.receive(TO, LENGTH)
    }

    /// Lets both begin.
    #[track_caller]
    pub(crate) fn begin(&self, order: Order) -> Result<Transfer, Failure> {
        self.pair.begin(order, self.send(), self.receive())
    }

    /// Lets both begin, up to the fault, which the pager holds.
    #[track_caller]
    pub(crate) fn hold(&self, order: Order) -> Result<Transfer, Failure> {
        self.hold_with(order, self.send(), self.receive())
    }

    /// The same with other jobs.
    #[track_caller]
    pub(crate) fn hold_with(
        &self,
        order: Order,
        send: Job,
        receive: Job,
    ) -> Result<Transfer, Failure> {
        self.pager().acts(&[Act::Hold]);
        let transfer = self.pair.begin(order, send, receive)?;
        self.pager().until_held()?;
        Ok(transfer)
    }

    /// Lets the pager bring the page; both succeed.
    #[track_caller]
    pub(crate) fn completes(&self, transfer: &Transfer) -> Outcome {
        equal("answer", self.pager().release(Act::Map)?, Ok(()))?;
        transfer.succeeds()?;
        self.is_whole()
    }

    /// All has arrived.
    #[track_caller]
    pub(crate) fn is_whole(&self) -> Outcome {
        self.pair.arrived(TO, LENGTH, TEXT)
    }

    /// The bytes before the missing page have arrived, and no others.
    #[track_caller]
    pub(crate) fn ends_there(&self) -> Outcome {
        self.pair.arrived(TO, self.offset, TEXT)
    }

    /// The two can do it again, and their pager is asked for the page.
    #[track_caller]
    pub(crate) fn works_again(&self, order: Order) -> Outcome {
        self.pager().acts(&[]);
        self.begin(order)?.succeeds()?;
        self.is_whole()?;
        equal("faults", self.pager().faults(), 1)
    }
}
