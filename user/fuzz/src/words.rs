//! Words that are worth trying: near what is valid, at the edges, or nothing at all.
//!
//! What an insider gets never makes the kernel write to the program, or take it away: see each function.

use l4::abi::layout::{KIP_ADDRESS, USER_LAST, UTCB_AREA};
use l4::{Acceptor, Fpage, Rights, ThreadId, Time, kip, thread};
use stress::random::Random;

use crate::people::{self, BUFFER, FUZZERS, Fuzzer, INSIDERS, SANDBOX, SANDBOX_LOG2};

/// Where programs lie, and somewhat more.
const IMAGE: u64 = 0x100_0000;
const IMAGE_SIZE: u64 = 0x10_0000;
/// Where nothing is.
const NOTHING: u64 = 0x6000_0000_0000;
const NOTHING_LOG2: u32 = 44;
/// Addresses that the kernel has for itself.
const KERNEL: u64 = 0xFFFF_8000_0000_0000;

/// Who draws, and what comes out.
pub(crate) struct Draw {
    pub(crate) random: Random,
    pub(crate) me: Fuzzer,
}

impl Draw {
    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.random.chance(percent)
    }

    /// Below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }

    /// One of them.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Any word: small, a single bit, all but a few bits, or random.
    pub(crate) fn word(&mut self) -> u64 {
        match self.below(6) {
            0 => self.below(16),
            1 => 1 << self.below(64),
            2 => !self.below(16),
            3 => self.random.draw() >> self.below(64),
            _ => self.random.draw(),
        }
    }

    /// One of the threads.
    pub(crate) fn fuzzer(&mut self) -> Fuzzer {
        Fuzzer(self.below(FUZZERS as u64) as usize)
    }

    /// An id of a thread, as it is most of the time.
    pub(crate) fn peer(&mut self) -> ThreadId {
        let version = if self.chance(85) {
            0
        } else {
            self.below(3) as u32
        };
        self.fuzzer().id(version)
    }

    /// An id to speak to, or to ask for something that does no harm.
    pub(crate) fn id(&mut self) -> ThreadId {
        match self.below(20) {
            0 => ThreadId::interrupt(self.below(32) as u32),
            1 => ThreadId::global(kip::thread_info().system_base + self.below(32) as u32, 1),
            2 => ThreadId::NIL,
            3 => ThreadId::ANY,
            4 => ThreadId::ANY_LOCAL,
            5 => ThreadId::local(UTCB_AREA + 1024 * self.below(256) + 512),
            6 => kip::sigma0(),
            7 => people::pager(),
            8 => ThreadId::from_raw(self.word()),
            9 | 10 => thread::myself(),
            _ => self.peer(),
        }
    }

    /// An id to do something to. An insider may do it, so it names nobody that the program stands on.
    pub(crate) fn victim(&mut self) -> ThreadId {
        if !self.me.is_insider() {
            return self.id();
        }
        match self.below(10) {
            0 => ThreadId::interrupt(self.below(32) as u32),
            1 => self.nobody(),
            2 => ThreadId::local(Fuzzer(self.below(INSIDERS as u64) as usize).utcb() + 512),
            3 => self.of(&[ThreadId::NIL, ThreadId::ANY, ThreadId::ANY_LOCAL]),
            _ => self.peer(),
        }
    }

    /// An id to be somebody's pager or exception handler. Whoever speaks for an insider's faults decides what the kernel
    /// maps into the root task's space, so there it is the pager or nobody.
    pub(crate) fn guardian(&mut self, of: Fuzzer) -> ThreadId {
        if of.is_insider() {
            let nobody = self.nobody();
            return self.of(&[people::pager(), people::pager(), ThreadId::NIL, nobody]);
        }
        if self.chance(70) {
            people::pager()
        } else {
            self.id()
        }
    }

    /// An id that nobody has.
    pub(crate) fn nobody(&mut self) -> ThreadId {
        ThreadId::global(kip::thread_info().user_base + 40 + self.below(8) as u32, 1)
    }

    /// A time, mostly short.
    pub(crate) fn time(&mut self) -> u16 {
        match self.below(16) {
            0 => Time::NEVER.raw(),
            1..=4 => Time::ZERO.raw(),
            5 => self.word() as u16,
            6 => Time::POINT | self.word() as u16,
            _ => Time::period(1 + self.below(300)).raw(),
        }
    }

    /// Two times.
    pub(crate) fn times(&mut self) -> u64 {
        u64::from(self.time()) << 16 | u64::from(self.time())
    }

    /// Bytes of a string or of a buffer.
    pub(crate) fn length(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => 4090 + self.below(12),
            2 | 4 => self.below(BUFFER),
            3 if !self.me.is_insider() => self.word(),
            _ => self.below(200),
        }
    }

    /// An address to be read.
    pub(crate) fn readable(&mut self) -> u64 {
        match self.below(6) {
            0 => IMAGE + self.below(IMAGE_SIZE),
            1 => self.fuzzer().buffer() + self.below(BUFFER),
            _ => self.writable(),
        }
    }

    /// An address to be written, for an insider somewhere where it does no harm.
    pub(crate) fn writable(&mut self) -> u64 {
        match self.below(12) {
            0 => SANDBOX + self.below(1 << SANDBOX_LOG2),
            1 => USER_LAST - self.below(8192),
            2 => KERNEL | self.word() >> 20,
            3 => 0x8000_0000_0000 | self.word() >> 17,
            4 => self.below(0x10_0000),
            5 if !self.me.is_insider() => self.word(),
            6 if !self.me.is_insider() => UTCB_AREA + self.below(1 << 18),
            7 if !self.me.is_insider() => KIP_ADDRESS + self.below(4096),
            8 if !self.me.is_insider() => IMAGE + self.below(IMAGE_SIZE),
            _ => self.me.buffer() + self.below(BUFFER),
        }
    }

    /// An address where the program has nothing, and never will.
    pub(crate) fn nowhere(&mut self) -> u64 {
        NOTHING + self.below(1 << NOTHING_LOG2)
    }

    /// A buffer that really is one: its address and its size.
    pub(crate) fn buffer(&mut self) -> (u64, u64) {
        let skipped = self.below(BUFFER);
        (self.me.buffer() + skipped, BUFFER - skipped)
    }

    fn rights(&mut self) -> Rights {
        Rights::from_bits(self.below(8) as u8)
    }

    /// A page to give. An insider gives what is its own, or nothing.
    pub(crate) fn page_to_map(&mut self) -> Fpage {
        let rights = self.rights();
        let own = self.me.buffer() + 4096 * self.below(2);
        match self.below(6) {
            0 => Fpage::new(
                SANDBOX + self.below(1 << SANDBOX_LOG2),
                12 + self.below(10) as u32,
                rights,
            ),
            1 => Fpage::NIL,
            2 => Fpage::new(KERNEL | self.word() >> 20, self.below(40) as u32, rights),
            3 if !self.me.is_insider() => self.page(),
            _ => Fpage::new(own, 12, rights),
        }
    }

    /// A page to grant. An insider has nothing to grant but what it was given.
    pub(crate) fn page_to_grant(&mut self) -> Fpage {
        if self.me.is_insider() {
            return self.page_to_flush();
        }
        self.page_to_map()
    }

    /// A page to flush: not the program itself, if it is the program's space.
    pub(crate) fn page_to_flush(&mut self) -> Fpage {
        if !self.me.is_insider() {
            return self.page();
        }
        let rights = self.rights();
        match self.below(4) {
            0 => Fpage::new(KERNEL | self.word() >> 20, self.below(46) as u32, rights),
            1 => Fpage::new(
                self.nowhere(),
                self.below(NOTHING_LOG2.into()) as u32,
                rights,
            ),
            _ => Fpage::new(
                SANDBOX + self.below(1 << SANDBOX_LOG2),
                12 + self.below(10) as u32,
                rights,
            ),
        }
    }

    /// Any page.
    pub(crate) fn page(&mut self) -> Fpage {
        let rights = self.rights();
        match self.below(6) {
            0 => Fpage::COMPLETE.with_rights(rights),
            1 => Fpage::from_raw(self.word()),
            2 => Fpage::new(self.word(), self.below(64) as u32, rights),
            3 => Fpage::new(
                IMAGE + self.below(IMAGE_SIZE),
                12 + self.below(10) as u32,
                rights,
            ),
            4 => Fpage::new(
                UTCB_AREA + self.below(1 << 24),
                12 + self.below(13) as u32,
                rights,
            ),
            _ => Fpage::new(self.me.buffer() + self.below(BUFFER), 12, rights),
        }
    }

    /// What is accepted: an insider accepts pages in the sandbox only.
    pub(crate) fn acceptor(&mut self) -> u64 {
        let strings = self.chance(60);
        let window = match self.below(4) {
            0 => Fpage::NIL,
            1 if !self.me.is_insider() => Fpage::COMPLETE,
            2 if !self.me.is_insider() => self.page(),
            _ => Fpage::new(
                SANDBOX + self.below(1 << SANDBOX_LOG2),
                12 + self.below(10) as u32,
                Rights::NONE,
            ),
        };
        Acceptor::new(window, strings).raw() | self.below(8) & 0xE
    }

    /// Flags that a program may have when it enters the kernel.
    pub(crate) fn flags(&mut self) -> u64 {
        const DIRECTION: u64 = 1 << 10;
        const ALIGNMENT: u64 = 1 << 18;
        const NESTED: u64 = 1 << 14;
        const TRAP: u64 = 1 << 8;
        const IDENTIFICATION: u64 = 1 << 21;
        match self.below(8) {
            0 => 2 | DIRECTION,
            1 => 2 | ALIGNMENT,
            2 => 2 | NESTED,
            3 => 2 | IDENTIFICATION,
            4 if self.chance(5) => 2 | TRAP,
            _ => 2 | 0x8D5,
        }
    }
}
