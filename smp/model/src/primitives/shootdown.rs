//! A translation is taken away while other CPUs load, keep or leave the root that it is under.
//!
//! Who takes it away changes the table, and looks then which CPUs have the root loaded; a node goes to the first of them,
//! which drops what it has, looks for the next, and passes the node on. A CPU notes a root before it loads it. Loading a
//! root is a barrier of the machine, `fence(SeqCst)` here, and drops what was cached; from then on the CPU may read the
//! table at any time.
//!
//! No CPU may use the old translation once the node is home.

use super::{Links, explore};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use loom::thread;
use pecan_smp::mailbox::{FIRST_NODE, Mailbox};

const NODE: usize = FIRST_NODE;
const CPUS: usize = 3;
/// What a CPU has loaded: the root of the space, or the kernel's, which shows nothing of it.
const ROOT: usize = 1;
const KERNEL: usize = 0;
/// What the table says.
const PRESENT: usize = 1;
const GONE: usize = 0;

/// The rule that a mutant lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacks {
    Nothing,
    /// Nothing stands between the change of the table and the look at the roots.
    Fence,
    /// A root is loaded before it is noted.
    NoteFirst,
    /// An idle CPU notes the kernel's root, but keeps the translations that it has.
    LoadWhenIdle,
    /// The node is passed on before the translation is dropped.
    DropFirst,
}

struct Machine {
    lacks: Lacks,
    entry: AtomicUsize,
    loaded: [AtomicUsize; CPUS],
    mailboxes: [Mailbox; CPUS],
    links: Links,
    /// The node is home, or had nowhere to go.
    landed: AtomicBool,
}

impl Machine {
    /// CPU 0 takes the translation away.
    fn take_away(&self) {
        self.entry.store(GONE, Ordering::Relaxed);
        if self.lacks != Lacks::Fence {
            fence(Ordering::SeqCst);
        }
        self.pass_on(0);
    }

    /// The node is on CPU `here`, and goes to the next that has the root loaded, or home.
    fn pass_on(&self, here: usize) {
        let has_root = |cpu: &usize| self.loaded[*cpu].load(Ordering::Relaxed) == ROOT;
        match (here + 1..CPUS).find(has_root) {
            Some(there) => {
                let _ = self.mailboxes[there].push(&self.links, NODE);
            }
            None => self.landed.store(true, Ordering::Release),
        }
    }
}

/// A CPU, and the translation that it has cached.
struct Cpu<'a> {
    machine: &'a Machine,
    number: usize,
    cached: Option<usize>,
}

impl Cpu<'_> {
    fn note(&self, root: usize) {
        self.machine.loaded[self.number].store(root, Ordering::Relaxed);
    }

    fn reload(&mut self) {
        fence(Ordering::SeqCst);
        self.cached = None;
    }

    fn switch_to(&mut self, root: usize) {
        if self.machine.lacks == Lacks::NoteFirst {
            self.reload();
            self.walk();
            return self.note(root);
        }
        self.note(root);
        self.reload();
    }

    /// The CPU goes to sleep without a space, is woken, and goes on with the thread that it had.
    fn rest(&mut self) {
        let keeps = self.machine.lacks == Lacks::LoadWhenIdle;
        self.note(KERNEL);
        if !keeps {
            self.reload();
        }
        if !self.machine.mailboxes[self.number].try_halt() {
            self.drain();
        }
        self.note(ROOT);
        if !keeps {
            self.reload();
        }
    }

    /// Reads the table, unless the translation is cached.
    fn walk(&mut self) -> usize {
        let entry = &self.machine.entry;
        *self
            .cached
            .get_or_insert_with(|| entry.load(Ordering::Relaxed))
    }

    /// A program touches the page.
    fn touch(&mut self) {
        self.walk();
        let landed = self.machine.landed.load(Ordering::Acquire);
        let stale = self.walk() == PRESENT;
        assert!(!(landed && stale), "a page was used after it was gone");
    }

    fn drain(&mut self) {
        let mut batch = self.machine.mailboxes[self.number].take(&self.machine.links);
        while batch.next(&self.machine.links).is_some() {
            let passes_first = self.machine.lacks == Lacks::DropFirst;
            if passes_first {
                self.machine.pass_on(self.number);
                // The program may go on here.
                self.touch();
            }
            if self.machine.loaded[self.number].load(Ordering::Relaxed) == ROOT {
                self.reload();
            }
            if !passes_first {
                self.machine.pass_on(self.number);
            }
        }
    }
}

