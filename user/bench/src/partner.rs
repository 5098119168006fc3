//! The threads that the measuring thread talks to.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64};

use l4::thread::{Builder, StartError};
use l4::{
    Acceptor, Fpage, MapItem, Message, Stack, SysError, Tag, ThreadId, ipc, kip, thread, utcb,
};

use crate::hot;
use bench::plan::Path;

/// Label of a request whose words are to come back inverted.
pub(crate) const CHECK: u64 = 1;
/// Label of the last request before the measured loop.
pub(crate) const GO: u64 = 2;

/// The CPU of servers that do not live on the client's.
pub(crate) const OTHER_CPU: usize = 1;

/// Where a partner lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the measuring thread's CPU.
    Here,
    /// On another one.
    Elsewhere,
}

impl Place {
    const fn cpu(self) -> usize {
        match self {
            Self::Here => 0,
            Self::Elsewhere => OTHER_CPU,
        }
    }

    /// The tag of a message without words from there.
    pub(crate) const fn answer(self) -> Tag {
        match self {
            Self::Here => Tag::new(0, 0, 0),
            Self::Elsewhere => Tag::new(0, 0, 0).with_cross_cpu(),
        }
    }
}

/// Priority of the thread that keeps the other CPU busy.
const SPINNER_PRIORITY: u8 = 10;
/// Priority of all others: that of the measuring thread, which is the root task's first.
pub(crate) const PRIORITY: u8 = 255;

/// How often it was the turn of the thread that yields back.
pub(crate) static TURNS: AtomicU64 = AtomicU64::new(0);

/// The time-stamp counter as the interrupted thread last saw it.
pub(crate) static STAMP: AtomicU64 = AtomicU64::new(0);

static STACK: Stack<8192> = Stack::new();
static SPINNER_STACK: Stack<4096> = Stack::new();
static GIVER_STACK: Stack<4096> = Stack::new();

/// What stands in the page that the pager gives.
pub(crate) const MARK: u64 = 0x4d41_524b;

/// The pager's target and page.
static GIFT: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// A server for messages of `words` words at the other end of `path`.
pub(crate) fn server(path: Path, words: usize) -> Result<ThreadId, StartError> {
    let plan = Builder::new()
        .priority(PRIORITY)
        .cpu(if path.crosses() { OTHER_CPU } else { 0 });
    let plan = match path {
        Path::IntraSameSpace => plan,
        _ => plan.new_space(),
    };
    plan.start(serve, words as u64, &STACK)
}

/// A server for strings of `bytes` bytes, in another space.
pub(crate) fn string_server(bytes: usize, place: Place) -> Result<ThreadId, StartError> {
    let plan = Builder::new().priority(PRIORITY).new_space();
    plan.cpu(place.cpu())
        .start(crate::long::serve, bytes as u64, &STACK)
}

/// A thread that spins on the other CPU below everyone else.
pub(crate) fn spinner() -> Result<ThreadId, StartError> {
    let plan = Builder::new().priority(SPINNER_PRIORITY).cpu(OTHER_CPU);
    plan.start(spin, 0, &SPINNER_STACK)
}

/// A thread that yields whenever it is its turn.
pub(crate) fn yielder() -> Result<ThreadId, StartError> {
    let plan = Builder::new().priority(PRIORITY);
    plan.start(yield_back, 0, &STACK)
}

/// A thread of this CPU, below everyone else, that does nothing but look at the time-stamp counter.
pub(crate) fn stamper() -> Result<ThreadId, StartError> {
    let plan = Builder::new().priority(SPINNER_PRIORITY);
    plan.start(stamp, 0, &STACK)
}

fn stamp(_: u64) {
    hot::stamps()
}

/// A pager in a space of its own that answers every fault with `page`, to be shown at `target`.
pub(crate) fn giver(target: u64, page: Fpage, place: Place) -> Result<ThreadId, StartError> {
    GIFT[0].store(target, Relaxed);
    GIFT[1].store(page.raw(), Relaxed);
    let plan = Builder::new().new_space().priority(PRIORITY);
    plan.cpu(place.cpu()).start(give, 0, &GIVER_STACK)
}

/// Touches the page, so that its space has it, then answers as fast as it can.
fn give(_: u64) {
    let [target, page] = [0, 1].map(|word| GIFT[word].load(Relaxed));
    let address = Fpage::from_raw(page).base() as *mut u64;
    // SAFETY: a page that the program keeps for this.
    unsafe { address.write_volatile(MARK) };
    let [first, second] = MapItem {
        send_base: target,
        fpage: Fpage::from_raw(page),
    }
    .words();
    // SAFETY: the stub's address is the kernel's; nothing but words is accepted by default.
    unsafe { hot::gives(kip::kip().ipc, Tag::new(0, 0, 2).raw(), first, second) }
}

