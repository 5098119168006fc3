//! Every way in which an IPC ends, as both sides see it: tag, ErrorCode, `from`; for pairs of threads in one space and in two,
//! of different priorities, that name each other by global and by local ids, whoever comes first.

use l4::abi::exregs;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::thread::Builder;
use l4::{Fpage, MapItem, Rights, Tag, ThreadId, Time};

use crate::harness::job::{Done, Started};
use crate::harness::raw::UNTOUCHED;
use crate::harness::{Failure, Job, Outcome, equal, hex, ids, raw, until, worker};

mod mapping;
mod transfer;

pub(super) use mapping::{
    fault as fault_without_memory, item as item_without_memory, nested as nested_without_memory,
    ports as ports_without_memory,
};
pub(super) use transfer::{
    aborted as transfer_aborted, killed as partner_killed_in_transfer,
    timed_out as transfer_timed_out,
};

/// Where the two live and which of them is more urgent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    sender_here: bool,
    receiver_here: bool,
    priorities: [u8; 2],
}

impl Pair {
    fn plan(here: bool, priority: u8) -> Builder {
        let plan = if here { worker::here() } else { worker::away() };
        plan.priority(priority)
    }

    pub(super) fn sender(self) -> Builder {
        Self::plan(self.sender_here, self.priorities[0])
    }

    pub(super) fn receiver(self) -> Builder {
        Self::plan(self.receiver_here, self.priorities[1])
    }

    /// How the receiver sees `sender` afterwards.
    #[track_caller]
    fn seen(self, sender: ThreadId) -> Result<u64, Failure> {
        if self.sender_here && self.receiver_here {
            return Ok(crate::harness::regular::local(sender)?.raw());
        }
        Ok(sender.raw())
    }
}

/// Does `work` with each pair; a failure names the pair by its number.
#[track_caller]
pub(super) fn each(work: impl Fn(Pair) -> Outcome) -> Outcome {
    for (sender_here, receiver_here) in [(true, true), (true, false), (false, true), (false, false)]
    {
        for priorities in [[90, 110], [100, 100], [110, 90]] {
            work(Pair {
                sender_here,
                receiver_here,
                priorities,
            })?;
        }
    }
    Ok(())
}

/// Tag, ErrorCode and `from` of one side.
#[track_caller]
pub(super) fn sees(done: &Done, tag: u64, error: u64, from: u64) -> Outcome {
    hex("tag", done.mr[0], tag)?;
    hex("ErrorCode", done.error, error)?;
    hex("from", done.from.raw(), from)
}

/// A sender with `job` and a receiver for anybody, in either order; gives both.
#[track_caller]
fn meet(
    pair: Pair,
    sender_first: bool,
    locally: bool,
    job: impl Fn(ThreadId) -> Job,
) -> Result<(Started, Started), Failure> {
    let name = |id: ThreadId| {
        if locally {
            crate::harness::regular::local(id)
        } else {
            Ok(id)
        }
    };
    if sender_first {
        // The receiver first has a message for this thread.
        let receiver = Job::new(l4::thread::myself(), ThreadId::ANY).start(pair.receiver())?;
        worker::until_state(receiver.id, PendingSend)?;
        let sender = job(name(receiver.id)?).start(pair.sender())?;
        worker::until_state(sender.id, PendingSend)?;
        Job::receive(receiver.id).now().ok()?;
        return Ok((sender, receiver));
    }
    let receiver = Job::receive(ThreadId::ANY).start(pair.receiver())?;
    worker::until_waiting(&[receiver.id])?;
    let sender = job(name(receiver.id)?).start(pair.sender())?;
    Ok((sender, receiver))
}

/// The same for all orders and names.
#[track_caller]
fn meets(
    job: impl Fn(ThreadId) -> Job,
    check: impl Fn(Pair, &Started, &Started) -> Outcome,
) -> Outcome {
    each(|pair| {
        for sender_first in [false, true] {
            let here = pair.sender_here && pair.receiver_here;
            for locally in [false, true].into_iter().filter(|locally| here || !locally) {
                let (sender, receiver) = meet(pair, sender_first, locally, &job)?;
                check(pair, &sender, &receiver)?;
            }
        }
        Ok(())
    })
}

