//! From instructions and accesses to windows.

use crate::instruction::{Instruction, Kind};
use crate::tally::{Access, Footprint, Tally};
use pecan_perf::accounting::{Counts, OnCpu, Window};
use std::collections::BTreeMap;

/// Counts while a measured stretch is open.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Whether windows get the lines that visits touched.
    wants_lines: bool,
    /// Rows begun.
    row: usize,
    open: Option<Stretch>,
}

/// What happened since a stretch began.
#[derive(Debug)]
struct Stretch {
    /// The CPU that began it, which alone ends it.
    owner: u32,
    cpus: BTreeMap<u32, Sides>,
    visits: u64,
    visit: Counts,
    footprint: Option<Footprint>,
}

/// The sides of a CPU.
#[derive(Debug, Default)]
struct Sides {
    user: Tally,
    kernel: Tally,
    /// Its visit to the kernel, and which one of the stretch it is.
    visit: Option<(u64, Tally)>,
}

impl Recorder {
    /// With the lines that visits touched if `wants_lines`.
    pub fn new(wants_lines: bool) -> Self {
        Self {
            wants_lines,
            ..Self::default()
        }
    }

    /// Whether a stretch is being counted.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// `cpu` is about to execute an instruction. Gives the window that ends before it.
    pub fn execute(&mut self, cpu: u32, instruction: Instruction) -> Option<Window> {
        let owns = |stretch: &Stretch| stretch.owner == cpu;
        match instruction.kind {
            // Only who has it begins it anew.
            Kind::Open if self.open.as_ref().is_none_or(owns) => {
                self.open = Some(Stretch::new(cpu, self.wants_lines));
            }
            Kind::Close if self.open.as_ref().is_some_and(owns) => {
                let row = self.row;
                return self.open.take().map(|stretch| stretch.end(row));
            }
            Kind::Row => {
                self.row += 1;
                self.open = None;
            }
            _ => {}
        }
        if let Some(stretch) = &mut self.open {
            stretch.execute(cpu, instruction);
        }
        None
    }

    /// An instruction of `cpu` has accessed memory.
    pub fn access(&mut self, cpu: u32, instruction: Instruction, access: Access) {
        if let Some(stretch) = &mut self.open {
            stretch.access(cpu, instruction, access);
        }
    }
}

impl Stretch {
    fn new(owner: u32, wants_lines: bool) -> Self {
        Self {
            owner,
            cpus: BTreeMap::new(),
            visits: 0,
            visit: Counts::default(),
            footprint: wants_lines.then(Footprint::default),
        }
    }

    fn execute(&mut self, cpu: u32, instruction: Instruction) {
        let sides = self.cpus.entry(cpu).or_default();
        if !instruction.kernel {
            sides.user.execute(instruction);
            if let Some((_, visit)) = sides.visit.take() {
                self.visit = self.visit.most(visit.counts());
            }
            return;
        }
        sides.kernel.execute(instruction);
        let (number, visit) = sides.visit.get_or_insert_with(|| {
            self.visits += 1;
            (self.visits, Tally::default())
        });
        visit.execute(instruction);
        if let Some(footprint) = &mut self.footprint {
            footprint.execute(*number, instruction);
        }
    }

    fn access(&mut self, cpu: u32, instruction: Instruction, access: Access) {
        let sides = self.cpus.entry(cpu).or_default();
        if !instruction.kernel {
            sides.user.access(access);
            return;
        }
        sides.kernel.access(access);
        if let Some((number, visit)) = &mut sides.visit {
            visit.access(access);
            if let Some(footprint) = &mut self.footprint {
                footprint.access(*number, instruction, access);
            }
        }
    }

