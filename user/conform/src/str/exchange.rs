//! A message between the test's own thread and a partner, and what must come of it.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::thread::Builder;
use l4::{IpcCode, IpcError, Phase, Tag, thread};

use super::model::{self, Expected};
use crate::harness::job::Done;
use crate::harness::pair::Order;
use crate::harness::partner::Partner;
use crate::harness::raw::UNTOUCHED;
use crate::harness::{Failure, Job, Outcome, SOON, arena, equal, hex, worker};

/// What becomes of the two sides.
pub(super) struct Both {
    pub(super) sender: Done,
    pub(super) receiver: Done,
}

/// A partner above the test's own priority, so that it has done all it can when it is looked at. It
/// has the beginnings of both arenas.
#[track_caller]
pub(super) fn partner(plan: Builder) -> Result<Partner, Failure> {
    let partner = Partner::start(plan.priority(210))?;
    for arena in [arena::source(), arena::target()] {
        partner.touches(arena..arena + 2 * model::ZONE)?;
    }
    Ok(partner)
}

/// In the root task's space, and in a space of its own.
#[track_caller]
pub(super) fn partners() -> Result<[Partner; 2], Failure> {
    Ok([partner(worker::here())?, partner(worker::away())?])
}

/// Sends with `send` and receives with `receive`, whose partners do not matter. Who comes first is a
/// partner; the test's own thread comes second.
#[track_caller]
pub(super) fn meet(
    partner: Partner,
    order: Order,
    send: impl FnOnce(l4::ThreadId) -> Job,
    receive: impl FnOnce(l4::ThreadId) -> Job,
) -> Result<Both, Failure> {
    let me = thread::myself();
    match order {
        Order::ReceiverFirst => {
            let first = partner.does(receive(me).within(SOON, SOON))?;
            worker::until_waiting(&[partner.id])?;
            let sender = send(partner.id).within(SOON, SOON).now();
            Ok(Both {
                sender,
                receiver: first.result()?,
            })
        }
        Order::SenderFirst => {
            let first = partner.does(send(me).within(SOON, SOON))?;
            worker::until_state(partner.id, PendingSend)?;
            let receiver = receive(partner.id).within(SOON, SOON).now();
            Ok(Both {
                sender: first.result()?,
                receiver,
            })
        }
    }
}

const LABEL: u64 = 0x5712;

/// The tag of a message of `count` typed words.
pub(super) const fn tag(count: usize) -> u64 {
    Tag::new(LABEL, 0, count).raw()
}

/// A message of these items, received into these buffers.
#[track_caller]
pub(super) fn strings(
    partner: Partner,
    order: Order,
    items: &[u64],
    buffers: &[u64],
) -> Result<Both, Failure> {
    meet(
        partner,
        order,
        |to| Job::send(to).tag(tag(items.len())).registers(1, items),
        |from| Job::receive(from).buffers(buffers),
    )
}

/// As [`strings`], and all is as the model says.
#[track_caller]
pub(super) fn as_modelled(
    partner: Partner,
    order: Order,
    items: &[u64],
    buffers: &[u64],
) -> Outcome {
    model::clear();
    let expected = model::run(items, buffers);
    let both = strings(partner, order, items, buffers)?;
    both.are(items, expected)?;
    model::compare()
}

impl Both {
    /// All of the message has arrived.
    #[track_caller]
    pub(super) fn succeed(&self) -> Outcome {
        self.sender.ok()?;
        self.receiver.ok()?;
        hex("sender's ErrorCode", self.sender.error, UNTOUCHED)
    }

    /// The message was cut after `offset` bytes of strings.
    #[track_caller]
    pub(super) fn overflow(&self, offset: u64, tag: u64) -> Outcome {
        self.end_with([IpcCode::Overflow; 2], offset, tag)
    }

    /// A page did not come in time, and both limits were the same.
    #[track_caller]
    pub(super) fn times_out(&self, offset: u64, tag: u64) -> Outcome {
        let codes = [IpcCode::XferTimeoutOwn, IpcCode::XferTimeoutPartner];
        self.end_with(codes, offset, tag)
    }

    #[track_caller]
    fn end_with(&self, codes: [IpcCode; 2], offset: u64, tag: u64) -> Outcome {
        let error = |phase, code| {
            IpcError {
                phase,
                code,
                offset,
            }
            .raw()
        };
        let [sender, receiver] = codes;
        self.sender
            .error_with_tag(error(Phase::Send, sender), tag)?;
        self.receiver
            .error_with_tag(error(Phase::Receive, receiver), tag)
    }

    #[track_caller]
    fn are(&self, items: &[u64], expected: Expected) -> Outcome {
        if expected.whole {
            self.succeed()?;
            hex("tag", self.receiver.mr[0], tag(items.len()))?;
        } else {
            self.overflow(expected.copied, tag(items.len()))?;
        }
        let words = expected.words;
        equal(
            "what the receiver sees",
            &self.receiver.mr[1..=words],
            &items[..words],
        )
    }
}
