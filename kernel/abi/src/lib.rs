//! The encodings of the L4 X.2 interface on amd64, shared by the kernel and by user programs.
//!
//! Everything a program and the kernel hand each other is one or more 64-bit words. This crate says what the bits mean and
//! nothing else: no system call, no pointer, no policy. All constructors and accessors are `const fn` on plain words, so that
//! they cost nothing and can be tested on the host. A constructor masks what does not fit its field; a decoder of a word
//! that can be wrong returns an `Option`.
//!
//! The modules in the order in which a message meets them:
//!
//! 1. [`id`]: who: global and local thread ids.
//! 2. [`tag`]: what: the first word of each message.
//! 3. [`item`], [`fpage`], [`acceptor`]: the typed part of a message: pages that are mapped or granted, strings, and what a
//!    receiver is willing to take.
//! 4. [`time`]: how long to wait.
//! 5. [`error`]: what went wrong, for messages and for the other system calls.
//! 6. [`utcb`]: where the words lie in memory that thread and kernel share.
//! 7. [`kip`], [`layout`]: the page in which the kernel describes itself and the machine; fixed addresses and thread numbers.
//! 8. [`schedule`], [`exregs`]: control words of the system calls that have them.
//! 9. [`protocol`]: messages that the kernel sends or understands: faults, exceptions, interrupts, thread start, sigma0.
//! 10. [`bootinfo`]: records about the modules that were loaded at boot.
//! 11. [`control`], [`exit`], [`hold`], [`marker`], [`trace`]: Pecan's own additions: console, counters and the end of the virtual
//!     machine; where tests hold a processor; where measured stretches begin and end; what a tracing kernel writes down.
//!
//! "Word" means 64 bits, little-endian. Bit 0 is the least significant one. Sizes given as `log2` are powers of two in bytes.
#![no_std]
#![forbid(unsafe_code)]

pub mod id;
pub mod tag;

pub mod acceptor;
pub mod caching;
pub mod fpage;
pub mod item;

pub mod time;

pub mod error;

pub mod utcb;

pub mod kip;
pub mod layout;

pub mod exregs;
pub mod schedule;

pub mod protocol;

pub mod bootinfo;

pub mod control;
pub mod exit;
pub mod hold;
pub mod marker;
pub mod trace;