pub(super) fn whole() -> Outcome {
    meets(
        |to| Job::send(to).words(0x77, 9, 100),
        |pair, sender, receiver| {
            let tag = Tag::new(0x77, 9, 0).raw();
            sees(&sender.result()?, tag, UNTOUCHED, 0)?;
            let got = receiver.result()?;
            got.carries(0x77, 9, 100, 0)?;
            sees(&got, tag, UNTOUCHED, pair.seen(sender.id)?)
        },
    )
}

fn item() -> [u64; 2] {
    MapItem {
        send_base: 0,
        fpage: Fpage::new(0x100_0000, 12, Rights::READ),
    }
    .words()
}

/// A map item for a receiver without a window: overflow for both. The sender sees to whom it was.
pub(super) fn cut() -> Outcome {
    let tag = Tag::new(0x78, 1, 2).raw();
    let [first, second] = item();
    meets(
        |to| Job::call(to).tag(tag).registers(1, &[7, first, second]),
        |_, sender, receiver| {
            sees(&sender.result()?, tag | Tag::ERROR, 8, receiver.id.raw())?;
            sees(&receiver.result()?, tag | Tag::ERROR, 9, 0)
        },
    )
}

/// ExchangeRegisters ends either phase.
pub(super) fn cancelled() -> Outcome {
    each(|pair| {
        let deaf = Job::receive(l4::thread::myself()).start(pair.receiver())?;
        worker::until_waiting(&[deaf.id])?;
        let sender = Job::call(deaf.id).words(0x79, 3, 1).start(pair.sender())?;
        cancel(sender, exregs::SEND)?;
        let tag = Tag::new(0x79, 3, 0).raw();
        sees(&sender.result()?, tag | Tag::ERROR, 6, 0)?;
        cancel(deaf, exregs::RECEIVE)?;
        sees(&deaf.result()?, Tag::ERROR, 7, 0)
    })
}

/// Cancels until it was the job's own IPC: before that, the worker may ask its pager for the pages it needs.
#[track_caller]
fn cancel(job: Started, phase: u64) -> Outcome {
    until("the end of a cancelled IPC", || {
        raw::control(job.id, phase);
        job.is_done()
    })
}

pub(super) fn timed_out() -> Outcome {
    let soon = Time::period(5_000);
    each(|pair| {
        let deaf = Job::receive(l4::thread::myself()).start(pair.receiver())?;
        worker::until_waiting(&[deaf.id])?;
        let job = Job::call(deaf.id).words(0x7A, 3, 1);
        let tag = Tag::new(0x7A, 3, 0).raw();
        let late = job.within(soon, Time::NEVER).start(pair.sender())?;
        sees(&late.result()?, tag | Tag::ERROR, 2, 0)?;
        let at_once = job.within(Time::ZERO, Time::NEVER).start(pair.sender())?;
        sees(&at_once.result()?, Tag::ERROR, 2, 0)?;
        for timeout in [soon, Time::ZERO] {
            let job = Job::receive(deaf.id).within(Time::NEVER, timeout);
            sees(&job.start(pair.sender())?.result()?, Tag::ERROR, 3, 0)?;
        }
        raw::delete(deaf.id);
        Ok(())
    })
}

/// The partner ends: before it receives, and before it answers.
pub(super) fn partner_killed() -> Outcome {
    each(|pair| {
        let deaf = Job::receive(l4::thread::myself()).start(pair.receiver())?;
        worker::until_waiting(&[deaf.id])?;
        let sender = Job::call(deaf.id).words(0x7B, 3, 1).start(pair.sender())?;
        worker::until_state(sender.id, PendingSend)?;
        let waiting = Job::receive(deaf.id).start(pair.sender())?;
        worker::until_waiting(&[waiting.id])?;
        equal("deletion", raw::delete(deaf.id), raw::DONE)?;
        let done = sender.result()?;
        hex("error flag", done.mr[0] & Tag::ERROR, Tag::ERROR)?;
        hex("ErrorCode", done.error, 4)?;
        hex("from", done.from.raw(), 0)?;
        sees(&waiting.result()?, Tag::ERROR, 5, 0)
    })
}

pub(super) fn nobody() -> Outcome {
    each(|pair| {
        let nobody = ids::fresh();
        let sender = Job::call(nobody).words(0x7C, 2, 1).start(pair.sender())?;
        sees(&sender.result()?, Tag::ERROR, 4, 0)?;
        let receiver = Job::receive(nobody).start(pair.receiver())?;
        sees(&receiver.result()?, Tag::ERROR, 5, 0)
    })
}
