//! What must hold in every state, and what must be reached.

use super::explore::Conversation;
use super::setup::Role;
use super::state::{Ask, Half, Id, Phase, Queued, State, Wait};
use super::thread::told;
use pecan_smp::protocol::Kind;
use pecan_smp::travel::Travel;
use stateright::{Model, Property};
use std::sync::atomic::{AtomicU16, Ordering};

/// Things that must happen in some run, or the model shows nothing; one bit each.
pub(super) mod reached {
    pub(in crate::conversation) const SILENT: u16 = 1 << 0;
    pub(in crate::conversation) const LOUD_AFTER_DEMAND: u16 = 1 << 1;
    pub(in crate::conversation) const RECALLED: u16 = 1 << 2;
    pub(in crate::conversation) const FORWARDED: u16 = 1 << 3;
    pub(in crate::conversation) const LEFT_TO_CANCEL: u16 = 1 << 4;
    pub(in crate::conversation) const SETTLED: u16 = 1 << 5;
    pub(in crate::conversation) const CANCELLED_IN_FLIGHT: u16 = 1 << 6;
    pub(in crate::conversation) const DIED_LATE: u16 = 1 << 7;
    pub(in crate::conversation) const VISITED: u16 = 1 << 8;
    pub(in crate::conversation) const COPIED: u16 = 1 << 9;
    pub(in crate::conversation) const FAULTED: u16 = 1 << 10;
    pub(in crate::conversation) const BROKEN_OFF: u16 = 1 << 11;
    pub(in crate::conversation) const INVITED: u16 = 1 << 12;
}

/// Which of [`reached`] happened; beside the states, so that it does not multiply them.
#[derive(Debug, Default)]
pub(super) struct Reached(AtomicU16);

impl Reached {
    pub(super) fn note(&self, what: u16) {
        self.0.fetch_or(what, Ordering::Relaxed);
    }

