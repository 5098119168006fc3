//! A bad machine, as a busy hypervisor makes one: interrupts between CPUs come late and out of order, and CPUs stand still.
//! Only in the debug kernel, and only if the command line asks for it (`faults=ipi,hold faults.seed=S`): nothing may depend
//! on time.
//!
//! Each CPU draws its own random numbers from the seed, so that a machine that counts time in instructions does the same
//! again.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use pecan_bootdata::options::Faults;

use crate::arch::x86_64::apic;
use crate::boot::CPU_LIMIT;
use crate::cpu::{self, Cpu};

/// One in so many times a CPU stands still where it may.
const HOLD_ONCE_IN: u64 = 24;
/// Most turns of a loop that it does so.
const LONGEST_HOLD: u64 = 12_000;
/// Words for one bit per CPU.
const WORDS: usize = CPU_LIMIT / 64;

static LATE: AtomicBool = AtomicBool::new(false);
static HOLD: AtomicBool = AtomicBool::new(false);
static STATES: [State; CPU_LIMIT] = [const { State::new() }; CPU_LIMIT];

/// What a CPU keeps; only it touches that.
struct State {
    random: AtomicU64,
    /// The CPUs that it has not rung yet.
    owed: [AtomicU64; WORDS],
}

impl State {
    const fn new() -> Self {
        Self {
            random: AtomicU64::new(0),
            owed: [const { AtomicU64::new(0) }; WORDS],
        }
    }

    fn of(cpu: &Cpu) -> &'static Self {
        &STATES[usize::from(cpu.index)]
    }

    /// A random number below `limit`, not 0.
    fn below(&self, limit: u64) -> u64 {
        let next = self
            .random
            .load(Relaxed)
            .wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.random.store(next, Relaxed);
        let mixed = (next ^ next >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % limit
    }
}

/// What the command line asks for; on the boot CPU, before others run.
pub(crate) fn set(faults: Faults) {
    for (index, state) in (0..).zip(&STATES) {
        state.random.store(faults.seed ^ index << 48, Relaxed);
    }
    LATE.store(faults.late_interrupts, Relaxed);
    HOLD.store(faults.still_stands, Relaxed);
}

/// Rings at `target`: now, after a moment, or with a later tick. This CPU, interrupts off.
pub(crate) fn ring(here: &Cpu, target: &Cpu) {
    let state = State::of(here);
    if LATE.load(Relaxed) {
        match state.below(4) {
            0 => {
                let (word, bit) = place(target);
                state.owed[word].fetch_or(bit, Relaxed);
                return;
            }
            1 => wait(state.below(LONGEST_HOLD)),
            _ => {}
        }
    }
    apic::send_ipi(target.apic_id, apic::vector::DOORBELL);
}

/// A tick: rings at some of those who were not rung yet, from any of them on. This CPU, interrupts off.
pub(crate) fn tick(here: &Cpu) {
    if !owes(here) {
        return;
    }
    let state = State::of(here);
    let (count, first) = (cpu::count(), state.below(cpu::count() as u64) as usize);
    for target in (first..count).chain(0..first).filter_map(cpu::get) {
        let (word, bit) = place(target);
        if state.owed[word].load(Relaxed) & bit != 0 && state.below(2) == 0 {
            state.owed[word].fetch_and(!bit, Relaxed);
            apic::send_ipi(target.apic_id, apic::vector::DOORBELL);
        }
    }
}

/// Whether this CPU has yet to ring at somebody, and so needs ticks.
pub(crate) fn owes(here: &Cpu) -> bool {
    let words = &State::of(here).owed;
    LATE.load(Relaxed) && words.iter().any(|word| word.load(Relaxed) != 0)
}

/// Stands still, perhaps. This CPU, interrupts off.
pub(crate) fn hold(here: &Cpu) {
    let state = State::of(here);
    if HOLD.load(Relaxed) && state.below(HOLD_ONCE_IN) == 0 {
        wait(state.below(LONGEST_HOLD));
    }
}

fn wait(turns: u64) {
    for _ in 0..turns {
        core::hint::spin_loop();
    }
}

/// Where the bit of a CPU is.
fn place(cpu: &Cpu) -> (usize, u64) {
    let index = usize::from(cpu.index);
    (index / 64, 1 << (index % 64))
}