/// A server in a space of its own that accepts pages anywhere and answers with nothing.
pub(crate) fn taker() -> Result<ThreadId, StartError> {
    let plan = Builder::new().new_space().priority(PRIORITY);
    plan.start(take, 0, &STACK)
}

fn take(_: u64) {
    // SAFETY: the measuring thread sends pages only to where nothing is.
    unsafe { utcb::my().set_acceptor(Acceptor::COMPLETE_WINDOW) };
    let (stub, tag) = (kip::kip().ipc, Tag::new(0, 0, 0).raw());
    // SAFETY: the stub's address is the kernel's; for the acceptor see above.
    unsafe { hot::echo(stub, tag, ThreadId::NIL.raw()) }
}

/// A server in a space of its own on another CPU that accepts a page at `address` and goes on running there after it has
/// answered: it looks at the page, tells what it saw by [`SIGHT`], and accepts the next page when told by [`DISMISSED`].
pub(crate) fn user(address: u64) -> Result<ThreadId, StartError> {
    let plan = Builder::new().new_space().priority(PRIORITY);
    plan.cpu(OTHER_CPU).start(use_pages, address, &STACK)
}

/// What the user of pages saw in the page that it has; [`NOTHING_SEEN`] before.
pub(crate) static SIGHT: AtomicU64 = AtomicU64::new(NOTHING_SEEN);
pub(crate) const NOTHING_SEEN: u64 = u64::MAX;

/// Whether the user of pages may have the next one.
pub(crate) static DISMISSED: AtomicBool = AtomicBool::new(false);

fn use_pages(address: u64) {
    // SAFETY: the measuring thread sends pages only to where nothing is.
    unsafe { utcb::my().set_acceptor(Acceptor::COMPLETE_WINDOW) };
    let mut next = ipc::wait();
    while let Ok(request) = next {
        if ipc::send(request.from, &Message::new(0)).is_err() {
            return;
        }
        // SAFETY: the page came with the message.
        let seen = unsafe { (address as *const u64).read_volatile() };
        SIGHT.store(seen, Release);
        while !DISMISSED.swap(false, Acquire) {
            core::hint::spin_loop();
        }
        next = ipc::wait();
    }
}

/// A thread of another CPU that waits for ever.
pub(crate) fn sleeper() -> Result<ThreadId, StartError> {
    let plan = Builder::new().priority(PRIORITY).cpu(OTHER_CPU);
    plan.start(sleep, 0, &STACK)
}

fn sleep(_: u64) {
    ipc::park()
}

/// Deletes a server, yielder, stamper, taker, user or sleeper; another one can be started then.
pub(crate) fn stop(partner: ThreadId) -> Result<(), SysError> {
    thread::delete(partner)?;
    // SAFETY: the only thread that ran on it is deleted.
    unsafe { STACK.release() };
    Ok(())
}

/// Deletes the pager.
pub(crate) fn stop_giver(giver: ThreadId) -> Result<(), SysError> {
    thread::delete(giver)?;
    // SAFETY: the only thread that ran on it is deleted.
    unsafe { GIVER_STACK.release() };
    Ok(())
}

/// Deletes the spinner.
pub(crate) fn stop_spinner(spinner: ThreadId) -> Result<(), SysError> {
    thread::delete(spinner)?;
    // SAFETY: the only thread that ran on it is deleted.
    unsafe { SPINNER_STACK.release() };
    Ok(())
}

/// Inverts the words of requests until told to echo as fast as it can.
fn serve(words: u64) {
    let mut next = ipc::wait();
    while let Ok(request) = next {
        if request.message.label() == GO {
            let tag = Tag::new(0, words as usize, 0).raw();
            // SAFETY: the stub's address is the kernel's; nothing but words is accepted by default.
            unsafe { hot::echo(kip::kip().ipc, tag, request.from.raw()) }
        }
        next = ipc::reply_wait(request.from, &inverted(&request.message));
    }
}

/// The answer to a [`CHECK`].
pub(crate) fn inverted(request: &Message) -> Message {
    let words = request.untyped().iter();
    words.fold(Message::new(CHECK), |answer, word| answer.word(!word))
}

fn yield_back(_: u64) {
    // SAFETY: the stub's address is the kernel's.
    unsafe { hot::yield_back(kip::kip().thread_switch) }
}

/// The pause lets an emulator that runs its CPUs in turn go on to the next.
fn spin(_: u64) {
    loop {
        core::hint::spin_loop();
    }
}
