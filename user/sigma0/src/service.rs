//! The decision about a request, and the entry in the book.

use core::num::NonZeroU64;

use pecan_abi::fpage::IoFpage;

use crate::ledger::{Piece, admits_piece, enter, find_free, give_ports, is_exclusive};
use crate::regions::Regions;
use crate::request::{Request, Wanted};

/// What is to be done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Map the piece to the client; it is entered already.
    Map(Piece),
    /// The same, after it was taken from who has it: the client, and whom that gave it. Its caching may have changed, and a
    /// mapping that is there keeps what it had.
    MapAnew(Piece),
    /// Map the ports to the client; they are entered already.
    MapPorts(IoFpage),
    /// Answer with a map item that maps nothing.
    Nothing,
    /// Do not answer: the client faulted again where it was refused before.
    Silence,
    /// Set how much is printed; no answer.
    Verbosity(u64),
    /// Print the book, then answer if asked to.
    Dump {
        /// Send an empty answer afterwards.
        answer: bool,
    },
}

/// sigma0's memory: the books, and the faults that it refused last.
#[derive(Debug)]
pub struct Service<'a> {
    /// The book of memory.
    pub regions: Regions<'a>,
    /// The book of I/O ports.
    ports: Regions<'a>,
    refused: [(u64, u64); REFUSED],
}

/// How many refused faults are remembered, in slots by client and address.
const REFUSED: usize = 64;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Raw thread id.
    pub id: NonZeroU64,
    /// A kernel thread or the root task: may set verbosity and have the book printed.
    pub is_trusted: bool,
}

impl<'a> Service<'a> {
    /// Serves from these books: of memory, and of I/O ports.
    #[must_use]
    pub fn new(regions: Regions<'a>, ports: Regions<'a>) -> Self {
        Self {
            regions,
            ports,
            refused: [(0, 0); REFUSED],
        }
    }

    /// Decides. `set_attributes` is asked to set a non-default caching attribute before a piece is
    /// given; false means that it cannot.
    pub fn decide(
        &mut self,
        request: Request,
        client: Client,
        set_attributes: impl FnOnce(Piece, u64) -> bool,
    ) -> Option<Answer> {
        match request {
            Request::Fault { page } => Some(self.fault(page, client.id)),
            Request::Ports { ports, by_fault } => Some(self.ports(ports, by_fault, client.id)),
            Request::Memory { wanted, attributes } => {
                Some(self.memory(wanted, attributes, client.id, set_attributes))
            }
            Request::Verbosity(level) => client.is_trusted.then_some(Answer::Verbosity(level)),
            Request::Dump { answer } => client.is_trusted.then_some(Answer::Dump { answer }),
        }
    }

    fn fault(&mut self, page: Piece, client: NonZeroU64) -> Answer {
        // Nobody runs into page 0 but by a nil pointer; who wants it can ask for it.
        let admitted = page.base != 0 && admits_piece(&self.regions, page, client, true);
        if admitted && enter(&mut self.regions, page, client).is_ok() {
            return Answer::Map(page);
        }
        self.refuse(page.base, client)
    }

    fn ports(&mut self, ports: IoFpage, by_fault: bool, client: NonZeroU64) -> Answer {
        if give_ports(&mut self.ports, ports, client) {
            Answer::MapPorts(ports)
        } else if by_fault {
            self.refuse(ports.raw(), client)
        } else {
            Answer::Nothing
        }
    }

    /// Answers a fault that cannot be served with nothing, once. The kernel then repeats the
    /// instruction: a thread that comes back would fault for ever, at the expense of all others, so
    /// it gets no second answer and stays blocked.
    fn refuse(&mut self, at: u64, client: NonZeroU64) -> Answer {
        let key = (client.get(), at);
        let slot = ((client.get() >> 32) ^ (at >> 12)) as usize % REFUSED;
        if self.refused[slot] == key {
            return Answer::Silence;
        }
        self.refused[slot] = key;
        Answer::Nothing
    }

    fn memory(
        &mut self,
        wanted: Wanted,
        attributes: u64,
        client: NonZeroU64,
        set_attributes: impl FnOnce(Piece, u64) -> bool,
    ) -> Answer {
        let piece = match wanted {
            Wanted::At(piece) => Some(piece),
            Wanted::Any { log2 } => find_free(&self.regions, log2),
            Wanted::Nowhere => None,
        };
        let admitted = piece.filter(|piece| {
            admits_piece(&self.regions, *piece, client, false)
                && self.regions.has_room()
                && (attributes == 0 || set_attributes(*piece, attributes))
        });
        match admitted {
            Some(piece) if enter(&mut self.regions, piece, client).is_err() => Answer::Nothing,
            Some(piece) if attributes != 0 && is_exclusive(&self.regions, piece) => {
                Answer::MapAnew(piece)
            }
            Some(piece) => Answer::Map(piece),
            None => Answer::Nothing,
        }
    }
}

#[cfg(test)]
mod tests;
