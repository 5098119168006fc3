//! What can be taken out (Liedtke, "Improving IPC by kernel design", 1993), and what stands in its place.

use crate::{INTER_IDLE, INTRA_INTER_SPACE, LONG_PAGE};
use serde::{Deserialize, Serialize};

/// A technique and its alternative.
#[derive(Clone, Copy, Debug)]
pub struct Technique {
    /// Its name.
    pub name: &'static str,
    /// What is done instead.
    pub without: &'static str,
    /// The cargo feature that takes it out.
    pub feature: &'static str,
    /// Whose feature that is.
    pub subject: Subject,
    /// On which way of the kernel both are measured.
    pub way: Way,
    /// Where sender and receiver are.
    pub place: Place,
    /// Features of the conformance program that a kernel without it must pass before it is measured.
    pub tests: &'static str,
}

/// Who is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The kernel.
    Kernel,
    /// The benchmark, which uses the kernel in another way.
    Program,
}

/// The way of a message through the kernel.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// The straight line where it can be taken.
    Short,
    /// `ipc=general`: stage by stage, with and without the technique.
    General,
}

/// Where the partners are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On one CPU.
    Here,
    /// On two CPUs.
    Apart,
}

impl Place {
    /// The rows of a message of one word, and of one of 4 KiB.
    pub const fn rows(self) -> [&'static str; 2] {
        match self {
            Self::Here => [INTRA_INTER_SPACE, LONG_PAGE],
            Self::Apart => [INTER_IDLE, "ipc.inter.long.4096"],
        }
    }

    /// How many CPUs the machine has.
    pub const fn cpus(self) -> u32 {
        match self {
            Self::Here => 1,
            Self::Apart => 2,
        }
    }
}

/// All of them, in the order of the table.
pub const TECHNIQUES: [Technique; 12] = [
    CALLS,
    Technique {
        name: "the same, general way",
        way: Way::General,
        ..CALLS
    },
    kernels(
        "words in registers",
        "words in the UTCB alone: stored, copied, loaded",
        "without-registers",
    ),
    Technique {
        way: Way::General,
        ..kernels(
            "lazy lists",
            "who blocks leaves the ready list, who becomes ready enters it",
            "without-lazy-lists",
        )
    },
    Technique {
        way: Way::General,
        ..kernels(
            "direct switch",
            "the receiver is listed, and the dispatcher picks",
            "without-direct-switch",
        )
    },
    kernels(
        "computed TCB",
        "a table leads from the thread's number to its block",
        "without-computed-tcb",
    ),
    kernels(
        "stack in the TCB",
        "the stack has a page of its own",
        "without-stack-in-tcb",
    ),
    kernels(
        "temporary mapping (buffer)",
        "strings are copied into a buffer of the kernel's, and out of it",
        BUFFER,
    ),
    kernels(
        "temporary mapping (walk)",
        "strings go to the receiver's pages through the physical map, page by page",
        WALK,
    ),
    kernels(
        "one branch",
        "the straight line looks at each condition by itself",
        "without-one-branch",
    ),
    Technique {
        tests: "IPC STR XCPU",
        ..kernels(
            "home rule",
            "a lock that all CPUs share around IPC",
            "without-home-rule",
        )
    },
    Technique {
        place: Place::Apart,
        tests: "IPC STR XCPU",
        ..kernels(
            "IPI elision",
            "whoever sends to another CPU interrupts it",
            "without-ipi-elision",
        )
    },
];

/// Only calls, and replies that wait, take the straight line; on the general way all are equal.
const CALLS: Technique = Technique {
    subject: Subject::Program,
    ..kernels(
        "call, reply and wait",
        "separate system calls to send and to receive",
        "without-combined-calls",
    )
};

/// The feature that copies in and out.
pub(super) const BUFFER: &str = "without-window-but-buffer";
/// The feature that walks over the physical map.
pub(super) const WALK: &str = "without-window-but-walk";

const fn kernels(name: &'static str, without: &'static str, feature: &'static str) -> Technique {
    Technique {
        name,
        without,
        feature,
        subject: Subject::Kernel,
        way: Way::Short,
        place: Place::Here,
        tests: "IPC STR",
    }
}