/// What a CPU does: it has the root loaded and the translation cached at first, or neither.
#[derive(Clone, Copy)]
struct Life {
    begins_with: usize,
    does: fn(&mut Cpu<'_>),
}

/// CPU 0 takes the translation away while the others live their lives.
fn nobody_uses_it_afterwards(lacks: Lacks, lives: &'static [Life]) {
    explore(move || {
        let begins_with = |cpu: usize| match cpu.checked_sub(1).and_then(|other| lives.get(other)) {
            Some(life) => life.begins_with,
            None => KERNEL,
        };
        let machine = Arc::new(Machine {
            lacks,
            entry: AtomicUsize::new(PRESENT),
            loaded: std::array::from_fn(|cpu| AtomicUsize::new(begins_with(cpu))),
            mailboxes: std::array::from_fn(|_| Mailbox::new()),
            links: Links::new(),
            landed: AtomicBool::new(false),
        });
        let others: Vec<_> = lives
            .iter()
            .zip(1..)
            .map(|(life, number)| {
                let machine = Arc::clone(&machine);
                thread::spawn(move || {
                    let cached = (life.begins_with == ROOT).then_some(PRESENT);
                    (life.does)(&mut Cpu {
                        machine: &machine,
                        number,
                        cached,
                    });
                })
            })
            .collect();
        machine.take_away();
        for other in others {
            other.join().expect("a CPU asserts only what holds");
        }
    });
}

/// A thread of the space is taken up.
const SWITCHES: Life = Life {
    begins_with: KERNEL,
    does: |cpu| {
        cpu.switch_to(ROOT);
        cpu.touch();
        cpu.drain();
        cpu.touch();
    },
};
/// A thread of the space runs, and is interrupted.
const RUNS: Life = Life {
    begins_with: ROOT,
    does: |cpu| {
        cpu.touch();
        cpu.drain();
        cpu.touch();
    },
};
/// A thread of the space blocks, nobody else is there, and it goes on.
const RESTS: Life = Life {
    begins_with: ROOT,
    does: |cpu| {
        cpu.touch();
        cpu.rest();
        cpu.touch();
    },
};

#[test]
fn a_root_is_loaded_while_a_page_is_taken_away() {
    nobody_uses_it_afterwards(Lacks::Nothing, &[SWITCHES]);
}

#[test]
fn a_cpu_rests_while_a_page_is_taken_away() {
    nobody_uses_it_afterwards(Lacks::Nothing, &[RESTS]);
}

#[test]
fn a_node_goes_round_while_roots_are_loaded() {
    nobody_uses_it_afterwards(Lacks::Nothing, &[RUNS, SWITCHES]);
    nobody_uses_it_afterwards(Lacks::Nothing, &[SWITCHES, RUNS]);
    nobody_uses_it_afterwards(Lacks::Nothing, &[RUNS, RESTS]);
}

#[test]
#[should_panic(expected = "a page was used after it was gone")]
fn mutant_looks_at_the_roots_without_a_fence() {
    nobody_uses_it_afterwards(Lacks::Fence, &[SWITCHES]);
}

#[test]
#[should_panic(expected = "a page was used after it was gone")]
fn mutant_loads_a_root_before_it_notes_it() {
    nobody_uses_it_afterwards(Lacks::NoteFirst, &[SWITCHES]);
}

#[test]
#[should_panic(expected = "a page was used after it was gone")]
fn mutant_rests_with_old_translations() {
    nobody_uses_it_afterwards(Lacks::LoadWhenIdle, &[RESTS]);
}

#[test]
#[should_panic(expected = "a page was used after it was gone")]
fn mutant_passes_the_node_on_before_it_drops() {
    nobody_uses_it_afterwards(Lacks::DropFirst, &[RUNS]);
}
