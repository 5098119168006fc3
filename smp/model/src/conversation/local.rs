//! What its home does to a thread: timeout, abort, deletion; and what happens to those who wait for one that has ended.

use super::handle::Step;
use super::rules::Fault;
use super::state::{End, Id, Phase, Queued, Wait};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{Answer, Outcome, Refusal};
use pecan_smp::request::{Demand, Reason};
use pecan_smp::travel::Travel;

impl Step<'_> {
    pub(super) fn leave_queue(&mut self, id: Id, at: Id) {
        if self.state.is_queued_at(id, at) {
            self.own(at);
        }
        self.state.threads[at]
            .queue
            .retain(|queued| queued.ask().from != id);
    }

    /// The deadline of `id` has passed. Calls to a pager have none.
    pub(super) fn time_out(&mut self, id: Id) {
        let thread = &self.state.threads[id];
        match thread.phase {
            Phase::Locked => self.break_off(id),
            _ if thread.inside => {}
            Phase::Sending(ask) if self.state.is_queued_at(id, ask.to) => {
                self.leave_queue(id, ask.to);
                self.report(id, Outcome::Timeout);
            }
            Phase::Asking(ask) if ask.patient => {
                let demand = self.settle(id, Reason::Timeout);
                if demand != Demand::Delivered && self.model.rules.lacks(Fault::ResumedEarly) {
                    self.report(id, Outcome::Timeout);
                }
            }
            Phase::Waiting(_) if !self.model.setup.silent => self.over(id, End::TimedOut),
            _ => {}
        }
    }

    /// Somebody cancels what `id` does.
    pub(super) fn abort(&mut self, id: Id) {
        if self.state.threads[id].transfer.is_some() {
            return self.break_off(id);
        }
        match self.state.threads[id].phase {
            Phase::Sending(ask) => {
                self.leave_queue(id, ask.to);
                self.report(id, Outcome::Cancelled);
            }
            Phase::Waiting(_) => self.report(id, Outcome::CancelledReceiving),
            Phase::Asking(_) => {
                let demand = self.settle(id, Reason::Abort);
                if demand == Demand::Delivered {
                    self.report(id, Outcome::CancelledReceiving);
                }
            }
            _ => {}
        }
    }

    /// Deletes `id`.
    pub(super) fn kill(&mut self, id: Id) {
        self.own(id);
        if !self.model.rules.lacks(Fault::MovesThoughDying) {
            self.state.threads[id].travel = Travel::default();
        }
        self.break_off(id);
        self.own(id);
        let lent = match self.state.threads[id].phase {
            Phase::Sending(ask) => {
                self.leave_queue(id, ask.to);
                false
            }
            Phase::Asking(_) => self.settle(id, Reason::Kill) != Demand::Delivered,
            Phase::Controlling(_) => true,
            _ => false,
        };
        self.state.threads[id].phase = Phase::Dying;
        if !self.model.rules.lacks(Fault::NotFlushed) {
            for queued in std::mem::take(&mut self.state.threads[id].queue) {
                self.refuse(queued);
            }
        }
        if !lent || self.model.rules.lacks(Fault::FreedOnKill) {
            self.bury(id);
        }
    }

    /// The thread at which `queued` waited is gone.
    fn refuse(&mut self, queued: Queued) {
        match queued {
            Queued::Neighbour(ask) => self.restart(ask),
            Queued::Outside(node) if self.dequeue(node) => {
                self.answer(node, Answer::Refused(Refusal::NonExisting));
            }
            Queued::Outside(_) => {}
        }
    }

    /// Nothing of the dying `id` is out any more: its number is free.
    pub(super) fn bury(&mut self, id: Id) {
        let thread = &mut self.state.threads[id];
        thread.phase = Phase::Dead;
        thread.owes = None;
        thread.travel = Travel::default();
        (thread.broken, thread.inside) = (false, false);
        if self.model.rules.lacks(Fault::OrphansForgotten) {
            return;
        }
        // Who does not wait yet looks for himself when he begins to: the others' looking would change nothing.
        let waits = |wait: Wait| matches!(wait, Wait::From(whom, _) if whom == id);
        let is_awaited = self.state.threads.iter().any(|thread| match thread.phase {
            Phase::Waiting(wait) => waits(wait),
            Phase::Asking(ask) => ask.then.is_some_and(waits),
            _ => false,
        });
        if is_awaited {
            for (index, processor) in self.state.cpus.iter_mut().enumerate() {
                processor.orphans |= index != self.cpu.index();
            }
            self.release();
        }
    }

    /// Some thread has ended, perhaps on another CPU: ends the receive phases here that wait for it alone.
    pub(super) fn look(&mut self) {
        self.state.cpus[self.cpu.index()].orphans = false;
        self.release();
    }

    fn release(&mut self) {
        for id in 0..self.state.threads.len() {
            let home = self.state.threads[id].home;
            if home.cpu == self.cpu && home.leaving_for.is_none() {
                self.release_one(id);
            }
        }
    }

    /// Ends the receive phase of `id`, if it waits for nobody.
    pub(super) fn release_one(&mut self, id: Id) {
        if let Phase::Asking(ask) = self.state.threads[id].phase
            && ask.then.is_some_and(|wait| self.waits_for_nobody(wait))
        {
            let _ = self.settle(id, Reason::Behind);
        }
        if let Phase::Waiting(wait) = self.state.threads[id].phase
            && self.waits_for_nobody(wait)
        {
            self.over(id, End::Orphaned);
        }
    }

    /// Makes a new thread with the number of the dead `id`, on this CPU.
    pub(super) fn make(&mut self, id: Id, cpu: Cpu) {
        let version = self.state.threads[id].version + 1;
        let mut thread = self.model.fresh(id, cpu);
        thread.version = version;
        self.state.threads[id] = thread;
    }
}
