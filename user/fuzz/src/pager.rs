//! Who answers the threads' page faults and exceptions: a thread of the root task, above all of them.
//!
//! An outsider sees the program's code, and its data to be read; what it may write is its own. Where there is nothing it
//! finds a page of scratch, or begins again, or waits until somebody revives it.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::abi::exregs;
use l4::abi::protocol::{self, PageFault, exception};
use l4::ipc::Received;
use l4::syscall::Registers;
use l4::thread::{Builder, StartError};
use l4::{
    Fpage, MapItem, Message, Rights, Stack, ThreadId, Time, ipc, kip, pager as library, server,
    thread,
};
use stress::random::Random;

use crate::fuzzer;
use crate::people::{self, Fuzzer};

const PRIORITY: u8 = 250;
/// Label of a request for a page of scratch at the address in the first word.
pub(crate) const GIVE: u64 = 0x6769_7665;
/// Answers to faults that it keeps for a while, so that others can disturb who waits for them.
const LATE: usize = 4;
/// Stream of its random numbers.
const STREAM: u64 = 1 << 61;

static STACK: Stack<16384> = Stack::new();
static SEED: AtomicU64 = AtomicU64::new(0);

/// Starts it.
pub(crate) fn start(seed: u64) -> Result<(), StartError> {
    SEED.store(seed, Relaxed);
    let plan = Builder::new().pager(kip::sigma0()).priority(PRIORITY);
    people::enrol(plan.start(serve, 0, &STACK)?);
    Ok(())
}

fn serve(_: u64) {
    let mut random = Random::new(SEED.load(Relaxed), STREAM);
    let mut late = [const { None }; LATE];
    server::serve(|request| {
        let answer = answer(request, &mut random);
        let place = &mut late[random.below(LATE as u64) as usize];
        if let Some((thread, answer)) = place.take() {
            // Who does not wait any more has been disturbed meanwhile.
            let _ = ipc::send_within(thread, &answer, Time::ZERO);
        }
        let is_fault = protocol::class(request.message.label()) == protocol::PAGE_FAULT;
        if is_fault && fuzzer::have_begun() && random.chance(30) {
            *place = answer.map(|answer| (request.from, answer));
            return None;
        }
        answer
    })
}

fn answer(request: &Received, random: &mut Random) -> Option<Message> {
    let message = &request.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    if let Some(fault) = PageFault::from_words(words) {
        return page(request.from, fault, random);
    }
    if protocol::class(message.label()) == protocol::EXCEPTION {
        return registers(message, random);
    }
    if message.label() == GIVE {
        let fault = PageFault {
            access: Rights::READ,
            address: message.word_at(0),
            ip: 0,
        };
        return Some(Message::new(0).map(scratch(fault, random)));
    }
    random
        .chance(50)
        .then(|| Message::new(0).word(message.word_at(0)))
}

fn page(from: ThreadId, fault: PageFault, random: &mut Random) -> Option<Message> {
    let outsider = Fuzzer::of(from).filter(|fuzzer| !fuzzer.is_insider());
    if let Some(fuzzer) = outsider
        && let Some(item) = of_the_image(fuzzer, fault)
    {
        return Some(Message::new(0).map(item));
    }
    match random.below(4) {
        0 | 1 if outsider.is_some() => Some(Message::new(0).map(scratch(fault, random))),
        2 => {
            restart(from);
            None
        }
        3 => None,
        _ => Some(Message::new(0)),
    }
}

/// What an outsider may have of the program's pages.
fn of_the_image(fuzzer: Fuzzer, fault: PageFault) -> Option<MapItem> {
    let read = PageFault {
        access: Rights::NONE,
        ..fault
    };
    let item = library::map_item(read)?;
    let rights = if fuzzer.owns(fault.address) {
        Rights::READ_WRITE
    } else {
        Rights::from_bits(item.fpage.rights().bits() & !Rights::WRITE.bits())
    };
    let fpage = item.fpage.with_rights(rights);
    rights
        .contains(fault.access)
        .then_some(MapItem { fpage, ..item })
}

fn scratch(fault: PageFault, random: &mut Random) -> MapItem {
    let fpage = Fpage::new(people::scratch(random.chance(50)), 12, Rights::READ_WRITE);
    MapItem {
        send_base: fault.address & !0xfff,
        fpage,
    }
}

/// Lets a thread begin again, if that may be.
pub(crate) fn restart(id: ThreadId) {
    let registers = Registers {
        control: exregs::START | exregs::SET_PAGER,
        ip: fuzzer::entry(),
        pager: people::pager().raw(),
        ..Registers::default()
    };
    // SAFETY: a fuzzer begins again with any registers, on a stack of its own; nobody else is asked for: whoever sends
    // this pager a fault has it as pager. A refusal means that the thread is somebody else's, or gone.
    let _ = unsafe { thread::exchange(id, registers) };
}

/// The answer to an exception: from the beginning, perhaps with other registers.
fn registers(message: &Message, random: &mut Random) -> Option<Message> {
    let mut words = [0; protocol::EXCEPTION_WORDS];
    for (index, word) in words.iter_mut().enumerate() {
        *word = message.word_at(index);
    }
    words[exception::RIP - 1] = fuzzer::entry();
    match random.below(8) {
        0 => return None,
        1 => words[exception::RSP - 1] = random.draw(),
        2 => words[exception::RFLAGS - 1] = random.draw(),
        _ => {}
    }
    Some(Message::new(0).words(&words))
}
