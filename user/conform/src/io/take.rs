//! Unmap and flush of ports, and the end of spaces.

use l4::{IoFpage, Tag, control, port};

use super::agent::{Agent, GRANT, MAP, NOTHING, agents, give, one};
use crate::harness::{Failure, Outcome, equal, hex, raw};
use crate::map::fill;

const P: u16 = NOTHING + 0x40;
const EIGHT: IoFpage = IoFpage::new(P, 3);

/// The ports go from one to the next.
#[track_caller]
fn chain<const N: usize>() -> Result<[Agent; N], Failure> {
    let chain = agents::<N>()?;
    let mut before: Option<Agent> = None;
    for agent in chain {
        match before {
            None => give(agent, MAP, EIGHT)?,
            Some(giver) => giver.give(agent, MAP, EIGHT)?,
        }
        before = Some(agent);
        agent.has(&[P, P + 7])?;
    }
    Ok(chain)
}

pub(super) fn unmap() -> Outcome {
    let [first, middle, last] = chain()?;
    middle.unmap(EIGHT)?;
    first.has(&[P, P + 7])?;
    middle.has(&[P, P + 7])?;
    last.lacks(&[P, P + 7])?;
    // Everyone below, but not the test itself.
    middle.give(last, MAP, EIGHT)?;
    port::unmap(EIGHT);
    for agent in [first, middle, last] {
        agent.lacks(&[P, P + 7])?;
    }
    give(first, MAP, EIGHT)?;
    first.has(&[P])
}

pub(super) fn flush() -> Outcome {
    let [first, middle, last] = chain()?;
    middle.flush(EIGHT)?;
    first.has(&[P, P + 7])?;
    middle.lacks(&[P, P + 7])?;
    last.lacks(&[P, P + 7])
}

/// A part of a piece, as large as pieces get: exactly the ports that are named go, through all spaces.
pub(super) fn parts() -> Outcome {
    let [first, middle, last] = agents()?;
    let large = IoFpage::new(NOTHING, 10);
    give(first, MAP, large)?;
    first.give(middle, MAP, large)?;
    middle.give(last, MAP, large)?;
    let beside = [NOTHING, P - 1, P + 3, NOTHING + 0x3FF];
    // Not aligned, and over the border of two pieces.
    let across = IoFpage::new(NOTHING + 0x1FF, 1);
    first.unmap(IoFpage::new(P, 0))?;
    first.unmap(IoFpage::new(P + 1, 1))?;
    first.flush(across)?;
    for agent in [middle, last] {
        agent.lacks(&[P, P + 1, P + 2, NOTHING + 0x1FF, NOTHING + 0x200])?;
        agent.has(&beside)?;
        agent.has(&[NOTHING + 0x1FE, NOTHING + 0x201])?;
    }
    first.has(&[P, P + 1, P + 2])?;
    first.has(&beside)?;
    first.lacks(&[NOTHING + 0x1FF, NOTHING + 0x200])?;
    port::unmap(one(NOTHING));
    for agent in [first, middle, last] {
        agent.lacks(&[NOTHING])?;
        agent.has(&[NOTHING + 1])?;
    }
    Ok(())
}

pub(super) fn end_of_a_space() -> Outcome {
    let [first, middle, last] = chain()?;
    equal("deletion", raw::delete(middle.0), raw::DONE)?;
    first.has(&[P, P + 7])?;
    last.lacks(&[P, P + 7])?;
    // A space that ends while a processor knows its ports.
    equal("deletion", raw::delete(first.0), raw::DONE)?;
    let [other] = agents()?;
    other.lacks(&[P, P + 7])
}

#[track_caller]
fn free() -> Result<u64, Failure> {
    control::free_frames()
        .ok_or_else(|| Failure::new(format_args!("free frames cannot be asked for")))
}

/// Ports come and go in all ways, whole and in parts; afterwards there is as much memory as before.
pub(super) fn nothing_leaks() -> Outcome {
    let [first, second] = agents()?;
    let mut before = 0;
    for round in 0..12u16 {
        if round == 2 {
            before = free()?;
        }
        give(first, MAP, IoFpage::new(NOTHING, 10))?;
        for port in 0..32 {
            let part = IoFpage::new(NOTHING + 16 * port, port as u32 % 4);
            first.give(second, if port % 3 == 0 { GRANT } else { MAP }, part)?;
            second.has(&[NOTHING + 16 * port])?;
        }
        match round % 3 {
            0 => port::unmap(IoFpage::COMPLETE),
            1 => {
                first.flush(IoFpage::COMPLETE)?;
                second.flush(IoFpage::COMPLETE)?;
            }
            _ => {
                for port in 0..=0x3FF {
                    port::unmap(one(NOTHING + port));
                }
            }
        }
        first.lacks(&[NOTHING + 1])?;
        second.lacks(&[NOTHING])?;
    }
    equal("free frames", free()?, before)
}

/// When the kernel has no memory, who gives ports gets an overflow, and Unmap still takes them.
pub(super) fn no_memory() -> Outcome {
    let [first, second] = agents()?;
    give(first, MAP, IoFpage::new(NOTHING, 9))?;
    // What the agents need for their own work they have now: later there is no memory for it.
    first.give(second, MAP, one(NOTHING + 0x1FF))?;
    second.has(&[NOTHING + 0x1FF])?;
    second.lacks(&[NOTHING])?;
    first.unmap(one(NOTHING + 0x1FF))?;
    first.flush(one(NOTHING + 0x1FF))?;
    let filled = fill()?;
    // Nodes may be left in a frame that has some.
    let mut refused = 0;
    let mut given = 0;
    while refused == 0 && given < 0x100 {
        refused = first.try_give(second, MAP, one(NOTHING + 2 * given))?;
        given += 1;
    }
    hex("the end", refused, Tag::ERROR | 8)?;
    let last = NOTHING + 2 * (given - 1);
    second.lacks(&[last])?;
    if given > 1 {
        second.has(&[last - 2])?;
    }
    // There is no memory to divide the piece: all of it may go, but the port that is named goes.
    first.flush(one(NOTHING + 0x101))?;
    first.lacks(&[NOTHING + 0x101])?;
    filled.empty()?;
    port::unmap(IoFpage::COMPLETE);
    give(first, MAP, EIGHT)?;
    first.give(second, MAP, EIGHT)?;
    second.has(&[P, P + 7])?;
    second.lacks(&[last])
}
