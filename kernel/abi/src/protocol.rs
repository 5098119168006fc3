//! Messages that the kernel sends or understands (L4 X.2, kernel-generated protocols; sigma0).
//!
//! A protocol's label is a small negative number times 16 in 48 bits. Its low four bits can hold flags, so a receiver
//! compares [`class`] of the label.

use crate::fpage::{Fpage, IoFpage, Rights};
use crate::tag::Tag;

/// Interrupt: no words; from the interrupt thread to its handler.
pub const INTERRUPT: u64 = 0xFFFF_FFFF_FFF0;
/// Page fault: two words, see [`PageFault`]; to the pager. The low bits of the label are the access that failed.
pub const PAGE_FAULT: u64 = 0xFFFF_FFFF_FFE0;
/// Preemption: two words, time in microseconds and 0; to the scheduler.
pub const PREEMPTION: u64 = 0xFFFF_FFFF_FFD0;
/// Exception: [`EXCEPTION_WORDS`] words, see [`exception`]; to the exception handler.
pub const EXCEPTION: u64 = 0xFFFF_FFFF_FFB0;
/// Request to sigma0: two words, fpage and attributes; the answer is a map item.
pub const SIGMA0_RPC: u64 = 0xFFFF_FFFF_FFA0;
/// I/O fault: two words, see [`IoFault`]; to the pager. The low bits of the label are 6.
pub const IO_FAULT: u64 = 0xFFFF_FFFF_FF80;
/// Extended request to sigma0: word 1 is [`SIGMA0_VERBOSE`] or [`SIGMA0_DUMP`], word 2 its argument.
pub const SIGMA0_EXT: u64 = 0xFFFF_FFFF_C170;

/// Extended request: be as verbose as word 2 says; no answer.
pub const SIGMA0_VERBOSE: u64 = 1;
/// Extended request: print the memory pools; an empty answer if word 2 is not 0.
pub const SIGMA0_DUMP: u64 = 2;
/// Base field (bits 10-63) of a sigma0 request for any page of the given size.
pub const SIGMA0_ANY_BASE: u64 = !0x3FF;

/// A label without its flag bits.
#[inline]
pub const fn class(label: u64) -> u64 {
    label & !0xF
}

/// A page fault as the pager sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageFault {
    /// Address that was accessed.
    pub address: u64,
    /// Address of the instruction; all ones for a fault in a string copy.
    pub ip: u64,
    /// The access that failed: [`Rights::READ`], [`Rights::WRITE`] or [`Rights::EXECUTE`].
    pub access: Rights,
}

impl PageFault {
    /// The tag of the message.
    #[inline]
    pub const fn tag(self) -> Tag {
        Tag::new(PAGE_FAULT | self.access.bits() as u64, 2, 0)
    }

    /// Message registers 0-2.
    #[inline]
    pub const fn words(self) -> [u64; 3] {
        [self.tag().raw(), self.address, self.ip]
    }

    /// The fault in message registers 0-2, if they are one: two untyped words, nothing typed.
    #[inline]
    pub const fn from_words(words: [u64; 3]) -> Option<Self> {
        let tag = Tag::from_raw(words[0]);
        if class(tag.label()) != PAGE_FAULT || tag.untyped() != 2 || tag.typed() != 0 {
            return None;
        }
        Some(Self {
            address: words[1],
            ip: words[2],
            access: Rights::from_bits(tag.label() as u8),
        })
    }
}

/// A preemption fault as the scheduler sees it: the thread that it comes from was preempted, or has used up its total
/// quantum. The thread goes on after any answer; without a new quantum, if it needs one, after the next Schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PreemptionFault {
    /// When, in microseconds of the system clock.
    pub micros: u64,
}

impl PreemptionFault {
    /// Message registers 0-2.
    #[inline]
    pub const fn words(self) -> [u64; 3] {
        [PREEMPTION_TAG.raw(), self.micros, 0]
    }

    /// The fault in message registers 0-2, if they are one: two untyped words, nothing typed. Word 2 is not looked at: it
    /// is the upper half of the time where words are shorter.
    #[inline]
    pub const fn from_words(words: [u64; 3]) -> Option<Self> {
        let tag = Tag::from_raw(words[0]);
        if tag.label() != PREEMPTION || tag.untyped() != 2 || tag.typed() != 0 {
            return None;
        }
        Some(Self { micros: words[1] })
    }
}

/// An I/O fault as the pager sees it: an instruction that uses ports which its space does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IoFault {
    /// The ports of the access: 1, 2 or 4 from its first port on.
    pub ports: IoFpage,
    /// Address of the instruction.
    pub ip: u64,
}

impl IoFault {
    /// Message registers 0-2.
    #[inline]
    pub const fn words(self) -> [u64; 3] {
        [IO_FAULT_TAG.raw(), self.ports.raw(), self.ip]
    }

    /// The fault in message registers 0-2, if they are one: two untyped words, the first an I/O fpage, nothing typed.
    #[inline]
    pub const fn from_words(words: [u64; 3]) -> Option<Self> {
        let tag = Tag::from_raw(words[0]);
        if class(tag.label()) != IO_FAULT || tag.untyped() != 2 || tag.typed() != 0 {
            return None;
        }
        match IoFpage::from_fpage(Fpage::from_raw(words[1])) {
            Some(ports) => Some(Self {
                ports,
                ip: words[2],
            }),
            None => None,
        }
    }
}

