//! The way of a message, in the order of its stages.
//!
//! ```text
//! entry     registers of a system call, or a thread that takes its IPC up again
//! decode    registers -> Request
//! validate  who is meant, and may it be sent at all
//! on_behalf  who gets it instead (redirection), for whom it is said (propagation)
//! meet      is the partner here, and does it take the message now
//! queue     the sender waits at the partner
//! transfer  words, then items: map items, strings
//! receive   the receive phase: a sender that waits, or wait
//! handover  who runs next
//! answer    the only writer of results
//! wait      timeouts;  cancel  abort;  orphans  the partner ends;  all end a phase from outside
//! remote    the same stages when the partner lives on another CPU
//! fault     the kernel speaks for a thread
//! fast      all stages for the common message, in one straight line of assembler
//! one_way   the same for a message without an answer
//! short     all stages for what comes next: page faults, other CPUs
//! ```
//!
//! A blocked system call keeps nothing on its stack but the user's frame; what it was about is in the TCB, so
//! whoever ends a phase can put the thread into the next one at once.

pub(crate) mod answer;
#[cfg(feature = "without-home-rule")]
pub(crate) mod big_lock;
pub(crate) mod cancel;
pub(crate) mod decode;
pub(crate) mod entry;
pub(crate) mod fast;
pub(crate) mod fault;
pub(crate) mod handover;
mod items;
mod meet;
pub(crate) mod on_behalf;
mod one_way;
pub(crate) mod orphans;
pub(crate) mod phases;
pub(crate) mod queue;
pub(crate) mod receive;
pub(crate) mod remote;
pub(crate) mod short;
pub(crate) mod strings;
mod transfer;
mod validate;
pub(crate) mod wait;

pub(crate) use decode::Request;
pub(crate) use handover::Disposition;
pub(crate) use meet::settle;
pub(crate) use receive::take_up;
