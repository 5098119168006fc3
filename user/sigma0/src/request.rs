//! What a message to sigma0 asks for (L4 X.2, the sigma0 protocol).

use pecan_abi::fpage::{Fpage, IoFpage};
use pecan_abi::protocol::{
    IO_FAULT, PAGE_FAULT, SIGMA0_ANY_BASE, SIGMA0_DUMP, SIGMA0_EXT, SIGMA0_RPC, SIGMA0_VERBOSE,
    class,
};
use pecan_abi::tag::Tag;

use crate::PAGE_LOG2;
use crate::ledger::Piece;

/// A request that makes sense as such; whether it is granted is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A page fault at an address.
    Fault {
        /// The page around it.
        page: Piece,
    },
    /// I/O ports: asked for, or needed by an instruction.
    Ports {
        /// Which ports.
        ports: IoFpage,
        /// The client ran into them.
        by_fault: bool,
    },
    /// Memory, asked for by name.
    Memory {
        /// Which memory.
        wanted: Wanted,
        /// Caching attribute; 0 is the default one.
        attributes: u64,
    },
    /// Set how much is printed.
    Verbosity(u64),
    /// Print the book.
    Dump {
        /// The client waits until it is printed.
        answer: bool,
    },
}

/// Which memory is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This piece.
    At(Piece),
    /// Any free RAM of `1 << log2` bytes.
    Any {
        /// log2 of the size.
        log2: u32,
    },
    /// An address beyond 64 bits: there is none.
    Nowhere,
}

/// Bit of an fpage that says "the upper address bits are in the next word".
const EXTENDED: u64 = 8;

