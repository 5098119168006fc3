//! Whether everything is as it should be when nobody does anything: the kernel's invariants, sigma0, messages between
//! spaces, and the frames of the reserve.

use core::fmt;

use l4::sigma0::{self, RequestError};
use l4::string::{self, Buffers, LongMessage};
use l4::thread::{self, Builder, StartError};
use l4::{
    Acceptor, Fpage, IpcError, Message, Rights, Stack, SysError, ThreadId, control, interrupt, ipc,
    kip, pager, schedule, utcb,
};
use stress::random::Random;

use crate::crew::Crew;
use crate::pager::GIVE;
use crate::people::{self, Fuzzer, SANDBOX};

/// The number of this module's own pager's UTCB in the area.
const SLOT: u64 = 200;
/// How often threads that begin are looked at.
const LOOK: l4::Time = l4::Time::period(1_000);
/// Bytes of the long message.
const LENGTH: usize = 10_000;
/// Times that the same number of frames has to be seen.
const ROUNDS: usize = 2;
/// Most rounds until then.
const MOST: usize = 8;

static PAGER_STACK: Stack<16384> = Stack::new();
static STACK: Stack<65536> = Stack::new();

/// What does not work.
#[derive(Debug)]
#[expect(dead_code, reason = "the fields are printed as a whole")]
pub(crate) enum Wrong {
    /// A thread does not start.
    Start(StartError),
    /// A system call is refused.
    Refused(SysError),
    /// A message does not get through.
    Lost(IpcError),
    /// sigma0 does not give what is the program's.
    Sigma0(RequestError),
    /// A message came back otherwise.
    Answer(&'static str),
    /// The kernel does not say how many frames there are.
    Silent,
    /// The number of free frames changes although nothing happens.
    Unsteady(u64, u64),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<StartError> for Wrong {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<SysError> for Wrong {
    fn from(error: SysError) -> Self {
        Self::Refused(error)
    }
}

impl From<IpcError> for Wrong {
    fn from(error: IpcError) -> Self {
        Self::Lost(error)
    }
}

/// Checks everything, and returns how many frames are free: the same number whenever nobody is there. What the kernel
/// keeps once it was used (thread blocks, save areas for the FPU and for debug registers, tables of the root task's space) is used here.
pub(crate) fn settle() -> Result<u64, Wrong> {
    let mut frames = 0;
    let mut same = 0;
    for _ in 0..MOST {
        use_all()?;
        all_cpus()?;
        sigma0_serves()?;
        messages_pass()?;
        let now = control::free_frames().ok_or(Wrong::Silent)?;
        same = if now == frames { same + 1 } else { 1 };
        if same == ROUNDS {
            return Ok(frames);
        }
        frames = now;
    }
    Err(Wrong::Unsteady(frames, same as u64))
}

/// Every thread, every interrupt and the sandbox once.
fn use_all() -> Result<(), Wrong> {
    let mut crew = Crew::new(Random::new(0, 0));
    for one in Fuzzer::all() {
        one.forget_steps();
        crew.make(one)?;
    }
    while Fuzzer::all().any(|one| one.steps() == 0) {
        ipc::sleep(LOOK);
    }
    for line in 0..interrupt::count() {
        // Not every line can have a handler.
        let _ = interrupt::associate(line, Fuzzer(0).id(0));
    }
    let utcb = utcb::my();
    let page = Fpage::new(SANDBOX, 12, Rights::NONE);
    // SAFETY: nothing of the program is there.
    unsafe { utcb.set_acceptor(Acceptor::new(page, false)) };
    let answer = ipc::call(people::pager(), &Message::new(GIVE).word(SANDBOX));
    // SAFETY: nothing is accepted.
    unsafe { utcb.set_acceptor(Acceptor::UNTYPED) };
    answer?;
    crew.disband();
    Ok(())
}

/// The kernel's own check, on each CPU in turn.
fn all_cpus() -> Result<(), Wrong> {
    let me = thread::myself();
    for cpu in (0..kip::cpus()).rev() {
        schedule::set_cpu(me, cpu)?;
        if !control::check() {
            return Err(Wrong::Silent);
        }
    }
    Ok(())
}

fn sigma0_serves() -> Result<(), Wrong> {
    let mine = Fpage::new(people::scratch(false), 12, Rights::NONE);
    sigma0::request(mine).map(|_| ()).map_err(Wrong::Sigma0)
}

/// Short and long messages between this thread and one of a new space, there and back.
fn messages_pass() -> Result<(), Wrong> {
    let plan = Builder::new().id(people::spare(0)).utcb_slot(SLOT);
    let plan = plan.pager(kip::sigma0()).priority(254);
    let own_pager = plan.start(|_| pager::serve(), 0, &PAGER_STACK)?;
    let plan = Builder::new().id(people::spare(1)).new_space();
    let plan = plan.pager(own_pager);
    let echo = plan.start(echo, 0, &STACK)?;
    let passed = short(echo).and_then(|()| long(echo));
    thread::delete(echo)?;
    thread::delete(own_pager)?;
    // SAFETY: the threads are deleted.
    unsafe { STACK.release() };
    // SAFETY: as above.
    unsafe { PAGER_STACK.release() };
    passed
}

fn short(echo: ThreadId) -> Result<(), Wrong> {
    for words in 0..=60 {
        let message = (0..words).fold(Message::new(7), |message, word| message.word(word * word));
        let answer = ipc::call(echo, &message)?.message;
        if answer.untyped() != message.untyped() || answer.label() != 7 {
            return Err(Wrong::Answer("short"));
        }
    }
    Ok(())
}

fn long(echo: ThreadId) -> Result<(), Wrong> {
    let text: [u8; LENGTH] = core::array::from_fn(|index| (index * 37 + index / 256) as u8);
    let mut back = [0; LENGTH];
    let message = LongMessage::new(Message::new(8)).string(&text);
    let answer = string::call(echo, &message, Buffers::new().buffer(&mut back))?.message;
    if answer.label() != 8 || back != text {
        return Err(Wrong::Answer("long"));
    }
    Ok(())
}

/// Sends back what comes.
fn echo(_: u64) {
    let mut text = [0; LENGTH];
    loop {
        let Ok(request) = string::receive(ThreadId::ANY, Buffers::new().buffer(&mut text)) else {
            continue;
        };
        let length = request.message.string_lengths().next().unwrap_or(0) as usize;
        let words = Message::new(request.message.label()).words(request.message.untyped());
        // Whoever does not wait for it does not want it.
        let _ = if length == 0 {
            ipc::send_within(request.from, &words, l4::Time::ZERO)
        } else {
            let answer = LongMessage::new(words).string(&text[..length.min(LENGTH)]);
            string::reply(request.from, &answer)
        };
    }
}
