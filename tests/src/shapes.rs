//! The machines on which everything has to work.

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
    /// The debug kernel, for the tests that hold processors, and no others.
    pub held: bool,
}

impl Shape {
    /// Why this QEMU cannot play the machine, if it cannot.
    pub fn missing(&self, qemu: &Qemu) -> Option<String> {
        let wants_x2apic = self.name.starts_with("x2-");
        (wants_x2apic && !qemu.has_x2apic())
            .then(|| format!("QEMU {} has no x2APIC", qemu.version()))
    }
}

/// All shapes: x2APIC and xAPIC, few and many processors, an old processor model, and deterministic time.
pub fn all() -> Vec<Shape> {
    let x2apic = |name, cpus| Shape {
        name,
        machine: Machine::new(cpus),
        kernel: "",
        held: false,
    };
    let xapic = |name, cpus| Shape {
        name,
        machine: Machine {
            apic: Apic::X,
            ..Machine::new(cpus)
        },
        kernel: "",
        held: false,
    };
    let counted = |name, cpus| Shape {
        name,
        machine: Machine {
            timing: Timing::Deterministic,
            ..Machine::new(cpus)
        },
        kernel: "",
        held: false,
    };
    let old = Machine {
        apic: Apic::X,
        model: "qemu64".into(),
        ..Machine::new(2)
    };
    // The slow ones come first, so that the fast ones fill the time beside them.
    vec![
        counted("icount-1", 1),
        // All of the kernel's memory is used up once, thread by thread, and each end is told to all processors.
        Shape {
            kernel: "kmem=24",
            held: false,
            ..x2apic("x2-64", 64)
        },
        x2apic("x2-1", 1),
        x2apic("x2-2", 2),
        // 1 GiB of memory in one piece.
        Shape {
            name: "x2-3",
            machine: Machine {
                memory_mib: 3072,
                ..Machine::new(3)
            },
            kernel: "kmem=32",
            held: false,
        },
        x2apic("x2-4", 4),
        x2apic("x2-8", 8),
        xapic("x-4", 4),
        Shape {
            name: "qemu64-2",
            machine: old,
            kernel: "",
            held: false,
        },
        // Every message takes the general way, which the others leave to what is uncommon.
        Shape {
            name: "general-2",
            machine: Machine {
                apic: Apic::X,
                ..Machine::new(2)
            },
            kernel: "ipc=general",
            held: false,
        },
        // One processor for the test itself, one for either side.
        Shape {
            held: true,
            ..x2apic("held-3", 3)
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
