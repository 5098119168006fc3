//! The machines on which everything has to work.

use crate::Id;
use pecan_vm::{Apic, Machine, Qemu, Timing};

/// A machine with a name.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Part of test names, as in `x2-4::IPC0001`.
    pub name: &'static str,
    /// The computer.
    pub machine: Machine,
    /// Words for the kernel.
    pub kernel: &'static str,
    /// Words for the conformance program: which tests run here, and how. Nothing means all.
    pub tests: &'static str,
}

/// What does not depend on where the partners of a test live, and so runs again with partners on other CPUs.
const FAR_1: &str = "spread=1 IPC PRP RDR TMO ERR PF EXC FPU MAP STR NPF XFT ABT";
const FAR_2: &str = "spread=2 IPC PRP RDR TMO ERR PF EXC FPU MAP STR NPF XFT ABT";

impl Shape {
    /// Why this QEMU cannot play the machine, if it cannot.
    pub fn missing(&self, qemu: &Qemu) -> Option<String> {
        let wants_x2apic = self.name.starts_with("x2-");
        (wants_x2apic && !qemu.has_x2apic())
            .then(|| format!("QEMU {} has no x2APIC", qemu.version()))
    }

    /// Whether the test runs on this machine, or at least says that it is too small.
    pub fn runs(&self, id: &Id) -> bool {
        let feature = id.name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.tests.is_empty()
            || self
                .tests
                .split(' ')
                .any(|word| word == feature || word == "smp" && id.cpus > 1)
    }

    /// The command line.
    pub fn line(&self) -> String {
        format!("{} -- {}", self.kernel, self.tests)
    }
}

/// All shapes: x2APIC and xAPIC, few and many processors, an old processor model, and deterministic time.
///
/// Everything runs on one, two and four processors, and on those that differ most from these. On the others runs what may
/// depend on the difference.
pub fn all() -> Vec<Shape> {
    let x2apic = |name, cpus| Shape {
        name,
        machine: Machine::new(cpus),
        kernel: "",
        tests: "",
    };
    let old = Machine {
        apic: Apic::X,
        model: "qemu64".into(),
        ..Machine::new(2)
    };
    // The slow ones come first, so that the fast ones fill the time beside them.
    vec![
        Shape {
            machine: Machine {
                timing: Timing::Deterministic,
                ..Machine::new(1)
            },
            ..x2apic("icount-1", 1)
        },
        // Each end of a thread is told to all processors.
        Shape {
            tests: "KIP BI PC smp",
            ..x2apic("x2-64", 64)
        },
        x2apic("x2-1", 1),
        x2apic("x2-2", 2),
        x2apic("x2-4", 4),
        Shape {
            machine: old,
            ..x2apic("qemu64-2", 2)
        },
        // Every message takes the general way, which the others leave to what is uncommon.
        Shape {
            machine: Machine {
                apic: Apic::X,
                ..Machine::new(2)
            },
            kernel: "ipc=general",
            ..x2apic("general-2", 2)
        },
        // The partners of all tests live on another processor, or on two others.
        Shape {
            tests: FAR_1,
            ..x2apic("far-2", 2)
        },
        Shape {
            tests: FAR_2,
            ..x2apic("far-3", 3)
        },
        // 1 GiB of memory in one piece.
        Shape {
            machine: Machine {
                memory_mib: 3072,
                ..Machine::new(3)
            },
            kernel: "kmem=32",
            tests: "MEM SIG MAP PF smp",
            ..x2apic("x2-3", 3)
        },
        Shape {
            tests: "smp",
            ..x2apic("x2-8", 8)
        },
        Shape {
            machine: Machine {
                apic: Apic::X,
                ..Machine::new(4)
            },
            tests: "TMO SCH TS CLK IRQ IO smp",
            ..x2apic("x-4", 4)
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn many_processors_get_by_with_512_mib() {
        let shapes = all();
        let many = shapes
            .iter()
            .find(|shape| shape.machine.cpus == 64)
            .expect("a shape with 64 CPUs");
        assert_eq!(many.machine.memory_mib, 512);
    }

    #[test]
    fn every_test_runs_somewhere_with_and_without_company() {
        for id in crate::permanent() {
            for few in [true, false] {
                let runs = |shape: &&super::Shape| {
                    shape.machine.cpus >= id.cpus
                        && few == (shape.machine.cpus <= 2)
                        && shape.runs(&id)
                };
                assert!(
                    id.cpus > 2 && few || all().iter().any(|shape| runs(&shape)),
                    "{}",
                    id.name
                );
            }
        }
    }

    #[test]
    fn names_are_unique_and_all_counts_are_there() {
        let shapes = all();
        for count in [1, 2, 3, 4, 8, 64] {
            assert!(
                shapes.iter().any(|shape| shape.machine.cpus == count),
                "{count} CPUs"
            );
        }
        for (index, shape) in shapes.iter().enumerate() {
            assert!(
                shapes[..index].iter().all(|other| other.name != shape.name),
                "{}",
                shape.name
            );
        }
    }
}