    pub(super) fn all(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Every CPU kept the rules.
pub(super) const KEPT: &str = "homes, numbers and answers are right";
/// Each node is in one place, and its thread knows that it is out.
pub(super) const ONE_PLACE: &str = "a node is in one place";
/// What the sender is told is what happened.
pub(super) const TRUTH: &str = "success is reported if and only if the message was delivered, once";
/// The last word on where a thread is to live is not forgotten.
pub(super) const BELONGS: &str = "a thread lives, or will live, where it was told to";
/// The two of a transfer are on one CPU, and each knows of the other.
pub(super) const TOGETHER: &str = "the partners of a transfer are together";
/// When nothing can happen any more, nobody waits for what cannot come.
pub(super) const NOBODY_STUCK: &str = "nobody is stuck";

/// All of them.
pub(super) const ALL: [&str; 6] = [KEPT, ONE_PLACE, TRUTH, BELONGS, TOGETHER, NOBODY_STUCK];

pub(super) fn all() -> Vec<Property<Conversation>> {
    fn every(state: &State, holds: fn(&State, Id) -> bool) -> bool {
        (0..state.threads.len()).all(|id| holds(state, id))
    }
    vec![
        Property::always(KEPT, |_, state: &State| state.broken.is_none()),
        Property::always(ONE_PLACE, |_, state: &State| every(state, one_place)),
        Property::always(TRUTH, |model: &Conversation, state: &State| {
            (0..state.threads.len()).all(|id| truth(model, state, id))
        }),
        Property::always(BELONGS, |_, state: &State| every(state, belongs)),
        Property::always(TOGETHER, |_, state: &State| every(state, together)),
        Property::always(NOBODY_STUCK, |model: &Conversation, state: &State| {
            let mut actions = Vec::new();
            model.actions(state, &mut actions);
            !actions.is_empty()
                || state.broken.is_some()
                || (0..state.threads.len()).all(|id| may_rest(model, state, id))
        }),
    ]
}

fn one_place(state: &State, id: Id) -> bool {
    let (mut request, mut cancel, mut arrive) = (0, 0, 0);
    for cpu in &state.cpus {
        for node in cpu.mailbox.iter().filter(|node| node.ask.from == id) {
            match node.kind {
                Kind::Request | Kind::Control | Kind::Answer(_) => request += 1,
                Kind::Cancel => cancel += 1,
                Kind::Arrive => arrive += 1,
            }
        }
        match cpu.half {
            Some(Half::Conclude(node) | Half::Enqueue(node)) if node.ask.from == id => request += 1,
            Some(Half::Recall(_, node)) if node.ask.from == id => cancel += 1,
            _ => {}
        }
    }
    let queued = |entry: &&Queued| matches!(entry, Queued::Outside(node) if node.ask.from == id);
    request += state
        .threads
        .iter()
        .flat_map(|thread| &thread.queue)
        .filter(queued)
        .count();
    let thread = &state.threads[id];
    let is_out = match thread.phase {
        Phase::Asking(_) => !thread.word.is_delivered(),
        Phase::Controlling(_) | Phase::Dying => true,
        _ => false,
    };
    let places = if is_out { 1 } else { 0 };
    let leaves = usize::from(thread.home.leaving_for.is_some());
    request <= places && cancel <= places && arrive <= leaves && request + arrive <= 1
}

fn truth(model: &Conversation, state: &State, id: Id) -> bool {
    let thread = &state.threads[id];
    if !matches!(model.setup.threads[id].1, Role::Asks(..)) {
        return true;
    }
    match thread.phase {
        _ if thread.delivered > 1 => false,
        Phase::Over(end) => thread.delivered == told(end),
        Phase::Waiting(_) | Phase::Receive(_) => thread.delivered == 1,
        Phase::Locked | Phase::Copying | Phase::Faulting => thread.delivered == 0,
        _ => true,
    }
}

fn belongs(state: &State, id: Id) -> bool {
    let thread = &state.threads[id];
    let goes_to = thread.travel.away_from().or(thread.travel.next());
    let lives_in = goes_to.or(thread.home.leaving_for);
    !thread.is_alive() || lives_in.unwrap_or(thread.home.cpu) == thread.belongs
}

fn together(state: &State, id: Id) -> bool {
    let thread = &state.threads[id];
    let Some(transfer) = thread.transfer else {
        return true;
    };
    let partner = &state.threads[transfer.partner];
    let is_mutual = partner.transfer.is_some_and(|other| {
        (other.partner, other.ask, other.copies) == (id, transfer.ask, !transfer.copies)
    });
    let one_is_locked = thread.phase == Phase::Locked || partner.phase == Phase::Locked;
    is_mutual && one_is_locked && thread.home == partner.home && thread.home.leaving_for.is_none()
}

/// Whom `id` waits for, if it is in a receive phase, known to its home or not.
fn effective_wait(state: &State, id: Id) -> Option<Wait> {
    let thread = &state.threads[id];
    match thread.phase {
        Phase::Waiting(wait) => Some(wait),
        Phase::Asking(Ask { then, .. }) if thread.word.is_delivered() => then,
        _ => None,
    }
}

/// Whether `id`, which has called somebody, is still to get an answer from a server that never fails to reply.
fn reply_is_due(model: &Conversation, state: &State, id: Id) -> bool {
    let called = match model.setup.threads[id].1 {
        _ if state.threads[id].inside => model.setup.pager,
        Role::Asks(job, _) => job.to,
        _ => return false,
    };
    let server = &state.threads[called];
    let serves = matches!(model.setup.threads[called].1, Role::Serves(_));
    serves && server.is_alive() && server.version == 0
}

/// Whether `id` may stay as it is for ever.
fn may_rest(model: &Conversation, state: &State, id: Id) -> bool {
    let thread = &state.threads[id];
    if thread.home.leaving_for.is_some() || thread.inside && thread.broken {
        return false;
    }
    if let Some(wait) = effective_wait(state, id) {
        let comes_up = thread.queue.iter().any(|queued| wait.accepts(queued.ask()));
        let for_nobody = matches!(wait, Wait::From(id, version) if !state.exists(id, version));
        let is_home = thread.travel == Travel::default() || thread.inside;
        return is_home && !comes_up && !for_nobody && !reply_is_due(model, state, id);
    }
    let queued_at =
        |partner: Id| state.threads[partner].is_alive() && state.is_queued_at(id, partner);
    match thread.phase {
        Phase::Asking(ask) => thread.word.cancelled().is_none() && queued_at(ask.to),
        Phase::Sending(ask) => queued_at(ask.to),
        // The partner asks its pager, which may never answer.
        Phase::Locked => thread
            .transfer
            .is_some_and(|transfer| state.threads[transfer.partner].inside),
        Phase::Over(_) => thread.travel == Travel::default(),
        Phase::Dead => true,
        _ => false,
    }
}
