//! A call that the kernel makes on behalf of a thread, aside from what the user has in its registers.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::error::{IpcCode, IpcError};
use pecan_abi::tag::Tag;

use crate::cpu;
use crate::ipc::{Request, phases, receive, validate};
use crate::thread::{Again, Aside, Field, Owned, Resources, aside};

/// Whether a call for a thread got its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The partner answered.
    Answered,
    /// The IPC failed.
    Failed,
    /// ExchangeRegisters ended it.
    Cancelled,
    /// There is no such partner, or no longer.
    Nobody,
}

/// Calls `partner` for `me` with the message in `aside`, which is then the answer, without timeouts. `acceptor` says what
/// the answer may bring.
#[inline]
pub(super) fn call<const WORDS: usize>(
    me: Owned,
    partner: u64,
    aside: &mut Aside<WORDS>,
    acceptor: Acceptor,
) -> Outcome {
    let partner = validate::global(me, partner);
    if partner == 0 {
        return Outcome::Nobody;
    }
    let request = Request {
        to: partner,
        from: partner,
        timeouts: 0,
        tag: Tag::from_raw(aside.words()[0]),
    };
    // The thread may be about to wait for its first message.
    let inside = me.resources.get() & Resources::INSIDE;
    let interrupted = Interrupted::of(me);
    // SAFETY: the caller's memory outlives the end below, and nobody looks at it before.
    unsafe { aside.begin(me, acceptor) };
    me.resources.set(me.resources.get() | Resources::INSIDE);
    run(me, &request);
    me.resources
        .set(me.resources.get() & !Resources::INSIDE | inside);
    if let Some(interrupted) = interrupted {
        interrupted.restore(me);
    }
    let outcome = outcome(me);
    aside::end(me);
    outcome
}

/// An IPC with strings in the midst of which a call is made: what the thread had noted of it.
struct Interrupted {
    request: Request,
    intended: u64,
    virtual_sender: u64,
    passed_wait: bool,
}

impl Interrupted {
    fn of(me: Owned) -> Option<Self> {
        let in_transfer = me.resources.get() & Resources::TRANSFER != 0;
        in_transfer.then(|| Self {
            request: Request::noted(&me),
            intended: me.intended.get(),
            virtual_sender: me.virtual_sender.get(),
            passed_wait: me.passed_wait.replace(false),
        })
    }

    fn restore(self, me: Owned) {
        self.request.note(&me);
        me.intended.set(self.intended);
        me.virtual_sender.set(self.virtual_sender);
        me.passed_wait.set(self.passed_wait);
    }
}

/// How the IPC that has just ended went, before what was said aside ends.
#[inline]
pub(in crate::ipc) fn outcome(me: Owned) -> Outcome {
    let message = me.message.get();
    if !Tag::from_raw(message.mr(0)).is_error() {
        return Outcome::Answered;
    }
    match IpcError::from_raw(message.get(Field::ERROR_CODE)) {
        Some(error) if error.code == IpcCode::NonExisting => Outcome::Nobody,
        Some(error) if error.code == IpcCode::Cancelled => Outcome::Cancelled,
        _ => Outcome::Failed,
    }
}

/// Carries the request out to its end.
fn run(me: Owned, request: &Request) {
    phases::perform(me, cpu::current(), request).carry_out(me);
    go_on(me);
}

/// Carries out what is left of the call of `me`, however often it has to take it up again, and wherever it moves.
#[inline(never)]
pub(crate) fn go_on(me: Owned) {
    loop {
        match me.again.replace(Again::Nothing) {
            Again::Nothing => return,
            Again::Receive => {
                receive::perform(me, cpu::current(), &Request::noted(&me)).carry_out(me)
            }
            Again::Restart => {
                phases::perform(me, cpu::current(), &Request::noted(&me)).carry_out(me)
            }
            Again::Take => receive::take_locked(me, cpu::current()).carry_out(me),
            // The kernel speaks for nobody else.
            Again::GiveBack => return,
        }
    }
}
