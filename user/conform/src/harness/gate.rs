//! Threads that stand at a gate and begin the moment it is opened, without a system call or a message before.

use core::hint::spin_loop;

use l4::thread::Builder;

use super::job::{self, Job, Started};
use super::{Failure, Outcome, board, until};

/// Board words of the gates: whether it is open, and how often who stands there has looked.
const FIRST: usize = 900;
const LOOKS: usize = FIRST + COUNT as usize;
const COUNT: u64 = 40;

const STANDS: u64 = 1;
const OPEN: u64 = 2;

/// A gate: a word of the board.
#[derive(Clone, Copy)]
pub(crate) struct Gate(usize);

impl Gate {
    /// Gate `index`, below 8, shut.
    pub(crate) fn shut(index: u64) -> Self {
        let gate = Self::of(index);
        board::put(gate.0, 0);
        gate
    }

    /// Gate `index` as it is.
    pub(crate) fn of(index: u64) -> Self {
        Self(FIRST + (index % COUNT) as usize)
    }

    /// Stands at the gate until it is open.
    pub(crate) fn pass(self) {
        board::put(self.0, STANDS);
        while board::get(self.0) != OPEN {
            board::add(self.0 + LOOKS - FIRST, 1);
            spin_loop();
        }
    }

    /// Waits until somebody stands there, and its CPU has nothing else to do any more.
    #[track_caller]
    pub(crate) fn until_there(self) -> Outcome {
        until("a thread at its gate", || board::get(self.0) == STANDS)?;
        let looks = || board::get(self.0 + LOOKS - FIRST);
        let then = looks();
        until("a thread that looks at its gate", || looks() > then + 1)
    }

    /// Opens it.
    pub(crate) fn open(self) {
        board::put(self.0, OPEN);
    }
}

/// A job whose thread stands at a gate.
#[derive(Clone, Copy)]
pub(crate) struct Gated {
    pub(crate) job: Started,
    gate: Gate,
}

impl Gated {
    /// Waits until its CPU has nothing else to do any more.
    #[track_caller]
    pub(crate) fn until_there(self) -> Outcome {
        self.gate.until_there()
    }

    /// Lets it begin.
    pub(crate) fn go(self) -> Started {
        self.gate.open();
        self.job
    }
}

impl Job {
    /// Lets a worker of this plan stand ready to do it.
    #[track_caller]
    pub(crate) fn gated(self, plan: Builder) -> Result<Gated, Failure> {
        let slot = self.post();
        let gate = Gate::shut(of_job(slot));
        let id = super::worker::start(plan, pass_and_carry_out, slot)?;
        gate.until_there()?;
        Ok(Gated {
            job: Started { id, slot },
            gate,
        })
    }
}

fn pass_and_carry_out(slot: u64) {
    Gate::of(of_job(slot)).pass();
    job::carry_out(slot);
}

/// Behind those that tests use.
const fn of_job(slot: u64) -> u64 {
    8 + slot % (COUNT - 8)
}
