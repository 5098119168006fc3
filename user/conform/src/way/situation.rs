//! Random situations, and what they come to.

use l4::abi::exregs;
use l4::{Message, Tag, ThreadId, control, ipc, schedule, thread};

use super::actor::{self, CALLS, CAST, Call};
use crate::harness::regular::{Random, local};
use crate::harness::{Failure, Outcome, check, raw, worker};

/// Situations in a test.
const SITUATIONS: u64 = 1_000;

/// The threads of all situations.
struct Cast {
    actors: [ThreadId; CAST],
    /// The local ids of those that have the same space; nil for the others.
    local: [ThreadId; CAST],
    /// In the space of each actor, a thread that aborts what it does.
    breakers: [ThreadId; CAST],
    /// Runs when none of them can, and says so.
    last: ThreadId,
}

/// Answers each message when all others are blocked, as the least urgent thread. A call hands it the CPU at once.
fn answer(_: u64) {
    l4::server::serve(|_| {
        schedule::yield_now();
        Some(Message::new(0))
    })
}

/// Aborts the calls of those whose id it gets; answers with the verdict and the old control word.
fn break_off(_: u64) {
    l4::server::serve(|request| {
        let thread = ThreadId::from_raw(request.message.word_at(0));
        let (verdict, old) = raw::control(thread, exregs::SEND | exregs::RECEIVE);
        Some(Message::new(0).word(verdict.pack()).word(old.control))
    })
}

impl Cast {
    /// Two actors in the root task's space, two in another, one in a third; the higher the number, the more urgent, so that
    /// there is one order in which they run.
    #[track_caller]
    fn start() -> Result<Self, Failure> {
        actor::obey(thread::myself());
        let mut actors = [ThreadId::NIL; CAST];
        for number in 0..CAST {
            let plan = match number {
                0 | 3 => worker::here(),
                2 => worker::here().in_space_of(actors[1]),
                _ => worker::away(),
            };
            let plan = plan.cpu(0).priority(101 + number as u8);
            actors[number] = worker::start(plan, actor::act, number as u64)?;
        }
        let last = worker::start(worker::here().cpu(0).priority(90), answer, 0)?;
        let mut names = [ThreadId::NIL; CAST];
        for number in [0, 3] {
            names[number] = local(actors[number])?;
        }
        let mut breakers = [ThreadId::NIL; CAST];
        for number in [0, 1, 4] {
            let plan = worker::here().cpu(0).priority(150);
            let plan = plan.in_space_of(actors[number]);
            breakers[number] = worker::start(plan, break_off, 0)?;
        }
        (breakers[2], breakers[3]) = (breakers[1], breakers[0]);
        let cast = Self {
            actors,
            breakers,
            local: names,
            last,
        };
        cast.settle()?;
        Ok(cast)
    }

    /// Returns when all actors are blocked.
    #[track_caller]
    fn settle(&self) -> Outcome {
        match ipc::call(self.last, &Message::new(0)) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::new(format_args!("nobody is last: {error:?}"))),
        }
    }
}

/// What can be seen of a situation.
struct Story {
    words: [u64; Self::ROOM],
    length: usize,
}

impl Story {
    const ROOM: usize = 512;

    const fn new() -> Self {
        Self {
            words: [0; Self::ROOM],
            length: 0,
        }
    }

    fn add(&mut self, word: u64) {
        if let Some(place) = self.words.get_mut(self.length) {
            *place = word;
            self.length += 1;
        }
    }

    /// The first word that differs.
    fn differs_from(&self, other: &Self) -> Option<(usize, u64, u64)> {
        let mut pairs = self.words.iter().zip(&other.words).enumerate();
        pairs
            .find(|(_, (one, two))| one != two)
            .map(|(place, (one, two))| (place, *one, *two))
    }
}

/// How wild the calls are.
#[derive(Clone, Copy)]
struct Taste {
    /// Ids of nobody, and flags that are not the sender's to set.
    garbage: bool,
}

fn call(random: &mut Random, cast: &Cast, me: usize, taste: Taste) -> Call {
    let other = |random: &mut Random| {
        let number = random.below(CAST as u64) as usize;
        let near = (me == 0 || me == 3) && (number == 0 || number == 3);
        match near && random.below(2) == 0 {
            true => cast.local[number].raw(),
            false => cast.actors[number].raw(),
        }
    };
    let garbage = |random: &mut Random| match random.below(3) {
        0 => ThreadId::ANY_LOCAL.raw(),
        1 => cast.actors[0].raw() ^ 0x80,
        _ => random.next() & !0x3f | 1,
    };
    let to = match random.below(20) {
        0..3 => 0,
        3 if taste.garbage => garbage(random),
        _ => other(random),
    };
    let from = match random.below(20) {
        0..8 => to,
        8..14 => ThreadId::ANY.raw(),
        14..16 => 0,
        16 if taste.garbage => garbage(random),
        _ => other(random),
    };
    // Never, or no time at all.
    let mut timeouts = 0;
    for shift in [0, 16] {
        if random.below(4) == 0 {
            timeouts |= 0x0400 << shift;
        }
    }
    let words = match random.below(4) {
        0 => random.below(64),
        1 => random.below(4) + 6,
        _ => random.below(8),
    };
    let mut tag = words | random.next() << 16;
    if taste.garbage && random.below(16) == 0 {
        tag |= random.next() & Tag::FLAGS;
    }
    [to, from, timeouts, tag]
}

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

fn compare(seed: u64, taste: Taste) -> Outcome {
    let cast = Cast::start()?;
    let mut random = Random::new(seed);
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
        let (mut short, mut general) = (Story::new(), Story::new());
        play(&cast, &plan, &order, &mut short)?;
        control::take_general_way(true);
        let played = play(&cast, &plan, &order, &mut general);
        control::take_general_way(false);
        played?;
        if let Some((place, one, two)) = short.differs_from(&general) {
            return Err(Failure::new(format_args!(
                "situation {situation}, word {place}: {one:#x}, and {two:#x} the general way; calls {plan:x?} in the order {order:?}"
            )));
        }
    }
    Ok(())
}

/// Words, and ids of threads.
pub(super) fn words_only() -> Outcome {
    compare(1, Taste { garbage: false })
}

/// Also what is no id, and flags.
pub(super) fn everything() -> Outcome {
    compare(2, Taste { garbage: true })
}
