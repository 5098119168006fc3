//! All interrupts of one kind: one at every instruction of a message.

use core::fmt;

use l4::println;

use crate::crew::{Case, Deed};
use crate::letter::LENGTH;
use crate::memory::Side;
use crate::run::{self, Plan};
use crate::timer::Timer;

/// Runs without an interrupt until all is where it stays, and then those that show how long a message is.
const WARM_UP: u64 = 8;
const UNDISTURBED: u64 = 8;
/// Runs for one offset, if something comes between.
const TRIES: usize = 8;
/// Most instructions of a message.
const MOST: usize = 32768;
/// Interrupts that have to come after the message was over, one an instruction, to believe it.
const BEYOND: u64 = 16;
/// Offsets between two lines about the progress.
const TOLD: u64 = 500;

/// Which numbers have been seen.
struct Set<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Set<WORDS> {
    const fn new() -> Self {
        Self([0; WORDS])
    }

    /// Adds a number; one that is too large is dropped.
    fn add(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn has(&self, number: usize) -> bool {
        self.0
            .get(number / 64)
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// What a sweep has shown.
pub(crate) struct Figures {
    case: Case,
    missing: Side,
    /// Time-stamp ticks per count of the timer.
    ticks: u64,
    /// Of an undisturbed message.
    instructions: u64,
    /// Interrupts, one each.
    runs: u64,
    /// Interrupts that came when some of the string had arrived, but not all, and how much had arrived in how many ways;
    /// a preempting thread that speaks does not look.
    copying: u64,
    places: u32,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            case,
            missing,
            ticks,
            instructions,
            runs,
            copying,
            places,
        } = self;
        write!(
            f,
            "{{\"mover\":\"{:?}\",\"deed\":\"{:?}\",\"missing\":\"{missing}\",\"ticks_per_count\":{ticks},\
             \"instructions\":{instructions},\"runs\":{runs},\"while_copying\":{copying},\"places\":{places}}}",
            case.mover, case.deed,
        )
    }
}

/// What is wrong with a sweep.
pub(crate) enum Wrong {
    /// A run went wrong: for which offset.
    Run(u64, run::Wrong),
    /// A message takes more instructions than there is room for.
    TooLong,
    /// No interrupt came at this offset; something else always came between.
    Missed(u64),
    /// The interrupts ended before the message did, by how long it is undisturbed.
    NotOver(u64, u64),
    /// No interrupt found this many bytes arrived.
    NeverSeen(usize),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(offset, wrong) => {
                write!(f, "interrupted after {offset} instructions: {wrong}")
            }
            Self::TooLong => write!(f, "after {MOST} instructions a message was not over"),
            Self::Missed(offset) => write!(f, "no interrupt came after {offset} instructions"),
            Self::NotOver(last, length) => {
                write!(f, "{last} of {length} instructions were interrupted")
            }
            Self::NeverSeen(bytes) => write!(f, "no interrupt came when {bytes} bytes had arrived"),
        }
    }
}

/// Interrupts a message with a page missing on one side at each of its instructions. `index` makes the contents differ
/// from those of other sweeps.
pub(crate) fn sweep(case: Case, missing: Side, timer: Timer, index: u64) -> Result<Figures, Wrong> {
    let mut sweep = Sweep {
        plan: Plan {
            case,
            missing,
            timer,
            number: index << 32,
        },
        offsets: Set::new(),
        places: Set::new(),
        runs: 0,
        copying: 0,
    };
    let length = sweep.undisturbed()?;
    let last = sweep.interrupted(length)?;
    sweep.is_complete(length, last)?;
    Ok(Figures {
        case,
        missing,
        ticks: timer.ticks,
        instructions: length,
        runs: sweep.runs,
        copying: sweep.copying,
        places: sweep.places.count(),
    })
}

/// What a sweep has seen so far.
struct Sweep {
    plan: Plan,
    offsets: Set<{ MOST / 64 }>,
    places: Set<{ LENGTH / 64 + 1 }>,
    runs: u64,
    copying: u64,
}

impl Sweep {
    /// Plans another run.
    fn next(&mut self) -> Plan {
        self.plan.number += 1;
        self.plan
    }

    /// The instructions of a message that nothing interrupts.
    fn undisturbed(&mut self) -> Result<u64, Wrong> {
        let mut length = 0;
        for run in 0..WARM_UP + UNDISTURBED {
            let outcome = self.next().undisturbed();
            let outcome = outcome.map_err(|wrong| Wrong::Run(0, wrong))?;
            if run >= WARM_UP {
                length = length.max(outcome.length);
            }
        }
        Ok(length)
    }

    /// Interrupts messages at one instruction after the other until they are over before. Returns the last offset.
    fn interrupted(&mut self, length: u64) -> Result<u64, Wrong> {
        let (mut last, mut over) = (0, 0);
        while over < BEYOND {
            last += 1;
            if last as usize >= MOST {
                return Err(Wrong::TooLong);
            }
            if last % TOLD == 1 {
                let Case { mover, deed } = self.plan.case;
                let (missing, total) = (self.plan.missing, length.max(last));
                println!(
                    "[progress] {last}/{total} {mover:?} copies, missing at the {missing}, {deed:?}"
                );
            }
            over = if self.interrupted_at(last)? {
                over + 1
            } else {
                0
            };
        }
        Ok(last)
    }

    /// Lets an interrupt come at this offset. Returns whether the message was over before.
    fn interrupted_at(&mut self, wanted: u64) -> Result<bool, Wrong> {
        for _ in 0..TRIES {
            let outcome = self.next().interrupted(wanted);
            let outcome = outcome.map_err(|wrong| Wrong::Run(wanted, wrong))?;
            self.runs += 1;
            self.offsets.add(outcome.offset as usize);
            if let Some(bytes) = outcome.progress {
                self.places.add(bytes);
                self.copying += u64::from(bytes > 0 && bytes < LENGTH);
            }
            if outcome.offset == wanted {
                return Ok(outcome.length < wanted);
            }
        }
        Err(Wrong::Missed(wanted))
    }

    /// Every instruction was interrupted; and each word, and each byte after the words, was once the last that had arrived.
    fn is_complete(&self, length: u64, last: u64) -> Result<(), Wrong> {
        if last < length {
            return Err(Wrong::NotOver(last, length));
        }
        if let Some(offset) = (1..=last).find(|offset| !self.offsets.has(*offset as usize)) {
            return Err(Wrong::Missed(offset));
        }
        let words = (0..LENGTH).step_by(8).chain(LENGTH / 8 * 8..=LENGTH);
        match words.into_iter().find(|bytes| !self.places.has(*bytes)) {
            Some(bytes) if self.plan.case.deed != Deed::Speaks => Err(Wrong::NeverSeen(bytes)),
            _ => Ok(()),
        }
    }
}
