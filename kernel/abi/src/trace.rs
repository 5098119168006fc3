//! What a tracing kernel writes down, and where: shared by the kernel and by whoever reads its memory afterwards.
//!
//! A kernel with the feature `trace` has a directory at the symbol [`SYMBOL`], in 64-bit words:
//!
//! ```text
//! 0  MAGIC    1  CPUs    2  records in a ring    3  time-stamp ticks per millisecond    4  first user thread number    .. 7  0
//! then for each CPU 8 words:
//! 0  physical address of its ring    1  records written so far    2  id of its local APIC    .. 7  0
//! ```
//!
//! A ring is an array of records of [`RECORD_WORDS`] words. Record n is at index n modulo the ring's size, so new ones replace
//! the oldest:
//!
//! ```text
//! 0  time-stamp counter    1  kind (0-7), detail (8-15), low 48 bits of n (16-63)    2-4  arguments
//! ```
//!
//! n is in the record so that a reader knows one that is not written yet, or only half.

/// The kernel's symbol for the directory.
pub const SYMBOL: &str = "PECAN_TRACE";
/// The directory's first word, once tracing goes on; it changes with the form.
pub const MAGIC: u64 = u64::from_le_bytes(*b"pecantr1");
/// Words of the directory before the CPUs', and words of each CPU.
pub const LINE_WORDS: usize = 8;
/// Words of a record.
pub const RECORD_WORDS: usize = 5;
/// Records in a ring: 2.5 MiB.
pub const RECORDS: usize = 1 << 16;

const DETAIL_SHIFT: u32 = 8;
const NUMBER_SHIFT: u32 = 16;
const NUMBER_MASK: u64 = (1 << 48) - 1;

/// How a thread touched a page that it could not use so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Access {
    /// It read.
    Read = 0,
    /// It wrote.
    Write = 1,
    /// It executed.
    Execute = 2,
}

/// Who interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Source {
    /// The CPU's own timer.
    Timer = 0,
    /// Another CPU, because of its mailbox.
    Doorbell = 1,
    /// Another CPU, to measure how long that takes.
    Ping = 2,
    /// Another CPU, which got the interrupt of a device.
    Passed = 3,
    /// A device.
    Line = 4,
    /// Nobody known.
    Other = 5,
}

/// Something that happened on a CPU. Threads are global ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// From now on this thread runs; its space by the physical address of its page table.
    Run {
        /// The thread.
        thread: u64,
        /// Its space.
        space: u64,
    },
    /// From now on the dispatcher runs.
    Dispatch,
    /// From now on the CPU halts until it is interrupted.
    Idle,
    /// A message, whole, is with its receiver.
    Deliver {
        /// Who sent it.
        from: u64,
        /// Who got it.
        to: u64,
        /// Its first word.
        tag: u64,
    },
    /// A message sets out for another CPU.
    Ask {
        /// Who sends it.
        from: u64,
        /// Whom it is for.
        to: u64,
        /// On which CPU he lives, as far as is known here.
        cpu: u64,
    },
    /// A page fault in user mode, or of the kernel when it copies strings for a thread.
    Fault {
        /// Whose.
        thread: u64,
        /// What it touched.
        address: u64,
        /// Where it was.
        ip: u64,
        /// And how.
        access: Access,
    },
    /// Another exception in user mode.
    Exception {
        /// Whose.
        thread: u64,
        /// Where it was.
        ip: u64,
        /// Which.
        vector: u8,
    },
    /// An interrupt is taken.
    Interrupt {
        /// Whose.
        source: Source,
        /// A device's line.
        line: u64,
    },
    /// An interrupt is sent to another CPU.
    Ipi {
        /// The id of its local APIC.
        apic_id: u64,
        /// Why.
        source: Source,
    },
}

/// An event, when, and the how manieth of its CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The time-stamp counter.
    pub time: u64,
    /// From 0, modulo 2^48.
    pub number: u64,
    /// What happened.
    pub event: Event,
}

impl Access {
    const fn from_raw(raw: u8) -> Option<Self> {
        Some(match raw {
            0 => Self::Read,
            1 => Self::Write,
            2 => Self::Execute,
            _ => return None,
        })
    }
}

impl Source {
    const fn from_raw(raw: u8) -> Option<Self> {
        Some(match raw {
            0 => Self::Timer,
            1 => Self::Doorbell,
            2 => Self::Ping,
            3 => Self::Passed,
            4 => Self::Line,
            5 => Self::Other,
            _ => return None,
        })
    }
}