/// The tag of an interrupt message.
pub const INTERRUPT_TAG: Tag = Tag::new(INTERRUPT, 0, 0);
/// The tag of a preemption message.
pub const PREEMPTION_TAG: Tag = Tag::new(PREEMPTION, 2, 0);
/// The tag of an I/O fault.
pub const IO_FAULT_TAG: Tag = Tag::new(IO_FAULT | 6, 2, 0);
/// The tag of an exception message.
pub const EXCEPTION_TAG: Tag = Tag::new(EXCEPTION, EXCEPTION_WORDS, 0);
/// The tag of a request to sigma0.
pub const SIGMA0_RPC_TAG: Tag = Tag::new(SIGMA0_RPC, 2, 0);
/// Untyped words of a message that starts a thread: instruction pointer and stack pointer.
pub const START_WORDS: usize = 2;
/// Untyped words of an exception message and of the answer to it.
pub const EXCEPTION_WORDS: usize = 19;

/// Message registers 0-2 of the request to sigma0 for `page`.
#[inline]
pub const fn sigma0_request(page: Fpage) -> [u64; 3] {
    [SIGMA0_RPC_TAG.raw(), page.raw(), 0]
}

/// Which message register of an exception message holds what.
pub mod exception {
    /// Instruction pointer.
    pub const RIP: usize = 1;
    /// RBX.
    pub const RBX: usize = 2;
    /// R10.
    pub const R10: usize = 3;
    /// R12.
    pub const R12: usize = 4;
    /// R13.
    pub const R13: usize = 5;
    /// R14.
    pub const R14: usize = 6;
    /// R15.
    pub const R15: usize = 7;
    /// RAX.
    pub const RAX: usize = 8;
    /// RCX.
    pub const RCX: usize = 9;
    /// RDX.
    pub const RDX: usize = 10;
    /// RSI.
    pub const RSI: usize = 11;
    /// RDI.
    pub const RDI: usize = 12;
    /// RBP.
    pub const RBP: usize = 13;
    /// R8.
    pub const R8: usize = 14;
    /// R9.
    pub const R9: usize = 15;
    /// R11.
    pub const R11: usize = 16;
    /// Stack pointer.
    pub const RSP: usize = 17;
    /// Flags.
    pub const RFLAGS: usize = 18;
    /// Vector of the exception. Ignored in the answer.
    pub const VECTOR: usize = 19;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        let fault = PageFault {
            address: 0x1000,
            ip: 0x2000,
            access: Rights::WRITE,
        };
        assert_eq!(fault.words(), [0xFFFF_FFFF_FFE2_0002, 0x1000, 0x2000]);
        assert_eq!(EXCEPTION_TAG.raw(), 0xFFFF_FFFF_FFB0_0013);
        assert_eq!(PREEMPTION_TAG.raw(), 0xFFFF_FFFF_FFD0_0002);
        assert_eq!(IO_FAULT_TAG.raw(), 0xFFFF_FFFF_FF86_0002);
        assert_eq!(INTERRUPT_TAG.raw(), 0xFFFF_FFFF_FFF0_0000);
        assert_eq!(SIGMA0_RPC_TAG.raw(), 0xFFFF_FFFF_FFA0_0002);
        assert_eq!(exception::VECTOR, EXCEPTION_WORDS);
    }

    #[test]
    fn page_faults_are_recognised() {
        for access in [Rights::READ, Rights::WRITE, Rights::EXECUTE] {
            let fault = PageFault {
                address: 5,
                ip: 6,
                access,
            };
            assert_eq!(PageFault::from_words(fault.words()), Some(fault));
        }
        let other = Tag::new(PAGE_FAULT | 4, 3, 0);
        assert_eq!(PageFault::from_words([other.raw(), 0, 0]), None);
        assert_eq!(
            PageFault::from_words([Tag::new(PAGE_FAULT, 2, 2).raw(), 0, 0]),
            None
        );
        assert_eq!(PageFault::from_words([PREEMPTION_TAG.raw(), 0, 0]), None);
    }

    #[test]
    fn preemption_faults_are_recognised() {
        let fault = PreemptionFault { micros: u64::MAX };
        assert_eq!(fault.words(), [0xFFFF_FFFF_FFD0_0002, u64::MAX, 0]);
        assert_eq!(PreemptionFault::from_words(fault.words()), Some(fault));
        let crossed = PREEMPTION_TAG.with_flags(Tag::CROSS_CPU).raw();
        assert!(PreemptionFault::from_words([crossed, 1, 0]).is_some());
        for tag in [
            Tag::new(PREEMPTION, 3, 0),
            Tag::new(PREEMPTION, 2, 2),
            Tag::new(PREEMPTION | 1, 2, 0),
            Tag::new(PAGE_FAULT, 2, 0),
        ] {
            assert_eq!(PreemptionFault::from_words([tag.raw(), 1, 0]), None);
        }
    }

    #[test]
    fn io_faults_are_recognised() {
        let fault = IoFault {
            ports: IoFpage::new(0x3F8, 1),
            ip: 0x2000,
        };
        assert_eq!(fault.words(), [0xFFFF_FFFF_FF86_0002, 0x03F8_0420, 0x2000]);
        assert_eq!(IoFault::from_words(fault.words()), Some(fault));
        assert_eq!(PageFault::from_words(fault.words()), None);
        assert_eq!(
            IoFault::from_words([IO_FAULT_TAG.raw(), 0x1000, 0]),
            None,
            "no I/O fpage"
        );
        let longer = Tag::new(IO_FAULT | 6, 3, 0).raw();
        assert_eq!(IoFault::from_words([longer, 0x03F8_0420, 0]), None);
    }
}
