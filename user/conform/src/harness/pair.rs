//! A sender and a receiver in spaces of their own, each with a pager that follows a script.

use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::thread::Builder;
use l4::{IpcCode, IpcError, Phase, Tag};

use super::job::{Done, Job, Started};
use super::partner::Partner;
use super::script::Script;
use super::{Failure, Outcome, SOON, arena, equal, worker};

/// Who comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The receiver waits: the sender does the work.
    ReceiverFirst,
    /// The sender is queued: the receiver does the work.
    SenderFirst,
}

/// Both orders.
pub(crate) const ORDERS: [Order; 2] = [Order::ReceiverFirst, Order::SenderFirst];

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Sender,
    Receiver,
}

/// Both.
pub(crate) const SIDES: [Side; 2] = [Side::Sender, Side::Receiver];

/// The label of the messages.
const LABEL: u64 = 0x57;

/// How often [`over_and_over`] goes over the same bytes.
const TIMES: usize = 31;

/// The words of a string, or of its buffer, that goes over the `length` bytes at `address` again and again: as much copying as
/// one wishes, and no more memory.
pub(crate) fn over_and_over(address: u64, length: u64) -> [u64; TIMES + 1] {
    let mut words = [address; TIMES + 1];
    words[0] = StringItem::new(length, TIMES).raw();
    words
}

/// The two, and their pagers.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) sender: Partner,
    pub(crate) receiver: Partner,
    pub(crate) source: Script,
    pub(crate) target: Script,
}

/// A transfer that both have begun with.
#[derive(Clone, Copy)]
pub(crate) struct Transfer {
    pub(crate) sender: Started,
    pub(crate) receiver: Started,
}

impl Pair {
    /// Two in two spaces. Nothing of the windows is mapped.
    #[track_caller]
    pub(crate) fn start() -> Result<Self, Failure> {
        Self::start_as(0, worker::away(), worker::away())
    }

    /// Two of these plans, with the roles `first` and `first + 1`.
    #[track_caller]
    pub(crate) fn start_as(first: usize, from: Builder, to: Builder) -> Result<Self, Failure> {
        let source = Script::start(first)?;
        let target = Script::start(first + 1)?;
        Ok(Self {
            sender: Partner::start(from.pager(source.id))?,
            receiver: Partner::start(to.pager(target.id))?,
            source,
            target,
        })
    }

    /// A sender or a receiver.
    pub(crate) const fn of(&self, side: Side) -> Partner {
        match side {
            Side::Sender => self.sender,
            Side::Receiver => self.receiver,
        }
    }

    /// The pager of one.
    pub(crate) const fn pager_of(&self, side: Side) -> Script {
        match side {
            Side::Sender => self.source,
            Side::Receiver => self.target,
        }
    }

    /// Lets one have these pages of its window; its pager forgets that.
    #[track_caller]
    pub(crate) fn has(&self, side: Side, pages: impl IntoIterator<Item = u64>) -> Outcome {
        for page in pages {
            let start = self.pager_of(side).at(4096 * page);
            self.of(side).touches(start..start + 1)?;
        }
        self.pager_of(side).acts(&[]);
        Ok(())
    }

    /// Writes the text `seed` to the sender's window and blanks the receiver's: `length` bytes from
    /// each offset on, and a page around.
    pub(crate) fn prepare(&self, from: u64, to: u64, length: u64, seed: u64) {
        arena::write(self.source.memory(from), length, seed);
        let first = to.saturating_sub(4096);
        arena::blank(self.target.memory(first), length + (to - first) + 4096);
    }

    /// The sending of one string of the sender's window.
    pub(crate) fn send(&self, offset: u64, length: u64) -> Job {
        let string = [StringItem::new(length, 1).raw(), self.source.at(offset)];
        self.send_items(&string)
    }

    /// The tag of a message of one string.
    pub(crate) const fn tag_of_one_string(&self) -> u64 {
        Tag::new(LABEL, 0, 2).raw()
    }

    /// The sending of typed items.
    pub(crate) fn send_items(&self, items: &[u64]) -> Job {
        Job::send(self.receiver.id)
            .tag(Tag::new(LABEL, 0, items.len()).raw())
            .registers(1, items)
            .within(SOON, SOON)
    }

    /// The receipt of one string in the receiver's window.
    pub(crate) fn receive(&self, offset: u64, length: u64) -> Job {
        let buffer = [StringItem::new(length, 1).raw(), self.target.at(offset)];
        self.receive_into(&buffer)
    }

    /// The receipt into buffers.
    pub(crate) fn receive_into(&self, buffers: &[u64]) -> Job {
        Job::receive(self.sender.id)
            .buffers(buffers)
            .within(SOON, SOON)
    }

    /// Lets both begin.
    #[track_caller]
    pub(crate) fn begin(&self, order: Order, send: Job, receive: Job) -> Result<Transfer, Failure> {
        match order {
            Order::ReceiverFirst => {
                let receiver = self.receiver.does(receive)?;
                worker::until_waiting(&[self.receiver.id])?;
                let sender = self.sender.does(send)?;
                Ok(Transfer { sender, receiver })
            }
            Order::SenderFirst => {
                let sender = self.sender.does(send)?;
                worker::until_state(self.sender.id, PendingSend)?;
                let receiver = self.receiver.does(receive)?;
                Ok(Transfer { sender, receiver })
            }
        }
    }

    /// The text `seed`, `length` bytes of it, stands at `offset` of the receiver's window and is all
    /// that came.
    #[track_caller]
    pub(crate) fn arrived(&self, offset: u64, length: u64, seed: u64) -> Outcome {
        arena::holds(self.target.memory(offset), length, seed, 0)?;
        let before = offset.min(4096);
        arena::is_blank(self.target.memory(offset - before), before)?;
        arena::is_blank(self.target.memory(offset + length), 4096)
    }
}

impl Transfer {
    /// Both succeed.
    #[track_caller]
    pub(crate) fn succeeds(&self) -> Result<(Done, Done), Failure> {
        let (sender, receiver) = (self.sender.result()?, self.receiver.result()?);
        sender.ok()?;
        receiver.ok()?;
        equal("sender's ErrorCode", sender.error, super::raw::UNTOUCHED)?;
        Ok((sender, receiver))
    }

    /// Both are cut with these codes after `offset` bytes.
    #[track_caller]
    pub(crate) fn is_cut(&self, sender: IpcCode, receiver: IpcCode, offset: u64) -> Outcome {
        ends_with(&self.receiver, Phase::Receive, receiver, offset)?;
        ends_with(&self.sender, Phase::Send, sender, offset)
    }
}

/// The IPC of `started` is cut in this phase.
#[track_caller]
pub(crate) fn ends_with(started: &Started, phase: Phase, code: IpcCode, offset: u64) -> Outcome {
    let done = started.result()?;
    let expected = IpcError {
        phase,
        code,
        offset,
    };
    equal("error", IpcError::from_raw(done.error), Some(expected))?;
    equal("error flag", done.tag().is_error(), true)?;
    let tag = done.tag().without_flags(Tag::FLAGS);
    equal("label", tag.label(), LABEL)
}