impl Event {
    /// Kind, detail, arguments.
    const fn parts(self) -> (u8, u8, [u64; 3]) {
        match self {
            Self::Run { thread, space } => (1, 0, [thread, space, 0]),
            Self::Dispatch => (2, 0, [0; 3]),
            Self::Idle => (3, 0, [0; 3]),
            Self::Deliver { from, to, tag } => (4, 0, [from, to, tag]),
            Self::Ask { from, to, cpu } => (5, 0, [from, to, cpu]),
            Self::Fault {
                thread,
                address,
                ip,
                access,
            } => (6, access as u8, [thread, address, ip]),
            Self::Exception { thread, ip, vector } => (7, vector, [thread, ip, 0]),
            Self::Interrupt { source, line } => (8, source as u8, [line, 0, 0]),
            Self::Ipi { apic_id, source } => (9, source as u8, [apic_id, 0, 0]),
        }
    }

    const fn from_parts(kind: u8, detail: u8, arguments: [u64; 3]) -> Option<Self> {
        let [first, second, third] = arguments;
        Some(match kind {
            1 => Self::Run {
                thread: first,
                space: second,
            },
            2 => Self::Dispatch,
            3 => Self::Idle,
            4 => Self::Deliver {
                from: first,
                to: second,
                tag: third,
            },
            5 => Self::Ask {
                from: first,
                to: second,
                cpu: third,
            },
            6 => Self::Fault {
                thread: first,
                address: second,
                ip: third,
                access: match Access::from_raw(detail) {
                    Some(access) => access,
                    None => return None,
                },
            },
            7 => Self::Exception {
                thread: first,
                ip: second,
                vector: detail,
            },
            8 => Self::Interrupt {
                source: match Source::from_raw(detail) {
                    Some(source) => source,
                    None => return None,
                },
                line: first,
            },
            9 => Self::Ipi {
                apic_id: first,
                source: match Source::from_raw(detail) {
                    Some(source) => source,
                    None => return None,
                },
            },
            _ => return None,
        })
    }
}

impl Record {
    /// The words in memory.
    pub const fn to_raw(self) -> [u64; RECORD_WORDS] {
        let (kind, detail, [first, second, third]) = self.event.parts();
        let head = kind as u64 | (detail as u64) << DETAIL_SHIFT | self.number << NUMBER_SHIFT;
        [self.time, head, first, second, third]
    }

    /// Reads the words; `None` if they are no record.
    pub const fn from_raw(words: [u64; RECORD_WORDS]) -> Option<Self> {
        let [time, head, first, second, third] = words;
        let detail = (head >> DETAIL_SHIFT) as u8;
        match Event::from_parts(head as u8, detail, [first, second, third]) {
            Some(event) => Some(Self {
                time,
                number: head >> NUMBER_SHIFT,
                event,
            }),
            None => None,
        }
    }

    /// Whether this is record `number`, counted without end.
    pub const fn is_number(&self, number: u64) -> bool {
        self.number == number & NUMBER_MASK
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Event, Record, Source};

    const EVENTS: [Event; 9] = [
        Event::Run {
            thread: 0x32_0000_0001,
            space: 0x1000,
        },
        Event::Dispatch,
        Event::Idle,
        Event::Deliver {
            from: 1,
            to: 2,
            tag: u64::MAX,
        },
        Event::Ask {
            from: 1,
            to: 2,
            cpu: 3,
        },
        Event::Fault {
            thread: 1,
            address: 2,
            ip: 3,
            access: Access::Execute,
        },
        Event::Exception {
            thread: 1,
            ip: 2,
            vector: 13,
        },
        Event::Interrupt {
            source: Source::Line,
            line: 4,
        },
        Event::Ipi {
            apic_id: 7,
            source: Source::Doorbell,
        },
    ];

    #[test]
    fn all_events_come_back() {
        for event in EVENTS {
            let record = Record {
                time: 77,
                number: 0xffff_ffff_ffff,
                event,
            };
            assert_eq!(Record::from_raw(record.to_raw()), Some(record));
        }
    }

    #[test]
    fn garbage_is_none() {
        for head in [0, 10, 255, 6 | 3 << 8, 8 | 6 << 8, 9 | 0xff << 8] {
            assert_eq!(Record::from_raw([1, head, 0, 0, 0]), None, "{head:#x}");
        }
    }

    #[test]
    fn numbers_go_round() {
        let record = Record {
            time: 0,
            number: 5,
            event: Event::Idle,
        };
        assert!(record.is_number(5) && record.is_number(5 + (1 << 48)));
        assert!(!record.is_number(6));
    }
}
