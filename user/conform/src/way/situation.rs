//! Random situations, and what they come to.

use l4::{Message, control, ipc, schedule};

use super::actor::{self, CALLS, CAST, Call};
use super::call::{Taste, call};
use super::cast::Cast;
use super::story::Story;
use crate::harness::failure::at_least;
use crate::harness::regular::Random;
use crate::harness::{Failure, Outcome, check};

/// Situations in a test.
const SITUATIONS: u64 = 1_000;

/// How often a situation is played until both ways agree. Who gets a message runs at once, and whom it outranks goes on at the next
/// tick: that may come in the midst of one of the two. What the ways do differently they do each time.
const TRIES: usize = 5;

/// Plays a situation: the actors of `order` are let go, and do what is planned until all are blocked; who is then not through is
/// aborted, one after the other.
#[track_caller]
fn play(
    cast: &Cast,
    plan: &[[Call; CALLS]; CAST],
    order: &[usize; CAST],
    story: &mut Story,
) -> Outcome {
    actor::instruct(plan);
    for number in order {
        let sent = ipc::send(cast.actors[*number], &Message::new(0));
        check("an actor is let go", sent.is_ok())?;
    }
    cast.settle()?;
    for _ in 0..=CAST * CALLS {
        let mut all = true;
        for number in 0..CAST {
            let state = schedule::state(cast.actors[number]);
            story.add(state.map_or(u64::MAX, |state| state as u64));
            if all && !actor::is_done(number) {
                all = false;
                let name = Message::new(0).word(cast.actors[number].raw());
                let done = ipc::call(cast.breakers[number], &name)
                    .map_err(|error| Failure::new(format_args!("no abort: {error:?}")))?;
                story.add(done.message.word_at(0));
                story.add(done.message.word_at(1));
            }
        }
        if all {
            for number in 0..CAST {
                for call in 0..CALLS {
                    actor::note(number, call)
                        .into_iter()
                        .for_each(|word| story.add(word));
                }
            }
            return check("the kernel checks itself", control::check());
        }
        cast.settle()?;
    }
    Err(Failure::new(format_args!("an actor does not end")))
}

/// The first word in which what comes of a situation differs between both ways, and what it is.
#[track_caller]
fn difference(
    cast: &Cast,
    plan: &[[Call; CALLS]; CAST],
    order: &[usize; CAST],
) -> Result<Option<(usize, u64, u64)>, Failure> {
    let (mut short, mut general) = (Story::new(), Story::new());
    play(cast, plan, order, &mut short)?;
    check("the general way", control::take_general_way(true))?;
    let played = play(cast, plan, order, &mut general);
    check("the short way", control::take_general_way(false))?;
    played?;
    Ok(short.differs_from(&general))
}

fn compare(seed: u64, taste: Taste) -> Outcome {
    let cast = Cast::start()?;
    let mut random = Random::new(seed);
    let mut arrived = 0;
    for situation in 0..SITUATIONS {
        let mut plan = [[[0; 4]; CALLS]; CAST];
        for (me, calls) in plan.iter_mut().enumerate() {
            let count = 1 + random.below(CALLS as u64) as usize;
            for place in &mut calls[..count] {
                *place = call(&mut random, &cast, me, taste);
            }
        }
        let mut order: [usize; CAST] = core::array::from_fn(|number| number);
        for place in (1..CAST).rev() {
            order.swap(place, random.below(place as u64 + 1) as usize);
        }
        let mut differs = None;
        for _ in 0..TRIES {
            differs = difference(&cast, &plan, &order)?;
            if differs.is_none() {
                break;
            }
        }
        arrived += actor::arrived();
        if let Some((place, one, two)) = differs {
            return Err(Failure::new(format_args!(
                "situation {situation}, word {place}: {one:#x}, and {two:#x} the general way; calls {plan:x?} in the order {order:?}"
            )));
        }
    }
    at_least("messages arrived", arrived, SITUATIONS)
}

const TAME: Taste = Taste {
    garbage: false,
    alone: false,
};

/// Words, and ids of threads.
pub(super) fn words_only() -> Outcome {
    compare(1, TAME)
}

/// Also what is no id, and flags.
pub(super) fn garbage_too() -> Outcome {
    compare(
        2,
        Taste {
            garbage: true,
            ..TAME
        },
    )
}

/// Many messages without receives, and receives without messages, among others.
pub(super) fn phases_alone() -> Outcome {
    compare(
        3,
        Taste {
            alone: true,
            ..TAME
        },
    )
}