/// The request in a message: its tag and message registers 1 to 3. `None` if it must be ignored: it
/// does not have two or three untyped words and nothing else, or its label means nothing here.
#[must_use]
pub fn decode(tag: Tag, words: [u64; 3]) -> Option<Request> {
    if tag.typed() != 0 || !matches!(tag.untyped(), 2 | 3) {
        return None;
    }
    let [first, second, _] = words;
    let label = tag.label();
    match class(label) {
        PAGE_FAULT => {
            let base = first >> PAGE_LOG2 << PAGE_LOG2;
            Some(Request::Fault {
                page: Piece {
                    base,
                    log2: PAGE_LOG2,
                },
            })
        }
        IO_FAULT => ports(first).map(|ports| Request::Ports {
            ports,
            by_fault: true,
        }),
        SIGMA0_RPC if label == SIGMA0_RPC => {
            if let Some(ports) = ports(first) {
                return Some(Request::Ports {
                    ports,
                    by_fault: false,
                });
            }
            let upper = if tag.untyped() == 3 { words[2] } else { 0 };
            Some(Request::Memory {
                wanted: wanted(first, upper),
                attributes: second,
            })
        }
        SIGMA0_EXT if label == SIGMA0_EXT => match first {
            SIGMA0_VERBOSE => Some(Request::Verbosity(second)),
            SIGMA0_DUMP => Some(Request::Dump {
                answer: second != 0,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// The I/O fpage in a word. One with other bits set is a request for memory that is too small.
fn ports(word: u64) -> Option<IoFpage> {
    let page = Fpage::from_raw(word & u64::from(u32::MAX));
    IoFpage::from_fpage(page).filter(|page| page.raw() == word)
}

fn wanted(fpage: u64, upper: u64) -> Wanted {
    let log2 = Fpage::from_raw(fpage).log2();
    if fpage & EXTENDED != 0 && upper != 0 {
        return Wanted::Nowhere;
    }
    if fpage & SIGMA0_ANY_BASE == SIGMA0_ANY_BASE {
        return Wanted::Any { log2 };
    }
    let base = (fpage & SIGMA0_ANY_BASE) >> log2 << log2;
    Wanted::At(Piece { base, log2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fpage(base: u64, log2: u64) -> u64 {
        base | log2 << 4
    }

    #[test]
    fn malformed_messages_are_ignored() {
        let words = [fpage(0x40_0000, 12), 0, 0];
        for (untyped, typed) in [(0, 0), (1, 0), (4, 0), (2, 2), (3, 2), (63, 0)] {
            assert_eq!(
                decode(Tag::new(SIGMA0_RPC, untyped, typed), words),
                None,
                "{untyped} {typed}"
            );
        }
        for label in [0, 1, SIGMA0_RPC | 1, SIGMA0_EXT | 2, 0xFFFF_FFFF_FFF0] {
            assert_eq!(
                decode(Tag::new(label, 2, 0), words),
                None,
                "label {label:#x}"
            );
        }
        assert_eq!(decode(Tag::new(SIGMA0_EXT, 2, 0), [3, 0, 0]), None);
    }

    #[test]
    fn faults_name_the_page_around_the_address() {
        for access in 1..8 {
            let request = decode(
                Tag::new(PAGE_FAULT | access, 2, 0),
                [0x1234_5fff, 0x1000, 0],
            );
            let page = Piece {
                base: 0x1234_5000,
                log2: 12,
            };
            assert_eq!(request, Some(Request::Fault { page }));
        }
    }

    #[test]
    fn ports_by_fault_and_by_name() {
        let ports = IoFpage::new(0x3f8, 3);
        for (tag, by_fault) in [
            (Tag::new(IO_FAULT | 6, 2, 0), true),
            (Tag::new(SIGMA0_RPC, 2, 0), false),
        ] {
            let request = decode(tag, [ports.raw(), 0, 0]);
            assert_eq!(request, Some(Request::Ports { ports, by_fault }));
            let large = decode(tag, [ports.raw() | 1 << 32, 0, 0]);
            assert!(!matches!(large, Some(Request::Ports { .. })));
        }
        assert_eq!(decode(Tag::new(IO_FAULT | 6, 2, 0), [0x3f8, 0, 0]), None);
    }

    #[test]
    fn memory_by_address_by_size_and_beyond() {
        let ask = |fpage, third| match decode(Tag::new(SIGMA0_RPC, 3, 0), [fpage, 5, third]) {
            Some(Request::Memory {
                wanted,
                attributes: 5,
            }) => wanted,
            other => panic!("{other:?}"),
        };
        let piece = Piece {
            base: 0x40_0000,
            log2: 22,
        };
        assert_eq!(
            ask(fpage(0x41_2400, 22), 0),
            Wanted::At(piece),
            "rounded down"
        );
        assert_eq!(ask(fpage(!0x3ff, 12), 0), Wanted::Any { log2: 12 });
        assert_eq!(ask(fpage(0x40_0000, 22) | 8, 1), Wanted::Nowhere);
        assert_eq!(ask(fpage(0x40_0000, 22) | 8, 0), Wanted::At(piece));
        assert_eq!(ask(fpage(!0x3ff, 63), 0), Wanted::Any { log2: 63 });
        assert_eq!(
            ask(fpage(1 << 62, 63), 0),
            Wanted::At(Piece { base: 0, log2: 63 })
        );
    }

    #[test]
    fn without_a_third_word_there_are_no_upper_bits() {
        let request = decode(Tag::new(SIGMA0_RPC, 2, 0), [fpage(0x1000, 12) | 8, 0, 9]);
        let piece = Piece {
            base: 0x1000,
            log2: 12,
        };
        assert_eq!(
            request,
            Some(Request::Memory {
                wanted: Wanted::At(piece),
                attributes: 0
            })
        );
    }

    #[test]
    fn extended_requests() {
        let ask = |words| decode(Tag::new(SIGMA0_EXT, 2, 0), words);
        assert_eq!(ask([1, 3, 0]), Some(Request::Verbosity(3)));
        assert_eq!(ask([2, 0, 0]), Some(Request::Dump { answer: false }));
        assert_eq!(ask([2, 7, 0]), Some(Request::Dump { answer: true }));
    }
}
