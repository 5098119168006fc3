//! What a message costs: the host side of the benchmark.
//!
//! [`measure`] boots the benchmark program twice. In the deterministic run a time-stamp tick is an instruction,
//! so its figures are exact and repeat; the parallel run gives time, which depends on the host. The raw rows
//! that the program prints ([`RawRow`]) are joined into a [`Report`], which goes out as JSON or as a table.
//! [`accounting::account`] boots it once more with a plugin that counts what each row touches. [`ablation::measure`] builds
//! kernels that lack a technique each, and says what that costs.

pub mod ablation;
pub mod accounting;
mod budgets;
mod cells;
mod join;
mod names;
pub mod page;
pub mod peers;
mod raw;
mod report;
mod run;
mod samples;
mod table;

pub use budgets::Budgets;
pub use join::join;
pub use raw::RawRow;
pub use report::{Nanoseconds, Report, Row};
pub use run::{Pass, Wish, count, measure};
pub use samples::Samples;
pub use table::render;

/// Call and reply inside one CPU between two address spaces.
pub const INTRA_INTER_SPACE: &str = "ipc.intra.inter-space";
/// Call and reply inside one CPU and one address space.
pub const INTRA_SAME_SPACE: &str = "ipc.intra.same-space";
/// Call and reply between two CPUs, the target's CPU idle.
pub const INTER_IDLE: &str = "ipc.inter.idle";
/// Call and reply between two CPUs, the target's CPU busy with a thread of lower priority.
pub const INTER_BUSY: &str = "ipc.inter.busy";
/// A system call that does nothing.
pub const NULL_SYSCALL: &str = "ref.null-syscall";
/// An interrupt from kernel to kernel and back, with no thread involved.
pub const IPI_ROUND_TRIP: &str = "ref.ipi-round-trip";
/// A request to another space on the same CPU, and a receive for the answer: two system calls.
pub const TWO_CALLS: &str = "op.two-calls";
/// Two threads of one CPU that yield to each other, there and back.
pub const YIELD_SWITCH: &str = "ref.yield-switch";
/// The timer's interrupt, when it brings nothing about.
pub const TICK: &str = "ref.tick";
/// From the last instruction of an interrupted thread to the first one of the interrupt's handler, a user thread.
pub const INTERRUPT_TO_USER: &str = "irq.to-user";
/// Call with a string of 4 KiB to another space on the same CPU, and a short answer.
pub const LONG_PAGE: &str = "ipc.long.4096";
/// The same with 1 MiB.
pub const LONG_MEBIBYTE: &str = "ipc.long.1048576";
/// A plain copy of 1 MiB in one space.
pub const COPY_MEBIBYTE: &str = "ref.copy.1048576";
/// A page fault, answered by a pager in another space with a page of 4 KiB, until the instruction is done.
pub const PAGE_FAULT: &str = "fault.page";
/// Call and reply with a map item of a page of 4 KiB in the call.
pub const MAP_PAGE: &str = "map.4k";
/// Flush of a page of 4 KiB that one other space got from the caller.
pub const UNMAP_PAGE: &str = "unmap.4k";

/// Call with a string of 1 MiB to a server on another CPU that is idle, and a short answer.
pub const INTER_LONG_MEBIBYTE: &str = "ipc.inter.long.1048576";
/// [`PAGE_FAULT`] with the pager on another CPU.
pub const INTER_PAGE_FAULT: &str = "fault.page.inter";
/// [`UNMAP_PAGE`] with the other space running on another CPU.
pub const INTER_UNMAP_PAGE: &str = "unmap.4k.inter";
/// ExchangeRegisters that changes nothing, on a thread of another CPU.
pub const INTER_REGISTERS: &str = "op.exregs.inter";
/// A thread moves itself to another CPU by Schedule.
pub const MIGRATE: &str = "migrate";
/// Begins the ids of strings inside a CPU, which end with the length in bytes.
pub const LONG: &str = "ipc.long.";
/// The same between CPUs.
pub const INTER_LONG: &str = "ipc.inter.long.";
/// Begins the ids of calls and replies of pairs of threads, one pair on each CPU, which end with the number of CPUs. The
/// figures are over the round trips of all pairs together.
pub const PAIRS: &str = "scale.intra.";

/// Rows that are no message and its like back: half of one means nothing.
const UNDIVIDED: [&str; 11] = [
    NULL_SYSCALL,
    TICK,
    INTERRUPT_TO_USER,
    PAGE_FAULT,
    MAP_PAGE,
    UNMAP_PAGE,
    COPY_MEBIBYTE,
    INTER_PAGE_FAULT,
    INTER_UNMAP_PAGE,
    INTER_REGISTERS,
    MIGRATE,
];
