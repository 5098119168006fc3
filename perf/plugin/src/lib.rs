//! A plugin of QEMU that counts what a measured stretch of a program does and touches.
//!
//! The way of a count: when QEMU translates code, [`instruction`] says of each instruction what it is; when the code runs,
//! QEMU calls back before each instruction and after each access to memory (`qemu`). Between the program's marked clock reads
//! ([`pecan_abi::marker`]) the [`recorder`] adds both up in [`tally`]s, for each CPU and each visit to the kernel, and writes
//! a line of JSON ([`pecan_perf::accounting::Window`]) when the stretch ends.
//!
//! Its [`arguments`]: `out=FILE`, where the lines go; `stubs=FROM-TO`, the kernel's code that users run, in hexadecimal and
//! without the last address; `lines=on`, which adds the cache lines that the kernel touched; `probe=on` alone, with which it
//! says that it fits and lets QEMU end.
//!
//! Nothing here changes what the guest sees. Neither the walks of page tables nor the words that a processor stores when it
//! takes an interrupt are seen: for QEMU they are no accesses of an instruction.

pub mod arguments;
pub mod instruction;
#[cfg(not(test))]
mod qemu;
pub mod recorder;
pub mod tally;
