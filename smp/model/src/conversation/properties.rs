//! What must hold in every state, and what must be reached.

use super::explore::{Conversation, Story};
use super::state::{Ask, End, Half, Id, Phase, Queued, R, S, State, Thread, Wait};
use pecan_smp::protocol::{Kind, Outcome};
use stateright::{Model, Property};
use std::sync::atomic::{AtomicU8, Ordering};

/// Things that must happen in some run, or the model shows nothing; one bit each.
pub(super) mod reached {
    pub(in crate::conversation) const SILENT: u8 = 1 << 0;
    pub(in crate::conversation) const LOUD_AFTER_DEMAND: u8 = 1 << 1;
    pub(in crate::conversation) const RECALLED: u8 = 1 << 2;
    pub(in crate::conversation) const FORWARDED: u8 = 1 << 3;
    pub(in crate::conversation) const LEFT_TO_CANCEL: u8 = 1 << 4;
    pub(in crate::conversation) const SETTLED: u8 = 1 << 5;
    pub(in crate::conversation) const CANCELLED_IN_FLIGHT: u8 = 1 << 6;
    pub(in crate::conversation) const DIED_LATE: u8 = 1 << 7;
}

/// Which of [`reached`] happened; beside the states, so that it does not multiply them.
#[derive(Debug, Default)]
pub(super) struct Reached(AtomicU8);

impl Reached {
    pub(super) fn note(&self, what: u8) {
        self.0.fetch_or(what, Ordering::Relaxed);
    }

    pub(super) fn all(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Every CPU kept the rules.
pub(super) const KEPT: &str = "homes, numbers and answers are right";
/// Each node is in one place, and its thread knows that it is out.
pub(super) const ONE_PLACE: &str = "a node is in one place";
/// What the sender is told is what happened.
pub(super) const TRUTH: &str = "success is reported if and only if the message was delivered, once";
/// When nothing can happen any more, nobody waits for what cannot come.
pub(super) const NOBODY_STUCK: &str = "nobody is stuck";

pub(super) fn all() -> Vec<Property<Conversation>> {
    vec![
        Property::always(KEPT, |_, state: &State| state.broken.is_none()),
        Property::always(ONE_PLACE, |_, state: &State| {
            (0..state.threads.len()).all(|id| one_place(state, id))
        }),
        Property::always(TRUTH, |model: &Conversation, state: &State| {
            truth(model, state)
        }),
        Property::always(NOBODY_STUCK, |model: &Conversation, state: &State| {
            let mut actions = Vec::new();
            model.actions(state, &mut actions);
            !actions.is_empty()
                || state.broken.is_some()
                || (0..state.threads.len()).all(|id| may_rest(state, id))
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
        Phase::Dying => true,
        _ => false,
    };
    let places = if is_out { 1 } else { 0 };
    request <= places && cancel <= places && request + arrive <= 1
}

fn truth(model: &Conversation, state: &State) -> bool {
    state
        .threads
        .iter()
        .enumerate()
        .all(|(id, thread)| match thread.phase {
            _ if thread.delivered > 1 => false,
            Phase::Over(_) if model.setup.story == Story::DeleteEachOther => thread.delivered == 0,
            Phase::Over(End::Reported(Outcome::Success | Outcome::CancelledReceiving)) => {
                thread.delivered == 1
            }
            Phase::Over(End::Reported(_)) => thread.delivered == 0,
            Phase::Over(End::Received) | Phase::Waiting(_) if id == S => thread.delivered == 1,
            _ => true,
        })
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

fn is_alive(thread: &Thread) -> bool {
    !matches!(thread.phase, Phase::Dying | Phase::Dead)
}

/// Whether `id` may stay as it is for ever.
fn may_rest(state: &State, id: Id) -> bool {
    let thread = &state.threads[id];
    if thread.home.leaving_for.is_some() || thread.move_at_end.is_some() {
        return false;
    }
    if let Some(wait) = effective_wait(state, id) {
        let accepted = |queued: &Queued| match wait {
            Wait::Any => true,
            Wait::From(other) => other == queued.ask().from,
        };
        // R replies to whoever called it, unless it is deleted.
        let r_lived_on = is_alive(&state.threads[R]) && state.threads[R].version == 0;
        let reply_due = id == S && state.threads[R].delivered == 0 && r_lived_on;
        return !thread.queue.iter().any(accepted) && !reply_due;
    }
    let queued_at = |partner: Id| {
        let partner = &state.threads[partner];
        is_alive(partner) && partner.queue.iter().any(|queued| queued.ask().from == id)
    };
    match thread.phase {
        Phase::Asking(ask) => {
            !ask.deletes && thread.word.cancelled().is_none() && queued_at(ask.to)
        }
        Phase::Queued(at) => queued_at(at),
        Phase::Over(_) | Phase::Dead => true,
        Phase::Ready | Phase::Waiting(_) | Phase::Dying => false,
    }
}
