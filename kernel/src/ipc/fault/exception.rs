//! Exceptions (L4 X.2, exception protocol on amd64): all registers go to the handler, and come back changed.
//!
//! * The CPU's error code stays here. The message has 19 words, and handlers count on that; what raised the exception is to be
//!   seen at the instruction, which they can look at.
//! * RDMSR and WRMSR are exceptions like any other, in every space and mode. There are model-specific registers in which any
//!   value is the end of the kernel, or hands the machine to whoever wrote it.
//! * Loads of segment registers are the CPU's to judge. Selectors of ds, es, fs and gs, and the base of fs, belong to the CPU
//!   that a thread happens to be on: the kernel uses none of them, keeps none of them for a thread, and gives gs its base
//!   whenever it returns to user mode.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::protocol::{EXCEPTION_TAG, EXCEPTION_WORDS, exception};
use pecan_abi::tag::Tag;

use super::call::{Outcome, call};
use super::page::stop;
use crate::arch::x86_64::entry::frame::{ANSWER_FLAGS, Frame, canonical};
use crate::thread::{Aside, Field, Owned};

/// `me`, which runs in user mode, raised the exception in `frame`: its handler is asked. Without an answer it stops; if
/// ExchangeRegisters ends the call, it goes on where that says. The answer may bring what the user's own acceptor takes.
pub(crate) fn raise(me: Owned, frame: &mut Frame) {
    let utcb = me.utcb.get();
    let handler = utcb.get(Field::EXCEPTION_HANDLER);
    let acceptor = Acceptor::from_raw(utcb.get(Field::BR0));
    let mut aside = Aside::new(message(frame));
    let outcome = call(me, handler, &mut aside, acceptor);
    let answer = aside.words();
    if outcome == Outcome::Answered && Tag::from_raw(answer[0]).untyped() >= exception::RFLAGS {
        load(answer, frame);
    }
    if matches!(outcome, Outcome::Failed | Outcome::Nobody) {
        log::debug!(
            "thread {:x} stopped: exception {} at {:#x}",
            me.id(),
            frame.vector,
            frame.ip
        );
        stop(me);
    }
}

/// The registers in the order of the message, and where each one is.
fn registers(frame: &mut Frame) -> [(usize, &mut u64); 16] {
    [
        (exception::RBX, &mut frame.rbx),
        (exception::R10, &mut frame.r10),
        (exception::R12, &mut frame.r12),
        (exception::R13, &mut frame.r13),
        (exception::R14, &mut frame.r14),
        (exception::R15, &mut frame.r15),
        (exception::RAX, &mut frame.rax),
        (exception::RCX, &mut frame.rcx),
        (exception::RDX, &mut frame.rdx),
        (exception::RSI, &mut frame.rsi),
        (exception::RDI, &mut frame.rdi),
        (exception::RBP, &mut frame.rbp),
        (exception::R8, &mut frame.r8),
        (exception::R9, &mut frame.r9),
        (exception::R11, &mut frame.r11),
        (exception::RSP, &mut frame.sp),
    ]
}

/// Message registers of an exception.
type Words = [u64; EXCEPTION_WORDS + 1];

fn message(frame: &mut Frame) -> Words {
    let mut words = [0; EXCEPTION_WORDS + 1];
    words[0] = EXCEPTION_TAG.raw();
    words[exception::RIP] = frame.ip;
    words[exception::RFLAGS] = frame.flags;
    words[exception::VECTOR] = frame.vector;
    for (index, register) in registers(frame) {
        words[index] = *register;
    }
    words
}

fn load(words: &Words, frame: &mut Frame) {
    for (index, register) in registers(frame) {
        *register = words[index];
    }
    frame.ip = canonical(words[exception::RIP]);
    frame.flags = (frame.flags & !ANSWER_FLAGS) | (words[exception::RFLAGS] & ANSWER_FLAGS);
}
