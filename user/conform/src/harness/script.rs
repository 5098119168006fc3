//! Pagers that answer faults as a test has written down, and note what they are told.
//!
//! Each serves a window of addresses that begins at [`WINDOW`] in its clients' spaces, if it was not
//! moved. Behind the window lies memory of an arena, page by page: that of *roles* 0 and 2 is to copy from, that of
//! roles 1 and 3 to copy to. Pages of the program are served as by the library's pager.

use l4::abi::protocol::PageFault;
use l4::ipc::Received;
use l4::thread::Builder;
use l4::{IpcError, Message, ThreadId, Time, ipc, memory};

use super::{BOTH_SOON, Failure, Outcome, arena, board, until, worker};

mod act;

pub(crate) use act::Act;

/// First address of the windows.
pub(crate) const WINDOW: u64 = 0x5000_0000;

/// A fault as the pager was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) from: ThreadId,
    pub(crate) tag: u64,
    pub(crate) address: u64,
    pub(crate) ip: u64,
}

/// Board words of a role.
const FIRST: usize = 1100;
const PER_ROLE: usize = 160;
const COUNT: usize = 0;
const HELD: usize = 1;
const HELD_AT: usize = 2;
const OTHERWISE: usize = 3;
const NEXT: usize = 4;
const ACTS: usize = 5;
const BASE: usize = 6;
const LIST: usize = 8;
const MOST_ACTS: usize = 32;
const LOG: usize = LIST + MOST_ACTS;
const MOST_FAULTS: usize = (PER_ROLE - LOG) / 4;

/// Label of the test's message that lets the pager answer a fault that it holds.
const RELEASE: u64 = 0xAE1;

/// Such a pager.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    /// The pager.
    pub(crate) id: ThreadId,
    role: usize,
    base: u64,
}

const fn word(role: usize, index: usize) -> usize {
    FIRST + role * PER_ROLE + index
}

/// The memory behind the window of a role.
fn memory_of(role: usize) -> u64 {
    let arena = if role.is_multiple_of(2) {
        arena::source()
    } else {
        arena::target()
    };
    arena + ((role as u64 / 2) << 21)
}

impl Script {
    /// The pager of a role (0 to 3), in the root task's space. Maps everything unless told otherwise.
    #[track_caller]
    pub(crate) fn start(role: usize) -> Result<Self, Failure> {
        Self::start_as(role, worker::here().priority(150))
    }

    /// A pager of this plan.
    #[track_caller]
    pub(crate) fn start_as(role: usize, plan: Builder) -> Result<Self, Failure> {
        for index in 0..PER_ROLE {
            board::put(word(role, index), 0);
        }
        board::put(word(role, BASE), WINDOW);
        let id = worker::start(plan, serve, role as u64)?;
        Ok(Self {
            id,
            role,
            base: WINDOW,
        })
    }

    /// The same pager with its window elsewhere.
    pub(crate) fn moved_to(self, base: u64) -> Self {
        board::put(word(self.role, BASE), base);
        Self { base, ..self }
    }

    /// From now on: these acts, one at each fault, then [`Act::Map`]. Forgets the faults so far,
    /// also one that it holds.
    pub(crate) fn acts(self, acts: &[Act]) {
        assert!(acts.len() <= MOST_ACTS, "a script has {MOST_ACTS} acts");
        for (index, act) in acts.iter().enumerate() {
            board::put(word(self.role, LIST + index), act.pack());
        }
        board::put(word(self.role, ACTS), acts.len() as u64);
        for index in [NEXT, COUNT, HELD] {
            board::put(word(self.role, index), 0);
        }
    }

    /// What it does at the end of the script.
    pub(crate) fn otherwise(self, act: Act) {
        board::put(word(self.role, OTHERWISE), act.pack());
    }

    /// Faults in the window since the script was given.
    pub(crate) fn faults(self) -> u64 {
        board::get(word(self.role, COUNT))
    }

    /// Fault `index`, counted from 0.
    pub(crate) fn fault(self, index: usize) -> Fault {
        let at = |field| board::get(word(self.role, LOG + 4 * index + field));
        Fault {
            from: ThreadId::from_raw(at(0)),
            tag: worker::as_if_near(at(1)),
            address: at(2),
            ip: at(3),
        }
    }

    /// Waits until the pager holds a fault.
    #[track_caller]
    pub(crate) fn until_held(self) -> Outcome {
        until("a fault that its pager holds", || {
            board::get(word(self.role, HELD)) != 0
        })
    }

    /// Lets the pager answer the fault that it holds. What came of its send.
    #[track_caller]
    pub(crate) fn release(self, act: Act) -> Result<Result<(), IpcError>, Failure> {
        let order = Message::new(RELEASE).word(act.pack());
        match ipc::call_within(self.id, &order, BOTH_SOON) {
            Ok(answer) => Ok(IpcError::from_raw(answer.message.word_at(0)).map_or(Ok(()), Err)),
            Err(error) => Err(Failure::new(format_args!(
                "the pager does not answer: {error:?}"
            ))),
        }
    }

    /// The address of byte `offset` of the window.
    pub(crate) const fn at(self, offset: u64) -> u64 {
        self.base + offset
    }

    /// Where byte `offset` of the window is in the arena.
    pub(crate) fn memory(self, offset: u64) -> u64 {
        memory_of(self.role) + offset
    }

    /// Takes page `index` of the window away from everybody, on behalf of the root task.
    pub(crate) fn unmap(self, index: u64) {
        memory::unmap(act::page_of(memory_of(self.role), index));
    }
}

fn serve(role: u64) {
    let role = role as usize;
    l4::server::serve(|request| answer(role, request))
}

fn answer(role: usize, request: &Received) -> Option<Message> {
    let message = &request.message;
    if message.label() == RELEASE {
        return Some(released(role, Act::unpack(message.word_at(0))));
    }
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    match PageFault::from_words(words) {
        Some(fault) if fault.address.wrapping_sub(board::get(word(role, BASE))) < arena::SIZE => {
            note(role, request.from, words[0], fault);
            let act = next_act(role);
            if act == Act::Hold {
                board::put(word(role, HELD_AT), fault.address);
                board::put(word(role, HELD), request.from.raw());
                return None;
            }
            Some(carry_out(role, act, fault.address))
        }
        _ => l4::pager::answer(request),
    }
}

fn note(role: usize, from: ThreadId, tag: u64, fault: PageFault) {
    let index = board::add(word(role, COUNT), 1) as usize;
    if index < MOST_FAULTS {
        let entry = [from.raw(), tag, fault.address, fault.ip];
        for (field, value) in entry.into_iter().enumerate() {
            board::put(word(role, LOG + 4 * index + field), value);
        }
    }
}

fn next_act(role: usize) -> Act {
    let next = board::add(word(role, NEXT), 1);
    if next < board::get(word(role, ACTS)) {
        Act::unpack(board::get(word(role, LIST + next as usize)))
    } else {
        Act::unpack(board::get(word(role, OTHERWISE)))
    }
}

/// Answers the fault that is held; the message for who wanted that, with the error if there was one.
fn released(role: usize, act: Act) -> Message {
    let held = ThreadId::from_raw(board::get(word(role, HELD)));
    board::put(word(role, HELD), 0);
    let answer = carry_out(role, act, board::get(word(role, HELD_AT)));
    let sent = ipc::send_within(held, &answer, Time::ZERO);
    Message::new(0).word(sent.err().map_or(0, IpcError::raw))
}

fn carry_out(role: usize, act: Act, address: u64) -> Message {
    let base = board::get(word(role, BASE));
    act::carry_out(act, address & !0xFFF, base, memory_of(role))
}
