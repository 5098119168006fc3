//! Making the threads, looking after them, and deleting them.

use l4::abi::exregs;
use l4::syscall::Registers;
use l4::thread::{self, Builder, StartError};
use l4::{Fpage, Rights, interrupt, kip, memory};
use stress::random::Random;

use crate::fuzzer;
use crate::pager;
use crate::people::{self, FUZZERS, Fuzzer, SANDBOX, SANDBOX_LOG2};

/// Looks without a step of its own, until a thread is revived.
const STUCK: u32 = 2;
/// Most steps that a thread does between two looks; it may have written nonsense over its count.
const MOST: u64 = 1_000;
const PRIORITY: u64 = 60;

/// What a look showed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Look {
    pub(crate) steps: u64,
    pub(crate) revived: u64,
}

/// The threads as this one knows them.
pub(crate) struct Crew {
    random: Random,
    steps: [u64; FUZZERS],
    stuck: [u32; FUZZERS],
}

impl Crew {
    /// Nobody yet: the first looks make them.
    pub(crate) const fn new(random: Random) -> Self {
        Self {
            random,
            steps: [0; FUZZERS],
            stuck: [STUCK; FUZZERS],
        }
    }

    /// Counts the steps since the last look, and revives who did none.
    pub(crate) fn look(&mut self) -> Look {
        let mut look = Look::default();
        for one in Fuzzer::all() {
            let done = one.steps().wrapping_sub(self.steps[one.0]);
            self.steps[one.0] = one.steps();
            look.steps += done.min(MOST);
            self.stuck[one.0] = if done == 0 { self.stuck[one.0] + 1 } else { 0 };
            if self.stuck[one.0] > STUCK {
                self.stuck[one.0] = 0;
                look.revived += 1;
                self.revive(one);
            }
        }
        look
    }

    /// By an abort and a new beginning, or from nothing. Others may be at the same thread, so that it may take more than
    /// one look.
    fn revive(&mut self, one: Fuzzer) {
        if self.random.chance(30) {
            return pager::restart(one.id(0));
        }
        // A thread that does not exist is deleted already.
        let _ = thread::delete(one.id(0));
        let _ = self.make(one);
    }

    /// Makes a thread that is not there, in the root task's space or another one, and lets it begin.
    pub(crate) fn make(&mut self, one: Fuzzer) -> Result<(), StartError> {
        let plan = Builder::new()
            .id(one.id(0))
            .pager(people::pager())
            .utcb_slot(one.slot())
            .priority((PRIORITY + self.random.below(8)) as u8)
            .cpu(self.random.below(kip::cpus() as u64) as usize);
        let id = match one.host() {
            _ if one.is_insider() => plan.create()?,
            Some(host) if self.random.chance(80) => plan.in_space_of(host.id(0)).create()?,
            _ => plan.new_space().create()?,
        };
        let registers = Registers {
            control: exregs::START,
            ip: fuzzer::entry(),
            ..Registers::default()
        };
        // SAFETY: a fuzzer begins with any registers, on a stack of its own.
        unsafe { thread::exchange(id, registers) }?;
        Ok(())
    }

    /// Deletes them all, and what they have left behind in this space.
    pub(crate) fn disband(&mut self) {
        // Twice, because the last insiders may have made others meanwhile.
        for _ in 0..2 {
            for one in Fuzzer::all() {
                let _ = thread::delete(one.id(0));
            }
        }
        for line in 0..interrupt::count() {
            // Not every line can have a handler.
            let _ = interrupt::dissociate(line);
        }
        // SAFETY: nothing of the program is there.
        unsafe { memory::flush(Fpage::new(SANDBOX, SANDBOX_LOG2, Rights::FULL)) };
    }
}
