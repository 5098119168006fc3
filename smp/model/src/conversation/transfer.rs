//! A message that takes long: both partners on one CPU, one of them copies, and either may miss a page.

use super::handle::Step;
use super::properties::reached;
use super::rules::Fault;
use super::setup::STEPS;
use super::state::{Ask, End, Id, Phase, Service, Transfer, Wait};

impl Step<'_> {
    /// The two of `ask` are in a transfer from now on, which `copier` carries out when it runs.
    pub(super) fn lock(&mut self, ask: Ask, copier: Id) {
        for (id, partner) in [(ask.from, ask.to), (ask.to, ask.from)] {
            self.own(id);
            let thread = &mut self.state.threads[id];
            if thread.broken || thread.transfer.is_some() {
                self.state.broken = Some("a transfer began before the last was over");
                return;
            }
            let copies = id == copier;
            thread.transfer = Some(Transfer {
                ask,
                partner,
                copies,
                left: if copies { STEPS } else { 0 },
            });
            thread.phase = if copies {
                Phase::Copying
            } else {
                Phase::Locked
            };
        }
    }

    /// The next step of the copy, unless the transfer was broken off.
    pub(super) fn copy(&mut self, id: Id) {
        match &mut self.state.threads[id].transfer {
            None => self.hear(id),
            Some(transfer) if transfer.left > 1 => transfer.left -= 1,
            Some(transfer) => {
                let transfer = *transfer;
                self.finish_transfer(transfer);
            }
        }
    }

    fn finish_transfer(&mut self, Transfer { ask, partner, .. }: Transfer) {
        self.model.reached.note(reached::COPIED);
        self.own(partner);
        for id in [ask.from, ask.to] {
            self.state.threads[id].transfer = None;
        }
        self.deliver(ask);
        self.sent(ask);
    }

    /// `id`, which copies, misses a page of its own: it calls its pager.
    pub(super) fn own_fault(&mut self, id: Id) {
        self.call_pager(id);
    }

    /// `id`, which copies, misses a page of its partner: that one calls its pager when it runs.
    pub(super) fn partners_fault(&mut self, id: Id) {
        let Some(transfer) = self.state.threads[id].transfer else {
            return;
        };
        self.own(transfer.partner);
        self.state.threads[transfer.partner].phase = Phase::Faulting;
        self.state.threads[id].phase = Phase::Locked;
    }

    /// `id` is to serve a fault for its partner, unless the transfer was broken off before it ran.
    pub(super) fn serve_fault(&mut self, id: Id) {
        if self.state.threads[id].transfer.is_some()
            || self.model.rules.lacks(Fault::ServesBrokenOff)
        {
            self.call_pager(id);
        } else {
            self.hear(id);
        }
    }

    fn call_pager(&mut self, id: Id) {
        self.model.reached.note(reached::FAULTED);
        let thread = &mut self.state.threads[id];
        thread.inside = true;
        thread.delivered = 0;
        let pager = self.model.setup.pager;
        self.ask(self.message(id, (pager, 0), Some(Wait::From(pager, 0))));
    }

    /// The call of `id` to its pager has ended.
    pub(super) fn served(&mut self, id: Id, service: Service) {
        self.state.threads[id].inside = false;
        if service == Service::Nobody && !self.model.rules.lacks(Fault::WaitsForNoPager) {
            self.break_off(id);
        }
        match self.state.threads[id].transfer {
            None => self.hear(id),
            Some(_) if service == Service::Nobody => {
                self.state.threads[id].phase = Phase::Locked;
            }
            Some(Transfer { copies: true, .. }) => {
                self.state.threads[id].phase = Phase::Copying;
            }
            Some(Transfer { partner, .. }) => {
                self.own(partner);
                self.state.threads[id].phase = Phase::Locked;
                self.state.threads[partner].phase = Phase::Copying;
            }
        }
    }

    /// Ends the transfer of `id`, if it is in one, for both.
    pub(super) fn break_off(&mut self, id: Id) {
        let Some(Transfer {
            partner, copies, ..
        }) = self.state.threads[id].transfer
        else {
            return;
        };
        self.model.reached.note(reached::BROKEN_OFF);
        self.own(partner);
        let both = if copies { [id, partner] } else { [partner, id] };
        for one in both {
            if one != id && self.model.rules.lacks(Fault::BrokenOffForOne) {
                continue;
            }
            let was = self.state.threads[one].transfer.take();
            self.state.threads[one].broken = true;
            self.tell(one, was.is_some_and(|transfer| transfer.copies));
        }
    }

    /// Lets `one`, whose transfer was broken off, go on to the end of its operation.
    fn tell(&mut self, one: Id, copies: bool) {
        match self.state.threads[one].phase {
            Phase::Locked if copies => {
                self.state.threads[one].phase = Phase::Copying;
                self.depart_if_asked(one);
            }
            Phase::Locked => self.hear(one),
            Phase::Sending(_) | Phase::Asking(_) | Phase::Waiting(_)
                if !self.model.rules.lacks(Fault::CallOutlives) =>
            {
                self.abort(one);
            }
            // It runs, and hears by itself.
            _ => {}
        }
    }

    /// `id` hears that its transfer was broken off.
    fn hear(&mut self, id: Id) {
        let thread = &mut self.state.threads[id];
        if !thread.broken {
            self.state.broken = Some("nobody broke the transfer off");
        }
        thread.broken = false;
        self.over(id, End::Broken);
    }
}