    fn end(self, row: usize) -> Window {
        let unfinished = self.cpus.values().filter_map(|sides| sides.visit.as_ref());
        let visit = unfinished.fold(self.visit, |most, (_, visit)| most.most(visit.counts()));
        let on_cpu = |(&cpu, sides): (&u32, &Sides)| OnCpu {
            cpu,
            user: sides.user.counts(),
            kernel: sides.kernel.counts(),
        };
        Window {
            row,
            cpus: self.cpus.iter().map(on_cpu).collect(),
            visits: self.visits,
            visit,
            footprint: self
                .footprint
                .map(Footprint::into_lines)
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recorder;
    use crate::instruction::{Instruction, Kind};
    use crate::tally::Access;
    use pecan_perf::accounting::Window;

    const USER: u64 = 0x40_0000;
    const KERNEL: u64 = 0xFFFF_FFFF_8000_0000;

    fn instruction(address: u64, kind: Kind) -> Instruction {
        Instruction {
            address,
            length: 4,
            kernel: address >= KERNEL,
            kind,
        }
    }

    fn run(recorder: &mut Recorder, cpu: u32, address: u64, kind: Kind) -> Option<Window> {
        recorder.execute(cpu, instruction(address, kind))
    }

    fn load(recorder: &mut Recorder, cpu: u32, at: u64, address: u64) {
        let access = Access {
            address,
            physical: address,
            bytes: 8,
            store: false,
        };
        recorder.access(cpu, instruction(at, Kind::Plain), access);
    }

    #[test]
    fn a_window_has_its_first_marker_and_not_its_last() {
        let mut recorder = Recorder::new(false);
        assert!(run(&mut recorder, 0, USER, Kind::Row).is_none());
        assert!(run(&mut recorder, 0, USER, Kind::Plain).is_none() && !recorder.is_open());
        assert!(run(&mut recorder, 0, USER, Kind::Open).is_none() && recorder.is_open());
        assert!(run(&mut recorder, 0, KERNEL, Kind::Cr3Write).is_none());
        load(&mut recorder, 0, KERNEL, KERNEL);
        load(&mut recorder, 0, USER, USER);
        let window = run(&mut recorder, 0, USER, Kind::Close).expect("a window");
        assert!(!recorder.is_open());
        let cpu = window.cpus[0];
        assert_eq!((window.row, window.cpus.len(), window.visits), (1, 1, 1));
        assert_eq!((cpu.user.instructions, cpu.user.loads), (1, 1));
        assert_eq!((cpu.kernel.instructions, cpu.kernel.cr3_writes), (1, 1));
        assert_eq!((window.visit.loads, window.visit.data_lines), (1, 1));
        assert!(window.footprint.is_empty());
    }

    #[test]
    fn visits_are_told_apart_and_the_most_counts() {
        let mut recorder = Recorder::new(true);
        run(&mut recorder, 0, USER, Kind::Open);
        for line in [0, 64] {
            run(&mut recorder, 0, KERNEL + line, Kind::Plain);
            load(&mut recorder, 0, KERNEL + line, KERNEL + 4096 + line);
        }
        run(&mut recorder, 0, USER, Kind::Plain);
        run(&mut recorder, 0, KERNEL + 128, Kind::Plain);
        let window = run(&mut recorder, 0, USER, Kind::Close).expect("a window");
        assert_eq!((window.visits, window.cpus[0].kernel.code_lines), (2, 3));
        assert_eq!((window.visit.code_lines, window.visit.data_lines), (2, 2));
        assert_eq!(window.footprint.len(), 5);
        assert_eq!(window.instructions(), 5);
    }

    #[test]
    fn only_who_began_a_stretch_ends_it_or_begins_it_anew() {
        let mut recorder = Recorder::new(false);
        run(&mut recorder, 1, USER, Kind::Plain);
        run(&mut recorder, 0, USER, Kind::Open);
        assert!(run(&mut recorder, 1, USER, Kind::Close).is_none() && recorder.is_open());
        run(&mut recorder, 1, USER, Kind::Open);
        let window = run(&mut recorder, 0, USER, Kind::Close).expect("a window");
        let of = |cpu: usize| window.cpus[cpu].user.instructions;
        assert_eq!((of(0), of(1)), (1, 2));
        run(&mut recorder, 0, USER, Kind::Open);
        run(&mut recorder, 0, USER, Kind::Plain);
        run(&mut recorder, 0, USER, Kind::Open);
        let anew = run(&mut recorder, 0, USER, Kind::Close).expect("a window");
        assert_eq!(anew.instructions(), 1);
    }

    #[test]
    fn the_next_row_gives_up_what_is_open() {
        let mut recorder = Recorder::new(false);
        run(&mut recorder, 0, USER, Kind::Open);
        run(&mut recorder, 0, USER, Kind::Row);
        assert!(run(&mut recorder, 0, USER, Kind::Close).is_none());
    }
}
